"""Changing what is served: nothing fails meanwhile, what is broken never answers, and shadows stay in the shade."""

import os
import signal
from dataclasses import replace
from typing import Any

import pytest
from online import ROW, Crowd, Online, split, until

from mlops_nb.core.serving import ServingOptions
from mlops_nb.serve.access import digest_of, make_token
from mlops_nb.serve.plan import PlannedDeployment, PlannedKey, PlannedRoute, WorkerStatus

def deployment(*routes: PlannedRoute, **more: Any) -> PlannedDeployment:
    return PlannedDeployment("late", "late", 0, routes, **more)


def predictions(online: Online) -> list[Any]:
    return [r for r in online.records() if type(r).__name__ == "Prediction"]


@pytest.mark.parametrize("other", ["late/2", "late/3"])
def test_a_swap_under_load_fails_nothing(online: Online, other: str) -> None:
    online.plan(late=["late/1"])
    online.start(workers=2 if other == "late/2" else 1)
    with Crowd(online, clients=3) as crowd:
        for ref in (other, "late/1", other) if other == "late/2" else (other, "late/1"):
            online.plan(late=[ref])
            online.settled()
            until(lambda r=ref: set(crowd.latest) == {r[-1]}, f"only {ref} answers")  # those under way end on the old
            seen = len(crowd.codes)
            until(lambda n=seen: len(crowd.codes) > n + 30, "the crowd goes on")
    assert set(crowd.codes) == {200} and crowd.problems == []
    logged = {r.request_id: r.ref for r in predictions(online)}
    assert set(crowd.ids) <= logged.keys() and set(logged.values()) == {"late/1", other}


@pytest.mark.parametrize(
    ("broken", "words"),
    [("late/4", "described was"), ("late/5", "does not repeat its recorded answers"), ("late/6", "is not on this disk")],
)
def test_a_broken_version_never_answers(online: Online, broken: str, words: str) -> None:
    if broken == "late/6":
        absent = replace(online.shelf.versions["late/1"], ref="late/6", served="/nowhere/late-6.served.json")
        online.shelf.versions["late/6"] = absent
    online.plan(late=["late/1"])
    online.start(workers=1)
    with Crowd(online, clients=2) as crowd:
        plan = online.plan(late=[broken])
        (status,) = online.settled()
        assert status.versions[broken]["state"] == "failed" and words in status.versions[broken]["reason"]
        assert status.deployments == {"late": plan.seq - 1}, "the old revision answers"
        seen = len(crowd.codes)
        until(lambda: len(crowd.codes) > seen + 30, "the old goes on")
        os.kill(status.pid, signal.SIGKILL)

        def again() -> list[WorkerStatus]:
            return [s for s in online.alive() if s.pid != status.pid and s.deployments == {"late": plan.seq - 1}]

        until(again, "a new worker, which never saw the old plan, serves the old revision")
        seen = len(crowd.ids)
        until(lambda: len(crowd.ids) > seen + 30, "it answers")
    assert crowd.versions == {"1"} and {c for c in crowd.codes if c >= 500} <= {503}


def test_two_deployments_are_independent(online: Online) -> None:
    online.keys = (PlannedKey("f1", "feedback", digest_of("hush")),)
    online.plan(late=["late/1"], other=["late/5"])
    online.start()
    client = online.client()
    assert client.post("/models/late/invocations", json=split([ROW])).status_code == 200
    refused = client.post("/models/other/invocations", json=split([ROW]))
    assert refused.status_code == 503 and "retry-after" in refused.headers and "not ready" in refused.text
    assert client.get("/health").status_code == 200 and client.get("/v2/health/ready").status_code == 503
    labels, mine = [{"request_id": "r", "label": True}], {"authorization": f"Bearer {make_token('f1', 'hush')}"}
    waits = client.post("/feedback", json={"deployment": "other", "labels": labels}, headers=mine)
    assert waits.status_code == 503 and "retry-after" in waits.headers, "its labels are not turned away for good while it is loaded"
    unsaid = client.post("/feedback", json={"labels": labels}, headers=mine)
    assert unsaid.status_code == 400 and "late, other" in unsaid.text, "nor do they go to the one that happens to be loaded"
    online.plan(late=["late/1"])
    online.settled()
    assert client.post("/models/other/invocations", json=split([ROW])).status_code == 404
    assert client.post("/invocations", json=split([ROW])).status_code == 200, "the only one has the short path"


