"""Models of ours, read by the libraries of others.

Usage: models.py FOLDER

FOLDER holds what the tests named ElsewhereTest wrote: for each model the folder `models/model` and, in `said.json`, what
it says of the rows that it was trained on.
"""

import json
import sys
from pathlib import Path

import mlflow
from mlflow.models import Model, get_model_info
from mlflow.types import Schema

FOLDER = Path(sys.argv[1])


def model(name):
    return FOLDER / name / "models" / "model"


def names():
    return sorted(path.parent.parent.name for path in FOLDER.glob("*/models/model"))


def said(name):
    return json.loads((FOLDER / name / "said.json").read_text())


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


for name in names():
    mlflow_reads(name)
    print(f"  {name}: read by MLflow {mlflow.__version__}")
assert len(names()) > 5, "there are hardly any models in " + str(FOLDER)
