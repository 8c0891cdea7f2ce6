"""Writes small stories out of a grammar. The same seed gives the same text."""
import os
import random

WHO = ["the old captain", "a young baker", "the miller's daughter", "a tired soldier", "the fox"]
DID = ["found", "lost", "sold", "hid", "mended"]
WHAT = ["a silver key", "the last map", "a broken clock", "two golden rings", "the blue lantern"]
WHERE = ["in the harbour", "behind the mill", "under the bridge", "near the old tower"]
THEN = ["Nobody saw it.", "It was raining.", "The bells rang.", "Everybody laughed."]


def read(name):
    with open(os.path.join(os.environ["PIPEWRIGHT_INPUTS"], name)) as file:
        return int(file.read())


chance = random.Random(read("seed"))
with open(os.path.join(os.environ["PIPEWRIGHT_OUTPUTS"], "stories.txt"), "w") as file:
    for _ in range(read("stories")):
        who = chance.choice(WHO)
        said = "%s %s %s %s. %s" % (
            who, chance.choice(DID), chance.choice(WHAT), chance.choice(WHERE), chance.choice(THEN))
        file.write(said[0].upper() + said[1:] + "\n")
