"""What `profile` says must be what `why.log` says; where it says more, the documentation lists it."""

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_nb.core.errors import DataInvalid
from mlops_nb.profile.engine import DatasetProfileView, whylogs
from mlops_nb.profile.sketch import hash_item, is_hashed, merge, profile, protect
from mlops_nb.profile.summary import summarize

NAN = float("nan")


def compare(frame: pd.DataFrame, view: DatasetProfileView, but: tuple[str, ...] = ()) -> None:
    "Counts, types, extremes, moments and leading items equal; quantiles and cardinality within their errors."
    theirs = whylogs.log(frame).view()
    assert list(view.get_columns()) == [str(c) for c in frame.columns]
    for name, column in theirs.get_columns().items():
        ours = view.get_column(name)
        for metric in ("counts", "types"):
            a, b = ours.get_metric(metric).to_summary_dict(), column.get_metric(metric).to_summary_dict()
            if name.startswith("nullable ") and pd.__version__ < "3":
                b["nan"] = a.get("nan")  # whylogs says NaN for pandas.NA there, and not with pandas 3; we never do
            assert {k: int(v) for k, v in a.items() if v} == {k: int(v) for k, v in b.items() if v}, (name, metric)
        if name in but:
            continue
        assert set(ours.get_metric_names()) == set(column.get_metric_names()), name
        shape, other = ours.get_metric("distribution"), column.get_metric("distribution")
        if other is not None:
            assert (shape.n, shape.min, shape.max) == (other.n, other.min, other.max), name
            if shape.n and np.isfinite([shape.min, shape.max]).all():
                assert shape.mean.value == pytest.approx(other.mean.value, rel=1e-9, abs=1e-12), name
                assert shape.stddev == pytest.approx(other.stddev, rel=1e-6, abs=1e-9), name
        if (whole := column.get_metric("ints")) is not None:
            assert (ours.get_metric("ints").minimum, ours.get_metric("ints").maximum) == (whole.minimum, whole.maximum)
        distinct = column.get_metric("cardinality")
        if distinct is not None and distinct.estimate:
            assert ours.get_metric("cardinality").estimate == pytest.approx(distinct.estimate, rel=0.03), name
        frequent = column.get_metric("frequent_items")
        if frequent is not None and (distinct.estimate or 0) < 700:
            mine = {i.value: i.est for i in ours.get_metric("frequent_items").strings}
            assert mine == {i.value: i.est for i in frequent.strings}, name


def kinds() -> dict[str, pd.Series]:
    return {
        "float": pd.Series([1.5, NAN, -0.0, 2.0]),
        "infinite": pd.Series([1.5, NAN, np.inf, -np.inf]),
        "float32": pd.Series([1.5, NAN, 3, 4], dtype="float32"),
        "nullable float": pd.Series([1.5, None, 3, 4], dtype="Float64"),
        "int": pd.Series([3, 1, 2, 3]),
        "int8": pd.Series([-128, 127, 0, 1], dtype="int8"),
        "uint16": pd.Series([1, 2, 65_535, 2], dtype="uint16"),
        "nullable int": pd.Series([1, None, 2**60, 4], dtype="Int64"),
        "bool": pd.Series([True, False, True, True]),
        "nullable bool": pd.Series([True, None, True, True], dtype="boolean"),
        "object bool": pd.Series([True, None, False, True], dtype=object),
        "str": pd.Series(["a", "b", None, "a"], dtype="str"),
        "object str": pd.Series(["a", "b", None, NAN], dtype=object),
        "string": pd.Series(["a", "b", None, "é"], dtype="string"),
        "arrow string": pd.Series(["a", "b", None, "a"], dtype=pd.ArrowDtype(pa.string())),
        "int categories": pd.Series([1, 2, 3, 1], dtype="category"),
        "datetime": pd.to_datetime(pd.Series(["2013-01-01", "2013-01-02", None, "2013-01-03"])),
        "zoned": pd.to_datetime(pd.Series(["2013-01-01", "2013-01-02", None, "2013-01-03"])).dt.tz_localize("US/Eastern"),
        "decimal": pd.Series([Decimal("1.5"), Decimal(2), None, Decimal("NaN")]),
        "object float": pd.Series([1.5, None, NAN, 2.0], dtype=object),
        "object int": pd.Series([1, 2, None, 2], dtype=object),
        "mixed": pd.Series([1, "a", 2.5, True], dtype=object),
        "lists": pd.Series([[1, 2], [3], [], "x"], dtype=object),
        "records": pd.Series([{"a": 1}, None, (1, 2), b"x"], dtype=object),
        "nothing": pd.Series([None] * 4, dtype=object),
        "all NaN": pd.Series([NAN] * 4),
        "NA kinds": pd.Series([pd.NaT, None, pd.NA, 1], dtype=object),
        "numpy strings": pd.Series([np.str_("a"), "a", "b", None], dtype=object),
    }


