"""Rows, windows, Parquet in processes, and the scikit-learn step, on whole frames."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.utils.estimator_checks import check_estimator

from mlops_nb.core.errors import ColumnNotFound, DataInvalid
from mlops_nb.profile import parquet
from mlops_nb.profile.engine import whylogs
from mlops_nb.profile.parquet import profile_parquet
from mlops_nb.profile.rows import from_rows, row_schema, summaries, to_rows
from mlops_nb.profile.sketch import is_hashed, merge, profile
from mlops_nb.profile.summary import reveal, summarize
from mlops_nb.profile.transformer import ProfileTransformer
from mlops_nb.profile.windows import next_start, profile_windows, window_starts

START, END = dt.datetime(2013, 1, 1, tzinfo=dt.UTC), dt.datetime(2013, 2, 1, tzinfo=dt.UTC)
floats = st.floats(-1e6, 1e6) | st.just(float("nan"))
rows = st.lists(st.tuples(floats, st.integers(-(2**40), 2**40), st.sampled_from(["UA", "é", "", None])), max_size=50)


def numbers(found: dict) -> dict:  # type: ignore[type-arg]  # of summaries
    return {name: str(column.to_dict()) for name, column in found.items()}


@settings(max_examples=40, deadline=None)
@given(rows)
def test_rows_hold_the_whole_profile(values: list[tuple[float, int, str | None]]) -> None:
    frame = pd.DataFrame(values, columns=["f", "i", "s"]).astype({"f": float, "i": "int64", "s": object})
    frame["t"], frame["o"] = pd.Timestamp("2013-01-01"), [{"a": 1}] * len(frame)
    for view in (profile(frame), whylogs.log(frame).view()) if len(frame) else (profile(frame),):
        table = to_rows(view, window_start=START, window_end=END, version="3", source="batch", segment="EWR")
        assert table.schema == row_schema()
        again = from_rows(table)
        assert numbers(summarize(again)) == numbers(summarize(view)) == numbers(summaries(table))
        for name, column in view.get_columns().items():
            assert set(again.get_column(name).get_metric_names()) == set(column.get_metric_names())
        assert again.dataset_timestamp == START or not len(view.get_columns())
        assert again.serialize() and merge([again, view])


def test_rows_survive_a_file_and_merge(flights: pd.DataFrame, tmp_path: Path) -> None:
    tables = [to_rows(view, window_start=start) for start, view in profile_windows(flights.head(6_000), "time_hour")]
    pq.write_table(pa.concat_tables(tables), tmp_path / "profiles.parquet")
    read = pq.read_table(tmp_path / "profiles.parquet")
    whole = summarize(profile(flights.head(6_000)))
    for found in (summarize(from_rows(read)), summaries(read)):
        assert found["arr_delay"].n == 6_000 and found["carrier"].items == whole["carrier"].items
    assert from_rows(read).dataset_timestamp == flights["time_hour"].min().floor("D")


@pytest.mark.parametrize("every", ["hour", "day", "week", "month", dt.timedelta(hours=6)])
def test_each_time_is_in_its_window(every: str, flights: pd.DataFrame) -> None:
    times = flights["time_hour"].dt.tz_convert(None).to_numpy()[::97]
    starts = window_starts(times, every)  # type: ignore[arg-type]  # the literals above
    for time, start in zip(times[:500].astype("datetime64[us]"), starts[:500], strict=True):
        begin = start.astype(dt.datetime).replace(tzinfo=dt.UTC)
        assert begin <= time.astype(dt.datetime).replace(tzinfo=dt.UTC) < next_start(begin, every)  # type: ignore[arg-type]  # as above


def test_windows_of_shuffled_frames_with_holes(flights: pd.DataFrame) -> None:
    frame = flights[["time_hour", "arr_delay", "carrier"]].head(9_000).sample(frac=1, random_state=1)
    frame.loc[frame.index[:7], "time_hour"] = pd.NaT
    for some in (frame, pl.from_pandas(frame), pa.Table.from_pandas(frame, preserve_index=False)):
        with pytest.warns(UserWarning, match="7 of 9000 rows"):
            days = profile_windows(some, "time_hour")
        expected = frame.groupby(frame["time_hour"].dt.floor("D")).size()
        assert {s: summarize(v)["arr_delay"].n for s, v in days} == {k.to_pydatetime(): n for k, n in expected.items()}
        assert not any(is_hashed(item) for _, v in days for item, _ in summarize(v)["carrier"].items)
    with pytest.raises(ColumnNotFound, match="time_hour"):
        profile_windows(frame, "time")
    with pytest.raises(DataInvalid, match="only nulls"):
        profile_windows(frame.head(7).assign(time_hour=pd.NaT), "time_hour")
    assert profile_windows(frame.head(0), "time_hour") == []


def test_a_small_window_is_named_by_its_reference(flights: pd.DataFrame) -> None:
    reference, window = summarize(profile(flights)), summarize(profile(flights.head(12), key=b"k"))
    assert all(is_hashed(item) for item, _ in window["dest"].items)
    assert reveal(window, reference)["dest"].items == window["dest"].items  # another key
    named = reveal(window, reference, key=b"k")["dest"].items
    assert dict(named) == flights["dest"].head(12).value_counts().to_dict()


def write(folder: Path, frame: pd.DataFrame, files: int, group: int) -> None:
    for i, part in enumerate(np.array_split(np.arange(len(frame)), files)):
        pq.write_table(pa.Table.from_pandas(frame.iloc[part], preserve_index=False), folder / f"{i}.parquet", row_group_size=group)


@pytest.mark.parametrize("workers", [1, 2])
def test_parquet_in_pieces(flights: pd.DataFrame, tmp_path: Path, workers: int) -> None:
    frame = flights.head(40_000)
    write(tmp_path, frame, 3, 3_000)
    found, whole = summarize(profile_parquet(tmp_path, workers=workers)), summarize(profile(frame))
    assert list(found) == list(whole)
    for name, column in whole.items():
        assert (found[name].n, found[name].nulls, found[name].types) == (column.n, column.nulls, column.types)
        assert [found[name].minimum, found[name].mean] == pytest.approx([column.minimum, column.mean], nan_ok=True)
    assert found["carrier"].items == whole["carrier"].items
    assert found["tailnum"].items and all(is_hashed(item) for item, _ in found["tailnum"].items)
    some = profile_parquet([tmp_path / "0.parquet"], workers=workers, columns=["carrier"], plain=["carrier"])
    assert list(some.get_columns()) == ["carrier"]


def test_parquet_errors(tmp_path: Path) -> None:
    with pytest.raises(DataInvalid, match="no Parquet file"):
        profile_parquet(tmp_path)
    pq.write_table(pa.table({"a": pa.array([], pa.float64())}), tmp_path / "empty.parquet")
    assert summarize(profile_parquet(tmp_path))["a"].n == 0
    with pytest.raises(DataInvalid, match=r"process that profiled gone\.parquet failed"):
        parquet._ask([(str(tmp_path / "gone.parquet"), 0)], None)


def test_a_script_without_a_main_guard_may_use_processes(flights: pd.DataFrame, tmp_path: Path) -> None:
    write(tmp_path, flights.head(4_000), 2, 1_000)
    script = tmp_path / "script.py"
    call = f"profile_parquet({str(tmp_path)!r}, workers=2)"
    script.write_text(f"from mlops_nb.profile.parquet import profile_parquet\nprint('once', len({call}.get_columns()))\n")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.split() == ["once", "19"], done.stderr


def test_memory_is_bounded_by_a_batch(tmp_path: Path) -> None:
    "200 MB of columns are profiled in far less."
    rng = np.random.default_rng(0)
    schema = pa.schema([(f"c{i}", pa.float64()) for i in range(10)])
    with pq.ParquetWriter(tmp_path / "big.parquet", schema) as writer:
        for _ in range(10):
            writer.write_table(pa.table({name: rng.normal(size=250_000) for name in schema.names}))
    pq.write_table(pq.read_table(tmp_path / "big.parquet").slice(0, 1_000), tmp_path / "small.parquet")
    code = f"""
