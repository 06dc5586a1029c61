"""Schedules as the agent drives them: they fire with nobody there, survive a kill, and run each firing once."""

import json
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import nbformat.v4 as v4
import pandas as pd
import pytest
from agents import kill, left_alone, wait_until, workspace_at

from mlops_nb.batch.notebook import read_notebook
from mlops_nb.batch.order import process_of
from mlops_nb.core.errors import Conflict
from mlops_nb.core.records import now
from mlops_nb.core.schedules import Schedule
from mlops_nb.core.settings import Settings
from mlops_nb.desk import scheduling
from mlops_nb.desk.agent_client import call, read_card
from mlops_nb.desk.scheduling import Scheduling
from mlops_nb.desk.workspace import Workspace

@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    "An MLflow database with its tables; making them takes ten seconds."
    ws = Workspace(workspace_at(tmp_path_factory.mktemp("tracking") / "ws").root)
    ws.versions()
    return ws.settings.state_dir / "mlflow.db"


def place_at(root: Path, tracking: Path, **settings: object) -> Settings:
    place = workspace_at(root, **settings)
    shutil.copy(tracking, place.state_dir / "mlflow.db")
    return place


def notebook(path: Path, *cells: str) -> Path:
    made = [v4.new_code_cell("month = 1", metadata={"tags": ["parameters"]}), *map(v4.new_code_cell, cells)]
    spec = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    path.write_text(json.dumps(v4.new_notebook(cells=made, metadata=spec)), encoding="utf-8")
    return path


def firings(ws: Workspace, name: str) -> list:
    "All of them: a slow machine skips more than the fifty that are shown."
    return ws.stores.control.firings(name, limit=100_000)


def ended(ws: Workspace, name: str, state: str = "done", count: int = 1) -> list:
    return wait_until(
        lambda: (found := [f for f in firings(ws, name) if f.state == state]) and len(found) >= count and found,
        words=f"{name} is {state}: {[(f.state, f.reason) for f in firings(ws, name)][:5]}",
    )


def test_it_fires_with_nobody_there_until_it_is_paused(tmp_path: Path, tracking: Path) -> None:
    place = place_at(tmp_path / "Flüge 2013", tracking, agent_idle=1)
    notebook(place.root / "tiny.ipynb", "print(month)")
    ws = Workspace(place.root)
    with left_alone(place):
        made = ws.schedule("tiny.ipynb", every="1s", parameters={"month": 3})
        agent = read_card(place)
        assert made.changed and made.next_at and not ws.schedule("tiny.ipynb", every="1s", parameters={"month": 3}).changed
        ended(ws, "tiny", count=2)
        assert agent.is_alive, "it has work although nobody asked anything for longer than agent_idle"
        assert [s["name"] for s in call(place, "status")["schedules"]] == ["tiny"]
        run = ws.get_run(ended(ws, "tiny")[-1].runs[0])
        assert (run.because, run.attempt, run.parameters, run.status) == ("schedule tiny", 1, {"month": 3}, "finished")
        assert ws.pause_schedule("tiny").changed and not ws.pause_schedule("tiny").changed
        wait_until(lambda: not agent.is_alive, words="it ends: nothing is scheduled any more")
        count = len(firings(ws, "tiny"))
        assert ws.next_times("tiny") == [] and ws.resume_schedule("tiny").changed
        wait_until(lambda: len(firings(ws, "tiny")) > count, words="it fires again")
        assert ws.remove_schedule("tiny").changed and not ws.remove_schedule("tiny").changed
        assert ws.schedule_history("tiny"), "its history stays"


@pytest.mark.parametrize("with_its_run", [False, True], ids=["the run ended with it", "the run was killed, too"])
def test_what_a_killed_agent_had_begun_is_done_once(tmp_path: Path, tracking: Path, with_its_run: bool) -> None:
    place, go, begun = place_at(tmp_path / "ws", tracking), tmp_path / "go", tmp_path / "begun"
    cells = (f"open({str(begun)!r}, 'a').write('x')", f"import time, os\nwhile not os.path.exists({str(go)!r}):\n    time.sleep(.05)")
    notebook(place.root / "long.ipynb", *cells)
    ws = Workspace(place.root)
    with left_alone(place):
        ws.schedule("long.ipynb", cron="0 0 1 1 *", name="new year")
        assert ws.run_schedule_now("new year").state in ("waiting", "leased")
        wait_until(begun.exists, words="it runs")
        (firing,) = ws.schedule_history("new year")
        wait_until(lambda: ws.schedule_history("new year")[0].runs, words="its run is noted")
        run = ws.get_run(ws.schedule_history("new year")[0].runs[0])
        driver = process_of(Path(run.folder))
        if with_its_run:
            os.killpg(driver, signal.SIGSTOP)  # so that it does not hear of its agent's end
            stat = Path(f"/proc/{driver}/stat")
            wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", words="it stands still")
        kill(read_card(place))
        if with_its_run:
            os.killpg(driver, signal.SIGKILL)
        left = "failed" if with_its_run else "cancelled"
        wait_until(lambda: ws.get_run(run.id).status == left, words=f"the run is {left}")
        ws.up()
        wait_until(lambda: ws.schedule_history("new year")[0].fence == firing.fence + 1 or None, words="the next agent takes it over")
        go.touch()
        (done,) = ended(ws, "new year")
        finished = [r for r in ws.runs() if r.because == "schedule new year" and r.status == "finished"]
        assert len(finished) == 1 and done.runs[-1] == finished[0].id and done.attempt == 2
        assert begun.read_text() == "xx" and len(done.runs) == 2 and finished[0].attempt == 2
        assert ws.schedules()[0].last_state == "done" and ws.alerts() == []


