"""Makes lightgbm.json: the best validation loss so far of every LightGBM configuration of a small grid after 3, 9, 27 and 81
rounds, as a training with early stopping reports it.

The data is made up from a seed: 3,000 rows, 12 columns, classes that depend on products and steps of some of them.
Usage: table.py FILE
"""

import json
import sys

import lightgbm
import numpy

ROUNDS = [3, 9, 27, 81]
GRID = {
    "logLeaves": list(range(2, 8)),
    "rate": list(range(0, 8)),
    "logLeast": list(range(0, 7)),
    "features": [0.2, 0.4, 0.6, 0.8, 1.0],
    "extra": [False, True],
}


def data():
    random = numpy.random.default_rng(7)
    x = random.normal(size=(3000, 12))
    score = x[:, 0] * x[:, 1] + numpy.sin(2 * x[:, 2]) + (x[:, 3] > 0.5) * x[:, 4] + 0.5 * x[:, 5] ** 2 - 0.5
    y = (score + random.normal(scale=0.7, size=3000) > 0).astype(int)
    return x[:1000], y[:1000], x[1000:], y[1000:]


def main(path):
    x, y, valid_x, valid_y = data()
    train = lightgbm.Dataset(x, y, free_raw_data=False, params={"verbose": -1, "min_data_in_leaf": 1})
    train.construct()
    losses = []
    for leaves in GRID["logLeaves"]:
        for rate in GRID["rate"]:
            for least in GRID["logLeast"]:
                for features in GRID["features"]:
                    for extra in GRID["extra"]:
                        params = {
                            "objective": "binary",
                            "num_threads": 1,
                            "verbose": -1,
                            "seed": 1,
                            "num_leaves": 2**leaves,
                            "learning_rate": 0.01 * 1.8**rate,
                            "min_data_in_leaf": 2**least,
                            "feature_fraction": features,
                            "extra_trees": extra,
                        }
                        booster = lightgbm.Booster(params, train)
                        curve, best = [], numpy.inf
                        for done in range(1, ROUNDS[-1] + 1):
                            booster.update()
                            if done % 3 == 0:
                                p = numpy.clip(booster.predict(valid_x), 1e-12, 1 - 1e-12)
                                best = min(best, -numpy.mean(numpy.log(numpy.where(valid_y == 1, p, 1 - p))))
                            if done in ROUNDS:
                                curve.append(best)
                        losses.append([round(float(loss), 5) for loss in curve])
    with open(path, "w") as file:
        json.dump({"rounds": ROUNDS, "grid": GRID, "losses": losses}, file, separators=(",", ":"))
        file.write("\n")


main(sys.argv[1])
