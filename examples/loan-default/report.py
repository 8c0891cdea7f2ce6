"""Writes report.html: one self-contained page about how good a model is.

A task in plain Python, with nothing but the standard library. Its inputs are files in $PIPEWRIGHT_INPUTS, each under its
name: a scalar as text, data as the file itself. It writes its output into the folder it is started in.
"""

import html
import json
import os
import sys
from pathlib import Path

SIZE = 340
LEFT, TOP = 56, 16
COLOURS = ["#2f6fde", "#e07b39", "#2f9e6e", "#9b59c6", "#c94f6d", "#8a7a3b"]

NAMES = {
    "accuracy": "Accuracy",
    "macroF1": "Macro F1",
    "logLoss": "Log loss",
    "auc": "AUC",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
}

STYLE = """
:root { color-scheme: light dark; --page: #f6f7f9; --card: #ffffff; --ink: #1f2733; --soft: #66707f; --line: #d9dee5;
  --main: #2f6fde }
@media (prefers-color-scheme: dark) {
  :root { --page: #0f1319; --card: #171c24; --ink: #e6e9ee; --soft: #98a2b3; --line: #303846; --main: #6d9df5 } }
* { box-sizing: border-box }
body { margin: 0; padding: 32px 20px; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
main { max-width: 980px; margin: 0 auto }
h1 { font-size: 24px; margin: 0 0 4px; overflow-wrap: anywhere } h2 { font-size: 16px; margin: 0 0 12px }
p { margin: 0; color: var(--soft) }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 12px; margin: 24px 0 }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px }
.card b { display: block; font-size: 26px; font-weight: 600; font-variant-numeric: tabular-nums }
.card.primary { border-color: var(--main) } .card.primary b { color: var(--main) }
.card span, .card small { color: var(--soft); display: block }
.pictures { display: flex; flex-wrap: wrap; gap: 12px } .pictures .card { flex: 1 1 440px; overflow-x: auto }
svg { max-width: 100%; height: auto } svg text { fill: var(--ink); font-size: 12px } svg .soft { fill: var(--soft); font-size: 11px }
svg .frame { fill: none; stroke: var(--line) } svg .guide { stroke: var(--soft); stroke-dasharray: 4 4 }
table { border-collapse: collapse } th, td { padding: 7px 12px; text-align: right; font-variant-numeric: tabular-nums }
th { color: var(--soft); font-weight: 500; font-size: 13px } .corner { white-space: nowrap } td { border: 2px solid var(--card); border-radius: 6px; min-width: 56px }
footer { margin-top: 24px }
"""


def source(name):
    """The file of an input; None where the task was not given it."""
    path = Path(os.environ["PIPEWRIGHT_INPUTS"]) / name
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if file.is_file()]
        if len(files) != 1:
            sys.exit(f"report.py: the input '{name}' has {len(files)} files; one is expected")
        return files[0]
    return path if path.exists() else None


def text(name, otherwise=""):
    file = source(name)
    return file.read_text(encoding="utf-8").strip() if file else otherwise


def number(value):
    """A number for people: four digits that matter."""
    if value is None:
        return "–"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}" if size >= 100 else f"{value:.3f}" if size >= 1 else f"{value:.4f}"


def cards(evaluation):
    """A card for each metric, the one that the model is judged by first."""
    primary = evaluation["primary"]
    baseline = evaluation["baseline"]
    ordered = sorted(evaluation["metrics"].items(), key=lambda metric: metric[0] != primary)
    parts = []
    for key, value in ordered:
        against = f"<small>without looking: {number(baseline[key])}</small>" if key in baseline else ""
        style = "card primary" if key == primary else "card"
        parts.append(f'<div class="{style}"><span>{NAMES.get(key, html.escape(key))}</span><b>{number(value)}</b>{against}</div>')
    return f'<div class="cards">{"".join(parts)}</div>'


