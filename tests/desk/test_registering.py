"""Registering, promoting, rolling back: on real stores, with real processes, and what is left when they are interrupted."""

import os
import sqlite3
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk
import yaml
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from stores import Stores, open_stores
from waiting import until

from mlops_nb.core.errors import ColumnNotFound, Conflict, UsageError, VersionNotProven
from mlops_nb.core.lineage import Manifest, note_read
from mlops_nb.core.records import ModelVersion
from mlops_nb.desk import production
from mlops_nb.desk.production import finish_pending
from mlops_nb.desk.registering import promote, register, rollback, verify
from mlops_nb.store import models as models_room

random = np.random.default_rng(11)
N = 3_000
FRAME = pd.DataFrame(
    {
        "flight_id": [f"F{i:05}" for i in range(N)],
        "scheduled": pd.date_range("2013-01-01", periods=N, freq="10min", tz="UTC"),
        "departs": random.integers(5 * 60, 23 * 60, N),
        "distance": random.gamma(3, 300, N).round(),
        "gust": np.where(random.random(N) < 0.7, np.nan, random.normal(20, 5, N)),
    }
)
FRAME["late"] = random.random(N) < 0.1 + 0.5 * (FRAME["departs"] / 1440) ** 2
FEATURES = ["departs", "distance", "gust"]
TRAIN, TEST = FRAME[:2_000], FRAME[2_000:]
MODEL = HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(TRAIN[FEATURES], TRAIN["late"])
NAMED = {"target": "late", "id": "flight_id", "time": "scheduled"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    return open_stores(tmp_path_factory.mktemp("ws"))


@pytest.fixture(scope="module")
def first(place: Stores) -> ModelVersion:
    note_read("flights@2")
    words = {"description": "Late by 15 minutes.", "tags": {"team": "ops"}}
    return register(place, MODEL, "delay", train=TRAIN, test=TEST, **NAMED, **words)


@pytest.fixture(scope="module")
def second(place: Stores, first: ModelVersion) -> ModelVersion:
    return register(place, LogisticRegression().fit(TRAIN[["departs"]], TRAIN["late"]), "delay", train=TRAIN, **NAMED)


def test_a_version_comes_with_its_evidence(place: Stores, first: ModelVersion) -> None:
    assert (first.ref, first.state, first.aliases, first.features) == ("delay/1", "proven", ("champion",), tuple(FEATURES)), first.reason
    answer, scores = MODEL.predict(TEST[FEATURES]), MODEL.predict_proba(TEST[FEATURES])[:, 1]
    assert first.metrics["auc"] == pytest.approx(sk.roc_auc_score(TEST["late"], scores), rel=1e-12)
    assert first.metrics["accuracy"] == pytest.approx(sk.accuracy_score(TEST["late"], answer), rel=1e-12)
    assert first.metrics["log_loss"] == pytest.approx(sk.log_loss(TEST["late"], scores), rel=1e-9)
    assert next(iter(first.importance)) == "departs" and set(first.importance) == set(FEATURES)
    assert first.snapshots == ("flights@2",) and "flights@2" in place.control.pins()

    windows = place.models.reference(first)
    assert [str(start)[:10] for start, _ in windows] == [str(d.date()) for d in pd.date_range("2013-01-01", "2013-01-14")]
    assert sum(view.get_column("departs").get_metric("counts").n.value for _, view in windows) == len(TRAIN)
    contract = place.models.contract(first)
    assert contract is not None and set(contract.columns) == set(FEATURES) and not contract.validate(TRAIN[FEATURES])

    folder = place.models.evidence(first)
    manifest = Manifest.from_json((folder / "manifest.json").read_text())
    assert manifest.snapshots == ("flights@2",) and manifest.environment.python and manifest.actor == first.actor
    front = yaml.safe_load(place.models.card(first).split("---")[1])
    assert front["datasets"] == ["flights@2"] and front["license"] == "unknown" and "team:ops" in front["tags"]
    assert "2013-01-01 00:00:00 to 2013-01-14" in place.models.card(first)
    assert not {"flight_id", "scheduled", "late"} & set(pd.read_parquet(folder / "examples.parquet").columns)
    run = place.models.client.get_run(first.run_id)
    assert run.info.status == "FINISHED" and run.data.metrics["test_auc"] == pytest.approx(first.metrics["auc"])


def test_the_second_takes_no_alias_and_says_what_it_lacks(place: Stores, second: ModelVersion) -> None:
    assert (second.ref, second.state, second.aliases, second.metrics) == ("delay/2", "proven", (), {})
    assert second.metrics_note == "no held-out data" and "no held-out data" in place.models.card(second)
    assert place.models.get("delay").version == 1


def test_promote_and_undo(place: Stores, first: ModelVersion, second: ModelVersion) -> None:
    receipt = promote(place, "delay/2", reason="simpler")
    assert (receipt.from_version, receipt.to_version, receipt.state, receipt.reason) == (1, 2, "done", "simpler")
    assert promote(place, "delay/2").id == receipt.id, "nothing to change"
    assert place.models.aliases("delay") == {"champion": 2} and place.models.get("delay").version == 2
    undone = rollback(place, "delay", reason="complaints")
    assert undone.undoes == receipt.id and place.models.aliases("delay") == {"champion": 1}
    assert rollback(place, "delay").to_version == 2, "whatever it was: also a rollback"
    assert rollback(place, "delay").to_version == 1
    blue = promote(place, "delay/2", alias="blue")
    assert rollback(place, "delay").to_version is None and "blue" not in place.models.aliases("delay") and blue.from_version is None
    assert {f.state for f in verify(place)} == {"ok"}
    with pytest.raises(UsageError, match="Nothing was ever changed"):
        place.models.client.create_registered_model("untouched")
        rollback(place, "untouched")


def test_a_change_that_meets_another_finishes_that_first(place: Stores, second: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Any] = []

    def just_then(models: Any, name: str | None = None) -> Any:
        found = finish_pending(models, name)
        if not begun:
            begun.append(place.control.append_receipt("promote", "delay", "shadow", None, 1, second.actor))
        return found

    monkeypatch.setattr(production, "finish_pending", just_then)
    receipt = production.change(place.models, "promote", "delay", "shadow", 2)
    assert place.control.receipt(begun[0].id).state == "done" and (receipt.from_version, receipt.to_version) == (1, 2)
    assert place.models.aliases("delay")["shadow"] == 2


@pytest.mark.parametrize("alias", ["night", "day"])
def test_who_is_slow_does_not_undo_what_came_after(
    place: Stores, second: ModelVersion, monkeypatch: pytest.MonkeyPatch, alias: str
) -> None:
    """A process sets the alias, late, for a receipt that another has finished and followed with the next, by day not yet written."""
    slow, asked, go, set_late, written = threading.local(), *(threading.Event() for _ in range(4))
    mirror, finish = models_room.mirror_alias, place.control.finish_receipt

    def mirrors(*words: Any) -> None:
        if getattr(slow, "here", False) and not asked.is_set():
            asked.set()
            assert go.wait(300)
        mirror(*words)

    def finishes(id: str) -> Any:
        if getattr(slow, "here", False):
            set_late.set()
        elif alias == "day" and place.control.receipts("delay")[0].to_version == 2 and not go.is_set():
            go.set()  # MLflow has it at 2, and now the slow one puts it to 1
            assert set_late.wait(300) and written.wait(300)
        return finish(id)

    def is_slow() -> None:
        slow.here = True
        promote(place, "delay/1", alias=alias)
        written.set()

    monkeypatch.setattr(models_room, "mirror_alias", mirrors)
    monkeypatch.setattr(place.control, "finish_receipt", finishes)
    with ThreadPoolExecutor(1) as pool:
        begun = pool.submit(is_slow)
        until(lambda: asked.is_set() or begun.done(), "the slow one asks MLflow")
        promote(place, "delay/2", alias=alias)  # finishes the other's first
        go.set()
        begun.result()
    assert [(r.to_version, r.state) for r in place.control.receipts("delay")[:2]] == [(2, "done"), (1, "done")]
    assert place.models.aliases("delay")[alias] == place.models.registry.aliases("delay")[alias] == 2
    assert not [f for f in verify(place) if f.state == "fail"]


def test_receipts_that_were_cut_off_are_found(place: Stores, first: ModelVersion, second: ModelVersion) -> None:
    path = place.settings.control.removeprefix("sqlite:///")
    promote(place, "delay/2", alias="shadow")
    with sqlite3.connect(path) as database:
        for trigger in [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]:
            database.execute(f"DROP TRIGGER {trigger}")
        newest = database.execute("SELECT MAX(sequence) FROM mlops_receipts").fetchone()[0]
        database.execute("DELETE FROM mlops_outcomes WHERE receipt = ?", (newest,))
        database.execute("DELETE FROM mlops_receipts WHERE sequence = ?", (newest,))
    again = open_stores(place.settings.root)
    assert any(f.name == "receipts" and f.state == "fail" and "cut off" in f.detail for f in verify(again))


def test_a_receipt_that_was_changed_is_listed_with_all_else(tmp_path: Path) -> None:
    place = open_stores(tmp_path)
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4], "y": [2.0, 4, 6, 8]})
    register(place, LinearRegression().fit(frame[["x"]], frame["y"]), "double", train=frame, target="y")
    with sqlite3.connect(place.settings.control.removeprefix("sqlite:///")) as database:
        for trigger in [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]:
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute("UPDATE mlops_receipts SET actor_id = 'nobody'")
    found = {f.name: f for f in verify(open_stores(tmp_path))}
    assert found["receipts"].state == "fail" and "was changed after it was signed" in found["receipts"].detail
    assert found["double/1"].state == "ok", "what is not concerned is looked at all the same"