MORE_THAN_WHYLOGS = ("datetime", "zoned", "int categories")  # a distribution; the integers' bounds


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_of_pandas_column(kind: str) -> None:
    frame = pd.DataFrame({kind: kinds()[kind]})
    compare(frame, profile(frame, hash_strings=False), but=MORE_THAN_WHYLOGS)


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize("rows", [0, 1])
def test_no_rows_and_one_row(kind: str, rows: int) -> None:
    frame = pd.DataFrame({kind: kinds()[kind]}).head(rows)
    view = profile(frame, hash_strings=False)
    assert view.get_column(kind).get_metric("counts").n.value == rows
    assert DatasetProfileView.deserialize(view.serialize()).get_column(kind) is not None
    if rows:
        compare(frame, view, but=MORE_THAN_WHYLOGS)


def test_flights(flights: pd.DataFrame) -> None:
    frame = flights[["arr_delay", "air_time", "distance", "carrier", "dest", "tailnum", "flight"]].head(60_000)
    view = profile(frame, hash_strings=False)
    compare(frame, view)
    for name in ("arr_delay", "air_time", "distance"):
        rows = np.sort(frame[name].dropna().to_numpy(dtype=float))
        for q in (0.01, 0.1, 0.5, 0.9, 0.99):
            found = summarize(view)[name].quantiles([q])[0]
            low, high = np.searchsorted(rows, found, "left") / len(rows), np.searchsorted(rows, found, "right") / len(rows)
            assert low - 0.005 <= q <= high + 0.005, (name, q)
    top = summarize(view)["tailnum"].items[:50]
    assert dict(top) == frame["tailnum"].value_counts()[[t for t, _ in top]].to_dict()


cells = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**62), 2**62), st.floats(allow_nan=True, allow_infinity=False, width=32),
    st.text(max_size=5), st.decimals(allow_infinity=False, places=2, min_value=-1000, max_value=1000),
    st.lists(st.integers(0, 9), max_size=3), st.binary(max_size=3),
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.lists(cells, min_size=1, max_size=40))
def test_any_mixture_is_counted_as_whylogs_counts_it(values: list[Any]) -> None:
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    compare(frame, profile(frame, hash_strings=False), but=("x",))


class Odd:
    "A value that objects to everything."

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    def __hash__(self) -> int:
        raise RuntimeError

    def __bool__(self) -> bool:
        raise RuntimeError


def test_nothing_makes_it_fail() -> None:
    values = [
        Odd(), object(), "\ud800", 2**70, -(2**2000), Decimal("sNaN"), Decimal("1e999"), 1j, [[1], [2, 3]], np.array([1.0]), np.array(3),
        dt.timedelta(1), dt.time(3), dt.datetime(2013, 1, 1), pd.Interval(0, 1), range(3), NAN,
        np.datetime64("NaT"), np.timedelta64(1, "s"),
    ]  # fmt: skip
    for some in ([v] for v in values), [values], ([v, None, "a"] for v in values):
        for column in some:
            frame = pd.DataFrame({"x": pd.Series([*column], dtype=object)})
            view = profile(frame)
            assert view.get_column("x").get_metric("counts").n.value == len(frame)
            DatasetProfileView.deserialize(view.serialize())
    rare = {
        "cut": pd.cut(pd.Series([1, 2, 3]), 2),
        "period": pd.period_range("2013", periods=3, freq="M"),
        "sparse": pd.arrays.SparseArray([0.0, 0.0, 1.0]),
        "complex": [1j, 2j, 3j],
        "delta": pd.to_timedelta([1, 2, 3], "h"),
    }
    frame = pd.DataFrame(rare)
    view = profile(frame)
    assert all(c.get_metric("counts").n.value == 3 for c in view.get_columns().values())
    assert summarize(view)["delta"].maximum == 3 * 3600


def test_the_same_from_polars_and_arrow(flights: pd.DataFrame) -> None:
    frame = flights[["arr_delay", "distance", "carrier", "tailnum", "time_hour"]].head(20_000)
    frame = frame.assign(late=frame["arr_delay"] > 15, carrier_category=frame["carrier"].astype("category"))
    table = pa.Table.from_pandas(frame, preserve_index=False)
    chunked = pa.concat_tables([table.slice(0, 7_000), table.slice(7_000, 500), table.slice(7_500)])
    of = {
        "pandas": profile(frame), "arrow": profile(table), "chunked": profile(chunked), "batch": profile(table.to_batches()[0]),
        "polars": profile(pl.from_pandas(frame)), "polars chunks": profile(pl.concat([pl.from_arrow(chunked)] * 1, rechunk=False)),
    }  # fmt: skip
    first = {name: column.to_dict() for name, column in summarize(of["pandas"]).items()}
    for kind, view in of.items():
        for name, column in summarize(view).items():
            found = column.to_dict()
            assert found | {"nans": 0} == first[name] | {"nans": 0}, (kind, name)  # NaN of pandas is null elsewhere


