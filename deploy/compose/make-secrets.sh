#!/usr/bin/env bash
# Makes every secret of the platform, once: what exists is kept, because data and issued keys depend on it.
#   make-secrets.sh          writes secrets/, one file each, for docker compose
#   make-secrets.sh --helm   prints the same secrets as values for helm
# The Hugging Face token is yours to fill in: secrets/hf-token stays empty until you do.
set -euo pipefail
cd "$(dirname "$0")"
umask 077
mkdir -p secrets

keep() { # name, command that prints a new one
    [ -e "secrets/$1" ] || { "${@:2}" > "secrets/$1"; chmod 444 "secrets/$1"; } # the folder is closed; its files are read by the services' users
}
password() { openssl rand -hex 32; }
api_key() { echo "sk-$(password)"; }
pepper() { openssl rand -base64 32; }
signing_key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -outform DER | openssl base64 -A; }
connection() { echo "redis:6379,password=$(cat secrets/redis-password)"; }

keep redis-password password
keep redis-connection connection
keep api-key api_key
keep admin-key api_key
keep key-pepper pepper
keep signing-key signing_key
keep memory-secret password
keep grafana-password password
keep hf-token true
# One key for every pool that the file next to this one names.
pools=$(grep -oE '\./secrets/[a-z0-9]+-key"' docker-compose.yaml | sed 's/.*secrets\///; s/-key"//' | grep -vxE 'api|admin|signing' | sort -u)
for pool in $pools; do
    keep "$pool-key" api_key
done

[ "${1:-}" = --helm ] || exit 0
value() { echo "    $1: \"$(cat "secrets/$2")\""; }
echo secrets:
echo '  redis:'
value redis_password redis-password
for pool in $pools; do
    echo "  $pool:"
    value "${pool}_key" "$pool-key"
    value hf_token hf-token
done
echo '  gateway:'
for pool in $pools; do value "${pool}_key" "$pool-key"; done
for name in api-key admin-key key-pepper signing-key memory-secret; do value "${name//-/_}" "$name"; done
echo '  memory:'
value memory_secret memory-secret
echo '  grafana:'
value grafana_password grafana-password
