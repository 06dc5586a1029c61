"""The lake on a local disk: commits, references, schema, appends, filters, upkeep."""

import datetime as dt
import json
import os
import resource
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from mlops_nb.core.errors import (
    ColumnNotFound,
    DataInvalid,
    NameInvalid,
    ReadOnly,
    SchemaChanged,
    SnapshotNotFound,
    StoreUnavailable,
    TableNotFound,
    UsageError,
    WorkspaceNotWritable,
)
from mlops_nb.store import lake_write
from mlops_nb.store.lake import Lake
from mlops_nb.store.lake_digest import tally

@pytest.fixture
def lake(tmp_path, monkeypatch):
    monkeypatch.delenv("MLOPS_NB_RUN_ID", raising=False)
    return Lake(tmp_path / "a lake, ünd more")


def board(*rows):
    return pd.DataFrame(rows, columns=["id", "dest", "delay"])


def rows(lake, ref):
    return sorted(lake.read(ref, as_="arrow").to_pylist(), key=str)


def consistent(lake, ref):
    "What the log says of a snapshot is what its rows say."
    snapshot, table = lake.snapshot(ref), lake.read(ref, as_="arrow")
    assert (snapshot.rows, snapshot.digest) == (table.num_rows, tally(table).digest(snapshot.schema))
    return snapshot


MONDAY = board((1, "ATL", 3.0), (2, "ORD", None), (3, "MIA", -5.0))


def test_versions_count_from_one_and_the_same_content_is_the_same_snapshot(lake):
    first = lake.commit("flights", MONDAY)
    assert (first.ref, first.rows, first.added, first.changed) == ("flights@1", 3, 3, True)
    for again in (
        MONDAY,
        MONDAY.iloc[::-1],
        MONDAY[["delay", "id", "dest"]],
        pl.from_pandas(MONDAY),
        pa.Table.from_pandas(MONDAY),
    ):
        same = lake.commit("flights", again)
        assert not same.changed and same.ref == "flights@1" and same.digest == first.digest
    assert len(lake.history("flights")) == 1
    second = lake.commit("flights", MONDAY.assign(delay=0.0))
    assert second.ref == "flights@2" and second.digest != first.digest
    back = lake.commit("flights", MONDAY)
    assert back.ref == "flights@3" and back.digest == first.digest, "an old content made new again is a new version"
    for version in (1, 2, 3):
        consistent(lake, f"flights@{version}")


def test_rows_come_back_in_the_order_they_were_given(lake):
    order = np.random.default_rng(7).permutation(50_000)
    table = pa.concat_tables([pa.table({"i": part}) for part in np.array_split(order, 9)])
    lake.commit("many", table)
    assert (lake.read("many")["i"] == order).all()
    lake.commit("many", pa.table({"i": [-1, -2]}), mode="append", run_id="later")
    assert lake.read("many")["i"].tolist()[-2:] == [-1, -2]
    lake.compact("many")
    assert lake.read("many")["i"].tolist() == [*order.tolist(), -1, -2]


def test_references(lake):
    lake.commit("flights", MONDAY)
    between = dt.datetime.now(dt.UTC)
    lake.commit("flights", MONDAY.assign(delay=1.0))
    assert (
        lake.snapshot("flights").version
        == lake.snapshot("flights@latest").version
        == lake.latest("flights").version
        == 2
    )
    assert lake.snapshot(f"flights@{between.isoformat()}").version == 1
    assert lake.snapshot(f"flights@{between.strftime('%Y-%m-%dT%H:%M:%S.%fZ')}").version == 1
    assert len(lake.read(lake.snapshot("flights@1"))) == 3
    for bad, error, says in [
        ("flight", TableNotFound, "Did you mean flights?"),
        ("flights@7", SnapshotNotFound, "Versions: 2, 1"),
        ("flights@0", SnapshotNotFound, "Versions: 2, 1"),
        ("flights@1999-01-01", SnapshotNotFound, "first commit is flights@1"),
        ("flights@soon", UsageError, "@latest"),
        ("../flights", NameInvalid, "has /"),
        (3, UsageError, "not a reference"),
    ]:
        with pytest.raises(error, match=says):
            lake.read(bad)


