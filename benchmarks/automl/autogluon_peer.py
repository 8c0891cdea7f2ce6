"""AutoGluon, medium quality, on one table. autogluon_peer.py <fold> <seconds> <predictions.csv>"""

import json
import pathlib
import sys
import tempfile
import time

import pandas as pd
from autogluon.tabular import TabularPredictor

folder, seconds = pathlib.Path(sys.argv[1]), float(sys.argv[2])
about = json.loads((folder / "about.json").read_text())
train, test = pd.read_csv(folder / "train.csv"), pd.read_csv(folder / "test.csv")
target = about["target"]
metric = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "root_mean_squared_error"}[about["kind"]]
with tempfile.TemporaryDirectory() as path:
    predictor = TabularPredictor(label=target, problem_type=about["kind"], eval_metric=metric, path=path, verbosity=0)
    began = time.time()
    predictor.fit(train, presets="medium_quality", time_limit=seconds, num_cpus=2)
    spent = time.time() - began
    rows = test.drop(columns=target)
    if about["kind"] == "regression":
        predicted = pd.DataFrame({"value": predictor.predict(rows)})
    else:
        predicted = predictor.predict_proba(rows)
    predicted.to_csv(sys.argv[3], index=False)
print("seconds=%.2f" % spent)
