#!/usr/bin/env bash
# Brings the published Compose file up for real, uses it, breaks it and looks whether it holds:
#   everything healthy · a chat · a memory · segments · a killed container comes back · down and up keep the data
# With a container engine that answers, it is used, with the images that the file names (build ours first: docs/deploy.md).
# Without one, as root on Debian with docker.io and debootstrap, it starts an engine of its own without any network, and stand-ins for the
# images (deploy/try/stand-ins.sh): --stand-ins asks for that. Elsewhere it says why not, and exits with 3.
# TRY_FOLDER keeps what it fetches and builds (default artifacts/try-compose); about 4 GB.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${TRY_FOLDER:-$PWD/artifacts/try-compose}
compose_folder=$PWD/deploy/compose
project=aiinfra-try
mkdir -p "$folder"

refuse() { echo "Not tried: $1" >&2; exit 3; }

if [ "${1:-}" != --inside ]; then
    if [ "${1:-}" != --stand-ins ] && docker info >/dev/null 2>&1; then
        exec "$0" --inside engine
    fi
    [ "$(uname)" = Linux ] || refuse "no container engine answers (docker info fails), and only on Linux can one be started for the trial."
    [ "$(id -u)" = 0 ] || refuse "no container engine answers (docker info fails), and only root can start one for the trial."
    for command in dockerd docker debootstrap unshare ip iptables npm dotnet; do
        command -v $command >/dev/null || refuse "no container engine answers, and '$command' is not on PATH to start one (on Debian: apt-get install docker.io debootstrap iproute2 iptables)."
    done
    [ -e "$folder/prepared" ] || { deploy/try/stand-ins.sh prepare "$folder" && touch "$folder/prepared"; }
    exec unshare --net --mount --pid --fork --mount-proc --kill-child "$0" --inside stand-ins
fi

if [ "$2" = stand-ins ]; then
    ip link set lo up
    mount -t tmpfs tmpfs /run
    export DOCKER_HOST=unix:///run/docker.sock
    dockerd --host "$DOCKER_HOST" --data-root "$folder/docker" --exec-root /run/docker --pidfile /run/docker.pid >"$folder/dockerd.log" 2>&1 &
    for _ in $(seq 120); do docker info >/dev/null 2>&1 && break; sleep 0.5; done
    docker info >/dev/null 2>&1 || refuse "dockerd did not start: $(tail -1 "$folder/dockerd.log")"
    mapfile -t images < <(grep -oE 'image: "docker.io/[^"]+' "$compose_folder/docker-compose.yaml" | cut -d'"' -f2 | grep -v grafana | sort -u)
    docker image inspect aiinfra/memory:1.0.0 "${images[@]}" >/dev/null 2>&1 || deploy/try/stand-ins.sh load "$folder"
fi

services=(redis chroma vllm0 vllm1 gateway memory alertmanager redis-exporter node-exporter prometheus)
override=$folder/override.yaml
# An engine refuses limits beyond what the machine has.
cores=$(nproc)
awk -v cores="$cores" '/^  [a-z0-9-]+:$/ { name = $1 } /^          cpus:/ { gsub(/[^0-9.]/, "", $2); if ($2 + 0 > cores) print "  " name "\n    deploy: { resources: { limits: { cpus: \"" cores "\" } } }" }' \
    "$compose_folder/docker-compose.yaml" >"$folder/limits"
{ [ -s "$folder/limits" ] && echo services: || echo 'services: {}'; cat "$folder/limits"; } >"$override"
if docker compose version >/dev/null 2>&1; then compose=(docker compose); else compose=(docker-compose --compatibility); fi
compose+=(--project-name "$project" --file "$compose_folder/docker-compose.yaml" --file "$override")
echo "compose: $("${compose[@]}" version --short)"
"$compose_folder/make-secrets.sh"
key=$(cat "$compose_folder/secrets/api-key")