def test_nothing_is_written_when_the_data_is_refused(lake):
    for data in (MONDAY.iloc[:0], MONDAY.assign(delay=[1, "x", 2])):
        with pytest.raises(DataInvalid):
            lake.commit("flights", data)
    with pytest.raises(NameInvalid):
        lake.commit("../out", MONDAY)
    assert lake.tables() == [] and not lake.place.path.exists()


@pytest.mark.parametrize("name", ["Flüge 2013", "航班", "a b  c", "UPPER", "x%20y", "semi;colon", "it's", "-"])
def test_names_of_tables_and_columns_in_any_script(lake, name):
    data = pd.DataFrame(
        {"a b": [1, 2], "ü.x": ["p", None], "c,;{}()=": [1.0, 2.0], 'q"uo`te': [True, False], "航": [3, 4]}
    )
    lake.commit(name, data)
    assert lake.tables() == [name] and lake.latest(name).table == name
    assert lake.read(name).columns.tolist() == data.columns.tolist()
    lake.commit(name, data.assign(航=[3, 9]), mode="append", key=["a b", 'q"uo`te'])
    assert lake.read(name, where=[("ü.x", "=", None)])["航"].tolist() == [9]
    assert lake.scan(name).filter(pl.col("a b") == 1).collect()["ü.x"].to_list() == ["p"]
    lake.commit(name, data.drop(columns="ü.x"), schema="evolve")
    consistent(lake, name)


def test_a_changed_schema_is_refused_and_says_what_changed(lake):
    lake.commit("flights", MONDAY)
    for data, says in [
        (MONDAY.rename(columns={"delay": "arr_delay"}), "delay missing (was double); arr_delay new (double)"),
        (MONDAY.astype({"id": str}), "id is string, was int64"),
    ]:
        with pytest.raises(SchemaChanged) as caught:
            lake.commit("flights", data)
        assert says in str(caught.value) and 'schema="evolve"' in caught.value.hint
        assert lake.commit("flights", data, schema="evolve").changed
        assert lake.commit("flights", MONDAY, schema="evolve").schema["delay"] == "double"
        consistent(lake, "flights")
    with pytest.raises(SchemaChanged, match='mode="replace"'):
        lake.commit("flights", MONDAY.astype({"id": str}), mode="append", key="id", schema="evolve")


def test_an_append_may_bring_and_miss_columns_when_asked(lake):
    lake.commit("flights", MONDAY)
    tuesday = pd.DataFrame({"id": [4], "dest": ["LAX"], "gate": ["B2"]})
    with pytest.raises(SchemaChanged, match="delay missing"):
        lake.commit("flights", tuesday, mode="append", key="id")
    lake.commit("flights", tuesday, mode="append", key="id", schema="evolve")
    snapshot = consistent(lake, "flights")
    assert list(snapshot.schema) == ["id", "dest", "delay", "gate"] and snapshot.rows == 4
    assert lake.read("flights", where=[("gate", "=", None)])["id"].tolist() == [1, 2, 3]
    assert lake.snapshot("flights@1").schema == {"id": "int64", "dest": "string", "delay": "double"}
    assert lake.read("flights@1").columns.tolist() == ["id", "dest", "delay"]


def test_pandas_floats_and_empty_columns_fit_the_types_there_are(lake):
    lake.commit("flights", pd.DataFrame({"id": [1, 2], "dep": [5, 6], "note": [None, None]}))
    assert lake.latest("flights").schema["note"] == "string"
    lake.commit(
        "flights", pd.DataFrame({"id": [3, 4], "dep": [7.0, np.nan], "note": ["x", None]}), mode="append", key="id"
    )
    assert lake.latest("flights").schema == {"id": "int64", "dep": "int64", "note": "string"}
    assert lake.read("flights")["dep"].dtype == "Int64"
    assert not lake.commit("flights", lake.read("flights")).changed


