"""Runs each workload against Pipewright and then against MLflow, and prints a table. Called by benchmarks/tracking.sh."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

import psycopg2

folder, mlflow, classes, seconds = Path(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])
home = folder / "home"
database = dict(
    host="127.0.0.1",
    port=int((home / "postgres/port").read_text().split()[0]),
    user="pipewright",
    password=(home / "postgres/password").read_text().strip(),
)
RUNS, KEYS = 20_000, 20
WARM_UP = 5  # seconds; both are asked the same before they are timed
rows = []


def sql(statement, dbname, values=None):
    connection = psycopg2.connect(**database, dbname=dbname)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else None
    finally:
        connection.close()


class Server:
    def __init__(self, name, port, pids):
        self.name, self.port, self.pids = name, port, pids
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)

    def call(self, method, path, body=None):
        for attempt in (1, 2):
            try:
                self.connection.request(
                    method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"}
                )
                answer = self.connection.getresponse()
                text = answer.read()
                break
            except (http.client.RemoteDisconnected, ConnectionError):
                # A connection that was idle for long is closed by the server.
                self.connection.close()
                if attempt == 2:
                    raise
        if answer.status != 200:
            raise RuntimeError(f"{self.name} answered {answer.status} to {path}: {text[:500]}")
        return json.loads(text)

    def run(self):
        made = self.call("POST", "/api/2.0/mlflow/runs/create", {"experiment_id": "0", "start_time": int(time.time() * 1000)})
        return made["run"]["info"]["run_id"]

    def load(self, kind, connections):
        runs = [self.run() for _ in range(connections)]
        calls, took, *_ = self.send(kind, connections, runs)
        return calls / took

    def time(self, method_and_path, body=""):
        """Milliseconds of the median call."""
        return self.send(method_and_path, 1, [json.dumps(body) if body else ""])[2]

    def send(self, kind, connections, arguments):
        command = ["java", "-XX:+UseSerialGC", "-Xmx256m", "-cp", classes, "HttpLoad", str(self.port), kind, str(connections)]
        subprocess.run([*command, str(WARM_UP), *arguments], check=True, stdout=subprocess.DEVNULL)
        out = subprocess.run([*command, str(seconds), *arguments], check=True, capture_output=True, text=True)
        return [float(each) for each in out.stdout.split()]

    def resident(self):
        total = 0
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1]) // 1024
        return total


def children(pid):
    found = [pid]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                    found += children(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                pass  # it ended while we looked
    return found


def start_mlflow():
    sql("create database mlflow", "postgres")
    uri = "postgresql+psycopg2://{user}:{password}@{host}:{port}/mlflow".format(**database)
    port = 20000 + os.getpid() % 10000
    process = subprocess.Popen(
        [mlflow, "server", "--backend-store-uri", uri, "--default-artifact-root", str(folder / "artifacts"), "--port", str(port)],
        stdout=open(folder / "mlflow.log", "w"), stderr=subprocess.STDOUT, start_new_session=True,
    )
    for _ in range(240):
        time.sleep(0.5)
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return process, Server("MLflow", port, lambda: children(process.pid))
        except OSError:
            pass
    raise RuntimeError("MLflow does not start:\n" + (folder / "mlflow.log").read_text()[-3000:])


def row(what, unit, ours, theirs, higher=True, digits=0):
    ratio = ours / theirs if higher else theirs / ours
    rows.append((what, f"{ours:,.{digits}f} {unit}", f"{theirs:,.{digits}f} {unit}", f"{ratio:,.1f}"))
    print(f"{what:<58}{ours:>14,.{digits}f}{theirs:>14,.{digits}f} {unit:<10}{ratio:>8,.1f} ×", flush=True)


def fill():
    """The same 20,000 runs in both, straight into their tables."""
    sql(
        f"""
        insert into tracker.experiment (id, name, artifact_location) overriding system value
          values (1000, 'search', 'mlflow-artifacts:/1000');
        insert into tracker.run (id, experiment_id, name, status, user_id, start_time, end_time, artifact_uri)
          select md5(i::text), 1000, 'run-' || i, 'FINISHED', 'u', to_timestamp(1700000000 + i), to_timestamp(1700000100 + i),
            'mlflow-artifacts:/1000/' || md5(i::text) || '/artifacts' from generate_series(1, {RUNS}) i;
        insert into tracker.param (run, key, value, experiment_id)
          select r.number, 'p' || k, ((r.number * 7 + k) % 100)::text, 1000
          from tracker.run r, generate_series(1, {KEYS}) k where experiment_id = 1000;
        insert into tracker.tag (run, key, value, experiment_id)
          select r.number, 't' || k, (r.number % 10)::text, 1000 from tracker.run r, generate_series(1, 5) k where experiment_id = 1000;
        insert into tracker.metric (run, key, experiment_id, step, timestamp, value, min, max, points, folds)
          select r.number, 'm' || k, 1000, 1, 1700000000000, v, v, v, 1, 1
          from tracker.run r, generate_series(1, {KEYS}) k, lateral (select abs(hashint8(r.number * 64 + k)) / 2147483648.0 as v) x
          where experiment_id = 1000;
        """,
        "pipewright",
    )
    sql(
        f"""
        insert into experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
          values (1000, 'search', '/nowhere', 'active', 1, 1);
        insert into runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time,
            source_version, lifecycle_stage, artifact_uri, experiment_id)
          select md5(i::text), 'run-' || i, 'UNKNOWN', '', '', 'u', 'FINISHED', (1700000000 + i) * 1000::bigint,
            (1700000100 + i) * 1000::bigint, '', 'active', '/nowhere/' || md5(i::text), 1000 from generate_series(1, {RUNS}) i;
        insert into params (key, value, run_uuid)
          select 'p' || k, ((i * 7 + k) % 100)::text, md5(i::text) from generate_series(1, {RUNS}) i, generate_series(1, {KEYS}) k;
        insert into tags (key, value, run_uuid)
          select 't' || k, (i % 10)::text, md5(i::text) from generate_series(1, {RUNS}) i, generate_series(1, 5) k;
        insert into latest_metrics (key, value, timestamp, step, is_nan, run_uuid)
          select 'm' || k, abs(hashint8(i * 64::bigint + k)) / 2147483648.0, 1700000000000, 1, false, md5(i::text)
          from generate_series(1, {RUNS}) i, generate_series(1, {KEYS}) k;
        """,
        "mlflow",
    )
    for name in ("pipewright", "mlflow"):
        sql("vacuum analyze", name)


def deep(server):
    """The token of page 100 of 100 runs each."""
    token = ""
    for _ in range(99):
        token = server.call(
            "POST", "/api/2.0/mlflow/runs/search", {"experiment_ids": ["1000"], "max_results": 100, "page_token": token}
        )["next_page_token"]
    return token


def chart(server, runs):
    """What MLflow's page asks for to draw one metric."""
    return server.time("GET /ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?" + urllib.parse.urlencode(
        [("run_ids", each) for each in runs] + [("metric_key", "loss"), ("max_results", "320")]
    ))


