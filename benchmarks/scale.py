"""What a run costs on a cluster, as workers and runs grow.

    python benchmarks/scale.py            1, 2 and 4 workers; 10, 100 and 1,000 runs
    python benchmarks/scale.py --quick    1 and 2 workers; 10 runs

The notebook is empty, so that all there is to see is the price of a run: the order, the scheduler, a fresh process, the
evidence on its way back and durable in its folder. Flat is good: the thousandth run costs what the tenth did. The first
run of each worker, which starts its host's pool, is made before the clock. `caller` is what the process that asked
spends; it would be the first to limit a larger cluster.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from mlops_nb.batch.cluster import Cluster
from mlops_nb.batch.grid import Crew, RunSet
from mlops_nb.batch.order import Order, run_id
from mlops_nb.core.settings import Settings, init

EMPTY = {
    "cells": [{"cell_type": "code", "id": "c0", "execution_count": None, "metadata": {}, "outputs": [], "source": ["pass"]}],
    "metadata": {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def orders(settings: Settings, notebook: Path, count: int) -> list[Order]:
    made = []
    for _ in range(count):
        name = run_id(notebook)
        made.append(Order(name, str(notebook), {}, str(settings.state_dir / "runs" / name), str(settings.root), threads=1))
    return made


def measure(settings: Settings, notebook: Path, workers: int, counts: list[int]) -> None:
    cluster = Cluster(settings, "local-dask", workers)
    cluster()  # a slot that stays, so that the cluster does
    try:
        RunSet(Crew(orders(settings, notebook, 2 * workers), workers, slots=cluster)).wait()
        first = 0.0
        for count in counts:
            made = orders(settings, notebook, count)
            begun, used = time.perf_counter(), time.process_time()
            ended = RunSet(Crew(made, workers, slots=cluster)).wait()
            took, used = time.perf_counter() - begun, time.process_time() - used
            wrong = [run for run in ended if run.status != "finished"]
            assert not wrong, wrong[0].error
            assert all((Path(run.folder) / "manifest.json").exists() for run in ended)
            first = first or took / count
            inside = sum(run.seconds for run in ended) / count
            print(f"| {workers} | {count:,} | {took:.1f} | {took / count * 1000:,.0f} | {took / count / first:.2f} | "
                  f"{inside * 1000:,.0f} | {used / count * 1000:.1f} |", flush=True)  # fmt: skip
    finally:
        cluster.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1 and 2 workers, 10 runs")
    quick = parser.parse_args().quick
    print(f"{os.cpu_count()} CPUs; an empty notebook, one run at a time on each worker")
    print("| workers | runs | wall s | wall ms a run | of the first | ms inside | ms of caller's CPU |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        settings = init(Path(folder) / "scale")
        notebook = settings.root / "empty.ipynb"
        notebook.write_text(json.dumps(EMPTY))
        for workers in (1, 2) if quick else (1, 2, 4):
            measure(settings, notebook, workers, [10] if quick else [10, 100, 1000])


if __name__ == "__main__":
    main()
