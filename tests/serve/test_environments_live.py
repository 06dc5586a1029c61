"""A version whose packages are not ours is answered by an interpreter that has them."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy
import sklearn
from online import FEATURES, MLMODEL, Online, Shelf, split

from mlops_nb.core.interpreters import EnvironmentFailed, uv_environment
from mlops_nb.core.records import ModelVersion
from mlops_nb.score.parity import Answers
from mlops_nb.score.predictor import Spec, model_digest
from mlops_nb.score.proof import write_examples
from mlops_nb.score.served import describe, write_served
from mlops_nb.serve.environments import host_requirements, needs_mlflow, packages_differ
from mlops_nb.serve.plan import PlannedVersion

OTHER = "1.7.2"  # of scikit-learn
TRAIN = """
import json, sys
import cloudpickle, pandas as pd, sklearn
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
folder, table = sys.argv[1:]
rows = pd.read_csv(table)
late = rows.pop("late")
columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["carrier"]), ("passthrough", ["distance"]))
model = make_pipeline(columns, LogisticRegression(max_iter=1000)).fit(rows, late)
open(folder + "/model.pkl", "wb").write(cloudpickle.dumps(model))
head = rows.head(20)
print(json.dumps([sklearn.__version__, model.predict(head).tolist(), model.predict_proba(head).tolist()]))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with another scikit-learn, and the rest as here."""
    same = [f"numpy=={np.__version__}", f"pandas=={pd.__version__}", f"scipy=={scipy.__version__}"]
    lines = host_requirements([f"scikit-learn=={OTHER}", *same, "mlflow==3.17.2"])
    folder = tmp_path_factory.mktemp("environments")
    made = uv_environment(folder, lines)
    assert uv_environment(folder, lines) == made, "made once"
    return made


def lay_out(shelf: Shelf, place: Path, python: Path) -> PlannedVersion:
    """A version that was trained there."""
    folder = place / "late-7"
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "MLmodel").write_text(MLMODEL)
    (folder / "model" / "requirements.txt").write_text(f"mlflow==3.17.2\nscikit-learn=={OTHER}\n")
    shelf.rows.assign(late=shelf.late).to_csv(place / "flights.csv", index=False)
    command = [python, "-I", "-c", TRAIN, folder / "model", place / "flights.csv"]
    there, predictions, chances = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert there == OTHER != sklearn.__version__
    Spec(FEATURES, "binary", "late", classes=(False, True)).write(folder)
    write_examples(folder, shelf.rows.head(20), Answers(np.array(predictions), np.array(chances)))
    version = ModelVersion("late", 7, digest=model_digest(folder / "model"), kind="binary", features=FEATURES)
    write_served(place / "late-7.served.json", describe(folder, version))
    assert not needs_mlflow(folder / "model")
    return PlannedVersion("late/7", str(folder), str(place / "late-7.served.json"), python=str(python))


def test_two_interpreters_serve_side_by_side(online: Online, shelf: Shelf, tmp_path: Path, python: Path) -> None:
    requirements = [f"scikit-learn=={OTHER}", "mlflow==3.17.2"]
    assert packages_differ(requirements, ignore=("mlflow",)) == [f"scikit-learn {sklearn.__version__} (recorded: {OTHER})"]
    assert packages_differ(requirements, str(python), ignore=("mlflow",)) == []
    planned = lay_out(shelf, tmp_path, python)
    shelf.versions["late/7"] = planned
    online.plan(nearest=["late/3"], other=["late/7"])
    online.start()
    (status,) = online.settled()
    assert {ref: v["state"] for ref, v in status.versions.items()} == {"late/3": "ready", "late/7": "ready"}, status.versions
    rows = shelf.rows.head(20).astype({"distance": int})
    expected = json.loads((Path(planned.folder) / "answers.json").read_text())
    body = split([{k: None if v != v else v for k, v in row.items()} for row in rows.to_dict("records")])
    client = online.client()
    assert client.post("/models/other/invocations", json=body).json() == {"predictions": expected["prediction"]}
    assert client.post("/models/nearest/invocations", json=body).status_code == 200


def test_an_interpreter_that_lacks_the_packages_is_refused_by_name(online: Online, shelf: Shelf, tmp_path: Path, python: Path) -> None:
    """The same folder, asked of an interpreter with nothing in it."""
    bare = tmp_path / "bare"
    subprocess.run([python, "-m", "venv", "--without-pip", bare], check=True)
    planned = replace(lay_out(shelf, tmp_path, python), python=str(bare / "bin" / "python"))
    shelf.versions["late/7"] = planned
    online.plan(other=["late/7"])
    online.start()
    (status,) = online.settled()
    reason = status.versions["late/7"]["reason"]
    assert status.versions["late/7"]["state"] == "failed" and f"scikit-learn is missing (recorded: {OTHER})" in reason


def test_what_cannot_be_built_says_why(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailed, match="uv could not make the environment: "):
        uv_environment(tmp_path, ["scikit-learn==0.0.1.nonsense"])
    assert not list(tmp_path.glob("*/made.json"))