def test_arrow_and_polars_types() -> None:
    table = pa.table(
        {
            "decimal": pa.array([Decimal("1.50"), None, Decimal("2.25")], pa.decimal128(6, 2)),
            "date": pa.array([dt.date(2013, 1, 1), None, dt.date(2013, 1, 3)]),
            "seconds": pa.array([dt.datetime(2013, 1, 1), None, dt.datetime(2013, 1, 3)], pa.timestamp("s")),
            "nanoseconds": pa.array([dt.datetime(2013, 1, 1), None, dt.datetime(2013, 1, 3)], pa.timestamp("ns", "UTC")),
            "duration": pa.array([dt.timedelta(seconds=90), None, dt.timedelta(0)]),
            "time": pa.array([dt.time(1), None, dt.time(2)]),
            "vectors": pa.array([[1.0, 2.0], None, []]),
            "records": pa.array([{"a": 1}, None, {"a": 2}]),
            "bytes": pa.array([b"a", None, b"b"]),
            "nothing": pa.array([None, None, None]),
            "half": pa.array(np.array([1, 2, 3], dtype=np.float16)),
            "large": pa.array([2**63 + 5, None, 1], pa.uint64()),
            "view": pa.array(["a", None, "a"], pa.string_view()),
            "codes": pa.array(["a", None, "a"]).dictionary_encode(),
            "number codes": pa.array([5, None, 5]).dictionary_encode(),
        }
    )
    found = summarize(profile(table, hash_strings=False))
    assert found["decimal"].maximum == 2.25 and found["decimal"].type == "float"
    day = dt.datetime(2013, 1, 3, tzinfo=dt.UTC).timestamp()
    assert {found[n].maximum for n in ("date", "seconds", "nanoseconds")} == {day}
    assert {found[n].type for n in ("date", "seconds", "nanoseconds")} == {"datetime"}
    assert (found["duration"].maximum, found["time"].minimum) == (90.0, 3600.0)
    assert found["vectors"].types["tensor"] == 1 and found["vectors"].types["object"] == 1
    assert found["records"].types["object"] == found["bytes"].types["object"] == 2
    assert (found["nothing"].nulls, found["large"].maximum, found["half"].maximum) == (3, float(2**63 + 5), 3.0)
    assert found["view"].items == found["codes"].items == [("a", 2)]
    assert found["number codes"].type == "int" and found["number codes"].n == 3
    assert all(c.n == 3 for c in found.values()) and all(c.nulls == 1 for n, c in found.items() if n not in ("nothing", "half"))
    anything, enum = pl.Series([object(), None], dtype=pl.Object), pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"]))
    nested = pl.DataFrame({"l": [[1, 2], None], "o": anything, "e": enum})
    assert [c.n for c in summarize(profile(nested)).values()] == [2, 2, 2]


def test_repeated_names_are_named() -> None:
    frame = pd.DataFrame([[1, 2, 3, 4]], columns=["a", "b", "a", "b"])
    with pytest.raises(DataInvalid, match=r"a, b\.") as caught:
        profile(frame)
    assert caught.value.field == "a"
    with pytest.raises(DataInvalid, match="1"):
        profile(pd.DataFrame([[1, 2]], columns=[1, "1"]))
    with pytest.raises(DataInvalid, match="x"):
        profile(pa.table([[1], [2]], names=["x", "x"]))


def test_names_with_spaces_and_accents() -> None:
    assert list(profile(pd.DataFrame({"Größe (cm)": [1], "": [2], 7: [3]})).get_columns()) == ["Größe (cm)", "", "7"]


floats = st.floats(-1e6, 1e6, width=32) | st.just(NAN)
words = st.sampled_from(["UA", "AA", "B6", "", "é", None])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.tuples(floats, st.integers(-5, 5), words), max_size=30), min_size=1, max_size=5))
def test_merged_parts_are_the_whole(parts: list[list[tuple[float, int, str | None]]]) -> None:
    frames = [pd.DataFrame(p, columns=["f", "i", "s"]).astype({"f": float, "i": "int64", "s": object}) for p in parts]
    merged, whole = summarize(merge([profile(f) for f in frames])), summarize(profile(pd.concat(frames), hash_strings=False))
    for name, column in whole.items():
        found = merged[name]
        assert (found.n, found.nulls, found.types) == (column.n, column.nulls, column.types)
        assert found.unique == pytest.approx(column.unique)
        assert [found.minimum, found.maximum] == pytest.approx([column.minimum, column.maximum], nan_ok=True)
        assert [found.mean, found.sd] == pytest.approx([column.mean, column.sd], nan_ok=True, rel=1e-6, abs=1e-3)
        if name != "s":
            assert found.items == column.items
            assert found.quantiles([0.25, 0.5]).tolist() == pytest.approx(column.quantiles([0.25, 0.5]).tolist(), nan_ok=True)
    hidden = {hash_item(item): count for item, count in whole["s"].items}
    assert {i if is_hashed(i) else hash_item(i): c for i, c in merged["s"].items} == hidden


