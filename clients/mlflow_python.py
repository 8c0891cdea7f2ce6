"""The unmodified MLflow client against a running server: what its users do all day, checked on the way.

Usage: mlflow_python.py URL
"""

import os
import sys
import tempfile
import time
import uuid
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

URL = sys.argv[1]
RUN = uuid.uuid4().hex[:8]
STEPS = []


def step(function):
    STEPS.append(function)
    return function


def refused(code, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except MlflowException as e:
        assert e.error_code == code, f"{e.error_code}: {e}"
        return str(e)
    raise AssertionError(f"{call} was not refused")


def name(what):
    return f"{what}-{RUN}"


def data(seed=7):
    x, y = make_classification(n_samples=200, n_features=6, n_informative=4, random_state=seed)
    return pd.DataFrame(x, columns=[f"f{i}" for i in range(6)]), y


@step
def fluent_api():
    experiment = mlflow.set_experiment(name("fluent"))
    with mlflow.start_run(run_name="first", tags={"team": "a"}, description="what it is for") as run:
        mlflow.log_param("depth", 3)
        mlflow.log_params({"lr": 0.1, "kind": "tree"})
        for i in range(20):
            mlflow.log_metric("loss", 1 / (i + 1), step=i)
        mlflow.log_metrics({"acc": 0.91, "auc": float("nan")}, step=19)
        mlflow.set_tag("phase", "one")
        mlflow.log_text("hello", "notes/hello.txt")
        mlflow.log_dict({"a": [1, 2]}, "config.json")
        mlflow.log_input(mlflow.data.from_pandas(data()[0], name="train"), context="training")
    read = mlflow.get_run(run.info.run_id)
    assert read.info.status == "FINISHED" and read.info.end_time >= read.info.start_time
    assert read.data.params == {"depth": "3", "lr": "0.1", "kind": "tree"}
    assert read.data.metrics["loss"] == 1 / 20 and np.isnan(read.data.metrics["auc"])
    assert read.data.tags["phase"] == "one" and read.data.tags["mlflow.note.content"] == "what it is for"
    assert read.inputs.dataset_inputs[0].dataset.name == "train"
    assert read.inputs.dataset_inputs[0].tags[0].value == "training"
    history = MlflowClient().get_metric_history(run.info.run_id, "loss")
    assert [m.step for m in history] == list(range(20)) and history[0].value == 1.0
    assert mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/notes/hello.txt") == "hello"
    assert mlflow.artifacts.load_dict(f"runs:/{run.info.run_id}/config.json") == {"a": [1, 2]}
    assert experiment.name == name("fluent")
    message = refused("INVALID_PARAMETER_VALUE", MlflowClient().log_param, run.info.run_id, "depth", 4)
    assert "Changing param values is not allowed" in message


@step
def failed_and_nested_runs():
    mlflow.set_experiment(name("nested"))
    with mlflow.start_run(run_name="parent") as parent:
        for i in range(3):
            with mlflow.start_run(run_name=f"child-{i}", nested=True):
                mlflow.log_metric("score", i)
    children = mlflow.search_runs(
        filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'", order_by=["metrics.score DESC"]
    )
    assert list(children["metrics.score"]) == [2, 1, 0]
    try:
        with mlflow.start_run() as run:
            raise RuntimeError("training broke")
    except RuntimeError:
        pass
    assert mlflow.get_run(run.info.run_id).info.status == "FAILED"


@step
def images_tables_and_figures():
    mlflow.set_experiment(name("media"))
    with mlflow.start_run() as run:
        mlflow.log_image(np.zeros((8, 8, 3), dtype=np.uint8), "black.png")
        mlflow.log_image(np.full((8, 8), 255, dtype=np.uint8), key="white", step=3)
        mlflow.log_table(pd.DataFrame({"q": ["a"], "answer": [1]}), "answers.json")
        mlflow.log_table({"q": ["b"], "answer": [2]}, "answers.json")
    paths = {f.path for f in MlflowClient().list_artifacts(run.info.run_id)}
    assert {"black.png", "images", "answers.json"} <= paths, paths
    table = mlflow.load_table("answers.json", run_ids=[run.info.run_id])
    assert list(table["answer"]) == [1, 2]


@step
def artifacts():
    mlflow.set_experiment(name("artifacts"))
    client = MlflowClient()
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
        root = Path(folder)
        (root / "deep" / "er").mkdir(parents=True)
        (root / "deep" / "er" / "ü and space.bin").write_bytes(os.urandom(300_000))
        (root / "empty.txt").write_text("")
        mlflow.log_artifacts(folder, "all")
        mlflow.log_artifact(str(root / "empty.txt"))
        fetched = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="all", dst_path=folder + "/back")
        assert (Path(fetched) / "deep/er/ü and space.bin").read_bytes() == (root / "deep/er/ü and space.bin").read_bytes()
    listed = {(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(run.info.run_id, "all/deep/er")}
    assert listed == {("all/deep/er/ü and space.bin", False, 300_000)}, listed
    assert client.list_artifacts(run.info.run_id, "nothing") == []


@step
def autolog_with_scikit_learn():
    mlflow.set_experiment(name("autolog"))
    x, y = data()
    mlflow.sklearn.autolog()
    try:
        with mlflow.start_run() as run:
            LogisticRegression(max_iter=300).fit(x, y)
        logged = mlflow.get_run(run.info.run_id)
        assert logged.data.params["max_iter"] == "300" and logged.data.metrics["training_score"] > 0.5
        assert logged.outputs.model_outputs, "no model was logged"
        model = mlflow.get_logged_model(logged.outputs.model_outputs[0].model_id)
        assert model.status.value == "READY" and model.source_run_id == run.info.run_id
        with mlflow.start_run() as run:
            GridSearchCV(RandomForestClassifier(random_state=1), {"n_estimators": [5, 10], "max_depth": [2, 3]}, cv=2).fit(x, y)
        children = mlflow.search_runs(filter_string=f"tags.mlflow.parentRunId = '{run.info.run_id}'")
        assert len(children) == 4, len(children)
        assert mlflow.get_run(run.info.run_id).data.metrics["best_cv_score"] > 0.5
    finally:
        mlflow.sklearn.autolog(disable=True)


@step
def models_and_registry():
    mlflow.set_experiment(name("models"))
    client = MlflowClient()
    x, y = data()
    fitted = LogisticRegression(max_iter=300).fit(x, y)
    registered = name("churn")
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(
            fitted, name="model", registered_model_name=registered, input_example=x.head(2), params={"c": 1}
        )
        mlflow.log_metric("accuracy", 0.9, model_id=info.model_id)
    assert np.array_equal(mlflow.sklearn.load_model(info.model_uri).predict(x), fitted.predict(x))
    loaded = mlflow.pyfunc.load_model(f"models:/{registered}/1")
    assert np.array_equal(loaded.predict(x), fitted.predict(x))
    second = mlflow.register_model(f"runs:/{run.info.run_id}/model", registered)
    assert second.version == "2" or second.version == 2
    client.set_registered_model_alias(registered, "champion", 1)
    assert str(client.get_model_version_by_alias(registered, "champion").version) == "1"
    client.set_registered_model_alias(registered, "champion", 2)
    assert client.get_registered_model(registered).aliases == {"champion": "2"}
    assert mlflow.pyfunc.load_model(f"models:/{registered}@champion") is not None
    client.update_registered_model(registered, description="who leaves")
    client.set_registered_model_tag(registered, "owner", "ml")
    client.set_model_version_tag(registered, "1", "checked", RUN)
    client.update_model_version(registered, "1", description="first")
    assert client.get_model_version(registered, "1").tags["checked"] == RUN
    assert [m.name for m in client.search_registered_models(f"name = '{registered}'")] == [registered]
    assert {str(v.version) for v in client.search_model_versions(f"name = '{registered}'")} == {"1", "2"}
    assert [str(v.version) for v in client.search_model_versions(f"tags.checked = '{RUN}'")] == ["1"]
    client.transition_model_version_stage(registered, "1", "Production")
    assert str(client.get_latest_versions(registered, ["Production"])[0].version) == "1"
    copied = client.copy_model_version(f"models:/{registered}@champion", name("copy"))
    assert str(copied.version) == "1" and copied.source == f"models:/{registered}/2"
    client.rename_registered_model(name("copy"), name("renamed"))
    assert client.get_registered_model(name("renamed")).name == name("renamed")
    client.delete_model_version(registered, "2")
    refused("RESOURCE_DOES_NOT_EXIST", client.get_model_version, registered, "2")
    refused("RESOURCE_ALREADY_EXISTS", client.create_registered_model, registered)
    client.delete_registered_model(registered)
    refused("RESOURCE_DOES_NOT_EXIST", client.get_registered_model, registered)
    found = mlflow.search_logged_models(
        experiment_ids=[run.info.experiment_id], filter_string="metrics.accuracy > 0.8", output_format="list"
    )
    assert [m.model_id for m in found] == [info.model_id]


@step
def evaluate():
    mlflow.set_experiment(name("evaluate"))
    x, y = data()
    fitted = LogisticRegression(max_iter=300).fit(x, y)
    table = x.assign(target=y, predicted=fitted.predict(x))
    with mlflow.start_run() as run:
        result = mlflow.models.evaluate(
            data=table, targets="target", predictions="predicted", model_type="classifier",
            evaluator_config={"log_explainer": False},
        )
    stored = mlflow.get_run(run.info.run_id).data.metrics
    assert stored["accuracy_score"] == result.metrics["accuracy_score"]


@step
def asynchronous_logging():
    mlflow.set_experiment(name("async"))
    with mlflow.start_run() as run:
        for i in range(300):
            mlflow.log_metric("m", i, step=i, synchronous=False)
        mlflow.log_params({f"p{i}": i for i in range(120)}, synchronous=False)
        mlflow.flush_async_logging()
    assert len(MlflowClient().get_metric_history(run.info.run_id, "m")) == 300
    assert len(mlflow.get_run(run.info.run_id).data.params) == 120


@step
def batches_and_limits():
    client = MlflowClient()
    experiment = client.create_experiment(name("batches"), tags={"kind": "limits"})
    run = client.create_run(experiment).info.run_id
    now = int(time.time() * 1000)
    client.log_batch(
        run,
        metrics=[Metric(f"m/{i}", i, now, 0) for i in range(800)],
        params=[Param(f"p{i}", "v") for i in range(100)],
        tags=[RunTag(f"t{i}", "v") for i in range(100)],
    )
    read = client.get_run(run)
    assert len(read.data.metrics) == 800 and len(read.data.params) == 100
    refused("INVALID_PARAMETER_VALUE", client.set_tag, run, "x" * 251, "v")
    refused("INVALID_PARAMETER_VALUE", client.set_tag, run, "../up", "v")
    refused("INVALID_PARAMETER_VALUE", client.log_param, run, "p", "v" * 6001)
    client.delete_run(run)
    refused("INVALID_PARAMETER_VALUE", client.log_metric, run, "m/1", 2)
    client.restore_run(run)
    client.log_metric(run, "m/1", 2)
    refused("RESOURCE_ALREADY_EXISTS", client.create_experiment, name("batches"))
    client.delete_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "deleted"
    client.restore_experiment(experiment)
    client.rename_experiment(experiment, name("renamed"))
    client.set_experiment_tag(experiment, "more", "yes")
    assert client.get_experiment_by_name(name("renamed")).tags == {"kind": "limits", "more": "yes"}
    refused("RESOURCE_DOES_NOT_EXIST", client.get_run, "f" * 32)


@step
def search_everything():
    client = MlflowClient()
    experiment = client.create_experiment(name("search"))
    runs = []
    for i in range(12):
        run = client.create_run(experiment, run_name=f"run-{i:02}").info.run_id
        client.log_batch(
            run,
            metrics=[Metric("acc", i / 10, 1, 0), Metric("acc", 0, 2, 1)] if i % 3 == 0 else [Metric("acc", i / 10, 1, 0)],
            params=[Param("lr", "0.1" if i % 2 else "0.2")],
            tags=[RunTag("even", str(i % 2 == 0))],
        )
        runs.append(run)

    def found(text, order=("attributes.start_time ASC", "attributes.run_name ASC")):
        return [r.info.run_name for r in client.search_runs([experiment], text, order_by=list(order))]

    assert found("metrics.acc > 0.9") == ["run-10", "run-11"]
    assert found("params.lr = '0.2' and tags.even = 'True'") == [f"run-{i:02}" for i in range(0, 12, 2)]
    assert found("attributes.run_name LIKE 'run-0%'", ["metrics.acc DESC", "run_name"])[0] == "run-08"
    assert found("run_name ILIKE 'RUN-1%'") == ["run-10", "run-11"]
    # Beyond MLflow: either, not, missing, best values.
    assert found("run_name = 'run-03' OR NOT (metrics.acc < 1)") == ["run-03", "run-10", "run-11"]
    assert found("max(metrics.acc) >= 0.9") == ["run-09", "run-10", "run-11"]
    assert found("params.nothing IS NULL AND run_name IN ('run-01', 'run-02')") == ["run-01", "run-02"]
    pages, token = [], None
    while True:
        page = client.search_runs([experiment], max_results=5, order_by=["metrics.acc DESC"], page_token=token)
        pages += [r.info.run_id for r in page]
        token = page.token
        if not token:
            break
    assert len(pages) == 12 and len(set(pages)) == 12
    message = refused("INVALID_PARAMETER_VALUE", client.search_runs, [experiment], "metrics.acc > 'high'")
    assert "numeric" in message, message
    assert [e.name for e in client.search_experiments(filter_string=f"name = '{name('search')}'")] == [name("search")]
    assert client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY) == []