def frame(x_name, y_name, x_range, y_range):
    parts = [f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{SIZE}" height="{SIZE}"/>']
    for step in range(5):
        share = step / 4
        x = x_range[0] + (x_range[1] - x_range[0]) * share
        y = y_range[0] + (y_range[1] - y_range[0]) * share
        parts.append(f'<text class="soft" x="{LEFT + SIZE * share:.1f}" y="{TOP + SIZE + 16}" text-anchor="middle">{x:.4g}</text>')
        parts.append(f'<text class="soft" x="{LEFT - 6}" y="{TOP + SIZE - SIZE * share + 4:.1f}" text-anchor="end">{y:.4g}</text>')
    parts.append(f'<text x="{LEFT + SIZE / 2}" y="{TOP + SIZE + 36}" text-anchor="middle">{x_name}</text>')
    parts.append(f'<text transform="translate(12,{TOP + SIZE / 2}) rotate(-90)" text-anchor="middle">{y_name}</text>')
    return parts


def svg(width, parts):
    height = TOP + SIZE + 44
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">{"".join(parts)}</svg>'


def roc(curves):
    parts = frame("false positive rate", "true positive rate", (0, 1), (0, 1))
    parts.append(f'<line class="guide" x1="{LEFT}" y1="{TOP + SIZE}" x2="{LEFT + SIZE}" y2="{TOP}"/>')
    for position, curve in enumerate(curves[: len(COLOURS)]):
        colour = COLOURS[position]
        points = " ".join(
            f"{LEFT + SIZE * x:.1f},{TOP + SIZE - SIZE * y:.1f}" for x, y in zip(curve["fpr"], curve["tpr"])
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        y = TOP + SIZE - 12 - 18 * (min(len(curves), len(COLOURS)) - 1 - position)
        label = html.escape(curve["label"][:24])
        parts.append(f'<rect x="{LEFT + 150}" y="{y - 9}" width="10" height="10" rx="2" fill="{colour}"/>')
        parts.append(f'<text x="{LEFT + 166}" y="{y}">{label} · AUC {curve["auc"]:.3f}</text>')
    return svg(LEFT + SIZE + 20, parts)


def confusion(classes, matrix):
    most = max(1, max(max(row) for row in matrix))
    head = "".join(f"<th>{html.escape(name)}</th>" for name in classes)
    rows = []
    for actual, row in enumerate(matrix):
        cells = []
        for predicted, count in enumerate(row):
            colour = "47,111,222" if actual == predicted else "224,123,57"
            strength = 0.06 if count == 0 else 0.15 + 0.6 * count / most
            cells.append(f'<td style="background:rgba({colour},{strength:.2f})">{count:,}</td>')
        rows.append(f'<tr><th>{html.escape(classes[actual])}</th>{"".join(cells)}</tr>')
    return f"<table><tr><th class='corner'>actual ↓ predicted →</th>{head}</tr>{''.join(rows)}</table>"


def scatter(predictions):
    actual, predicted = predictions["actual"], predictions["predicted"]
    low, high = min(actual + predicted), max(actual + predicted)
    if high <= low:
        low, high = low - 0.5, high + 0.5
    parts = frame("actual", "predicted", (low, high), (low, high))
    parts.append(f'<line class="guide" x1="{LEFT}" y1="{TOP + SIZE}" x2="{LEFT + SIZE}" y2="{TOP}"/>')
    for x, y in zip(actual, predicted):
        at_x = LEFT + SIZE * (x - low) / (high - low)
        at_y = TOP + SIZE - SIZE * (y - low) / (high - low)
        parts.append(f'<circle cx="{at_x:.1f}" cy="{at_y:.1f}" r="2.5" fill="{COLOURS[0]}" fill-opacity="0.45"/>')
    return svg(LEFT + SIZE + 20, parts)


def page(evaluation, target, name, version):
    pictures = []
    if evaluation.get("roc"):
        pictures.append(f'<div class="card"><h2>ROC curve</h2>{roc(evaluation["roc"])}</div>')
    if evaluation.get("confusion"):
        table = confusion(evaluation["classes"], evaluation["confusion"])
        pictures.append(f'<div class="card"><h2>Confusion matrix</h2>{table}</div>')
    if evaluation.get("predictions"):
        pictures.append(f'<div class="card"><h2>Predicted against actual</h2>{scatter(evaluation["predictions"])}</div>')
    positive = evaluation.get("positive")
    about = f"{evaluation['task']} of {target}, measured on {evaluation['rows']:,} rows the model has not seen"
    if positive:
        about += f"; the positive class is {positive}"
    title = f"{name} version {version}" if version else name or target
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{html.escape(title)}</h1><p>{html.escape(about)}</p>"
        f'{cards(evaluation)}<div class="pictures">{"".join(pictures)}</div>'
        "<footer><p>“Without looking” is a model that knows only how often each value occurred in training.</p></footer>"
        "</main></body></html>\n"
    )


def main():
    file = source("evaluation")
    if file is None:
        sys.exit("report.py: the input 'evaluation' is missing")
    evaluation = json.loads(file.read_text(encoding="utf-8"))
    target, name, version = text("target", "the target"), text("name"), text("version")
    Path("report.html").write_text(page(evaluation, target, name, version), encoding="utf-8")
    print(f"{name or 'The model'} {('version ' + version) if version else ''}".strip())
    for key, value in evaluation["metrics"].items():
        print(f"  {NAMES.get(key, key):<10} {number(value)}")
    print("Wrote report.html")


if __name__ == "__main__":
    main()
