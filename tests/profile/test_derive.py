"""A contract from a profile: any frame satisfies the contract derived from it, and a broken feed does not."""

import math
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlops_nb.core.contract import Contract
from mlops_nb.core.errors import ColumnNotFound, UsageError
from mlops_nb.profile.derive import derive, limits
from mlops_nb.profile.sketch import merge, profile
from mlops_nb.profile.summary import summarize

SEED = np.random.default_rng(2013)


def broken(contract: Contract, frame: Any) -> list[tuple[str, str]]:
    return [(v.column, v.rule) for v in contract.validate(frame)]


# -- a frame satisfies the contract that was derived from it

SOME = {
    "float": st.floats(allow_nan=True, allow_infinity=True),
    "narrow": st.floats(0, 1e-5),
    "int": st.integers(-(2**62), 2**62),
    "digit": st.integers(0, 9),
    "bool": st.booleans(),
    "text": st.text(max_size=8),
    "code": st.sampled_from(["UA", "B6", "", "é", "NO", "x" * 127, "x" * 128, "x" * 300]),
    "time": st.datetimes(datetime(1850, 1, 1), datetime(2250, 1, 1)),
}
ARROW = {
    "float": pa.float64(),
    "narrow": pa.float32(),
    "int": pa.int64(),
    "digit": pa.uint8(),
    "bool": pa.bool_(),
    "text": pa.string(),
    "code": pa.large_string(),
    "time": pa.timestamp("us"),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    rows = draw(st.integers(0, 60))
    columns = {}
    for number, kind in enumerate(draw(st.lists(st.sampled_from(sorted(SOME)), min_size=1, max_size=4))):
        seed = draw(st.lists(st.one_of(st.none(), SOME[kind]) if draw(st.booleans()) else SOME[kind], min_size=1, max_size=6))
        values = [seed[i % len(seed)] for i in range(rows)]
        columns[f"{kind} {number}"] = pa.array(values, ARROW[kind], from_pandas=False)
    return pa.table(columns)


@settings(max_examples=80, deadline=None)
@given(tables(), st.sampled_from([0.0, 0.5, 3.0]))
@example(pa.table({"n": [10**18 - 1] * 20 + [3 * 10**18 + 1] * 20}), 0.0)
@example(pa.table({"code": ["x" * 128, "x" * 300] * 30}), 0.0)
@example(pa.table({"x": [1e308] * 30 + [-1e308] * 30}), 0.5)
@example(pa.table({"x": [sys.float_info.max, 0.0] * 30}), 0.0)
@example(pa.table({"x": [5e-324, 0.0] * 30}), 0.5)
@example(pa.table({"x": [math.inf, -math.inf, 1.0] * 30}), 0.5)
def test_what_it_was_derived_from_satisfies_it(table: pa.Table, slack: float) -> None:
    contract = derive(profile(table), slack=slack)
    assert broken(contract, table) == ([] if table.num_rows else [("", "rows")])
    assert Contract.from_yaml(contract.to_yaml()) == contract
    for frame in (table.to_pandas(), pl.from_arrow(table)):
        again = derive(profile(frame), slack=slack)
        assert broken(again, frame) == ([] if table.num_rows else [("", "rows")]), again
    for row in table.slice(0, 3).to_pylist():
        assert not contract.validate_row(row)


def test_odd_columns_of_arrow_and_polars() -> None:
    arrow = pa.table(
        {
            "lasts": pa.array([timedelta(hours=1), None] * 30, pa.duration("ms")),
            "o'clock": pa.array([time(6, 30), time(23, 59, 59)] * 30, pa.time64("us")),
            "day": pa.array([date(2013, 1, 1), None] * 30, pa.date32()),
            "amount": pa.array([Decimal("1.50"), None] * 30, pa.decimal128(9, 2)),
            "half": pa.array(np.array([0.1, np.inf] * 30, np.float16)),
            "bytes": pa.array([b"x", None] * 30),
            "record": pa.array([{"a": 1}, None] * 30),
            "code": pa.array(["UA", None] * 30).dictionary_encode(),
            "nothing": pa.nulls(60),
        }
    )
    polars = pl.DataFrame(
        {
            "lasts": [timedelta(hours=1), None] * 30,
            "o'clock": [time(6, 30), time(23, 59, 59)] * 30,
            "day": [date(2013, 1, 1), None] * 30,
            "code": pl.Series(["UA", None] * 30, dtype=pl.Categorical),
            "kind": pl.Series(["UA", "B6"] * 30, dtype=pl.Enum(["UA", "B6"])),
            "list": [[1], [2, 3]] * 30,
            "nothing": [None] * 60,
        }
    )
    for frame in (arrow, polars):
        contract = derive(profile(frame))
        assert broken(contract, frame) == []
        assert contract.columns["code"].categories == ("UA",) and contract.columns["day"].type == "datetime"


def test_odd_columns_of_pandas() -> None:
    n = 60
    frame = pd.DataFrame(
        {
            "mixed": [1, "a", 2.5, None, True, b"x"] * 10,
            "numbers and text": [1, "2"] * 30,
            "decimals": [Decimal("1.5"), Decimal("2.25"), None] * 20,
            "dates": [date(2013, 1, 1), date(2013, 6, 1)] * 30,
            "tokyo": pd.Series(pd.date_range("2013-01-01", periods=n, tz="Asia/Tokyo")),
            "durations": pd.Series([timedelta(hours=1), timedelta(days=3)] * 30),
            "categories": pd.Categorical(["a", None, "b"] * 20),
            "whole categories": pd.Categorical([1, 2, 3] * 20),
            "whole with gaps": pd.array([1, None, 3] * 20, dtype="Int64"),
            "truth with gaps": pd.array([True, None, False] * 20, dtype="boolean"),
            "truth and None": [True, None, False] * 20,
            "lists": [[1, 2], [3]] * 30,
            "records": [{"a": 1}, None] * 30,
            "nothing": [None] * n,
            "nan": [math.nan] * n,
            "Zürich → Genf": ["x"] * n,
            "sparse": pd.arrays.SparseArray([0.0, 1.0] * 30),
            "periods": pd.period_range("2013-01", periods=n, freq="M"),
            "complex": [1 + 2j] * n,
        }
    )
    contract = derive(profile(frame))
    assert broken(contract, frame) == []
    types = {name: rule.type for name, rule in contract.columns.items()}
    assert types["mixed"] == types["numbers and text"] == types["lists"] == types["nan"] == "other"
    assert types["tokyo"] == types["dates"] == "datetime" and types["whole with gaps"] == "int" and types["truth and None"] == "bool"
    assert contract.columns["categories"].categories == ("a", "b") and contract.columns["decimals"].type == "float"
    assert types["durations"] == "float" and contract.columns["durations"].max == pytest.approx(1.5 * 259_200, rel=0.02)
    assert contract.columns["mixed"].note.startswith("mixed: ")


# -- what each rule is made of


def frame_of(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns)


def test_numbers() -> None:
    rules = derive(
        profile(
            frame_of(
                miles=np.arange(100) * 10, celsius=np.linspace(-8.2, 31.7, 100), debt=-np.arange(1.0, 101), constant=[2013] * 100
            )
        )
    ).columns
    assert (rules["miles"].type, rules["miles"].min, rules["miles"].max) == ("int", 0, 1490)
    assert type(rules["miles"].min) is int
    assert (rules["celsius"].min, rules["celsius"].max) == (-28.2, 51.7)
    assert (rules["debt"].min, rules["debt"].max) == (-150, 0)
    assert rules["constant"].min is rules["constant"].max is None and rules["constant"].note == "always 2013"


def test_slack_is_the_room_on_either_side() -> None:
    view = profile(frame_of(x=np.linspace(100.0, 200.0, 101)))
    for slack, expected in ((0, (100, 200)), (0.1, (90, 210)), (2, (0, 400))):
        rule = derive(view, slack=slack).columns["x"]
        assert (rule.min, rule.max) == expected


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12), st.floats(0, 5))
def test_limits_lie_outside(a: float, b: float, slack: float) -> None:
    low, high = min(a, b), max(a, b)
    found = limits(low, high, slack)
    if found is None:
        assert low == high
        return
    assert found[0] <= low and high <= found[1]
    assert found[0] >= 0 or low < 0
    assert found[1] <= 0 or high > 0
    room = (high - low) * slack
    assert found[0] >= low - room - 0.011 * abs(low - room) and found[1] <= high + room + 0.011 * abs(high + room)


