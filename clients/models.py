"""Models of ours, read by the libraries of others.

Usage: models.py FOLDER

FOLDER holds what the tests named ElsewhereTest wrote: for each model the folder `models/model` and, in `said.json`, what
it says of the rows that it was trained on, which are beside it in a CSV file, or in `given.json` as arrays.
"""

import json
import sys
from pathlib import Path

import lightgbm
import mlflow
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import xgboost
from mlflow.models import Model, get_model_info
from mlflow.types import Schema

FOLDER = Path(sys.argv[1])
NEAR = 1e-5


def model(name):
    return FOLDER / name / "models" / "model"


def said(name):
    return json.loads((FOLDER / name / "said.json").read_text())


def near(ours, theirs, what):
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    assert ours.shape == theirs.shape, f"{what}: {ours.shape} and {theirs.shape}"
    off = np.max(np.abs(ours - theirs) / np.maximum(1, np.abs(ours)))
    assert off < NEAR, f"{what}: off by {off}"
    return off


def mlflow_reads(name):
    info = get_model_info(str(model(name)))
    assert "pipewright" in info.flavors, info.flavors
    assert isinstance(info.signature.inputs, Schema) and len(info.signature.inputs) > 0
    assert isinstance(info.signature.outputs, Schema) and len(info.signature.outputs) > 0
    assert info.metadata["data_digest"].startswith("sha256:"), info.metadata
    loaded = Model.load(str(model(name)))
    example = loaded.load_input_example(str(model(name)))
    assert loaded.signature == info.signature
    if loaded.saved_input_example_info["type"] == "dataframe":
        assert list(example.columns) == info.signature.inputs.input_names(), example.columns
        assert len(example) >= 1
    else:
        for field in info.signature.inputs.inputs:
            assert example[field.name].shape[1:] == field.shape[1:], example[field.name].shape
    assert (model(name) / "README.md").read_text().startswith("# ")
    return info


def columns(session, rows):
    """The columns of a table as a graph is given them: one array each, missing texts empty, dates as seconds."""
    given = {}
    for field in session.get_inputs():
        column = rows[field.name]
        if field.type == "tensor(string)":
            given[field.name] = column.fillna("").to_numpy(dtype=object)
        elif pd.api.types.is_numeric_dtype(column):
            given[field.name] = column.to_numpy(dtype=np.float64)
        else:
            number = pd.to_numeric(column, errors="coerce")
            if number.notna().sum() == 0:
                number = (pd.to_datetime(column) - pd.Timestamp(0)) / pd.Timedelta(seconds=1)
            given[field.name] = number.to_numpy(dtype=np.float64)
    return given


def table(name, session):
    texts = {field.name: str for field in session.get_inputs() if field.type == "tensor(string)"}
    return pd.read_csv(FOLDER / f"{name}.csv", dtype=texts, keep_default_na=False, na_values={
        field.name: [""] for field in session.get_inputs()})


def arrays(name, session):
    kinds = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(string)": object}
    given = json.loads((FOLDER / name / "given.json").read_text())
    return {field.name: np.array(given[field.name], dtype=kinds[field.type]) for field in session.get_inputs()}


def onnx_says_the_same(name, info):
    file = str(model(name) / "model.onnx")
    onnx.checker.check_model(onnx.load(file), full_check=True)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    tabular = not (FOLDER / name / "given.json").exists()
    given = columns(session, table(name, session)) if tabular else arrays(name, session)
    answers = dict(zip([field.name for field in session.get_outputs()], session.run(None, given)))
    ours = said(name)
    if "items" in answers:
        order = np.argsort(-answers["scores"][0], kind="stable")
        assert list(answers["items"][order]) == ours, name
        assert np.isfinite(answers["scores"][1]).all()
        return 0.0
    if "scores" in answers:
        return near(ours, answers["scores"][0], name)
    off = compared(name, answers, ours)
    if "python_function" in info.flavors:
        names = info.signature.inputs.input_names()
        frame = table(name, session)[names]
        for field in info.signature.inputs.inputs:
            if field.type.name == "string":
                frame[field.name] = frame[field.name].fillna("").astype(object)
        predicted = mlflow.pyfunc.load_model(str(model(name))).predict(frame)
        assert list(predicted.columns) == info.signature.outputs.input_names(), predicted.columns
        compared(name, {column: predicted[column].to_numpy() for column in predicted}, ours)
    return off


def compared(name, answers, ours):
    classes = [key for key in answers if key.startswith("probability_")]
    if not classes:
        return near([row[0] for row in ours], answers["prediction"], name)
    theirs = np.stack([answers[key] for key in classes], axis=1)
    best = [classes[i].removeprefix("probability_") for i in theirs.argmax(axis=1)]
    assert list(answers["prediction"]) == best, name
    return near(ours, theirs, name)


def parts_say_the_same(name):
    """Each of LightGBM's and XGBoost's parts, on the numbers that its encoder makes of the rows."""
    families = set()
    for part in json.loads((FOLDER / name / "parts.json").read_text()):
        cells = np.array(part["cells"], dtype=np.float32).reshape(part["rows"], -1)
        ours = np.array(part["said"]).reshape(part["rows"], -1)
        lgb, xgb = (model(name) / "models" / (part["model"] + end) for end in (".lightgbm.txt", ".xgboost.ubj"))
        if lgb.exists():
            theirs = lightgbm.Booster(model_file=str(lgb)).predict(cells)
            families.add("LightGBM")
        elif xgb.exists():
            booster = xgboost.Booster()
            booster.load_model(str(xgb))
            theirs = booster.predict(xgboost.DMatrix(cells, missing=np.nan))
            families.add("XGBoost")
        else:
            continue
        near(ours, np.asarray(theirs).reshape(part["rows"], -1), f"{name}, part {part['model']}")
    return families


def main():
    names = sorted(path.parent.parent.name for path in FOLDER.glob("*/models/model"))
    assert len(names) > 12, "there are hardly any models in " + str(FOLDER)
    families = set()
    for name in names:
        info = mlflow_reads(name)
        off = onnx_says_the_same(name, info)
        if (FOLDER / name / "parts.json").exists():
            families |= parts_say_the_same(name)
        print(f"  {name}: MLflow reads it, ONNX says the same to {off:.1e}")
    assert families == {"LightGBM", "XGBoost"}, families
    print("  LightGBM's and XGBoost's own packages read their parts")


main()
