"""Workers and collectors are killed at every armed point, again and again: every acknowledged answer is in the lake once."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pyarrow.compute as pc
import pytest
from waiting import until

from mlops_nb.store import lake_served as served
from mlops_nb.store.lake import Lake
from mlops_nb.store.spool import segments

ROOT = Path(__file__).resolve().parents[2]
POINTS = ["before-lake", "after-predictions", "after-labels", "after-profiles", "before-delete"]
ROUNDS = int(os.environ.get("MLOPS_NB_SOAK_ROUNDS", "1"))

WORKER = """
import sys, time
from mlops_nb.store.spool import LABELS, PREDICTION, SpoolWriter
folder, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
it = SpoolWriter(folder, name, segment_bytes=20_000)
for model in ("delay", "price"):
    it.describe(model + "/1", {"features": ["carrier", "gust"], "types": ["string", "float"], "classes": [0, 1]})
for n in range(count):
    id, model, us = f"{name}-{n}", ("delay", "price")[n % 3 == 0], time.time_ns() // 1000
    it.append((PREDICTION, model + "/1", model, "champion", "live", id, us, 310, "k", "features", 1, [["UA"], [float(n)]], None, None, None,
               [n % 2], [(0.5, 0.5)]))
    print("p", id, flush=True)
    time.sleep(0.0005)  # some hundreds of requests a second
    if n % 5 == 0:
        it.append((LABELS, model, model, us, "k", [(id, None, 0, n % 2, None)]))
        print("l", id, flush=True)
"""

COLLECTOR = """
import json, sys
from mlops_nb.store.lake import Lake
from mlops_nb.watch.collect import Collector
done = Collector(Lake(sys.argv[1] + "/lake"), sys.argv[1] + "/spool", key=b"k", piece_bytes=int(sys.argv[2])).collect()
print(json.dumps(done.to_dict()))
"""


class Started:
    """A process that speaks into a file, so that nobody has to listen for it to go on."""

    def __init__(self, script: str, *words: object, armed: str = ""):
        environment = os.environ | {"MLOPS_NB_ARMED": armed, "PYTHONPATH": str(ROOT)}
        handle, name = tempfile.mkstemp()
        self.said = Path(name)
        with open(handle, "wb") as said:
            self.process = subprocess.Popen([sys.executable, "-c", script, *map(str, words)], stdout=said, env=environment)

    def heard(self) -> list[str]:
        "All whole lines it has said when it is over."
        self.process.wait(300)
        lines = self.said.read_text().splitlines(keepends=True)
        self.said.unlink()
        return [line.strip() for line in lines if line.endswith("\n")]

    @property
    def was_killed(self) -> bool:
        return self.process.wait(300) == -signal.SIGKILL


def in_lake(root: Path, area: served.Area) -> Counter[str]:
    place = Lake(root / "lake").place
    found: Counter[str] = Counter()
    for model in ("delay", "price"):
        found.update(served.read(place, area, model)["request_id"].to_pylist())
    return found


def profiled(root: Path) -> int:
    place = Lake(root / "lake").place
    return sum(
        pc.sum(rows.filter(pc.field("column") == "gust")["n"]).as_py() or 0
        for model in ("delay", "price")
        if (rows := served.read(place, "profiles", model)).num_rows
    )


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_nothing_acknowledged_is_lost_and_nothing_is_there_twice(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    told: list[str] = []
    kills = 0
    for turn, point in enumerate(POINTS):
        # two workers: one killed at an armed point, one somewhere; each leaves files that nobody will close
        armed = f"spool-{chance.choice(['before', 'after'])}-write:{chance.randint(20, 120)}"
        spool = tmp_path / "spool"
        workers = [Started(WORKER, spool, f"a{turn}", 400, armed=armed), Started(WORKER, spool, f"b{turn}", 10**6)]
        told += workers[0].heard()
        assert workers[0].was_killed
        until(lambda w=workers[1]: w.said.stat().st_size > 2_000, "the other one has written some hundred answers")
        # … while the collector works on what they write, and is killed at its own point
        collector = Started(COLLECTOR, tmp_path, chance.choice([20_000, 1 << 20]), armed=f"collect-{point}:{chance.randint(1, 2)}")
        kills += collector.was_killed
        workers[1].process.kill()
        told += workers[1].heard()
        assert collector.process.returncode in (-signal.SIGKILL, 0)
    assert kills >= 4, "else this was no test of anything"
    last = Started(COLLECTOR, tmp_path, 1 << 20)
    assert json.loads(last.heard()[-1])["damaged"] == 0
    assert segments(tmp_path / "spool") == [] and not list((tmp_path / "spool").glob("*.damaged"))

    predictions, labels = in_lake(tmp_path, "predictions"), in_lake(tmp_path, "labels")
    for kind, found in (("p", predictions), ("l", labels)):
        acknowledged = {line.split()[1] for line in told if line.startswith(f"{kind} ")}
        assert acknowledged and acknowledged <= set(found), f"lost: {sorted(acknowledged - set(found))[:5]}"
        assert set(found.values()) == {1}, f"twice: {[name for name, n in found.items() if n > 1][:5]}"
        unheard = set(found) - acknowledged  # written, and killed before it could be said
        assert len(unheard) <= 2 * len(POINTS)
    assert profiled(tmp_path) == sum(predictions.values()), "and the windows have counted each of them once"


def test_a_collector_killed_anywhere_while_a_worker_writes(tmp_path: Path) -> None:
    """No armed point: SIGKILL after a random time, in the middle of whatever it was doing."""
    chance = random.Random(7)
    worker = Started(WORKER, tmp_path / "spool", "w", 10**6)
    try:
        until(lambda: worker.said.stat().st_size, "the worker writes")
        for _ in range(3 * ROUNDS):
            collector = Started(COLLECTOR, tmp_path, 20_000).process
            until(lambda c=collector: c.poll() is not None or (tmp_path / "lake" / "profiles").exists(), "it is in the middle")
            try:
                collector.wait(chance.uniform(0, 0.5))
            except subprocess.TimeoutExpired:
                collector.kill()
                collector.wait(300)
    finally:
        worker.process.kill()
    acknowledged = {line.split()[1] for line in worker.heard() if line.startswith("p ")}
    last = Started(COLLECTOR, tmp_path, 8 << 20)
    assert json.loads(last.heard()[-1])["damaged"] == 0 and segments(tmp_path / "spool") == []
    found = in_lake(tmp_path, "predictions")
    assert acknowledged <= set(found) and len(set(found) - acknowledged) <= 1 and set(found.values()) == {1}
    assert profiled(tmp_path) == len(found)
