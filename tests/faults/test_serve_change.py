"""What is served changes under load: every request is answered, by a version that was meant to answer then, and counted once."""

from collections.abc import Callable

from deployed import Desk, bodies
from load import Load

PAUSE = 0.003


def test_no_change_costs_a_request(open_desk: Callable[..., Desk]) -> None:
    "Four workers: another version, back, a canary, a shadow, a promotion, back."
    desk, name = open_desk(workers=4), "changes"
    ws = desk.ws
    ws.promote("delay/1", force=True, reason="the test begins")
    ws.deploy("delay", name=name)
    before = {version: desk.counted(version) for version in "12"}
    with Load(desk.port, f"/models/{name}/invocations", bodies(), clients=8, name=name, pause=PAUSE) as load:
        load.version_only("1")
        ws.deploy("delay/2", name=name)
        load.version_only("2")
        ws.rollback(name)
        load.version_only("1")
        ws.deploy("delay", name=name, canary={"delay/2": 50})
        load.more(100)
        begun = len(load.answers)
        load.more(200)
        shares = {v: sum(a.version == v for a in load.answers[begun:]) for v in "12"}
        assert min(shares.values()) > 30, shares
        ws.deploy("delay", name=name, shadow="delay/2")
        load.version_only("1")
        ws.promote("delay/2", force=True, reason="what is tested is what follows")
        load.version_only("2")
        ws.rollback(name)
        load.version_only("1")
    assert load.failures == [] and load.refused == 0, load.summary()
    counted = {version: desk.counted(version) - before[version] for version in "12"}
    assert counted == dict(load.versions), "all workers together count each request once, whoever took it"
    assert {r.version for r in ws.deployment(name).routes} == {"delay/1", "delay/2"}
    desk.collect_all()
    live, canary = desk.kept(name), desk.kept(name, "canary")
    assert set(live | canary) == {(id, 0) for id in load.good} and set((live + canary).values()) == {1}
    assert len(canary) > 30 and 0 < len(desk.kept(name, "shadow")) <= len(live)
