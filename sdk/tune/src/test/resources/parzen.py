"""Writes parzen.json: densities of Optuna's Parzen estimator, which ParzenTest compares with. Usage: parzen.py > parzen.json"""

import json
import math

import numpy
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_weights

SPACE = {
    "real": (FloatDistribution(-1, 3), {"type": "double", "low": -1, "high": 3}),
    "log": (FloatDistribution(1e-4, 10, log=True), {"type": "double", "low": 1e-4, "high": 10, "log": True}),
    "stepped": (FloatDistribution(0, 1, step=0.25), {"type": "double", "low": 0, "high": 1, "step": 0.25}),
    "whole": (IntDistribution(1, 9, step=2), {"type": "int", "low": 1, "high": 9, "step": 2}),
    "wholeLog": (IntDistribution(1, 200, log=True), {"type": "int", "low": 1, "high": 200, "log": True}),
    "choice": (CategoricalDistribution(["a", "b", "c"]), {"values": ["a", "b", "c"]}),
}


def draw(random):
    return {
        "real": random.uniform(-1, 3),
        "log": math.exp(random.uniform(math.log(1e-4), math.log(10))),
        "stepped": float(random.integers(0, 5)) * 0.25,
        "whole": float(random.integers(0, 5)) * 2 + 1,
        "wholeLog": float(round(math.exp(random.uniform(0, math.log(200))))),
        "choice": float(random.integers(0, 3)),
    }


def case(random, names, n):
    space = {name: SPACE[name][0] for name in names}
    points = [draw(random) for _ in range(n)]
    at = [draw(random) for _ in range(8)]
    parameters = _ParzenEstimatorParameters(1.0, True, False, default_weights, True)
    columns = lambda rows: {name: numpy.array([row[name] for row in rows]) for name in names}
    estimator = _ParzenEstimator(columns(points), space, parameters)
    return {
        "space": {name: SPACE[name][1] for name in names},
        "points": [[row[name] for name in names] for row in points],
        "at": [[row[name] for name in names] for row in at],
        "logDensity": estimator.log_pdf(columns(at)).tolist(),
    }


def main():
    random = numpy.random.default_rng(3)
    cases = [case(random, [name], n) for name in SPACE for n in (0, 1, 2, 12)]
    cases += [case(random, list(SPACE), n) for n in (0, 1, 2)]
    # with many points on a grid it is chance which of two equal ones has which width
    cases += [case(random, ["real", "log", "choice"], n) for n in (26, 27, 140)]
    print("[\n" + ",\n".join(json.dumps(one) for one in cases) + "\n]")


main()
