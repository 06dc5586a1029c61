"""A challenger from fresh data: trained, checked, proposed; promoted by people, or as the policy says."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from mlops_nb.core.errors import Busy, ModelNotFound, UsageError
from mlops_nb.desk.following_up import FollowUp
from mlops_nb.desk.recalling import find_alert
from mlops_nb.desk.workspace import Workspace, make_workspace
from mlops_nb.doors.cli import main

N = 2_400
random = np.random.default_rng(31)
FRAME = pd.DataFrame({
    "flight_id": np.arange(N),
    "scheduled": pd.date_range("2013-01-01", periods=N, freq="30min"),
    "wind": random.gamma(4, 2.5, N),
    "distance": random.normal(0, 1, N),
})  # fmt: skip
FRAME["late"] = random.random(N) < 1 / (1 + np.exp(2 - 0.25 * FRAME["wind"] - 2 * FRAME["distance"]))
FEATURES = ["wind", "distance"]
CELLS = [
    "# type: int\nrows = 600\nfails = False\nregisters = True",
    """from sklearn.linear_model import LogisticRegression
from mlops_nb import Workspace
ws = Workspace()
frame = ws.read("flights")[-rows:]
train, test = frame[: rows // 2], frame[rows // 2 :]""",
    "assert not fails, 'no wind today'\nfit = LogisticRegression().fit(train[['wind', 'distance']], train['late'])",
    """about = dict(target='late', id='flight_id', time='scheduled')
if registers:
    ws.register(fit, 'late', train=train, test=test, **about)""",
]