def test_append_needs_something_that_makes_it_safe_to_repeat(lake):
    with pytest.raises(UsageError) as caught:
        lake.commit("flights", MONDAY, mode="append")
    assert "key=" in caught.value.hint and "run_id=" in caught.value.hint
    with pytest.raises(UsageError, match="mode is replace"):
        lake.commit("flights", MONDAY, key="id")


def test_append_by_key(lake):
    assert lake.commit("flights", MONDAY, mode="append", key="id").ref == "flights@1"
    assert not lake.commit("flights", MONDAY.iloc[1:], mode="append", key="id").changed
    grown = lake.commit("flights", board((3, "MIA", -5.0), (4, "LAX", 0.0)), mode="append", key="id")
    assert (grown.rows, grown.added) == (4, 1)
    newer = lake.commit("flights", board((1, "ATL", 99.0), (2, "ORD", None), (5, "SFO", 1.0)), mode="append", key="id")
    assert (newer.rows, newer.added) == (5, 2)
    assert lake.read("flights").set_index("id")["delay"].to_dict()[1] == 99.0
    for version in range(1, newer.version + 1):
        consistent(lake, f"flights@{version}")
    two = lake.commit("flights", board((1, "BOS", 7.0)), mode="append", key=["id", "dest"])
    assert two.rows == 6


def test_append_by_key_replaces_all_rows_that_share_it(lake):
    lake.commit("flights", board((1, "ATL", 1.0), (1, "ATL", 1.0), (1, "ORD", 2.0), (2, "MIA", 3.0)))
    assert lake.commit("flights", board((1, "ATL", 1.0)), mode="append", key="id").rows == 2
    assert rows(lake, "flights") == [{"id": 1, "dest": "ATL", "delay": 1.0}, {"id": 2, "dest": "MIA", "delay": 3.0}]
    consistent(lake, "flights")


def test_a_key_must_name_rows(lake):
    with pytest.raises(ColumnNotFound, match="Did you mean id"):
        lake.commit("flights", MONDAY, mode="append", key="idd")
    lake.commit("flights", MONDAY)
    with pytest.raises(DataInvalid, match="1 keys have several different rows, such as id=1"):
        lake.commit("flights", board((1, "ATL", 1.0), (1, "ORD", 2.0)), mode="append", key="id")
    with pytest.raises(DataInvalid, match="empty in 1 of 2"):
        lake.commit("flights", board((1, None, 1.0), (2, "ORD", 2.0)), mode="append", key="dest")
    assert lake.commit("flights", pd.concat([MONDAY, MONDAY]), mode="append", key="id").changed is False
    assert lake.latest("flights").version == 1


@pytest.mark.parametrize("key", ["id", "dest", "at", "flag", ["dest", "at"]])
def test_keys_of_any_plain_type(lake, key):
    base = pd.DataFrame(
        {
            "id": [1.5, 2.5],
            "dest": ["ATL", "ORD"],
            "at": pd.to_datetime(["2013-01-01", "2013-01-02"], utc=True),
            "flag": [True, False],
            "v": [1, 2],
        }
    )
    lake.commit("t", base)
    after = lake.commit("t", base.iloc[:1].assign(v=9), mode="append", key=key)
    assert after.rows == 2 and sorted(lake.read("t")["v"]) == [2, 9]
    consistent(lake, "t")


def test_append_by_a_named_run(lake):
    lake.commit("flights", MONDAY, mode="append", run_id="2013-01")
    lake.commit("flights", MONDAY, mode="append", run_id="2013-02")
    assert lake.latest("flights").rows == 6, "the same rows from another run are other rows"
    assert not lake.commit("flights", MONDAY, mode="append", run_id="2013-01").changed
    retried = lake.commit("flights", MONDAY.iloc[:1], mode="append", run_id="2013-01")
    assert (retried.rows, retried.run_id) == (4, "2013-01")
    assert lake.commit("flights", MONDAY.iloc[:2], mode="append", run_id="2013").rows == 6, (
        "a run's name is not a prefix"
    )
    assert (
        lake.read("flights").columns.tolist()
        == lake.scan("flights").collect_schema().names()
        == ["id", "dest", "delay"]
    )
    for version in range(1, 5):
        consistent(lake, f"flights@{version}")


