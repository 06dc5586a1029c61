"""Bytes of requests to typed columns: what is taken, what is refused, where and by which rule."""

import json
import pickle
import re
import struct
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from hypothesis import given
from hypothesis import strategies as st

from mlops_nb.score.cells import Rows, Wanted
from mlops_nb.score.decode import MAX_LAYOUTS, DecodeError, Decoder
from mlops_nb.score.forms import _opened, read_document, read_json
from mlops_nb.score.signature import Input, Signature

FLIGHTS = Signature(
    (
        Input("distance", "float"),
        Input("hour", "int", nullable=False),
        Input("carrier", "string"),
        Input("holiday", "bool"),
        Input("scheduled", "datetime"),
    )
)
NAMES = [column.name for column in FLIGHTS.inputs]
FLIGHT: dict[str, Any] = {"distance": 1400.5, "hour": 8, "carrier": "UA", "holiday": True, "scheduled": "2013-07-22T08:00:00"}
ROW = (1400.5, 8, "UA", True, "2013-07-22T08:00:00")
WEATHER = Signature((Input("wind", "float"), Input("gusts", "bool"), Input("clouds", "int")))
DECODER = Decoder(FLIGHTS)


def body(document: Any) -> bytes:
    return json.dumps(document).encode()


def split(*flights: dict[str, Any], columns: list[str] | None = None, **more: Any) -> bytes:
    names = columns or list(flights[0])
    return body({"dataframe_split": {"columns": names, "data": [[flight[name] for name in names] for flight in flights], **more}})


def refused(call: Any, *args: Any) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        call(*args)
    return caught.value


# Every form of MLflow's protocol gives the same row.


@pytest.mark.parametrize(
    "document",
    [
        {"dataframe_split": {"columns": NAMES, "data": [list(FLIGHT.values())]}},
        {"dataframe_split": {"columns": NAMES, "data": [list(FLIGHT.values())], "index": [7]}},
        {"dataframe_split": {"index": None, "data": [list(FLIGHT.values())], "columns": NAMES}},
        {"dataframe_split": {"columns": NAMES[::-1], "data": [list(FLIGHT.values())[::-1]]}},
        {"dataframe_split": {"columns": [*NAMES, "wing"], "data": [[*FLIGHT.values(), {"any": ["thing"]}]]}},
        {"dataframe_records": [FLIGHT]},
        {"dataframe_records": [dict(reversed(FLIGHT.items())) | {"wing": [1]}]},
        {"instances": [FLIGHT]},
        {"instances": {name: [value] for name, value in FLIGHT.items()}},
        {"instances": FLIGHT},
        {"inputs": [FLIGHT]},
        {"inputs": {name: [value] for name, value in FLIGHT.items()}},
        {"inputs": FLIGHT, "something": "else"},
    ],
)
def test_all_forms_give_the_same_row(document: dict[str, Any]) -> None:
    rows = DECODER.mlflow(body(document))
    assert (rows.n, rows.row, rows.extra, rows.params) == (1, ROW, {}, {})
    assert rows.columns == [[value] for value in ROW]
    assert [type(column[0]) for column in rows.columns] == [float, int, str, bool, str]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_csv(line_end: str, mark: str) -> None:
    lines = [",".join(NAMES), '1400.5,8,"U""A,\n",TRUE,2013-07-22', ',9,NA,,""', ""]
    rows = DECODER.mlflow((mark + line_end.join(lines)).encode(), "text/csv")
    assert rows.columns == [[1400.5, None], [8, 9], ['U"A,\n', "NA"], [True, None], ["2013-07-22T00:00:00", None]]


# One value in one column: the same verdict in every form.