@step
def tracing():
    experiment = mlflow.set_experiment(name("tracing"))

    @mlflow.trace(span_type="CHAIN", attributes={"k": "v"})
    def outer(question):
        with mlflow.start_span("inner", span_type="RETRIEVER") as span:
            span.set_inputs({"q": question})
            span.set_outputs(["a", "b"])
        return question.upper()

    for i in range(3):
        outer(f"question {i}")
    mlflow.flush_trace_async_logging()
    trace_id = mlflow.get_last_active_trace_id()
    client = MlflowClient()
    trace = client.get_trace(trace_id)
    assert [s.name for s in trace.data.spans] == ["outer", "inner"], trace.data.spans
    assert trace.info.state.value == "OK" and "QUESTION 2" in trace.data.response
    client.set_trace_tag(trace_id, "reviewed", "yes")
    feedback = mlflow.log_feedback(trace_id=trace_id, name="good", value=True, rationale="short")
    mlflow.log_expectation(trace_id=trace_id, name="expected", value="QUESTION 2")
    found = mlflow.search_traces(
        locations=[experiment.experiment_id], filter_string="tags.reviewed = 'yes'", return_type="list"
    )
    assert [t.info.trace_id for t in found] == [trace_id]
    assert {a.name for a in client.get_trace(trace_id).info.assessments} == {"good", "expected"}
    assert mlflow.get_assessment(trace_id, feedback.assessment_id).rationale == "short"
    assert client.delete_traces(experiment.experiment_id, trace_ids=[trace_id]) == 1


@step
def prompts():
    text = mlflow.genai.register_prompt(name=name("greeting"), template="Hello {{who}}", commit_message="first")
    assert text.version == 1
    mlflow.genai.set_prompt_alias(name("greeting"), alias="live", version=1)
    loaded = mlflow.genai.load_prompt(f"prompts:/{name('greeting')}@live")
    assert loaded.format(who="world") == "Hello world"
    assert name("greeting") not in [m.name for m in MlflowClient().search_registered_models()]


def main():
    mlflow.set_tracking_uri(URL)
    begin = time.monotonic()
    for each in STEPS:
        at = time.monotonic()
        each()
        print(f"  ok  {each.__name__.replace('_', ' '):<32}{time.monotonic() - at:6.1f} s", flush=True)
    print(f"The MLflow client {mlflow.__version__} did {len(STEPS)} things in {time.monotonic() - begin:.0f} s.")


if __name__ == "__main__":
    main()
