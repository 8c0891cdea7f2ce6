"""What scikit-learn says about predictions made up from a seed: the values that Pipewright's measures must equal.

usage: metrics.py SEED CASES FILE
"""

import json
import math
import sys
import warnings

import numpy as np
from scipy import stats
from sklearn import calibration, metrics

warnings.filterwarnings("ignore")


def labels(rng, name, actual, predicted, classes, weights=None):
    w = dict(sample_weight=weights)
    z = dict(zero_division=0, **w)
    expected = {
        "accuracy": metrics.accuracy_score(actual, predicted, **w),
        "balancedAccuracy": metrics.balanced_accuracy_score(actual, predicted, **w),
        "mcc": metrics.matthews_corrcoef(actual, predicted, **w),
        "confusion": metrics.confusion_matrix(actual, predicted, labels=range(classes), **w).ravel(),
        "kappa": metrics.cohen_kappa_score(actual, predicted, **w),
        "kappaLinear": metrics.cohen_kappa_score(actual, predicted, weights="linear", **w),
        "kappaQuadratic": metrics.cohen_kappa_score(actual, predicted, weights="quadratic", **w),
        "precision": metrics.precision_score(actual, predicted, average=None, labels=range(classes), **z),
        "recall": metrics.recall_score(actual, predicted, average=None, labels=range(classes), **z),
        "f1": metrics.f1_score(actual, predicted, average=None, labels=range(classes), **z),
        "f2": metrics.fbeta_score(actual, predicted, beta=2, average=None, labels=range(classes), **z),
    }
    for average in ["macro", "micro", "weighted"]:
        a = dict(average=average, **z)
        expected["precision-" + average] = metrics.precision_score(actual, predicted, **a)
        expected["recall-" + average] = metrics.recall_score(actual, predicted, **a)
        expected["f1-" + average] = metrics.f1_score(actual, predicted, **a)
        expected["fHalf-" + average] = metrics.fbeta_score(actual, predicted, beta=0.5, **a)
    # The specificity of a class is the recall of all others together.
    expected["specificity"] = [
        metrics.recall_score(actual != c, predicted != c, **z) for c in range(classes)
    ]
    there = np.union1d(actual, predicted)
    parts = metrics.multilabel_confusion_matrix(actual, predicted, labels=there, **w)
    each = [share(p[0, 0], p[0].sum()) for p in parts]
    support = [p[1].sum() for p in parts]
    together = parts.sum(axis=0)
    expected["specificity-macro"] = np.mean(each)
    expected["specificity-micro"] = share(together[0, 0], together[0].sum())
    expected["specificity-weighted"] = np.average(each, weights=support)
    given = {"actual": actual, "predicted": predicted, "classes": classes, "weights": weights}
    return case(name, "labels", given, expected)


def share(part, whole):
    return part / whole if whole > 0 else 0.0


def scores(rng, name, positive, score, weights=None):
    w = dict(sample_weight=weights)
    fpr, tpr, thresholds = metrics.roc_curve(positive, score, drop_intermediate=False, **w)
    precision, recall, falling = metrics.precision_recall_curve(positive, score, **w)
    expected = {
        "auc": metrics.roc_auc_score(positive, score, **w),
        "averagePrecision": metrics.average_precision_score(positive, score, **w),
        "roc-fpr": fpr,
        "roc-tpr": tpr,
        "roc-threshold": thresholds,
        "pr-precision": precision[::-1],
        "pr-recall": recall[::-1],
        "pr-threshold": np.concatenate([[np.inf], falling[::-1]]),
    }
    if weights is None:
        expected["ks"] = stats.ks_2samp(score[positive], score[~positive]).statistic
        taken = [np.sum(score >= t) for t in thresholds]
        found = [np.sum(positive & (score >= t)) for t in thresholds]
        expected["gain-share"] = np.array(taken) / len(score)
        expected["gain-found"] = np.array(found) / np.sum(positive)
        # The lift is how much purer what is taken is than all of it.
        expected["lift"] = [f / t / np.mean(positive) for t, f in list(zip(taken, found))[1:]]
    return case(name, "scores", {"positive": positive, "score": score, "weights": weights}, expected)


def probabilities(rng, name, actual, rows, weights=None):
    classes = rows.shape[1]
    w = dict(sample_weight=weights)
    every = range(classes)
    expected = {
        "logLoss": metrics.log_loss(actual, rows, labels=every, **w),
        "brier": metrics.brier_score_loss(actual, rows, labels=every, **w),
    }
    if classes > 2 and len(np.unique(actual)) == classes:
        for average in ["macro", "weighted"]:
            auc = dict(average=average, labels=every)
            expected["ovr-" + average] = metrics.roc_auc_score(actual, rows, multi_class="ovr", **auc, **w)
            expected["ovo-" + average] = metrics.roc_auc_score(actual, rows, multi_class="ovo", **auc)
    if weights is None:
        true, given = actual == classes - 1, rows[:, -1]
        for strategy in ["uniform", "quantile"]:
            happened, said = calibration.calibration_curve(true, given, n_bins=10, strategy=strategy)
            expected["reliability-actual-" + strategy] = happened
            expected["reliability-predicted-" + strategy] = said
        cut = np.percentile(given, np.linspace(0, 1, 11) * 100)
        bins = np.searchsorted(cut[1:-1], given)
        expected["ece"] = sum(
            np.mean(bins == b) * abs(np.mean(true[bins == b]) - np.mean(given[bins == b]))
            for b in np.unique(bins)
        )
    return case(name, "probabilities", {"actual": actual, "rows": rows, "weights": weights}, expected)


