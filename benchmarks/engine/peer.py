"""The sequences and fan-outs of the engine's benchmark, run by Prefect: its server on the same PostgreSQL, its flow in a process that
runs already. From the flow's call to its return, which is what its user waits for."""

import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

home, command, rounds = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])


def database(name):
    port = (home / "postgres/port").read_text().split()[0]
    password = (home / "postgres/password").read_text().strip()
    return f"postgresql+asyncpg://pipewright:{password}@127.0.0.1:{port}/{name}"


def create_database():
    import asyncio

    import asyncpg

    async def create():
        connection = await asyncpg.connect(database("postgres").replace("+asyncpg", ""))
        await connection.execute("create database prefect")
        await connection.close()

    asyncio.run(create())


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


create_database()
port = free_port()
os.environ.update(
    PREFECT_HOME=str(home.parent / "prefect"),
    PREFECT_API_DATABASE_CONNECTION_URL=database("prefect"),
    PREFECT_API_URL=f"http://127.0.0.1:{port}/api",
    PREFECT_SERVER_ANALYTICS_ENABLED="false",
    PREFECT_LOGGING_LEVEL="ERROR",
    DO_NOT_TRACK="1",
)
with open(home.parent / "prefect.log", "w") as log:
    server = subprocess.Popen([command, "server", "start", "--host", "127.0.0.1", "--port", str(port)], stdout=log, stderr=log)
try:
    for _ in range(600):
        try:
            urllib.request.urlopen(os.environ["PREFECT_API_URL"] + "/health")
            break
        except OSError:
            time.sleep(0.2)
    else:
        sys.exit("the Prefect server did not start:\n" + (home.parent / "prefect.log").read_text()[-2000:])

    from prefect import flow, task
    from prefect.task_runners import ThreadPoolTaskRunner

    # The one that the other side runs, not this environment's: what is installed there changes how
    # long it takes to start.
    interpreter = os.path.realpath(sys.executable)

    def fibo(n):
        return n if n < 2 else fibo(n - 1) + fibo(n - 2)

    @task
    def small(_):
        fibo(10)

    @task
    def process(_):
        subprocess.run([interpreter, "-c", "f=lambda n:n if n<2 else f(n-1)+f(n-2);f(10)"], check=True)

    @flow
    def row(work, count):
        for number in range(count):
            work(number)

    def fan(count, workers):
        @flow(task_runner=ThreadPoolTaskRunner(max_workers=workers))
        def wide():
            small.map(range(count)).wait()

        return wide

    def seconds(run):
        begin = time.perf_counter()
        run()
        return time.perf_counter() - begin

    def line(cell, workload, count, run, times):
        took = statistics.median(seconds(run) for _ in range(times))
        print(f"| {cell} | {workload} | {took:.2f} s | {took * 1000 / count:.1f} ms a task |", flush=True)

    row(small, 5)
    print("\n| cell | workload | Prefect, beside it | of that |\n|---|---|---|---|")
    line("W1a", "40 × fibo(10), a Python process each", 40, lambda: row(process, 40), rounds)
    line("W1b", "40 × fibo(10) in a row, in the flow's process", 40, lambda: row(small, 40), rounds)
    line("W2", "400 in a row", 400, lambda: row(small, 400), 1)
    line("W2", "400, 10 at once", 400, fan(400, 10), 1)
    line("K3", "fan-out of 100", 100, fan(100, 100), rounds)
    line("K3", "fan-out of 1,000", 1000, fan(1000, 100), 1)
finally:
    server.terminate()
    server.wait(30)
sys.stdout.flush()
os._exit(0)  # what the flows' process has not told the server by now would keep it for minutes
