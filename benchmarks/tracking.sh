#!/usr/bin/env bash
# ./dev bench tracking [SECONDS]: the tracking protocol, beside an MLflow server on the same embedded PostgreSQL: each workload
# against one and then the other, SECONDS (10) each, in one run. MLflow is installed from PyPI into a virtual environment of its own.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=../.mvn/jdk.sh
source .mvn/jdk.sh
JAVA_HOME=$(find_jdk)
export JAVA_HOME PATH="$JAVA_HOME/bin:$PATH"

./pipewright --version >/dev/null # builds, so that no figure holds a build
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

folder=$(mktemp -d)
export PIPEWRIGHT_HOME="$folder/home" PIPEWRIGHT_PORT=0 NO_COLOR=1 MLFLOW_DISABLE_TELEMETRY=true
cleanup() {
  ./pipewright down >/dev/null # where it fails a server may still run: its folder stays
  rm -rf "$folder"
}
trap cleanup EXIT
./pipewright up --detach >/dev/null
"$venv/bin/python" benchmarks/tracking/compare.py "$folder" "$venv/bin/mlflow" target/bench-classes "${1:-10}"