TAKEN = [
    ("distance", 1, 1.0),
    ("distance", True, 1.0),
    ("distance", "1.5", 1.5),
    ("distance", None, None),
    ("distance", float("nan"), None),
    ("distance", float("inf"), float("inf")),
    ("distance", 10**30, 1e30),
    ("hour", 3.0, 3),
    ("hour", True, 1),
    ("hour", "3", 3),
    ("hour", 2**63 - 1, 2**63 - 1),
    ("hour", -(2**63), -(2**63)),
    ("carrier", "", ""),
    ("carrier", None, None),
    ("carrier", float("nan"), None),
    ("carrier", "Ærø ✈ \x00", "Ærø ✈ \x00"),
    ("holiday", 0, False),
    ("holiday", 1.0, True),
    ("holiday", None, None),
    ("scheduled", "2013-01-01", "2013-01-01T00:00:00"),
    ("scheduled", "2013-01-01T00:00:00Z", "2013-01-01T00:00:00"),
    ("scheduled", "2013-01-01 00:00:00.5+02:00", "2012-12-31T22:00:00.500000"),
    ("scheduled", None, None),
]
REFUSED = [
    ("distance", "far", "type"),
    ("distance", [1], "type"),
    ("distance", {}, "type"),
    ("distance", 10**400, "range"),
    ("distance", "1_000", "type"),
    ("hour", 3.5, "type"),
    ("hour", None, "null"),
    ("hour", float("nan"), "null"),
    ("hour", float("inf"), "type"),
    ("hour", 2**63, "range"),
    ("hour", 10**40, "range"),
    ("hour", "8h", "type"),
    ("hour", "٣", "type"),
    ("carrier", 1, "type"),
    ("carrier", True, "type"),
    ("carrier", ["UA"], "type"),
    ("holiday", 2, "type"),
    ("holiday", "false", "type"),
    ("scheduled", 5, "type"),
    ("scheduled", "", "type"),
    ("scheduled", "13/1/2013", "type"),
    ("scheduled", "0001-01-01T00:00:00+05:00", "type"),
]


def documents(flight: dict[str, Any]) -> list[tuple[bytes, str]]:
    "The flight in each form, as the second of two rows, and where column c stands."
    first, n = FLIGHT, NAMES
    return [
        (split(first, flight), "$.dataframe_split.data[1][{i}]"),
        (split(first, flight, columns=n[::-1]), "$.dataframe_split.data[1][{j}]"),
        (body({"dataframe_records": [first, flight]}), "$.dataframe_records[1].{c}"),
        (body({"instances": [first, flight]}), "$.instances[1].{c}"),
        (body({"inputs": {name: [first[name], flight[name]] for name in n}}), "$.inputs.{c}[1]"),
    ]


@pytest.mark.parametrize(("column", "value", "becomes"), TAKEN)
def test_values_that_fit(column: str, value: Any, becomes: Any) -> None:
    for raw, _ in documents(FLIGHT | {column: value}):
        got = DECODER.mlflow(raw).columns[NAMES.index(column)][1]
        assert got == becomes and type(got) is type(becomes), raw
    assert DECODER.mlflow(split(FLIGHT | {column: value})).columns[NAMES.index(column)] == [becomes]


@pytest.mark.parametrize(("column", "value", "rule"), REFUSED)
def test_values_that_do_not_fit(column: str, value: Any, rule: str) -> None:
    i = NAMES.index(column)
    for raw, place in documents(FLIGHT | {column: value}):
        problem = refused(DECODER.mlflow, raw)
        assert (problem.status, problem.code, problem.rule) == (422, "signature_broken", rule)
        assert problem.field == place.format(i=i, j=len(NAMES) - 1 - i, c=column)
        assert f"“{column}”" in problem.message


def test_the_sender_s_values_are_not_repeated() -> None:
    for column, _, _ in REFUSED:
        secret = ["SECRET"] if column == "carrier" else "SECRET"
        for raw, _ in documents(FLIGHT | {column: secret}):
            assert "SECRET" not in json.dumps(refused(DECODER.mlflow, raw).to_dict())
    for raw in (b'{"SECRET": 1}', b'{"dataframe_split": {"SECRET": 1}}', b"SECRET", split(FLIGHT, columns=["hour", "hour"])):
        assert "SECRET" not in json.dumps(refused(DECODER.mlflow, raw).to_dict())


def test_an_error_crosses_processes() -> None:
    problem = refused(DECODER.mlflow, split(FLIGHT | {"hour": None}))
    again = pickle.loads(pickle.dumps(problem))
    assert (again.status, again.code, again.field, again.rule) == (problem.status, problem.code, problem.field, problem.rule)


# What is not of the form.

