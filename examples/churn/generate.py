"""Simulates customers of a telephone company, some of whom leave. The same seed gives the same table."""

import csv
import math
import os
import random


def given(name):
    with open(os.path.join(os.environ["PIPEWRIGHT_INPUTS"], name)) as file:
        return int(file.read())


rows, seed = given("customers"), given("seed")
chance = random.Random(seed)
path = os.path.join(os.environ["PIPEWRIGHT_OUTPUTS"], "customers.csv")
with open(path, "w", newline="") as file:
    table = csv.writer(file)
    table.writerow(
        ["customer_id", "joined", "plan", "contract", "monthly_fee", "minutes", "calls_to_help", "region", "churned"]
    )
    for number in range(rows):
        months = int(chance.expovariate(1 / 24)) + 1
        plan = chance.choices(["basic", "plus", "family", "business"], [5, 4, 2, 1])[0]
        contract = chance.choices(["monthly", "yearly"], [3, 2])[0]
        fee = {"basic": 12, "plus": 25, "family": 40, "business": 60}[plan] * chance.uniform(0.8, 1.3)
        minutes = chance.gammavariate(2, 120)
        calls = min(9, int(chance.expovariate(0.9)))
        region = "region-%02d" % chance.randrange(40)
        # Who is new, pays much for little and had to ask for help leaves; a yearly contract holds.
        pull = (
            -2.2
            + 1.4 * (contract == "monthly")
            + 0.55 * calls
            - 0.03 * months
            + 1.5 * max(0, fee / (minutes / 10 + 5) - 1)
            + 0.8 * (region in ("region-03", "region-17", "region-29"))
        )
        churned = chance.random() < 1 / (1 + math.exp(-pull))
        joined = "%04d-%02d-%02d" % (2024 - months // 12, 12 - months % 12, 1 + chance.randrange(28))
        table.writerow(
            [
                "c%06d" % (seed * 1000 + number),
                joined,
                plan,
                contract,
                "%.2f" % fee,
                "" if chance.random() < 0.05 else "%.0f" % minutes,
                calls,
                region,
                "yes" if churned else "no",
            ]
        )