def notebook() -> str:
    """A training notebook."""
    cells = [
        {"cell_type": "code", "execution_count": None, "id": f"c{i}", "metadata": {"tags": ["parameters"]} if not i else {}, "outputs": [],
         "source": text}
        for i, text in enumerate(CELLS)
    ]  # fmt: skip
    kernel = {"kernelspec": {"display_name": "python3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with a champion, a training notebook, and a gate for small data."""
    ws = Workspace(make_workspace(tmp_path_factory.mktemp("flüge 3")).root)
    ws.commit("flights", FRAME)
    fit = LogisticRegression().fit(FRAME[:600][FEATURES], FRAME[:600]["late"])
    about = {"target": "late", "id": "flight_id", "time": "scheduled"}
    assert "champion" in ws.register(fit, "late", train=FRAME[:600], test=FRAME[600:1200], **about).aliases
    (ws.root / "nbs").mkdir()
    (ws.root / "nbs" / "train.ipynb").write_text(notebook(), encoding="utf-8")
    yield ws


def policy(ws: Workspace, text: str) -> None:
    (ws.root / "watch").mkdir(exist_ok=True)
    (ws.root / "watch" / "late.yaml").write_text(text, encoding="utf-8")


def champion(ws: Workspace) -> str:
    return ws.version("late@champion").ref


def test_by_hand_a_challenger_is_proposed_and_nothing_promoted(ws: Workspace, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ModelNotFound):
        ws.propose("lat")
    assert main(["-C", str(ws.root), "watch", "retrain", "late", "-p", "rows=900", "-o", "json"]) == 0
    made = json.loads(capfd.readouterr().out)
    proof = made["evidence"]
    assert made["kind"] == "retrain_proposed" and made["severity"] == "info" and proof["challenger"] == "late/2"
    assert champion(ws) == "late/1" and ws.version("late@challenger").ref == "late/2"
    assert proof["against"] == "late/1" and proof["check"] is ws.checks("late")[0].passed
    assert "late/2" in Path(proof["report"]).read_text("utf-8")
    run = ws.get_run(proof["run"])
    assert run.status == "finished" and run.registered == ("late/2",) and run.parameters == {"rows": 900}
    assert run.inputs == ("flights@1",), "an ordinary run, with its evidence"

    assert main(["-C", str(ws.root), "watch", "proposals", "late"]) == 0
    assert "late/2" in capfd.readouterr().out
    with pytest.raises(UsageError, match="why it is dismissed"):
        ws.dismiss(made["id"], " ")
    assert ws.dismiss(made["id"], "the season is over").resolved_at and ws.proposals("late") == []
    assert find_alert(ws.stores, made["id"]).note == "the season is over"


def test_a_notebook_that_fails_names_its_cell(ws: Workspace) -> None:
    made = ws.propose("late", parameters={"fails": True})
    assert made.kind == "retrain_failed" and made.severity == "warning" and "cell [4]: AssertionError: no wind today" in made.message
    assert Path(made.evidence["executed"]).exists() and champion(ws) == "late/1"
    again = ws.propose("late", parameters={"registers": False})
    assert again.id == made.id and "has registered no version of late" in again.message, "one alert of a kind while it is open"
    ws.dismiss(made.id, "tried")


def test_the_agent_does_as_the_policy_says(ws: Workspace) -> None:
    control, before = ws.stores.control, len(ws.runs(notebook="train.ipynb"))
    alert = control.raise_alert("performance", "late/1 has become worse", model="late", version="late/1")
    assert ws.due_for_training() == [], "without a policy nothing is trained"
    policy(ws, "retrain:\n  parameters: {rows: 1000}\n  when: [drift]\n")
    assert ws.due_for_training() == []
    policy(ws, "retrain:\n  parameters: {rows: 1000}\n  when: [performance]\n  cool_down: 0d\n")
    assert [a.id for a in ws.due_for_training()] == [alert.id]
    with ws.stores.control.lease("retrain late", "somebody"), pytest.raises(Busy, match="trained again already"):
        Workspace(ws.root).propose("late", alert=alert.id)

    policy(ws, "retrain:\n  parameters: {rows: 1000}\n  when: [performance]\n  cool_down: 30d\n")
    assert ws.due_for_training() == [], "somebody has just trained it"
    policy(ws, "retrain:\n  parameters: {rows: 1000}\n  when: [performance]\n  cool_down: 0d\n")
    dead = ws.run("train.ipynb", because=f"retrain late after alert {alert.id}", rows=1000, wait=True).runs[0]
    assert dead.status == "finished", dead.error
    FollowUp(ws.settings, lambda: ws).look()
    made = waited(ws)
    assert made.evidence["run"] == dead.id and made.evidence["because"] == alert.id, "what a dead agent had trained is taken up"
    assert len(ws.runs(notebook="train.ipynb")) == before + 1
    policy(ws, "retrain:\n  when: [performance]\n")
    assert ws.due_for_training() == [] and ws.propose("late", alert=alert.id).id == made.id, "one proposal in the cool-down"
    assert champion(ws) == "late/1"

    receipt = ws.promote(made.evidence["challenger"], force=True, reason="tests")
    assert receipt.to_version == int(made.evidence["challenger"].partition("/")[2]) and ws.proposals("late") == []
    assert find_alert(ws.stores, made.id).evidence["accepted"] == receipt.id


def test_the_champion_again_is_no_challenger(ws: Workspace) -> None:
    held, told = champion(ws), len(ws.proposals("late", open_only=False))
    made = ws.propose("late", parameters={"rows": 1000})  # as the champion was trained, from the same snapshot
    assert made.kind == "retrain_failed" and f"is the champion {held} again, byte for byte; both have read flights@1" in made.message
    assert made.message.startswith("Training late again brought nothing new: late/") and "newer data" in made.hint
    assert champion(ws) == held and len(ws.proposals("late", open_only=False)) == told
    ws.dismiss(made.id, "no new flights")


def waited(ws: Workspace) -> object:
    """The proposal, when the agent's thread has made it."""
    import threading

    for thread in threading.enumerate():
        if thread.name.startswith("retrain "):
            thread.join()
    return ws.proposals("late")[0]


def test_promoted_only_where_the_policy_says_so_and_the_check_has_passed(ws: Workspace) -> None:
    (ws.root / "gates").mkdir(exist_ok=True)
    gate = ws.root / "gates" / "late.yaml"
    policy(ws, "retrain:\n  parameters: {rows: 1200}\n  promote: when_passed\n")
    before = champion(ws)
    gate.write_text("metrics: {auc: {min: 0.9999}}\n", encoding="utf-8")
    refused = ws.propose("late")
    assert not refused.evidence["check"] and champion(ws) == before and refused.is_open and "did not pass" in refused.message

    gate.write_text("metrics: {auc: {min: 0.5}}\nchampion: {margin: 0.5}\noverlap: {max: 1}\n", encoding="utf-8")
    policy(ws, "retrain:\n  parameters: {rows: 1200}\n")
    waits = ws.propose("late")
    assert waits.evidence["check"] and waits.is_open and champion(ws) == before, "never is the default"
    assert not find_alert(ws.stores, refused.id).is_open and "is newer" in find_alert(ws.stores, refused.id).note

    policy(ws, "retrain:\n  parameters: {rows: 1200}\n  promote: when_passed\n")
    made = ws.propose("late")
    receipt = ws.receipts("late")[0]
    assert made.evidence["check"] and champion(ws) == made.evidence["challenger"] and not made.is_open
    assert receipt.evidence["check"]["id"] == made.evidence["check_id"] and "retrain policy" in receipt.reason