def test_merging_changes_no_part(flights: pd.DataFrame) -> None:
    parts = [profile(flights.iloc[i : i + 900]) for i in range(0, 9_000, 900)]
    before = [part.serialize() for part in parts]
    merge(parts)
    theirs = parts[0]
    for part in parts[1:]:
        theirs = theirs.merge(part)
    assert [part.serialize() for part in parts] == before
    ours, other = summarize(merge(parts)), summarize(theirs)
    assert list(ours) == list(flights.columns)
    for name, column in ours.items():
        assert (column.n, column.nulls, column.items[:5]) == (other[name].n, other[name].nulls, other[name].items[:5])
        assert column.mean == pytest.approx(other[name].mean, nan_ok=True)


def test_merging_with_whylogs_own(flights: pd.DataFrame) -> None:
    ours, theirs = profile(flights.head(3_000), hash_strings=False), whylogs.log(flights.iloc[3_000:6_000]).view()
    both = summarize(merge([ours, theirs]))
    assert both["arr_delay"].n == 6_000
    assert dict(both["carrier"].items) == flights["carrier"].head(6_000).value_counts().to_dict()


def test_high_cardinality_strings_are_hidden(flights: pd.DataFrame) -> None:
    frame = pd.DataFrame({"mail": [f"user{i}@example.org" for i in range(2_000)], "carrier": flights["carrier"].head(2_000)})
    view = profile(frame)
    assert b"example.org" not in view.serialize()
    assert dict(summarize(view)["carrier"].items) == frame["carrier"].value_counts().to_dict()
    assert b"example.org" not in profile(frame.head(1)).serialize()
    assert b"example.org" in profile(frame.head(300), plain=["mail"]).serialize()
    assert b"example.org" in profile(frame.head(300), hash_strings=False).serialize()
    assert b"example.org" not in protect(whylogs.log(frame).view()).serialize()
    led = summarize(profile(frame.head(3), like=view))
    assert {i for i, _ in led["carrier"].items} == set(frame["carrier"].head(3)) and all(is_hashed(i) for i, _ in led["mail"].items)
    keyed = summarize(profile(frame.head(5), key=b"secret"))
    assert {i for i, _ in keyed["mail"].items} == {hash_item(m, b"secret") for m in frame["mail"].head(5)}
    assert hash_item("a", b"x") != hash_item("a", b"y") != hash_item("a")


def test_a_nearly_unique_column_keeps_its_heavy_values() -> None:
    rng = np.random.default_rng(3)
    values = np.array([f"id-{i}" for i in range(120_000)] + ["unknown"] * 4_000 + ["test"] * 2_000, dtype=object)
    values = rng.permutation(np.append(values, [None] * 100))
    for column in (pd.Series(values, dtype=object), pd.Series(values, dtype="str")):
        found = summarize(profile(pd.DataFrame({"id": column}), hash_strings=False))["id"]
        assert found.items[:2] == [("unknown", 4_000), ("test", 2_000)]
        assert found.unique == pytest.approx(120_002, rel=0.03)
        assert (found.n, found.nulls, found.types["string"]) == (126_100, 100, 126_000)


def test_wide_integers_over_several_pieces() -> None:
    rng = np.random.default_rng(4)
    values = np.concatenate([rng.integers(-(2**40), 2**40, 1_150_000), np.full(30_000, 2**41)])
    rng.shuffle(values)
    found = summarize(profile(pd.DataFrame({"id": values})))["id"]
    assert found.items[0][0] == str(2**41) and found.items[0][1] == pytest.approx(30_000, rel=0.01)
    assert (found.n, found.minimum, found.maximum) == (len(values), values.min(), 2**41)
    assert found.unique == pytest.approx(1_150_001, rel=0.03)
    assert np.abs(np.searchsorted(np.sort(values), found.quantiles([0.1, 0.5, 0.9])) / len(values) - [0.1, 0.5, 0.9]).max() < 0.005


def test_the_same_frame_gives_the_same_bytes(flights: pd.DataFrame) -> None:
    frame = flights[["arr_delay", "distance", "dep_time"]]
    first, second = (profile(frame).get_columns() for _ in range(2))
    for name, column in first.items():
        a, b = (c.get_metric("distribution").kll.value.serialize() for c in (column, second[name]))
        assert a == b