MALFORMED: list[tuple[bytes, str, str]] = [
    (b"", "$", "form"),
    (b" \n", "$", "form"),
    (b"{", "$", "json"),
    (b"[" * 50_000, "$", "depth"),
    (b'{"inputs": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", "$", "depth"),
    (b'{"inputs": "\xff"}', "$", "utf-8"),
    (b'{"inputs": "\\ud800"}', "$", "utf-8"),
    (b"9" * 5000, "$", "json"),
    (body([1]), "$", "form"),
    (b"null", "$", "form"),
    (body({}), "$", "form"),
    (body({"rows": []}), "$", "form"),
    (body({"inputs": FLIGHT, "instances": [FLIGHT]}), "$", "form"),
    (body({"dataframe_split": {"columns": NAMES, "data": [list(ROW)]}, "dataframe_records": [FLIGHT]}), "$", "form"),
    (body({"inputs": FLIGHT, "params": [1]}), "$.params", "form"),
    (body({"dataframe_split": None}), "$.dataframe_split", "form"),
    (body({"dataframe_split": []}), "$.dataframe_split", "form"),
    (body({"dataframe_split": {"columns": NAMES}}), "$.dataframe_split", "form"),
    (split(FLIGHT, more=1), "$.dataframe_split", "form"),
    (body({"dataframe_split": {"columns": NAMES, "data": {"a": 1}}}), "$.dataframe_split.data", "form"),
    (body({"dataframe_split": {"columns": "hour", "data": []}}), "$.dataframe_split.columns", "form"),
    (body({"dataframe_split": {"columns": [*NAMES[1:], 1], "data": []}}), "$.dataframe_split.columns", "form"),
    (body({"dataframe_split": {"columns": NAMES, "data": [FLIGHT]}}), "$.dataframe_split.data[0]", "form"),
    (body({"dataframe_split": {"columns": NAMES, "data": list(ROW)}}), "$.dataframe_split.data[0]", "form"),
    (body({"dataframe_split": {"columns": [*NAMES, "hour"], "data": [[*ROW, 9]]}}), "$.dataframe_split.columns[5]", "duplicate"),
    (body({"dataframe_split": {"columns": NAMES, "data": [ROW, ROW[:4]]}}), "$.dataframe_split.data[1]", "ragged"),
    (body({"dataframe_split": {"columns": NAMES, "data": [(*ROW, 1)]}}), "$.dataframe_split.data[0]", "ragged"),
    (body({"dataframe_split": {"columns": NAMES, "data": [[]]}}), "$.dataframe_split.data[0]", "ragged"),
    (split(FLIGHT, index=7), "$.dataframe_split.index", "form"),
    (body({"dataframe_records": FLIGHT}), "$.dataframe_records", "form"),
    (body({"dataframe_records": None}), "$.dataframe_records", "form"),
    (body({"dataframe_records": [FLIGHT, None]}), "$.dataframe_records[1]", "form"),
    (body({"inputs": "text"}), "$.inputs", "form"),
    (body({"inputs": FLIGHT | {"hour": [8]}}), "$.inputs", "ragged"),
    (body({"inputs": {name: [1] for name in NAMES} | {"hour": [1, 2]}}), "$.inputs", "ragged"),
]


@pytest.mark.parametrize(("raw", "field", "rule"), MALFORMED)
def test_bodies_that_are_not_of_the_form(raw: bytes, field: str, rule: str) -> None:
    problem = refused(DECODER.mlflow, raw)
    assert (problem.status, problem.field, problem.rule) == (400, field, rule)


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"dataframe_split": {"columns": NAMES[:4], "data": [ROW[:4]]}}, "$.dataframe_split.columns"),
        ({"dataframe_split": {"data": [ROW]}}, "$.dataframe_split.columns"),
        ({"dataframe_split": {"columns": [0, 1, 2, 3, 4], "data": [ROW]}}, "$.dataframe_split.columns"),
        ({"dataframe_records": []}, "$.dataframe_records"),
        ({"dataframe_records": [FLIGHT, {"hour": 8}]}, "$.dataframe_records[1]"),
        ({"instances": [ROW]}, "$.instances"),
        ({"inputs": []}, "$.inputs"),
        ({"inputs": {"hour": [8]}}, "$.inputs"),
    ],
)
def test_missing_columns(document: dict[str, Any], field: str) -> None:
    problem = refused(DECODER.mlflow, body(document))
    if problem.rule == "form":  # numbers where names should be
        assert (problem.status, problem.field) == (400, field)
    else:
        assert (problem.status, problem.field, problem.rule) == (422, field, "required")


UNREAD = ["", "text/plain", "application/json; charset=latin-1", "application/json; v=1", "text/csv;charset=cp437"]


@pytest.mark.parametrize("content_type", UNREAD)
def test_content_types_that_are_not_read(content_type: str) -> None:
    assert refused(DECODER.mlflow, split(FLIGHT), content_type).status == 415


