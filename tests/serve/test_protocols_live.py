"""Both protocols against a running server, and a real tritonclient with its defaults."""

import gzip
import json
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
import tritonclient.http as triton
from online import ROW, Online, split
from tritonclient.utils import InferenceServerException

ROWS = [ROW, {"carrier": "AA", "distance": 200, "wind": 3.0}, {"carrier": "ZZ", "distance": 900, "wind": None}]


@pytest.fixture
def client(shared: Online) -> httpx.Client:
    return shared.client()


@pytest.mark.parametrize("deployment", ["late", "nearest"])
def test_mlflows_forms_agree_with_the_library(shared: Online, client: httpx.Client, deployment: str) -> None:
    frame = pd.DataFrame(ROWS).astype({"wind": float})
    version = "late/1" if deployment == "late" else "late/3"
    expected = shared.shelf.models[version].predict(frame).tolist()
    columns = {name: [row[name] for row in ROWS] for name in ROW}
    forms: list[Any] = [split(ROWS), {"dataframe_records": ROWS}, {"instances": ROWS}, {"inputs": columns}]
    for form in forms:
        answer = client.post(f"/models/{deployment}/invocations", json=form)
        assert answer.status_code == 200 and answer.json() == {"predictions": expected}, answer.text
        assert answer.headers["x-model-name"] == "late" and answer.headers["x-model-version"] == version[-1]
    text = frame.to_csv(index=False)
    answer = client.post(f"/models/{deployment}/invocations", content=text, headers={"content-type": "text/csv"})
    assert answer.json() == {"predictions": expected}


def test_one_deployment_of_several_has_no_short_path(client: httpx.Client) -> None:
    answer = client.post("/invocations", json=split(ROWS))
    assert answer.status_code == 404 and "/models/late/invocations" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/models/late/invocations", b"{", 400, "request_malformed"),
        ("POST", "/models/late/invocations", b"", 400, "request_malformed"),
        ("POST", "/models/late/invocations", json.dumps(split([{"carrier": "UA", "distance": "far", "wind": 1}])), 422, "signature_broken"),
        ("POST", "/models/late/invocations", json.dumps(split([{"carrier": "UA", "distance": -1, "wind": 1}])), 422, "contract_violated"),
        ("POST", "/models/late/invocations", json.dumps({"dataframe_split": {"columns": list(ROW), "data": [["UA", 1]]}}), 400, None),
        ("POST", "/models/unknown/invocations", b"{}", 404, "path_unknown"),
        ("GET", "/models/late/invocations", b"", 405, "method_not_allowed"),
        ("DELETE", "/health", b"", 405, "method_not_allowed"),
        ("POST", "/v2/models/late/infer", b"[]", 400, None),
        ("POST", "/v2/models/late/versions/9/infer", b"{}", 404, None),
    ],
)
def test_refusals_have_one_shape(client: httpx.Client, method: str, path: str, body: bytes, status: int, code: str | None) -> None:
    answer = client.request(method, path, content=body, headers={"content-type": "application/json", "x-request-id": "mine-1"})
    assert answer.status_code == status, answer.text
    found = answer.json()
    details = found["details"] if path.startswith("/v2/") else found["error"]
    assert details["request_id"] == answer.headers["x-request-id"] == "mine-1"
    assert code is None or details["code"] == code
    assert isinstance(found["error"], str) == path.startswith("/v2/")
    assert "Traceback" not in answer.text and "far" not in answer.text
    assert (status == 405) == ("allow" in answer.headers)


def test_content_types_and_codings(client: httpx.Client) -> None:
    path, body = "/models/late/invocations", json.dumps(split(ROWS * 300)).encode()
    assert client.post(path, content=body, headers={"content-type": "application/xml"}).status_code == 415
    assert client.post(path, content=body).status_code == 415, "MLflow wants a content type, too"
    headers = {"content-type": "application/json"}
    plain = client.post(path, content=body, headers=headers | {"accept-encoding": "identity"})
    packed = client.post(path, content=gzip.compress(body), headers=headers | {"content-encoding": "gzip"})
    assert plain.status_code == packed.status_code == 200 and plain.json() == packed.json()
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert client.post(path, content=body, headers=headers | {"content-encoding": "br"}).status_code == 415
    assert "access-control-allow-origin" not in client.options(path, headers={"origin": "https://example.com"}).headers


def test_bombs_and_large_bodies_are_refused(client: httpx.Client) -> None:
    path, headers = "/models/late/invocations", {"content-type": "application/json", "content-encoding": "gzip"}
    bomb = gzip.compress(b" " * 100_000_000)
    assert client.post(path, content=bomb, headers=headers).status_code == 413
    large = b" " * 17_000_000
    assert client.post(path, content=large, headers={"content-type": "application/json"}).status_code == 413
    pieces = (large[i : i + 500_000] for i in range(0, len(large), 500_000))  # no Content-Length
    assert client.post(path, content=pieces, headers={"content-type": "application/json"}).status_code == 413
    assert client.post(path, json=split([ROW] * 10_001)).status_code == 413
    assert client.post(path, json=split([ROW] * 10_000)).status_code == 200


