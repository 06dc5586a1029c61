"""A writer is killed with SIGKILL at random moments, again and again: what it was told is there, and nothing by halves."""

import multiprocessing
import random
import signal
import time

import numpy as np
import pandas as pd
import pytest

from mlops_nb.store.lake import Lake
from mlops_nb.store.lake_digest import tally

FORK = multiprocessing.get_context("forkserver")  # it imports once and forks a clean writer in no time
FORK.set_forkserver_preload(["pandas", "pyarrow.dataset", "deltalake", "mlops_nb.store.lake"])
ROUNDS = 12
ROWS = 2_000


def write(uri, start, mode, told):
    "Commits batch after batch, telling each one only when `commit` has answered."
    lake = Lake(uri)
    told.send("ready")
    for n in range(start, start + 10_000):
        rows = pd.DataFrame({"n": [n] * ROWS, "i": np.arange(ROWS), "x": np.random.default_rng(n).random(ROWS)})
        if mode == "key":  # one row is shared by all batches, so that every commit rewrites the table
            rows.loc[0, ["n", "i"]] = -1
            rows.loc[0, "x"] = float(n)
            snapshot = lake.commit("t", rows, mode="append", key=["n", "i"])
        else:
            snapshot = lake.commit("t", rows, mode="append", run_id=f"batch-{n}")
        told.send((n, snapshot.ref, snapshot.digest))
        if n % 3 == 2:
            lake.compact("t")


def killed(uri, start, mode, answers, seconds):
    "Lets a writer work until so many answers and so many seconds later, kills it, and returns all it was told."
    here, there = FORK.Pipe(duplex=False)
    process = FORK.Process(target=write, args=(str(uri), start, mode, there))
    process.start()
    there.close()
    told = []
    try:
        assert here.poll(300) and here.recv() == "ready"
        while len(told) < answers and here.poll(300):
            told.append(here.recv())
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if here.poll(left):
                told.append(here.recv())
    finally:
        process.kill()
        process.join()
    assert process.exitcode == -signal.SIGKILL
    while True:
        try:
            told.append(here.recv())
        except (EOFError, OSError):  # the end, or a message cut off by the kill
            return told


@pytest.mark.parametrize("mode", ["key", "run"])
def test_nothing_acknowledged_is_lost_and_nothing_is_there_by_halves(tmp_path, mode):
    chance, lake = random.Random(mode), Lake(tmp_path / "lake")
    told, start, unheard = {}, 0, 0
    for turn in range(ROUNDS):
        for n, ref, digest in killed(tmp_path / "lake", start, mode, turn % 3, chance.uniform(0, 0.3)):
            told[n] = (ref, digest)
        start = max(told, default=-1) + 1  # the killed commit is made again: a retry must not double its rows
        if not lake.tables():
            continue
        rows, snapshot = lake.read("t", as_="arrow"), lake.latest("t")
        assert (rows.num_rows, tally(rows).digest(snapshot.schema)) == (snapshot.rows, snapshot.digest)
        counts = rows.to_pandas()["n"].value_counts().to_dict()
        shared = counts.pop(-1, 0)
        assert set(told) <= set(counts), "something acknowledged is lost"
        assert set(counts.values()) == {ROWS - (mode == "key")} and shared == (mode == "key"), (
            "something is there by halves"
        )
        assert set(counts) - set(told) <= {start}, "at most the one commit that was being made"
        unheard += bool(set(counts) - set(told))
    assert len(told) >= ROUNDS - 2, "the writer must have got somewhere for this to mean anything"
    for ref, digest in told.values():
        assert lake.snapshot(ref).digest == digest
    ref, digest = told[0]
    lake.vacuum("t", keep=1, pinned=[ref])
    assert tally(lake.read(ref, as_="arrow")).digest(lake.snapshot(ref).schema) == digest
    assert lake.read("t").shape[0] == lake.latest("t").rows
