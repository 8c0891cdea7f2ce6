#!/bin/sh
# What Maven calls: `run.sh build` makes dist/, `run.sh test` checks types, style and behaviour. Each does only what
# changed since it last succeeded.
set -eu
cd "$(dirname "$0")/.."

need() {
  echo "web-ui: $1 Install Node.js 20.19 or newer, with npm (https://nodejs.org), and build again." >&2
  exit 1
}
command -v node >/dev/null 2>&1 || need "Node.js was not found, and the pages are built with it."
command -v npm >/dev/null 2>&1 || need "npm was not found, and the pages are built with it."
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
  need "Node.js $(node --version) is too old to build the pages."

# npm writes the second file last, so it is there only after a complete installation.
if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi

exec node scripts/changed.mjs "$1"
