"""Answers and refusals, read by the clients they are made for."""

import json
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton

from mlops_nb.core import errors
from mlops_nb.core.columns import ColumnRule
from mlops_nb.core.contract import Contract
from mlops_nb.core.serving import DeploymentNotFound, ServingOptions
from mlops_nb.score.cells import Wanted
from mlops_nb.score.decode import DecodeError, Decoder
from mlops_nb.score.signature import Input, Signature
from mlops_nb.serve.protocols import (
    STATUS,
    contract_refusal,
    decide,
    header_length,
    model_metadata,
    outputs_of,
    read_labels,
    ready,
    refusal,
    repository_index,
    server_metadata,
    status_of,
    write_mlflow,
    write_v2,
)

CLASSES = ("on time", "late")
SCORED: tuple[list[Any], list[Any]] = (["on time", "on time", "late"], [(0.8, 0.2), (0.55, 0.45), (0.1, 0.9)])
PLAIN = ServingOptions()


def test_a_threshold_decides_again() -> None:
    assert decide(SCORED, PLAIN, CLASSES) is SCORED
    assert decide(SCORED, ServingOptions(threshold=0.45), CLASSES) == (["on time", "late", "late"], SCORED[1])
    assert decide(SCORED, ServingOptions(threshold=0.0), CLASSES)[0] == ["late"] * 3
    assert decide(SCORED, ServingOptions(threshold=1.0), CLASSES)[0] == ["on time"] * 3
    assert decide(([1.5], None), ServingOptions(threshold=0.4), ()) == ([1.5], None)
    three = ([2], [(0.2, 0.3, 0.5)])
    assert decide(three, ServingOptions(threshold=0.1), (0, 1, 2)) == three


@pytest.mark.parametrize(
    ("scored", "options", "expected"),
    [
        (SCORED, PLAIN, ["on time", "on time", "late"]),
        (SCORED, ServingOptions(output="probabilities"), [[0.8, 0.2], [0.55, 0.45], [0.1, 0.9]]),
        (([1.5, float("nan"), float("inf")], None), ServingOptions(output="probabilities"), [1.5, None, None]),
        (([[1.0, 2.0], [3.0, 4.0]], None), PLAIN, [[1.0, 2.0], [3.0, 4.0]]),
        (([], None), PLAIN, []),
        (([True, 3, "Ærø"], None), PLAIN, [True, 3, "Ærø"]),
    ],
)
def test_what_mlflow_clients_read(scored: Any, options: ServingOptions, expected: list[Any]) -> None:
    assert json.loads(write_mlflow(None, scored, options, CLASSES)) == {"predictions": expected}


def parsed(body: bytes, headers: list[tuple[bytes, bytes]]) -> triton.InferResult:
    length = dict(headers).get(b"inference-header-content-length")
    return triton.InferenceServerClient.parse_response_body(body, header_length=None if length is None else int(length))


KINDS: list[tuple[Any, Any, str]] = [
    (["on time", "late"], CLASSES, "BYTES"),
    ([0, 1], (0, 1), "INT64"),
    ([False, True], (False, True), "BOOL"),
    ([0.5, 2.0], (0.5, 2.0), "FP64"),
    ([1.5, 2.5], (), "FP64"),
    ([1, 2.5], (), "FP64"),
    ([[1.0, 2.0], [3.0, 4.0]], (), "FP64"),
    (["Ærø ✈", ""], ("Ærø ✈", ""), "BYTES"),
]


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize(("predictions", "classes", "datatype"), KINDS)
def test_what_tritonclient_reads(predictions: Any, classes: tuple[Any, ...], datatype: str, binary: bool) -> None:
    scores = [(0.75, 0.25), (0.125, 0.875)] if classes else None
    wanted = Wanted("r-1", (), binary)
    body, headers = write_v2(wanted, (predictions, scores), "delay", 3, "unused", classes)
    result = parsed(body, headers)
    found = result.get_response()
    assert (found["id"], found["model_name"], found["model_version"]) == ("r-1", "delay", "3")
    assert [o["name"] for o in found["outputs"]] == list(outputs_of(classes))
    assert found["outputs"][0]["datatype"] == datatype and (b"inference-header-content-length" in dict(headers)) == binary
    got = result.as_numpy("prediction")
    texts = [v.decode() if isinstance(v, bytes) else v for v in got.tolist()]
    assert texts == predictions and list(got.shape) == list(np.shape(predictions))
    if classes:
        np.testing.assert_array_equal(result.as_numpy("probabilities"), scores)