def points(server, dbname, run, key, count):
    """Straight into MLflow's table; over the protocol into ours, which packs them."""
    if dbname == "mlflow":
        sql(
            f"""
            insert into metrics (key, value, timestamp, run_uuid, step, is_nan)
              select %s, random(), 1700000000000 + i * 10 + (random() * 5)::int, %s, i, false from generate_series(0, {count - 1}) i
            """,
            dbname, (key, run),
        )
        return
    import random

    for begin in range(0, count, 1000):
        server.call("POST", "/api/2.0/mlflow/runs/log-batch", {"run_id": run, "metrics": [
            {"key": key, "value": random.random(), "timestamp": 1700000000000 + i * 10 + random.randrange(5), "step": i}
            for i in range(begin, begin + 1000)
        ]})


def settled():
    while sql("select exists (select from tracker.metric_tail)", "pipewright")[0][0]:
        time.sleep(0.2)


def main():
    state = json.loads((home / "server.json").read_text())
    ours = Server("Pipewright", state["port"], lambda: [state["pid"]])
    process, theirs = start_mlflow()
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the beginning; Pipewright beside MLflow, both on one PostgreSQL")
    print(f"{'':<58}{'Pipewright':>14}{'MLflow':>14}")
    try:
        both = (ours, theirs)
        for what, kind, connections, factor, unit in (
            ("log-batch, 1 key × 1,000 steps, 4 connections", "steps", 4, 1000, "points/s"),
            ("log-batch, 1,000 keys × 1 step, 4 connections", "keys", 4, 1000, "points/s"),
            ("log-metric, 8 connections", "log-metric", 8, 1, "calls/s"),
            ("log-metric, 1 connection", "log-metric", 1, 1, "calls/s"),
            ("create run, 8 connections", "create-run", 8, 1, "calls/s"),
        ):
            row(what, unit, *(server.load(kind, connections) * factor for server in both))
        fill()
        search = "POST /api/2.0/mlflow/runs/search"
        for what, body in (
            ("search 20,000 runs: first 100", {}),
            ("search: ordered by a metric", {"order_by": ["metrics.m1 DESC"]}),
            ("search: three metrics", {"filter": "metrics.m1 > 0.5 and metrics.m2 < 0.5 and metrics.m3 > 0.9"}),
            ("search: a param and a tag", {"filter": "params.p3 = '17' and tags.t1 = '4'"}),
            ("search: page 100", deep),
        ):
            row(
                what, "ms",
                *(
                    server.time(
                        search,
                        {"experiment_ids": ["1000"], "max_results": 100, **({"page_token": body(server)} if callable(body) else body)},
                    )
                    for server in both
                ),
                higher=False, digits=1,
            )
        columns = {"experiment_ids": ["1000"], "max_results": 100, "columns": ["metrics.m1", "params.p1"]}
        print(f"{'  first 100 with two columns instead of all':<58}{ours.time(search, columns):>14,.1f}{'–':>14} ms")
        names = {"Pipewright": "pipewright", "MLflow": "mlflow"}
        before = {}
        for server in both:
            tables = (
                "pg_total_relation_size('tracker.metric_chunk') + pg_total_relation_size('tracker.metric')"
                if server is ours else "pg_total_relation_size('metrics')"
            )
            settled()
            before[server.name] = (tables, sql(f"select {tables}", names[server.name])[0][0])
        runs = {}
        for server in both:
            runs[server.name] = [server.run()]
            points(server, names[server.name], runs[server.name][0], "loss", 1_000_000)
        settled()
        sizes = []
        for server in both:
            tables, was = before[server.name]
            sizes.append((sql(f"select {tables}", names[server.name])[0][0] - was) / 1_000_000)
        row("disk, with indexes, of 1,000,000 points", "bytes/point", *sizes, higher=False, digits=1)
        row("chart of 1,000,000 steps", "ms", *(chart(s, runs[s.name]) for s in both), higher=False, digits=1)
        for server in both:
            runs[server.name] = [server.run() for _ in range(10)]
            for run in runs[server.name]:
                points(server, names[server.name], run, "loss", 100_000)
        settled()
        row("chart of 10 runs × 100,000 steps", "ms", *(chart(s, runs[s.name]) for s in both), higher=False, digits=1)
        row("memory of the server afterwards", "MiB", ours.resident(), theirs.resident(), higher=False)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


main()
