"""FLAML on one table. flaml_peer.py <fold> <seconds> <predictions.csv>"""

import json
import pathlib
import sys
import time

import pandas as pd
from flaml import AutoML

folder, seconds = pathlib.Path(sys.argv[1]), float(sys.argv[2])
about = json.loads((folder / "about.json").read_text())
train, test = pd.read_csv(folder / "train.csv"), pd.read_csv(folder / "test.csv")
target = about["target"]
task, metric = {"binary": ("classification", "roc_auc"), "multiclass": ("classification", "log_loss"), "regression": ("regression", "rmse")}[about["kind"]]
automl = AutoML()
began = time.time()
automl.fit(train.drop(columns=target), train[target], task=task, metric=metric, time_budget=seconds, n_jobs=2, seed=1, verbose=0)
spent = time.time() - began
rows = test.drop(columns=target)
if task == "regression":
    predicted = pd.DataFrame({"value": automl.predict(rows)})
else:
    predicted = pd.DataFrame(automl.predict_proba(rows), columns=[str(c) for c in automl.classes_])
predicted.to_csv(sys.argv[3], index=False)
print("seconds=%.2f" % spent)
