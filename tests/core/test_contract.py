"""The contract: one answer for every kind of column, rules that are counted right, text that round-trips, nobody's data in a message."""

import json
import math
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlops_nb.core.columns import ColumnRule, columns_of, find_broken
from mlops_nb.core.contract import Contract, ContractInvalid
from mlops_nb.core.errors import ContractViolated, DataInvalid
from mlops_nb.core.violations import allowed

def positions(rule: ColumnRule, column: Any) -> dict[str, list[int]]:
    return {why: [int(i) for i in rows] for why, rows in find_broken(rule, column).items()}


def rules_of(contract: Contract, columns: Any, **options: Any) -> list[tuple[str, str, int]]:
    return [(v.column, v.rule, v.count) for v in contract.validate(columns, **options)]


# -- every kind of column gives the answer that the values one by one give

limits = st.one_of(st.none(), st.floats(-1e6, 1e6, allow_nan=False))


@st.composite
def number_rules(draw: st.DrawFn) -> ColumnRule:
    low, high = draw(limits), draw(limits)
    if low is not None and high is not None and low > high:
        low, high = high, low
    categories = draw(st.one_of(st.none(), st.lists(st.integers(-3, 3), max_size=4).map(tuple)))
    kind = draw(st.sampled_from(["float", "int"]))
    return ColumnRule(kind, min=low, max=high, categories=categories, allow_infinite=draw(st.booleans()), unique=draw(st.booleans()))


numbers = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True, width=64), st.integers(-5, 5).map(float), st.just(math.nan), st.just(math.inf)
)


@settings(max_examples=150, deadline=None)
@given(rule=number_rules(), values=st.lists(numbers, max_size=12))
@example(rule=ColumnRule("float", max=1e308), values=[math.inf, -math.inf])
def test_floats_in_every_form(rule: ColumnRule, values: list[float]) -> None:
    expected = positions(rule, values)
    array = np.array(values, float)
    for column in (array, pa.array(array, pa.float64()), pd.Series(array), pl.Series(array)):
        assert positions(rule, column) == expected


@settings(max_examples=100, deadline=None)
@given(rule=number_rules(), values=st.lists(st.one_of(st.none(), st.floats(allow_nan=True)), max_size=12))
def test_nulls_and_nan_in_every_form(rule: ColumnRule, values: list[float | None]) -> None:
    expected = positions(rule, values)
    arrow = pa.array(values, pa.float64(), from_pandas=False)
    forms = (arrow, pa.chunked_array([arrow, arrow.slice(0, 0)]), pl.Series(values, dtype=pl.Float64), pd.Series(values, dtype="Float64"))
    for column in forms:
        assert positions(rule, column) == expected


@settings(max_examples=100, deadline=None)
@given(rule=number_rules(), values=st.lists(st.one_of(st.none(), st.integers(-(2**52), 2**52)), max_size=12))
def test_integers_in_every_form(rule: ColumnRule, values: list[int | None]) -> None:
    expected = positions(rule, values)
    for column in (pa.array(values, pa.int64()), pd.Series(values, dtype="Int64"), pl.Series(values, dtype=pl.Int64)):
        assert positions(rule, column) == expected
    if None not in values:
        assert positions(rule, np.array(values, np.int64)) == expected


words = st.one_of(st.none(), st.sampled_from(["UA", "B6", "é", "", "Zürich → Genf"]), st.text(max_size=8))


