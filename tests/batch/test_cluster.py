"""Runs on a real Dask cluster of processes: with shared stores on PostgreSQL and S3, workers killed, schedulers that go away."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from distributed import Client
from postgres import Server as Postgres
from s3 import Server as S3
from waiting import PATIENCE, until

from mlops_nb.batch.cluster import Cluster
from mlops_nb.batch.grid import Crew, RunSet
from mlops_nb.batch.link import ClusterUnavailable, Link, local_cluster
from mlops_nb.batch.order import Order, read_run, run_id
from mlops_nb.batch.parcel import HostUnfit
from mlops_nb.core.process import read_note
from mlops_nb.core.settings import Settings, init, load, workspace_key
from mlops_nb.store.lake import Lake

MONTHS = range(1, 4)
PATIENT = {"connect_s": PATIENCE, "workers_s": PATIENCE}
FLIGHTS = pd.DataFrame({"month": [m for m in MONTHS for _ in range(50)], "flight": range(150), "delay": [i % 7 for i in range(150)]})


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def number(path: Path) -> int:
    """The number in a file, 0 while there is none."""
    try:
        return int(path.read_text() or 0)
    except OSError:
        return 0


@dataclass
class Desk:
    """A workspace, and notebooks in it."""

    settings: Settings

    def order(self, name: str, *cells: str, **parameters: object) -> Order:
        import nbformat.v4 as v4

        path = self.settings.root / f"{name}.ipynb"
        first = v4.new_code_cell("month = 1\ngate = ''", metadata={"tags": ["parameters"]})
        spec = {"kernelspec": {"name": "python3", "language": "python", "display_name": "python3"}}
        path.write_text(json.dumps(v4.new_notebook(cells=[first, *map(v4.new_code_cell, cells)], metadata=spec)))
        made = run_id(path)
        return Order(made, str(path), parameters, str(self.settings.state_dir / "runs" / made), str(self.settings.root), threads=1)


@pytest.fixture(scope="module", autouse=True)
def patient() -> Iterator[None]:
    """A scheduler or worker that is slow to answer is not away."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlops_nb.batch.link.SILENT_S", PATIENCE)
        patch.setitem(Link.everywhere.__kwdefaults__, "timeout", PATIENCE)
        yield


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    server = S3()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, s3: S3) -> Iterator[Desk]:
    """Its lake is on S3, its control on PostgreSQL; credentials stand in the environment, as they do for the workers."""
    root = tmp_path_factory.mktemp("Flüge 2013")
    url = postgres.database()
    with pytest.MonkeyPatch.context() as patch:
        told = {"MLOPS_NB_CONTROL": url, "MLOPS_NB_LAKE": "s3://lake-bucket/cluster", "MLOPS_NB_KEY_FILE": str(root.parent / "key-of-all")}
        for name, value in (s3.options | told).items():
            patch.setenv(name, value)
        settings = init(root)
        workspace_key(settings)
        Lake(settings.lake).commit("flights", FLIGHTS)
        yield Desk(settings)


@pytest.fixture(scope="module")
def scheduler(desk: Desk) -> Iterator[str]:
    """Two workers, which serve every test of this file."""
    cluster = local_cluster(2)
    yield str(cluster.scheduler_address)
    cluster.close()


SCORE = """
import os, time
from pathlib import Path
import rates
from mlops_nb import Workspace
ws = Workspace()
rows = ws.read("flights", where=[("month", "=", month)])
ws.commit("scored", rows.assign(late=rows["delay"] * rates.RATE), mode="append")
ws.record(rows=len(rows))
"""
GATE = """
Path(gate + ".kernel").write_text(str(os.getpid()))
print("waiting at the gate", flush=True)
while not Path(gate).exists():
    time.sleep(0.05)
"""


def test_a_killed_worker_s_run_ends_elsewhere_and_nothing_is_doubled(desk: Desk, scheduler: str, tmp_path: Path) -> None:
    (desk.settings.root / "rates.py").write_text("RATE = 2\n")  # travels with the notebook
    gates = {m: tmp_path / f"gate-{m}" for m in MONTHS}
    for month in (1, 3):
        gates[month].touch()
    orders = [desk.order("score", SCORE, GATE, month=m, gate=str(gates[m])) for m in MONTHS]
    cluster = Cluster(desk.settings, scheduler, shared=False, **PATIENT)
    runs = RunSet(Crew(orders, 3, slots=cluster))

    victim, folder = Path(f"{gates[2]}.kernel"), Path(orders[1].folder)
    kernel = int(until(lambda: number(victim), "the second run is at its gate"))
    told = until(lambda: (t := read_note(folder / "progress.json")) and t.get("cell") == 4 and t, "it tells where it is, and stays there")
    assert told["cells"] == 4 and read_run(folder).status == "running"  # live, before it has ended
    victim.unlink()  # before the kill: it may be there again at once
    with Client(scheduler, set_as_default=False, timeout=PATIENCE) as client:
        os.kill(client.run(os.getpid)[told["worker"]], signal.SIGKILL)
    until(lambda: not alive(kernel), "the kernel ends")
    until(lambda: number(victim), "the run begins elsewhere")  # somebody else has begun, and appended the rows again
    gates[2].touch()

    ended = runs.wait()
    assert [(r.status, r.error, r.results) for r in ended] == [("finished", "", {"rows": 50})] * 3
    assert [r.attempt for r in ended][1] == 2
    found = Lake(desk.settings.lake).read("scored").sort_values("flight", ignore_index=True)
    pd.testing.assert_frame_equal(found, FLIGHTS.assign(late=FLIGHTS["delay"] * 2))

    for order, run in zip(orders, ended, strict=True):
        here = Path(order.folder)
        assert run.to_dict() == read_run(here).to_dict() and (run.folder, run.notebook) == (order.folder, order.notebook)
        assert run.inputs == ("flights@1",) and run.output.startswith("scored@")
        executed = json.loads((here / "executed.ipynb").read_text())["cells"]
        assert [c["metadata"]["papermill"]["status"] for c in executed] == ["completed"] * 4
        assert json.loads((here / "manifest.json").read_text())["notebook"] == "score.ipynb"
        for path in here.rglob("*"):
            text = path.read_bytes() if path.is_file() else b""
            assert os.environ["MLOPS_NB_CONTROL"].encode() not in text and os.environ["AWS_SECRET_ACCESS_KEY"].encode() not in text, path
    until(lambda: cluster.link is not None and cluster.link.closed, "the link is closed")


