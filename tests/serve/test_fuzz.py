"""Drawn requests against a running server: whatever is sent, no 5xx, no hang, and it still answers afterwards."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from online import ROW, Online, Shelf, split
from schemathesis.checks import not_a_server_error

QUICK = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, shelf: Shelf) -> Iterator[Online]:
    online = Online(tmp_path_factory.mktemp("fuzz") / "state", shelf)
    online.limits = replace(online.limits, request_timeout_s=300.0)  # a machine that stands still makes no 503
    online.plan(late=["late/1"])
    online.start()
    yield online
    online.stop()


def drawn(operation: Any) -> set[int]:
    """The statuses of requests drawn for one operation."""
    seen = set()

    @QUICK
    @given(operation.as_strategy())
    def ask(case: schemathesis.Case) -> None:
        answer = case.call(timeout=300)
        seen.add(answer.status_code)
        case.validate_response(answer, checks=[not_a_server_error])

    ask()
    return seen


def test_nothing_that_is_described_fails(server: Online) -> None:
    """Every operation of /openapi.json, with requests drawn from its schema."""
    schema = schemathesis.openapi.from_dict(server.client().get("/openapi.json").json())
    schema.config.update(base_url=server.url)
    seen = {found.ok().label: drawn(found.ok()) for found in schema.get_all_operations()}
    assert len(seen) > 12 and {code for codes in seen.values() for code in codes if code >= 500} == set()
    assert 200 in seen["POST /models/late/invocations"] and 200 in seen["POST /v2/models/late/infer"]


WORDS = [*ROW, "columns", "data", "shape", "name", "datatype", ""]
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)


@settings(QUICK, max_examples=150)
@given(
    st.sampled_from(["/models/late/invocations", "/v2/models/late/infer", "/invocations", "/feedback"]),
    st.sampled_from(["dataframe_split", "dataframe_records", "instances", "inputs", "labels", "params"]),
    junk,
    st.sampled_from(["application/json", "text/csv", "application/octet-stream"]),
)
def test_nothing_else_does_either(server: Online, path: str, member: str, value: object, kind: str) -> None:
    body = json.dumps({member: value}).encode("utf-8", "replace")
    headers = {"content-type": kind}
    if len(body) % 3 == 0:
        headers["inference-header-content-length"] = str(len(body) // 2)
    answer = httpx.post(server.url + path, content=body, headers=headers, timeout=300, trust_env=False)
    assert answer.status_code < 500, answer.text


def test_it_still_answers(server: Online) -> None:
    assert server.client().post("/invocations", json=split([ROW])).json() == {"predictions": [True]}
    assert "Traceback" not in server.said() and len(server.alive()) == 1