def test_one_who_was_interrupted_is_finished_by_the_next(tmp_path: Path) -> None:
    place = open_stores(tmp_path)
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4], "y": [2.0, 4, 6, 8]})
    model = LinearRegression().fit(frame[["x"]], frame["y"])
    for _ in range(2):
        version = register(place, model, "double", train=frame, target="y")
    assert version.kind == "regression" and version.aliases == ()
    actor = version.actor
    begun = place.control.append_receipt("promote", "double", "champion", 1, 2, actor)  # the process died before MLflow knew
    assert place.models.aliases("double") == {"champion": 1}
    (done,) = finish_pending(place.models)
    assert done.id == begun.id and place.models.aliases("double") == {"champion": 2}
    refused = place.control.append_receipt("promote", "double", "champion", 2, 99, actor)  # a version that is not there
    with pytest.raises(Conflict, match="MLflow refused"):
        finish_pending(place.models)
    assert place.control.receipt(refused.id).state == "failed" and place.models.get("double").version == 2


def test_of_two_that_are_proven_at_the_same_moment_one_is_champion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, meet, here = open_stores(tmp_path), threading.Barrier(2, timeout=300), threading.local()

    def both(models: Any, name: str | None = None) -> Any:
        """The one of either has seen that nobody is champion when the other has."""
        found = finish_pending(models, name)
        if not getattr(here, "met", False):
            here.met = True
            meet.wait()
        return found

    monkeypatch.setattr(production, "finish_pending", both)
    frame = pd.DataFrame({"x": np.arange(100.0), "y": 2 * np.arange(100.0)})
    fit = LinearRegression().fit(frame[["x"]], frame["y"])
    with ThreadPoolExecutor(2) as pool:
        begun = [pool.submit(register, place, fit, "double", train=frame, target="y") for _ in range(2)]
        made = [one.result() for one in begun]
    assert {v.version: v.state for v in made} == {1: "proven", 2: "proven"}
    (receipt,) = place.control.receipts("double")
    assert receipt.state == "done" and place.models.aliases("double") == {"champion": receipt.to_version}


