import json
import os
import socket
import threading
import time
from pathlib import Path

import pytest
from waiting import until

from mlops_nb.batch import grid
from mlops_nb.batch.grid import Crew, RunSet, Warm, Worker, ended
from mlops_nb.batch.order import note_process, place_order, process_of, read_run
from mlops_nb.batch.pool import receive_message
from mlops_nb.batch.run import RunTooLong, _limited
from mlops_nb.core.process import began

def run_all(orders, parallel=2, slots=Warm, **more):
    return RunSet(Crew(orders, parallel, slots=slots, **more)).wait()


def outputs(run):
    executed = json.loads((Path(run.folder) / "executed.ipynb").read_text(encoding="utf-8"))
    return ["".join(o.get("text", o.get("data", {}).get("text/plain", ""))) for c in executed["cells"] for o in c.get("outputs", [])]


@pytest.mark.parametrize("slots", [Warm, Worker])
def test_what_a_notebook_may_do_and_what_becomes_of_the_run(bench, slots):
    made = {
        "finishes": bench.order(bench.notebook("finishes", "print('month', month)"), month=7),
        "raises": bench.order(bench.notebook("raises", "def deep():\n    raise ValueError('no such airport')\ndeep()")),
        "sysexit0": bench.order(bench.notebook("sysexit0", "import sys; sys.exit(0)")),
        "sysexit1": bench.order(bench.notebook("sysexit1", "import sys; sys.exit(1)")),
        "interrupts": bench.order(bench.notebook("interrupts", "raise KeyboardInterrupt")),
        "kernel_dies": bench.order(bench.notebook("kernel_dies", "import os; os._exit(9)")),
        "no_kernel": bench.order(bench.notebook("no_kernel", "1", kernel="cobol"), kernel="cobol"),
        "too_slow": bench.order(bench.notebook("too_slow", "import time; time.sleep(60)"), cell_timeout_s=1),
        "no_tag": bench.order(bench.notebook("no_tag", "print(month)", parameters=None), month=4),
        "ünïcode": bench.order(bench.notebook("ünïcode", "print('Düsseldorf ✈')")),
    }
    before = {name: Path(order.notebook).read_bytes() for name, order in made.items()}
    runs = dict(zip(made, run_all(list(made.values()), slots=slots), strict=True))

    status = {name: run.status for name, run in runs.items()}
    good = ["finishes", "sysexit0", "no_tag", "ünïcode"]
    assert {n for n, s in status.items() if s == "finished"} == set(good), {n: r.error for n, r in runs.items()}
    assert {n for n, s in status.items() if s == "failed"} == set(made) - set(good)
    assert outputs(runs["finishes"]) == ["month 7\n"]
    assert outputs(runs["no_tag"]) == ["4\n"]
    assert outputs(runs["ünïcode"]) == ["Düsseldorf ✈\n"]

    assert runs["raises"].error == "raises.ipynb cell [2]: ValueError: no such airport"
    trace = (Path(runs["raises"].folder) / "error.txt").read_text(encoding="utf-8")
    assert "def deep" in trace and "\x1b[" not in trace
    assert "cobol" in runs["no_kernel"].error and "kernelspec" in runs["no_kernel"].error
    assert "cell_timeout_s" in runs["too_slow"].error
    assert "kernel died" in runs["kernel_dies"].error

    assert {run.engine for run in runs.values()} == ({"warm", "stock"} if slots is Warm else {"stock"})
    assert [name for name, run in runs.items() if run.engine == "stock"] == (["no_kernel"] if slots is Warm else list(runs))
    for name, order in made.items():
        assert Path(order.notebook).read_bytes() == before[name], "the notebook that was given must not be touched"
        assert read_run(order.folder).to_dict() == runs[name].to_dict(), "what was answered must be what is on disk"
        assert (Path(order.folder) / "source.ipynb").read_bytes() == before[name]


def test_the_kernel_knows_its_run_and_nothing_leaks_into_this_process(bench):
    cell = "import os, random\nprint(sorted(k for k in os.environ if k.startswith('MLOPS_NB_')), os.environ['PYTHONHASHSEED'], os.getcwd())"
    order = bench.order(bench.notebook("knows", cell))
    (run,) = run_all([order])
    text = outputs(run)[0]
    assert "MLOPS_NB_RUN_ID" in text and "MLOPS_NB_WORKSPACE" in text and " 11 " in text and text.strip().endswith("Flüge 2013")
    assert "MLOPS_NB_RUN_ID" not in os.environ


