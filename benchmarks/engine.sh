#!/usr/bin/env bash
# ./dev bench engine [CELL…]: the workloads that orchestrators publish figures of, each on a server of its own with everything
# embedded; ROUNDS (5) of the short ones. With PEER=prefect the sequences and fan-outs are run by Prefect as well, in the same
# run, on the same database. The sender is a process of its own on the same machine.
set -euo pipefail
# shellcheck source=lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/server.sh"
[ $# -gt 0 ] || set -- W1a W1b W1c W2 K1 K2 K3 S1 A2
export PIPEWRIGHT_NO_BUILD=1
classpath="$folder/classes:$root/server/target/dist/cli/*"
javac -proc:none -d "$folder/classes" -cp "$classpath" benchmarks/engine/EngineLoad.java

./pipewright up --detach >/dev/null
url=$(sed -nE 's/.*"url": *"([^"]+)".*/\1/p' "$PIPEWRIGHT_HOME/server.json")
echo "$(nproc) processors, load $(cut -d ' ' -f 1 /proc/loadavg) when it began"
echo
echo "| cell | workload | Pipewright | of that | published |"
echo "|---|---|---|---|---|"
java -cp "$classpath" EngineLoad "$url" "$PIPEWRIGHT_HOME" "${ROUNDS:-5}" "$@"

if [ "${PEER:-}" = prefect ]; then
  venv="$root/target/bench-prefect"
  wanted="$root/benchmarks/engine/requirements.txt"
  if ! cmp -s "$wanted" "$venv/installed"; then
    echo "Installing Prefect…" >&2
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
    cp "$wanted" "$venv/installed"
  fi
  "$venv/bin/python" benchmarks/engine/peer.py "$PIPEWRIGHT_HOME" "$venv/bin/prefect" "${ROUNDS:-5}"
fi
