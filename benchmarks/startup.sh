#!/usr/bin/env bash
# ./dev bench startup [ROUNDS]: how long it takes from `up` to ready, how much memory everything takes when idle, and how
# long the demo's pipeline takes. The floors are measured in the same run: the embedded broker alone, which everything has to
# wait for, and the work inside the tasks.
set -euo pipefail
# shellcheck source=lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/server.sh"
rounds=${1:-5}
echo "machine: $(nproc) processors, load $(cut -d ' ' -f 1 /proc/loadavg) when it began"

ready() { # prints the seconds from the command to ready, and the broker's share of them
  local from to
  from=$(date +%s.%N)
  ./pipewright up --detach >/dev/null
  to=$(date +%s.%N)
  python3 - "$from" "$to" "$PIPEWRIGHT_HOME/run/startup.jsonl" <<'PY'
import datetime, json, sys
begin, end, file = float(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
def at(text):
    return datetime.datetime.fromisoformat(text[:26].rstrip("Z") + "+00:00").timestamp()
steps = [json.loads(line) for line in open(file)]
kafka = [at(s["at"]) for s in steps if s["phase"] == "kafka"]
print(f"{end - begin:.2f} {kafka[-1] - kafka[0]:.2f}")
PY
}

ready >"$folder/first"
./pipewright status | sed -nE 's/^memory +([0-9]+).*/\1/p' >"$folder/memory-first"
./pipewright down >/dev/null
for _ in $(seq "$rounds"); do
  ready >>"$folder/warm"
  sleep 5 # what starting leaves to be done settles
  ./pipewright status | sed -nE 's/^memory +([0-9]+).*/\1/p' >>"$folder/memory"
  ./pipewright down >/dev/null
done

./pipewright up --detach >/dev/null
url=$(sed -nE 's/.*"url":"([^"]+)".*/\1/p' "$PIPEWRIGHT_HOME/server.json")
for _ in $(seq "$rounds"); do
  ./pipewright demo --exit >/dev/null
done

python3 - "$folder" "$url" <<'PY'
import datetime, json, statistics, sys, urllib.request
folder, url = sys.argv[1:]
def get(path):
    return json.load(urllib.request.urlopen(url + "/api/v1" + path))
def seconds(begin, end):
    parse = lambda t: datetime.datetime.fromisoformat(t.rstrip("Z")[:26] + "+00:00")
    return (parse(end) - parse(begin)).total_seconds()
def spread(values, digits=2):
    return f"{statistics.median(values):.{digits}f} (min {min(values):.{digits}f}, max {max(values):.{digits}f})"

first = [float(x) for x in open(f"{folder}/first").read().split()]
warm = [[float(x) for x in line.split()] for line in open(f"{folder}/warm")]
memory = [int(line) for line in open(f"{folder}/memory")]
runs = [get("/pipeline-runs/" + r["id"]) for r in get("/pipeline-runs?limit=100")["items"]]
total = [seconds(r["startedAt"], r["endedAt"]) for r in runs]
work = []
for r in runs:
    tracked = {t["id"]: t for t in get(f"/runs?pipelineRun={r['id']}")["items"]}
    work.append(sum(seconds(tracked[t["attempts"][-1]["trackedRunId"]]["startTime"],
                            tracked[t["attempts"][-1]["trackedRunId"]]["endTime"]) for t in r["tasks"]))
print(f"up to ready, empty home      {first[0]:.2f} s")
print(f"up to ready, warm            {spread([w[0] for w in warm])} s")
print(f"  of it the broker alone     {spread([w[1] for w in warm])} s")
print(f"  ratio to the broker alone  {statistics.median(w[0] / w[1] for w in warm):.2f}")
print(f"memory of all, idle          {spread(memory, 0)} MiB")
print(f"the demo's pipeline          {spread(total)} s")
print(f"  of it inside the tasks     {spread(work)} s")
print(f"  around each of {len(runs[0]['tasks'])} tasks      {statistics.median((t - w) / len(runs[0]['tasks']) for t, w in zip(total, work)):.2f} s")
PY
