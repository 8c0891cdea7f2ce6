"""Simulates a company's invoices, some of which are paid late: a past year and the last month. The same seed gives the same tables."""

import csv
import math
import os
import random


def given(name):
    with open(os.path.join(os.environ["PIPEWRIGHT_INPUTS"], name)) as file:
        return int(file.read())


def write(name, rows, first, chance):
    with open(os.path.join(os.environ["PIPEWRIGHT_OUTPUTS"], name + ".csv"), "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["invoice", "country", "size", "amount", "days_of_credit", "late_before", "years", "late"])
        for number in range(first, first + rows):
            country = chance.choices(["AT", "DE", "FR", "PL"], [2, 5, 3, 2])[0]
            size = chance.choices(["small", "medium", "large"], [6, 3, 1])[0]
            amount = round(chance.lognormvariate({"small": 6, "medium": 7.5, "large": 9}[size], 0.7), 2)
            days = chance.choice([14, 30, 30, 60])
            before = min(8, int(chance.expovariate(0.8)))
            years = int(chance.expovariate(0.25))
            # Who paid late before does so again, the more so the more it is; old customers less.
            pull = -1.6 + 0.75 * before - 0.15 * years + 0.3 * math.log(amount / 1000) + 0.4 * (days == 60)
            late = chance.random() < 1 / (1 + math.exp(-pull))
            table.writerow(
                [
                    number,
                    country,
                    size,
                    "%.2f" % amount,
                    days,
                    before,
                    "" if chance.random() < 0.03 else years,
                    "yes" if late else "no",
                ]
            )


rows, seed = given("rows"), given("seed")
chance = random.Random(seed)
write("past", rows, 1, chance)
write("recent", rows // 2, rows + 1, chance)
