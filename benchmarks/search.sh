#!/usr/bin/env bash
# Searches of a million runs: p50 and p95 of each question. The first run loads them (minutes, 10 GB); FOLDER keeps them.
# Usage: ./dev bench search FOLDER [TIMES]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${1:?"usage: ./dev bench search FOLDER [TIMES]"}
mkdir -p "$folder"
cd "$root"
./mvnw -q -pl tracker -am test -Dtest=SearchBenchmark -Dsurefire.failIfNoSpecifiedTests=false \
  -Dpipewright.bench.root="$root" -Dpipewright.bench.folder="$(realpath "$folder")" -Dpipewright.bench.times="${2:-100}"
