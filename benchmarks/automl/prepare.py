"""Cuts tables into folds that every system is given alike.

prepare.py <folder of tables> <to> <folds>: a table is a CSV file whose last column is the target.
"""

import json
import pathlib
import sys

import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold

source, to, folds = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
for file in sorted(source.glob("*.csv")):
    table = pd.read_csv(file)
    target = table.columns[-1]
    y = table[target]
    classes = y.nunique()
    regression = pd.api.types.is_numeric_dtype(y) and (classes > 10 or classes * 5 > len(y))
    kind = "regression" if regression else "binary" if classes == 2 else "multiclass"
    if regression:
        cut = KFold(folds, shuffle=True, random_state=1).split(table)
    else:
        cut = StratifiedKFold(folds, shuffle=True, random_state=1).split(table, y)
    for fold, (train, test) in enumerate(cut):
        folder = to / file.stem / str(fold)
        folder.mkdir(parents=True, exist_ok=True)
        table.iloc[train].to_csv(folder / "train.csv", index=False)
        table.iloc[test].to_csv(folder / "test.csv", index=False)
        about = {"table": file.stem, "fold": fold, "target": target, "kind": kind}
        (folder / "about.json").write_text(json.dumps(about))