@settings(max_examples=100, deadline=None)
@given(
    values=st.lists(words, max_size=12),
    categories=st.one_of(st.none(), st.just(("UA", "é", ""))),
    longest=st.one_of(st.none(), st.integers(0, 6)),
    unique=st.booleans(),
)
def test_text_in_every_form(values: list[str | None], categories: tuple[str, ...] | None, longest: int | None, unique: bool) -> None:
    rule = ColumnRule("string", categories=categories, max_length=longest, unique=unique)
    expected = positions(rule, values)
    arrow = pa.array(values, pa.string())
    forms = [
        np.array(values, object),
        arrow,
        arrow.dictionary_encode(),
        arrow.cast(pa.large_string()),
        arrow.cast(pa.string_view()),
        pa.chunked_array([arrow, arrow.slice(0, 0)], pa.string()),
        pd.Series(values, dtype=object),
        pd.Series(values, dtype="string"),
        pd.Series(values, dtype="category"),
        pl.Series(values, dtype=pl.String),
    ]
    for column in forms:
        assert positions(rule, column) == expected, type(column)


@settings(max_examples=100, deadline=None)
@given(values=st.lists(st.one_of(st.none(), st.booleans()), max_size=10), unique=st.booleans())
def test_truth_in_every_form(values: list[bool | None], unique: bool) -> None:
    rule = ColumnRule("bool", unique=unique)
    frames = (pd.Series(values, dtype="boolean"), pl.Series(values, dtype=pl.Boolean))
    for column in (pa.array(values, pa.bool_()), np.array(values, object), *frames):
        assert positions(rule, column) == positions(rule, values)


times = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1))


@settings(max_examples=100, deadline=None)
@given(values=st.lists(st.one_of(st.none(), times), max_size=10))
def test_times_in_every_form(values: list[datetime | None]) -> None:
    rule = ColumnRule("datetime", min="2013-01-01T00:00:00Z", max="2014-01-01T00:00:00Z")
    expected = positions(rule, values)
    aware = [None if v is None else v.replace(tzinfo=UTC) for v in values]
    in_tokyo = [None if v is None else v.astimezone(timezone(timedelta(hours=9))) for v in aware]
    forms = [
        np.array(values, "datetime64[us]"),
        pa.array(values, pa.timestamp("us")),
        pa.array(np.array(values, "datetime64[ns]") + np.timedelta64(1, "ns")),
        pa.array(aware, pa.timestamp("us", "UTC")),
        pa.array(aware, pa.timestamp("us", "America/New_York")),
        pd.Series(values, dtype="datetime64[us]"),
        pd.Series(pd.to_datetime(aware, utc=True)),
        pl.Series(values, dtype=pl.Datetime("us")),
        in_tokyo,
        [None if v is None else v.isoformat() for v in in_tokyo],
    ]
    for column in forms:
        assert positions(rule, column) == expected, column


# -- the rules, one by one


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        ("float", 3, None),
        ("float", np.float32(3.5), None),
        ("float", Decimal("3.5"), None),
        ("float", Decimal("NaN"), "null"),
        ("float", "3.5", "type"),
        ("float", True, "type"),
        ("float", np.bool_(True), "type"),
        ("float", 10**400, "finite-or-large"),
        ("float", -math.inf, "finite"),
        ("float", pd.NA, "null"),
        ("float", [1.0], "type"),
        ("float", np.array([1.0, 2.0]), "type"),
        ("float", 1 + 2j, "type"),
        ("float", date(2013, 1, 1), "type"),
        ("int", 3.0, None),
        ("int", np.int16(3), None),
        ("int", 3.5, "type"),
        ("int", math.nan, "null"),
        ("int", 2**70, None),
        ("bool", 1, None),
        ("bool", 0.0, None),
        ("bool", 2, "type"),
        ("bool", "true", "type"),
        ("bool", np.bool_(False), None),
        ("string", 7, "type"),
        ("string", b"UA", "type"),
        ("string", np.str_("UA"), None),
        ("string", math.nan, "null"),
        ("datetime", pd.Timestamp("2013-01-01", tz="Asia/Tokyo"), None),
        ("datetime", pd.NaT, "null"),
        ("datetime", np.datetime64("2013-01-01T00:00:00.123456789"), None),
        ("datetime", np.datetime64("NaT"), "null"),
        ("datetime", "2013-01-01", None),
        ("datetime", "1 January", "type"),
        ("datetime", 1356998400, "type"),
        ("other", {"a": [1]}, None),
        ("other", None, "null"),
    ],
)
def test_what_a_value_is(kind: Any, value: Any, why: str | None) -> None:
    found = list(positions(ColumnRule(kind), [value]))
    if why == "finite-or-large":  # a whole number beyond every float is still a number
        assert found == []
    else:
        assert found == ([] if why is None else [why])


