#!/usr/bin/env bash
# MLflow's own clients, unmodified, before a real server: starts one on a folder of its own, and takes it down again.
# Then our models read by the libraries of others, and our measures of models beside scikit-learn's.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

venv="$root/target/mlflow-client"
if ! cmp -s clients/requirements.txt "$venv/installed"; then
  echo "Installing MLflow's Python client…"
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r clients/requirements.txt
  cp clients/requirements.txt "$venv/installed"
fi

folder=$(mktemp -d)
export PIPEWRIGHT_HOME="$folder/home" PIPEWRIGHT_PORT=0 NO_COLOR=1
cleanup() {
  ./pipewright down || echo "run.sh: the server did not stop; its folder is $folder" >&2
  rm -rf "$folder"
}
trap cleanup EXIT
./pipewright up --detach
url=$(sed -nE 's/.*"url":"([^"]+)".*/\1/p' "$PIPEWRIGHT_HOME/server.json")

echo "MLflow's Python client"
# A retry would hide an answer that was wrong the first time.
(cd "$folder" && MLFLOW_DISABLE_TELEMETRY=true MLFLOW_HTTP_REQUEST_MAX_RETRIES=0 MPLBACKEND=Agg \
  "$venv/bin/python" -W ignore "$root/clients/mlflow_python.py" "$url" 2>"$folder/python.err") || {
  tail -n 60 "$folder/python.err" >&2
  exit 1
}
echo "MLflow's Java client"
./mvnw -q -f clients/java/pom.xml compile exec:java -Dexec.args="$url"
echo "Models, read by the libraries of others"
./mvnw -q -pl runners/tabular,runners/deep -am test -Dtest=ElsewhereTest -Dsurefire.failIfNoSpecifiedTests=false \
  -Dpipewright.models="$folder/models"
MLFLOW_DISABLE_TELEMETRY=true OMP_NUM_THREADS=1 \
  "$venv/bin/python" -W ignore clients/models.py "$folder/models" 2>"$folder/models.err" || {
  tail -n 60 "$folder/models.err" >&2
  exit 1
}
echo "Measures beside scikit-learn's"
"$venv/bin/python" clients/metrics.py 4711 2000 "$folder/metrics.json"
./mvnw -q -pl runners/tabular -am test -Dtest=MetricsTest -Dsurefire.failIfNoSpecifiedTests=false \
  -Dpipewright.metrics="$folder/metrics.json"
