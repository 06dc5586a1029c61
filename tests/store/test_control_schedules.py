"""Schedules, their queue and the outbox: once each, whoever looks, whoever dies, whatever the clock says."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from control_work import fire_and_run, hold_until_refused, lease_and_die
from crowd import crowd

from mlops_nb.core.errors import Busy, ReadOnly
from mlops_nb.core.records import Actor
from mlops_nb.core.schedules import Due, Notification, Schedule, ScheduleNotFound
from mlops_nb.store import control_schema as schema
from mlops_nb.store.control import Control

SIX = datetime(2013, 3, 1, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hourly(name: str = "hourly", **more) -> Schedule:
    known = {"trigger": "interval", "spec": "3600", "at": SIX, "next_at": SIX, "actor": Actor("os", "mary")}
    return Schedule(name, "score.ipynb", parameters={"month": [3, 4]}, grid=("month",), **(known | more))


def plan(schedule: Schedule, at: datetime) -> Due:
    return Due((schedule.next_at,), next_at=schedule.next_at + HOUR)


def at_url(control: Control) -> str:
    return str(control.url.render_as_string(hide_password=False))


def test_a_schedule_is_kept_whole_and_made_once(control: Control) -> None:
    made = hourly(notify=("mary@example.org",), overlap=True, retries=2, timeout_s=1.5, digest="sha256:0f")
    assert control.add_schedule(made) == made
    again = control.add_schedule(hourly(spec="60"))
    assert again.spec == "3600" and not again.changed
    with pytest.raises(ScheduleNotFound, match="Did you mean hourly"):
        control.get_schedule("hourl")
    assert control.change_schedule("hourly", state="paused", next_at=None) and control.get_schedule("hourly").next_at is None
    assert control.remove_schedule("hourly") and not control.remove_schedule("hourly") and control.schedules() == []


def test_many_agents_run_each_firing_once(control: Control) -> None:
    start = datetime(2013, 3, 1, tzinfo=UTC)
    for n in range(3):
        control.add_schedule(hourly(f"s{n}", spec="60", next_at=start, overlap=n == 0))
    ran = [key for keys in crowd(fire_and_run, at_url(control), 4) for key in keys]
    assert len(ran) == len(set(ran)), "one ran a firing that another had run"
    for n in range(3):
        found = control.firings(f"s{n}", limit=100)
        assert len(found) == 12 and {f.state for f in found} <= {"done", "skipped"}
        assert sorted(f"s{n} {f.key}" for f in found if f.state == "done") == sorted(k for k in ran if k.startswith(f"s{n} "))


def test_the_limit_holds_over_all_agents(control: Control) -> None:
    for n in range(8):
        control.add_schedule(hourly(f"s{n}"))
    control.fire_due(plan, at=SIX)
    assert sum(crowd(hold_until_refused, at_url(control), 4)) == 2


def test_what_a_dead_agent_had_is_run_as_the_next_attempt(control: Control) -> None:
    control.add_schedule(hourly())
    control.fire_due(plan, at=SIX)
    with pytest.raises(EOFError):
        crowd(lease_and_die, at_url(control), 1)
    (left,) = control.firings("hourly")
    assert (left.state, left.attempt, left.holder) == ("leased", 1, "agent that dies")
    taken = control.lease_firing("agent 2", cap=5)
    assert (taken.attempt, taken.fence, taken.runs) == (2, 2, ("run-1",)), "at once: that process is gone"
    assert control.lease_firing("agent 3", cap=5) is None
    assert not control.renew_firing(left) and not control.end_firing(left, "done") and not control.note_runs(left, ["x"])
    assert control.end_firing(taken, "failed", "boom", ["run-2"])
    found = control.get_schedule("hourly")
    assert (found.last_state, found.last_reason, found.last_runs) == ("failed", "boom", ("run-2",))


def elsewhere(control: Control, **values) -> None:
    with control._writing() as connection:
        connection.execute(sa.update(schema.queue).values(host="another host", **values))


def test_an_agent_of_another_machine_has_until_it_is_not_heard_of(control: Control) -> None:
    control.add_schedule(hourly())
    control.fire_due(plan, at=SIX)
    noon = datetime.now(UTC)
    firing = control.lease_firing("there", cap=5, ttl_s=60, at=noon)
    elsewhere(control)
    assert control.lease_firing("here", cap=5, at=noon + timedelta(seconds=30)) is None
    assert control.lease_firing("here", cap=5, at=noon + timedelta(seconds=90)).id == firing.id


def test_a_clock_that_was_set_back_keeps_nobody_for_ever(control: Control) -> None:
    control.add_schedule(hourly(overlap=True))
    control.fire_due(plan, at=SIX)
    firing = control.lease_firing("there", cap=5)
    noon = datetime.now(UTC)
    elsewhere(control, renewed_at=noon + timedelta(days=3650))  # renewed when the clock was wrong
    assert control.lease_firing("here", cap=5, at=noon) is None
    assert control.lease_firing("here", cap=5, at=noon + timedelta(seconds=61)).id == firing.id

    control.change_schedule("hourly", next_at=noon + timedelta(days=3650))
    assert control.rewind(lambda schedule, at: at + HOUR, at=noon) == ["hourly"]
    assert control.get_schedule("hourly").next_at == noon + HOUR
    assert control.rewind(lambda schedule, at: at + HOUR, at=noon) == []


def test_the_same_instant_never_fires_twice(control: Control) -> None:
    control.add_schedule(hourly(overlap=True))
    assert control.fire_due(plan, at=SIX) == 1
    control.change_schedule("hourly", next_at=SIX)  # the clock went back over it
    assert control.fire_due(plan, at=SIX) == 0 and len(control.firings("hourly")) == 1


def test_no_overlap_unless_asked(control: Control) -> None:
    control.add_schedule(hourly("alone"))
    control.add_schedule(hourly("together", overlap=True))
    for n in range(2):
        control.fire_due(plan, at=SIX + n * HOUR)
    assert [f.state for f in control.firings("alone")] == ["skipped", "waiting"]
    assert [f.state for f in control.firings("together")] == ["waiting", "waiting"]
    got = [control.lease_firing("me", cap=10) for _ in range(4)]
    assert [f.schedule for f in got if f] == ["alone", "together", "together"]
    assert "still on" in control.firings("alone")[0].reason

    made_up = Due((SIX + 5 * HOUR, SIX + 6 * HOUR), late=2, next_at=SIX + 7 * HOUR)
    control.change_schedule("alone", next_at=SIX + 5 * HOUR)
    control.change_schedule("together", state="paused")
    assert control.fire_due(lambda schedule, at: made_up, at=SIX + 7 * HOUR) == 2, "made up for, one after the other"
    assert control.lease_firing("me", cap=10) is None
    assert control.end_firing(got[0], "done")
    assert control.lease_firing("me", cap=10).due_at == SIX + 5 * HOUR and control.lease_firing("me", cap=10) is None


def test_missed_and_what_is_told_of_it_are_one_transaction(control: Control) -> None:
    control.add_schedule(hourly())
    found = Due((), missed=(SIX, SIX + 2 * HOUR), count=3, next_at=SIX + 4 * HOUR)
    note = Notification("n1", "webhook missed", "schedule_missed", "webhook", "", {"count": 3})

    def broken(schedule: Schedule, due: Due) -> list[Notification]:
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        control.fire_due(lambda schedule, at: found, broken, at=SIX + 3 * HOUR)
    assert control.firings("hourly") == [] and control.get_schedule("hourly").next_at == SIX
    assert control.fire_due(lambda schedule, at: found, lambda schedule, due: [note], at=SIX + 3 * HOUR) == 0
    (missed,) = control.firings("hourly")
    assert missed.state == "skipped" and missed.reason.startswith("3 missed while no agent ran")
    assert [n.payload for n in control.notifications()] == [{"count": 3}]


def test_pausing_and_removing_drop_what_waits_and_leave_what_runs(control: Control) -> None:
    for name in ("a", "b"):
        control.add_schedule(hourly(name, overlap=True))
    for n in range(2):
        control.fire_due(plan, at=SIX + n * HOUR)
    running = [control.lease_firing("me", cap=2) for _ in range(2)]
    assert [f.schedule for f in running] == ["a", "b"]
    control.change_schedule("a", state="paused")
    control.remove_schedule("b")
    reasons = [[f.reason for f in control.firings(name)] for name in ("a", "b")]
    assert reasons == [["paused", ""], ["the schedule was removed", ""]]
    assert all(control.end_firing(firing, "done") for firing in running)
    assert control.scheduled_work() == (False, False, False)


def test_alerts_fire_once_each_and_not_for_what_it_raised_itself(control: Control) -> None:
    now = datetime.now(UTC)
    watcher = control.add_schedule(hourly("watcher", trigger="alert", spec="schedule_failed", at=now, next_at=None))
    control.raise_alert("schedule_failed", "mine", cause="schedule_failed watcher")
    other = control.raise_alert("schedule_failed", "another's", cause="schedule_failed other")
    control.raise_alert("deployment_failed", "of another kind")
    assert control.new_alerts(watcher) == [other.id]
    assert control.fire("watcher", f"alert {other.id}") and not control.fire("watcher", f"alert {other.id}")
    control.raise_alert("schedule_failed", "again", cause="schedule_failed other")
    assert control.new_alerts(watcher) == []
    assert [s.name for s, _ in control.waiting_for()] == ["watcher"]


def test_history_is_bounded(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops_nb.store.control_queue.KEPT", 5)
    control.add_schedule(hourly())
    for n in range(60):
        control.fire_due(plan, at=SIX + n * HOUR)
        assert control.end_firing(control.lease_firing("me", cap=1), "done")
    found = control.firings("hourly", limit=100)
    assert len(found) == 5 and found[0].due_at == SIX + 59 * HOUR


def test_a_database_that_is_being_written_is_said_to_be_busy(control_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "BUSY_S", 1)
    key = bytes(range(32))
    with Control(control_url, key) as control, Control(control_url, key) as other:
        control.add_schedule(hourly())
        control.fire_due(plan, at=SIX)
        with control._writing() as connection:
            schema.take_turn(connection, 3)
            connection.execute(sa.update(schema.queue).values(reason="busy"))
            with pytest.raises(Busy):
                other.lease_firing("me", cap=1)
        assert other.lease_firing("me", cap=1) is not None
    with Control(control_url, key, read_only=True) as reader, pytest.raises(ReadOnly):
        reader.remove_schedule("hourly")
    with Control(control_url, key, read_only=True) as reader:
        assert [s.name for s in reader.schedules()] == ["hourly"]


def test_a_look_at_nothing_is_one_question_to_an_index(tmp_path) -> None:
    with Control(f"sqlite:///{tmp_path}/control.db", bytes(range(32))) as control, control._reading() as connection:
        for query in (
            "SELECT 1 FROM mlops_schedules WHERE state = 'active' AND next_at <= '2013'",
            "SELECT 1 FROM mlops_queue WHERE state = 'waiting' AND ready_at <= '2013'",
            "SELECT 1 FROM mlops_outbox WHERE state = 'waiting' AND next_at <= '2013'",
        ):
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
            assert all("USING COVERING INDEX" in step[-1] or "USING INDEX" in step[-1] for step in steps), steps
