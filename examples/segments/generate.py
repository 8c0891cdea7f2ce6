"""Simulates the customers of a shop, who come in four kinds that the table does not name. The same seed gives the same table."""

import csv
import os
import random


def given(name):
    with open(os.path.join(os.environ["PIPEWRIGHT_INPUTS"], name)) as file:
        return int(file.read())


# Share of the customers, visits a month, spent a visit, discounts used, channel.
KINDS = [
    (4, 8, 20, 0.1, "shop"),
    (3, 1, 150, 0.05, "shop"),
    (2, 3, 60, 0.8, "online"),
    (1, 12, 200, 0.3, "telephone"),
]

rows, seed = given("customers"), given("seed")
chance = random.Random(seed)
path = os.path.join(os.environ["PIPEWRIGHT_OUTPUTS"], "customers.csv")
with open(path, "w", newline="") as file:
    table = csv.writer(file)
    table.writerow(["customer_id", "visits", "spent", "discounts", "channel"])
    for number in range(rows):
        _, visits, spent, discounts, channel = chance.choices(KINDS, [kind[0] for kind in KINDS])[0]
        table.writerow(
            [
                "c%06d" % number,
                "%.1f" % max(0.1, chance.gauss(visits, 0.2 * visits)),
                "" if chance.random() < 0.02 else "%.2f" % max(1, chance.gauss(spent, 0.2 * spent)),
                "%.2f" % min(1, max(0, chance.gauss(discounts, 0.08))),
                channel if chance.random() < 0.95 else chance.choice(["shop", "online", "telephone"]),
            ]
        )