def test_results_and_snapshots_are_read_from_the_trail(bench):
    cell = "from mlops_nb.batch.order import record_result\nfrom mlops_nb.core.lineage import note_read, note_write\n"
    cell += "note_read('flights@3'); note_read('flights@3'); note_write('scored@1')\n"
    cell += "record_result({'auc': .5, 'rows': 3}); record_result({'auc': .7})"
    (run,) = run_all([bench.order(bench.notebook("trail", cell))])
    assert run.status == "finished", run.error
    assert run.inputs == ("flights@3",) and run.outputs == ("scored@1",) and run.output == "scored@1"
    assert run.results == {"auc": 0.7, "rows": 3}


def test_the_manifest_names_code_parameters_and_environment(bench):
    (run,) = run_all([bench.order(bench.notebook("manifest", "1 + 1"), month=5)])
    manifest = json.loads((Path(run.folder) / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["format"] == 1
    assert manifest["parameters"] == {"month": 5}
    assert manifest["notebook"].endswith("manifest.ipynb")


def test_a_fault_after_the_run_keeps_the_evidence_and_is_told(bench):
    def finish(run):
        raise RuntimeError("registry is down")

    (run,) = run_all([bench.order(bench.notebook("fine", "1"))], finish=finish)
    assert run.status == "failed" and "registry is down" in run.error
    assert (Path(run.folder) / "executed.ipynb").exists()


@pytest.mark.parametrize("parallel", [1, 3])
def test_runs_come_as_they_finish_and_are_listed_as_asked(bench, parallel):
    notebook = bench.notebook("double", "print(month * 2)")
    orders = [bench.order(notebook, month=m) for m in (3, 4, 5)]
    runs = RunSet(Crew(orders, parallel, slots=Warm))
    assert {run.parameters["month"] for run in runs} == {3, 4, 5}
    assert [outputs(run) for run in runs.runs] == [["6\n"], ["8\n"], ["10\n"]]
    assert "3 of 3 runs ended" in runs._repr_html_()


async def wait_for(runs):
    return await runs


def test_a_run_that_is_over_its_time_ends_wherever_the_alarm_finds_it():
    "Most of the time it finds a callback of asyncio, which keeps any other exception for itself."
    import asyncio

    async def printing():
        while True:
            await asyncio.sleep(0)

    async def notebook():
        reads, end = asyncio.create_task(printing()), time.monotonic() + 60
        while time.monotonic() < end:
            await asyncio.sleep(0.001)
        reads.cancel()

    for _ in range(5):
        loop, begun = asyncio.new_event_loop(), time.monotonic()
        with pytest.raises(RunTooLong, match="may not"), _limited(0.05):  # as papermill's client runs it
            loop.run_until_complete(notebook())
        assert time.monotonic() - begun < 60, "it went on to its end"


def test_who_has_a_run_in_hand_is_known_at_every_moment(tmp_path):
    note_process(tmp_path)
    done = threading.Event()

    def again():
        for _ in range(2_000):
            note_process(tmp_path)
        done.set()

    threading.Thread(target=again, daemon=True).start()
    while not done.is_set():
        assert process_of(tmp_path) == os.getpid(), "a run without a process has failed"


def test_a_run_that_nobody_has_taken_up_yet_is_stopped_without_its_caller(bench, monkeypatch):
    order = bench.order(bench.notebook("waits", "1"))
    place_order(order)  # from now on this process has it in hand
    warm, killed = Warm(), []
    warm._order = order
    warm._idle.clear()
    here, there = socket.socketpair()
    warm._line = here
    monkeypatch.setattr(grid, "GRACE_S", 0.01)
    monkeypatch.setattr(grid.os, "killpg", lambda pid, number: killed.append(pid))
    warm.stop()
    assert killed == [] and receive_message(there)[0] == {"op": "stop"}
    (Path(order.folder) / "pid").write_text(f"{os.getppid()} {began(os.getppid())}")
    warm.stop()
    assert killed == [os.getppid()], "a driver that does not hear is killed"
    here.close(), there.close()


def test_one_that_ends_without_a_word_after_a_cancel_was_cancelled(bench):
    order = bench.order(bench.notebook("long", "import time; time.sleep(600)"))
    runs = RunSet(Crew([order], 1, slots=lambda: Silent()))
    until(lambda: Silent.begun.is_set(), "it is executed")
    assert [run.status for run in runs.cancel()] == ["cancelled"] == [Silent.wrote], "at no moment it has failed"


class Silent:
    "A place to run in whose process is gone as soon as somebody wants the end."

    begun, wanted, wrote = threading.Event(), threading.Event(), ""

    def execute(self, order, secrets):
        self.begun.set()
        self.wanted.wait()
        run = ended(order, "without a word")
        Silent.wrote = run.status
        return run

    def stop(self):
        self.wanted.set()


def test_a_set_of_runs_can_be_awaited(bench):
    import asyncio

    (run,) = asyncio.run(wait_for(RunSet(Crew([bench.order(bench.notebook("awaited", "1"))], 1, slots=Warm))))
    assert run.status == "finished"
