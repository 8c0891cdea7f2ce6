"""Simulates two years of daily sales in a few shops, and holds out the last weeks. The same seed gives the same tables."""

import csv
import datetime
import math
import os
import random


def given(name):
    with open(os.path.join(os.environ["PIPEWRIGHT_INPUTS"], name)) as file:
        return int(file.read())


days, seed = given("days"), given("seed")
chance = random.Random(seed)
shops = {"north": 120, "south": 80, "market": 200}
first = datetime.date(2023, 1, 1)
rows = []
recent = {shop: [] for shop in shops}
for day in range(days):
    date = first + datetime.timedelta(days=day)
    rain = max(0.0, chance.gauss(2, 4))
    for shop, size in shops.items():
        offer = chance.random() < 0.15
        week = 1.35 if date.weekday() == 5 else 0.4 if date.weekday() == 6 else 1
        year = 1 + 0.25 * math.sin(2 * math.pi * (date.timetuple().tm_yday - 80) / 365)
        sold = size * week * year * (1.4 if offer else 1) * (1 - 0.01 * min(rain, 20)) * chance.gauss(1, 0.08)
        last = recent[shop]
        rows.append(
            [
                date.isoformat(),
                shop,
                "yes" if offer else "no",
                "%.1f" % rain,
                "%.1f" % last[-7] if len(last) >= 7 else "",
                "%.1f" % (sum(last[-28:]) / 28) if len(last) >= 28 else "",
                "%.0f" % max(0, sold),
            ]
        )
        last.append(max(0, sold))
header = ["date", "shop", "offer", "rain_mm", "sold_a_week_ago", "mean_of_four_weeks", "sold"]
cut = len(rows) - 28 * len(shops)
for name, part in (("past", rows[:cut]), ("future", rows[cut:])):
    with open(os.path.join(os.environ["PIPEWRIGHT_OUTPUTS"], name + ".csv"), "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(header)
        table.writerows(part)
