"""Lets invented people choose films: each has a taste, a mix of genres, and each film belongs to a genre and is more or
less known. The same seed gives the same rows."""
import os
import random

GENRES = ["crime", "comedy", "drama", "horror", "western"]
FILMS = 20


def read(name):
    with open(os.path.join(os.environ["PIPEWRIGHT_INPUTS"], name)) as file:
        return int(file.read())


chance = random.Random(read("seed"))
with open(os.path.join(os.environ["PIPEWRIGHT_OUTPUTS"], "choices.csv"), "w") as file:
    file.write("user,item\n")
    for user in range(read("users")):
        tastes = [chance.random() ** 3 for _ in GENRES]
        for _ in range(12):
            genre = chance.choices(GENRES, tastes)[0]
            film = min(int(chance.expovariate(0.15)), FILMS - 1)
            file.write("user-%d,%s-%d\n" % (user, genre, film))
