#!/usr/bin/env bash
# Writes the HTTP contract from the handlers' types: ./scripts/gen.sh [DIR], the tree itself by default.
set -euo pipefail
cd "$(dirname "$0")/.."
for lib in say need build; do . "scripts/lib/$lib.sh"; done
to=${1:-$PWD}

need_go_and_node
install_npm
mkdir -p "$to/server/api"
build_server
"$bense" openapi >"$to/server/api/openapi.yaml.new"
mv "$to/server/api/openapi.yaml.new" "$to/server/api/openapi.yaml"
miniprogram/node_modules/.bin/openapi-typescript "$to/server/api/openapi.yaml" -o "$to/server/api/schema.d.ts"
