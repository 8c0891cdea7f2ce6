#!/usr/bin/env bash
# ./dev bench tune [PROBLEM…]: the regret that the library's samplers leave after 50 and 100 trials (ASHA: after the rounds of 20
# and 40 whole trainings) beside Optuna's from PyPI with the same settings, medians over SEEDS (30) seeds, one thread each.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
seeds=${SEEDS:-30}
table=benchmarks/tune/lightgbm.json
folder=target/bench-tune
mkdir -p "$folder/classes"
# shellcheck source=../.mvn/jdk.sh
source .mvn/jdk.sh
JAVA_HOME=$(find_jdk)
./mvnw -q -pl sdk/tune -am compile dependency:build-classpath -Dmdep.outputFile="$root/$folder/classpath" -Dmdep.includeScope=compile
classpath="$folder/classes:sdk/tune/target/classes:sdk/contract/target/classes:$(cat "$folder/classpath")"
"$JAVA_HOME/bin/javac" -proc:none -d "$folder/classes" -cp "$classpath" benchmarks/tune/Tune.java

venv=target/bench-optuna
if ! cmp -s benchmarks/tune/requirements.txt "$venv/installed"; then
  echo "Installing Optuna…" >&2
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r benchmarks/tune/requirements.txt
  cp benchmarks/tune/requirements.txt "$venv/installed"
fi
echo "$(nproc) processors, load $(cut -d ' ' -f 1 /proc/loadavg) when it began, $seeds seeds"
export OMP_NUM_THREADS=1
"$JAVA_HOME/bin/java" -XX:+UseSerialGC -cp "$classpath" Tune "$table" "$seeds" "$@" >"$folder/ours"
"$venv/bin/python" benchmarks/tune/peer.py "$table" "$seeds" "$@" >"$folder/theirs"
awk -f benchmarks/tune/table.awk "$folder/ours" "$folder/theirs"
