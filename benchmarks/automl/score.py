"""Scores predictions with scikit-learn: AUC, log loss or RMSE, as AMLB does.

score.py <folder of a fold> <predictions.csv>: prints the measure.
"""

import json
import pathlib
import sys

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss, roc_auc_score, root_mean_squared_error

folder = pathlib.Path(sys.argv[1])
about = json.loads((folder / "about.json").read_text())
actual = pd.read_csv(folder / "test.csv")[about["target"]]
predicted = pd.read_csv(sys.argv[2])
if about["kind"] == "regression":
    print(root_mean_squared_error(actual, predicted.iloc[:, 0]))
else:
    labels = sorted(actual.astype(str).unique())
    columns = {str(c): c for c in predicted.columns}
    p = np.column_stack([predicted[columns[l]] for l in labels])
    if about["kind"] == "binary":
        print(roc_auc_score(actual.astype(str) == labels[1], p[:, 1]))
    else:
        p = np.clip(p, 1e-15, 1)
        print(log_loss(actual.astype(str), p / p.sum(axis=1, keepdims=True), labels=labels))