def test_two_agents_on_one_database_run_each_firing_once(tmp_path: Path, tracking: Path, control_url: str) -> None:
    shared = {"control": control_url, "key_file": tmp_path / "key"}
    first, second = (place_at(tmp_path / name, tracking, **shared) for name in ("one", "two"))
    log = tmp_path / "log"
    path = notebook(tmp_path / "tiny.ipynb", f"import os\nopen({str(log)!r}, 'a').write(os.environ['MLOPS_NB_RUN_ID'] + chr(10))")
    ws = Workspace(first.root)
    with left_alone(first, second):
        Workspace(second.root).up()
        ws.schedule(path, every="1s", overlap=True)
        done = ended(ws, "tiny", count=4)
        ws.pause_schedule("tiny")
        wait_until(lambda: not [f for f in firings(ws, "tiny") if f.state == "leased"], words="all have ended")
        ran = log.read_text().split()
        fired = [f for f in firings(ws, "tiny") if f.runs]
        assert len(done) >= 4 and {f.state for f in fired} == {"done"} and {f.attempt for f in fired} == {1}
        assert all(len(f.runs) == 1 for f in fired) and sorted(ran) == sorted(f.runs[0] for f in fired)


class Here:
    """The agent's part of schedules in this process, looking again and again."""

    def __init__(self, root: Path, tracking: Path):
        self.ws = Workspace(place_at(root, tracking, schedule_parallel=4).root)
        self.control = self.ws.stores.control
        self.scheduling = Scheduling(self.ws.settings, lambda: self.ws)

    def add(self, path: Path, **more) -> Schedule:
        known = {"trigger": "interval", "spec": "3600", "at": now(), "next_at": now(), "digest": read_notebook(path).digest}
        return self.control.add_schedule(Schedule(path.stem, path.name, **(known | more)))

    def settle(self, name: str, state: str, count: int = 1) -> list:
        def look() -> list:
            self.scheduling.look()
            return found if len(found := [f for f in self.control.firings(name) if f.state == state]) >= count else []

        return wait_until(look, words=f"{name} {state}")


@pytest.fixture
def here(tmp_path: Path, tracking: Path) -> Iterator[Here]:
    made = Here(tmp_path / "ws", tracking)
    yield made
    made.scheduling.end(cancel=True, within=300)


def test_a_failure_is_tried_again_told_and_forgotten_with_the_next_success(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduling, "RETRY_S", 0.1)
    flag = here.ws.root / "fixed"
    path = notebook(here.ws.root / "flaky.ipynb", f"import os\nassert os.path.exists({str(flag)!r}), 'no such airport'")
    here.add(path, retries=1)
    (failed,) = here.settle("flaky", "failed")
    assert failed.attempt == 2 and len(failed.runs) == 2, "once, and once more"
    assert "flaky.ipynb cell [2]: AssertionError: no such airport" in failed.reason
    assert [here.ws.get_run(id).attempt for id in failed.runs] == [1, 2]
    (alert,) = here.ws.alerts()
    assert alert.kind == "schedule_failed" and "no such airport" in alert.message
    flag.touch()
    here.control.fire("flaky", "now 1")
    here.settle("flaky", "done")
    assert here.ws.alerts() == [] and here.ws.schedules()[0].last_state == "done"


