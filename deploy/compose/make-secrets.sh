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
keep grafana-password password
keep hf-token true
# One key for every pool that the file next to this one names.
for pool in $(grep -oE '\./secrets/[a-z0-9]+-key"' docker-compose.yaml | sed 's/.*secrets\///; s/"//' | grep -vE '^(api|admin|signing)-key$' | sort -u); do
    keep "$pool" api_key
done

[ "${1:-}" = --helm ] || exit 0
value() { cat "secrets/$1"; }
cat <<VALUES
secrets:
  redis:
    redis_password: "$(value redis-password)"
  vllm:
    vllm_key: "$(value vllm-key)"
    hf_token: "$(value hf-token)"
  gateway:
    vllm_key: "$(value vllm-key)"
    api_key: "$(value api-key)"
    admin_key: "$(value admin-key)"
    key_pepper: "$(value key-pepper)"
    signing_key: "$(value signing-key)"
  grafana:
    grafana_password: "$(value grafana-password)"
VALUES
