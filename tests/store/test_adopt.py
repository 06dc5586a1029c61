"""Models of existing registries: a real MLflow 3 server and a real 2.x server, used by people who know nothing of us."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mlflow_servers import MlflowServer
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from stores import Stores, open_stores

from mlops_nb.core.errors import ModelNotFound, VersionNotFound
from mlops_nb.desk.registering import adopt, promote, register, rollback, verify
from mlops_nb.store.models_server import check_mlflow, server_version

FRAME = load_breast_cancer(as_frame=True).frame.iloc[:, [0, 1, 2, -1]]
THEIRS = """
import json, sys
import mlflow, numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression

frame = pd.DataFrame(json.loads(sys.argv[1]))
X, y = frame.iloc[:, :3], frame["target"]
for strength in (1.0, 0.01):
    with mlflow.start_run() as run:
        model = LogisticRegression(C=strength, max_iter=2000).fit(X, y)
        signature = mlflow.models.infer_signature(X, model.predict(X))
        options = {"signature": signature, "pip_requirements": ["scikit-learn"], "registered_model_name": "churn"}
        if mlflow.__version__.startswith("3"):
            mlflow.sklearn.log_model(model, name="model", serialization_format="cloudpickle", **options)
        else:
            mlflow.sklearn.log_model(model, artifact_path="model", **options)

class Doubled(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input["mean radius"] * 2

with mlflow.start_run():
    options = {"python_model": Doubled(), "signature": mlflow.models.infer_signature(X, y * 1.0), "pip_requirements": ["pandas"]}
    options |= {"name": "m"} if mlflow.__version__.startswith("3") else {"artifact_path": "m"}
    mlflow.pyfunc.log_model(registered_model_name="doubled", **options)
client = mlflow.MlflowClient()
client.set_registered_model_alias("churn", "champion", 2)
print(json.dumps({"run": run.info.run_id, "answers": model.predict_proba(X)[:, 1].tolist(), "mlflow": mlflow.__version__}))
"""


class Theirs(MlflowServer):
    """A server with two versions of `churn` and one of `doubled`."""

    def __init__(self, major: int):
        super().__init__(major)
        self.major = major
        self.facts = json.loads(self.run(THEIRS, FRAME.to_json()).splitlines()[-1])


@pytest.fixture(scope="module", autouse=True)
def patient() -> Iterator[None]:
    """A server of one worker on a busy machine is slow, not away."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server_version, "__defaults__", (300.0,))
        patch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "300")
        yield


@pytest.fixture(scope="module", params=[2, 3], ids=["mlflow 2", "mlflow 3"])
def server(request: pytest.FixtureRequest) -> Iterator[Theirs]:
    started = Theirs(request.param)
    yield started
    started.stop()


@pytest.fixture
def there(server: Theirs, tmp_path: Path) -> Stores:
    """A workspace whose MLflow is the server."""
    settings = open_stores(tmp_path / "there").settings
    return Stores(replace(settings, tracking_uri=server.uri, registry_uri=server.uri))


def test_adopt_in_place(server: Theirs, there: Stores) -> None:
    version = adopt(there, "models:/churn@champion", reference=FRAME, target="target", test=FRAME[:100])
    assert (version.ref, version.state, version.kind) == ("churn/2", "proven", "binary"), version.reason
    assert version.aliases == ("champion",) and version.metrics["auc"] > 0.9 and version.features == tuple(FRAME.columns[:3])
    assert there.models.predictor("churn").ask(FRAME).score == pytest.approx(server.facts["answers"], abs=1e-6)
    (receipt,) = there.control.receipts("churn")
    assert (receipt.action, receipt.to_version, receipt.state) == ("adopt", 2, "done")
    assert len(there.models.reference(version)) == 1 and there.models.contract(version) is not None
    assert "adopted from models:/churn/2" in there.models.card(version)
    again = adopt(there, "models:/churn/2", reference=FRAME, target="target")
    assert again == version and len(there.models.versions("churn")) == 1

    first = adopt(there, "models:/churn/1", reference=FRAME, target="target")
    assert first.state == "proven" and first.aliases == (), "what held champion keeps it"
    assert promote(there, "churn/1", reason="less regularised").from_version == 2
    assert there.models.aliases("churn") == {"champion": 1}
    assert rollback(there, "churn").to_version == 2 and there.models.aliases("churn") == {"champion": 2}
    assert all(f.state == "ok" for f in verify(there)), verify(there)

    there.models.client.set_registered_model_alias("churn", "champion", "1")  # in MLflow's own pages
    moved = [f for f in verify(there) if f.state == "fail"]
    assert [f.name for f in moved] == ["churn@champion"] and "moved elsewhere" in moved[0].detail
    assert there.models.get("churn").version == 2, "the receipts are the truth"


def test_adopt_from_another_server_copies_the_bytes(server: Theirs, tmp_path: Path) -> None:
    here = open_stores(tmp_path / "here")
    version = adopt(here, "models:/churn/1", source=server.uri, name="Abwanderung", reference=FRAME, target="target")
    assert (version.ref, version.state, version.aliases) == ("Abwanderung/1", "proven", ("champion",)), version.reason
    assert f"models:/churn/1 on {server.uri}" in here.models.card(version)
    doubled = adopt(here, "models:/doubled/1", source=server.uri, reference=FRAME.drop(columns="target"))
    assert doubled.state == "proven", doubled.reason
    assert np.allclose(here.models.predictor("doubled").predict(FRAME)["prediction"], FRAME["mean radius"] * 2)
    with pytest.raises(VersionNotFound, match="has no version 8"):
        adopt(here, "models:/churn/8", source=server.uri, reference=FRAME, target="target")
    with pytest.raises(ModelNotFound, match="Did you mean churn"):
        adopt(here, "models:/chrun/1", source=server.uri, reference=FRAME, target="target")


def test_register_on_the_server_and_from_a_run(server: Theirs, there: Stores) -> None:
    model = LogisticRegression(max_iter=2000).fit(FRAME.iloc[:, :3], FRAME["target"])
    version = register(there, model, "own", train=FRAME, test=FRAME[:100], target="target")
    assert version.state == "proven" and version.aliases == ("champion",), version.reason
    assert np.array_equal(there.models.load("own").predict(FRAME.iloc[:, :3]), model.predict(FRAME.iloc[:, :3]))
    of_run = register(there, f"runs:/{server.facts['run']}/model", "from a run", train=FRAME, target="target")
    assert of_run.state == "proven" and of_run.run_id == server.facts["run"], of_run.reason
    assert there.models.predictor("from a run").ask(FRAME).score == pytest.approx(server.facts["answers"], abs=1e-6)
    seen = server.run("import mlflow; print(mlflow.MlflowClient().get_model_version('own', 1).tags['mlops_nb.state'])")
    assert seen == "proven", "anybody on the server can read it"


def test_the_doctor_names_the_version(server: Theirs, there: Stores) -> None:
    assert server_version(server.uri)[0] == server.major
    found = check_mlflow(there.settings)
    assert found.state == ("ok" if server.major == 3 else "warn") and f"Server {server.major}." in found.detail