def test_a_first_champion_that_mlflow_refuses_is_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*words: Any) -> None:
        raise ValueError("no alias today")

    place = open_stores(tmp_path)
    monkeypatch.setattr("mlops_nb.store.models.mirror_alias", refuses)
    frame = pd.DataFrame({"x": np.arange(100.0), "y": 2 * np.arange(100.0)})
    with pytest.raises(Conflict, match="MLflow refused double@champion: no alias today"):
        register(place, LinearRegression().fit(frame[["x"]], frame["y"]), "double", train=frame, target="y")
    assert place.models.get("double/1").state == "proven" and place.control.last_change("double", "champion") is None


def test_an_unproven_version_takes_no_alias(tmp_path: Path) -> None:
    place = open_stores(tmp_path)
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4], "y": [2.0, 4, 6, 8]})

    class OnlyHere(LinearRegression):
        pid = os.getpid()

        def predict(self, X: object) -> object:
            import os

            if os.getpid() != self.pid:
                raise RuntimeError("works in its notebook only")
            return super().predict(X)

    broken = register(place, OnlyHere().fit(frame[["x"]], frame["y"]), "here", train=frame, target="y", alias="champion")
    assert broken.state == "broken" and broken.aliases == () and "works in its notebook only" in broken.reason
    with pytest.raises(VersionNotProven, match=r"here/1 is broken: RuntimeError"):
        promote(place, "here/1", force=True)
    assert place.control.receipts("here") == []
    good = register(place, LinearRegression().fit(frame[["x"]], frame["y"]), "here", train=frame, target="y", wait=False)
    assert good.state == "proving"
    for thread in threading.enumerate():
        if thread.name == "proof of here/2":
            thread.join()
    assert place.models.get("here").ref == "here/2", "the first proven one is champion"


def test_bad_calls_leave_nothing(tmp_path: Path) -> None:
    place = open_stores(tmp_path)
    with pytest.raises(ColumnNotFound, match="target 'lat' is not a column of train"):
        register(place, MODEL, "delay", train=TRAIN, target="lat")
    with pytest.raises(ColumnNotFound, match="target 'late' is not a column of test"):
        register(place, MODEL, "delay", train=TRAIN, test=TEST.drop(columns="late"), target="late")
    assert place.models.registry.names() == [] and len(place.models.client.search_experiments()) == 1


def test_an_open_run_is_joined(place: Stores, first: ModelVersion) -> None:
    code = """
    import sys
    import mlflow, pandas as pd
    from sklearn.linear_model import LinearRegression
    sys.path.insert(0, sys.argv[2])
    from stores import open_stores
    from mlops_nb.desk.registering import register
    place = open_stores(sys.argv[1])
    place.models.client
    mlflow.set_tracking_uri(place.settings.tracking_uri)
    frame = pd.DataFrame({"x0": [1.0, 2, 3], "x1": [0.0, 1, 0], "y": [2.0, 4, 6]})
    with mlflow.start_run() as run:
        mlflow.log_param("depth", 3)
        version = register(place, LinearRegression().fit(frame[["x0", "x1"]].to_numpy(), frame["y"]),
                           "joined", train=(frame[["x0", "x1"]].to_numpy(), frame["y"]), target="y")
        assert version.run_id == run.info.run_id and mlflow.active_run() is not None
        assert version.features == ("x0", "x1"), version
    print(version.state, mlflow.get_run(run.info.run_id).info.status)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(place.settings.root), str(Path(__file__).parents[1])]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[0] == "proven FINISHED"