def test_ids_health_and_heads(client: httpx.Client) -> None:
    assert client.get("/health").text == client.get("/ping").text == "\n"
    assert client.head("/health").status_code == 200 and client.head("/health").content == b""
    bad = client.get("/health", headers={"x-request-id": "a b"}).headers["x-request-id"]
    again = client.get("/health").headers["x-request-id"]
    assert bad != "a b" and bad != again
    assert client.get("/version").status_code == client.get("/docs").status_code == 200
    assert "server" not in client.get("/health").headers
    paths = client.get("/openapi.json").json()["paths"]
    assert "/models/late/invocations" in paths and "/v2/models/nearest/infer" in paths


def tensors(rows: list[dict[str, Any]], binary: bool) -> list[Any]:
    """Rows as tritonclient's inputs, one for each column."""
    found = []
    for name, datatype, kind in (("carrier", "BYTES", object), ("distance", "INT64", np.int64), ("wind", "FP64", np.float64)):
        values = np.array([row[name] if row[name] is not None else np.nan for row in rows], dtype=kind)
        tensor = triton.InferInput(name, [len(rows)], datatype)
        tensor.set_data_from_numpy(values, binary_data=binary)
        found.append(tensor)
    return found


def test_a_real_tritonclient_with_its_defaults(shared: Online) -> None:
    client = triton.InferenceServerClient(f"127.0.0.1:{shared.port}")
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("late")
    assert client.is_model_ready("late", "1") and not client.is_model_ready("late", "9") and not client.is_model_ready("unknown")
    metadata = client.get_model_metadata("late")
    assert [i["name"] for i in metadata["inputs"]] == list(ROW) and metadata["versions"] == ["1"]
    assert {m["name"] for m in client.get_model_repository_index()} == {"late", "nearest"}
    expected = shared.shelf.chances("late/1", pd.DataFrame(ROWS).astype({"wind": float}))
    for binary in (True, False):
        answer = client.infer("late", tensors(ROWS, binary), request_id="r-17")
        assert answer.get_response()["id"] == "r-17" and answer.get_response()["model_version"] == "1"
        assert answer.as_numpy("prediction").tolist() == [p[1] >= 0.5 for p in expected]
        assert np.allclose(answer.as_numpy("probabilities"), expected, atol=1e-6)
        chosen = [triton.InferRequestedOutput("probabilities", binary_data=binary)]
        only = client.infer("late", tensors(ROWS, binary), outputs=chosen, model_version="1")
        assert only.as_numpy("prediction") is None and np.allclose(only.as_numpy("probabilities"), expected, atol=1e-6)
    with pytest.raises(InferenceServerException, match="carrier"):
        client.infer("late", tensors(ROWS, True)[1:])
    with pytest.raises(InferenceServerException):
        client.infer("unknown", tensors(ROWS, True))
    client.close()


def test_a_host_answers_binary_tensors_too(shared: Online) -> None:
    client = triton.InferenceServerClient(f"127.0.0.1:{shared.port}")
    answer = client.infer("nearest", tensors(ROWS[:2], True))
    expected = shared.shelf.chances("late/3", pd.DataFrame(ROWS[:2]))
    assert np.allclose(answer.as_numpy("probabilities"), expected, atol=1e-6)
    client.close()


def test_loading_and_unloading_need_a_key(client: httpx.Client) -> None:
    for verb in ("load", "unload"):
        assert client.post(f"/v2/repository/models/late/{verb}", json={}).status_code == 401
    assert client.post("/feedback", json={"labels": []}).status_code == 401


@pytest.mark.parametrize("deployment", ["late", "nearest"])
def test_a_probe_is_answered_by_the_model_and_counted_nowhere(shared: Online, client: httpx.Client, deployment: str) -> None:
    before = requests_counted(client)
    answers = [client.get(f"/models/{deployment}/probe") for _ in range(3)]
    assert [a.status_code for a in answers] == [200] * 3 and answers[0].json()["rows"] == 1
    assert answers[0].json()["version"].startswith("late/") and requests_counted(client) == before
    assert client.post(f"/models/{deployment}/probe").status_code == 405
    assert client.get("/models/nobody/probe").status_code == 404


def requests_counted(client: httpx.Client) -> list[str]:
    "Lines of /metrics that speak of requests, rows and durations."
    words = ("mlops_nb_requests_total", "mlops_nb_request_duration_seconds", "mlops_nb_batch_size", "mlops_nb_model_refusals_total")
    return [line for line in client.get("/metrics").text.splitlines() if line.startswith(words)]
