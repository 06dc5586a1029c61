"""An alert opens an answer: the notebook is run once, says who, since when and what changed, and shows nobody's name."""

import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from mlops_nb.core.errors import UsageError
from mlops_nb.core.records import Run
from mlops_nb.core.settings import load
from mlops_nb.desk.following_up import FollowUp
from mlops_nb.desk.investigating import NOTEBOOK, because_of, on_alert
from mlops_nb.desk.recalling import find_alert
from mlops_nb.desk.workspace import Workspace, make_workspace
from mlops_nb.doors.cli import main
from mlops_nb.store.control_alerts import AlertNotFound
from mlops_nb.watch.answer import Causes, course_words

N, A_DAY = 6_000, 300
random = np.random.default_rng(29)
FRAME = pd.DataFrame({
    "flight_id": [f"F{i:05d}" for i in range(N)],
    "scheduled": pd.date_range("2013-01-01", periods=N, freq="288s"),  # 300 a day, 20 days
    "wind": random.gamma(4, 2.5, N),
    "distance": random.normal(0, 1, N),
    "hub": random.integers(0, 3, N).astype(float),
    "tail": [f"N{i % 2_500:05d}" for i in range(N)],
    "carrier": random.choice(["UA", "B6", "DL"], N),
})  # fmt: skip
FRAME["late"] = random.random(N) < 1 / (1 + np.exp(2 - 0.2 * FRAME["wind"] - FRAME["distance"]))
FEATURES = ["wind", "distance", "hub"]
BAD = datetime(2013, 1, 18, tzinfo=UTC)
GUILTY = (FRAME["scheduled"] >= BAD.replace(tzinfo=None)) & (FRAME["hub"] == 2) & (FRAME["scheduled"] < "2013-01-20")
FRAME["wind"] += np.where(GUILTY, 15.0, 0.0)
TRAIN, TEST, LIVE = (FRAME[a * A_DAY : b * A_DAY].reset_index(drop=True) for a, b in ((0, 6), (6, 10), (10, 20)))


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Ten days were scored; on the last but one the wind of one hub rose, after a new snapshot without a column."""
    place = tmp_path_factory.mktemp("flüge 2")
    ws = Workspace(make_workspace(place).root)
    ws.commit("flights", FRAME[:100])
    ws.read("flights")
    fit = LogisticRegression().fit(TRAIN[FEATURES], TRAIN["late"])
    about = {"target": "late", "id": "flight_id", "time": "scheduled", "segments": ("carrier",)}
    assert ws.register(fit, "late", train=TRAIN, test=TEST, **about).state == "proven"
    ws.register(fit, "bare", train=TRAIN, **about)
    ws.commit("flights", FRAME[:100].drop(columns="tail"), schema="evolve")
    for day in range(10, 20):
        part = FRAME[day * A_DAY : (day + 1) * A_DAY]
        ws.predict("late", part)
        ws.predict("bare", part, log="profile")
    ws.label("late", FRAME[["flight_id", "late"]][: 17 * A_DAY])
    yield ws


@pytest.fixture(scope="module")
def alert(ws: Workspace) -> str:
    """The id of an alert that a rule has raised."""
    made = ws.stores.control.raise_alert(
        "drift", "wind of late/1 has drifted", model="late", version="late/1", feature="wind", window_start=BAD, evidence={"value": 0.4}
    )
    return str(made.id)


def told(run: Run) -> str:
    """What the executed notebook shows."""
    cells = json.loads((Path(run.folder) / "executed.ipynb").read_text(encoding="utf-8"))["cells"]
    shown = [out.get("data", {}) for c in cells if c["cell_type"] == "code" for out in c["outputs"]]
    return "\n".join("".join(d.get("text/html", d.get("text/plain", ""))) for d in shown)


def test_the_causes_as_a_record(ws: Workspace) -> None:
    found = ws.causes("late", feature="wind", start="2013-01-18", end="2013-01-20")
    assert found.seen is not None and found.seen.verdict in ("changed", "drifted") and found.n_window == 2 * A_DAY
    assert [s.name for s in found.segments if s.stands_out] == ["hub=2"], "the only one, though carrier was declared"
    assert "carrier" in {s.column for s in found.segments} and "It began in this window" in ws_course(found)
    assert {p.start: p.verdict for p in found.course}[BAD] == "changed" and len(found.course) == 10
    assert found.examples and {r["hub"] for r in found.examples} == {2.0} and all(r["wind"] >= found.shift.point for r in found.examples)
    assert all(str(r["entity_id"]).startswith("blake2:") for r in found.examples), "who it was is not shown"
    assert [c.kind for c in found.upstream] == ["schema", "snapshot"] and "without tail" in found.upstream[0].what
    inside = [r for r in found.performance if r[""] == "this window"]
    assert len(inside) == 2 and {r["labelled"] for r in inside} == {0} and "not known" in found.performance_note
    assert "hub=2" in found.summary and "without tail" in found.summary
    assert any(c.startswith("mlops-nb watch expect late/1 --from 2013-01-18 --to 2013-01-20 --feature wind") for c, _ in found.commands)
    assert type(found).from_dict(json.loads(json.dumps(found.to_dict()))).to_dict() == found.to_dict()


def ws_course(found: Causes) -> str:
    return course_words(found.course, found.start, found.end)


def test_what_was_not_asked_for_is_the_newest_and_what_moved_most(ws: Workspace) -> None:
    found = ws.causes("late")
    assert found.start == datetime(2013, 1, 20, tzinfo=UTC) and found.version == "late/1" and found.seen is not None
    assert ws.causes("late", start="2013-01-18").feature == "wind"
    assert ws.causes("late", start="2013-01-18", feature="score").reference == "previous 7 windows", "training has seen no answers"
    with pytest.raises(UsageError, match="no feature"):
        ws.causes("late", feature="wnd", start="2013-01-18")
    with pytest.raises(UsageError, match="what to look into"):
        ws.causes()
    with pytest.raises(AlertNotFound):
        ws.investigate("ffff")


def test_where_only_profiles_are_kept_it_says_so_and_still_answers(ws: Workspace) -> None:
    found = ws.causes("bare", feature="wind", start="2013-01-18", end="2013-01-20")
    assert found.seen is not None and found.seen.verdict in ("changed", "drifted") and len(found.course) == 10
    assert not found.examples and "profiles only" in found.examples_note
    assert {s.column for s in found.segments} == {"carrier"} and not any(s.stands_out for s in found.segments)
    assert "windows before" in found.segments_note and "profiles of declared segments" in found.segments_note
    assert not found.performance and "No answer was logged as a row" in found.performance_note


def test_an_empty_window_is_no_all_clear(ws: Workspace) -> None:
    found = ws.causes("late/1", feature="wind", start="2013-03-01")
    assert found.n_window == 0 and found.summary.startswith("Nothing was logged") and found.verdict == "none"
    assert ws.draw_causes(found) is None


def test_an_alert_is_looked_into_once(ws: Workspace, alert: str, capfd: pytest.CaptureFixture[str]) -> None:
    other = Workspace(ws.root)
    runs: list[Run] = []
    both = [threading.Thread(target=lambda w=w: runs.append(w.investigate(alert))) for w in (ws, other)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(runs) == 2 and len({r.id for r in runs}) == 1, "two at once find one run"
    run = runs[0]
    assert run.status == "finished", run.error
    assert run.because == f"alert {alert}" and run.parameters["feature"] == "wind" and run.parameters["start"].startswith("2013-01-18")
    assert find_alert(ws.stores, alert).evidence == {
        "value": 0.4, "run": run.id, "notebook": str(Path(run.folder) / "executed.ipynb"),
    }  # fmt: skip
    assert ws.investigate(alert).id == run.id and ws.investigation(alert).id == run.id
    page = told(run)
    assert "hub=2" in page and "stands out" in page and "without tail" in page and "watch mute late --feature wind" in page
    assert "image/png" in (Path(run.folder) / "executed.ipynb").read_text(encoding="utf-8")
    assert "F05" not in page and "N00" not in page, "no id, no tail number"
    assert run.results["stands_out"] == ["hub=2"]
    assert on_alert(ws, find_alert(ws.stores, alert)) is None, "it is answered"

    assert main(["-C", str(ws.root), "watch", "investigate", alert]) == 0
    said = capfd.readouterr().out
    assert run.id in said and "executed.ipynb" in said and "hub=2" in said
    assert len([r for r in ws.runs(notebook=NOTEBOOK) if r.because]) == 1


def test_the_agent_takes_up_what_is_open_and_what_a_dead_one_left(ws: Workspace) -> None:
    control = ws.stores.control
    about = {"model": "late", "version": "late/1", "feature": "distance", "window_start": BAD + timedelta(days=1)}
    waits = control.raise_alert("drift", "distance of late/1 has drifted", cause="second", **about)
    news = control.raise_alert("drift", "distance is back", severity="info", cause="third", **about)
    control.raise_alert("deployment_failed", "late did not load", model="late", deployment="late")
    assert [a.id for a in ws.unanswered()] == [waits.id], "news and what has no window are left to people"
    settings = load(ws.root)
    follow = FollowUp(settings, lambda: ws)
    follow.look()
    follow.look()
    for thread in list(follow.at_work.values()):
        thread.join()
    run = ws.investigation(waits.id)
    assert run is not None and run.status == "finished" and run.because == because_of(waits)
    assert ws.investigation(news.id) is None and ws.unanswered() == []

    left = control.raise_alert("drift", "hub of late/1 has drifted", cause="fourth", **{**about, "feature": "hub"})
    done = ws.run(NOTEBOOK, because=because_of(left), parameters={"alert": left.id, "model": "late"}, wait=True).runs[0]
    assert done.status == "finished" and find_alert(ws.stores, left.id).evidence.get("run") is None, "its agent died before it told"
    assert ws.unanswered() == [] and ws.investigation(left.id).id == done.id


def test_by_hand_for_any_window(ws: Workspace, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["watch", "investigate", "bare", "--feature", "wind", "--window", "2013-01-18..2013-01-20", "-o", "json"]
    assert main(["-C", str(ws.root), *words]) == 0
    run = json.loads(capfd.readouterr().out)
    assert run["status"] == "finished" and run["parameters"]["end"] == "2013-01-20T00:00:00Z" and not run["because"]
    assert "profiles only" in told(Run.from_dict(run))
    assert os.path.exists(Path(run["folder"]) / "executed.ipynb")