@pytest.mark.parametrize("content_type", ["application/json", "application/JSON;charset=UTF-8", 'application/json; charset="utf-8"'])
def test_content_types_that_are_read(content_type: str) -> None:
    assert DECODER.mlflow(split(FLIGHT), content_type).row == ROW


@pytest.mark.parametrize(
    ("text", "status", "field"),
    [
        ("", 400, "$"),
        ("hour,hour\n1,2\n", 400, "$[header][1]"),
        (",".join(NAMES) + "\n1,2\n", 400, "$[0]"),
        (",".join(NAMES) + '\n1,8,"UA,true,2013-01-01\n', 400, "$"),
        (",".join(NAMES) + "\n1,8,UA,true,2013-01-01\nfar,8,UA,true,2013-01-01\n", 422, "$[1].distance"),
        (",".join(NAMES) + "\n1,,UA,true,2013-01-01\n", 422, "$[0].hour"),
        (",".join(NAMES) + "\n1,8,UA,yes,2013-01-01\n", 422, "$[0].holiday"),
        (",".join(NAMES[1:]) + "\n8,UA,true,2013-01-01\n", 422, "$[header]"),
    ],
)
def test_csv_that_is_refused(text: str, status: int, field: str) -> None:
    problem = refused(DECODER.mlflow, text.encode(), "text/csv")
    assert (problem.status, problem.field) == (status, field)


def test_no_rows_are_rows() -> None:
    empty: list[list[Any]] = [[], [], [], [], []]
    assert DECODER.mlflow(body({"dataframe_split": {"columns": NAMES[::-1], "data": []}})).columns == empty
    assert DECODER.mlflow(body({"inputs": {name: [] for name in NAMES}})).columns == empty
    assert DECODER.mlflow((",".join(NAMES) + "\n").encode(), "text/csv").columns == empty


# Limits.


def test_too_many_rows() -> None:
    small = Decoder(FLIGHTS, max_rows=3)
    assert small.mlflow(split(*[FLIGHT] * 3)).n == 3
    many = [FLIGHT] * 4
    lines = ",".join(NAMES) + "\n1,8,UA,true,2013-01-01" * 4
    columns = {name: [FLIGHT[name]] * 4 for name in NAMES}
    for raw in (split(*many), body({"dataframe_records": many}), body({"inputs": many}), body({"instances": columns})):
        assert refused(small.mlflow, raw).status == 413
    assert refused(small.mlflow, lines.encode(), "text/csv").status == 413
    wind = {"name": "wind", "shape": [4, 3], "datatype": "FP64", "data": [0] * 12}
    assert refused(Decoder(WEATHER, max_rows=3).v2, body({"inputs": [wind]})).status == 413


HOSTILE = r"""
import resource, sys
from mlops_nb.score.decode import DecodeError, Decoder
from mlops_nb.score.signature import Input, Signature
decoder = Decoder(Signature((Input("distance", "float"), Input("carrier", "string"))))
size = 16_000_000
rows = b'{"dataframe_split": {"columns": ["distance", "carrier"], "data": ['
parts = [(b"[", b"[],", b"[]]"), (b'{"dataframe_records": [', b"{},", b"{}]}"), (rows, b'[1,"a"],', b'[1,"a"]]}}'),
         (b'{"inputs": ', b"[", b""), (b'{"inputs": ', b'{"a":', b""), (b"", b'"["[', b""), (b'"', b"[", b'"'),
         (b'"', b"\\\\", b'"'), (b"", b"9", b""), (b"", b"\xff", b""), (b"[", b"0,", b"0]"), (b"", b'"\n",', b"")]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for start, middle, end in parts:
    body = start + middle * (size // len(middle)) + end
    for read in (decoder.mlflow, decoder.v2, lambda raw: decoder.mlflow(raw, "text/csv"), lambda raw: decoder.v2(raw, len(raw) // 2)):
        try:
            read(body)
            sys.exit(f"{body[:20]!r} was taken")
        except DecodeError:
            pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1_000)
"""