def test_a_notebook_that_has_changed_is_not_run_until_that_is_accepted(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops_nb.desk.agent_client.ensure_agent", lambda settings: None)  # the agent is here
    path = notebook(here.ws.root / "score.ipynb", "print(1)")
    ws = here.ws
    with pytest.warns(UserWarning, match=r"lost\.ipynb.*rate"):
        ws.schedule(notebook(ws.root / "lost.ipynb", "print(month * rate)"), cron="@yearly")
    ws.schedule(path, every="1h", parameters={"month": 3})
    notebook(path, "print(2)")
    ws.run_schedule_now("score")
    (failed,) = here.settle("score", "failed")
    assert "has changed since it was scheduled" in failed.reason and failed.runs == ()
    assert ws.alerts()[0].kind == "schedule_failed" and "--latest" in ws.alerts()[0].hint
    with pytest.raises(Conflict, match="differs in parameters"):
        ws.schedule(path, every="1h", parameters={"month": 4})
    with pytest.raises(Conflict, match="differs in pin"):
        ws.schedule(path, every="1h", parameters={"month": 3}, pin=False)
    assert ws.schedule(path, every="1h", parameters={"month": 3}).changed
    ws.run_schedule_now("score")
    here.settle("score", "done")
    assert ws.alerts() == []
    path.unlink()
    ws.run_schedule_now("score")
    assert "There is no notebook" in here.settle("score", "failed", 2)[0].reason


def test_a_new_snapshot_and_an_alert_fire_what_waits_for_them(here: Here) -> None:
    ws, frame = here.ws, pd.DataFrame({"tail": ["N101"], "seats": [150]})
    ws.commit("planes", frame)
    frames = "pd.DataFrame({'tail': ['N102'], 'seats': [1]})"
    cell = f"from mlops_nb import Workspace\nimport pandas as pd\nWorkspace().commit('planes', {frames})"
    here.control.add_schedule(
        Schedule("after planes", notebook(ws.root / "seats.ipynb", cell).name, trigger="snapshot", spec="planes", at=now()), seen="planes@1"
    )
    here.control.add_schedule(
        Schedule("after alert", notebook(ws.root / "look.ipynb").name, trigger="alert", spec="server_failed", at=now())
    )
    here.scheduling.notice()
    assert here.control.firings() == []
    ws.commit("planes", frame.assign(seats=189))
    here.control.raise_alert("server_failed", "x")
    for _ in range(3):
        here.scheduling.notice()
    assert sorted(f.reason.split()[1] for f in here.control.firings()) == ["alert", "planes@2"]
    here.settle("after planes", "done")
    here.settle("after alert", "done")
    assert ws.history("planes")[0].version == 3, "it wrote a snapshot itself"
    here.scheduling.notice()
    assert len(here.control.firings()) == 2, "which is no reason to run again"
    ws.commit("planes", frame)
    here.scheduling.notice()
    assert len(here.control.firings("after planes")) == 2


def test_what_was_missed_is_said_and_the_last_is_made_up_for(here: Here) -> None:
    path = notebook(here.ws.root / "tiny.ipynb")
    here.add(path, next_at=now() - timedelta(hours=5, minutes=30), catch_up="last")
    done = here.settle("tiny", "done")
    assert done[0].reason == "missed, and made up for"
    states = sorted((f.state, f.reason) for f in here.control.firings("tiny"))
    assert [s for s, _ in states] == ["done", "skipped"] and states[1][1].startswith("5 missed while no agent ran")
    here.add(notebook(here.ws.root / "never.ipynb"), next_at=now() - timedelta(days=3, minutes=30), catch_up="none")
    here.scheduling.look()
    assert [f.state for f in here.control.firings("never")] == ["skipped"]
    (alert,) = here.ws.alerts()
    assert alert.kind == "schedule_missed" and alert.message.startswith("never was not run 73 times since")


def test_a_grid_and_the_end_of_an_agent(here: Here) -> None:
    go = here.ws.root / "go"
    wait = f"import os, time\nopen({str(go)!r} + str(month), 'w').close()\nwhile not os.path.exists({str(go)!r}):\n    time.sleep(.05)"
    path = notebook(here.ws.root / "grid.ipynb", wait)
    here.add(path, parameters={"month": [3, 4]}, grid=("month",))
    begun = [go.with_name(f"go{month}") for month in (3, 4)]
    wait_until(lambda: here.scheduling.look() or all(path.exists() for path in begun), words="both run")
    ender = threading.Thread(target=lambda: here.scheduling.end(cancel=True, within=300))
    ender.start()
    ender.join(300)
    (firing,) = here.control.firings("grid")
    assert (firing.state, firing.attempt, firing.reason) == ("waiting", 0, "the agent ended"), "for the next agent, as if it had not begun"
    assert {here.ws.get_run(id).status for id in firing.runs} == {"cancelled"}
    go.touch()
    here.scheduling = Scheduling(here.ws.settings, lambda: here.ws)
    (done,) = here.settle("grid", "done")
    assert sorted(here.ws.get_run(id).parameters["month"] for id in done.runs[2:]) == [3, 4]