def test_append_inside_a_run_counts_its_appends(lake, monkeypatch):
    monkeypatch.setenv("MLOPS_NB_RUN_ID", "run-7")
    months = [MONDAY.assign(id=MONDAY.id + 10 * m) for m in range(3)]
    for month in months:
        lake.commit("flights", month, mode="append")
    assert lake.latest("flights").rows == 9 and lake.latest("flights").run_id == "run-7"
    assert not lake.commit("flights", months[1], mode="append").changed, "the cell was run again"

    lake_write._APPENDS.clear()  # what a new process starts with
    assert not lake.commit("flights", months[0], mode="append").changed
    other = lake.commit("flights", months[1].assign(delay=1.0), mode="append")
    assert other.rows == 6, "the second append takes the place of the second, and of what came after it"
    assert lake.commit("flights", months[2], mode="append").rows == 9
    consistent(lake, "flights")


def test_runs_append_to_a_table_that_was_replaced_before(lake):
    lake.commit("flights", MONDAY)
    lake.commit("flights", board((9, "SEA", 0.0)), mode="append", run_id="r")
    lake.commit("flights", board((8, "SEA", 0.0)), mode="append", key="id")
    lake.commit("flights", board((9, "SEA", 4.0)), mode="append", run_id="r")
    assert lake.read("flights").set_index("id")["delay"].to_dict()[9] == 4.0 and lake.latest("flights").rows == 5
    lake.commit("flights", MONDAY)
    assert lake.latest("flights").rows == 3
    assert lake.commit("flights", board((9, "SEA", 4.0)), mode="append", run_id="r").rows == 4
    consistent(lake, "flights")


def test_where_and_columns(lake):
    data = pd.DataFrame(
        {
            "id": range(6),
            "dest": ["ATL", "ORD", None, "ATL", "MIA", "ORD"],
            "at": pd.date_range("2013-01-01", periods=6, tz="UTC"),
            "day": [dt.date(2013, 1, d) for d in range(1, 7)],
            "late": [True, False, None, True, False, True],
        }
    )
    lake.commit("flights", data)

    def ids(where):
        assert (
            lake.scan("flights", where=where).collect()["id"].to_list()
            == lake.read("flights", where=where)["id"].tolist()
        )
        return lake.read("flights", where=where, columns="id")["id"].tolist()

    assert ids([("dest", "=", "ATL")]) == [0, 3]
    assert ids([("dest", "in", ["ATL", "MIA"]), ("id", ">", 0)]) == [3, 4]
    assert ids([[("id", "=", 0)], [("id", "=", 5)]]) == [0, 5]
    assert ids([("dest", "=", None)]) == [2] and ids([("dest", "!=", None)]) == [0, 1, 3, 4, 5]
    assert ids([("at", ">=", "2013-01-05")]) == ids([("at", ">=", dt.date(2013, 1, 5))]) == [4, 5]
    assert ids([("at", "<", dt.datetime(2013, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=5))))]) == [0]
    assert ids([("day", "<=", "2013-01-01")]) == [0] and ids([("id", "<", np.int64(1))]) == [0]
    assert ids([("late", "==", True)]) == [0, 3, 5] and ids([]) == list(range(6))
    assert lake.read("flights", columns=["late", "id"]).columns.tolist() == ["late", "id"]
    for where, says in [
        ([("x", "=", 1)], "no column 'x'"),
        ([("id", "~", 1)], "not an operator"),
        ([("id", "=", "a")], "cannot be compared"),
        ([("id", 1)], "(column, operator, value)"),
        ([("id", "<", None)], "Use = or !="),
    ]:
        with pytest.raises((UsageError, ColumnNotFound)) as caught:
            lake.read("flights", where=where)
        assert says in str(caught.value)
    with pytest.raises(ColumnNotFound):
        lake.read("flights", columns=["nope"])


