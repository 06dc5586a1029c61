"""Records of one row from the spool to the lake, profiles included.

    python benchmarks/collect.py [records]

A worker's append is measured first, then what the collector takes for all of them: reading, predictions, profile
windows and their segments, commits and deleting the files. The rows are real flights in the shape of a request.
"""

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from mlops_nb.store.lake import Lake
from mlops_nb.store.spool import PREDICTION, SpoolWriter
from mlops_nb.watch.collect import Collector

NAMES = ["carrier", "origin", "dest", "tailnum", "month", "day", "sched_dep", "sched_arr", "distance", "temp"]
NAMES += ["dewp", "humid", "wind_speed", "precip", "pressure", "gust"]
TYPES = ["string"] * 4 + ["int"] * 4 + ["float"] * 8
FACTS = {"features": NAMES, "types": TYPES, "classes": [0, 1], "id": "flight_id", "time": "scheduled"}


def requests(count: int, seconds: float, segments: bool) -> "list[tuple[Any, ...]]":
    "Records as a worker makes them, spread over so many seconds before now."
    chance = np.random.default_rng(7)
    now = int(datetime.now(UTC).timestamp() * 1e6)
    carriers, places = ["UA", "B6", "EV", "DL", "AA", "MQ"], [f"A{n:02}" for n in range(100)]
    words = [chance.choice(carriers, count), chance.choice(["EWR", "JFK", "LGA"], count), chance.choice(places, count)]
    words.append(chance.choice([f"N{n}UA" for n in range(3000)], count))
    whole = [chance.integers(low, high, count) for low, high in ((1, 13), (1, 32), (300, 1440), (300, 1440))]
    real = [chance.normal(size=count).round(2) for _ in range(8)]
    columns = [column.tolist() for column in (*words, *whole, *real)]
    scores = chance.random(count).tolist()
    step = seconds * 1e6 / count
    return [
        (PREDICTION, "delay/1", "delay", "champion", "live", f"{n:08x}-7f3a", now - int(step * n), 310, "k1", "features", 1,
         [[column[n]] for column in columns], None, [f"UA-{n}"], [[columns[0][n]]] if segments else None,
         [int(scores[n] > 0.5)], [(1 - scores[n], scores[n])])
        for n in range(count)
    ]  # fmt: skip


def measure(title: str, records: "list[tuple[Any, ...]]", facts: "dict[str, Any]", writers: int = 2) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        spools = [SpoolWriter(root / "spool", f"worker-{n}") for n in range(writers)]
        for spool in spools:
            spool.describe("delay/1", facts)
        begun = time.perf_counter()
        for n, record in enumerate(records):
            spools[n % writers].append(record)
        append = (time.perf_counter() - begun) / len(records)
        for spool in spools:
            spool.close()
        size = sum(path.stat().st_size for path in (root / "spool").iterdir())
        collector = Collector(Lake(root / "lake"), root / "spool", key=b"k", upkeep=False)
        begun, used = time.perf_counter(), time.process_time()
        done = collector.collect()
        took, used = time.perf_counter() - begun, time.process_time() - used
        assert done.predictions == done.profiled == len(records) and done.files
        drained = f"drained {len(records) / took:9,.0f} records/s, {used / len(records) * 1e6:5.1f} us of CPU each"
        print(f"{title:26} append {append * 1e6:5.2f} us   {size / len(records):4.0f} B a record   {drained}")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    measure("(first run: imports)", requests(2_000, 10, False), FACTS)
    measure("ten seconds of traffic", requests(count, 10, False), FACTS)
    measure("ten minutes of traffic", requests(count, 600, False), FACTS)
    measure("ten minutes, 6 segments", requests(count, 600, True), FACTS | {"segments": ["carrier"]})


if __name__ == "__main__":
    main()
