"""Several writers at once, as threads and as processes: nothing is lost, nothing doubles, the log is whole."""

import multiprocessing
import threading

import pandas as pd
import pytest

from mlops_nb.core.errors import SchemaChanged
from mlops_nb.store import lake_log, lake_write
from mlops_nb.store.lake import Lake
from mlops_nb.store.lake_digest import tally

FORK = multiprocessing.get_context("forkserver")  # it imports once and forks clean writers in no time
FORK.set_forkserver_preload(["pandas", "pyarrow.dataset", "deltalake", "mlops_nb.store.lake"])
COMMITS = 6


def write(uri, who, how, gate, told):
    if how == "no lock":
        lake_write.turn = lambda place, name: lake_log.turn(place, name, 0.0)
    lake = Lake(uri)
    gate.wait(300)
    for k in range(COMMITS):
        ids = [*(f"{who}-{k}-{i}" for i in range(3)), "shared"]
        rows = pd.DataFrame({"id": ids, "who": [who] * 3 + [-1], "k": [k] * 3 + [0]})
        told.send(lake.commit("crowd", rows, mode="append", key="id").ref)


def crowd(uri, how, n=4):
    "Starts n writers, lets them go together, and returns what each was told."
    gate, ends, running = FORK.Barrier(n), [], []
    for who in range(n):
        here, there = FORK.Pipe(duplex=False)
        running.append(FORK.Process(target=write, args=(str(uri), who, how, gate, there)))
        running[-1].start()
        there.close()
        ends.append(here)
    for process in running:
        process.join(600)
    assert [process.exitcode for process in running] == [0] * n
    return [[end.recv() for _ in range(COMMITS)] for end in ends]


@pytest.mark.parametrize("how", ["lock", "no lock"])
def test_four_processes_append_by_key_and_lose_nothing(tmp_path, how):
    told = crowd(tmp_path / "lake", how)
    lake = Lake(tmp_path / "lake")
    rows = lake.read("crowd")
    want = {f"{who}-{k}-{i}" for who in range(4) for k in range(COMMITS) for i in range(3)} | {"shared"}
    assert set(rows["id"]) == want and len(rows) == len(want)
    refs = [ref for each in told for ref in each]
    assert len(set(refs)) == len(refs) == len(lake.history("crowd")), "each was told a version of its own"
    for snapshot in lake.history("crowd")[::7]:
        table = lake.read(snapshot, as_="arrow")
        assert tally(table).digest(snapshot.schema) == snapshot.digest and table.num_rows == snapshot.rows


def together(*calls):
    "Runs the calls in threads that start at the same moment; returns answers or exceptions."
    gate, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def one(i):
        gate.wait()
        try:
            answers[i] = calls[i]()
        except Exception as error:
            answers[i] = error

    threads = [threading.Thread(target=one, args=(i,)) for i in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_the_first_commit_of_a_table_by_many_threads(tmp_path):
    lake = Lake(tmp_path / "lake")
    frame = pd.DataFrame({"id": [1, 2], "v": ["a", "b"]})
    answers = together(*[lambda: lake.commit("t", frame)] * 8)
    assert [a.ref for a in answers] == ["t@1"] * 8 and sum(a.changed for a in answers) == 1


def test_two_first_commits_that_disagree(tmp_path):
    lake = Lake(tmp_path / "lake")
    a, b = together(
        lambda: lake.commit("t", pd.DataFrame({"x": [1]})), lambda: lake.commit("t", pd.DataFrame({"y": ["b"]}))
    )
    errors = [r for r in (a, b) if isinstance(r, Exception)]
    assert len(errors) == 1 and isinstance(errors[0], SchemaChanged), (a, b)
    assert lake.latest("t").rows == 1


def test_threads_that_append_and_replace_and_compact(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.commit("t", pd.DataFrame({"id": [0], "v": [0]}))
    calls = [
        lambda k=k: lake.commit("t", pd.DataFrame({"id": [k], "v": [k]}), mode="append", key="id") for k in range(1, 9)
    ]
    answers = together(*calls, *[lambda: lake.compact("t")] * 2)
    assert not [a for a in answers if isinstance(a, Exception)], answers
    assert sorted(lake.read("t")["id"]) == list(range(9)) and lake.latest("t").rows == 9


def test_a_writer_that_hangs_with_the_lock_does_not_stop_the_others(tmp_path, monkeypatch):
    lake = Lake(tmp_path / "lake")
    lake.commit("t", pd.DataFrame({"id": [0]}))
    monkeypatch.setattr(lake_write, "turn", lambda place, name: lake_log.turn(place, name, 0.05))
    with lake_log.turn(lake.place, "t"):
        assert lake.commit("t", pd.DataFrame({"id": [1]})).ref == "t@2"
