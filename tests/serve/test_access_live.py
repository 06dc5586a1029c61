"""Keys at a running server: roles, scopes, rates, and what needs none."""

import os
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from online import ROW, Online, split, until

from mlops_nb.core.errors import MlopsError
from mlops_nb.serve.access import digest_of, make_token
from mlops_nb.serve.plan import PlannedKey, supervisor_of
from mlops_nb.serve.supervisor import Given, start_supervisor

def key(id: str, role: str, deployments: tuple[str, ...] = (), per_minute: int = 0) -> PlannedKey:
    return PlannedKey(id, role, digest_of(f"secret{id}"), deployments, per_minute)


def bearer(id: str) -> dict[str, str]:
    return {"authorization": f"Bearer {make_token(id, f'secret{id}')}"}


def ask(client: httpx.Client, headers: dict[str, str], deployment: str = "late") -> int:
    return client.post(f"/models/{deployment}/invocations", json=split([ROW]), headers=headers).status_code


def test_roles_scopes_and_rates(online: Online) -> None:
    online.keys = (key("p1", "predict"), key("f1", "feedback"), key("a1", "admin"), key("s1", "predict", ("late",)))
    online.keys += (key("r1", "predict", (), 3),)
    online.limits = replace(online.limits, auth=True)
    online.plan(late=["late/1"], other=["late/2"])
    online.start()
    client = online.client()
    assert ask(client, {}) == 401 and client.post("/models/late/invocations").headers["www-authenticate"] == "Bearer"
    assert [ask(client, bearer(id)) for id in ("p1", "f1", "a1")] == [200, 200, 200]
    assert ask(client, {"x-api-key": make_token("p1", "secretp1")}) == 200
    assert ask(client, {"x-api-key": make_token("p1", "wrong")}) == ask(client, {"x-api-key": make_token("zz", "secretp1")}) == 401
    assert (ask(client, bearer("s1")), ask(client, bearer("s1"), "other")) == (200, 403)
    labels = {"deployment": "late", "labels": [{"request_id": "r", "label": True}]}
    assert [client.post("/feedback", json=labels, headers=bearer(id)).status_code for id in ("p1", "f1", "a1")] == [403, 202, 202]
    path = "/v2/repository/models/late"
    assert [client.post(f"{path}/load", json={}, headers=bearer(id)).status_code for id in ("p1", "f1", "a1")] == [403, 403, 200]
    told = client.post(f"{path}/unload", json={}, headers=bearer("a1"))
    assert told.status_code == 403 and "mlops-nb undeploy late" in told.text
    assert client.get("/health").status_code == client.get("/v2/health/ready").status_code == 200, "health is open"
    assert client.get("/metrics").status_code == client.get("/openapi.json").status_code == client.get("/v2/models/late").status_code == 401
    began, codes, refused = time.monotonic(), list[int](), []

    def asks() -> bool:
        refused[:] = [client.post("/models/late/invocations", json=split([ROW]), headers=bearer("r1"))]
        codes.append(refused[0].status_code)
        return codes[-1] != 200

    until(asks, "the three of this minute are used up")
    more = (time.monotonic() - began) / 20  # one more comes in each 20 s; none, unless the machine stands still
    assert 3 <= codes.count(200) <= 3 + more and codes[-1] == 429 and int(refused[0].headers["retry-after"]) >= 1
    online.keys = (key("p1", "predict"),)
    online.plan(late=["late/1"], other=["late/2"])
    online.settled()
    assert ask(client, bearer("p1")) == 200 and ask(client, bearer("f1")) == 401, "a revoked key is gone"


def test_on_loopback_predictions_are_open_and_writing_is_not(online: Online) -> None:
    online.keys = (key("f1", "feedback"),)
    online.plan(late=["late/1"])
    online.start()
    client = online.client()
    assert ask(client, {}) == 200 and ask(client, {"authorization": "Basic dG9tOmphY2s="}) == 200
    assert ask(client, {"x-api-key": make_token("f1", "guess")}) == 401, "a key that is shown is checked"
    assert client.post("/feedback", json={"labels": []}).status_code == 401
    assert client.post("/feedback", json={"labels": []}, headers=bearer("f1")).status_code == 202


def test_off_loopback_everything_needs_a_key_and_tls(online: Online, tmp_path: Path) -> None:
    online.keys = (key("p1", "predict"),)
    online.plan(late=["late/1"])
    with pytest.raises(MlopsError, match="there is no TLS"):
        start_supervisor(Given(online.state, "0.0.0.0", 0), timeout=300)
    cert, secret = tmp_path / "cert.pem", tmp_path / "key.pem"
    words = f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -keyout {secret} -out {cert}"
    subprocess.run(["openssl", *words.split()], check=True, capture_output=True)
    with pytest.raises(MlopsError, match="Certificate and key cannot be used"):
        start_supervisor(Given(online.state, "0.0.0.0", 0, tls_cert=str(cert), tls_key=str(cert)), timeout=300)
    online.start(host="0.0.0.0", tls_cert=str(cert), tls_key=str(secret))
    with httpx.Client(base_url=f"https://127.0.0.1:{online.port}", verify=False, timeout=300, trust_env=False) as client:
        assert ask(client, {}) == 401 and ask(client, bearer("p1")) == 200 and client.get("/health").status_code == 200


def test_files_are_for_the_owner_only(online: Online) -> None:
    online.plan(late=["late/1"])
    online.start()
    client = online.client()
    assert ask(client, {}) == 200
    until(lambda: list((online.state / "spool").glob("*.spool")), "a spool file")
    until(lambda: (status := supervisor_of(online.state)) and status.ready, "the supervisor has written its last draft")
    places = [online.state / "serve", online.state / "spool"]
    found = {p: oct(os.stat(p).st_mode & 0o777) for place in places for p in (place, *place.rglob("*"))}
    wrong = {p.name: mode for p, mode in found.items() if mode != ("0o700" if p.is_dir() else "0o600")}
    assert wrong == {} and len(found) > 6
