"""Prints scores by table, mean ranks and AMLB's scaled scores (0 the constant, 1 the forest).

table.py <scores>: lines of `budget table kind fold system score seconds`.
"""

import collections
import statistics
import sys

scores = collections.defaultdict(list)
kinds, times = {}, collections.defaultdict(list)
for line in open(sys.argv[1]):
    budget, table, kind, fold, system, score, seconds = line.split()
    kinds[table] = kind
    if score != "failed":
        scores[budget, table, system].append(float(score))
        times[budget, system].append(float(seconds))
budgets = sorted({key[0] for key in scores}, key=float)
for budget in budgets:
    systems = sorted({key[2] for key in scores if key[0] == budget})
    tables = sorted({key[1] for key in scores if key[0] == budget})
    ranks, scaled = collections.defaultdict(list), collections.defaultdict(list)
    print(f"\n{budget} s\n\n| table (measure) | " + " | ".join(systems) + " |\n|---" + "|---:" * len(systems) + "|")
    for table in tables:
        better = 1 if kinds[table] == "binary" else -1
        mean = {s: statistics.mean(scores[budget, table, s]) for s in systems if scores.get((budget, table, s))}
        name = {"binary": "AUC", "multiclass": "log loss", "regression": "RMSE"}[kinds[table]]
        print(f"| {table} ({name}) | " + " | ".join(f"{mean[s]:.4f}" if s in mean else "failed" for s in systems) + " |")
        compared = [s for s in systems if s not in ("constant", "forest")]
        order = sorted(compared, key=lambda s: -better * mean.get(s, -better * float("inf")))
        for s in compared:
            equal = [i + 1 for i, o in enumerate(order) if mean.get(o) == mean.get(s)]
            ranks[s].append(statistics.mean(equal))
            if s in mean and "forest" in mean and mean["forest"] != mean.get("constant"):
                scaled[s].append((mean[s] - mean["constant"]) / (mean["forest"] - mean["constant"]))
    for label, values in (("mean rank", ranks), ("median scaled score", scaled)):
        pick = statistics.mean if values is ranks else statistics.median
        print(f"| {label} | " + " | ".join(f"{pick(values[s]):.3f}" if values.get(s) else "" for s in systems) + " |")
    print("| seconds, median | " + " | ".join(f"{statistics.median(times[budget, s]):.1f}" for s in systems) + " |")
