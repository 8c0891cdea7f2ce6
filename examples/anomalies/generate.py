"""Simulates payments by card, some of them not like the others. The same seed gives the same table."""

import csv
import os
import random


def given(name):
    with open(os.path.join(os.environ["PIPEWRIGHT_INPUTS"], name)) as file:
        return int(file.read())


rows, odd, seed = given("payments"), given("odd"), given("seed")
chance = random.Random(seed)
strange = set(chance.sample(range(rows), odd))
path = os.path.join(os.environ["PIPEWRIGHT_OUTPUTS"], "payments.csv")
with open(path, "w", newline="") as file:
    table = csv.writer(file)
    table.writerow(["payment", "amount", "hour", "country", "shop", "minutes_since_last", "planted"])
    for number in range(rows):
        shop = chance.choices(["groceries", "clothes", "fuel", "online"], [6, 2, 2, 3])[0]
        amount = {"groceries": 35, "clothes": 70, "fuel": 55, "online": 45}[shop] * chance.lognormvariate(0, 0.35)
        hour = min(23, max(6, round(chance.gauss(15, 3.5))))
        country = chance.choices(["DE", "FR", "NL"], [12, 2, 1])[0]
        since = chance.expovariate(1 / 900)
        if number in strange:
            # A stolen card: a large sum at night from far away, soon after the last payment.
            amount *= chance.uniform(8, 30)
            hour = chance.randrange(1, 5)
            country = chance.choice(["BR", "TH", "ZA"])
            since = chance.uniform(0, 3)
        table.writerow(
            [
                "p%06d" % number,
                "%.2f" % amount,
                hour,
                country,
                shop,
                "%.0f" % since,
                "yes" if number in strange else "no",
            ]
        )
