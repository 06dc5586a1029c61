"""What becomes of runs when processes are killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat.v4 as v4
import pytest
from waiting import until

from mlops_nb.batch.grid import Crew, RunSet
from mlops_nb.batch.order import Order, process_of, read_run, run_id

WAITS = "import os, pathlib, time\npathlib.Path('kernel.pid').write_text(str(os.getpid()))\ntime.sleep(600)"


def gone(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def order_for(root, *cells, name="waits"):
    path = root / f"{name}.ipynb"
    path.write_text(json.dumps(v4.new_notebook(cells=[v4.new_code_cell(c) for c in cells])))
    id = run_id(path)
    return Order(id, str(path), {}, str(root / ".mlops" / "runs" / id), str(root))


def kernel_pid(root):
    until(lambda: (root / "kernel.pid").exists() and (root / "kernel.pid").read_text())
    return int((root / "kernel.pid").read_text())


def test_cancel_ends_worker_and_kernel_and_starts_nothing_more(tmp_path):
    orders = [order_for(tmp_path, WAITS), order_for(tmp_path, "print('never')", name="never")]
    runs = RunSet(Crew(orders, parallel=1))
    pid = kernel_pid(tmp_path)
    ended = runs.cancel()
    assert [r.status for r in ended] == ["cancelled", "cancelled"]
    assert [read_run(o.folder).status for o in orders] == ["cancelled", "cancelled"]
    assert not (Path(orders[1].folder) / "executed.ipynb").exists()
    until(lambda: gone(pid))


@pytest.mark.parametrize("victim", ["kernel", "worker"])
def test_a_killed_process_is_a_failed_run_and_the_next_run_goes_on(tmp_path, victim):
    orders = [order_for(tmp_path, WAITS), order_for(tmp_path, "1", name="next")]
    crew = Crew(orders, parallel=1)
    pid = kernel_pid(tmp_path)
    worker = crew.slots[0].process.pid
    os.kill(pid if victim == "kernel" else worker, signal.SIGKILL)
    one, two = RunSet(crew).wait()
    assert one.status == "failed" and two.status == "finished", (one.error, two.error)
    assert ("SIGKILL" if victim == "worker" else "kernel died") in one.error
    until(lambda: gone(pid))


def test_when_the_caller_is_killed_no_process_is_left_and_the_record_is_found_out(tmp_path):
    script = (
        "import sys, json; from mlops_nb.batch.grid import Crew, RunSet; from mlops_nb.batch.order import Order;"
        "RunSet(Crew([Order.from_dict(json.loads(sys.argv[1]))], 1)).wait()"
    )
    order = order_for(tmp_path, WAITS)
    caller = subprocess.Popen([sys.executable, "-c", script, json.dumps(order.to_dict())])
    try:
        pid = kernel_pid(tmp_path)
        worker = process_of(Path(order.folder))
        assert worker != caller.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            caller.kill()
        caller.wait()
    until(lambda: gone(worker) and gone(pid))

    from mlops_nb.desk.running import truth

    found = truth(read_run(order.folder))
    assert found.status in ("cancelled", "failed")
