"""Kill -9 of whatever serves, under load: each answer that a client got has its record in the lake, once.

The ids are the clients' own. A request whose connection broke may or may not be there, but never twice either.
"""

import contextlib
import json
import os
import random
from collections.abc import Callable

import pytest
from deployed import Desk, bodies, wait_for
from load import Load

from mlops_nb.core.serving import AgentAway
from mlops_nb.desk.agent_client import read_card

ROUNDS = int(os.environ.get("MLOPS_NB_SOAK_ROUNDS", "3"))
WORKERS = 2
PAUSE = 0.003  # seconds between two requests of a client: enough are sent, and others have the machine too
UNREADY = {"not_ready"}  # what a worker says that still loads and has nobody beside it: better than to let clients wait
COLLECTOR_DIES = ["before-lake", "after-predictions", "after-labels", "after-profiles", "before-delete"]


def compare(desk: Desk, load: Load, deployment: str) -> None:
    "What clients were told against what the lake holds."
    desk.collect_all()
    kept = desk.kept(deployment)
    lost = [id for id in load.good if kept[id, 0] == 0]
    assert not lost, f"{len(lost)} of {len(load.good)} answered requests are not in the lake: {lost[:5]}\n{desk.said()}"
    twice = {place: n for place, n in kept.items() if n > 1}
    assert not twice, f"{len(twice)} records are there more than once: {list(twice.items())[:5]}\n{desk.said()}"
    asked = {a.id for a in load.answers} | {u.id for u in load.unanswered}
    strange = [id for id, _ in kept if id not in asked]
    assert not strange, f"records of requests that nobody sent: {strange[:5]}"


def compare_labels(desk: Desk, load: Load, name: str) -> None:
    "The same for labels. The entity of a label carries the number of its request."
    kept = desk.kept_labels(f"{name}-")
    told = {f"{name}-{id.rpartition('-')[2]}" for id in load.good}
    unsure = {f"{name}-{u.id.rpartition('-')[2]}" for u in load.unanswered}
    assert len(told) > 10 and not told - set(kept), f"labels lost: {sorted(told - set(kept))[:5]}\n{desk.said()}"
    assert set(kept) <= told | unsure and set(kept.values()) == {1}


def kill_worker(desk: Desk, load: Load, rng: random.Random) -> None:
    desk.kill(rng.choice(desk.workers()))
    wait_for(lambda: len(desk.workers()) == WORKERS, "it is replaced")


def kill_supervisor(desk: Desk, load: Load, rng: random.Random) -> None:
    "The agent starts another one; until then the workers go on alone, and nobody notices."
    victim, failed = desk.supervisor(), (len(load.failures), load.refused)
    desk.kill(victim)
    wait_for(lambda: desk.supervisor() not in (0, victim), "a new one supervises")
    desk.settle(WORKERS)
    assert (len(load.failures), load.refused) == failed, load.summary()


def kill_agent(desk: Desk, load: Load, rng: random.Random) -> None:
    "Nobody notices."
    failed = len(load.failures)
    desk.kill(desk.agent())
    load.more(100)
    desk.ws.up()
    load.more(100)
    assert len(load.failures) == failed, load.summary()


def kill_collector(desk: Desk, load: Load, rng: random.Random) -> None:
    "In the middle of its work; it is a thread of the agent, which goes with it."
    point, before = rng.choice(COLLECTOR_DIES), desk.agent()
    desk.kill(before)
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(AgentAway):  # it may have died before `up` has asked it anything
        patch.setenv("MLOPS_NB_ARMED", f"collect-{point}:{rng.randrange(1, 4)}")
        desk.ws.up()
    wait_for(lambda: (card := read_card(desk.settings)) and card.pid != before and not card.is_alive, f"the collector dies at {point}")
    desk.ws.up()


def kill_all(desk: Desk, load: Load, rng: random.Random) -> None:
    "All at once, as when a machine loses its power."
    for pid in [desk.agent(), desk.supervisor(), *desk.workers()]:
        desk.kill(pid)
    desk.ws.up()
    desk.settle(WORKERS)


KILLS = [kill_worker, kill_supervisor, kill_agent, kill_collector, kill_all]


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_nothing_that_was_answered_is_lost(open_desk: Callable[..., Desk], seed: int) -> None:
    rng = random.Random(seed)
    todo = [KILLS[2 * seed % len(KILLS)], KILLS[(2 * seed + 1) % len(KILLS)], kill_worker]  # three rounds see each kind
    rng.shuffle(todo)
    desk, name = open_desk(workers=WORKERS), f"kills-{seed}"
    desk.ws.deploy("delay", name=name)
    key = desk.key("feedback")
    labels = [json.dumps({"labels": [{"entity_id": f"{name}-{n}", "label": n % 2 == 0}]}).encode() for n in range(200_000)]
    before = desk.counted("1") + desk.counted("2")
    asking = Load(desk.port, f"/models/{name}/invocations", bodies(), name=name, pause=PAUSE)
    telling = Load(
        desk.port, f"/feedback?deployment={name}", labels, clients=1, name=name, headers={"Authorization": f"Bearer {key}"}, pause=0.01
    )
    with asking as load, telling:
        for number, kill in enumerate(todo):
            load.more(rng.randrange(50, 400))
            wanted = str(2 - number % 2)
            desk.ws.deploy(f"delay/{wanted}", name=name, wait=False)  # a change is under way when it happens
            kill(desk, load, rng)
            load.version_only(wanted)
        telling.more(5)
    allowed = UNREADY if kill_all in todo else set()
    assert set(load.refusals) <= allowed and set(telling.refusals) <= allowed, (load.summary(), telling.summary())
    answered = desk.counted("1") + desk.counted("2") - before
    assert len(load.good) <= answered <= len(load.good) + len(load.unanswered), "what died had been counted"
    compare(desk, load, name)
    compare_labels(desk, telling, name)


def test_what_an_agent_leaves_that_is_killed_as_it_ends_is_ended_by_down(open_desk: Callable[..., Desk]) -> None:
    desk, name = open_desk(workers=WORKERS), "left"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLOPS_NB_ARMED", "agent-ends")
        desk.ws.deploy("delay", name=name)
    with Load(desk.port, f"/models/{name}/invocations", bodies(), name=name, pause=PAUSE) as load:
        load.more(100)
    agent, others = desk.agent(), f"{WORKERS + 1} processes"
    stopped = desk.ws.down()
    assert stopped.pid == agent and others in stopped.note, "it says what it found"
    assert desk.workers() == [] and not desk.supervisor()
    assert load.unanswered == []
    compare(desk, load, name)


@pytest.mark.parametrize("point", ["spool-before-write", "spool-after-write", "before-answer"])
def test_a_worker_that_dies_beside_its_spool_loses_and_doubles_nothing(open_desk: Callable[..., Desk], point: str) -> None:
    desk, seen = open_desk(workers=WORKERS), set[int]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLOPS_NB_ARMED", f"{point}:150")
        desk.ws.deploy("delay", name=point)
        with Load(desk.port, f"/models/{point}/invocations", bodies(), name=point, pause=PAUSE) as load:
            load.until(lambda: seen.update(desk.workers()) or len(seen) >= WORKERS + 3, "three workers have died")
    assert set(load.refusals) <= UNREADY, load.summary()
    assert len(load.unanswered) >= 3, "each of them took requests with it"
    compare(desk, load, point)
