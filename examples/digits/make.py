"""Draws digits of 12 by 12 pixels: of a small font, moved, faded and with noise. The same seed gives the same rows."""
import os
import random

FONT = [
    "111101101101111", "010110010010111", "111001111100111", "111001111001111", "101101111001001",
    "111100111001111", "111100111101111", "111001010010010", "111101111101111", "111101111001111",
]
SIDE = 12


def draw(digit, chance):
    pixels = [chance.randrange(40) for _ in range(SIDE * SIDE)]
    left, top, ink = chance.randrange(1, SIDE - 6), chance.randrange(0, SIDE - 9), chance.randrange(120, 256)
    for at, dot in enumerate(FONT[digit]):
        if dot == "1" and chance.random() > 0.04:
            for dy in range(2):
                for dx in range(2):
                    pixels[(top + at // 3 * 2 + dy) * SIDE + left + at % 3 * 2 + dx] = ink
    return pixels


def read(name):
    with open(os.path.join(os.environ["PIPEWRIGHT_INPUTS"], name)) as file:
        return int(file.read())


def write(name, digits, rows, chance):
    with open(os.path.join(os.environ["PIPEWRIGHT_OUTPUTS"], name + ".csv"), "w") as file:
        file.write("digit," + ",".join("p%d" % i for i in range(SIDE * SIDE)) + "\n")
        for _ in range(rows):
            digit = chance.choice(digits)
            file.write(",".join(map(str, [digit] + draw(digit, chance))) + "\n")


chance = random.Random(read("seed"))
write("first", range(8), read("rows"), chance)
write("all", range(10), read("rows") // 2, chance)