id() { docker ps --quiet --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$1" | sed -n 1p; }
health() { docker inspect --format '{{.State.Health.Status}}' "$(id "$1")" 2>/dev/null || echo absent; }
healthy() { # waits, services
    for _ in $(seq "$1"); do
        waiting=; for service in "${@:2}"; do [ "$(health "$service")" = healthy ] || waiting+=" $service"; done
        [ -n "$waiting" ] || return 0
        sleep 2
    done
    tell_unwell
    fail "not healthy:$waiting"
}
tell_unwell() { # what every container that is not well says, and what its health check says
    for container in $(docker ps -aq --filter "label=com.docker.compose.project=$project"); do
        state=$(docker inspect --format '{{.Name}} {{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}}' "$container")
        case $state in *' running healthy') continue ;; esac
        echo "--- $state" >&2
        docker logs --tail 15 "$container" >&2 || true
        docker inspect --format '{{if .State.Health}}{{range .State.Health.Log}}{{.ExitCode}} {{.Output}}{{end}}{{end}}' "$container" | tail -5 >&2
    done
}
ok() { echo "ok: $1"; }
fail() { echo "FAILED: $1" >&2; exit 1; }
call() { curl --silent --show-error --max-time 180 "http://127.0.0.1:8080$1" -H "Authorization: Bearer $key" -H 'Content-Type: application/json' "${@:2}"; }
redis_image=$(grep -oE 'docker.io/library/redis:[^"]+' "$compose_folder/docker-compose.yaml" | sed -n 1p)
# A program of our choice in the network of a service, whose own image may have none.
beside() { docker run --rm --network "container:$(id "$1")" --entrypoint /bin/sh "$redis_image" -c "$2"; }
up() { "${compose[@]}" up -d "${services[@]}" >"$folder/up.log" 2>&1 || { tail -20 "$folder/up.log" >&2; tell_unwell; fail "up"; }; }
trap '"${compose[@]}" down >/dev/null 2>&1 || true' EXIT

up
healthy 150 "${services[@]}"
ok "${#services[@]} services are healthy (Grafana has no stand-in and is left out)"

model=$(grep -oE '"id":"[^"]+"' <<<"$(call /v1/models)" | sed -n '1s/.*:"\(.*\)"/\1/p')
answer=$(call /v1/chat/completions -d '{"model":"default","max_tokens":12,"messages":[{"role":"user","content":"What is the capital of France?"}]}')
grep -q '"content"' <<<"$answer" || fail "chat: $answer"
ok "a chat with $model: $(grep -oE '"content":"[^"]*"' <<<"$answer" | sed -n 1p)"

stored=$(call /v1/memories -d '{"text":"My dog is called Biscuit."}')
grep -q Biscuit <<<"$stored" || fail "memory: $stored"
found() { grep -q Biscuit <<<"$(call /v1/memories/search -d '{"query":"name of the pet"}')"; }
found || fail "the memory is not found"
ok "a memory is stored and found"

ping='redis-cli -h HOST -p 6379 ping 2>&1' # without a password: the answer NOAUTH proves the way
redis_ip=$(docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$(id redis)")
for service in gateway redis-exporter; do
    grep -q NOAUTH <<<"$(beside "$service" "timeout 5 ${ping/HOST/redis}")" && ok "from $service redis answers" || fail "from $service redis does not answer"
done
for service in vllm0 prometheus alertmanager; do
    ! grep -q NOAUTH <<<"$(beside "$service" "timeout 5 ${ping/HOST/redis}; timeout 5 ${ping/HOST/$redis_ip}" || true)" && ok "from $service redis does not answer, by name or address" || fail "from $service redis answers"
done
! beside chroma "timeout 5 nc -z -w 3 vllm0 8000" >/dev/null 2>&1 && ok "from chroma no model server answers" || fail "from chroma a model server answers"

targets=$(beside prometheus "wget -q -O - 'http://127.0.0.1:9090/api/v1/query?query=sum(up)'" | grep -oE '"[0-9]+"\]' | tr -cd 0-9)
ok "prometheus scrapes $targets of 8 targets"

before=$(id gateway)
kill -9 "$(docker inspect --format '{{.State.Pid}}' "$before")"
for _ in $(seq 60); do [ "$(docker inspect --format '{{.RestartCount}}' "$before")" -ge 1 ] && break; sleep 1; done
healthy 90 gateway
found || fail "after a kill of the gateway the memory is not found"
ok "a killed gateway came back ($(docker inspect --format '{{.RestartCount}}' "$before") restart) and serves"

"${compose[@]}" down >"$folder/down.log" 2>&1
up
healthy 150 "${services[@]}"
for _ in $(seq 30); do found && break; sleep 1; done
found || fail "after down and up the memory is gone"
ok "down and up keep the memories"
echo "Everything held."
