"""What a server keeps: each answer before it leaves, labels, and nothing that must not be stored."""

import json
import os
import signal
import threading
from dataclasses import replace
from typing import Any

import pytest
from online import ROW, Online, children, split, until

from mlops_nb.core.serving import ServingOptions
from mlops_nb.serve.access import digest_of, make_token
from mlops_nb.serve.plan import PlannedDeployment, PlannedKey, PlannedRoute, supervisor_of

FEEDBACK = {"authorization": f"Bearer {make_token('f1', 'hush')}"}


def records(online: Online, kind: str = "Prediction") -> list[Any]:
    return [r for r in online.records() if type(r).__name__ == kind]


def late(**more: Any) -> PlannedDeployment:
    return PlannedDeployment("late", "late", 0, (PlannedRoute("champion", "late/1"),), **more)


def test_a_record_has_all_that_was_asked_and_answered(online: Online) -> None:
    online.plan(late=late())
    online.start()
    client = online.client()
    extra = {"flight": "UA1545", "scheduled": "2013-07-22T12:00:00Z", "origin": "JFK", "unrelated": "x"}
    answer = client.post("/invocations", json=split([ROW | extra]), headers={"x-request-id": "mine-7"})
    client.post("/v2/models/late/infer", json={"id": "r", "inputs": [
        {"name": "carrier", "datatype": "BYTES", "shape": [2], "data": ["UA", "AA"]},
        {"name": "distance", "datatype": "INT64", "shape": [2], "data": [1400, 200]},
        {"name": "wind", "datatype": "FP64", "shape": [2], "data": [35.0, None]},
    ], "parameters": {"event_time": 1374494400}})  # fmt: skip
    first, second = records(online)
    assert (first.request_id, first.ref, first.deployment, first.route, first.role) == ("mine-7", "late/1", "late", "champion", "live")
    assert first.columns == [["UA"], [1400], [35.0]] and first.n == 1 and first.log == "features"
    assert first.event_times == ["2013-07-22T12:00:00Z"] and first.entity_ids == ["UA1545"] and first.segments == [["JFK"]]
    assert first.predictions == answer.json()["predictions"] and sum(first.scores[0]) == pytest.approx(1)
    assert second.columns[2] == [35.0, None] and second.entity_ids is None and second.event_times == [1374494400] * 2
    (facts,) = records(online, "Facts")
    assert facts.facts["features"] == list(ROW) and facts.facts["types"] == ["string", "int", "float"] and facts.facts["id"] == "flight"
    assert client.post("/invocations", json=split([ROW | {"distance": -1}])).status_code == 422
    assert len(records(online)) == 2, "what was refused was not answered"


def test_what_must_not_be_stored_reaches_no_disk(online: Online) -> None:
    rules = {"carrier": "hash", "wind": "drop", "flight": "hash", "origin": "truncate:1"}
    online.plan(late=late(options=ServingOptions(columns=rules)), off=replace(late(log="off"), name="off"))
    online.start()
    client = online.client()
    row = {"carrier": "SECRETCARRIER", "distance": 1400, "wind": 17.123456, "flight": "SECRETFLIGHT", "origin": "JFK"}
    for name in ("late", "off"):
        assert client.post(f"/models/{name}/invocations", json=split([row])).status_code == 200
    (only,) = records(online)
    assert only.columns[2] is None and only.columns[1] == [1400] and only.segments == [["J"]]
    assert only.entity_ids and len(only.entity_ids[0]) == len(only.columns[0][0]) == 16
    until(lambda: (status := supervisor_of(online.state)) and status.ready, "the supervisor has written its last draft")
    everything = b"".join(path.read_bytes() for path in online.state.rglob("*") if path.is_file())
    assert b"SECRET" not in everything and b"17.123456" not in everything


def test_labels(online: Online) -> None:
    online.keys = (PlannedKey("f1", "feedback", digest_of("hush"), ("late", "hashed")),)
    hashed = replace(late(options=ServingOptions(columns={"flight": "hash"})), name="hashed")
    online.plan(late=late(), hashed=hashed, other=replace(late(), name="other"))
    online.start()
    client = online.client(**FEEDBACK)
    one = {"request_id": "r-1", "label": True, "at": "2013-08-01T00:00:00Z"}
    sent = [one, one, {"entity_id": "UA1545", "row": 2, "label": False}, {"request_id": "r-2", "label": 1}]
    answer = client.post("/feedback", json={"deployment": "late", "labels": sent})
    assert answer.status_code == 202 and answer.json() == {"accepted": 3, "duplicates": 1}
    (kept,) = records(online, "Labels")
    assert kept.deployment == "late" and kept.model == "late" and kept.key_id == "f1"
    assert sorted(label[:4] for label in kept.labels if label[0]) == [("r-1", None, 0, True), ("r-2", None, 0, 1)]
    labels = {"labels": [{"entity_id": "SECRETFLIGHT", "label": True}]}
    assert client.post("/feedback", params={"deployment": "hashed"}, json=labels).json()["accepted"] == 1
    assert b"SECRET" not in b"".join(p.read_bytes() for p in (online.state / "spool").iterdir())
    for body, status in (
        (labels, 400),  # which deployment?
        (labels | {"deployment": "unknown"}, 400),
        (labels | {"deployment": "other"}, 403),  # not this key's
        ({"deployment": "late", "labels": [{"label": 1}]}, 400),
        ({"deployment": 7, "labels": []}, 400),
    ):
        assert client.post("/feedback", json=body).status_code == status, body
    assert "mlops_nb_labels_total" in client.get("/metrics").text