def test_filters_are_pushed_down_files_elsewhere_are_not_opened(lake):
    for month in range(1, 5):
        lake.commit("flights", pd.DataFrame({"month": [month] * 3, "v": range(3)}), mode="append", run_id=f"m{month}")
    folder = Path(lake.place.uri("flights"))
    march = next(f for f in folder.glob("*.parquet") if pq.read_table(f)["month"][0].as_py() == 3)
    for file in folder.glob("*.parquet"):
        if file != march:
            file.write_bytes(b"not opened")
    assert len(lake.read("flights", where=[("month", "=", 3)])) == 3
    assert lake.scan("flights").filter(pl.col("month") == 3).collect().height == 3
    assert lake.scan("flights", as_="arrow", where=[("month", "=", 3)]).count_rows() == 3


def test_a_filter_loses_no_row_to_a_files_statistics(lake):
    """Text is cut at 32 characters and times at milliseconds in the log; NaN and columns that came later have no bounds."""
    late = dt.datetime(2013, 1, 1, 0, 0, 0, 999, tzinfo=dt.UTC)
    lake.commit(
        "t",
        pl.DataFrame({"s": ["é" * 40 + "z"], "t": [late], "f": [float("nan")], "i": [1], "n": [None]}).cast(
            {"n": pl.Int64}
        ),
    )
    lake.commit(
        "t",
        pl.DataFrame({"s": ["a"], "t": [late], "f": [2.0], "i": [2], "n": [5], "gate": ["B2"]}),
        mode="append",
        run_id="r",
        schema="evolve",
    )
    for where, want in [
        ([("s", "=", "é" * 40 + "z")], [1]),
        ([("s", ">", "é" * 33)], [1]),
        ([("t", "=", late)], [1, 2]),
        ([("t", ">", "2013-01-01T00:00:00.000998")], [1, 2]),
        ([("f", "!=", 1.0)], [1, 2]),
        ([("f", "!=", None)], [1, 2]),
        ([("n", "=", None)], [1]),
        ([("n", "!=", None)], [2]),
        ([("gate", "=", None)], [1]),
        ([("gate", "=", "B2")], [2]),
        ([("gate", "!=", None)], [2]),
        ([("i", "not in", [2])], [1]),
        ([("gate", "=", None), ("i", ">", 0)], [1]),
    ]:
        assert lake.read("t", where=where)["i"].tolist() == want, where
    assert lake.scan("t").filter(pl.col("gate").is_null()).collect()["i"].to_list() == [1]


def test_partitions(lake):
    data = pd.DataFrame({"month": ["a b", "ü/x", "%20", None, "x=y"], "v": range(5)})
    lake.commit("t", data, partition_by="month")
    assert consistent(lake, "t").rows == 5 and not lake.commit("t", data).changed
    assert lake.read("t", where=[("month", "=", "ü/x")])["v"].tolist() == [1]
    lake.commit("t", data.assign(v=range(1, 6)))
    assert len(list(Path(lake.place.uri("t")).glob("month=*"))) == 5, "later commits keep the partitions"
    assert lake.compact("t").digest == consistent(lake, "t").digest
    for bad, error in [("month2", ColumnNotFound), (["month", "v"], UsageError)]:
        with pytest.raises(error):
            lake.commit("t2", data, partition_by=bad)
    with pytest.raises(DataInvalid, match="empty text"):
        lake.commit("t2", data.assign(month=""), partition_by="month")
    with pytest.raises(UsageError, match="folders"):
        lake.commit("t2", data.assign(f=1.5), partition_by="f")


