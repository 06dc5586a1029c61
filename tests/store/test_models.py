"""Versions in MLflow: what stands there, who can read it, what is never loaded, and what is left alone."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from stores import Stores, open_stores

from mlops_nb.core.errors import (
    BytesNotPermitted,
    ModelNotFound,
    NameInvalid,
    StoreTooOld,
    StoreUnavailable,
    UsageError,
    VersionNotFound,
)
from mlops_nb.core.records import ModelVersion, Run, now
from mlops_nb.desk.registering import adopt, register
from mlops_nb.store import models_runs
from mlops_nb.store.models_runs import record_run
from mlops_nb.store.models_server import check_mlflow, connect, fresh_database

FRAME = load_breast_cancer(as_frame=True).frame.iloc[:, [0, 1, 2, -1]]
MODEL = LogisticRegression(max_iter=500).fit(FRAME.iloc[:, :3], FRAME["target"])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    return open_stores(tmp_path_factory.mktemp("Über uns"))


@pytest.fixture(scope="module")
def version(place: Stores) -> ModelVersion:
    return register(place, MODEL, "Brust krebs", train=FRAME[:400], test=FRAME[400:], target="target", tags={"team": "ward"})


def test_references(place: Stores, version: ModelVersion) -> None:
    names = ("Brust krebs", "Brust krebs/1", "Brust krebs@champion", "models:/Brust krebs/1", "models:/Brust krebs@champion")
    assert {place.models.get(name).ref for name in names} == {"Brust krebs/1"}
    assert place.models.get(version).tags == {"team": "ward"}
    with pytest.raises(ModelNotFound, match="Did you mean Brust krebs"):
        place.models.get("Brustkrebs")
    with pytest.raises(VersionNotFound, match=r"has no version 9\. It has 1\."):
        place.models.get("Brust krebs/9")
    with pytest.raises(VersionNotFound, match=r"has no chamption\. Did you mean champion"):
        place.models.get("Brust krebs@chamption")
    with pytest.raises(UsageError):
        place.models.get("a/b/c")
    with pytest.raises(ModelNotFound):
        place.models.versions("nothing")


def test_a_plain_mlflow_user_can_load_it(place: Stores, version: ModelVersion, tmp_path: Path) -> None:
    code = (
        "import mlflow, json, pandas as pd, sys; mlflow.set_tracking_uri(sys.argv[1]);"
        "model = mlflow.pyfunc.load_model('models:/Brust krebs@champion');"
        "print(json.dumps(model.predict(pd.read_csv(sys.argv[2])).tolist()), 'mlops_nb' in sys.modules)"
    )
    FRAME.iloc[:5, :3].to_csv(tmp_path / "rows.csv", index=False)
    command = [sys.executable, "-c", code, place.settings.tracking_uri, str(tmp_path / "rows.csv")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{MODEL.predict(FRAME.iloc[:5, :3]).tolist()} False"


def test_the_users_own_mlflow_is_left_alone(place: Stores, version: ModelVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    before = {name: os.environ.get(name) for name in os.environ if name.startswith("MLFLOW_")}
    uri, registry = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    place.models.load("Brust krebs")
    assert (mlflow.get_tracking_uri(), mlflow.get_registry_uri(), mlflow.active_run()) == (uri, registry, None)
    assert {name: os.environ.get(name) for name in os.environ if name.startswith("MLFLOW_")} == before
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


def artifact(place: Stores, version: ModelVersion) -> Path:
    uri = place.models.client.get_model_version_download_uri(version.name, str(version.version))
    return Path(uri.removeprefix("file://").replace("%20", " ").replace("%C3%9C", "Ü"))


@pytest.fixture
def untouched(place: Stores, version: ModelVersion) -> Iterator[Path]:
    stored = artifact(place, version)
    saved = stored.with_name("saved")
    shutil.copytree(stored, saved)
    yield stored
    shutil.rmtree(stored)
    saved.rename(stored)


def test_changed_bytes_are_never_loaded(place: Stores, version: ModelVersion, untouched: Path, tmp_path: Path) -> None:
    import pickle

    local = place.models.evidence(version)
    touched = tmp_path / "touched"
    attack = pickle.dumps(_Touch(str(touched)))
    kept = (local / "model" / "model.pkl").read_bytes()
    (local / "model" / "model.pkl").write_bytes(attack)
    with pytest.raises(BytesNotPermitted, match="changed after registering"):
        place.models.load(version)
    (local / "model" / "model.pkl").write_bytes(kept)

    shutil.rmtree(local)
    (untouched / "model.pkl").write_bytes(attack)
    with pytest.raises(BytesNotPermitted, match="stored bytes of Brust krebs/1"):
        place.models.load(version)
    assert not touched.exists() and not local.exists()


class _Touch:
    def __init__(self, path: str):
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self.path,)


def test_a_digest_written_by_somebody_without_the_key_permits_nothing(place: Stores, version: ModelVersion, untouched: Path) -> None:
    from mlops_nb.score.predictor import model_digest
    from mlops_nb.store.models import facts_of, write_tags
    from mlops_nb.store.models_versions import to_tags

    before = facts_of(place.models, version)
    shutil.rmtree(place.models.evidence(version))
    (untouched / "code").mkdir()
    (untouched / "code" / "sitecustomize.py").write_text("raise SystemExit")
    forged = before.from_dict(before.to_dict() | {"digest": model_digest(untouched)})
    write_tags(place.models, version, to_tags(forged))
    with pytest.raises(BytesNotPermitted, match="not permitted in this workspace"):
        place.models.load("Brust krebs/1")
    write_tags(place.models, version, to_tags(before))


def test_changed_evidence_is_found(place: Stores, version: ModelVersion) -> None:
    folder = place.models.evidence(version)
    contract = (folder / "contract.yaml").read_text()
    (folder / "contract.yaml").write_text(contract.replace("min:", "max:", 1))
    with pytest.raises(BytesNotPermitted, match="evidence of Brust krebs/1"):
        place.models.contract(version)
    (folder / "contract.yaml").write_text(contract)
    assert place.models.contract(version) is not None


def test_names_that_mlflow_refuses(place: Stores) -> None:
    before = len(place.models.client.search_runs(["0", "1"]))
    for name in ("a/b", "a:b", "", " a", "a@b", "x" * 300, "..", "a\nb", 'say "hi"'):
        with pytest.raises(NameInvalid):
            register(place, MODEL, name, train=FRAME, target="target")
    with pytest.raises(NameInvalid):
        register(place, MODEL, "ok", train=FRAME, target="target", alias="latest")
    assert len(place.models.client.search_runs(["0", "1"])) == before, "nothing half-written"


def test_versions_of_others_are_not_ours(place: Stores, version: ModelVersion, tmp_path: Path) -> None:
    place.models.client.create_registered_model("theirs")
    place.models.client.create_model_version("theirs", (tmp_path / "x").as_uri())
    assert "theirs" not in {v.name for v in place.models.versions()}
    with pytest.raises(VersionNotFound, match=r"ws\.adopt"):
        place.models.get("theirs/1")
    with pytest.raises(StoreUnavailable, match="cannot be fetched"):
        adopt(place, "models:/theirs/1", reference=FRAME, target="target")


def test_a_run_of_a_notebook_is_recorded_once(place: Stores, tmp_path: Path) -> None:
    (tmp_path / "executed.ipynb").write_text("{}")
    (tmp_path / "pid").write_text("1")
    values = {"auc": 0.7, "month": 3, "note": "fine", "share > 15 min": 0.25}
    run = Run("r-1", "score.ipynb", {"month": 3}, "failed", "none", "", 12.5, now(), now(), "boom", results=values, folder=str(tmp_path))
    client, kept = place.models.client, record_run(place.settings, run)
    assert record_run(place.settings, run) == kept
    found = client.get_run(kept)
    assert found.info.status == "FAILED" and found.data.params == {"month": "3"} and found.data.metrics["auc"] == 0.7
    assert found.data.metrics["share _ 15 min"] == 0.25, "a name that MLflow refuses is made one it takes"
    assert [a.path for a in client.list_artifacts(kept)] == ["executed.ipynb"]


def test_a_copy_that_was_cut_off_is_finished(place: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = {"started_at": now(), "finished_at": now()}
    run = Run("r-2", "score.ipynb", {"month": 4}, "finished", results={"auc": 0.6}, folder=str(tmp_path), **at)

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(models_runs, "_fill", cut)
    with pytest.raises(KeyboardInterrupt):
        record_run(place.settings, run)
    monkeypatch.undo()
    found = place.models.client.get_run(record_run(place.settings, run))
    assert (found.info.status, found.data.metrics["auc"], found.data.params) == ("FINISHED", 0.6, {"month": "4"})
    assert len(place.models.client.search_runs([found.info.experiment_id], "tags.`mlops_nb.run_id` = 'r-2'")) == 1


def test_a_fresh_database_is_what_mlflow_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow import MlflowClient

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    fresh_database(tmp_path / "first.db", tmp_path / "artifacts")
    template = next((tmp_path / "cache" / "mlops_nb").glob("mlflow-*.db"))
    os.utime(template, (1, 1))
    fresh_database(tmp_path / "second.db", tmp_path / "artifacts")
    assert template.stat().st_mtime == 1, "the kept copy was used"
    MlflowClient(f"sqlite:///{tmp_path}/real.db").search_experiments()

    def tables(path: Path) -> object:
        with sqlite3.connect(path) as database:  # the order of constraints in the SQL differs from one making to the next
            names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY 1")]
            columns = {name: database.execute(f"PRAGMA table_info('{name}')").fetchall() for name in names}
            return columns, database.execute("SELECT * FROM alembic_version").fetchall()

    assert tables(tmp_path / "second.db") == tables(tmp_path / "real.db")
    with sqlite3.connect(tmp_path / "second.db") as database:
        ((where,),) = database.execute("SELECT artifact_location FROM experiments").fetchall()
    assert where == (tmp_path / "artifacts" / "0").as_uri(), "not the folder of the one who made the copy"
    template.write_bytes(b"not a database")
    fresh_database(tmp_path / "third.db", tmp_path / "artifacts")
    assert tables(tmp_path / "third.db") == tables(tmp_path / "real.db"), "a damaged copy is not used"


def test_a_database_of_another_mlflow_is_too_old(tmp_path: Path) -> None:
    from dataclasses import replace

    place = open_stores(tmp_path)
    fresh_database(tmp_path / "old.db", tmp_path / "a")
    with sqlite3.connect(tmp_path / "old.db") as database:
        database.execute("UPDATE alembic_version SET version_num = 'ff01da956556'")
    settings = replace(place.settings, tracking_uri=f"sqlite:///{tmp_path}/old.db", registry_uri=f"sqlite:///{tmp_path}/old.db")
    with pytest.raises(StoreTooOld, match="mlflow db upgrade"):
        connect(settings)
    assert check_mlflow(settings).state == "fail"


def test_a_dead_server_is_named_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    place = open_stores(tmp_path)
    uri = "http://ann:pw@127.0.0.1:9"
    settings = replace(place.settings, tracking_uri=uri, registry_uri=uri)
    pauses: list[float] = []  # between one try and the next
    monkeypatch.setattr(time, "sleep", pauses.append)
    with pytest.raises(StoreUnavailable, match=r"MLflow at http://127\.0\.0\.1:9 does not answer"):
        Stores(settings).models.get("delay")
    assert sum(pauses) < 30, "minutes of retries are not what a person waits for"
    assert "pw" not in str(check_mlflow(settings).to_dict())


def test_two_who_write_the_same_row_first_both_succeed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow import MlflowException

    from mlops_nb.store.models import mirror_alias, mirror_head, mirrored_head

    place = open_stores(tmp_path)
    register(place, MODEL, "delay", train=FRAME[:400], test=FRAME[400:], target="target")
    client, tried = place.models.client, []

    def come_late(name: str) -> None:
        real = getattr(client, name)

        def late(*words: Any) -> None:
            tried.append(name)
            if tried.count(name) == 1:
                raise MlflowException("(sqlite3.IntegrityError) UNIQUE constraint failed: registered_model_tags.key")
            real(*words)

        monkeypatch.setattr(client, name, late)

    for name in ("set_registered_model_tag", "set_registered_model_alias"):
        come_late(name)
    mirror_alias(place.models, "delay", "shadow", 1)
    mirror_head(place.models, "delay")
    assert place.models.aliases("delay")["shadow"] == 1 and mirrored_head(place.models) == place.control.head() and len(tried) == 4
    with pytest.raises(MlflowException, match="no model"):
        monkeypatch.setattr(client, "set_registered_model_alias", lambda *words: (_ for _ in ()).throw(MlflowException("no model")))
        mirror_alias(place.models, "delay", "shadow", 1)
