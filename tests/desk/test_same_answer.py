"""The same 10,000 flights, asked in a notebook, in a batch run, and online over three wires: the same answers, exceptions listed."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
import tritonclient.http as triton
from deployed import Desk, Hours
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from mlops_nb import Workspace
from mlops_nb.core.settings import init
from mlops_nb.desk.demo import job_notebooks
from mlops_nb.desk.flights import flights, weather
from mlops_nb.score.parity import Answers, Parity, compare

WORDS = ["carrier", "origin", "dest"]
WHOLE = ["weekday", "departs", "arrives", "distance"]
SKY = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
FEATURES = [*WORDS, *WHOLE, *SKY]
ROWS = 10_000
MONTH = 10
HEAPS = [*[1] * 150, *[2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233] * 3]  # then what is left, at once: every way of scoring is taken

KINDS = {"delay": "binary", "hosted": "binary", "miles": "regression"}


def month(number: int) -> pd.DataFrame:
    """Flights with the weather of their hour, as the job notebooks join them."""
    return flights(number).merge(weather(number).drop(columns="month"), on=["origin", "hour_at"], how="left")


def pipeline(model: str) -> Pipeline:
    """The pipeline of train.ipynb; for `hosted` with a step that nobody can compile; for `miles` a regression."""
    one_hot = OneHotEncoder(handle_unknown="ignore", min_frequency=20, sparse_output=False)
    words = WORDS[:2] if model == "miles" else WORDS
    encode = ColumnTransformer([("category", one_hot, words)], remainder="drop" if model == "miles" else "passthrough")
    if model == "miles":
        encode.transformers.append(("numbers", "passthrough", ["departs", "arrives", *SKY]))
        return Pipeline([("columns", encode), ("trees", HistGradientBoostingRegressor(max_iter=40, random_state=0))])
    steps = [("hours", Hours())] if model == "hosted" else []
    trees = HistGradientBoostingClassifier(learning_rate=0.05, min_samples_leaf=200, l2_regularization=1.0, random_state=0)
    return Pipeline([*steps, ("columns", encode), ("trees", trees)])


class Served:
    """Three models, each registered, deployed, and asked here what it says of the rows."""

    def __init__(self, root: Path):
        init(root)
        workspace = Workspace(root)
        train = month(1).dropna(subset=["late"]).astype({"late": bool})[::3]
        for table, source in (("flights", flights), ("weather", weather)):
            workspace.commit(table, source(MONTH), partition_by=["month"])
        self.asked = month(MONTH).head(ROWS).reset_index(drop=True)
        strange = self.asked.index[::500]
        self.asked.loc[strange, "dest"] = "ZZZ"  # an airport that was never seen
        self.here: dict[str, Answers] = {}
        self.versions = {}
        for model in KINDS:
            target = "distance" if model == "miles" else "late"
            fitted = pipeline(model).fit(train[FEATURES], train[target])
            kept = train[list(dict.fromkeys([*FEATURES, target, "flight_id", "scheduled"]))]
            version = workspace.register(
                fitted, model, train=kept[:-300], test=kept[-300:], target=target, id="flight_id", time="scheduled"
            )
            assert version.state == "proven" and version.compiled == (model != "hosted"), (version.reason, version.compiled_note)
            self.versions[model] = version
            self.here[model] = self.said_by(fitted, model)
        self.desk = Desk(root, contract="log", request_timeout_s=300)
        for model, kind in KINDS.items():
            self.desk.ws.deploy(model, options={"output": "probabilities"} if kind == "binary" else {}, log="off")

    def said_by(self, fitted: Any, model: str) -> Answers:
        """What an estimator says of the rows."""
        rows = self.asked[FEATURES]
        scores = fitted.predict_proba(rows) if KINDS[model] == "binary" else None
        return Answers(fitted.predict(rows), scores, (False, True) if scores is not None else ())

    def differs(self, model: str, prediction: Any, scores: Any) -> Parity:
        """What was answered elsewhere against what the estimator says here."""
        right = self.here[model]
        got = Answers(np.asarray(prediction), None if scores is None else np.asarray(scores, dtype=float), right.classes)
        return compare(right, got, KINDS[model])

    def heaps(self) -> Iterator[pd.DataFrame]:
        """The rows in requests of many sizes."""
        start = 0
        for size in [*HEAPS, ROWS]:
            if start < ROWS:
                yield self.asked.iloc[start : start + size]
                start += size


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The three of them on one port."""
    made = Served(tmp_path_factory.mktemp("ws") / "Flüge 2013")
    yield made
    made.desk.close()