def test_diff(lake):
    lake.commit("flights", MONDAY)
    lake.commit("flights", board((1, "ATL", 3.0), (2, "ORD", 8.0), (4, "LAX", 0.0)))
    plain, keyed = lake.diff("flights@1", "flights@2"), lake.diff("flights@1", "flights@2", key="id")
    assert (plain.added, plain.removed, plain.changed, plain.unchanged) == (2, 2, 0, 1)
    assert (keyed.added, keyed.removed, keyed.changed, keyed.unchanged) == (1, 1, 1, 1)
    assert keyed.changed_cells == {"delay": 1} and lake.diff("flights@1", "flights@1").same
    lake.commit("flights", MONDAY.assign(gate="A1").astype({"id": str}).drop(columns="delay"), schema="evolve")
    wide = lake.diff("flights@1", "flights")
    assert (wide.columns_added, wide.columns_removed, wide.columns_retyped) == (
        {"gate": "string"},
        {"delay": "double"},
        {"id": "int64 -> string"},
    )
    lake.commit("flights", board((1, "ATL", 1.0), (2, "ATL", 1.0)), schema="evolve")
    with pytest.raises(UsageError, match="does not name one row"):
        lake.diff("flights@1", "flights@4", key="dest")


def test_compaction_is_no_version(lake):
    for k in range(6):
        lake.commit("t", pd.DataFrame({"k": [k]}), mode="append", run_id=str(k))
    before, history = lake.latest("t"), lake.history("t")
    assert lake.compact("t").changed and lake.latest("t") == before and lake.history("t") == history
    assert not lake.compact("t").changed
    assert len(DeltaTable(lake.place.uri("t")).file_uris()) == 1
    with pytest.raises(SnapshotNotFound, match="upkeep"):
        lake.read("t@7")
    assert not lake.commit("t", pd.DataFrame({"k": range(6)})).changed
    lake.commit("t", pd.DataFrame({"k": [99]}))
    assert lake.latest("t").version == 8 and len(lake.read("t@6")) == 6


def test_vacuum_keeps_what_is_pinned_whatever_happens(lake):
    for k in range(6):
        lake.commit("t", pd.DataFrame({"k": [k]}))
    trial = lake.vacuum("t", keep=2, pinned=["t@2", "other@1"], dry_run=True)
    assert trial.dry_run and trial.removed == (1, 3, 4) and len(lake.read("t@1")) == 1
    assert lake.vacuum("t", keep=2, pinned=["t@2", "other@1"]).kept == (2, 5, 6)
    assert lake.read("t@2")["k"].tolist() == [1]
    for gone in (1, 3, 4):
        for action in (lake.read, lake.scan):
            with pytest.raises(SnapshotNotFound, match="vacuum has removed"):
                action(f"t@{gone}")
    assert [s.version for s in lake.history("t")] == [6, 5, 4, 3, 2, 1], "the history still knows them"
    assert lake.vacuum("t", keep="0s", pinned=["t@2"]).removed == (5,)
    assert lake.read("t@2")["k"].tolist() == [1] and lake.read("t")["k"].tolist() == [5]
    lake.commit("t", pd.DataFrame({"k": [7]}))
    assert lake.history("t")[0].ref == "t@" + str(lake.latest("t").version)


def test_a_pinned_version_survives_checkpoints_and_compaction(lake):
    """Delta writes a checkpoint every 100 commits and would then drop old log files, and with them time travel."""
    for k in range(103):
        lake.commit("t", pd.DataFrame({"k": [k]}), mode="append", key="k")
    assert list(Path(lake.place.uri("t"), "_delta_log").glob("*.checkpoint*.parquet")), (
        "the test must have met a checkpoint"
    )
    lake.compact("t")
    lake.vacuum("t", keep=1, pinned=["t@5"])
    assert lake.read("t@5")["k"].tolist() == [0, 1, 2, 3, 4]
    assert consistent(lake, "t").rows == 103 and len(lake.history("t")) == 103


def test_left_overs_of_a_dead_writer_go_after_a_day(lake):
    lake.commit("t", MONDAY)
    folder = Path(lake.place.uri("t"))
    young, old = folder / "part-00000-young.snappy.parquet", folder / "part-00000-old.snappy.parquet"
    for file in (young, old):
        shutil.copy(next(folder.glob("part-*.parquet")), file)
    os.utime(old, (0, 0))
    lake.vacuum("t")
    assert young.exists() and not old.exists() and consistent(lake, "t").rows == 3


