"""Predictions, labels and profiles in the lake: exactly once, of any type, tidied and forgotten; on a disk and on S3."""

import resource
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from pyarrow.fs import FileSelector, FileType

from mlops_nb.core.errors import StoreUnavailable, UsageError
from mlops_nb.store import lake_served as served
from mlops_nb.store.lake_forget import condition, forget
from mlops_nb.store.lake_log import Place

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(params=["disk", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "disk":
        return Place(str(tmp_path / "lake 100% ü"))
    name = "".join(c if c.isalnum() else "-" for c in request.node.name)
    return Place(f"s3://lake-bucket/{name}", options=request.getfixturevalue("options"))


@pytest.fixture
def disk(tmp_path: Path) -> Place:
    return Place(str(tmp_path / "lake"))


def predictions(names, features=None, prediction=None, at=NOON, version=1) -> pa.Table:
    n = len(names)
    same = {"row": 0, "received_at": at, "event_time": at, "model": "delay", "version": version, "role": "live", "date": at.date()}
    schema = served.table_schema("predictions")
    columns = {k: pa.array([v] * n, schema.field(k).type) for k, v in same.items()}
    columns |= {"request_id": pa.array(names), "entity_id": pa.array([f"E-{x}" for x in names])}
    columns |= {"prediction": served.answer_array(prediction if prediction is not None else [0] * n)}
    return pa.table(columns | {"features": pa.array([features or {"gust": 20.0}] * n)})


def labels(given, at=NOON) -> pa.Table:
    "(request, entity, label, hours after noon)"
    times = pa.array([NOON + timedelta(hours=h) for *_, h in given], served.instant())
    text = {"request_id": [g[0] for g in given], "entity_id": [g[1] for g in given]}
    columns = {k: pa.array(v, pa.string()) for k, v in text.items()} | {"label": served.answer_array([g[2] for g in given])}
    columns |= {"row": pa.array([0] * len(given), pa.int32()), "labelled_at": times}
    return pa.table(columns | {"received_at": pa.array([at] * len(given), served.instant()), "date": [at.date()] * len(given)})


def names(place, **words) -> list[str]:
    return sorted(served.read(place, "predictions", "delay", **words)["request_id"].to_pylist())


def test_rows_and_marks_are_there_together_and_once(place):
    first = predictions(["a", "b"])
    assert served.read(place, "predictions", "delay").num_rows == 0 and served.marks(place, "predictions", "delay", ["s1"]) == {}
    assert served.append(place, "predictions", "delay", first, {"s1": 100, "s2": 50}) == 2
    assert served.append(place, "predictions", "delay", first, {"s1": 100, "s2": 50}) == 0
    assert served.append(place, "predictions", "delay", first, {"s1": 90}) == 0, "an older mark is not news either"
    assert served.append(place, "predictions", "delay", predictions(["c"]), {"s1": 100, "s2": 60}) == 1
    assert names(place) == ["a", "b", "c"] and served.marks(place, "predictions", "delay", ["s1", "s2", "s3"]) == {"s1": 100, "s2": 60}
    assert served.models_of(place, "predictions") == ["delay"] and served.models_of(place, "labels") == []
    assert names(place, since=NOON + timedelta(seconds=1)) == [] and names(place, until=NOON + timedelta(seconds=1)) == ["a", "b", "c"]


def test_later_versions_bring_other_features_and_other_types(place):
    steps = [
        ({"gust": 20.0, "carrier": "UA"}, [1], 1),
        ({"gust": 21.0, "snow": True}, [0.5], 2),  # one gone, one new
        ({"gust": 30, "carrier": None}, ["late"], 3),  # whole numbers fit into doubles; words beside numbers
        ({"gust": "strong", "carrier": 7}, ["on time"], 4),
        ({}, [None], 5),
    ]
    for features, prediction, version in steps:
        table = predictions([f"r{version}"], features or None, prediction, NOON + timedelta(days=version), version)
        served.append(place, "predictions", "delay", table if features else table.drop_columns(["features"]), {"s": version})
    frame = served.expanded(served.read(place, "predictions", "delay")).sort_values("version").astype(object)
    frame = frame.where(frame.notna(), None)
    assert frame["gust"].tolist() == [20.0, 21.0, 30.0, "strong", None] and frame["carrier"].tolist() == ["UA", None, None, 7, None]
    assert frame["snow"].tolist() == [None, True, None, None, None] and frame["prediction"].tolist() == [1.0, 0.5, "late", "on time", None]
    struct = served.read(place, "predictions", "delay").schema.field("features").type
    kinds = {struct.field(i).name: str(struct.field(i).type) for i in range(struct.num_fields)}
    assert kinds == {"gust": "double", "carrier": "string", "snow": "bool", "gust::string": "string", "carrier::int": "int64"}
    only = served.read(place, "predictions", "delay", where=ds.field("version") == 4, columns=["prediction", "features"])
    assert only.num_rows == 1


def test_features_named_like_our_columns_and_other_odd_names(disk):
    odd = {"version": 9.0, "role": "x", "名前": "ü", "a.b": 1.0, "with space": 2.0, "prediction": 3.0}
    served.append(disk, "predictions", "delay", predictions(["a"], odd, [1]), {})
    frame = served.expanded(served.read(disk, "predictions", "delay"))
    names = ["feature version", "feature role", "名前", "a.b", "with space", "feature prediction"]
    assert frame[names].iloc[0].tolist() == list(odd.values())
    assert frame["version"].tolist() == [1] and frame["prediction"].tolist() == [1.0]
    served.append(disk, "predictions", "Flüge 1", predictions(["b"]), {})
    assert served.models_of(disk, "predictions") == ["Flüge 1", "delay"]


def test_several_versions_in_one_commit(disk):
    one, two = predictions(["a"], {"x": 1.0}, [1.0]), predictions(["b"], {"x": "word", "y": 2}, ["late"], version=2)
    served.append(disk, "predictions", "delay", served.stacked([one, two]), {"s": 1})
    frame = served.expanded(served.read(disk, "predictions", "delay")).sort_values("version")
    assert frame["x"].tolist() == [1.0, "word"] and frame["prediction"].tolist() == [1.0, "late"] and frame["y"].iloc[1] == 2


def test_two_writers_at_once_lose_nothing(place):
    problems = []

    def write(k):
        try:
            for n in range(5):
                features = {"gust": 1.0, f"only {k}": float(n)}
                served.append(place, "predictions", "delay", predictions([f"{k}-{n}"], features), {f"s{k}": n + 1})
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=write, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == [] and names(place) == sorted(f"{k}-{n}" for k in range(2) for n in range(5))


def test_the_latest_label_holds(disk):
    served.append(disk, "predictions", "delay", predictions(["a", "b", "c", "d"]), {})
    given = [("a", None, 1, 5), ("a", None, 0, 2), (None, "E-b", 1, 1), (None, "E-b", 0, 9)]
    given += [("c", None, 1, 1), (None, "E-c", 0, 2), (None, "E-z", 1, 0)]
    for one in given:  # in this order, so late ones come before early ones
        served.append(disk, "labels", "delay", labels([one]), {})
    served.append(disk, "labels", "delay", labels([(None, "E-b", 1, 9)], NOON + timedelta(minutes=1)), {})
    held = served.latest_labels(served.read(disk, "labels", "delay"))
    frame = served.labelled(served.expanded(served.read(disk, "predictions", "delay")), held).set_index("request_id")
    assert frame.loc[["a", "b", "c"], "label"].tolist() == [1.0, 1.0, 0.0] and pd.isna(frame.loc["d", "label"])
    assert frame.loc["c", "labelled_at"] == NOON + timedelta(hours=2)
    nothing = served.labelled(frame.reset_index().drop(columns=["label", "labelled_at"]), held.iloc[:0])
    assert nothing["label"].isna().all() and len(nothing) == 4


def test_dates_are_rewritten_whole_or_not_at_all(place):
    served.append(place, "predictions", "delay", predictions(["a", "b"]), {"s": 1})
    served.append(place, "predictions", "delay", predictions(["c"], at=NOON + timedelta(days=1)), {"s": 2})
    looked = []

    def change(rows):
        if not looked:  # somebody writes between our look and our commit
            looked.append(rows.num_rows)
            table = DeltaTable(served.in_area(place, "predictions").uri("delay"), storage_options=place.storage())
            late = rows.slice(0, 1).set_column(rows.column_names.index("request_id"), "request_id", pa.array(["late"]))
            write_deltalake(table, late, mode="append")
        else:
            looked.append(rows.num_rows)
        return rows.slice(0, rows.num_rows - 1) if rows.num_rows > 1 else None

    assert served.rewrite_date(place, "predictions", "delay", NOON.date(), change)
    assert looked == [2, 3] and len(names(place)) == 3 and "c" in names(place), "it saw the newcomer and did it again"
    assert served.marks(place, "predictions", "delay", ["s"]) == {"s": 2}
    assert not served.rewrite_date(place, "predictions", "delay", date(2001, 1, 1), change)


def test_upkeep_changes_files_and_not_content(place):
    for n in range(served.MANY_FILES + 1):
        served.append(place, "predictions", "delay", predictions([f"r{n}"]), {"s": n})
    served.append(place, "predictions", "delay", predictions(["old"], at=NOON - timedelta(days=40)), {})
    before = names(place)
    done = served.tidy(place, "predictions", "delay", 0, NOON)
    assert done.joined > served.MANY_FILES and done.dropped == () and names(place) == before
    assert served.tidy(place, "predictions", "delay", 0, NOON).joined == 0
    done = served.tidy(place, "predictions", "delay", 30, NOON)
    assert done.dropped == ("2026-01-21",) and names(place) == [n for n in before if n != "old"]
    assert served.marks(place, "predictions", "delay", ["s"]) == {"s": served.MANY_FILES}
    assert served.tidy(place, "predictions", "nobody").joined == 0


def test_the_log_of_a_long_life_stays_short(disk):
    for n in range(120):
        served.append(disk, "labels", "delay", labels([(None, f"E-{n}", 1, 0)]), {f"s{n}": 1})
    table = DeltaTable(served.in_area(disk, "labels").uri("delay"))
    table.alter.set_table_properties({"delta.logRetentionDuration": "interval 0 seconds"})  # a week has passed
    log = Path(served.in_area(disk, "labels").uri("delay")) / "_delta_log"
    before = len(list(log.glob("*.json")))
    served.tidy(disk, "labels", "delay")
    assert len(list(log.glob("*.json"))) < before / 2
    assert served.marks(disk, "labels", "delay", ["s0", "s119"]) == {"s0": 1, "s119": 1}
    assert served.read(disk, "labels", "delay").num_rows == 120


def everything_stored(place: Place) -> str:
    "All text of all files of the two tables."
    if place.path is None:
        found = []
        for area in ("predictions", "labels"):
            where = served.in_area(place, area).files("delay")
            for info in where.get_file_info(FileSelector("", recursive=True)):
                if info.type == FileType.File:
                    with where.open_input_file(info.path) as file:
                        raw = file.read()
                    is_table = info.path.endswith(".parquet")
                    found.append(str(pq.read_table(pa.BufferReader(raw)).to_pylist()) if is_table else raw.decode())
        return "".join(found)
    paths = [p for area in ("predictions", "labels") for p in (place.path / area).rglob("*") if p.is_file()]
    return "".join(str(pq.ParquetFile(p).read().to_pylist()) if p.suffix == ".parquet" else p.read_text() for p in paths)


def test_who_is_forgotten_is_in_no_file(place):
    for n, day in enumerate([0, 0, 1, 2]):
        rows = predictions(["a", "b"], {"carrier": "UA" if n else "B6"}, at=NOON + timedelta(days=day))
        served.append(place, "predictions", "delay", rows, {"s": n})
    truth = labels([("a", None, 1, 0), (None, "E-a", 1, 0), (None, "E-b", 0, 0), (None, "E-c", 1, 0)])
    served.append(place, "labels", "delay", truth, {"s": 9})
    served.tidy(place, "predictions", "delay")
    assert "E-a" in everything_stored(place)
    with pytest.raises(UsageError, match="There is no column 'entity'"):
        forget(place, "delay", [("entity", "=", "E-a")])
    done = forget(place, "delay", [("entity_id", "=", "E-a")])
    assert (done.predictions, done.labels) == (4, 2) and done.files > 0
    assert "E-a" not in everything_stored(place) and "'a'" not in everything_stored(place)
    assert names(place) == ["b"] * 4 and served.read(place, "labels", "delay")["entity_id"].to_pylist() == ["E-b", "E-c"]
    assert served.marks(place, "predictions", "delay", ["s"]) == {"s": 3}, "and what was collected is not collected again"
    assert forget(place, "delay", [("entity_id", "=", "E-a")]).predictions == 0
    assert forget(place, "delay", [("entity_id", "=", "E-c")]).labels == 1, "labels without a prediction too"
    assert forget(place, "delay", [("carrier", "=", "B6"), ("version", "=", "1")]).predictions == 1


def test_conditions_are_typed(disk):
    served.append(disk, "predictions", "delay", predictions(["a"], {"gust": 1.5, "n": 3, "ok": True}), {})
    schema = served.read(disk, "predictions", "delay").schema
    tomorrow = NOON + timedelta(days=1)
    for where in ([("gust", ">=", "1.5")], [("n", "in", [1, 3])], [("received_at", "<", tomorrow)], [("entity_id", "!=", 5)]):
        assert served.read(disk, "predictions", "delay", where=condition(where, schema)).num_rows == 1
    wrong = (([("gust", "=", "much")], "compared"), ([("gust", "~", 1)], "operator"), ([], "no condition"), (["gust"], "not a"))
    for where, word in wrong:
        with pytest.raises(UsageError, match=word):
            condition(where, schema)


def test_a_full_disk_leaves_what_there_was(disk):
    served.append(disk, "predictions", "delay", predictions(["a"]), {"s": 1})
    import numpy as np

    big = predictions([f"{v:x}" for v in np.random.default_rng(0).integers(0, 2**60, 50_000)])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(StoreUnavailable, match="is full"):
            served.append(disk, "predictions", "delay", big, {"s": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(disk) == ["a"] and served.marks(disk, "predictions", "delay", ["s"]) == {"s": 1}
    assert served.append(disk, "predictions", "delay", big, {"s": 2}) == 50_000