def test_outputs_are_chosen_one_by_one() -> None:
    wanted = Wanted(outputs=(("probabilities", True), ("prediction", False)))
    result = parsed(*write_v2(wanted, SCORED, "delay", 3, "r-2", CLASSES))
    first, second = result.get_response()["outputs"]
    assert first == {"name": "probabilities", "shape": [3, 2], "datatype": "FP64", "parameters": {"binary_data_size": 48}}
    assert second == {"name": "prediction", "shape": [3], "datatype": "BYTES", "data": SCORED[0]}
    assert result.get_response()["id"] == "r-2" and result.as_numpy("probabilities")[2][1] == 0.9


@pytest.mark.parametrize("binary", [False, True])
def test_nothing_among_numbers_and_no_rows(binary: bool) -> None:
    wanted = Wanted("", (("prediction", binary),))
    result = parsed(*write_v2(wanted, ([1, None], None), "delay", 3))
    assert result.get_response()["outputs"][0]["datatype"] == "FP64"
    assert np.isnan(result.as_numpy("prediction")[1])
    assert parsed(*write_v2(wanted, ([], None), "delay", 3)).as_numpy("prediction").shape == (0,)


@pytest.mark.parametrize("value", [b"", b"-1", b"1.5", b"0x10", "١".encode(), b"9" * 40, b" 12"])
def test_header_lengths_that_are_none(value: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        header_length(value)
    assert caught.value.status == 400
    assert (header_length(None), header_length(b"12"), header_length("12")) == (None, 12, 12)


# Refusals.


class Slow(errors.MlopsError):
    code, kind, status, retry_after = "slow_down", "unavailable", 429, 12.2


PROBLEMS: list[tuple[BaseException, int, str]] = [
    (DecodeError(413, "request_too_large", "Too many rows.", "$.inputs", "max_rows"), 413, "BAD_REQUEST"),
    (errors.UsageError("Wrong."), 400, "BAD_REQUEST"),
    (errors.ContractViolated("Broken."), 422, "INVALID_PARAMETER_VALUE"),
    (DeploymentNotFound("None of that name."), 404, "RESOURCE_DOES_NOT_EXIST"),
    (errors.Busy("Somebody is at it."), 409, "RESOURCE_CONFLICT"),
    (errors.ReadOnly("Not here."), 403, "PERMISSION_DENIED"),
    (errors.BytesNotPermitted("Other bytes."), 422, "INVALID_PARAMETER_VALUE"),
    (errors.StoreUnavailable("Away."), 503, "TEMPORARILY_UNAVAILABLE"),
    (Slow("Slow down."), 429, "REQUEST_LIMIT_EXCEEDED"),
    (errors.RunFailed("SECRET"), 500, "INTERNAL_ERROR"),
    (ValueError("SECRET"), 500, "INTERNAL_ERROR"),
    (KeyError("SECRET"), 500, "INTERNAL_ERROR"),
]


@pytest.mark.parametrize(("problem", "status", "error_code"), PROBLEMS)
def test_refusals_of_each_protocol(problem: BaseException, status: int, error_code: str) -> None:
    protocols: list[Any] = ["mlflow", "v2", ""]
    for protocol in protocols:
        got, body, headers = refusal(problem, protocol, "r-1")
        found = json.loads(body)
        details = found["details"] if protocol == "v2" else found["error"]
        assert got == status and set(details) == {"code", "message", "field", "rule", "request_id"} and details["request_id"] == "r-1"
        assert "SECRET" not in body.decode()
        assert (b"retry-after" in dict(headers)) == (status in (429, 503))
        if protocol == "mlflow":
            assert (found["error_code"], found["message"]) == (error_code, details["message"])
        if protocol == "v2":
            assert found["error"] == details["message"]
    if isinstance(problem, Slow):
        assert dict(headers)[b"retry-after"] == b"12"


def test_every_kind_of_error_has_a_status() -> None:
    assert set(STATUS) == set(errors.KINDS)
    for kind in errors.error_types():
        if issubclass(kind, DecodeError) or "__init__" in vars(kind):
            continue
        assert 400 <= status_of(kind("x")) <= 504


def test_a_broken_contract_is_told_without_its_values() -> None:
    signature = Signature((Input("carrier", "string"), Input("distance", "float"), Input("hour", "int")))
    rules = {
        "carrier": ColumnRule("string", categories=("UA", "AA"), max_null_ratio=0),
        "distance": ColumnRule("float", min=0, max=5000, max_null_ratio=0),
        "hour": ColumnRule("int", max=23),
    }
    contract = Contract(rules)
    row = {"carrier": "UA", "distance": 100.0, "hour": 8}
    cases = [
        ({"carrier": "SECRET"}, "categories", "$.dataframe_records[1].carrier"),
        ({"carrier": None}, "max_null_ratio", "$.dataframe_records[1].carrier"),
        ({"distance": 31337.5}, "max", "$.dataframe_records[1].distance"),
        ({"distance": -31337.5}, "min", "$.dataframe_records[1].distance"),
        ({"hour": 31337}, "max", "$.dataframe_records[1].hour"),
        ({"distance": 31337, "hour": 31337}, "max", "$.dataframe_records[1].distance"),
    ]
    for change, rule, field in cases:
        rows = Decoder(signature).mlflow(json.dumps({"dataframe_records": [row, row | change]}).encode())
        found = contract.validate(dict(zip(row, rows.columns, strict=True)))
        problem = contract_refusal(found, contract, rows, signature)
        assert (problem.status, problem.code, problem.rule, problem.field) == (422, "contract_violated", rule, field)
        assert next(iter(change)) in problem.message and ("1 more rule" in problem.message) == (len(change) == 2)
        text = json.dumps(json.loads(refusal(problem, "v2", "r")[1]))
        assert "SECRET" not in text and "31337" not in text


def test_a_broken_rule_about_all_rows() -> None:
    signature = Signature((Input("hour", "int"),))
    contract = Contract({"hour": ColumnRule("int", unique=True)}, extra="forbid")
    rows = Decoder(signature).mlflow(b'{"inputs": [8, 8]}')
    found = contract.validate({"hour": rows.columns[0], "SECRET": [1, 1]})
    problems = [contract_refusal([one], contract, rows, signature) for one in found]
    assert {p.rule for p in problems} == {"unique", "extra"} and "SECRET" not in "".join(p.message for p in problems)


# Who is there, and labels.


def test_metadata_says_what_the_decoder_takes() -> None:
    signature = Signature((Input("carrier", "string"), Input("distance", "float"), Input("hour", "int"), Input("holiday", "bool")))
    found = model_metadata("delay", [2, "3"], signature, CLASSES)
    assert found["versions"] == ["2", "3"] and found["outputs"][1]["shape"] == [-1, 2]
    values = {"BYTES": "UA", "FP64": 1.5, "INT64": 8, "BOOL": True}
    inputs = [one | {"shape": [1], "data": [values[one["datatype"]]]} for one in found["inputs"]]
    assert Decoder(signature).v2(json.dumps({"inputs": inputs}).encode())[0].row == ("UA", 1.5, 8, True)
    assert "binary_tensor_data" in server_metadata()["extensions"]
    assert model_metadata("price", [1], signature)["outputs"] == [{"name": "prediction", "datatype": "FP64", "shape": [-1]}]
    assert ready(True) == (200, b'{"ready":true}') and ready(False, "delay")[0] == 503
    assert [m["state"] for m in repository_index([("a", 1, True, ""), ("b", 2, False, "loading")])] == ["READY", "UNAVAILABLE"]


def test_labels() -> None:
    labels = [
        {"request_id": "r", "label": "late", "row": 2, "at": "2013-07-22T08:00:00+02:00"},
        {"entity_id": 17, "label": None},
        {"entity_id": "x", "label": 1.5, "at": "1969-12-31T23:59:59.5"},
    ]
    assert read_labels(json.dumps({"labels": labels}).encode()) == [
        ("r", None, 2, "late", 1374472800000000),
        (None, "17", 0, None, None),
        (None, "x", 0, 1.5, -500000),
    ]
    assert read_labels(b'{"labels": []}') == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "$"),
        (b"[]", "$"),
        (b"{}", "$"),
        (b'{"labels": [{"request_id": "r"}]}', "$.labels[0]"),
        (b'{"labels": [{"request_id": "r", "entity_id": "e", "label": 1}]}', "$.labels[0]"),
        (b'{"labels": [{"request_id": "r", "label": 1, "row": -1}]}', "$.labels[0]"),
        (b'{"labels": [{"request_id": "r", "label": ["SECRET"]}]}', "$.labels[0].label"),
        (b'{"labels": [{"request_id": "r", "label": 1, "at": "SECRET"}]}', "$.labels[0].at"),
        (b'{"labels": [{"request_id": "r", "label": 1, "at": "0001-01-01T00:00:00+23:00"}]}', "$.labels[0].at"),
        (b'{"labels": [{"request_id": "\xff", "label": 1}]}', "$"),
        (b"[" * 50_000, "$"),
    ],
)
def test_labels_that_are_refused(body: bytes, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        read_labels(body)
    assert (caught.value.status, caught.value.field) == (400, field) and "SECRET" not in str(caught.value)


def test_too_many_labels() -> None:
    with pytest.raises(DecodeError) as caught:
        read_labels(json.dumps({"labels": [{"request_id": "r", "label": 1}] * 4}).encode(), 3)
    assert caught.value.status == 413
