"""Simulates loans: ten measures of each, and whether it was paid back late. The same seed gives the same table."""

import csv
import math
import os
import random


def given(name):
    with open(os.path.join(os.environ["PIPEWRIGHT_INPUTS"], name)) as file:
        return int(file.read())


chance = random.Random(given("seed"))
weights = [chance.gauss(0, 1) for _ in range(10)]
with open("table.csv", "w", newline="") as file:
    table = csv.writer(file)
    table.writerow(["measure_%d" % i for i in range(10)] + ["late"])
    for _ in range(given("rows")):
        measures = [chance.gauss(0, 1) for _ in weights]
        odds = sum(w * x for w, x in zip(weights, measures))
        late = chance.random() < 1 / (1 + math.exp(-odds))
        table.writerow(["%.4f" % x for x in measures] + [int(late)])
