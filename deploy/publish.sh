#!/usr/bin/env bash
# Publishes the application model:   deploy/publish.sh [TARGET...]   (compose, kubernetes, azure; all three by default)
# Needs the Aspire CLI 17. With APPHOST_DLL, an AppHost that was built for Aspire is run as it is, without the CLI.
# The settings are those of deploy/reference.env; SETTINGS names another file.
set -euo pipefail
cd "$(dirname "$0")/.."

set -a
. "${SETTINGS:-deploy/reference.env}"
AppHostEngine=Aspire
AppHost__State=$(mktemp -d) # publishing keeps nothing and needs no secret
ASPIRE_INTERACTIVITY_ENABLED=false
set +a
trap 'rm -rf "$AppHost__State"' EXIT

run() { # target, arguments of the AppHost
    export Publishing__Target=$1
    shift
    if [ -n "${APPHOST_DLL:-}" ]; then
        dotnet exec "$APPHOST_DLL" "$@"
    elif [ "$Publishing__Target" = azure ]; then
        ASPIRE_SUPPRESS_CLI_RUN_HOOK=true dotnet run --project AiInfra.AppHost -- "$@"
    else
        aspire publish --apphost AiInfra.AppHost/AiInfra.AppHost.csproj --output-path "${*: -1}" --non-interactive
    fi
}

fresh() { # folder, its kept files: what was published before goes, what people wrote stays
    mkdir -p "$1"
    find "$1" -mindepth 1 -maxdepth 1 $(printf -- '! -name %s ' "${@:2}") -exec rm -rf {} +
}

[ $# -gt 0 ] || set -- compose kubernetes azure
for target in "$@"; do
    case $target in
        compose)
            fresh deploy/compose README.md .gitignore make-secrets.sh secrets
            run compose --operation publish --step publish --output-path deploy/compose
            [ -s deploy/compose/docker-compose.yaml ] # a failing step still exits with 0
            ;;
        kubernetes)
            fresh deploy/helm README.md
            run kubernetes --operation publish --step publish --output-path deploy/helm
            [ -s deploy/helm/Chart.yaml ]
            ;;
        azure)
            fresh deploy/azure README.md
            run azure --publisher manifest --output-path deploy/azure/aspire-manifest.json
            [ -s deploy/azure/aspire-manifest.json ]
            ;;
        *) echo "'$target' is no target: compose, kubernetes or azure." >&2; exit 2 ;;
    esac
done
deploy/inputs.sh > deploy/inputs.sha256
