"""What is open is what the measures say: whatever was said to an alert, however often, by however many, and after whatever changed."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlops_nb.core.measures import Measure
from mlops_nb.core.records import now
from mlops_nb.core.serving import Alert
from mlops_nb.desk.alerting import on_measures, settle
from mlops_nb.desk.labelling import us_of
from mlops_nb.desk.measured import Taken, store
from mlops_nb.desk.notifying import tell_alerts
from mlops_nb.desk.workspace import Workspace, make_workspace
from mlops_nb.doors.cli_alerts import state_of

START, DAY = datetime(2013, 3, 1, tzinfo=UTC), timedelta(days=1)
VERDICTS = {"o": "ok", "c": "changed", "D": "drifted", "-": "none"}
RULES = "rules:\n  drift: {k: 2, n: 3, clear: 2, cool_down: 0d}\n"
RULES += "  moved: {kind: drift, measures: distance, features: '?*', k: 2, n: 3, clear: 2}\n"


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace(make_workspace(tmp_path / "flüge").root)
    (made.root / "watch").mkdir()
    (made.root / "watch" / "delay.yaml").write_text(RULES, encoding="utf-8")
    yield made


def put(ws: Workspace, letters: str, first: int = 0, feature: str = "", start: datetime = START) -> list[Measure]:
    """Stores a day for each letter, as a pass does."""
    groups = {}
    for i, letter in enumerate(letters, first):
        at = start + i * DAY
        m = Measure("delay", "drift", "distance" if feature else "score", 0.5, at, at + DAY, "delay/1", feature=feature, n=100,
                    severity=0.5 if letter == "D" else 0.0, verdict=VERDICTS[letter])  # fmt: skip
        groups["p", f"delay/1{feature}", us_of(at)] = f"p:{letter}", [m]
    taken = Taken(groups)
    store(ws.stores, "delay", "1d", taken, now())
    return taken.measures


def told(ws: Workspace) -> list[tuple[str, str]]:
    return sorted((a.kind, a.feature) for a in ws.alerts())


def test_the_same_pass_twice_is_one_alert_and_new_windows_count(ws: Workspace) -> None:
    on_measures(ws.stores, "delay", put(ws, "oDD"))
    (first,) = ws.alerts()
    assert first.count == 1 and settle(ws.stores, "delay") == [] and ws.alerts() == [first]
    put(ws, "D", 3)
    assert settle(ws.stores, "delay") == []
    (again,) = ws.alerts()
    assert (again.id, again.count) == (first.id, 2) and again.evidence["windows"] == 3
    put(ws, "--", 4)
    settle(ws.stores, "delay")
    assert ws.alerts()[0].count == 2, "windows without data neither confirm nor clear"
    put(ws, "oo", 6)
    settle(ws.stores, "delay")
    assert ws.alerts() == [] and [e.what for e in ws.alert_history(first.id)] == ["resolved", "raised"]
    put(ws, "DD", 8)
    settle(ws.stores, "delay")
    assert [a.id != first.id and a.count for a in ws.alerts()] == [1]


def test_two_who_settle_at_once_make_one(ws: Workspace) -> None:
    put(ws, "oDDD")
    others = [Workspace(ws.root) for _ in range(2)]
    problems: list[Exception] = []

    def go(one: Workspace) -> None:
        try:
            settle(one.stores, "delay")
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=go, args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [a.count for a in ws.alerts(open_only=False)] == [1]
    assert all(type(p).__name__ == "Busy" for p in problems), "one of them may find that the other does it"


def test_what_is_muted_ends_and_is_heard_of_again_after_that(ws: Workspace) -> None:
    put(ws, "oDDD", feature="Größe ✈")
    settle(ws.stores, "delay")
    (before,) = ws.alerts()
    assert before.feature == "Größe ✈"
    ws.mute("delay", "Größe ✈", reason="the new scales")
    assert ws.alerts() == []
    ws.unmute("delay", "Größe ✈")
    settle(ws.stores, "delay")
    assert told(ws) == [("moved", "Größe ✈")], "it holds, and nobody keeps it quiet any more"


def test_what_a_person_closed_stays_closed_while_it_is_the_same(ws: Workspace) -> None:
    put(ws, "oDDD")
    settle(ws.stores, "delay")
    ws.resolve_alert(ws.alerts()[0].id)
    put(ws, "D", 4)
    settle(ws.stores, "delay")
    assert ws.alerts() == [], "it is the one that somebody dealt with"
    put(ws, "ooDD", 5)
    settle(ws.stores, "delay")
    assert len(ws.alerts()) == 1, "this is another"


def test_late_labels_move_a_beginning_and_take_an_alert_back(ws: Workspace) -> None:
    put(ws, "oooDD")
    settle(ws.stores, "delay")
    (first,) = ws.alerts()
    put(ws, "D", 2)
    settle(ws.stores, "delay")
    settle(ws.stores, "delay")
    assert [a.id for a in ws.alerts(open_only=False)] == [first.id] and ws.alerts(), "the same one, which began earlier"
    put(ws, "ooo", 2)
    settle(ws.stores, "delay")
    assert ws.alerts() == []
    put(ws, "DDD", 2)
    settle(ws.stores, "delay")
    assert len(ws.alerts()) == 1, "and labels that come still later bring it again"


def test_a_window_from_the_future_closes_nothing(ws: Workspace) -> None:
    put(ws, "oDDD")
    settle(ws.stores, "delay")
    put(ws, "D", start=datetime(2031, 1, 1, tzinfo=UTC))
    settle(ws.stores, "delay")
    assert len(ws.alerts()) == 1, "a clock that jumped is no good news"


def test_only_news_is_told(ws: Workspace) -> None:
    settings = replace(ws.settings, notify_webhook="http://127.0.0.1:9/never")
    known: set[str] = set()

    def outbox() -> int:
        tell_alerts(settings, ws.stores.control, known)
        return len(ws.stores.control.take_notifications(10))

    put(ws, "oDD")
    settle(ws.stores, "delay")
    assert outbox() == 1 and outbox() == 0
    alert: Alert = ws.alerts()[0]
    assert ws.snooze(alert.id, "3d", "until the new feed is there").is_open and outbox() == 0
    ws.snooze(alert.id, "0d", "it is there")
    assert outbox() == 1 and outbox() == 0, "after that it is told again, once"
    assert state_of(ws.alerts()[0].to_dict()) == "open", "what was put off until then is not put off any more"
    ws.acknowledge(alert.id, "looking")
    known.clear()
    assert outbox() == 0, "somebody looks after it"
