"""The two ends of AMLB's scale: a constant predictor, and a random forest of 300 trees.

baselines.py <fold> <constant|forest> <predictions.csv>
"""

import json
import pathlib
import sys

import numpy as np
import pandas as pd
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.preprocessing import OrdinalEncoder

folder, which = pathlib.Path(sys.argv[1]), sys.argv[2]
about = json.loads((folder / "about.json").read_text())
train, test = pd.read_csv(folder / "train.csv"), pd.read_csv(folder / "test.csv")
target = about["target"]
x, y, rows = train.drop(columns=target), train[target], test.drop(columns=target)
texts = x.select_dtypes(exclude="number").columns
if len(texts):
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2).fit(x[texts].astype(str))
    x[texts], rows[texts] = encoder.transform(x[texts].astype(str)), encoder.transform(rows[texts].astype(str))
x, rows = x.fillna(-999), rows.fillna(-999)
if about["kind"] == "regression":
    model = DummyRegressor(strategy="median") if which == "constant" else RandomForestRegressor(300, random_state=1, n_jobs=2)
    predicted = pd.DataFrame({"value": model.fit(x, y).predict(rows)})
else:
    model = DummyClassifier(strategy="prior") if which == "constant" else RandomForestClassifier(300, random_state=1, n_jobs=2)
    model.fit(x, y.astype(str))
    predicted = pd.DataFrame(np.clip(model.predict_proba(rows), 1e-6, 1), columns=model.classes_)
predicted.to_csv(sys.argv[3], index=False)
