"""Logistic regression by gradient descent, for 27 epochs at most. It says what it reaches after each epoch and keeps a
checkpoint, from which the next attempt goes on: a trial that is paused is stopped, and begins again when it is its turn."""

import csv
import json
import math
import os
import random
import time
import urllib.request

EPOCHS = 27


def given(name, kind=float):
    with open(os.path.join(os.environ["PIPEWRIGHT_INPUTS"], name)) as file:
        return kind(file.read())


def log_metric(key, value, step):
    """What mlflow.log_metric does, for those who have no MLflow at hand."""
    body = {
        "run_id": os.environ["MLFLOW_RUN_ID"],
        "key": key,
        "value": value,
        "step": step,
        "timestamp": int(time.time() * 1000),
    }
    request = urllib.request.Request(
        os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/log-metric",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()


def read():
    path = os.path.join(os.environ["PIPEWRIGHT_INPUTS"], "table")
    with open(path, newline="") as file:
        rows = [[float(cell) for cell in row] for row in list(csv.reader(file))[1:]]
    cut = len(rows) * 3 // 4
    return rows[:cut], rows[cut:]


def probability(weights, row):
    odds = sum(w * x for w, x in zip(weights, row))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


def loss(weights, rows):
    total = 0.0
    for row in rows:
        p = probability(weights, row)
        total -= math.log(p if row[-1] else 1 - p)
    return total / len(rows)


rate, decay, start = given("rate"), given("decay"), given("start", str).strip()
train, validation = read()
chance = random.Random(1)
checkpoint = os.path.join(os.environ["PIPEWRIGHT_CHECKPOINTS"], "state.json")
if os.path.exists(checkpoint):
    with open(checkpoint) as file:
        state = json.load(file)
    print("goes on after epoch", state["epoch"], flush=True)
else:
    state = {"epoch": 0, "weights": [chance.gauss(0, 1) if start == "random" else 0.0 for _ in train[0][:-1]]}

weights = state["weights"]
for epoch in range(state["epoch"] + 1, EPOCHS + 1):
    random.Random(epoch).shuffle(train)
    for row in train:
        error = row[-1] - probability(weights, row)
        for i in range(len(weights)):
            weights[i] += rate * (error * row[i] - decay * weights[i])
    reached = loss(weights, validation)
    with open(checkpoint + ".new", "w") as file:
        json.dump({"epoch": epoch, "weights": weights}, file)
    os.replace(checkpoint + ".new", checkpoint)
    log_metric("validation_loss", reached, epoch)
    print("epoch", epoch, "loss", reached, flush=True)

outputs = os.environ["PIPEWRIGHT_OUTPUTS"]
with open(os.path.join(outputs, "loss"), "w") as file:
    file.write(str(loss(weights, validation)))
os.makedirs(os.path.join(outputs, "model"))
with open(os.path.join(outputs, "model", "weights.json"), "w") as file:
    json.dump(weights, file)