def test_hostile_bodies_take_bounded_memory() -> None:
    done = subprocess.run([sys.executable, "-c", HOSTILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 200, "megabytes, for bodies of 16"


@given(st.lists(st.sampled_from(["[", "{", '"', "\\", '\\"', "\\\\", "a", "é"]), max_size=30).map("".join), st.integers(1, 5))
def test_brackets_in_text_do_not_count(text: str, step: int) -> None:
    raw = f'{text}"'.encode()
    outside = re.sub(rb'"(?:[^"\\]|\\.)*"', b"", raw, flags=re.DOTALL) if b"\\" not in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", raw) else None
    if outside is not None and b'"' not in outside:  # otherwise it is no JSON, and any number will do
        assert _opened(raw, 1000, step) == outside.count(b"[") + outside.count(b"{")


# The fast way and the thorough way agree.

NUMBERS = st.booleans() | st.integers(-(2**70), 2**70) | st.floats()
VALUES = NUMBERS | st.text(max_size=5) | st.sampled_from([None, [1], "1.5", "2013-07-22"])
GOOD = st.fixed_dictionaries(
    {
        "distance": st.floats(-1e9, 1e9) | st.none(),
        "hour": st.integers(0, 23),
        "carrier": st.text(max_size=4) | st.none(),
        "holiday": st.booleans() | st.none(),
        "scheduled": st.datetimes().map(lambda at: at.isoformat()) | st.none(),
    }
)
FLIGHT_LISTS = st.lists(GOOD, max_size=3)


@given(FLIGHT_LISTS, st.dictionaries(st.sampled_from([*NAMES, "id", "wing"]), VALUES, max_size=3), st.permutations([*NAMES, "id"]))
def test_fast_and_thorough_agree(flights: list[dict[str, Any]], change: dict[str, Any], order: list[str]) -> None:
    decoder = Decoder(FLIGHTS, keep=["id", "carrier"], max_rows=2)
    rows = [flight | {"id": "7"} for flight in flights]
    if rows:
        rows[-1] |= change
    documents = [
        {"dataframe_split": {"columns": order, "data": [[row[name] for name in order] for row in rows]}},
        {"dataframe_records": rows},
        {"instances": rows},
        {"inputs": {name: [row[name] for row in rows] for name in order}, "params": {"a": 1}},
    ]
    for document in documents:
        raw = body(document)
        assert outcome(decoder.mlflow, raw) == outcome(lambda raw: read_document(read_json(raw), FLIGHTS, decoder.keep, 2), raw)


def outcome(read: Any, raw: bytes) -> Any:
    try:
        rows: Rows = read(raw)
    except DecodeError as problem:
        return problem.status, problem.to_dict(), problem.rule
    places = [rows.place(i, j) for i in range(rows.n) for j in range(len(rows.columns))]
    return rows.n, rows.columns, [[type(v) for v in c] for c in rows.columns], rows.extra, rows.params, rows.row, places


def test_orders_of_columns_take_turns() -> None:
    decoder = Decoder(FLIGHTS, keep=["id"])
    for turn in range(3 * MAX_LAYOUTS):
        order = [*NAMES, "id"]
        order = order[turn % 6 :] + order[: turn % 6] + [f"wing{turn}"]
        row = decoder.mlflow(split(FLIGHT | {"id": turn, f"wing{turn}": 0}, columns=order))
        assert row.row == ROW and row.extra == {"id": [turn]}
    assert len(decoder._layouts) == MAX_LAYOUTS


def test_columns_that_are_kept() -> None:
    decoder = Decoder(FLIGHTS, keep=["id", "carrier", "absent"])
    flight = FLIGHT | {"id": "UA1"}
    tensors = [
        {"name": n, "shape": [1], "datatype": d, "data": [flight[n]]}
        for n, d in zip([*NAMES, "id"], ["FP64", "INT64", "BYTES", "BOOL", "BYTES", "BYTES"], strict=True)
    ]
    wanted = {"id": ["UA1"], "carrier": ["UA"]}
    for raw in (split(flight), body({"dataframe_records": [flight]}), body({"inputs": {n: [v] for n, v in flight.items()}})):
        assert decoder.mlflow(raw).extra == wanted
    assert decoder.v2(body({"inputs": tensors}))[0].extra == wanted
    both = decoder.mlflow(body({"dataframe_records": [FLIGHT, flight]}))
    assert both.extra == {"id": [None, "UA1"], "carrier": ["UA", "UA"]}
    assert refused(decoder.mlflow, split(FLIGHT | {"id": {"a": 1}})).field == "$.dataframe_split.data[0][5]"


@pytest.mark.parametrize("name", ['a "quoted" name', "back\\slash", "line\nend", "class", "été 2013", "", "0", "a.b"])
def test_columns_of_any_name(name: str) -> None:
    decoder = Decoder(Signature((Input(name, "float"), Input("hour", "int"))))
    for document in ({"dataframe_split": {"columns": ["hour", name], "data": [[1, 2.5]]}}, {"instances": [{name: 2.5, "hour": 1}]}):
        assert decoder.mlflow(body(document)).row == (2.5, 1)
    refused(decoder.mlflow, body({"instances": [{name: "x", "hour": 1}]}))


def test_rows_without_names_for_a_model_without_names() -> None:
    array = Decoder(Signature((Input("x0", "float"), Input("x1", "float"))))
    for document in (
        {"inputs": [[1, 2], [3, 4]]},
        {"instances": [[1, 2], [3, 4]]},
        {"dataframe_split": {"data": [[1, 2], [3, 4]]}},
        {"dataframe_split": {"columns": [0, 1], "data": [[1, 2], [3, 4]]}},
    ):
        assert array.mlflow(body(document)).columns == [[1.0, 3.0], [2.0, 4.0]]
    assert Decoder(Signature((Input("wind", "float"),))).mlflow(body({"inputs": [1, 2]})).columns == [[1.0, 2.0]]


def test_free_values_have_a_depth() -> None:
    decoder = Decoder(Signature((Input("embedding", "other"), Input("hour", "int"))))
    assert decoder.mlflow(body({"inputs": [{"embedding": [[1], {"a": 2}], "hour": 1}]})).row == ([[1], {"a": 2}], 1)
    deep = b'{"inputs": [{"embedding": ' + b"[" * 40 + b"]" * 40 + b', "hour": 1}]}'
    assert refused(decoder.mlflow, deep).rule == "depth"


# The Open Inference Protocol.


def tensor(name: str, datatype: str, data: list[Any], shape: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "shape": [len(data)] if shape is None else shape, "datatype": datatype, "data": data, **more}


TENSORS = [
    tensor("scheduled", "BYTES", ["2013-07-22T08:00:00"]),
    tensor("distance", "FP64", [1400.5]),
    tensor("hour", "INT64", [8]),
    tensor("carrier", "BYTES", [["UA"]], [1, 1]),
    tensor("holiday", "BOOL", [True], [1, 1]),
]
GUSTS, CLOUDS = tensor("gusts", "BOOL", [True]), tensor("clouds", "INT64", [3])


def weather(*inputs: dict[str, Any], **more: Any) -> tuple[Rows, Wanted]:
    return Decoder(WEATHER).v2(body({"inputs": list(inputs), **more}))


def test_v2_by_column() -> None:
    more = {"id": "a", "parameters": {"content_type": "pd"}, "outputs": [{"name": "prediction"}]}
    rows, wanted = DECODER.v2(body({"inputs": TENSORS} | more))
    assert rows.row == ROW and rows.place(0, 2) == "$.inputs[3].data[0][0]"
    assert (wanted.id, wanted.outputs, wanted.binary) == ("a", (("prediction", False),), False)
    extra, _ = DECODER.v2(body({"inputs": [*TENSORS, tensor("wing", "FP64", [1.0, 2.0], [7])]}))
    assert extra.row == ROW  # what the model does not know is not looked at


@pytest.mark.parametrize("datatype", ["FP16", "FP32", "FP64", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"])
def test_v2_matrix_of_every_datatype(datatype: str) -> None:
    for data in ([[2, 1, 3], [4, 0, 5]], [2, 1, 3, 4, 0, 5]):
        if datatype == "FP16":
            break  # no bool column takes it
        assert weather(tensor("any", datatype, data, [2, 3]))[0].columns == [[2.0, 4.0], [True, False], [3, 5]]
    only = Decoder(Signature((Input("wind", "float"), Input("clouds", "int"))))
    array = np.array([[2, 3], [4, 5]], triton.triton_to_np_dtype(datatype))
    sent = triton.InferInput("any", [2, 2], datatype)
    sent.set_data_from_numpy(array)
    raw, length = triton.InferenceServerClient.generate_request_body([sent])
    assert only.v2(raw, length)[0].columns == [[2.0, 4.0], [3, 5]]


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("n", [1, 3])
def test_v2_from_tritonclient(binary: bool, n: int) -> None:
    values = {
        "distance": ("FP32", np.full(n, 1400.5, "float32")),
        "hour": ("INT8", np.full(n, 8, "int8")),
        "carrier": ("BYTES", np.full(n, "UA ✈", object)),
        "holiday": ("BOOL", np.full((n, 1), True)),
        "scheduled": ("BYTES", np.full(n, b"2013-07-22T08:00:00", object)),
    }
    inputs = []
    for name, (datatype, array) in values.items():
        one = triton.InferInput(name, list(array.shape), datatype)
        one.set_data_from_numpy(array, binary_data=binary)
        inputs.append(one)
    outputs = [triton.InferRequestedOutput("probabilities", binary_data=True)]
    raw, length = triton.InferenceServerClient.generate_request_body(inputs, outputs=outputs, request_id="r-7")
    rows, wanted = DECODER.v2(raw, length)
    assert rows.columns == [[1400.5] * n, [8] * n, ["UA ✈"] * n, [True] * n, ["2013-07-22T08:00:00"] * n]
    assert (wanted.id, wanted.outputs) == ("r-7", (("probabilities", True),))
    raw, length = triton.InferenceServerClient.generate_request_body(inputs)
    assert DECODER.v2(raw, length)[1].binary  # unless told otherwise, it wants binary tensors back


WIND = tensor("wind", "FP64", [1.5])
V2_REFUSED: list[tuple[list[Any], int, str, str]] = [
    ([WIND | {"shape": [2]}, GUSTS, CLOUDS], 400, "$.inputs[0].shape", "shape"),
    ([WIND | {"shape": [2, 1], "data": [[1.5]]}, GUSTS, CLOUDS], 400, "$.inputs[0].shape", "shape"),
    ([WIND | {"shape": [1, 1], "data": [[1.5, 2]]}, GUSTS, CLOUDS], 400, "$.inputs[0].data[0]", "shape"),
    ([WIND | {"shape": [10**18]}, GUSTS, CLOUDS], 413, "$.inputs[0].shape", "max_rows"),
    ([WIND | {"shape": [-1]}, GUSTS, CLOUDS], 400, "$.inputs[0].shape", "shape"),
    ([WIND | {"shape": []}, GUSTS, CLOUDS], 400, "$.inputs[0].shape", "shape"),
    ([WIND | {"shape": [1, 1, 1]}, GUSTS, CLOUDS], 400, "$.inputs[0].shape", "shape"),
    ([WIND | {"shape": [1.5]}, GUSTS, CLOUDS], 400, "$.inputs[0].shape[0]", "form"),
    ([WIND | {"shape": "1"}, GUSTS, CLOUDS], 400, "$.inputs[0].shape", "form"),
    ([WIND, tensor("gusts", "BOOL", [True, False]), CLOUDS], 400, "$.inputs[1].shape", "shape"),
    ([WIND | {"datatype": "FP128"}, GUSTS, CLOUDS], 400, "$.inputs[0].datatype", "datatype"),
    ([WIND | {"datatype": "INT64"}, GUSTS, CLOUDS], 400, "$.inputs[0].data[0]", "datatype"),
    ([WIND | {"datatype": "INT8", "data": [200]}, GUSTS, CLOUDS], 400, "$.inputs[0].data[0]", "datatype"),
    ([WIND | {"datatype": "UINT64", "data": [-1]}, GUSTS, CLOUDS], 400, "$.inputs[0].data[0]", "datatype"),
    ([WIND | {"data": ["1.5"]}, GUSTS, CLOUDS], 400, "$.inputs[0].data[0]", "datatype"),
    ([WIND | {"data": [[1.5]]}, GUSTS, CLOUDS], 400, "$.inputs[0].data[0]", "datatype"),
    ([tensor("wind", "BYTES", ["strong"]), GUSTS, CLOUDS], 422, "$.inputs[0].datatype", "datatype"),
    ([WIND, GUSTS, tensor("clouds", "FP64", [0.5])], 422, "$.inputs[2].data[0]", "type"),
    ([WIND, GUSTS, tensor("clouds", "UINT64", [2**63])], 422, "$.inputs[2].data[0]", "range"),
    ([WIND, tensor("gusts", "INT64", [2]), CLOUDS], 422, "$.inputs[1].data[0]", "type"),
    ([WIND, GUSTS], 422, "$.inputs", "required"),
    ([], 422, "$.inputs", "required"),
    ([WIND, WIND, GUSTS, CLOUDS], 400, "$.inputs[1].name", "duplicate"),
    ([{"name": "wind", "shape": [1], "datatype": "FP64"}, GUSTS, CLOUDS], 400, "$.inputs[0].data", "data"),
    ([WIND | {"parameters": {"binary_data_size": 8}}, GUSTS, CLOUDS], 400, "$.inputs[0].parameters.binary_data_size", "binary_data_size"),
    ([tensor("m", "FP64", [1.0] * 4, [2, 2])], 422, "$.inputs[0].shape", "shape"),
    ([tensor("m", "FP64", [1.0, 0, 2.5], [1, 3])], 422, "$.inputs[0].data[2]", "type"),
    ([tensor("m", "FP64", [[1.0, 0, 2.5]], [1, 3])], 422, "$.inputs[0].data[0][2]", "type"),
    ([tensor("m", "BYTES", ["a", "b", "c"], [1, 3])], 422, "$.inputs[0].datatype", "datatype"),
    (["text"], 400, "$.inputs[0]", "form"),
]


@pytest.mark.parametrize(("inputs", "status", "field", "rule"), V2_REFUSED)
def test_v2_that_is_refused(inputs: list[Any], status: int, field: str, rule: str) -> None:
    problem = refused(lambda: weather(*inputs))
    assert (problem.status, problem.field, problem.rule) == (status, field, rule)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"id": 7}, "$.id"),
        ({"id": "x" * 300}, "$.id"),
        ({"outputs": [{"name": "SECRET"}]}, "$.outputs[0].name"),
        ({"outputs": [{"name": "prediction", "parameters": {"binary_data": 1}}]}, "$.outputs[0].parameters.binary_data"),
        ({"parameters": {"binary_data_output": "yes"}}, "$.parameters.binary_data_output"),
    ],
)
def test_v2_wishes_that_are_refused(more: dict[str, Any], field: str) -> None:
    problem = refused(lambda: weather(WIND, GUSTS, CLOUDS, **more))
    assert (problem.status, problem.field) == (400, field) and "SECRET" not in problem.message


