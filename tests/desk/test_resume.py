"""What a grid is missing is finished, without doubling anything; and a run ends from another process."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat.v4 as v4
import pytest
from waiting import until

from mlops_nb.batch.order import read_run, write_run
from mlops_nb.core.errors import RunNotFound, UsageError
from mlops_nb.core.process import began
from mlops_nb.desk.workspace import Workspace

STEP = """import os
from mlops_nb import Workspace
ws = Workspace()
ws.commit("scores", {"month": [month, month], "n": [1, 2]}, mode="append")
if month == 2 and os.path.exists("broken"):
    raise ValueError("broken")
if month == 3 and os.path.exists("broken"):
    os._exit(9)
ws.commit("scores", {"month": [month], "n": [3]}, mode="append")"""
WAITS = "import os, pathlib, time\npathlib.Path('kernel.pid').write_text(str(os.getpid()))\ntime.sleep(3600)"


def notebook(path: Path, cell: str) -> Path:
    cells = [v4.new_code_cell("month = 1", metadata={"tags": ["parameters"]}), v4.new_code_cell(cell)]
    path.write_text(json.dumps(v4.new_notebook(cells=cells)))
    return path


@pytest.fixture
def ws(tmp_path):
    return Workspace(tmp_path)


def test_a_grid_is_finished_once_and_no_row_is_doubled(ws):
    path = notebook(ws.root / "step.ipynb", STEP)
    (ws.root / "broken").touch()
    first = ws.run(path, month=[1, 2, 3], parallel=2, wait=True).runs
    assert [r.status for r in first] == ["finished", "failed", "failed"], [r.error for r in first]

    def counts():
        return dict(sorted(ws.read("scores").groupby("month").size().items()))

    assert counts() == {1: 3, 2: 2, 3: 2}

    (ws.root / "broken").unlink()
    lost = read_run(first[2].folder)
    write_run(type(lost).from_dict(lost.to_dict() | {"status": "running"}))  # as a machine leaves it that went away
    again = ws.resume(first[0].grid, wait=True).runs
    assert [(r.because, r.attempt, r.status) for r in again] == [(f"resumes {r.id}", 2, "finished") for r in first[1:]]
    assert {r.grid for r in again} == {first[0].grid} and [r.parameters for r in again] == [{"month": 2}, {"month": 3}]
    assert counts() == {1: 3, 2: 3, 3: 3}
    with pytest.raises(UsageError, match=r"Nothing of .* is to be resumed: 3 finished, 2 failed"):
        ws.resume(first[0].grid)
    with pytest.raises(UsageError, match="1 finished"):
        ws.resume(first[0].id)
    with pytest.raises(RunNotFound):
        ws.resume("no-such-run")


def test_a_run_is_ended_from_another_process_and_its_record_says_so(ws):
    notebook(ws.root / "waits.ipynb", WAITS)
    script = "import sys; from mlops_nb import Workspace; ws = Workspace(sys.argv[1])\n"
    script += "runs = ws.run('waits.ipynb', month=[1, 2], parallel=1)\nruns.wait()"
    owner = subprocess.Popen([sys.executable, "-c", script, str(ws.root)], cwd=ws.root, start_new_session=True)
    try:
        until(lambda: (ws.root / "kernel.pid").exists() and (ws.root / "kernel.pid").read_text(), "it runs")
        kernel = int((ws.root / "kernel.pid").read_text())
        (running,) = ws.runs(status="running")
        queued = next(r for r in ws.runs() if r.id != running.id)
        assert ws.cancel(queued.id).status == "queued", "it has no process of its own; it is not begun when its turn comes"
        assert owner.poll() is None, "whoever started them goes on"
        line = [sys.executable, "-c", "import sys; from mlops_nb.doors.cli import main; sys.exit(main())"]
        done = subprocess.run([*line, "runs", "cancel", running.id, "-o", "json"], cwd=ws.root, capture_output=True, text=True)
        told = json.loads(done.stdout)
        assert (done.returncode, told["status"], told["changed"]) == (0, "cancelled", True), done.stderr
        assert read_run(running.folder).status == "cancelled"
        until(lambda: not began(kernel), "its kernel has ended")
        assert ws.cancel(running.id).status == "cancelled", "again is fine"
        assert owner.wait(300) == 0
        assert {r.status for r in ws.runs()} == {"cancelled"}
        assert not (Path(queued.folder) / "executed.ipynb").exists(), "it must never have begun"
    finally:
        if owner.poll() is None:
            os.killpg(owner.pid, signal.SIGKILL)
            owner.wait()