def test_nulls() -> None:
    values = np.arange(1000.0)
    some = np.where(values < 20, np.nan, values)
    rules = derive(profile(frame_of(full=values, some=some, empty=np.full(1000, np.nan)))).columns
    assert rules["full"].max_null_ratio == 0 and rules["empty"].max_null_ratio == 1
    assert rules["some"].max_null_ratio == pytest.approx(0.02 * 1.5 + 3 * math.sqrt(0.02 * 0.98 / 1000), abs=2e-4)


def test_categories_and_the_unseen() -> None:
    often = ["UA", "B6", "AA", "DL"] * 250
    rare = ["UA"] * 900 + [f"r{i}" for i in range(100)]
    names = [f"Person {i}" for i in range(1000)]
    rules = derive(profile(frame_of(often=often, rare=rare, names=names))).columns
    assert (rules["often"].categories, rules["often"].max_unseen_ratio) == (("AA", "B6", "DL", "UA"), 0.01)
    assert len(rules["rare"].categories or ()) == 101
    assert rules["rare"].max_unseen_ratio == 0.15  # 100 of 1000 seen once, and half as much again
    assert rules["names"].categories is None and "Person" not in derive(profile(frame_of(names=names))).to_yaml()


def test_the_share_of_unseen_is_about_right() -> None:
    """Good's estimate against fresh draws: the contract holds on data of the same source, whatever its tail."""
    for power in (1.3, 1.6, 2.5):
        draws = [np.char.add("c", SEED.zipf(power, 4000).clip(max=200).astype(str)) for _ in range(12)]
        contract = derive(profile(frame_of(code=draws[0])))
        assert contract.columns["code"].categories is not None
        assert all(broken(contract, {"code": later}) == [] for later in draws[1:])