def test_cancel_ends_the_kernel_there_and_starts_nothing_more(
    desk: Desk, scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlops_nb.batch.cluster.STOP_S", PATIENCE)  # for the evidence to come back
    gate = tmp_path / "gate"
    orders = [desk.order("waits", "import os, time\nfrom pathlib import Path", GATE, gate=str(gate)) for _ in range(2)]
    runs = RunSet(Crew(orders, 1, slots=Cluster(desk.settings, scheduler, **PATIENT)))
    kernel = int(until(lambda: number(Path(f"{gate}.kernel")), "a run is at the gate"))
    until(lambda: read_run(orders[0].folder).status == "running", "it was heard that it began")
    assert [r.status for r in runs.cancel()] == ["cancelled", "cancelled"]
    until(lambda: not alive(kernel), "the kernel ends")
    assert [read_run(o.folder).status for o in orders] == ["cancelled", "cancelled"]
    assert (Path(orders[0].folder) / "executed.ipynb").exists()  # the evidence of what it did came back
    assert not (Path(orders[1].folder) / "executed.ipynb").exists()


def test_a_worker_without_the_key_gets_nothing(desk: Desk, scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_NB_KEY_FILE", str(tmp_path / "another-key"))
    with pytest.raises(HostUnfit, match="MLOPS_NB_KEY_FILE"):
        Cluster(load(desk.settings.root), scheduler, **PATIENT)


def dask(kind: str, *where: str, **options: object) -> subprocess.Popen[bytes]:
    """A scheduler or worker that is a program of its own."""
    spec = json.dumps({"cls": f"distributed.{kind}", "opts": {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", **options}})
    return subprocess.Popen([sys.executable, "-m", "dask", "spec", *where, "--spec", spec], stderr=subprocess.DEVNULL)


def test_a_cluster_without_workers_and_one_whose_scheduler_is_killed(desk: Desk, tmp_path: Path) -> None:
    told, gate = tmp_path / "scheduler.json", tmp_path / "gate"
    programs = [dask("Scheduler", port=0, scheduler_file=str(told))]
    try:
        address = str(until(lambda: told.exists() and json.loads(told.read_text() or "{}").get("address"), "its address"))
        with pytest.raises(ClusterUnavailable, match="has no workers"):
            Cluster(desk.settings, address, connect_s=PATIENCE, workers_s=0.3)
        programs.append(dask("Worker", address, nthreads=1))
        cluster = Cluster(desk.settings, address, **PATIENT)
        assert cluster.capacity == 1
        orders = [desk.order("waits", "import os, time\nfrom pathlib import Path", GATE, gate=str(gate)) for _ in range(2)]
        runs = RunSet(Crew(orders, 1, slots=cluster))
        kernel = int(until(lambda: number(Path(f"{gate}.kernel")), "a run is at the gate"))
        programs[0].kill()
        ended = runs.wait()
        assert [r.status for r in ended] == ["failed", "failed"]
        assert all("Dask scheduler" in r.error and "waits.ipynb" in r.error for r in ended), [r.error for r in ended]
        until(lambda: not alive(kernel), "the kernel ends")  # a worker without a scheduler ends, and what it runs with it
    finally:
        for program in programs:
            program.kill()
            program.wait()


def test_a_worker_that_leaves_and_nobody_comes(desk: Desk, tmp_path: Path) -> None:
    dask = local_cluster(1)
    try:
        gate = tmp_path / "gate"
        order = desk.order("waits", "import os, time\nfrom pathlib import Path", GATE, gate=str(gate))
        until(lambda: dask.scheduler.workers, "a worker comes")
        cluster = Cluster(desk.settings, str(dask.scheduler_address), connect_s=PATIENCE, workers_s=1.0)
        runs = RunSet(Crew([order], 1, slots=cluster))
        kernel = int(until(lambda: number(Path(f"{gate}.kernel")), "a run is at the gate"))
        dask.scale(0)
        (run,) = runs.wait()
        assert run.status == "failed" and "no worker" in run.error
        until(lambda: not alive(kernel), "the kernel ends")
    finally:
        dask.close()


SCRIPT = """
import sys
from mlops_nb.batch.cluster import Cluster
from mlops_nb.batch.grid import Crew, RunSet
from mlops_nb.batch.order import Order
from mlops_nb.core.settings import load
import json
order = Order.from_dict(json.loads(sys.argv[1]))
print("once")
cluster = Cluster(load(order.root), "local-dask", 1, connect_s=300, workers_s=300)
(run,) = RunSet(Crew([order], 1, slots=cluster)).wait()
print(run.status)
"""


def test_a_script_without_a_guard_starts_a_local_cluster_once(desk: Desk, tmp_path: Path) -> None:
    order = desk.order("plain", "print('hello')")
    (tmp_path / "script.py").write_text(SCRIPT)
    words = [sys.executable, str(tmp_path / "script.py"), json.dumps(order.to_dict())]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout.split() == ["once", "finished"], done.stderr
    assert "Traceback" not in done.stderr and "distributed" not in done.stderr, done.stderr
