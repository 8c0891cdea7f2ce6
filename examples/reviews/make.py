"""Writes invented reviews of a hotel. What is said of the stay as a whole decides, whatever is said of its parts; so
counting kind words does not do. One in fifty is labelled wrongly. The same seed gives the same rows."""
import csv
import os
import random

PARTS = ["room", "food", "view", "staff", "bed", "pool", "bar", "garden"]
KIND = ["lovely", "spotless", "friendly", "quiet", "superb"]
UNKIND = ["dirty", "noisy", "rude", "cold", "dreadful"]
GOOD = ["we will be back", "worth every cent", "a stay to remember", "we left happy"]
BAD = ["never again", "a waste of money", "we left early", "we want our money back"]


def read(name):
    with open(os.path.join(os.environ["PIPEWRIGHT_INPUTS"], name)) as file:
        return int(file.read())


chance = random.Random(read("seed"))
with open(os.path.join(os.environ["PIPEWRIGHT_OUTPUTS"], "reviews.csv"), "w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["review", "mood"])
    for _ in range(read("rows")):
        good = chance.random() < 0.5
        said = ["The %s was %s." % (part, chance.choice(KIND + UNKIND)) for part in chance.sample(PARTS, 3)]
        said.insert(chance.randrange(4), "All in all, %s." % chance.choice(GOOD if good else BAD))
        if chance.random() < 0.02:
            good = not good
        rows.writerow([" ".join(said), "good" if good else "bad"])