import resource, sys
from mlops_nb.profile.parquet import profile_parquet
def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
profile_parquet({str(tmp_path / "small.parquet")!r}, workers=1)
before = megabytes()
view = profile_parquet({str(tmp_path / "big.parquet")!r}, workers=1)
print(round(megabytes() - before), view.get_column("c9").get_metric("counts").n.value)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    megabytes, n = map(int, done.stdout.split())
    assert n == 2_500_000
    assert megabytes < 120, megabytes


def test_the_step_is_an_estimator() -> None:
    "All checks of scikit-learn's own test suite that need nothing more than is installed."
    done = check_estimator(ProfileTransformer(), on_skip=None)
    assert {check["status"] for check in done} <= {"passed", "skipped"} and len(done) > 40


def test_the_step_knows_its_columns(flights: pd.DataFrame) -> None:
    frame = flights[["carrier", "distance"]].head(500)
    step = ProfileTransformer().fit(frame)
    assert step.transform(frame) is frame and step.get_feature_names_out().tolist() == ["carrier", "distance"]
    with pytest.raises(ValueError, match="feature names"):
        step.transform(frame.rename(columns={"distance": "miles"}))
    assert list(ProfileTransformer().fit(frame["distance"].to_numpy()[:, None]).profile_.get_columns()) == ["x0"]
    assert ProfileTransformer(plain=("carrier",)).fit(frame.head(2)).profile_.get_column("carrier").get_metric("frequent_items").strings
