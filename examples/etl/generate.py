"""Writes what a shop's two systems would export: customers as JSON lines, their orders as CSV."""
import json
import os
import random


def given(name):
    with open(os.path.join(os.environ["PIPEWRIGHT_INPUTS"], name)) as file:
        return int(file.read())


def output(name):
    return open(os.path.join(os.environ["PIPEWRIGHT_OUTPUTS"], name), "w")


chance = random.Random(given("seed"))
with output("customers.jsonl") as customers, output("orders.csv") as orders:
    orders.write("order_id,customer_id,day,amount,returned\n")
    number = 0
    for customer in range(1, given("customers") + 1):
        channel = chance.choice(["web", "shop", "phone"])
        # What nobody sees: how often they buy, and how often they are not content.
        eager, content = chance.expovariate(1), chance.random()
        bought = 0
        for day in range(360):
            if chance.random() < 0.03 * eager:
                number += 1
                bought += day >= 300
                amount = round(chance.lognormvariate(3.5, 0.6) * (1.4 if channel == "web" else 1), 2)
                returned = int(chance.random() > 0.4 + 0.6 * content)
                orders.write(f"{number},{customer},{day},{amount},{returned}\n")
                eager *= 0.985 if returned else 1.0
        record = {"customer_id": customer, "channel": channel, "age": chance.randint(18, 80) if chance.random() < 0.9 else None}
        customers.write(json.dumps(record) + "\n")
