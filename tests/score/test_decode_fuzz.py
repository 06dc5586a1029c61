"""Whatever is sent, the decoder answers with rows or with a refusal."""

import json
import struct
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlops_nb.score.cells import Rows
from mlops_nb.score.decode import DecodeError, Decoder
from mlops_nb.score.signature import Input, Signature
from mlops_nb.serve.protocols import read_labels, refusal

SIGNATURE = Signature(
    (
        Input("distance", "float"),
        Input("hour", "int", nullable=False),
        Input("carrier", "string"),
        Input("holiday", "bool", nullable=False),
        Input("scheduled", "datetime"),
        Input("notes", "other"),
    )
)
DECODER = Decoder(SIGNATURE, keep=["id", "carrier"], max_rows=5)
MATRIX = Decoder(Signature((Input("wind", "float"), Input("clouds", "int"))), max_rows=5)
FLIGHT = {"distance": 1.5, "hour": 8, "carrier": "UA", "holiday": True, "scheduled": "2013-07-22", "notes": {"a": [1]}, "id": "a"}
TYPES = {
    "distance": (float, type(None)),
    "hour": (int,),
    "carrier": (str, type(None)),
    "holiday": (bool,),
    "scheduled": (str, type(None)),
    "notes": (object,),
}
DATATYPES = ["FP64", "INT64", "BYTES", "BOOL", "BYTES", "BYTES", "BYTES"]
VALID: list[Any] = [
    {"dataframe_split": {"columns": list(FLIGHT), "data": [list(FLIGHT.values())] * 2, "index": [0, 1]}, "params": {"a": 1}},
    {"dataframe_records": [FLIGHT, FLIGHT]},
    {"instances": [FLIGHT]},
    {"inputs": {name: [value, value] for name, value in FLIGHT.items()}},
    {"inputs": FLIGHT},
    {
        "id": "a",
        "inputs": [
            {"name": n, "shape": [1, 1], "datatype": d, "data": [v if n != "notes" else "x"]}
            for (n, v), d in zip(FLIGHT.items(), DATATYPES, strict=True)
        ],
        "outputs": [{"name": "prediction", "parameters": {"binary_data": True}}],
        "parameters": {"binary_data_output": False},
    },
    {"inputs": [{"name": "wind", "shape": [1, 2], "datatype": "FP32", "parameters": {"binary_data_size": 8}}]},
    {"labels": [{"request_id": "r", "label": 1, "row": 0, "at": "2013-07-22T08:00:00Z"}]},
]
STRANGE: list[Any] = [None, True, 0, -1, 1.5, 2**63, -(2**63) - 1, 10**30, float("nan"), float("inf")]
STRANGE += ["", "a", "1e5", "\x00", [], {}, [[]], [1, "a"]]
ODD = st.sampled_from(STRANGE)
INSIDE = st.text(max_size=4)
JUNK = st.recursive(ODD | INSIDE, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(INSIDE, inner, max_size=3), max_leaves=6)


def spots(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at]
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in inside:
        found += spots(member, (*at, key))
    return found


def changed(value: Any, at: tuple[Any, ...], by: Any, how: str) -> Any:
    "A copy of `value` in which one spot is replaced, removed or doubled."
    if not at:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(at) == 1 and how == "remove":
        del copy[at[0]]
    elif len(at) == 1 and how == "double" and isinstance(copy, list):
        copy.insert(at[0], copy[at[0]])
    else:
        copy[at[0]] = changed(value[at[0]], at[1:], by, how)
    return copy


@st.composite
def mutated(draw: Any) -> bytes:
    "A valid body with a few spots changed, and sometimes a few bytes."
    document = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.sampled_from(spots(document)))
        document = changed(document, at, draw(JUNK), draw(st.sampled_from(["replace", "remove", "double"])))
    raw = bytearray(json.dumps(document).encode())
    for _ in range(draw(st.integers(0, 2))):
        if raw:
            raw[draw(st.integers(0, len(raw) - 1))] = draw(st.integers(0, 255))
    return bytes(raw) + draw(st.binary(max_size=16) | st.just(struct.pack("<2f", 1, float("nan"))))


def check(rows: Rows, decoder: Decoder) -> None:
    "What passes is what was promised."
    assert 0 <= rows.n <= decoder.max_rows
    assert len(rows.columns) == len(decoder.signature.inputs)
    for column, values in zip(decoder.signature.inputs, rows.columns, strict=True):
        assert len(values) == rows.n
        assert all(isinstance(v, TYPES.get(column.name, (float, int, type(None)))) and v == v for v in values)
        assert column.nullable or None not in values
    assert all(len(values) == rows.n and name in decoder.keep for name, values in rows.extra.items())
    assert rows.row == (tuple(c[0] for c in rows.columns) if rows.n == 1 else None)
    json.dumps([rows.columns, rows.extra, rows.params], ensure_ascii=False).encode()  # it can be written down


def ask(raw: bytes, length: int | None) -> int:
    "Asks every way in; how many took it."
    taken = 0
    for decoder in (DECODER, MATRIX):
        ways: list[tuple[Any, tuple[Any, ...]]] = [(decoder.mlflow, (raw, kind)) for kind in ("application/json", "text/csv")]
        ways += [(decoder.v2, (raw, n)) for n in (None, length)]
        for way, words in ways:
            try:
                answer = way(*words)
            except DecodeError as problem:
                status, body, _ = refusal(problem, "mlflow", "r")
                assert status in (400, 413, 422) and json.loads(body)["error"]["field"].startswith("$")
                continue
            check(answer[0] if isinstance(answer, tuple) else answer, decoder)
            taken += 1
    try:
        read_labels(raw)
        taken += 1
    except DecodeError:
        pass
    return taken


@settings(deadline=None, max_examples=300)
@given(mutated(), st.integers(-1, 600))
def test_changed_bodies(raw: bytes, length: int) -> None:
    ask(raw, length)
    ask(raw, raw.rfind(b"}") + 1)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=300) | JUNK.map(lambda value: json.dumps(value).encode()), st.none() | st.integers(-1, 300))
@example(b"", None)
@example(b'"\\ud800"', None)
@example(b'{"inputs": [{"name": "wind", "shape": [0, 2], "datatype": "FP64", "data": []}]}', None)
@example(b'{"inputs": [{"name": "wind", "shape": [9223372036854775807], "datatype": "BYTES", "data": []}]}', None)
def test_any_bytes(raw: bytes, length: int | None) -> None:
    ask(raw, length)


def test_the_valid_bodies_are_taken() -> None:
    "Otherwise the mutations would only try what is refused anyway."
    for document in VALID:
        raw = json.dumps(document).encode()
        assert ask(raw + struct.pack("<2f", 1, 2) if b"binary_data_size" in raw else raw, len(raw)) >= 1, document
