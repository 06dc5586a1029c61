"""A table scored by partition, here and on a cluster of processes: the answers of one piece, one profile, nothing twice."""

import os
import signal
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from distributed import Client
from sklearn.linear_model import LogisticRegression
from waiting import until

from mlops_nb.batch.link import local_cluster
from mlops_nb.core.errors import ExtraMissing, UsageError
from mlops_nb.desk.clustering import cluster_slots
from mlops_nb.desk.workspace import Workspace, make_workspace

random = np.random.default_rng(7)
N = 4000
FRAME = pd.DataFrame(
    {
        "flight_id": np.arange(N),
        "scheduled": pd.date_range("2013-01-01", periods=N, freq="10min"),
        "departs": random.integers(300, 1400, N),
        "distance": np.where(random.random(N) < 0.1, np.nan, random.gamma(3, 300, N).round()),
        "carrier": random.choice(["UA", "B6", "AA"], N),
    }
)
FRAME["late"] = random.random(N) < FRAME["departs"] / 1400
FRAME["distance"] = FRAME["distance"].fillna(500.0)
FEATURES = ["departs", "distance"]


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace(make_workspace(tmp_path_factory.mktemp("wörk space")).root)
    fit = LogisticRegression(max_iter=300).fit(FRAME[FEATURES], FRAME["late"])
    words = {"target": "late", "id": "flight_id", "time": "scheduled", "segments": ("carrier",)}
    assert made.register(fit, "delay", train=FRAME, **words).state == "proven"
    made.commit("flights", FRAME[: N // 2])
    made.commit("flights", FRAME, mode="append", key="flight_id")  # two files
    return made


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values("flight_id", ignore_index=True)


def windows(ws: Workspace, before: pd.DataFrame) -> pd.DataFrame:
    """The profile windows that came after `before`."""
    found = ws.profiles("delay", segment=None)
    keys = ["source", "segment", "window_start", "column"]
    both = found.groupby(keys)["n"].sum().sub(before.groupby(keys)["n"].sum(), fill_value=0)
    return both[both > 0].astype(int).sort_index()


def test_by_partition_here_and_on_a_cluster_it_is_the_same_as_in_one_piece(ws: Workspace) -> None:
    none = ws.profiles("delay", segment=None)
    answers = ws.predict("delay", ws.read("flights"))
    whole = pd.concat([ws.read("flights")[["flight_id", "scheduled"]], answers.reset_index(drop=True)], axis=1)
    one = windows(ws, none)
    assert one.xs("departs", level="column").xs("", level="segment").sum() == N

    for on, into in ((None, "here"), ("local-dask", "there")):
        before, logged = ws.profiles("delay", segment=None), len(ws.predictions("delay", last=None))
        done = ws.predict_table("delay", "flights", into, on=on, partitions=5, parallel=2)
        assert (done.rows, done.partitions, done.model, done.source) == (N, 5, "delay/1", "flights@2")
        pd.testing.assert_frame_equal(in_order(ws.read(into)), in_order(whole))
        pd.testing.assert_series_equal(windows(ws, before), one)
        assert len(ws.predictions("delay", last=None)) - logged == N
        assert done.verdict == "ok" and done.output == ws.stores.lake.latest(into).ref


def test_a_killed_worker_and_a_second_call_of_the_same_run_double_nothing(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MLOPS_NB_RUN_ID", "20130401-score-3f")  # as in a notebook that is run
    logged = len(ws.predictions("delay", last=None))
    dask = local_cluster(2)
    try:
        address = str(dask.scheduler_address)
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2)
            pids = client.run(os.getpid)
            first = sorted(pids)[0]
            written = tmp_path / "written"

            def hang_after_writing() -> None:  # done in the worker
                import time

                from mlops_nb.desk import partitions

                score = partitions.score_rows

                def score_and_hang(*words: object) -> None:
                    score(*words)
                    written.touch()
                    time.sleep(3600)

                partitions.score_rows = score_and_hang

            def kill_once_it_has_written() -> None:
                until(written.exists, "its rows are written, and nobody knows yet")
                os.kill(pids[first], signal.SIGKILL)

            client.run(hang_after_writing, workers=[first])
            killer = threading.Thread(target=kill_once_it_has_written, daemon=True)
            killer.start()
            done = ws.predict_table("delay", "flights", "twice", on=address, partitions=6)
            killer.join()
            assert first not in client.run(os.getpid)  # it was killed indeed
        again = ws.predict_table("delay", "flights", "twice", partitions=6)
    finally:
        dask.close()
    assert (done.rows, again.rows, again.id) == (N, N, done.id)
    assert len(ws.read("twice")) == N and ws.read("twice")["flight_id"].is_unique
    assert len(ws.predictions("delay", last=None)) - logged == N
    found = ws.profiles("delay", source="batch")
    assert found[found["column"] == "departs"]["n"].sum() == N


def test_what_cannot_be_scored_is_said_before_anything_is(ws: Workspace) -> None:
    with pytest.raises(UsageError, match="into flights"):
        ws.predict_table("delay", "flights", "flights")
    with pytest.raises(UsageError, match="no column 'tail'"):
        ws.predict_table("delay", "flights", "out", keep="tail")
    with pytest.raises(UsageError, match="partitions is 0"):
        ws.predict_table("delay", "flights", "out", partitions=0)
    assert "out" not in ws.stores.lake.tables()


def test_without_dask_the_extra_is_named(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(ExtraMissing, match=r"mlops_nb\[dask\]"):
        cluster_slots(ws.settings, "local-dask")
    assert not list(Path(ws.settings.state_dir).glob(".mlops-nb-*"))