def binary(size: Any, behind: bytes, datatype: str = "FP64", length: int | None = None) -> DecodeError:
    wind = {"name": "wind", "shape": [1], "datatype": datatype, "parameters": {"binary_data_size": size}}
    raw = body({"inputs": [wind]})
    return refused(Decoder(Signature((Input("wind", "float" if datatype != "BYTES" else "string"),))).v2, raw + behind, length or len(raw))


@pytest.mark.parametrize(
    ("size", "behind", "datatype"),
    [
        (8, b"", "FP64"),
        (8, b"\0" * 7, "FP64"),
        (8, b"\0" * 9, "FP64"),
        (7, b"\0" * 7, "FP64"),
        (-8, b"\0" * 8, "FP64"),
        ("8", b"\0" * 8, "FP64"),
        (True, b"\0", "FP64"),
        (0, b"", "FP64"),
        (5, b"\2\0\0\0U", "BYTES"),
        (6, b"\xff\xff\xff\xffUA", "BYTES"),
        (7, b"\1\0\0\0UAA", "BYTES"),
        (3, b"\0\0\0", "BYTES"),
        (5, b"\1\0\0\0\xff", "BYTES"),
    ],
)
def test_v2_binary_sizes_that_lie(size: Any, behind: bytes, datatype: str) -> None:
    assert binary(size, behind, datatype).status == 400


def test_v2_header_lengths_that_lie() -> None:
    raw = body({"inputs": [WIND, GUSTS, CLOUDS]})
    for length in (0, -1, len(raw) + 1, len(raw) - 1, 10**12):
        assert refused(Decoder(WEATHER).v2, raw, length).status == 400
    assert Decoder(WEATHER).v2(raw, len(raw))[0].row == (1.5, True, 3)


def test_v2_nothing_is_null() -> None:
    rows, _ = weather(WIND | {"data": [None]}, GUSTS, CLOUDS)
    assert rows.row == (None, True, 3)
    raw = body({"inputs": [{"name": "wind", "shape": [2], "datatype": "FP32", "parameters": {"binary_data_size": 8}}]})
    only = Decoder(Signature((Input("wind", "float"),)))
    assert only.v2(raw + struct.pack("<2f", float("nan"), 2), len(raw))[0].columns == [[None, 2.0]]


def test_a_decoder_imports_nothing_heavy() -> None:
    code = "import sys, mlops_nb.score.decode, mlops_nb.serve.protocols; print({'numpy', 'pandas', 'sklearn', 'mlflow'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "set()"
