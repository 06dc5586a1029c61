"""The warm process: what it knows, when it makes way for another, and what it keeps from runs."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from waiting import until

from mlops_nb.batch.grid import Crew, RunSet, Warm, Worker
from mlops_nb.batch.order import process_of, read_run
from mlops_nb.batch.pool import Pool, pool_folder, pools, stop_pools
from mlops_nb.core.process import OnlyOne
from mlops_nb.core.secret import HIDDEN

def run_all(orders, parallel=2, slots=Warm, **more):
    return RunSet(Crew(orders, parallel, slots=slots, **more)).wait()


def run_one(bench, name, *cells, slots=Warm, secrets=None, options=None, **parameters):
    order = bench.order(bench.notebook(name, *cells, parameters=None), **parameters)
    (run,) = run_all([replaced(order, **(options or {}))], slots=slots, secrets=secrets)
    return run


def replaced(order, **fields):
    import dataclasses

    return dataclasses.replace(order, **fields)


def texts(run):
    executed = json.loads((Path(run.folder) / "executed.ipynb").read_text(encoding="utf-8"))
    return ["".join(o.get("text", o.get("data", {}).get("text/plain", ""))) for c in executed["cells"] for o in c.get("outputs", [])]


def test_each_run_is_a_process_of_its_own_and_starts_from_the_same_seed(bench):
    cell = "import os, random, numpy\nprint(os.getpid(), random.random(), numpy.random.rand(), hash('JFK'))\nleft = 1"
    runs = run_all([bench.order(bench.notebook("own", cell, "print('left' in dir())")) for _ in range(4)])
    said = [texts(run)[0].split() for run in runs]
    assert [run.engine for run in runs] == ["warm"] * 4, [run.error for run in runs]
    assert len({pid for pid, *_ in said}) == 4, "no run may share a process with another"
    assert len({tuple(rest) for _, *rest in said}) == 1, "the same seed must give the same numbers"
    assert all(run.cpu_seconds > 0 and run.peak_memory_mb > 20 for run in runs)


def test_the_stock_way_draws_the_same_numbers(bench):
    cell = "import random, numpy\nprint(random.random(), numpy.random.rand(), hash('JFK'))"
    warm, stock = run_one(bench, "draws", cell), run_one(bench, "draws", cell, slots=Worker)
    assert (warm.engine, stock.engine) == ("warm", "stock")
    assert texts(warm) == texts(stock)


def test_what_a_run_loads_is_learnt_and_a_module_that_starts_threads_is_left_out(bench):
    package = Path(pytest.__file__).parents[1]
    quiet, busy = package / "mlops_nb_quiet_lesson.py", package / "mlops_nb_busy_lesson.py"
    quiet.write_text("import colorsys\n")
    busy.write_text("import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n")
    try:
        run = run_one(bench, "loads", "import mlops_nb_quiet_lesson, mlops_nb_busy_lesson")
        assert run.status == "finished", run.error
        memory = pool_folder(bench.root / ".mlops") / "modules.json"
        until(lambda: memory.exists() and "mlops_nb_busy_lesson" in json.loads(memory.read_text())["never"])
        assert "mlops_nb_quiet_lesson" in json.loads(memory.read_text())["modules"]
        cell = "import sys\nprint([n in sys.modules for n in ('mlops_nb_quiet_lesson', 'mlops_nb_busy_lesson')])"
        assert texts(run_one(bench, "knows_now", cell)) == ["[True, False]\n"]
    finally:
        quiet.unlink()
        busy.unlink()


def test_code_that_has_changed_is_never_run_as_it_was(bench, tmp_path, monkeypatch):
    """An editable install: found through the path, outside of the installed distributions."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep))
    module = tmp_path / "own_features.py"
    module.write_text("ANSWER = 1\n")
    bench.notebook("uses_own", "import own_features\nprint(own_features.ANSWER)", parameters=None)
    assert texts(run_one(bench, "uses_own", "import own_features\nprint(own_features.ANSWER)")) == ["1\n"]
    before = {info.pid for info in pools(bench.root / ".mlops")}
    module.write_text("ANSWER = 22\n")
    assert texts(run_one(bench, "uses_own", "import own_features\nprint(own_features.ANSWER)")) == ["22\n"]
    assert {info.pid for info in pools(bench.root / ".mlops")} - before, "another process must have taken over"


