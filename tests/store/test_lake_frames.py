"""What may enter the lake, in which form, and with which words the rest is refused."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from mlops_nb.core.errors import ColumnNotFound, DataInvalid, NameInvalid
from mlops_nb.store.lake_frames import check_in, fit, from_table, slug, to_table, typed

@pytest.mark.parametrize(
    "name",
    ["../x", "a/b", "a\\b", "a@3", "a:b", "", "  ", " x", ".hidden", "x" * 129, "a\nb", "a\x00b", 7, None, "..", "a?b"],
)
def test_names_that_cannot_be_held(name):
    with pytest.raises(NameInvalid) as caught:
        slug(name)
    assert caught.value.hint


def test_slugs_are_safe_and_never_shared():
    names = [
        "flights",
        "Flights",
        "FLIGHTS",
        "flüge",
        "fluge",
        "flu ge",
        "flu-ge",
        "航班",
        "航線",
        "a.b",
        "a..b",
        "-",
        "_",
        "x" * 128,
        "x" * 127,
    ]
    slugs = [slug(n) for n in names]
    assert len({s.lower() for s in slugs}) == len(names)
    assert all(set(s) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.-") and not s.startswith(".") for s in slugs)
    assert slug("u\u0308ber") == slug("\u00fcber"), "one word in two Unicode spellings"


@pytest.mark.parametrize(
    ("data", "column", "says"),
    [
        (pd.DataFrame({"p": pd.period_range("2013-01", periods=2, freq="M")}), "p", "to_timestamp"),
        (pd.DataFrame({"c": pd.cut([1, 2], 2)}), "c", "astype"),
        (pd.DataFrame({"d": pd.to_timedelta([1, 2], unit="s")}), "d", "total_seconds"),
        (pd.DataFrame({"z": [1 + 2j, 3j]}), "z", "astype"),
        (pd.DataFrame({"m": [1, "a"]}), "m", "1 number (first in row 0), 1 str (first in row 1)"),
        (pd.DataFrame({"m": ["a", None, b"a"]}, dtype=object), "m", "mixes types"),
        (pd.DataFrame({"m": [True, 2]}, dtype=object), "m", "mixes types"),
        (pd.DataFrame({"o": [object(), object()]}), "o", "one type"),
        (pd.DataFrame({"t": [dt.time(1, 2), None]}), "t", "midnight"),
        (pd.DataFrame({"t": pd.to_datetime([1], unit="ns")}), "t", "floor"),
        (pa.table({"u": pa.array([2**64 - 1], pa.uint64())}), "u", "does not fit"),
        (pa.table({"s": pa.array([{}], pa.struct([]))}), "s", "cannot hold"),
        (pa.table({"d": pa.array([Decimal(10) ** 50], pa.decimal256(60, 0))}), "d", "38 digits"),
        (pl.DataFrame({"o": [object()]}), "o", "cannot hold"),
        (pl.DataFrame({"t": [dt.timedelta(1)]}), "t", "total_seconds"),
        (pd.DataFrame({1: [1]}), "1", "must be text"),
        (pd.DataFrame({("a", "b"): [1]}), None, "must be text"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "a", "Duplicate column name: a"),
        (pa.table([[1], [2]], names=["a", "a"]), "a", "Duplicate"),
        (pd.DataFrame({"Late": [1], "late": [2]}), "late", "capital"),
        (pd.DataFrame({" ": [1]}), " ", "Rename"),
        (pd.DataFrame({"a\nb": [1]}), "a\nb", "Rename"),
        (pd.DataFrame({"_mlops_run": [1]}), "_mlops_run", "Rename"),
        (pd.DataFrame({"a": []}), "data", "no rows"),
        (pd.DataFrame(), "data", "no columns"),
        (pl.DataFrame({"a": []}), "data", "no rows"),
        ({}, "data", "no columns"),
        ([], "data", "no columns"),
        (pd.Series([1], name="a"), "data", "to_frame"),
        (np.ones(3), "data", "not a table"),
        ("flights.csv", "data", "not a table"),
        (pd.DataFrame({"a": [1, 2]}, index=["x", "y"]), "data", "rename_axis"),
        (pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([(1, "x"), (2, "y")])), "data", "rename_axis"),
        (pd.DataFrame({"a": [1, 2]}, index=pd.Index([1, 2], name="a")), "data", "reset_index"),
        ({"a": [1, 2], "b": [1]}, "data", "length"),
    ],
)
def test_refused_with_the_column_and_a_way_out(data, column, says):
    with pytest.raises(DataInvalid) as caught:
        to_table(data)
    assert says in str(caught.value)
    assert column is None or caught.value.field == column
    assert caught.value.hint


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pd.Series(["a", None], dtype="category"), "string"),
        (pd.Series([1, None], dtype="Int64"), "int64"),
        (pd.Series([True, None], dtype="boolean"), "bool"),
        (pd.Series([np.nan, np.nan]), "double"),
        (pd.Series([None, None], dtype=object), "null"),
        (pd.Series([1, 2.5, None], dtype=object), "double"),
        (pd.Series([Decimal("1.50"), None]), "decimal128(3, 2)"),
        (pd.Series([dt.date(2013, 1, 1), None]), "date32[day]"),
        (pd.Series(pd.to_datetime(["2013-01-01 05:00", None])), "timestamp[us]"),
        (
            pd.Series(pd.to_datetime(["2013-01-01 05:00", None]).tz_localize("America/New_York")),
            "timestamp[us, tz=UTC]",
        ),
        (pd.Series([[1, 2], None]), "list<item: int64>"),
        (pd.Series([{"x": 1, "y": "a"}, None]), "struct<x: int64, y: string>"),
        (pd.Series(np.array([1, 2], np.uint8)), "int16"),
        (pd.Series(np.array([1, 2], np.float16)), "float"),
    ],
)
def test_kept_as(values, kind):
    table = to_table(pd.DataFrame({"x": values}))
    assert str(table.schema.field("x").type) == kind
    again = to_table(from_table(typed(table)))
    assert fit(again, typed(table).schema) == (typed(table), {})


def test_time_zones_are_kept_as_instants_and_none_is_invented():
    frame = pd.DataFrame(
        {
            "local": pd.to_datetime(["2013-07-22 14:45"]).tz_localize("America/New_York"),
            "bare": pd.to_datetime(["2013-07-22 14:45"]),
        }
    )
    back = from_table(to_table(frame))
    assert back["local"][0] == pd.Timestamp("2013-07-22 18:45", tz="UTC")
    assert back["bare"].dt.tz is None and str(back["bare"][0]) == "2013-07-22 14:45:00"


def test_a_missing_value_in_pandas_is_missing_in_polars_and_a_polars_nan_is_a_number():
    assert to_table(pd.DataFrame({"x": [1.0, np.nan]}))["x"].null_count == 1
    assert to_table(pl.DataFrame({"x": [1.0, float("nan")]}))["x"].null_count == 0


@pytest.mark.parametrize(
    ("arriving", "kind", "fits"),
    [
        (pa.array([1.0, None]), pa.int64(), True),
        (pa.array([1.5, None]), pa.int64(), False),
        (pa.array([1, None]), pa.float64(), True),
        (pa.array([2**53 + 1]), pa.float64(), False),
        (pa.array([1], pa.int64()), pa.int8(), True),
        (pa.array([300], pa.int64()), pa.int8(), False),
        (pa.array([0.1], pa.float64()), pa.float32(), False),
        (pa.array([0.5], pa.float64()), pa.float32(), True),
        (pa.nulls(2), pa.timestamp("us", "UTC"), True),
        (pa.array(["1"]), pa.int64(), False),
        (pa.array([1]), pa.string(), False),
        (pa.array([True]), pa.int64(), False),
        (pa.array([Decimal("1.5")]), pa.decimal128(10, 2), True),
        (pa.array([Decimal("1.555")]), pa.decimal128(10, 2), False),
        (pa.array([dt.datetime(2013, 1, 1)], pa.timestamp("us")), pa.timestamp("us", "UTC"), False),
        (pa.array([[1]]), pa.list_(pa.float64()), True),
        (pa.array([[None]]), pa.list_(pa.string()), True),
        (pa.array([[1.5]]), pa.list_(pa.int64()), False),
    ],
)
def test_types_fit_only_where_every_value_survives(arriving, kind, fits):
    table, problems = fit(pa.table({"x": arriving}), pa.schema([("x", kind)]))
    assert (not problems) == fits
    assert (table.schema.field("x").type == kind) == fits


def test_whole_numbers_with_gaps_stay_whole_and_exact():
    big = 2**53 + 1
    back = from_table(to_table({"x": [big, None], "late": [True, None]}))
    assert back["x"][0] == big and back["x"].isna().tolist() == [False, True] and back["late"][0]


def test_a_missing_column_names_its_neighbour():
    with pytest.raises(ColumnNotFound, match="Did you mean carrier"):
        check_in(["carier"], ["carrier", "flight"], "columns")