def test_hashed_values_never_become_categories() -> None:
    names = [f"Person {i % 300}" for i in range(3000)]  # more than a profile shows in clear
    rule = derive(profile(frame_of(name=names))).columns["name"]
    assert rule.categories is None and "300" in rule.note
    few = [f"Person {i % 20}" for i in range(3000)]
    hidden = derive(profile(frame_of(name=few), like=profile(frame_of(name=names)))).columns["name"]
    assert hidden.categories is None  # twenty digests would refuse every name there is
    plain = derive(profile(frame_of(name=[f"Person {i % 200}" for i in range(3000)]), plain=["name"])).columns["name"]
    assert len(plain.categories or ()) == 200


def test_few_rows_promise_little() -> None:
    contract = derive(profile(frame_of(x=[1.0], code=["UA"])))
    assert broken(contract, {"x": [-1e9], "code": ["ZZ"]}) == []
    assert contract.columns["x"].note == "only 1 value seen"
    assert broken(contract, {"x": ["a"], "code": [1]}) == [("x", "type"), ("code", "type")]


def test_id_and_target() -> None:
    frame = frame_of(id=[f"F{i}" for i in range(5000)], group=["a", "b"] * 2500, late=[True, False] * 2500)
    contract = derive(profile(frame), target="late", id="id")
    assert broken(contract, frame.drop(columns="late")) == []
    assert broken(contract, pd.concat([frame, frame.head(1)])) == [("id", "unique")]
    assert broken(contract, frame.drop(columns="group")) == [("group", "required")]
    assert not derive(profile(frame), id="group").columns["group"].unique  # it names no rows, whatever it is called
    assert derive(profile(frame.head(0)), id="id").columns["id"].type == "other"
    with pytest.raises(ColumnNotFound, match="Did you mean late"):
        derive(profile(frame), target="lat")
    for slack in (-1, math.nan, math.inf, "a lot"):
        with pytest.raises(UsageError, match="slack"):
            derive(profile(frame), slack=slack)  # type: ignore[arg-type]  # what a caller might do


def test_summaries_and_merged_profiles_do_as_well() -> None:
    frame = frame_of(x=SEED.normal(size=400), code=SEED.choice(["a", "b", "c"], 400), at=pd.date_range("2013-01-01", periods=400, tz=UTC))
    whole = derive(profile(frame))
    assert derive(summarize(profile(frame))) == whole
    assert derive(merge([profile(frame.head(150)), profile(frame.tail(250))])) == whole


def test_a_profile_made_by_whylogs_itself() -> None:
    from mlops_nb.profile.engine import whylogs

    frame = frame_of(x=SEED.normal(size=400), n=np.arange(400), code=SEED.choice(["a", "b", "c"], 400))
    theirs, ours = derive(whylogs.log(frame).view()), derive(profile(frame))
    assert {name: rule.to_dict() for name, rule in theirs.columns.items()} == {name: rule.to_dict() for name, rule in ours.columns.items()}
    assert broken(theirs, frame) == []


# -- what it is for


def test_a_broken_feed_is_named() -> None:
    n = 5000
    frame = frame_of(
        celsius=SEED.normal(12, 8, n), miles=SEED.integers(80, 5000, n), carrier=SEED.choice(["UA", "B6", "AA"], n), gate=["A1"] * n
    )
    contract = derive(profile(frame))
    fresh = frame_of(
        celsius=SEED.normal(12, 8, n), miles=SEED.integers(80, 5000, n), carrier=SEED.choice(["UA", "B6", "AA"], n), gate=["A1"] * n
    )
    assert broken(contract, fresh) == []
    assert broken(contract, fresh.assign(celsius=fresh["celsius"] + 273.15)) == [("celsius", "max")]
    assert broken(contract, fresh.assign(miles=fresh["miles"] * 1609)) == [("miles", "max")]
    assert broken(contract, fresh.assign(miles=fresh["miles"].astype(str))) == [("miles", "type")]
    assert broken(contract, fresh.assign(miles=-fresh["miles"])) == [("miles", "min")]
    assert broken(contract, fresh.assign(carrier=fresh["carrier"].str.lower())) == [("carrier", "categories")]
    assert broken(contract, fresh.assign(gate=[None] * 4 + ["A1"] * (n - 4))) == [("gate", "max_null_ratio")]
    assert broken(contract, fresh.rename(columns={"gate": "Gate"})) == [("gate", "required")]