def test_other_numbers_of_threads_are_another_process(bench, monkeypatch):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)  # what a user sets himself holds
    cell = "import os, threadpoolctl, numpy, sklearn.ensemble\nfound = threadpoolctl.threadpool_info()\n"
    cell += "print(os.environ['OMP_NUM_THREADS'], {i['num_threads'] for i in found})"
    found = [texts(run_one(bench, "threads", cell, options={"threads": n}))[0] for n in (1, 2)]
    assert [text.split()[0] for text in found] == ["1", "2"] or os.cpu_count() == 1
    assert found[0].strip().endswith("{1}")


@pytest.mark.parametrize("slots", [Warm, Worker])
def test_a_secret_is_written_nowhere(bench, slots):
    value = "correct-horse-battery"
    url = f"postgresql://ada:{value}@db/flights"
    cells = [
        "print('connecting to', url)",
        "import json, base64, urllib.parse, os\nprint(json.dumps({'u': url}), urllib.parse.quote(url, safe=''))",
        "print(base64.b64encode(url.encode()).decode())",
        "from IPython.display import HTML\nHTML(f'<b>{url}</b>')",
        "os.system(f'echo {url}; echo {url} >&2'); None",
        "import sys\nfor c in url: sys.stdout.write(c); sys.stdout.flush()",
        "def connect(address):\n    raise ConnectionError(f'cannot reach {address}')\nconnect(url)",
    ]
    order = bench.order(bench.notebook(f"secret-{slots.__name__}", *cells, parameters="month = 1"), month=2, url="secret://DB_URL")
    (run,) = run_all([replaced(order, secrets=("url",))], slots=slots, secrets={"url": url})
    assert run.status == "failed" and HIDDEN in run.error, run.error
    assert f"connecting to {HIDDEN}" in texts(run)[0], "the notebook must have had the value"
    for path in Path(run.folder).rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            assert value not in text and "Y29ycmVjdC1ob3JzZS" not in text, path.name
    executed = json.loads((Path(run.folder) / "executed.ipynb").read_text())
    assert executed["metadata"]["papermill"]["parameters"] == {"month": 2}


def test_a_cell_that_prints_without_end_is_cut_and_says_so(bench):
    cell = "line = 'x' * 999\nfor _ in range(60_000):\n    print(line)"
    run = run_one(bench, "prints_60_mb", cell, "print('after')", options={"output_limit_mb": 1.0})
    assert run.status == "finished", run.error
    said = texts(run)
    assert len(said[0]) == 1_000_000 and "more than 1 MB" in said[1] and said[2] == "after\n"
    assert (Path(run.folder) / "executed.ipynb").stat().st_size < 2_500_000


@pytest.mark.parametrize("slots", [Warm, Worker])
def test_a_run_that_takes_too_long_is_failed_and_nothing_of_it_is_left(bench, slots):
    cell = (
        "import subprocess, os, signal, pathlib, time\n"
        "child = subprocess.Popen(['sh', '-c', 'trap \"\" TERM; sleep 900'], start_new_session=True)\n"
        f"pathlib.Path('child-{slots.__name__}.pid').write_text(str(child.pid))\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(900)"
    )
    note = bench.root / f"child-{slots.__name__}.pid"
    for seconds in (4.0 if slots is Warm else 15.0, 60.0, 240.0):  # a busy machine may need more than the first only to begin
        run = run_one(bench, f"too_long_{slots.__name__}", cell, slots=slots, options={"timeout_s": seconds})
        assert run.status == "failed" and "timeout_s" in run.error
        if note.exists() and note.read_text():
            break
    child = int(note.read_text())
    if slots is Warm:  # whatever group it has put itself into
        until(lambda: not Path(f"/proc/{child}").exists() or Path(f"/proc/{child}/stat").read_text().split()[2] == "Z")
    else:
        os.killpg(child, signal.SIGKILL)


WAITS = "import os, pathlib, time\npathlib.Path({0!r}).write_text(str(os.getpid()))\ntime.sleep(900)"


