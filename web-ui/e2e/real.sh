#!/usr/bin/env bash
# The pages before a real server that has run the demo: starts one on a folder of its own, and takes it down again.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

folder=$(mktemp -d)
export PIPEWRIGHT_HOME="$folder/home" PIPEWRIGHT_PORT=0 NO_COLOR=1
cleanup() {
  "$root/pipewright" down || echo "real.sh: the server did not stop; its folder is $folder" >&2
  rm -rf "$folder"
}
trap cleanup EXIT

"$root/pipewright" up --detach
"$root/pipewright" demo --exit
url=$(sed -nE 's/.*"url":"([^"]+)".*/\1/p' "$PIPEWRIGHT_HOME/server.json")
cd "$root/web-ui"
PIPEWRIGHT_E2E_URL="$url" npx --no-install playwright test --config e2e/playwright.config.ts real.spec.ts
