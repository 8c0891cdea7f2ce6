#!/usr/bin/env bash
# ./dev bench deep [SECONDS [ROUNDS]]: how fast pipewright/train@v1's loop trains beside plain PyTorch of the same version, with
# the same models, batches and number of native threads (THREADS, 1). Both by turns, in processes of their own.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=../.mvn/jdk.sh
source .mvn/jdk.sh
JAVA_HOME=$(find_jdk)
export JAVA_HOME OMP_NUM_THREADS=${THREADS:-1} OMP_WAIT_POLICY=passive DJL_OFFLINE=true OPT_OUT_TRACKING=true
export DJL_CACHE_DIR="$root/target/bench-deep-native"
processors=$(env -u OMP_NUM_THREADS nproc)
seconds=${1:-6} rounds=${2:-3}
venv=${VENV:-$root/target/bench-torch}
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r benchmarks/deep/requirements.txt
fi
./pipewright --version >/dev/null # builds, so that no figure holds a build
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
classpath="$folder:$root/server/target/dist/runner/*"
"$JAVA_HOME/bin/javac" -proc:none -d "$folder" -cp "$classpath" benchmarks/deep/DeepLoad.java
ours() {
  "$JAVA_HOME/bin/java" -XX:+UseSerialGC -Xmx1g --enable-native-access=ALL-UNNAMED \
    -cp "$classpath" DeepLoad "$1" "$seconds" 2>"$folder/errors" || { cat "$folder/errors" >&2; exit 1; }
}
median() { # median COLUMN FILE
  awk -v column="$1" '{ print $column }' "$2" | sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'
}

echo "machine: $processors processors, load $(cut -d ' ' -f 1 /proc/loadavg) when it began; $OMP_NUM_THREADS threads"
printf '%-9s %-13s %10s %10s %6s\n' model "" ours PyTorch ratio
for model in ${MODELS:-mlp cnn gpt gpt-sdpa}; do
  for _ in $(seq "$rounds"); do
    ours "${model%-sdpa}" >>"$folder/$model-ours"
    "$venv/bin/python" benchmarks/deep/peer.py "${model%-sdpa}" "$seconds" "${model#gpt-}" >>"$folder/$model-peer"
  done
  for column in 1 2; do
    one=$(median $column "$folder/$model-ours") other=$(median $column "$folder/$model-peer")
    printf '%-9s %-13s %10s %10s %6s\n' "$model" "a $([ $column = 1 ] || echo processor-)second" "$one" "$other" \
      "$(awk "BEGIN { printf \"%.2f\", $one / $other }")"
  done
done
echo "load $(cut -d ' ' -f 1 /proc/loadavg) when it ended"