def started(bench, name):
    pid = bench.root / f"{name}.pid"
    pid.unlink(missing_ok=True)
    order = bench.order(bench.notebook(name, WAITS.format(pid.name)))
    runs = RunSet(Crew([order], 1, slots=Warm))
    until(lambda: pid.exists() and pid.read_text())
    return order, runs, int(pid.read_text())


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize("victim", ["kernel", "driver"])
def test_a_process_that_is_killed_is_a_failed_run_and_takes_the_other_along(bench, victim):
    order, runs, kernel = started(bench, f"killed_{victim}")
    driver = process_of(Path(order.folder))
    os.kill(kernel if victim == "kernel" else driver, signal.SIGKILL)
    (run,) = runs.wait()
    assert run.status == "failed" and ("SIGKILL" in run.error if victim == "driver" else "kernel died" in run.error)
    assert read_run(order.folder).status == "failed"
    until(lambda: gone(kernel) and gone(driver))


def test_a_run_goes_on_when_the_warm_process_is_killed(bench):
    order, runs, kernel = started(bench, "orphaned")
    for info in pools(bench.root / ".mlops"):
        os.kill(info.pid, signal.SIGKILL)
    until(lambda: not pools(bench.root / ".mlops"))
    assert not gone(kernel) and process_of(Path(order.folder)), "the run must not notice"
    (run,) = runs.cancel()
    assert run.status == "cancelled"
    until(lambda: gone(kernel))
    assert run_one(bench, "next_after_kill", "1").engine == "warm"


def test_when_the_caller_is_killed_the_run_is_cancelled(bench):
    script = (
        "import sys, json; from mlops_nb.batch.grid import Crew, RunSet, Warm; from mlops_nb.batch.order import Order;"
        "RunSet(Crew([Order.from_dict(json.loads(sys.argv[1]))], 1, slots=Warm)).wait()"
    )
    pid = bench.root / "caller.pid"
    order = bench.order(bench.notebook("caller", WAITS.format(pid.name)))
    caller = subprocess.Popen([sys.executable, "-c", script, json.dumps(order.to_dict())])
    try:
        until(lambda: pid.exists() and pid.read_text())
    finally:
        caller.kill()
        caller.wait()
    until(lambda: gone(int(pid.read_text())) and read_run(order.folder).status == "cancelled")


def test_a_run_that_is_cancelled_while_the_warm_process_starts_does_not_go_on(tmp_path):
    from conftest import Bench

    other = Bench(tmp_path / "cold")
    other.root.mkdir()
    pid = other.root / "early.pid"
    order = other.order(other.notebook("early", WAITS.format(pid.name)))
    try:
        (run,) = RunSet(Crew([order], 1, slots=Warm)).cancel()
        assert run.status == "cancelled" and read_run(order.folder).status == "cancelled"
    finally:
        stop_pools(other.root / ".mlops")


def test_where_the_one_before_is_still_about_to_end_another_is_started(tmp_path, monkeypatch):
    place = Pool(tmp_path, tmp_path / ".mlops", dict(os.environ))
    started, real, found = [], subprocess.Popen, []

    def start(*words, **more):
        started.append(real(*words, **more))
        return started[-1]

    monkeypatch.setattr("mlops_nb.batch.pool.subprocess.Popen", start)
    before = OnlyOne(place.address.with_suffix(".lock"), "The warm process")  # it listens no more, and is not gone
    thread = threading.Thread(target=lambda: found.append(place.ready()))
    thread.start()
    try:
        until(lambda: started and started[0].poll() == 0, "the new one makes way")
        before.release()
        thread.join(300)
        assert len(found) == 1 and len(started) == 2, "one more, once the place is free"
        found[0].close()
    finally:
        before.release()
        stop_pools(tmp_path / ".mlops")
        until(lambda: not pools(tmp_path / ".mlops"), "it ends")


def test_it_ends_when_it_is_told_to_and_when_its_workspace_is_gone(bench, tmp_path):
    from conftest import Bench

    other = Bench(tmp_path / "other")
    other.root.mkdir()
    assert run_one(other, "first", "1").engine == "warm"
    assert len(pools(other.root / ".mlops")) == 1
    assert stop_pools(other.root / ".mlops") == 1
    until(lambda: not pools(other.root / ".mlops"), "it ends")
    assert run_one(other, "second", "1").engine == "warm"
    (info,) = pools(other.root / ".mlops")
    (other.root / ".mlops").rename(tmp_path / "moved")
    until(lambda: not info.is_alive)


def test_where_it_cannot_start_the_stock_way_is_taken_and_said(bench, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("mlops_nb.batch.pool.is_supported", lambda: False)
    run = run_one(bench, "elsewhere", "print('all the same')")
    assert run.engine == "stock" and texts(run) == ["all the same\n"]
    assert any("starts afresh" in record.message for record in caplog.records)