def test_commits_by_other_tools_are_versions_too(lake):
    lake.commit("t", MONDAY)
    write_deltalake(lake.place.uri("t"), pa.table({"id": [7], "dest": ["X"], "delay": [1.0]}), mode="append")
    assert lake.latest("t").version == 2 and consistent(lake, "t").rows == 4
    assert not lake.commit("t", lake.read("t")).changed
    assert lake.commit("t", board((8, "Y", 2.0)), mode="append", key="id").rows == 5
    consistent(lake, "t")
    write_deltalake(lake.place.uri("elsewhere"), pa.table({"a": [1]}))
    assert lake.tables() == ["elsewhere", "t"] and lake.read("elsewhere@0")["a"].tolist() == [1]


def test_times_never_go_back(lake, monkeypatch):
    from mlops_nb.store import lake_write as module

    lake.commit("t", MONDAY)
    early = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)
    real = module.after
    monkeypatch.setattr(
        module,
        "after",
        lambda previous: real(previous) if previous is None else max(early, previous + dt.timedelta(microseconds=1)),
    )
    lake.commit("t", MONDAY.assign(delay=0.0))
    times = [s.committed_at for s in lake.history("t")]
    assert times == sorted(times, reverse=True) and len(set(times)) == 2


def test_read_only(lake):
    lake.commit("t", MONDAY)
    shut = Lake(lake.place.root, read_only=True)
    for action in (lambda: shut.commit("t", MONDAY), lambda: shut.compact("t"), lambda: shut.vacuum("t")):
        with pytest.raises(ReadOnly):
            action()
    assert len(shut.read("t")) == 3 and shut.check().state == "ok"


def test_check_finds_a_closed_door(tmp_path):
    assert Lake(tmp_path / "new").check().state == "ok"
    assert list((tmp_path / "new").iterdir()) == [], "the probe is gone again"
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    finding = Lake(blocked / "lake").check()
    assert finding.state == "fail" and finding.remedy


def test_a_lake_that_cannot_be_written_says_so(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(Exception) as caught:
        Lake(blocked / "lake").commit("t", MONDAY)
    assert isinstance(caught.value, WorkspaceNotWritable) and "doctor" in caught.value.hint


def test_runs_record_what_they_read_and_wrote(lake, tmp_path, monkeypatch):
    monkeypatch.setenv("MLOPS_NB_RUN_DIR", str(tmp_path))
    name = f"flights {os.urandom(4).hex()}"  # a process notes each snapshot once
    lake.commit(name, MONDAY)
    lake.read(name)
    lake.area("predictions").commit("delay", MONDAY)
    notes = [json.loads(line) for line in (tmp_path / "io.jsonl").read_text().splitlines()]
    assert [(n["io"], n["ref"]) for n in notes] == [("write", f"{name}@1"), ("read", f"{name}@1")]


def test_areas_are_apart(lake):
    lake.commit("delay", MONDAY)
    lake.area("predictions").commit("delay", MONDAY.assign(delay=1.0))
    assert lake.latest("delay").rows == 3 and lake.area("labels").tables() == []
    with pytest.raises((UsageError, NameInvalid)):
        lake.area("../x")


def test_a_disk_that_fills_up_in_the_middle_leaves_what_there_was(lake):
    """The kernel refuses to let any file grow past 100 kB: the Parquet file of the second commit is cut off while it is written."""
    lake.commit("t", MONDAY)
    big = pd.DataFrame({"id": np.random.default_rng(0).integers(0, 2**60, 200_000), "dest": "ATL", "delay": 1.0})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(StoreUnavailable) as caught:
            lake.commit("t", big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "is full" in str(caught.value) and "vacuum" in caught.value.hint
    assert lake.latest("t").ref == "t@1" and len(lake.read("t")) == 3
    assert lake.commit("t", big).ref == "t@2"