def test_a_plan_that_cannot_be_read_changes_nothing(online: Online) -> None:
    online.plan(late=["late/1"])
    online.start()
    path = online.state / "serve" / "plan.json"
    for text in ("{", '{"format": 99}', '{"format": 1, "seq": 5, "deployments": [{"name": "late"}]}'):
        path.write_text(text)
        until(lambda: "plan of the online server" in "".join(s.note for s in online.alive()), "it says so")
        assert online.client().post("/invocations", json=split([ROW])).status_code == 200
        online.plan(late=["late/1"])
        until(lambda: not any(s.note for s in online.settled()), "and forgets it")


def test_canary_sticky_and_by_chance(online: Online) -> None:
    routes = (PlannedRoute("champion", "late/1", "live", 70), PlannedRoute("challenger", "late/2", "canary", 30))
    online.plan(late=deployment(*routes, options=ServingOptions(sticky="header:X-User")))
    online.start(workers=2)
    body = split([ROW])

    def of_users(**headers: str) -> list[str]:
        with online.client() as client:
            answers = [client.post("/invocations", json=body, headers={"x-user": f"u{i}"} | headers) for i in range(120)]
        return [a.headers["x-model-version"] for a in answers]

    first = of_users()
    assert first == of_users(), "the same user, the same version, in every worker"
    assert 15 <= first.count("2") <= 60
    more = replace(routes[0], weight=40), replace(routes[1], weight=60)
    online.plan(late=deployment(*more, options=ServingOptions(sticky="header:X-User")))
    online.settled()
    wider = of_users()
    assert all(new == "2" for old, new in zip(first, wider, strict=True) if old == "2") and wider.count("2") > first.count("2")
    records = predictions(online)
    assert {(r.route, r.role, r.ref) for r in records} == {("champion", "live", "late/1"), ("challenger", "canary", "late/2")}
    field = deployment(*routes, options=ServingOptions(sticky="field:flight"))
    online.plan(late=field)
    online.settled()
    with online.client() as client:
        rows = [split([ROW | {"flight": f"UA{i}"}]) for i in range(60)]
        chosen = [[client.post("/invocations", json=row).headers["x-model-version"] for row in rows] for _ in range(2)]
    assert chosen[0] == chosen[1] and set(chosen[0]) == {"1", "2"}


def test_a_shadow_is_logged_and_nobodys_business(online: Online) -> None:
    live = PlannedRoute("champion", "late/1")
    shadows = [PlannedRoute("next", "late/2", "shadow", 0), PlannedRoute("far", "late/3", "shadow", 0)]
    online.plan(late=deployment(live, *shadows, PlannedRoute("liar", "late/5", "shadow", 0)))
    online.start()
    client = online.client()
    for _ in range(30):
        answer = client.post("/invocations", json=split([ROW, ROW]))
        assert answer.status_code == 200 and answer.headers["x-model-version"] == "1"

    def shadowed() -> bool:
        found = [(r.role, r.ref) for r in predictions(online)]
        return found.count(("shadow", "late/2")) == found.count(("shadow", "late/3")) == found.count(("live", "late/1")) == 30

    until(shadowed, "both shadows saw all requests")
    by_id: dict[str, set[str]] = {}
    for record in predictions(online):
        by_id.setdefault(record.request_id, set()).add(record.ref)
    assert all(refs == {"late/1", "late/2", "late/3"} for refs in by_id.values()), "under the ids of the requests"
    text = client.get("/metrics").text
    assert 'mlops_nb_shadow_requests_total{model="late",outcome="scored",version="3"} 30' in text
    assert 'mlops_nb_requests_total{code="200",model="late",version="2"}' not in text, "a shadow answers no request"


def test_options_of_the_answer(online: Online) -> None:
    live = PlannedRoute("champion", "late/1")
    online.plan(
        late=deployment(live, options=ServingOptions(output="probabilities")),
        strict=replace(deployment(live, options=ServingOptions(threshold=1.0)), name="strict"),
        lenient=replace(deployment(live, contract="log"), name="lenient"),
    )
    online.start()
    client = online.client()
    ((first, second),) = client.post("/models/late/invocations", json=split([ROW])).json()["predictions"]
    assert first + second == pytest.approx(1) and second > 0.5
    assert client.post("/models/strict/invocations", json=split([ROW])).json() == {"predictions": [False]}
    odd = split([ROW | {"distance": -5}])
    assert client.post("/models/late/invocations", json=odd).status_code == 422
    assert client.post("/models/lenient/invocations", json=odd).status_code == 200
    assert 'mlops_nb_contract_violations_total{model="late",version="1"} 2' in client.get("/metrics").text
