#!/usr/bin/env bash
# ./dev bench chaos [KILLS [TASKS [SEED]]]: kill -9 at KILLS (200) random points of runs of TASKS (1000) commands each, and the
# tally: what was lost, ran twice, hung, or was held against the user. Ends with 1 when any of it did.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=../.mvn/jdk.sh
source .mvn/jdk.sh
JAVA_HOME=$(find_jdk)
folder=$(mktemp -d)
export JAVA_HOME NO_COLOR=1 PIPEWRIGHT_PORT=0 PIPEWRIGHT_HOME="$folder/home"
cleanup() {
  ./pipewright down >/dev/null # where it fails a server may still run: its folder stays
  [ -n "${KEEP:-}" ] || rm -rf "$folder"
}
trap cleanup EXIT

./pipewright --version >/dev/null # builds, so that no restart does
export PIPEWRIGHT_NO_BUILD=1
classpath="$folder/classes:$root/server/target/dist/cli/*"
"$JAVA_HOME/bin/javac" -proc:none -d "$folder/classes" -cp "$classpath" benchmarks/engine/Chaos.java
"$JAVA_HOME/bin/java" -cp "$classpath" Chaos "$root/pipewright" "$PIPEWRIGHT_HOME" "${1:-200}" "${2:-1000}" "${3:-$RANDOM}"
