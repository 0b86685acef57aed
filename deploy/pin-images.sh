#!/usr/bin/env bash
# Prints the digest of every third-party image, as the registries give it today, for AiInfra.AppHost/Topology/Images.cs.
# Needs docker with buildx and the way to the registries.
set -euo pipefail
cd "$(dirname "$0")/.."
sed -n 's/.*new("\([^"]*\)", "\([^"]*\)".*/\1:\2/p' AiInfra.AppHost/Topology/Images.cs | while read -r image; do
    printf '%s %s\n' "$image" "$(docker buildx imagetools inspect "$image" --format '{{.Manifest.Digest}}')"
done
