#!/usr/bin/env bash
# ./dev bench ingest [SECONDS [RUNS [KEYS [POINTS]]]]: metrics over Kafka into a server of its own, with the embedded database
# and broker as they are shipped. How many points a second can be read, what a point takes on disk and of the processors, and
# whether all of them are there. The sender is a process of its own on the same machine.
set -euo pipefail
# shellcheck source=lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/server.sh"
seconds=${1:-60} runs=${2:-50} keys=${3:-10} points=${4:-100} rounds=${ROUNDS:-3}
classpath="$folder/classes:$root/server/target/dist/server/lib/main/*"
javac -proc:none -d "$folder/classes" -cp "$classpath" benchmarks/MetricLoad.java

for round in $(seq "$rounds"); do
  export PIPEWRIGHT_HOME="$folder/home-$round"
  ./pipewright up --detach >/dev/null
  echo "round $round of $rounds: $(nproc) processors, load $(cut -d ' ' -f 1 /proc/loadavg) when it began"
  number() { sed -nE "s/.*\"$1\": *\"?([^\",}]+).*/\1/p" "$PIPEWRIGHT_HOME/server.json"; }
  server=$(number pid)
  postgres=$(head -1 "$PIPEWRIGHT_HOME/postgres/data/postmaster.pid")
  kafka=$(pgrep -f -- "$PIPEWRIGHT_HOME/kafka/server.properties" | head -1)
  read -r broker _ <"$PIPEWRIGHT_HOME/kafka/ports"
  jdbc="jdbc:postgresql://127.0.0.1:$(cat "$PIPEWRIGHT_HOME/postgres/port")/pipewright"
  jdbc="$jdbc?user=pipewright&password=$(cat "$PIPEWRIGHT_HOME/postgres/password")"
  java -cp "$classpath" MetricLoad "127.0.0.1:$broker" "$(number url)" "$jdbc" \
    "$seconds" "$runs" "$keys" "$points" "server=$server" "postgres=$postgres" "kafka=$kafka" 2>"$folder/errors" |
    tee "$folder/round-$round" || { cat "$folder/errors" >&2; exit 1; }
  echo "memory    $(awk '/VmRSS/ { printf "%12d", $2 / 1024 }' "/proc/$server/status") MB of the server"
  ./pipewright down >/dev/null
  rm -rf "$PIPEWRIGHT_HOME"
done
cat "$folder"/round-* | awk '/^readable/ { gsub(",", "", $2); print $2 }' | sort -n |
  awk '{ all[NR] = $1 } END { printf "median: %d points/s readable\n", all[int((NR + 1) / 2)] }'
