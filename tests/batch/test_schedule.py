"""When schedules fire: what cron lines mean, what clocks do twice a year, and what is missed."""

import dataclasses
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_nb.batch.schedule import MOST, due, next_time, next_times, read_interval, read_trigger
from mlops_nb.core.schedules import Schedule, ScheduleInvalid

def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def cron(line: str, zone: str = "UTC", **more) -> Schedule:
    return Schedule("s", "n.ipynb", **read_trigger(cron=line, timezone=zone), **more)


def walls(line: str, zone: str, start: str, count: int) -> list[str]:
    schedule, when, found = cron(line, zone), at(start, zone), []
    for _ in range(count):
        when = next_time(schedule, when)
        found.append(when.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M %z"))
    return found


@pytest.mark.parametrize(
    ("line", "zone", "start", "expected"),
    [
        # spring in Paris: 02:00 to 03:00 does not exist on 31 March
        ("30 2 * * *", "Europe/Paris", "2013-03-30T12:00", ["03-31 03:30 +0200", "04-01 02:30 +0200"]),
        ("*/30 * * * *", "Europe/Paris", "2013-03-31T01:15", ["03-31 01:30 +0100", "03-31 03:00 +0200", "03-31 03:30 +0200"]),
        ("0,30 2,3 * * *", "Europe/Paris", "2013-03-31T00:00", ["03-31 03:00 +0200", "03-31 03:30 +0200", "04-01 02:00 +0200"]),
        # autumn: 02:00 to 03:00 is there twice on 27 October
        ("30 2 * * *", "Europe/Paris", "2013-10-26T12:00", ["10-27 02:30 +0200", "10-28 02:30 +0100"]),
        ("0 * * * *", "Europe/Paris", "2013-10-27T01:30", ["10-27 02:00 +0200", "10-27 02:00 +0100", "10-27 03:00 +0100"]),
        # New York, and Lord Howe, whose clocks jump by half an hour
        ("15 2 * * *", "America/New_York", "2013-03-09T12:00", ["03-10 03:15 -0400", "03-11 02:15 -0400"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2013-10-05T12:00", ["10-06 02:45 +1100", "10-07 02:15 +1100"]),
        # a day that is left out altogether
        ("0 6 * * *", "Pacific/Apia", "2011-12-29T12:00", ["12-31 06:00 +1400"]),
    ],
)
def test_clocks_that_jump(line: str, zone: str, start: str, expected: list[str]) -> None:
    assert walls(line, zone, start, len(expected)) == expected


@given(
    st.sampled_from(["30 2 * * *", "0 3 * * *", "*/20 * * * *", "5 */2 * * *", "0,30 1,2,3 * * *", "0 6 * * 1-5", "0 12 1 * *"]),
    st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kolkata"]),
    st.datetimes(datetime(2013, 1, 1), datetime(2014, 1, 1)),
)
def test_times_only_go_forward_and_are_the_same_from_wherever_one_looks(line: str, zone: str, start: datetime) -> None:
    schedule, now = cron(line, zone), start.replace(tzinfo=UTC)
    first = next_time(schedule, now)
    second = next_time(schedule, first)
    assert now < first < second
    assert next_time(schedule, first - timedelta(microseconds=1)) == first
    assert next_time(schedule, now + (first - now) / 2) == first


def test_every_hour_of_a_year_once() -> None:
    schedule, when, count = cron("0 * * * *", "Europe/Paris"), at("2012-12-31T23:00"), 0
    while (when := next_time(schedule, when)) <= at("2013-12-31T23:00"):
        count += 1
    assert count == 365 * 24


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("0 6 * * 1-5", ["Fri 01", "Mon 04", "Tue 05"]),  # cron's weekdays begin with Sunday
        ("0 6 * * 0", ["Sun 03", "Sun 10", "Sun 17"]),
        ("0 6 * * 7", ["Sun 03", "Sun 10", "Sun 17"]),
        ("0 6 * * fri-mon", ["Fri 01", "Sat 02", "Sun 03"]),
        ("0 6 13 * 5", ["Fri 01", "Fri 08", "Wed 13"]),  # the 13th, or a Friday
        ("0 6 */10 * *", ["Fri 01", "Mon 11", "Thu 21"]),
    ],
)
def test_what_five_fields_mean(line: str, expected: list[str]) -> None:
    schedule, when, found = cron(line), at("2013-03-01T00:00"), []
    for _ in expected:
        when = next_time(schedule, when)
        found.append(f"{when:%a %d}")
    assert found == expected


@pytest.mark.parametrize(
    "wrong",
    [
        *({"cron": c} for c in ("", "* * * *", "* * * * * *", "60 * * * *", "0 0 * * 8", "0 0 * * mo-fr", "a b c d e", "*/0 * * * *")),
        *({"cron": c} for c in ("0 0 30 2 *", "0 0 31 4,6,9,11 *")),  # never
        *({"every": e} for e in (0, 0.5, "500ms", "-5m", "soon", "", "2y", True, "1e9", timedelta(days=400))),
        *({"cron": "@daily", "timezone": z} for z in ("Europe/Pari", "../../etc/passwd", "/etc/passwd", "Mars/Base")),
        {"after": ""},
        {"after_alert": "Not A Kind"},
        {"every": "1m", "timezone": "UTC"},
        {"every": "1m", "after": "flights"},
        {},
    ],
)
def test_what_is_no_trigger_is_named(wrong: dict) -> None:
    with pytest.raises(ScheduleInvalid) as problem:
        read_trigger(**wrong)
    assert problem.value.field and problem.value.hint


def test_intervals() -> None:
    texts = {"1m": 60, "90s": 90, "1h30m": 5400, "2d": 172_800, "1.5h": 5400, "45": 45, 45: 45, timedelta(minutes=2): 120}
    assert {k: read_interval(k) for k in texts} == texts


def test_what_was_missed() -> None:
    six = at("2013-03-01T06:00")
    hourly = Schedule("s", "n.ipynb", next_at=six, **read_trigger(every="1h"))
    after = six + timedelta(hours=5, seconds=3)
    last = due(hourly, after)
    assert last.firings == (six + timedelta(hours=5),) and last.late == 0 and last.count == 5, "the newest is on time"
    late = due(hourly, after + timedelta(minutes=10))
    assert late.firings == (six + timedelta(hours=5),) and (late.late, late.count) == (1, 5)
    every = due(dataclasses.replace(hourly, catch_up="all"), after)
    assert every.firings == tuple(six + timedelta(hours=n) for n in range(6)) and (every.late, every.count) == (5, 0)
    none = due(dataclasses.replace(hourly, catch_up="none"), after + timedelta(minutes=10))
    assert none.firings == () and none.count == 6 and none.missed == (six, six + timedelta(hours=5))
    assert none.next_at == late.next_at == six + timedelta(hours=6)
    year = due(dataclasses.replace(hourly, catch_up="all", spec="60"), six + timedelta(days=365))
    assert len(year.firings) == MOST + 1 and year.next_at > six + timedelta(days=365), "bounded"
    assert due(cron("* * * * *", next_at=six), six + timedelta(days=2)).next_at == six + timedelta(days=2, minutes=1)


def test_a_slow_look_is_no_reason_to_run_twice() -> None:
    six = at("2013-03-01T06:00")
    often = Schedule("s", "n.ipynb", next_at=six, **read_trigger(every="2s"))
    assert due(often, six + timedelta(seconds=9)).firings == (six + timedelta(seconds=8),)
    assert len(due(dataclasses.replace(often, overlap=True), six + timedelta(seconds=9)).firings) == 5


def test_next_times_of_what_waits_are_none() -> None:
    assert next_times(Schedule("s", "n.ipynb", **read_trigger(after="flights"))) == []


def test_apscheduler_is_loaded_when_a_cron_line_is_read_and_not_before() -> None:
    script = (
        "import sys, mlops_nb.batch.schedule as s; before = 'apscheduler' in sys.modules;"
        "s.read_trigger(every='1m'); print(before, 'apscheduler' in sys.modules, end=' ');"
        "s.read_trigger(cron='@daily'); print('apscheduler' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "True"]
