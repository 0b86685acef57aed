#!/usr/bin/env bash
# Stands in for images that cannot be pulled: the same programs from Debian and npm, LocalVllm for vLLM, under the names that the Compose
# file uses. Only for trying the file out; deploy/try-compose.sh calls it where no registry is reached.
#   stand-ins.sh prepare FOLDER   with network: fetches and builds everything into FOLDER
#   stand-ins.sh load FOLDER      with a container engine, no network: makes the images
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
folder=$2
packages=ca-certificates,redis-server,prometheus,prometheus-alertmanager,prometheus-redis-exporter,prometheus-node-exporter,nodejs,wget,python3,libstdc++6,netcat-openbsd

prepare() {
    mkdir -p "$folder"
    local rootfs=$folder/root dotnet
    [ -e "$folder/root.done" ] || { debootstrap --variant=minbase --include=$packages bookworm "$rootfs" >"$folder/debootstrap.log" && touch "$folder/root.done"; }
    dotnet=$(dotnet --list-runtimes | sed -n 's|^Microsoft.NETCore.App 10.*\[\(.*\)/shared/.*|\1|p' | tail -1)
    mkdir -p "$rootfs/usr/share/dotnet/shared" "$rootfs/app" "$rootfs/data" "$rootfs/models" "$rootfs/opt"
    cp -r "$dotnet/dotnet" "$dotnet/host" "$rootfs/usr/share/dotnet/"
    for framework in Microsoft.NETCore.App Microsoft.AspNetCore.App; do
        mkdir -p "$rootfs/usr/share/dotnet/shared/$framework"
        cp -r "$dotnet/shared/$framework"/10.* "$rootfs/usr/share/dotnet/shared/$framework/"
    done
    ln -sf /usr/share/dotnet/dotnet "$rootfs/usr/bin/dotnet"

    mkdir -p "$rootfs/opt/chroma"
    cp "$root"/AiInfra.AppHost/Chroma/Server/package*.json "$rootfs/opt/chroma/"
    (cd "$rootfs/opt/chroma" && npm ci --no-audit --no-fund --silent)

    dotnet publish "$root/AiInfra.LocalVllm" -c Release -o "$rootfs/opt/localvllm" --nologo -v quiet
    # The Compose file starts `vllm serve …`; this is what answers.
    printf '#!/bin/sh\nexec dotnet /opt/localvllm/AiInfra.LocalVllm.dll "$@"\n' >"$rootfs/usr/local/bin/vllm"
    chmod 755 "$rootfs/usr/local/bin/vllm"
    for service in Gateway MemoryService; do
        dotnet publish "$root/AiInfra.$service" -c Release -o "$folder/$service" --nologo -v quiet
    done
}

load() {
    tar -C "$folder/root" --exclude=./proc/* --exclude=./sys/* -c . | docker import - stand-in >/dev/null
    image() { # name, Dockerfile lines
        printf 'FROM stand-in\nENV DOTNET_RUNNING_IN_CONTAINER=true\n%s\n' "$2" | docker build -q -t "$1" -f - "${3:-$folder/empty}" >"$folder/build.log" 2>&1 || { cat "$folder/build.log" >&2; exit 1; }
        echo "stand-in: $1"
    }
    mkdir -p "$folder/empty"
    compose=$root/deploy/compose/docker-compose.yaml
    named() { grep -oE "docker.io/$1:[^\"]+" "$compose" | sed -n 1p; }
    image "$(named library/redis)" 'ENTRYPOINT ["redis-server"]'
    image "$(named chromadb/chroma)" 'ENTRYPOINT ["node","/opt/chroma/node_modules/chromadb/dist/cli.mjs","run","--path","/data","--host","0.0.0.0","--port","8000"]'
    image "$(named prom/prometheus)" 'ENTRYPOINT ["prometheus"]'
    image "$(named prom/alertmanager)" 'ENTRYPOINT ["prometheus-alertmanager"]'
    image "$(named oliver006/redis_exporter)" 'RUN ln -s /usr/bin/prometheus-redis-exporter /redis_exporter'
    image "$(named prom/node-exporter)" 'ENTRYPOINT ["prometheus-node-exporter"]'
    image "$(named vllm/vllm-openai)" 'ENTRYPOINT ["vllm","serve"]'
    image aiinfra/gateway:1.0.0 $'COPY . /app\nWORKDIR /app\nUSER 1654\nENTRYPOINT ["dotnet","AiInfra.Gateway.dll"]' "$folder/Gateway"
    image aiinfra/memory:1.0.0 $'COPY . /app\nWORKDIR /app\nUSER 1654\nENTRYPOINT ["dotnet","AiInfra.MemoryService.dll"]' "$folder/MemoryService"
}

"$1"