def the_same(found: Parity) -> None:
    """No exception, not even a tolerated one; else all of them are shown."""
    assert found.rows == ROWS and found.same and found.differences == (), "\n".join(map(str, (found.reason, *found.differences)))


def over_mlflow(served: Served, model: str) -> tuple[list[Any], list[Any] | None]:
    out: list[Any] = []
    with httpx.Client(base_url=served.desk.url, timeout=300, trust_env=False) as client:
        for heap in served.heaps():
            split = json.loads(heap[FEATURES].to_json(orient="split", index=False, double_precision=15))
            answer = client.post(f"/models/{model}/invocations", json={"dataframe_split": split})
            assert answer.status_code == 200, answer.text
            out += answer.json()["predictions"]
    if KINDS[model] == "binary":
        return [p[1] > p[0] for p in out], out
    return out, None


def inputs(heap: pd.DataFrame, binary: bool) -> list[Any]:
    """Columns as tensors."""
    made = []
    for name in FEATURES:
        values = heap[name].to_numpy()
        if name in WORDS:
            kind, values = "BYTES", values.astype(object)
        else:
            kind, values = ("INT64", values) if name in WHOLE else ("FP64", values.astype(float))
        made.append(triton.InferInput(name, [len(heap), 1], kind))
        made[-1].set_data_from_numpy(values.reshape(-1, 1), binary_data=binary)
    return made


def over_v2(served: Served, model: str, binary: bool) -> tuple[list[Any], list[Any] | None]:
    out: list[Any] = []
    scores: list[Any] = []
    names = ["prediction", *(["probabilities"] if KINDS[model] == "binary" else [])]
    with triton.InferenceServerClient(f"127.0.0.1:{served.desk.port}", network_timeout=300, connection_timeout=300) as client:
        for heap in served.heaps():
            wanted = [triton.InferRequestedOutput(name, binary_data=binary) for name in names]
            answer = client.infer(model, inputs(heap, binary), outputs=wanted)
            out += answer.as_numpy("prediction").reshape(-1).tolist()
            if len(names) > 1:
                scores += answer.as_numpy("probabilities").tolist()
    return out, scores or None


WIRES: dict[str, Callable[[Served, str], tuple[list[Any], list[Any] | None]]] = {
    "MLflow": over_mlflow,
    "v2 JSON": lambda served, model: over_v2(served, model, False),
    "v2 binary": lambda served, model: over_v2(served, model, True),
}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("model", KINDS)
def test_online_as_in_the_notebook(served: Served, model: str, wire: str) -> None:
    prediction, scores = WIRES[wire](served, model)
    the_same(served.differs(model, prediction, scores))


@pytest.mark.parametrize("model", KINDS)
def test_loaded_again_as_in_the_notebook(served: Served, model: str) -> None:
    again = served.said_by(served.desk.ws.load(served.versions[model].ref), model)
    the_same(served.differs(model, again.prediction, again.scores))


def test_a_batch_run_as_in_the_notebook(served: Served) -> None:
    "score.ipynb in a process of its own; it joins and reads by itself, so it knows nothing of the strange airport."
    ws = served.desk.ws
    (run,) = ws.run(job_notebooks() / "score.ipynb", month=MONTH, model="delay").wait()
    assert run.status == "finished", run.error
    kept = ws.read("flight-delay-scored").set_index("flight_id").loc[served.asked["flight_id"]].reset_index()
    same = (served.asked["dest"] != "ZZZ").to_numpy()
    right = served.here["delay"]
    expected = Answers(right.prediction[same], right.scores[same], right.classes)
    score = kept["score"].to_numpy()[same]
    got = Answers(kept["prediction"].to_numpy()[same].astype(bool), np.column_stack([1 - score, score]), right.classes)
    found = compare(expected, got, "binary")
    assert found.rows > ROWS * 0.99 and found.same and found.differences == (), "\n".join(map(str, (found.reason, *found.differences)))


def test_a_difference_would_be_seen(served: Served) -> None:
    "One probability of ten thousand, off by two in a million."
    right = served.here["delay"]
    scores = right.scores.copy()
    scores[4711, 1] += 2e-6
    found = served.differs("delay", right.prediction, scores)
    assert not found.same and [d.row for d in found.differences] == [4711]