def test_a_value_that_stood_earlier() -> None:
    rule = ColumnRule("string", unique=True)
    values = ["a", "b", None, "a", None, "a"]
    for column in (values, pa.array(values), pd.Series(values), pl.Series(values)):
        assert positions(rule, column) == {"null": [2, 4], "unique": [3, 5]}
    assert positions(ColumnRule("int", unique=True), np.array([3, 1, 3])) == {"unique": [2]}
    assert positions(ColumnRule("other", unique=True), [[1], [2], [1]]) == {"unique": [2]}
    (found,) = Contract({"id": rule}).validate({"id": ["a", "a"]})
    assert found.message == "Column “id”: 1 of 2 values occurs earlier in the column, such as ‹1 characters›."


def test_a_time_without_a_zone_is_utc_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = ColumnRule("datetime", min="2013-01-01T00:00:00Z")
    for zone in ("America/New_York", "Asia/Tokyo"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        early, late = "2012-12-31T23:59:59", "2013-01-01T00:00:01"
        for kind in (str, datetime.fromisoformat, np.datetime64):
            assert positions(rule, [kind(early), kind(late)]) == {"min": [0]}, (zone, kind)
        assert positions(rule, [date(2012, 12, 31), date(2013, 1, 1)]) == {"min": [0]}
    monkeypatch.undo()
    time.tzset()


def test_columns_of_a_wrong_kind() -> None:
    floats, text, clock = np.array([1.0, math.nan]), pa.array(["1", None]), np.array(["2013-01-01", "NaT"], "datetime64[us]")
    for kind in ("string", "datetime"):
        assert positions(ColumnRule(kind), floats) == {"null": [1], "type": [0]}
    for kind in ("float", "int", "bool"):
        assert positions(ColumnRule(kind), text) == {"null": [1], "type": [0]}
        assert positions(ColumnRule(kind), clock) == {"null": [1], "type": [0]}
    assert positions(ColumnRule("float"), np.array([True])) == {"type": [0]}
    assert positions(ColumnRule("float"), np.array([[1.0]])) == {"type": [0]}
    assert positions(ColumnRule("datetime"), pa.array(["2013-01-01", "x"])) == {"type": [1]}
    assert positions(ColumnRule("float"), pa.array([Decimal("1.5"), None])) == {"null": [1]}
    assert positions(ColumnRule("float"), pa.array([[1], [2]])) == {"type": [0, 1]}
    assert positions(ColumnRule("string"), pd.Series(["UA", 7, None, math.nan])) == {"type": [1], "null": [2, 3]}
    for column in (np.full(3, math.nan), pa.nulls(3), [None] * 3, pd.Series([None] * 3)):  # nothing there: no type to be wrong
        assert positions(ColumnRule("string"), column) == {"null": [0, 1, 2]}


def test_durations_are_seconds() -> None:
    rule = ColumnRule("float", max=60)
    values = [timedelta(seconds=30), None, timedelta(minutes=2)]
    forms = [values, np.array(values, "timedelta64[ms]"), pa.array(values, pa.duration("ns")), pd.Series(values), pl.Series(values)]
    forms.append([np.timedelta64(30, "s"), np.timedelta64("NaT"), np.timedelta64(2, "m")])
    for column in forms:
        assert positions(rule, column) == {"null": [1], "max": [2]}
    assert positions(ColumnRule("string"), np.array(values, "timedelta64[s]")) == {"type": [0, 2], "null": [1]}


def test_narrow_numbers_are_compared_with_the_limit_as_written() -> None:
    for width in (np.float16, np.float32):
        column = np.array([0.1, math.inf, -math.inf, 3.0], width)
        assert positions(ColumnRule("float"), column) == {"finite": [1, 2]} == positions(ColumnRule("float"), pa.array(column))
        inside = float(column[0])
        assert positions(ColumnRule("float", min=inside, allow_infinite=True), column) == {"min": [2]}
        assert positions(ColumnRule("float", min=math.nextafter(inside, 1), allow_infinite=True), column) == {"min": [0, 2]}
    small = np.array([0, 200], np.uint8)
    assert positions(ColumnRule("int", min=-5, max=1000), small) == {} and positions(ColumnRule("int", max=199.5), small) == {"max": [1]}


def test_shape_of_the_frame() -> None:
    contract = Contract.from_dict(
        {
            "columns": {"carrier": {"type": "string"}, "gate": {"type": "string", "required": False}},
            "rows": {"min": 2},
            "extra": "forbid",
        }
    )
    assert rules_of(contract, {"Carrier": ["UA"]}) == [("carrier", "required", 1), ("Carrier", "extra", 1), ("", "rows", 1)]
    assert "Did you mean Carrier?" in contract.validate({"Carrier": ["UA"]})[0].message
    assert rules_of(contract, {"carrier": []}) == [("", "rows", 0)]
    assert rules_of(contract, {}) == [("carrier", "required", 0), ("", "rows", 0)]
    assert rules_of(contract, {"carrier": ["UA", "B6"]}) == []
    assert not contract.validate_row({"carrier": "UA"})
    assert [v.rule for v in contract.validate_row({"carrier": "UA", "seat": 1})] == ["extra"]


def test_a_share_is_a_statement_about_many_rows() -> None:
    contract = Contract({"wind": ColumnRule("float", max_null_ratio=0.02)})
    assert not contract.validate_row({"wind": None})
    assert not contract.validate({"wind": [None]})
    assert not contract.validate({"wind": np.where(np.arange(10_000) < 200, np.nan, 1.0)})
    assert rules_of(contract, {"wind": np.where(np.arange(10_000) < 300, np.nan, 1.0)}) == [("wind", "max_null_ratio", 300)]
    never = Contract({"wind": ColumnRule("float", max_null_ratio=0.0)})
    assert [v.rule for v in never.validate_row({"wind": None})] == ["max_null_ratio"]


@given(st.floats(0, 1), st.integers(0, 10**7))
def test_allowed_is_a_count_of_rows(ratio: float, total: int) -> None:
    assert 0 <= allowed(ratio, total) <= total
    if ratio > 0 and total:
        assert allowed(ratio, total) >= max(1, math.floor(ratio * total))


def test_one_row_and_a_column_of_one_agree() -> None:
    rule = {
        "miles": ColumnRule("float", min=0, max=10, max_null_ratio=0.1),
        "code": ColumnRule("string", categories=("UA",), max_unseen_ratio=0.1, max_null_ratio=0),
        "id": ColumnRule("string", unique=True, max_length=3),
    }
    contract = Contract(rule)
    values = [None, math.nan, -1, 5.0, "5", "UA", "ZZ", "", "long text", True]
    for miles in values:
        for code in values:
            row = {"miles": miles, "code": code, "id": "a"}
            columns = {name: [value] for name, value in row.items()}
            assert contract.validate_row(row) == contract.validate(columns)
            assert bool(contract.validate_row(row)) == bool(
                positions(rule["miles"], [miles]).keys() - {"null"} or positions(rule["code"], [code]).keys() - {"categories"}
            )


def test_examples_are_different_values_with_their_rows() -> None:
    contract = Contract({"month": ColumnRule("int", min=1, max=12)})
    (found,) = contract.validate({"month": np.array([13, 1, 13, 14, 99, 13])}, limit=2)
    assert (found.count, found.total, found.examples, found.rows) == (5, 6, (13, 14), (0, 3))
    assert found.message == "Column “month”: 5 of 6 values are above 12, such as 13."


def test_frames_of_every_library() -> None:
    contract = Contract({"Zürich → Genf": ColumnRule("int", max=2), "b c": ColumnRule("string")})
    data = {"Zürich → Genf": [1, 2, 3], "b c": ["x", "y", "z"]}
    arrow = (pa.table(data), pa.RecordBatch.from_pydict(data))
    for frame in (data, pd.DataFrame(data), pd.DataFrame(data, index=[9, 9, 9]), pl.DataFrame(data), *arrow):
        assert rules_of(contract, frame) == [("Zürich → Genf", "max", 1)]
    with pytest.raises(DataInvalid, match="more than once: a"):
        columns_of(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(DataInvalid, match="equally long"):
        contract.validate({"Zürich → Genf": [1], "b c": []})
    with pytest.raises(DataInvalid, match="not a frame"):
        contract.validate([1, 2, 3])


# -- nobody's data in a message


def test_text_is_hidden_unless_allowed() -> None:
    contract = Contract({"name": ColumnRule("string", max_length=3), "fare": ColumnRule("float")})
    data = {"name": ["Ada Lovelace", "Ada Lovelace"], "fare": ["Ada Lovelace", "n/a"]}
    for key in (b"", b"key of the workspace"):
        broken = contract.validate(data, key=key)
        assert "Ada" not in json.dumps([v.to_dict() for v in broken]) and "Ada" not in broken._repr_html_()
    assert contract.validate(data)[1].examples == ("‹12 characters›", "n/a")
    assert contract.validate(data, plain=["name"])[0].examples == ("Ada Lovelace",)
    long = Contract({"fare": ColumnRule("float")}).validate({"fare": ["1" * 25, "1" * 24]})[0]
    assert long.examples == ("‹25 characters›", "1" * 24)
    with_key = [contract.validate(data, key=k)[0].examples[0] for k in (b"a", b"a", b"b")]
    assert with_key[0] == with_key[1] != with_key[2]
    with pytest.raises(ContractViolated, match="12 characters") as caught:
        contract.enforce(data)
    assert "Ada" not in str(caught.value) and caught.value.field == "name"


@given(st.text(min_size=9, max_size=30, alphabet=st.characters(categories=("L", "Z"))))
def test_free_text_never_shows(text: str) -> None:
    contract = Contract({"name": ColumnRule("string", unique=True), "fare": ColumnRule("float"), "at": ColumnRule("datetime")})
    broken = contract.validate({"name": [text, text], "fare": [text, 1.0], "at": [text, None]})
    assert text not in json.dumps([v.to_dict() for v in broken], ensure_ascii=False) or text in "infinity none missing unknown"


# -- text and back


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    columns: dict[str, ColumnRule] = {}
    for name in draw(st.lists(st.text(min_size=1, max_size=12), max_size=4, unique=True)):
        kind = draw(st.sampled_from(["float", "int", "bool", "string", "datetime", "other"]))
        options: dict[str, Any] = {
            "required": draw(st.booleans()),
            "max_null_ratio": draw(st.floats(0, 1)),
            "unique": draw(st.booleans()),
            "note": draw(st.text(max_size=20)),
        }
        if kind in ("float", "int"):
            low = draw(st.one_of(st.none(), st.integers(-(2**60), 2**60), st.floats(-1e300, 0)))
            options |= {"min": low, "max": None if low is None else draw(st.one_of(st.none(), st.just(low)))}
        if kind == "string":
            options["categories"] = draw(st.one_of(st.none(), st.lists(st.text(max_size=6), max_size=4).map(tuple)))
            options["max_length"] = draw(st.one_of(st.none(), st.integers(0, 10**6)))
        if kind == "datetime":
            options["min"] = draw(st.sampled_from([None, "2013-01-01T00:00:00Z"]))
        columns[name] = ColumnRule(kind, **options)
    return Contract(columns, extra=draw(st.sampled_from(["allow", "forbid"])))


@settings(max_examples=100, deadline=None)
@given(contracts())
@example(Contract({"NO": ColumnRule("string", categories=("yes", "NO", "2013-01-01", "1e3", "~", "null", "é\u2028", "\x85"))}))
def test_json_and_yaml_round_trip(contract: Contract) -> None:
    assert Contract.from_dict(json.loads(json.dumps(contract.to_dict()))) == contract
    assert Contract.from_yaml(contract.to_yaml()) == contract
    assert "<script" not in Contract({"<script>": ColumnRule("string", note="<script>")})._repr_html_()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"format": 2, "columns": {}}, "format 2"),
        ({"format": "1", "columns": {}}, "format is '1'"),
        ([], "mapping"),
        ({"columns": []}, "mapping"),
        ({}, "mapping"),
        ({"columns": {}, "row": {}}, "unknown word 'row'"),
        ({"columns": {"a": {"type": "double"}}}, "`type` is 'double'"),
        ({"columns": {"a": {}}}, "`type` is not given"),
        ({"columns": {"a": "float"}}, "mapping"),
        ({"columns": {"a": {"type": "float", "minimum": 1}}}, "unknown word 'minimum'"),
        ({"columns": {"a": {"type": "float", "min": "1"}}}, "it is a number"),
        ({"columns": {"a": {"type": "float", "min": 2, "max": 1}}}, "above"),
        ({"columns": {"a": {"type": "datetime", "min": "2014", "max": "yesterday"}}}, "such as 2013"),
        ({"columns": {"a": {"type": "string", "min": 1}}}, "makes no sense"),
        ({"columns": {"a": {"type": "float", "max_null_ratio": 2}}}, "between 0 and 1"),
        ({"columns": {"a": {"type": "float", "max_null_ratio": None}}}, "between 0 and 1"),
        ({"columns": {"a": {"type": "float", "required": "no"}}}, "true or false"),
        ({"columns": {"a": {"type": "string", "categories": "UA"}}}, "is a list"),
        ({"columns": {"a": {"type": "string", "categories": [False]}}}, "Put it in quotes"),
        ({"columns": {"a": {"type": "int", "categories": [True]}}}, "not whole numbers"),
        ({"columns": {"a": {"type": "datetime", "categories": []}}}, "no `categories`"),
        ({"columns": {"a": {"type": "string", "max_length": -1}}}, "number of characters"),
        ({"columns": {}, "extra": "maybe"}, "allow or forbid"),
        ({"columns": {}, "rows": {"min": -1}}, "0 or more"),
        ({"columns": {}, "rows": {"max": 1}}, "unknown word 'max'"),
        ({"columns": {1: {"type": "int"}}}, "not text"),
    ],
)
def test_a_contract_that_makes_no_sense_is_refused(values: Any, words: str) -> None:
    with pytest.raises(ContractInvalid) as caught:
        Contract.from_dict(values)
    assert words in str(caught.value)


NO_CONTRACT = ["columns: {a: {type: int}, a: {type: int}}", "columns: [", "", "- a", "? [a]\n: b", "!!python/object:os.system {}", "\x00"]


@pytest.mark.parametrize("text", NO_CONTRACT)
def test_yaml_that_is_no_contract(text: str) -> None:
    with pytest.raises(ContractInvalid):
        Contract.from_yaml(text)


# -- light, as a server needs it


def test_one_row_needs_no_heavy_library() -> None:
    code = """
import json, sys
from mlops_nb.core.contract import Contract
c = Contract.from_dict({"columns": {"miles": {"type": "float", "max": 10}, "code": {"type": "string", "categories": ["UA"]}}})
assert not c.validate_row({"miles": 1, "code": "UA"})
assert [v.rule for v in c.validate({"miles": [1, 11], "code": ["UA", "x"]})] == ["max", "categories"]
print(*(n for n in ("numpy", "pandas", "pyarrow", "polars", "yaml") if n in sys.modules))
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""
