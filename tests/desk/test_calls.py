"""The desk's calls, carried in this process and over the socket of a real agent: the same answers, types and errors."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest
from agents import left_alone, workspace_at
from sklearn.linear_model import LogisticRegression

from mlops_nb.core.errors import MlopsError, ModelNotFound, RunNotFound, UsageError, VersionNotFound
from mlops_nb.core.lineage import acting_for, current_actor
from mlops_nb.core.records import Actor, ModelVersion, Receipt, Snapshot
from mlops_nb.core.settings import Settings
from mlops_nb.desk.agent_client import Connection, ensure_agent
from mlops_nb.desk.calls import CHANGES, READS, Desk, InProcess, OverSocket
from mlops_nb.desk.workspace import Workspace
from mlops_nb.watch.replay import ReplayReport
from mlops_nb.watch.report import CheckReport, report_digest

@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = workspace_at(tmp_path_factory.mktemp("ws") / "Flüge 2013")
    frame = pd.DataFrame({"departs": range(400), "late": [n % 400 > 300 for n in range(400)]})
    ws = Workspace(settings.root)
    snap = ws.commit("flights", frame)
    for _ in range(2):
        ws.register(LogisticRegression().fit(frame[["departs"]], frame["late"]), "delay", train=ws.read(snap.ref), target="late")
    ws.predict("delay/1", frame[["departs"]])
    with left_alone(settings):
        ensure_agent(settings, timeout=300)
        yield settings


@pytest.fixture(params=["in process", "over the socket"])
def desk(request: pytest.FixtureRequest, place: Settings) -> Desk:
    return Desk(InProcess(Workspace(place.root)) if request.param == "in process" else OverSocket(place))


def test_records_arrive_as_records(desk: Desk, place: Settings) -> None:
    ws = Workspace(place.root)
    versions = desk.versions("delay")
    assert versions == ws.versions("delay") and all(isinstance(v, ModelVersion) for v in versions)
    assert desk.version("delay/1").features == ("departs",) and desk.version("delay/1").created_at.tzinfo is not None
    assert [type(t) for t in desk.tables()] == [Snapshot] and desk.history("flights") == ws.history("flights")
    assert desk.overview() == ws.overview() and "delay" in desk.card("delay/1") and desk.runs(limit=3) == []


def test_errors_arrive_as_what_was_raised(desk: Desk) -> None:
    with pytest.raises(ModelNotFound) as problem:
        desk.versions("dely")
    assert problem.value.hint and problem.value.field
    with pytest.raises(VersionNotFound):
        desk.version("delay/77")
    with pytest.raises(RunNotFound, match="runs list"):
        desk.get_run("score-1")
    for wrong in (lambda: desk.call("register"), lambda: desk.version(), lambda: desk.version("delay/1", deep=True)):
        with pytest.raises(UsageError):
            wrong()
    assert not hasattr(desk, "commit"), "a frame does not travel"
    with pytest.raises(UsageError):
        desk._carrier.carry("commit", {"name": "flights"})


def test_a_change_is_made_in_the_name_of_who_asks(desk: Desk, place: Settings) -> None:
    with acting_for(Actor("jupyter", "mary")):
        receipt = desk.promote("delay/2", force=True, reason="Frühling")
    assert isinstance(receipt, Receipt) and receipt.actor == Actor("jupyter", "mary") and receipt.reason == "Frühling"
    undone = desk.rollback("delay")
    assert undone.undoes == receipt.id and undone.actor == current_actor()
    assert desk.receipts("delay")[:2] == [undone, receipt]
    assert desk.version("delay").ref == "delay/1"


def test_a_check_says_the_same(desk: Desk, place: Settings) -> None:
    snapshot = desk.tables()[0]
    report = desk.check("delay/2", against="delay/1", data=snapshot, gate={"overlap": {"max": 1}})
    assert isinstance(report, CheckReport) and (report.rows, report.data) == (400, snapshot.ref), report
    assert report_digest(report) == report.digest and report.gate["overlap"] == {"max": 1}, "as it was signed"
    assert Workspace(place.root).checks("delay")[0].to_dict() == report.to_dict() == desk.checks()[0].to_dict()
    here = Workspace(place.root).check("delay/2", against="delay/1", data=snapshot.ref, gate={"overlap": {"max": 1}})
    assert (here.passed, here.summary, here.gate_digest) == (report.passed, report.summary, report.gate_digest)
    timed = ("latency",)
    assert [c.to_dict() for c in here.checks if c.name not in timed] == [c.to_dict() for c in report.checks if c.name not in timed]
    with pytest.raises(VersionNotFound):
        desk.check("delay/77")
    with pytest.raises(UsageError, match="data is a DataFrame; rows do not travel") as refused:
        desk.check("delay/2", data=pd.DataFrame({"departs": [1]}))
    assert refused.value.field == "data" and "snapshot" in str(refused.value.hint)


def test_a_replay_says_the_same(desk: Desk, place: Settings) -> None:
    report = desk.replay("delay/2", last=timedelta(days=7), against="delay/1")
    here = Workspace(place.root).replay("delay/2", against="delay/1")
    assert isinstance(report, ReplayReport) and report.rows == 400 and report.changed == 0 and not report.reason
    assert replace(report, at=None, latency=[]).to_dict() == replace(here, at=None, latency=[]).to_dict()
    assert desk.replay("delay/2", last=None, against="delay/1", limit=7).rows == 7
    with pytest.raises(UsageError, match="beside delay/1 to compare with"):
        desk.replay("delay/1")


def test_two_users_at_once(desk: Desk, place: Settings) -> None:
    found: list[object] = []

    def work(who: int) -> None:
        try:
            for _ in range(5):
                found.append(len(desk.versions("delay")))
                found.append(desk.promote(f"delay/{1 + who}", alias=f"of-{who}").to_version)
        except MlopsError as problem:
            found.append(problem)

    users = [threading.Thread(target=work, args=(who,)) for who in range(2)]
    for thread in users:
        thread.start()
    for thread in users:
        thread.join()
    assert sorted(found, key=str) == [1] * 5 + [2] * 15, found


def test_what_travels_is_named_in_one_table(place: Settings) -> None:
    assert not set(READS) & set(CHANGES)
    assert all(callable(getattr(Workspace, name)) for name in READS + CHANGES)
    with Connection(place) as line:
        for method in ("commit", "_change", "stores", "__class__"):
            with pytest.raises(UsageError):
                line.call(method, {})
