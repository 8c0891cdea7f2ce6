#!/usr/bin/env bash
# ./dev bench tracking [SECONDS]: the tracking protocol, beside an MLflow server on the same embedded PostgreSQL: each workload
# against one and then the other, SECONDS (10) each, in one run. MLflow is installed from PyPI into a virtual environment of its own.
set -euo pipefail
# shellcheck source=lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/server.sh"
export MLFLOW_DISABLE_TELEMETRY=true
venv="$root/target/bench-mlflow"
wanted="$root/benchmarks/tracking/requirements.txt"
if ! cmp -s "$wanted" "$venv/installed"; then
  echo "Installing MLflow…"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
  cp "$wanted" "$venv/installed"
fi
mkdir -p target/bench-classes
javac -d target/bench-classes benchmarks/tracking/HttpLoad.java

./pipewright up --detach >/dev/null
"$venv/bin/python" benchmarks/tracking/compare.py "$folder" "$venv/bin/mlflow" target/bench-classes "${1:-10}"