def regression(rng, name, actual, predicted, weights=None):
    w = dict(sample_weight=weights)
    expected = {
        "mae": metrics.mean_absolute_error(actual, predicted, **w),
        "mse": metrics.mean_squared_error(actual, predicted, **w),
        "rmse": metrics.root_mean_squared_error(actual, predicted, **w),
        "mape": metrics.mean_absolute_percentage_error(actual, predicted, **w),
        "maxError": metrics.max_error(actual, predicted),
        "r2": metrics.r2_score(actual, predicted, **w),
        "explainedVariance": metrics.explained_variance_score(actual, predicted, **w),
        "pinball-0.1": metrics.mean_pinball_loss(actual, predicted, alpha=0.1, **w),
        "pinball-0.5": metrics.mean_pinball_loss(actual, predicted, alpha=0.5, **w),
        "pinball-0.95": metrics.mean_pinball_loss(actual, predicted, alpha=0.95, **w),
        "bias": np.average(actual - predicted, weights=weights),
    }
    if weights is None:
        off = actual - predicted
        expected["medianError"] = metrics.median_absolute_error(actual, predicted)
        expected["deviation"] = np.std(off, ddof=1)
        expected["quantiles"] = np.quantile(off, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])
    if actual.min() > -1 and predicted.min() > -1:
        expected["rmsle"] = metrics.root_mean_squared_log_error(actual, predicted, **w)
    return case(name, "regression", {"actual": actual, "predicted": predicted, "weights": weights}, expected)


def paired(rng, name, positive, first, second):
    """Two models on the same cases."""
    differences = second - first
    right_first, right_second = (first > 0) == positive, (second > 0) == positive
    only_first = int(np.sum(right_first & ~right_second))
    only_second = int(np.sum(right_second & ~right_first))
    both = only_first + only_second
    exact = stats.binomtest(only_first, both, 0.5).pvalue if both else 1.0
    off = max(0, abs(only_first - only_second) - 1)
    expected = {
        "above-zero": stats.ttest_1samp(differences, 0, alternative="greater").pvalue,
        "not-zero": stats.ttest_rel(second, first).pvalue,
        "mcnemar": exact if both < 25 else stats.chi2.sf(off**2 / both, 1),
        "normal": [2 * stats.norm.sf(abs(z)) for z in differences],
    }
    if positive.sum() > 1 and (~positive).sum() > 1:
        difference, error = delong(positive, first, second)
        expected["delong-difference"] = difference
        expected["delong-error"] = error
        expected["delong-p"] = 2 * stats.norm.sf(abs(difference / error)) if error > 0 else float(difference == 0)
    given = {"positive": positive, "first": first, "second": second}
    return case(name, "paired", given | {"onlyFirst": only_first, "onlySecond": only_second}, expected)


def delong(positive, first, second):
    """By the definition: every positive case against every other."""
    def placements(score):
        ups, downs = score[positive], score[~positive]
        wins = (ups[:, None] > downs[None, :]) + 0.5 * (ups[:, None] == downs[None, :])
        return wins.mean(axis=1), wins.mean(axis=0)

    (v1, w1), (v2, w2) = placements(first), placements(second)
    difference = metrics.roc_auc_score(positive, second) - metrics.roc_auc_score(positive, first)
    variance = np.var(v2 - v1, ddof=1) / len(v1) + np.var(w2 - w1, ddof=1) / len(w1)
    return difference, math.sqrt(variance)


def case(name, kind, given, expected):
    return {"name": name, "kind": kind, "given": plain(given), "expected": plain(expected)}


