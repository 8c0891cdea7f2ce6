"""The problems of Tune.java with Optuna. Prints one line a seed: problem, sampler, seed, regret after each budget.

Usage: peer.py TABLE SEEDS [PROBLEM…]
"""

import json
import math
import sys
import time
import warnings

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.filterwarnings("ignore")


def branin(t):
    x = t.suggest_float("x", -5, 10)
    y = t.suggest_float("y", 0, 15)
    b, c, r, s, u = 5.1 / (4 * math.pi**2), 5 / math.pi, 6, 10, 1 / (8 * math.pi)
    return (y - b * x * x + c * x - r) ** 2 + s * (1 - u) * math.cos(x) + s - 0.39788735772973816


A = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
P = [
    [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
    [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
    [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
    [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
]


def hartmann6(t):
    x = [t.suggest_float(f"x{i}", 0, 1) for i in range(6)]
    sums = [sum(A[k][i] * (x[i] - P[k][i]) ** 2 for i in range(6)) for k in range(4)]
    return 3.322368011391339 - sum(a * math.exp(-s) for a, s in zip([1, 1.2, 3, 3.2], sums))


def ackley10(t):
    x = [t.suggest_float(f"x{i}", -32.768, 32.768) for i in range(10)]
    squares, waves = sum(v * v for v in x) / 10, sum(math.cos(2 * math.pi * v) for v in x) / 10
    return -20 * math.exp(-0.2 * math.sqrt(squares)) - math.exp(waves) + 20 + math.e


def mixed(t):
    lr = math.log10(t.suggest_float("lr", 1e-5, 1, log=True)) + 2.5
    units = math.log2(t.suggest_int("units", 1, 512, log=True)) - 5
    layers = t.suggest_int("layers", 1, 6) - 3
    drop = t.suggest_float("dropout", 0, 0.6, step=0.05)
    act = t.suggest_categorical("act", ["relu", "gelu", "tanh", "sigmoid"])
    base = {"relu": 0, "gelu": 0.1, "tanh": 0.5, "sigmoid": 1}[act]
    return (
        base + 0.5 * lr * lr + 0.25 * units * units + 0.3 * layers * layers + 0.15 * lr * layers
        + 2 * (drop - 0.25 - 0.05 * layers) ** 2
    )


def conditional(t):
    lr = math.log10(t.suggest_float("lr", 1e-4, 1, log=True))
    booster = t.suggest_categorical("booster", ["tree", "linear", "dart"])
    if booster == "linear":
        alpha = math.log10(t.suggest_float("alpha", 1e-6, 10, log=True)) + 2
        ratio = t.suggest_float("ratio", 0, 1) - 0.3
        return 0.4 + 0.1 * alpha * alpha + ratio * ratio + 0.05 * (lr + 2) ** 2
    depth = t.suggest_int("depth", 1, 12)
    if booster == "tree":
        subsample = t.suggest_float("subsample", 0.3, 1) - 0.8
        return 0.1 + 0.3 * (lr + 1) ** 2 + 0.02 * (depth - 6) ** 2 + subsample**2
    drop = t.suggest_float("rateDrop", 0, 1) - 0.1
    skip = t.suggest_float("skipDrop", 0, 1) - 0.5
    return 0.5 * (lr + 0.7) ** 2 + 0.02 * (depth - 8) ** 2 + 2 * drop * drop + 0.5 * skip * skip


class Table:
    def __init__(self, path):
        with open(path) as file:
            read = json.load(file)
        self.rounds, self.losses = read["rounds"], read["losses"]
        self.best = min(curve[-1] for curve in self.losses)

    def curve(self, t):
        leaves = t.suggest_int("logLeaves", 2, 7) - 2
        rate = t.suggest_int("rate", 0, 7)
        least = t.suggest_int("logLeast", 0, 6)
        features = round(t.suggest_float("features", 0.2, 1, step=0.2) * 5) - 1
        extra = t.suggest_categorical("extra", [False, True])
        return self.losses[(((leaves * 8 + rate) * 7 + least) * 5 + features) * 2 + extra]

    def loss(self, t):
        return self.curve(t)[-1] - self.best


SAMPLERS = {
    "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True, constant_liar=False),
    "tpe-default": lambda seed: optuna.samplers.TPESampler(seed=seed),
    "cmaes": lambda seed: optuna.samplers.CmaEsSampler(seed=seed),
    "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
}


def line(problem, sampler, seed, figures, seconds):
    print(problem, sampler, seed, *[f"{figure:.6g}" for figure in figures], f"{seconds:.4f}", sep="\t", flush=True)


def plain(problem, objective, seeds, samplers):
    for sampler in samplers:
        for seed in range(seeds):
            study = optuna.create_study(sampler=SAMPLERS[sampler](seed))
            start = time.perf_counter()
            study.optimize(objective, n_trials=100)
            values = [trial.value for trial in study.trials]
            seconds = time.perf_counter() - start
            line(problem, sampler, seed, [min(values[:50]), min(values[:100])], seconds)


def asha(table, seeds):
    for seed in range(seeds):
        rung = optuna.pruners.SuccessiveHalvingPruner(min_resource=3, reduction_factor=3)
        study = optuna.create_study(sampler=SAMPLERS["tpe"](seed), pruner=rung)
        budgets, spent, figures = [20 * 81, 40 * 81], 0, []
        finals = {}
        start = time.perf_counter()
        while len(figures) < 2:
            trial = study.ask()
            curve = table.curve(trial)
            before, pruned = 0, False
            for step, loss in zip(table.rounds, curve):
                spent += step - before
                before = step
                trial.report(loss, step)
                if step < 81 and trial.should_prune():
                    pruned = True
                    break
            if pruned:
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            else:
                study.tell(trial, curve[-1])
                finals[trial.number] = curve[-1]
            while len(figures) < 2 and spent >= budgets[len(figures)]:
                figures.append(min(finals.values(), default=math.inf) - table.best)
        line("lightgbm-asha", "asha", seed, figures, time.perf_counter() - start)


def main(path, seeds, wanted):
    table = Table(path)
    both = ["tpe", "tpe-default", "random"]
    problems = {
        "branin": (branin, both + ["cmaes"]),
        "hartmann6": (hartmann6, both + ["cmaes"]),
        "ackley10": (ackley10, both + ["cmaes"]),
        "mixed": (mixed, both),
        "conditional": (conditional, both),
        "lightgbm": (table.loss, both),
    }
    for name, (objective, samplers) in problems.items():
        if not wanted or name in wanted:
            plain(name, objective, seeds, samplers)
    if not wanted or "lightgbm-asha" in wanted:
        asha(table, seeds)


main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
