"""The description of the server is true: tools read it, and what it describes is taken."""

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_nb.core.columns import ColumnRule
from mlops_nb.core.contract import Contract
from mlops_nb.score.decode import DecodeError, Decoder
from mlops_nb.score.signature import Input, Signature
from mlops_nb.serve.openapi import Described, docs_page, openapi

FLIGHTS = Signature(
    (
        Input("carrier", "string", example="UA"),
        Input("distance", "float", example=1400.0),
        Input("hour", "int", nullable=False, example=8),
        Input("holiday", "bool", example=False),
        Input("scheduled", "datetime", example="2013-07-22T08:00:00Z"),
        Input("notes", "other"),
    )
)
RULES = {
    "carrier": ColumnRule("string", categories=("UA", "AA"), note="as seen in training"),
    "distance": ColumnRule("float", min=0, max=5000, max_null_ratio=0),
    "hour": ColumnRule("int", min=0, max=23),
}
CONTRACT = Contract(RULES)
DELAY = Described("flight-delay", "3", FLIGHTS, "binary", ("on time", "late"), contract=CONTRACT)
PRICE = Described("price.v2", "1", Signature((Input("x0", "float"), Input("x1", "int"))), "regression", description="Euro")
DOCUMENT = openapi([DELAY, PRICE], default="flight-delay", max_rows=5)
DECODER = Decoder(FLIGHTS, max_rows=5)


def resolved(schema: Any) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            found: Any = DOCUMENT
            for part in schema["$ref"].split("/")[1:]:
                found = found[part]
            return resolved(found)
        return {key: resolved(value) for key, value in schema.items()}
    return [resolved(value) for value in schema] if isinstance(schema, list) else schema


def test_the_document_is_valid_openapi() -> None:
    import jsonschema
    from jsonschema import Draft202012Validator

    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT
    for path, verbs in DOCUMENT["paths"].items():
        for operation in verbs.values():
            media = list(operation.get("requestBody", {"content": {}})["content"].values())
            for answer in operation["responses"].values():
                media += answer["content"].values()
            for one in media:
                schema = resolved(one["schema"])
                Draft202012Validator.check_schema(schema)
                examples = [one["example"]] if "example" in one else [e["value"] for e in one.get("examples", {}).values()]
                for example in examples:
                    jsonschema.validate(example, schema), path
    names = [operation["operationId"] for verbs in DOCUMENT["paths"].values() for operation in verbs.values()]
    assert len(names) == len(set(names))


def test_schemathesis_reads_it() -> None:
    loaded = schemathesis.openapi.from_dict(DOCUMENT)
    found = {(one.ok().method.upper(), one.ok().path) for one in loaded.get_all_operations()}
    assert len(found) == sum(len(verbs) for verbs in DOCUMENT["paths"].values())
    assert {("POST", "/models/flight-delay/invocations"), ("POST", "/invocations"), ("POST", "/feedback")} <= found


def test_a_validator_accepts_it() -> None:
    from openapi_spec_validator import validate

    validate(DOCUMENT)


def test_every_route_of_the_design_is_there() -> None:
    assert set(DOCUMENT["paths"]) >= {
        "/invocations",
        "/models/flight-delay/invocations",
        "/models/price.v2/invocations",
        "/ping",
        "/health",
        "/version",
        "/v2",
        "/v2/health/live",
        "/v2/health/ready",
        "/v2/models/flight-delay",
        "/v2/models/flight-delay/ready",
        "/v2/models/flight-delay/infer",
        "/v2/models/flight-delay/versions/3/infer",
        "/v2/repository/index",
        "/v2/repository/models/flight-delay/load",
        "/v2/repository/models/flight-delay/unload",
        "/feedback",
        "/metrics",
        "/openapi.json",
        "/docs",
    }
    assert "/invocations" not in openapi([DELAY, PRICE])["paths"] and "/invocations" in openapi([PRICE])["paths"]


def test_who_needs_a_key() -> None:
    for auth in (False, True):
        paths = openapi([DELAY], auth=auth)["paths"]
        assert ({} in paths["/invocations"]["post"]["security"]) == (not auth)
        assert paths["/ping"]["get"]["security"] == [{}]
        for path in ("/feedback", "/v2/repository/models/flight-delay/load", "/v2/repository/models/flight-delay/unload"):
            assert paths[path]["post"]["security"] == [{"bearer": []}, {"apiKey": []}]


def test_the_examples_are_taken() -> None:
    content = DOCUMENT["paths"]["/invocations"]["post"]["requestBody"]["content"]
    rows = [
        DECODER.mlflow(json.dumps(content["application/json"]["examples"]["one row"]["value"]).encode()),
        DECODER.mlflow(content["text/csv"]["examples"]["one row"]["value"].encode(), "text/csv"),
    ]
    assert rows[0].row == rows[1].row == ("UA", 1400.0, 8, False, "2013-07-22T08:00:00", None)
    inference = DOCUMENT["paths"]["/v2/models/price.v2/infer"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert Decoder(PRICE.signature).v2(json.dumps(inference).encode())[0].row == (1.0, 1)
    assert not CONTRACT.validate_row(dict(zip(RULES, rows[0].row or (), strict=False)))


def test_what_the_schema_describes_is_taken() -> None:
    "Bodies drawn from the schema by schemathesis keep the signature and the contract."
    operation = schemathesis.openapi.from_dict(DOCUMENT)["/models/flight-delay/invocations"]["POST"]
    seen: set[str] = set()

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(operation.as_strategy())
    def draw(case: Any) -> None:
        if case.media_type != "application/json":
            return
        rows = DECODER.mlflow(json.dumps(case.body).encode())
        found = CONTRACT.validate({name: rows.columns[i] for i, name in enumerate(c.name for c in FLIGHTS.inputs)})
        assert [one for one in found if one.column in RULES] == []
        seen.update(case.body)

    draw()
    assert seen >= {"dataframe_split", "dataframe_records", "instances", "inputs"}


ROW = {"carrier": "UA", "distance": 1.0, "hour": 8, "holiday": True, "scheduled": "2013-07-22T08:00:00Z", "notes": None}


@given(st.sampled_from(list(ROW)), st.sampled_from([[], {}, "SECRET", 2**70, 1.5, None]))
def test_the_schema_is_no_laxer_than_the_decoder(name: str, value: Any) -> None:
    "What the decoder refuses is not described."
    import jsonschema

    body = {"dataframe_records": [ROW | {name: value}]}
    try:
        DECODER.mlflow(json.dumps(body).encode())
    except DecodeError:
        if name != "scheduled":  # a format is no assertion in JSON Schema
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(body, resolved({"$ref": "#/components/schemas/flight-delay.Invocation"}))


def test_the_page_stands_alone() -> None:
    page = docs_page('Flights <script>"')
    assert "http:" not in page and "https:" not in page and "//cdn" not in page and "innerHTML" not in page
    assert "<script>\"" not in page and "Flights &lt;script&gt;&quot;" in page
    assert "prefers-color-scheme: dark" in page and "default-src 'none'" in page
