"""Registering compiles: what is written, what is said, what is replaced; and models of other libraries."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from stores import Stores, open_stores

from mlops_nb.core.errors import BytesNotPermitted
from mlops_nb.core.records import ModelVersion
from mlops_nb.desk.compiling import compile_again
from mlops_nb.desk.registering import register
from mlops_nb.doors.cli import cli
from mlops_nb.score.served import check_parity, describe, open_program
from mlops_nb.store.models import experiment_id, facts_of, materialise, replace_evidence

random = np.random.default_rng(4)
N = 400
GUST = np.where(random.random(N) < 0.6, np.nan, random.normal(20, 5, N))
FRAME = pd.DataFrame({"distance": random.gamma(3, 300, N).round(), "gust": GUST})
FRAME["late"] = (FRAME["gust"] > 22) | (random.random(N) < 0.2)
FEATURES = ["distance", "gust"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    return open_stores(tmp_path_factory.mktemp("ws"))


@pytest.fixture(scope="module")
def first(place: Stores) -> ModelVersion:
    model = HistGradientBoostingClassifier(max_iter=10, random_state=0).fit(FRAME[FEATURES], FRAME["late"])
    return register(place, model, "delay", train=FRAME, target="late")


def test_a_version_comes_with_signature_and_compiled_form(place: Stores, first: ModelVersion) -> None:
    assert first.state == "proven" and first.compiled and "rows agree" in first.compiled_note, first
    folder = materialise(place.models, first)
    served = describe(folder, first, segments=("origin",))
    assert served.evidence == facts_of(place.models, first).evidence_digest
    assert served.inputs == tuple(FEATURES) and served.contract and served.segments == ("origin",)
    assert served.python.count(".") == 2 and any(r.startswith("scikit-learn==") for r in served.requirements)
    assert check_parity(open_program(folder, served), served).same
    assert f"## Serving\n\n{first.compiled_note}" in place.models.card(first)


def test_evidence_from_before_there_were_compiled_forms(place: Stores, first: ModelVersion) -> None:
    folder = materialise(place.models, first)
    old = Path(folder).parent / "older"
    old.mkdir()
    for file in folder.iterdir():
        if file.is_file() and file.name not in ("signature.json", "compiled.json"):
            (old / file.name).write_bytes(file.read_bytes())
    (old / "README.md").write_text((old / "README.md").read_text().replace(f"## Serving\n\n{first.compiled_note}\n\n", ""))
    facts = facts_of(place.models, first)
    before = replace_evidence(place.models, first, old, replace(facts, compiled=False, compiled_note=""))
    assert not before.compiled and "mlops-nb models compile delay/1" in before.compiled_note
    assert not describe(materialise(place.models, before), before).compiled

    again = compile_again(place, "delay/1")
    assert again.compiled and again.compiled_note in place.models.card(again)
    newest = materialise(place.models, again)
    assert newest != folder and folder.exists()  # what serves from the old folder goes on
    served = describe(newest, again)
    assert check_parity(open_program(newest, served), served).same
    json.loads((newest / "signature.json").read_text())

    masks = newest / "compiled" / "masks.bin"
    content = masks.read_bytes()
    masks.write_bytes(b"")
    with pytest.raises(BytesNotPermitted):
        materialise(place.models, again)
    masks.write_bytes(content)


def test_other_libraries_register_and_say_why_they_are_not_compiled(place: Stores) -> None:
    from lightgbm import LGBMClassifier
    from xgboost import XGBClassifier

    X, y = FRAME[FEATURES], FRAME["late"]
    models = {
        "XGBClassifier of xgboost": XGBClassifier(n_estimators=5, n_jobs=1).fit(X, y),
        "LGBMClassifier of lightgbm": LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1).fit(X, y),
    }
    for name, model in models.items():
        version = register(place, model, name, train=FRAME, target="late")
        assert version.state == "proven" and not version.compiled, version.reason
        assert version.compiled_note.startswith("Not compiled: ") and name in version.compiled_note
        served = describe(materialise(place.models, version), version)
        assert not served.compiled and served.note == version.compiled_note
        assert [i["nullable"] for i in served.signature["inputs"]] == [True, True]


def test_text_and_several_targets(place: Stores) -> None:
    notes = FRAME[["late"]].assign(note=[f"{'storm' if late else 'calm'} over gate {i % 7}" for i, late in enumerate(FRAME["late"])])
    text = make_pipeline(ColumnTransformer([("tfidf", TfidfVectorizer(), "note")]), LogisticRegression())
    words = register(place, text.fit(notes[["note"]], notes["late"]), "words", train=notes, target="late")
    assert words.state == "proven" and words.compiled_note == "Not compiled: step 'tfidf' is a TfidfVectorizer.", words
    y = np.stack([FRAME["distance"] * 2, FRAME["distance"] * 3], axis=1)
    two = register(place, RandomForestRegressor(3).fit(FRAME[["distance"]], y), "two", train=FRAME[["distance", "late"]], target="late")
    assert two.state == "proven" and two.kind == "other" and "one number a row" in two.compiled_note, two


def test_a_pyfunc(place: Stores, tmp_path: Path) -> None:
    import cloudpickle
    import mlflow

    class Doubled(mlflow.pyfunc.PythonModel):
        def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:
            return model_input["distance"] * 2

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    mlflow.pyfunc.save_model(str(tmp_path / "m"), python_model=Doubled(), pip_requirements=["pandas"])
    client = place.models.client
    run = client.create_run(experiment_id(client, place.settings)).info.run_id
    client.log_artifacts(run, str(tmp_path / "m"), "m")
    rows = FRAME[["distance"]].assign(minutes=FRAME["distance"] * 2.5)
    version = register(place, f"runs:/{run}/m", "twice", train=rows, target="minutes")
    assert version.state == "proven" and version.kind == "regression", version.reason
    assert version.compiled_note == "Not compiled: the model is an MLflow pyfunc, Doubled."


def test_the_command_says_what_came_of_it(place: Stores, first: ModelVersion) -> None:
    runner, root = CliRunner(), str(place.settings.root)
    done = runner.invoke(cli, ["-C", root, "models", "compile", first.ref, "-o", "json"])
    assert done.exit_code == 0 and json.loads(done.stdout)["compiled"] is True, done.output
    said = runner.invoke(cli, ["-C", root, "models", "compile", first.ref])
    assert "delay/1: Compiled to trees as bit masks" in said.stdout
    assert "rows agree" in runner.invoke(cli, ["-C", root, "models", "show", first.ref]).stdout
    assert "compiled" in runner.invoke(cli, ["-C", root, "models", "list"]).stdout
