"""Alerts: one open row for each cause, counted while it lasts."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from control_work import meet_cause
from crowd import crowd

from mlops_nb.core.errors import Conflict, MlopsError, UsageError
from mlops_nb.store.control import Control
from mlops_nb.store.control_alerts import AlertNotFound

AT = datetime(2013, 3, 4, tzinfo=UTC)
WHERE = {"model": "delay", "deployment": "delay", "version": "delay/3"}


def test_the_same_cause_is_counted_and_says_the_newest_word(control: Control) -> None:
    first = control.raise_alert("deployment_failed", "No module named ‘ephem’.", hint="Install it.", **WHERE)
    again = control.raise_alert("deployment_failed", "Out of memory.", severity="critical", **WHERE)
    assert (first.count, again.count, again.id, again.at) == (1, 2, first.id, first.at)
    assert (again.message, again.severity, again.hint) == ("Out of memory.", "critical", "") and again.last_at >= first.last_at
    other = control.raise_alert("deployment_failed", "No.", model="delay", deployment="delay", version="delay/4")
    named = control.raise_alert("agent_was_down", "From 3 to 5.", cause="down since 3")
    assert len({first.id, other.id, named.id}) == 3 and control.raise_alert("agent_was_down", "…", cause="down since 3").id == named.id
    assert [a.id for a in control.alerts()] == [named.id, other.id, first.id], "the one met last comes first"
    assert [a.id for a in control.alerts(deployment="delay")] == [other.id, first.id]


def test_a_resolved_one_is_over_and_the_next_is_another(control: Control) -> None:
    first = control.raise_alert("deployment_failed", "No.", **WHERE)
    closed = control.resolve_alert(first.id)
    assert not closed.is_open and control.resolve_alert(first.id) == closed, "again is fine, and keeps the time"
    second = control.raise_alert("deployment_failed", "No.", **WHERE)
    assert second.id != first.id and second.count == 1
    control.raise_alert("canary_taken_back", "…", deployment="delay")
    assert [a.id for a in control.resolve_alerts("deployment_failed", deployment="delay")] == [second.id]
    assert control.resolve_alerts("deployment_failed", deployment="delay") == []
    assert [a.kind for a in control.alerts()] == ["canary_taken_back"] and len(control.alerts(open_only=False)) == 3
    with pytest.raises(AlertNotFound, match="watch alerts"):
        control.resolve_alert("none")


def test_many_who_meet_it_at_once_make_one(control_url: str) -> None:
    counts = crowd(meet_cause, control_url, 6)
    with Control(control_url, bytes(range(32))) as control:
        (alert,) = control.alerts(open_only=False)
    assert alert.count == 18 == max(counts)


def test_the_database_itself_allows_one_open_row_for_a_cause(control: Control) -> None:
    control.raise_alert("deployment_failed", "No.", **WHERE)
    names = "id, cause, kind, severity, model, deployment, version, message, hint, count, at, last_at, resolved_at"
    copy = f"INSERT INTO mlops_alerts ({names}) SELECT 'copy', {names[4:].removesuffix(', resolved_at')}"
    with pytest.raises((sa.exc.IntegrityError, MlopsError, Conflict)), control._writing() as connection:
        connection.exec_driver_sql(f"{copy}, NULL FROM mlops_alerts")
    with control._writing() as connection:
        connection.exec_driver_sql(f"{copy}, last_at FROM mlops_alerts")
    assert len(control.alerts(open_only=False)) == 2


def test_whatever_broke_can_be_said(control: Control) -> None:
    "The message comes from elsewhere: any length, any character."
    alert = control.raise_alert("deployment_failed", "nul \0, lone \ud800, ✈" + "x" * 10_000, **WHERE)
    assert "✈" in alert.message and "\0" not in alert.message and len(alert.message) == 2_000
    with pytest.raises(UsageError, match="info, warning, critical"):
        control.raise_alert("deployment_failed", "No.", severity="fatal")
    with pytest.raises(UsageError):
        control.raise_alert("", "No.")


def test_what_a_person_does_stays_with_it(control: Control) -> None:
    alert = control.raise_alert("drift", "temp has moved.", feature="temp", window_start=AT, evidence={"windows": 2}, **WHERE)
    assert (alert.feature, alert.window_start, alert.evidence) == ("temp", AT, {"windows": 2})
    assert control.update_evidence(alert.id, run="r1").evidence == {"windows": 2, "run": "r1"}
    acked = control.acknowledge(alert.id, "person:kim", "new sensors")
    assert (acked.acked_by, acked.note, acked.is_open) == ("person:kim", "new sensors", True)
    snoozed = control.snooze(alert.id, AT + timedelta(days=3), "until the sensors are calibrated", "person:kim")
    assert snoozed.snoozed_until == AT + timedelta(days=3)
    again = control.raise_alert("drift", "temp has moved further.", feature="temp", **WHERE)
    assert again.count == 2 and again.acked_by == "person:kim" and again.evidence == {"windows": 2, "run": "r1"}, "it is the same one"
    control.resolve_alert(alert.id, actor="person:kim", reason="calibrated")
    assert [e.what for e in control.alert_history(alert.id)] == ["resolved", "snoozed", "acked", "raised"]
    assert [e.reason for e in control.alert_history(model="delay", limit=1)] == ["calibrated"]
    assert control.acknowledge(alert.id, "person:kim").note == "calibrated", "what is over stays as it was"
    with pytest.raises(UsageError, match="reason"):
        control.snooze(alert.id, AT, "")
    with pytest.raises(AlertNotFound, match="watch alerts"):
        control.update_evidence("none", run="r2")


def test_a_mute_is_of_one_thing_and_ends(control: Control) -> None:
    control.mute("delay", feature="wind_gust", reason="no station", actor="person:kim")
    control.mute("delay", feature="wind_gust", reason="no station until May", until=datetime.now(UTC) + timedelta(days=30))
    control.mute("churn", kind="labels_missing", reason="they come by mail")
    control.mute("churn", feature="Größe ✈", reason="over", until=datetime.now(UTC) - timedelta(seconds=1))
    assert [(m.model, m.feature, m.kind, m.reason) for m in control.mutes()] == [
        ("churn", "", "labels_missing", "they come by mail"),
        ("delay", "wind_gust", "", "no station until May"),
    ]
    assert control.unmute("delay", feature="wind_gust") and control.mutes("delay") == []
    for wrong in ({"reason": "all of it"}, {"feature": "temp", "reason": ""}):
        with pytest.raises(UsageError):
            control.mute("delay", **wrong)
