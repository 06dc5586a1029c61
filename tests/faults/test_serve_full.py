"""The disk is full, the database is locked, the clock jumps: clients get an answer or a clear refusal, and what was answered is kept."""

import json
import resource
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from deployed import Desk, bodies, wait_for
from load import Load

from mlops_nb.desk.agent_status import AgentStopped

PAUSE = 0.003


def spool_of(desk: Desk) -> Path:
    "The file that the one worker writes to now."
    (found,) = (desk.state / "spool").glob("*.spool")
    return found


@pytest.mark.parametrize("full", ["refuse", "drop"])
def test_a_full_disk_is_said_or_got_over_as_was_chosen(open_desk: Callable[..., Desk], full: str) -> None:
    """The worker's files may grow no further, in the middle of a record, as on a disk that has no block left."""
    desk, name = open_desk(spool_full=full, spool_segment_mb=16, collect_every=3600), f"full-{full}"
    desk.ws.deploy("delay", name=name)
    (worker,) = desk.workers()
    with Load(desk.port, f"/models/{name}/invocations", bodies(), name=full, pause=PAUSE) as load:
        load.more(100)
        before = resource.prlimit(worker, resource.RLIMIT_FSIZE)
        size = spool_of(desk).stat().st_size + 1_000
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (size, before[1]))
        if full == "refuse":
            load.until(lambda: len(load.failures) > 50, "requests are refused")
        else:
            wait_for(lambda: desk.counter("mlops_nb_log_dropped_total") > 50, "answers go without a log")
        resource.prlimit(worker, resource.RLIMIT_FSIZE, before)
        load.more(100)
        failed = len(load.failures)
        load.more(100)
        assert len(load.failures) == failed, "it is over as soon as there is room again"
    dropped = desk.counter("mlops_nb_log_dropped_total")
    assert desk.workers() == [worker], "nothing died of it"
    if full == "refuse":
        assert Counter(a.status for a in load.failures) == {503: len(load.failures)} and dropped == 0
        refusal = json.loads(load.failures[0].body)["error"]
        assert refusal["code"] == "spool_full" and str(desk.state) not in refusal["message"]
    else:
        assert load.failures == []
    desk.collect_all()
    kept = desk.kept(name)
    missing = sum(kept[id, 0] == 0 for id in load.good)
    assert missing == dropped and set(kept.values()) == {1}, "whole records, and each that was not kept was counted"


def test_an_agent_whose_disk_is_full_ends_with_everything_it_looks_after(open_desk: Callable[..., Desk]) -> None:
    """It can write neither its card nor its log nor the lake; `down` leaves nobody behind for all that, and nothing is lost."""
    desk, name = open_desk(collect_every=3600), "agent-full"
    desk.ws.deploy("delay", name=name)
    with Load(desk.port, f"/models/{name}/invocations", bodies(), name=name, pause=PAUSE) as load:
        load.more(100)
        agent = desk.agent()
        resource.prlimit(agent, resource.RLIMIT_FSIZE, (0, 0))
        load.more(100)
    assert desk.ws.down() == AgentStopped(True, agent), "it ended the servers itself"
    assert desk.workers() == [] and not desk.agent() and not desk.supervisor()
    assert {a.status for a in load.answers} == {200} and not load.unanswered
    desk.collect_all()
    assert set(desk.kept(name)) == {(id, 0) for id in load.good}


def test_a_spool_that_nobody_empties_is_bounded(open_desk: Callable[..., Desk]) -> None:
    desk, name = open_desk(spool_limit_mb=0.1, spool_segment_mb=0.02, collect_every=3600), "bounded"
    desk.ws.deploy("delay", name=name)
    with Load(desk.port, f"/models/{name}/invocations", bodies(), name=name, pause=PAUSE) as load:
        load.until(lambda: load.failures, "it is full")
        assert b"cannot be logged now" in load.failures[0].body, load.failures[0]
        assert sum(p.stat().st_size for p in (desk.state / "spool").iterdir()) <= 100_000
        before = len(load.good)
        assert desk.ws.collect().predictions >= before
        load.until(lambda: len(load.good) >= before + 20, "20 more answers")  # it may be full again before `collect` has returned
    assert {a.status for a in load.answers} == {200, 503} and not load.unanswered
    desk.collect_all()
    assert set(desk.kept(name)) == {(id, 0) for id in load.good}


def test_a_locked_control_database_stops_no_answer(open_desk: Callable[..., Desk]) -> None:
    """A worker never asks it; the agent says that it cannot, and goes on when it can."""
    desk, name = open_desk(workers=2), "locked"
    desk.ws.deploy("delay/1", name=name)
    with Load(desk.port, f"/models/{name}/invocations", bodies(), name=name, pause=PAUSE) as load:
        load.more(50)
        with desk.locked_control():
            load.more(300)
            wait_for(lambda: "locked" in desk.log("agent").read_text(), "the agent says so")
            desk.kill(desk.workers()[0])
            load.more(100)
            wait_for(lambda: len(desk.workers()) == 2, "another worker comes all the same")
        wait_for(lambda: desk.ws.status().note == "", "the agent is well again")
        desk.ws.deploy("delay/2", name=name)
        load.version_only("2")
        newest = load.good[-1]
        wait_for(lambda: desk.kept(name)[newest, 0], "the agent goes on collecting")
    assert {a.status for a in load.answers} == {200}
    desk.collect_all()
    kept = desk.kept(name)
    assert {(id, 0) for id in load.good} <= set(kept) and set(kept.values()) == {1}


CLOCK = '''
import time as _time, os as _os
_file = _os.environ["TEST_CLOCK"]
_wall, _wall_ns = _time.time, _time.time_ns
def _ahead():
    try:
        with open(_file) as file:
            return float(file.read())
    except (OSError, ValueError):
        return 0.0
_time.time = lambda: _wall() + _ahead()
_time.time_ns = lambda: _wall_ns() + int(_ahead() * 1e9)
'''


def test_a_clock_that_jumps_breaks_nothing(open_desk: Callable[..., Desk], tmp_path: Path) -> None:
    """An hour ahead, then days back, for every process that serves."""
    clock = tmp_path / "clock"
    (tmp_path / "sitecustomize.py").write_text(CLOCK)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
        patch.setenv("TEST_CLOCK", str(clock))
        desk, name = open_desk(workers=2), "clock"
        desk.ws.deploy("delay/1", name=name)
        with Load(desk.port, f"/models/{name}/invocations", bodies(), name=name, pause=PAUSE) as load:
            for number, ahead in enumerate((3_600, -86_400, -200_000)):
                load.more(100)
                clock.write_text(str(ahead))
                load.more(100)
                wanted = str(2 - number % 2)
                desk.ws.deploy(f"delay/{wanted}", name=name)
                load.version_only(wanted)
                failed = len(load.failures)
                desk.kill(desk.workers()[0])
                wait_for(lambda: len(desk.workers()) == 2, "a killed worker is replaced")
                assert len(load.failures) <= failed + load.clients
                newest = load.good[-1]
                wait_for(lambda id=newest: desk.kept(name)[id, 0], "the agent goes on collecting")
    assert {a.status for a in load.answers} == {200}, load.summary()
    desk.collect_all()
    kept = desk.kept(name)
    assert {(id, 0) for id in load.good} <= set(kept) and set(kept.values()) == {1}
    times = desk.received(name)
    assert max(times) - min(times) > timedelta(days=1), "the records carry what the clocks said"