def plain(value):
    """As JSON has it; what it has no number for is a text."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if v is not None}
    if isinstance(value, (list, tuple, np.ndarray, range)):
        return [plain(v) for v in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else str(float(value))
    return value


def weighted(rng, n):
    """None as often as not; else any weights, some of them 0, or whole ones."""
    kind = rng.integers(4)
    if kind < 2:
        return None
    weights = rng.exponential(1, n) if kind == 2 else rng.integers(0, 4, n).astype(float)
    weights[rng.random(n) < 0.1] = 0
    weights[:2] = 1
    return weights


def made_labels(rng, i):
    classes, n = int(rng.choice([2, 2, 3, 5, 12])), int(rng.choice([2, 5, 20, 40]))
    actual = rng.integers(0, classes, n)
    predicted = np.where(rng.random(n) < rng.random(), actual, rng.integers(0, classes, n))
    weights = weighted(rng, n)
    if weights is not None:
        # scikit-learn counts a class that only cases without weight have; to us it is not there.
        weights = np.maximum(weights, 0.125)
    return labels(rng, f"labels {i}: {n} of {classes}", actual, predicted, classes, weights)


def made_scores(rng, i):
    n = int(rng.choice([2, 6, 20, 40]))
    positive = rng.random(n) < rng.choice([0.1, 0.5, 0.9])
    positive[0], positive[1] = True, False
    size = float(rng.choice([1e-12, 1, 1e12]))
    score = (rng.normal(size=n) + positive * rng.choice([0, 1, 3])) * size
    if rng.random() < 0.5:
        score = np.round(score / size, int(rng.integers(0, 2))) * size
    weights = weighted(rng, n)
    return scores(rng, f"scores {i}: {n} of size {size}", positive, score, weights)


def made_probabilities(rng, i):
    classes, n = int(rng.choice([2, 2, 3, 6])), int(rng.choice([6, 20, 40]))
    actual = rng.integers(0, classes, n)
    actual[:classes] = range(classes)
    rows = rng.dirichlet(np.full(classes, float(rng.choice([0.2, 1, 5]))), n)
    if rng.random() < 0.3:
        rows[:] = np.eye(classes)[rng.integers(0, classes, n)]
    return probabilities(rng, f"probabilities {i}: {n} of {classes}", actual, rows, weighted(rng, n))


def made_regression(rng, i):
    n = int(rng.choice([2, 5, 20, 40]))
    size, offset = float(rng.choice([1e-9, 1, 1e9])), float(rng.choice([0, 0, 10, 1e4]))
    actual = (rng.normal(size=n) + offset) * size
    if rng.random() < 0.3:
        actual = np.round(actual / size) * size
    predicted = actual + rng.normal(size=n) * size * rng.choice([0.01, 1, 10])
    return regression(rng, f"regression {i}: {n} of size {size}", actual, predicted, weighted(rng, n))


def made_paired(rng, i):
    n = int(rng.choice([3, 8, 20, 40, 200], p=[0.2, 0.3, 0.3, 0.15, 0.05]))
    positive = rng.random(n) < 0.5
    positive[0], positive[1] = True, False
    first = rng.normal(size=n) + positive * rng.choice([0, 1, 3])
    second = first * rng.choice([0, 0.5, 1]) + rng.normal(size=n) + positive * rng.choice([0, 1, 3])
    if rng.random() < 0.3:
        first, second = np.round(first), np.round(second) + 0.25 * (np.arange(n) % 2)
    return paired(rng, f"paired {i}: {n}", positive, first, second)


def edges(rng):
    """Where formulas break."""
    zeros, ones = np.zeros(4, int), np.ones(4, int)
    yield labels(rng, "one class, all right", zeros, zeros, 2)
    yield labels(rng, "one class, all wrong", zeros, ones, 2)
    yield labels(rng, "always the same class", np.array([0, 1, 0, 1]), ones, 2)
    yield labels(rng, "a class that is never actual", np.array([0, 0, 1]), np.array([0, 2, 1]), 3)
    yield scores(rng, "all tied", np.array([True, False, True]), np.full(3, 0.5))
    yield scores(rng, "perfect", np.array([False, False, True]), np.array([0.1, 0.2, 0.9]))
    yield scores(rng, "upside down", np.array([True, False, False]), np.array([0.1, 0.2, 0.9]))
    yield scores(rng, "zeros of both signs", np.array([True, False, True]), np.array([0.0, -0.0, 0.0]))
    yield probabilities(rng, "ruled out", np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]]))
    yield probabilities(rng, "sure and right", np.array([0, 1]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    yield regression(rng, "no spread, right", np.full(3, 5.0), np.full(3, 5.0))
    yield regression(rng, "no spread, wrong", np.full(3, 5.0), np.array([5.0, 6.0, 4.0]))
    yield regression(rng, "a zero among them", np.array([0.0, 1.0, 2.0]), np.array([0.5, 1.0, 2.0]))
    yield regression(rng, "huge", np.array([1e150, -2e150, 3e149]), np.array([1.1e150, -2e150, 0.0]))
    yield regression(rng, "off by the same", np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0]))


def main():
    seed, count, file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    rng = np.random.default_rng(seed)
    made = [made_labels, made_scores, made_probabilities, made_regression, made_paired]
    cases = list(edges(rng)) + [made[i % 5](rng, i) for i in range(count)]
    with open(file, "w") as out:
        out.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
    print(f"{len(cases)} cases, {sum(len(c['expected']) for c in cases)} values")


main()
