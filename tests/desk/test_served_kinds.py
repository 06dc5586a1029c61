"""Models of every kind, registered, served online by a process of their library, and asked: the answers are the model's own."""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from online import Online, until
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from stores import open_stores

from mlops_nb.core.records import ModelVersion
from mlops_nb.desk.registering import register
from mlops_nb.score.served import describe, write_served
from mlops_nb.serve.plan import Limits, PlannedDeployment, PlannedRoute, PlannedVersion
from mlops_nb.store.models import experiment_id, materialise

random = np.random.default_rng(5)
N = 400
X = pd.DataFrame({"distance": random.gamma(3, 300, N).round(), "departs": random.integers(300, 1400, N).astype(float)})
LATE = (X["departs"] + random.normal(0, 200, N) > 900).to_numpy()
NOTES = pd.DataFrame({"note": [f"{'storm' if late else 'calm'} over gate {i % 7}" for i, late in enumerate(LATE)]})
TWO = np.stack([X["distance"] / 8, X["distance"] / 8 + X["departs"] / 60], axis=1)


def others() -> dict[str, tuple[Any, pd.DataFrame, Any]]:
    "By name: a fitted model, its features, its target."
    from lightgbm import LGBMClassifier
    from xgboost import XGBClassifier

    words = make_pipeline(ColumnTransformer([("tfidf", TfidfVectorizer(), "note")]), LogisticRegression())
    return {
        "xgb": (XGBClassifier(n_estimators=8, n_jobs=1).fit(X, LATE), X, LATE),
        "lgbm": (LGBMClassifier(n_estimators=8, n_jobs=1, verbose=-1).fit(X, LATE), X, LATE),
        "minutes": (KNeighborsRegressor(5).fit(X, TWO[:, 0]), X, TWO[:, 0]),
        "two": (RandomForestRegressor(8, random_state=0).fit(X, TWO), X, LATE),
        "words": (words.fit(NOTES, LATE), NOTES, LATE),
    }


class Library:
    "Versions by reference, as a plan wants them; and the models themselves."

    def __init__(self, root: Path):
        self.stores = open_stores(root)
        self.models: dict[str, tuple[Any, pd.DataFrame]] = {}
        self.versions: dict[str, PlannedVersion] = {}
        for name, (model, rows, target) in others().items():
            self.add(register(self.stores, model, name, train=rows.assign(target=target), target="target"), model, rows)
        self.add(self.pyfunc(root / "m"), None, X[["distance"]])

    def pyfunc(self, place: Path) -> ModelVersion:
        "A model of MLflow's own kind, logged to a run."
        import cloudpickle
        import mlflow

        class Doubled(mlflow.pyfunc.PythonModel):
            def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:
                return model_input["distance"] * 2

        cloudpickle.register_pickle_by_value(sys.modules[__name__])
        mlflow.pyfunc.save_model(str(place), python_model=Doubled(), pip_requirements=["pandas"])
        client = self.stores.models.client
        run = client.create_run(experiment_id(client, self.stores.settings)).info.run_id
        client.log_artifacts(run, str(place), "m")
        rows = X[["distance"]].assign(minutes=X["distance"] * 2)
        return register(self.stores, f"runs:/{run}/m", "pyfunc", train=rows, target="minutes")

    def add(self, version: ModelVersion, model: Any, rows: pd.DataFrame) -> None:
        "Lays a version out as the agent does."
        assert version.state == "proven" and not version.compiled, (version.reason, version.compiled_note)
        folder = materialise(self.stores.models, version)
        served = folder.parent / f"{folder.name}.served.json"
        write_served(served, describe(folder, version))
        digest = hashlib.sha256(served.read_bytes()).hexdigest()
        self.versions[version.ref] = PlannedVersion(version.ref, str(folder), str(served), digest)
        self.models[version.name] = (model, rows)

    def expected(self, name: str, rows: pd.DataFrame) -> Any:
        "What the model itself says."
        return (rows["distance"] * 2).tolist() if name == "pyfunc" else np.asarray(self.models[name][0].predict(rows)).tolist()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Library, Online]]:
    library = Library(tmp_path_factory.mktemp("kinds"))
    online = Online(tmp_path_factory.mktemp("online") / "state", library)  # type: ignore[arg-type]
    online.limits = Limits(request_timeout_s=300)
    names = {name: PlannedDeployment(name, name, 1, (PlannedRoute("v1", f"{name}/1"),)) for name in library.models}
    online.plan(**names)
    online.start()
    with online.client() as client:
        until(lambda: client.get("/v2/health/ready").status_code == 200, "every model answers")
    yield library, online
    online.stop()


@pytest.mark.parametrize("name", ["xgb", "lgbm", "minutes", "two", "words", "pyfunc"])
def test_the_answers_are_the_models_own(served: tuple[Library, Online], name: str) -> None:
    library, online = served
    rows = library.models[name][1].iloc[:37]
    expected = library.expected(name, rows)
    with online.client() as client:
        split = json.loads(rows.to_json(orient="split", index=False, double_precision=15))
        answer = client.post(f"/models/{name}/invocations", json={"dataframe_split": split})
        one = client.post(f"/models/{name}/invocations", json={"dataframe_records": [split_row(split, 3)]})
    assert answer.status_code == 200, answer.text
    got = answer.json()["predictions"]
    same = got == pytest.approx(expected, rel=1e-6) if np.ndim(expected) == 1 else np.allclose(got, expected, rtol=1e-6)
    assert same, (got[:3], expected[:3])
    assert one.json()["predictions"][0] == pytest.approx(expected[3], rel=1e-6)


def split_row(split: dict[str, Any], number: int) -> dict[str, Any]:
    "One row with its names."
    return dict(zip(split["columns"], split["data"][number], strict=True))