def test_an_answer_waits_for_the_disk_where_that_is_wanted(online: Online) -> None:
    online.limits = replace(online.limits, spool_fsync="batch")
    online.plan(late=late())
    online.start()
    codes: list[int] = []

    def ask() -> None:
        with online.client() as client:
            codes.extend(client.post("/invocations", json=split([ROW])).status_code for _ in range(25))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert codes == [200] * 100 and len(records(online)) == 100


def test_a_full_spool_refuses_or_drops(online: Online) -> None:
    online.limits = replace(online.limits, spool_limit_mb=0.004)
    online.plan(late=late())
    online.start()
    client = online.client()
    answers = [client.post("/invocations", json=split([ROW])) for _ in range(60)]
    codes = [a.status_code for a in answers]
    assert codes[0] == 200 and codes[-1] == 503 and set(codes) == {200, 503}
    assert int(answers[-1].headers["retry-after"]) >= 1 and str(online.state) not in answers[-1].text
    assert len(records(online)) == codes.count(200), "what was answered was kept, what was not was not"
    online.limits = replace(online.limits, spool_full="drop")
    online.plan(late=late())
    online.settled()
    assert {client.post("/invocations", json=split([ROW])).status_code for _ in range(5)} == {200}
    assert "mlops_nb_log_dropped_total 5" in client.get("/metrics").text


@pytest.mark.parametrize("point", ["spool-before-write:5", "spool-after-write:5", "before-answer:5"])
def test_killed_at_any_point_no_answer_is_without_its_record(online: Online, point: str) -> None:
    online.plan(late=late())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLOPS_NB_ARMED", point)
        online.start()
    first = online.alive()[0].pid
    answered: list[str] = []
    with online.client() as client, pytest.raises(Exception, match=r"disconnected|reset|refused"):
        for i in range(10):
            client.post("/invocations", json=split([ROW]), headers={"x-request-id": f"r-{i}"})
            answered.append(f"r-{i}")
    assert len(answered) == 4
    logged = [r.request_id for r in records(online)]
    assert logged == answered + ([] if point.startswith("spool-before") else ["r-4"]), "never fewer than were answered"
    until(lambda: [s for s in online.alive() if s.pid != first], "another worker comes")


def test_slow_and_many(online: Online) -> None:
    """A body that never arrives is given up; more requests than may wait are sent away; the server goes on."""
    import socket

    online.limits = replace(online.limits, request_timeout_s=1.0, max_queue=20)
    online.plan(late=late(), nearest=["late/3"])
    online.start()
    with socket.create_connection(("127.0.0.1", online.port)) as stuck:
        head = "POST /models/late/invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        stuck.sendall(head.encode())
        stuck.settimeout(300)
        assert stuck.recv(4096).startswith(b"HTTP/1.1 408")
    held = [socket.create_connection(("127.0.0.1", online.port)) for _ in range(25)]
    online.limits = replace(online.limits, request_timeout_s=600.0)  # they wait for as long as the test looks at them
    online.plan(late=late(), nearest=["late/3"])
    online.settled()
    for one in held:
        one.sendall(head.encode())
    client = online.client()
    until(lambda: "mlops_nb_inflight_requests 21" in client.get("/metrics").text, "they are under way")
    refused = client.post("/models/late/invocations", json=split([ROW]))
    assert refused.status_code == 503 and "retry-after" in refused.headers and refused.json()["error"]["field"] == "max_queue"
    for one in held:
        one.close()
    until(lambda: client.post("/models/late/invocations", json=split([ROW])).status_code == 200, "then it answers again")


def test_a_host_that_is_killed_is_back_soon(online: Online) -> None:
    nearest = PlannedDeployment("nearest", "late", 0, (PlannedRoute("champion", "late/3"),), contract="log")
    online.plan(nearest=nearest)
    online.start()
    client = online.client()
    codes: list[tuple[str, int]] = []

    def ask(wind: float | None, name: str) -> None:
        with online.client() as mine:
            for _ in range(10):
                answer = mine.post("/invocations", json=split([ROW | {"wind": wind}]))
                codes.append((name, answer.status_code))

    threads = [threading.Thread(target=ask, args=(w, n)) for w, n in ((3.0, "good"), (None, "open"), (5.0, "good"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert {code for _, code in codes} == {200} and len(codes) == 30
    (worker,) = online.alive()
    (host,) = children(worker.pid)
    os.kill(host, signal.SIGKILL)
    seen = {client.post("/invocations", json=split([ROW])).status_code for _ in range(3)}
    assert seen <= {200, 503}
    until(lambda: client.post("/invocations", json=split([ROW])).status_code == 200, "its process is back")
    assert "mlops_nb_host_restarts_total 1" in client.get("/metrics").text
    assert json.loads(client.get("/v2/health/ready").text)["ready"] is True
