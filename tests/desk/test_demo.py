"""The demo as a stranger runs it: real flights, a real model, real runs."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlops_nb import Workspace

DEMO = [sys.executable, "-c", "import sys; from mlops_nb.doors.cli import main; sys.exit(main())", "demo"]


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return str(taken.getsockname()[1])


PORT = free_port()


def environment():
    outside = {k: v for k, v in os.environ.items() if not k.startswith(("MLOPS_NB_", "MLFLOW_T", "MLFLOW_R"))}
    return outside | {"MLOPS_NB_PORT": PORT}


def demo(folder, *words, code=0):
    words = words if "--ask" in words else (*words, "--ask", "0", "--no-compare", "--no-watch")
    done = subprocess.run([*DEMO, *words, "-o", "json"], cwd=folder, env=environment(), capture_output=True, text=True, timeout=600)
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("Ein Jahr Flüge")


@pytest.fixture(scope="module")
def first(place):
    return demo(place, "--months", "3-4", "--ask", "300", "--down")


def test_it_goes_online_and_the_lake_holds_what_was_asked(place, first):
    online = first["online"]
    assert online["version"] == "flight-delay/1" and online["url"] == f"http://127.0.0.1:{PORT}/models/flight-delay"
    assert [(s["protocol"], s["rows"]) for s in online["sent"]] == [("MLflow", 150), ("Open Inference Protocol", 150)]
    assert online["predictions"] == 300 and 280 < online["labelled"] <= 300
    assert online["windows"] in (30, 31), "April in New York, days in UTC"
    ws = Workspace(place / "mlops-demo")
    assert not ws.status().running, "--down ended it"
    rows = ws.predictions("flight-delay/1", last=None, labels=True)
    rows = rows[rows["deployment"] == "flight-delay"]
    assert len(rows) == 300 and rows["entity_id"].nunique() == 300
    assert rows["event_time"].between("2013-04-01T00:00Z", "2013-05-02T00:00Z").all()


def test_it_makes_a_proven_champion_and_scores_real_months(place, first):
    assert set(first) == {"model", "version", "months", "proof", "online", "year", "change"}
    ws = Workspace(place / "mlops-demo", read_only=True)
    version = ws.version("flight-delay")
    assert (version.state, version.aliases, version.version) == ("proven", ("champion",), 1)
    assert {s.split("@")[0] for s in version.snapshots} == {"flights", "weather"}
    assert [m["month"] for m in first["months"]] == [3, 4]
    for month in first["months"]:
        assert 20_000 < month["rows"] < 30_000 and 0.60 < month["auc"] < 0.75
        assert 0.1 < month["base_rate"] < 0.35 and 0 < month["mean_prediction"] < 1
        assert month["verdict"] in ("changed", "drifted") and month["changed"] + month["drifted"], "spring is not winter"


def test_the_year_is_watched_and_a_challenger_comes_and_goes(place, first):
    year, change = first["year"], first["change"]
    assert [w["label"] for w in year["windows"]][-2:] == ["2013-03", "2013-04"] and year["days"] >= 60
    for window in year["windows"][-2:]:
        assert 0.6 < window["realised"] < 0.75 and 0.6 < window["estimated"] < 0.8 and window["coverage"] > 0.9
    assert len(year["alerts"]) <= 4, "rare"
    assert "<svg" in Path(year["page"]).read_text(encoding="utf-8")
    ws = Workspace(place / "mlops-demo", read_only=True)
    assert change["version"] == "flight-delay/2" and ws.version("flight-delay").version == 1, "it was taken back"
    receipts = {r.id: r for r in ws.receipts("flight-delay")}
    assert receipts[change["taken_back"]].undoes == change["promoted"] and receipts[change["promoted"]].to_version == 2
    assert [p.evidence["challenger"] for p in ws.proposals("flight-delay", open_only=False)] == ["flight-delay/2"]


def test_each_run_left_its_evidence(place, first):
    ws = Workspace(place / "mlops-demo", read_only=True)
    runs = [run for run in ws.runs(notebook="score.ipynb") if not run.because]
    assert sorted(r.parameters["month"] for r in runs) == [3, 4]
    for run in runs:
        there = {p.name for p in Path(run.folder).iterdir()}
        assert {"executed.ipynb", "source.ipynb", "manifest.json", "run.json", "drift.json", "io.jsonl"} <= there
        assert {r.split("@")[0] for r in run.inputs} == {"flights", "weather"} and run.output.startswith("flight-delay-scored@")
        assert run.tracking_run_id
    proof = first["proof"]
    assert proof["identical"] and proof["repeated"] in {r.id for r in runs}, proof
    assert len(proof["papermill"]) == 2 and proof["seconds"] < min(proof["papermill"])
    table = ws.read("flight-delay-scored")
    assert len(table) == sum(m["rows"] for m in first["months"]) and table["flight_id"].is_unique


def test_a_second_call_finds_everything_there_and_a_longer_one_adds_what_is_missing(place, first):
    ws = Workspace(place / "mlops-demo", read_only=True)
    before = {r.id for r in ws.runs()}
    assert demo(place, "--months", "3-4") == first | dict.fromkeys(("online", "proof", "year", "change"))
    assert {r.id for r in ws.runs()} == before, "nothing was to be run again"
    longer = demo(place, "--months", "3-5")
    assert longer["months"][:2] == first["months"] and longer["months"][2]["month"] == 5
    assert len({r.id for r in ws.runs()} - before) == 1


def test_ctrl_c_in_the_middle_costs_only_the_step_it_hit(place, first):
    ws = Workspace(place / "mlops-demo", read_only=True)
    before = {r.id for r in ws.runs()}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    words = ["--months", "6-7", "--ask", "0", "--no-compare", "--no-watch"]
    started = subprocess.Popen([*DEMO, *words], cwd=place, env=environment(), **pipes)
    try:
        end = time.monotonic() + 120
        while not {r.id for r in ws.runs(status="running")} - before:
            assert started.poll() is None and time.monotonic() < end
            time.sleep(0.1)
        started.send_signal(signal.SIGINT)
        _, said = started.communicate(timeout=60)
    finally:
        started.kill()
    assert started.returncode == 130 and "goes on from there" in said, said
    assert {r.status for r in Workspace(place / "mlops-demo").runs() if r.id not in before} <= {"cancelled", "finished"}
    assert [m["month"] for m in demo(place, "--months", "6-7")["months"]] == [6, 7]


def test_two_demos_at_once_are_told_of_each_other(place, first):
    with Workspace(place / "mlops-demo").exclusively("demo"):
        error = demo(place, "--months", "3", code=1)["error"]
    assert error["code"] == "busy" and str(os.getpid()) in error["message"]


def test_another_seed_makes_another_model(place, first):
    other = demo(place, "--months", "3", "--seed", "5")
    assert other["version"] == first["version"] + 2, "the challenger is between them"
    assert other["months"][0]["auc"] != first["months"][0]["auc"]
    ws = Workspace(place / "mlops-demo", read_only=True)
    newest = ws.runs(notebook="score.ipynb")[0]
    seen = ws.drift("flight-delay", run=newest.id)
    assert seen.n_window == other["months"][0]["rows"], "the run knows its version; the champion is another"
    assert Workspace(place / "mlops-demo", read_only=True).version("flight-delay").version == 1, "the champion stays until promoted"
