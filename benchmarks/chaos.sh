#!/usr/bin/env bash
# ./dev bench chaos [KILLS [TASKS [SEED]]]: kill -9 at KILLS (200) random points of runs of TASKS (1000) commands each, and the
# tally: what was lost, ran twice, hung, or was held against the user. Ends with 1 when any of it did.
set -euo pipefail
# shellcheck source=lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/server.sh"
export PIPEWRIGHT_NO_BUILD=1
classpath="$folder/classes:$root/server/target/dist/cli/*"
javac -proc:none -d "$folder/classes" -cp "$classpath" benchmarks/engine/Chaos.java
java -cp "$classpath" Chaos "$root/pipewright" "$PIPEWRIGHT_HOME" "${1:-200}" "${2:-1000}" "${3:-$RANDOM}"
