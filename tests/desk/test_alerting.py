"""From measures to alerts: once for each cause, whatever is repeated; and what a person says stays said."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from mlops_nb.core.errors import Busy, MlopsError, ModelNotFound, ReadOnly, UsageError
from mlops_nb.core.measures import Measure
from mlops_nb.core.records import now
from mlops_nb.core.schedules import Schedule
from mlops_nb.desk.alerting import OVERDUE, on_measures, settle, settle_schedules
from mlops_nb.desk.measured import Taken, store
from mlops_nb.desk.notifying import tell_alerts
from mlops_nb.desk.workspace import Workspace, make_workspace
from mlops_nb.doors.cli import main
from mlops_nb.store import lake_served as served

DAY = timedelta(days=1)
FIRST = datetime(2013, 3, 1, tzinfo=UTC)


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(make_workspace(tmp_path / "größe").root)


def take(ws: Workspace, days: Collection[int], bad: Collection[int], feature: str = "distance") -> list[Measure]:
    "Writes days as a pass would: the whole has drifted on the bad ones, by that column."
    groups = {}
    for n in days:
        at, verdict = FIRST + n * DAY, "drifted" if n in bad else "ok"
        of = {"start": at, "end": at + DAY, "version": "delay/1", "verdict": verdict, "n": 900}
        whole = Measure("delay", "drift", "score", 0.3, threshold=0.1, severity=0.3, **of)
        groups["p", "delay/1", int(at.timestamp() * 1e6)] = "p", [whole, Measure("delay", "drift", "distance", 0.4, feature=feature,
                                                                                 severity=0.3, **of)]  # fmt: skip
    taken = Taken(groups)
    store(ws.stores, "delay", "1d", taken, now())
    return taken.measures


def open_(ws: Workspace) -> list[tuple[str, int]]:
    return [(a.kind, a.count) for a in ws.alerts(model="delay")]


def test_two_passes_raise_one_alert_and_only_a_new_window_counts(ws: Workspace) -> None:
    found = take(ws, range(8), bad={5, 6, 7})
    on_measures(ws.stores, "delay", found)
    on_measures(ws.stores, "delay", found)
    assert settle(ws.stores, "delay") == [] and open_(ws) == [("drift", 1)]
    take(ws, [8], bad={8})
    settle(ws.stores, "delay")
    settle(ws.stores, "delay")
    (alert,) = ws.alerts()
    assert alert.count == 2 and alert.feature == "distance" and alert.evidence["windows"] == 4
    assert [e.what for e in ws.alert_history(alert.id)] == ["raised"]
    take(ws, range(9, 14), bad=())
    settle(ws.stores, "delay")
    over = ws.stores.control.get_alert(alert.id)
    assert not over.is_open and "well again" in over.note and open_(ws) == []
    assert settle(ws.stores, "delay") == [], "what is over is not raised again"


def test_what_was_over_long_ago_is_written_down_although_the_service_is_of_today(ws: Workspace) -> None:
    take(ws, range(20), bad={5, 6, 7})
    level = Measure("delay", "service", "burn_errors_1h", 0.0, now() - timedelta(hours=1), now(), deployment="delay", verdict="ok", n=60)
    (past,) = settle(ws.stores, "delay", more=[level])
    assert past.kind == "drift" and not ws.stores.control.get_alert(past.id).is_open
    burning = replace(level, value=20.0, verdict="changed", reason="2 % of the month's errors in an hour")
    assert [a.kind for a in settle(ws.stores, "delay", more=[burning])] == ["service"]
    settle(ws.stores, "delay", more=[level])
    assert open_(ws) == [], "it burns no more"


def test_two_at_once_raise_one(ws: Workspace) -> None:
    take(ws, range(8), bad={5, 6, 7})
    both, raised = threading.Barrier(2), []

    def one() -> None:
        mine = Workspace(ws.root)
        both.wait()
        with contextlib.suppress(Busy):  # the other one does it
            raised.extend(settle(mine.stores, "delay"))

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(raised) == 1 and open_(ws) == [("drift", 1)]


def test_late_rows_move_the_beginning_and_the_alert_goes_along(ws: Workspace) -> None:
    take(ws, range(9), bad={5, 6, 7, 8})
    (alert,) = settle(ws.stores, "delay")
    ws.acknowledge(alert.id, "on it")
    take(ws, [4], bad={4})
    assert settle(ws.stores, "delay") == []
    (same,) = ws.alerts()
    assert same.id == alert.id and same.acked_at and same.evidence["begin"].startswith("2013-03-05")
    assert settle(ws.stores, "delay") == [] and [a.id for a in ws.alerts(open_only=False)] == [alert.id]


def test_late_rows_take_an_alert_back(ws: Workspace) -> None:
    take(ws, range(8), bad={5, 6, 7})
    (alert,) = settle(ws.stores, "delay")
    take(ws, [5, 6], bad=())
    settle(ws.stores, "delay")
    assert open_(ws) == [] and "taken again" in ws.stores.control.get_alert(alert.id).note


def test_what_was_over_long_ago_leaves_the_open_one_alone(ws: Workspace) -> None:
    take(ws, range(40, 48), bad={45, 46, 47})
    (alert,) = settle(ws.stores, "delay")
    take(ws, range(40), bad={2, 3, 4})
    (past,) = settle(ws.stores, "delay")
    assert past.id != alert.id and not ws.stores.control.get_alert(past.id).is_open
    assert [(a.id, a.count) for a in ws.alerts()] == [(alert.id, 1)], "it still holds"


def test_what_a_person_closed_stays_closed(ws: Workspace) -> None:
    take(ws, range(8), bad={5, 6, 7})
    (alert,) = settle(ws.stores, "delay")
    ws.resolve_alert(alert.id)
    take(ws, [8], bad={8})
    assert settle(ws.stores, "delay") == [] and open_(ws) == []


def test_mutes_take_back_and_give_back(ws: Workspace) -> None:
    take(ws, range(8), bad={5, 6, 7}, feature="größe ✈")
    assert len(ws.settle_alerts("delay")) == 1
    ws.mute("delay", "größe ✈", reason="no sensor")
    assert open_(ws) == []
    assert ws.unmute("delay", "größe ✈") and not ws.unmute("delay", "größe ✈")
    ws.mute("delay", kind="drift", reason="we know", until="1d")
    assert ws.settle_alerts("delay") == [] and [m.kind for m in ws.mutes("delay")] == ["drift"]
    with pytest.raises(ReadOnly):
        Workspace(ws.root, read_only=True).mute("delay", "x", reason="y")


def test_a_slip_of_the_pen_mutes_nothing_and_is_no_quiet_model(ws: Workspace) -> None:
    take(ws, range(8), bad={5, 6, 7}, feature="größe ✈")
    (alert,) = ws.settle_alerts("delay")
    for wrong, hint in (({"feature": "grösse ✈"}, "Did you mean größe ✈"), ({"kind": "drft"}, "Did you mean drift")):
        with pytest.raises(MlopsError, match=r"No window|No rule") as said:
            ws.mute("delay", reason="season", **wrong)
        assert hint in (said.value.hint or "")
    with pytest.raises(UsageError, match="over already"):
        ws.mute("delay", kind="drift", reason="season", until=now() - timedelta(days=1))
    for ask in (ws.mutes, ws.backtest, ws.rules, ws.proposals):
        with pytest.raises(ModelNotFound, match="dely"):
            ask("dely")
    for listed in (ws.alerts, ws.alert_history):
        with pytest.raises(ModelNotFound, match="dely"):
            listed(model="dely")
    assert ws.write_rules("dely").exists() and ws.rules("dely"), "rules may be written before there is a model"
    assert ws.mutes() == [] and [a.id for a in ws.alerts(model="delay")] == [alert.id]
    ws.mute("delay", "größe ✈", kind="quality", reason="of that kind only")
    assert [a.id for a in ws.alerts(model="delay")] == [alert.id]


def test_who_looks_after_it_or_put_it_off_is_told_no_more(tmp_path: Path) -> None:
    root = make_workspace(tmp_path / "ws").root
    with open(root / "settings.ini", "a", encoding="utf-8") as file:
        file.write("notify_webhook = http://127.0.0.1:9/hook\n")
    ws = Workspace(root)
    control, known = ws.stores.control, set()

    def told() -> int:
        tell_alerts(ws.settings, control, known)
        tell_alerts(ws.settings, control, set())  # another agent
        return len(control.notifications())

    first = control.raise_alert("drift", "moved", model="delay", cause="a")
    control.raise_alert("cusum", "soft", severity="info", cause="b")
    assert told() == 1 and told() == 1
    ws.snooze(first.id, "3d", "after the holidays")
    assert told() == 1 and [a.id for a in ws.alerts() if a.snoozed_until] == [first.id], "it stays visible"
    control.snooze(first.id, now() - timedelta(seconds=1), "over")
    assert told() == 2 and told() == 2, "it comes back, once"
    second = control.raise_alert("drift", "moved", cause="c")
    ws.acknowledge(second.id)
    assert told() == 2
    for wrong in ("soon", "-3d", "2013-01-01", "9999-12-31T23:59-23:00"):
        with pytest.raises(UsageError, match=r"length of time|over already|later than time"):
            ws.snooze(first.id, wrong, "x")


def test_schedules_that_are_dead_or_only_fail(ws: Workspace) -> None:
    control = ws.stores.control
    at = now()
    control.add_schedule(Schedule(name="nächtlich", trigger="interval", spec="3600", notebook="x.ipynb", at=at, next_at=at))
    assert settle_schedules(ws.stores, at + OVERDUE) == []
    (dead,) = settle_schedules(ws.stores, at + 2 * OVERDUE)
    assert dead.kind == "schedule_dead" and dead.severity == "critical" and "nächtlich" in dead.message
    assert settle_schedules(ws.stores, at + 3 * OVERDUE) == [] and ws.alerts()[0].count == 1
    settle_schedules(ws.stores, at)
    assert ws.alerts() == []
    settle_schedules(ws.stores, at + 2 * OVERDUE)

    def fired(n: int, state: str) -> list[str]:
        control.fire("nächtlich", f"{state} {n}")
        firing = control.lease_firing("here", 1)
        settle_schedules(ws.stores, at)  # one that is at work says nothing yet
        control.end_firing(firing, state, "no disk")
        return [a.kind for a in settle_schedules(ws.stores, at)]

    assert [fired(n, "failed") for n in range(4)] == [[], [], ["schedule_failing"], []]
    assert "no disk" in ws.alerts()[0].message and ws.alerts()[0].count == 1
    assert fired(5, "done") == [] and ws.alerts() == []
    settle_schedules(ws.stores, at + 2 * OVERDUE)
    control.remove_schedule("nächtlich")
    settle_schedules(ws.stores, at + 2 * OVERDUE)
    assert ws.alerts() == []


def test_a_backtest_is_the_same_function_on_the_past(ws: Workspace) -> None:
    take(ws, range(100), bad={2, 3, 4, 50, 51, 52, 97, 98, 99})
    found = ws.backtest("delay", days=90)
    assert [a.raised for a in found.alarms] == [FIRST + 52 * DAY, FIRST + 99 * DAY] and found.windows == 90
    assert "2 alerts (0.7 a month)" in found.summary and ws.alerts() == [], "nothing is raised by it"
    assert ws.backtest("delay", days=5_000).summary.endswith("100 windows: 3 alerts (0.9 a month)."), "of the months that were measured"
    strict = {"rules": {"drift": {"k": 4}}}
    assert ws.backtest("delay", rules=strict).alarms == () and ws.backtest("delay", rules=strict).rules != found.rules
    settle(ws.stores, "delay")
    assert {a.evidence["raised"][:10] for a in ws.alerts(open_only=False) if a.kind == "drift"} >= {"2013-04-22", "2013-06-08"}
    with pytest.raises(UsageError):
        ws.backtest("delay", days=0)
    with pytest.raises(UsageError, match="no watch file"):
        ws.backtest("delay", rules="none.yaml")


def test_the_commands(ws: Workspace, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    take(ws, range(8), bad={5, 6, 7})
    (alert,) = settle(ws.stores, "delay")
    at = ["-C", str(ws.root), "watch"]

    def ask(*words: str, code: int = 0) -> dict[str, object]:
        assert main([*at, *words, "-o", "json"]) == code
        return json.loads(capsys.readouterr().out)

    (row,) = ask("alerts", "delay")["items"]
    assert row["id"] == alert.id and row["window_start"].startswith("2013-03")
    assert ask("ack", alert.id, "--note", "mine")["note"] == "mine"
    assert ask("snooze", alert.id, "--for", "3d", "--reason", "later")["snoozed_until"]
    assert [e["what"] for e in ask("history", alert.id)["items"]] == ["snoozed", "acked", "raised"]
    assert ask("snooze", "none", "--for", "3d", "--reason", "later", code=1)["error"]["code"] == "alert_not_found"
    assert ask("mute", "delay", "--feature", "distance", "--reason", "known")["feature"] == "distance"
    assert ask("alerts")["items"] == [] and len(ask("alerts", "--all")["items"]) == 1
    assert ask("unmute", "delay", "--feature", "distance")["changed"] and not ask("unmute", "delay", "--feature", "distance")["changed"]
    assert {r["name"] for r in ask("rules", "delay")["items"]} >= {"drift", "no_data", "labels_missing"}
    path = Path(str(ask("rules", "delay", "--write")["path"]))
    path.write_text(path.read_text(encoding="utf-8").replace("    cool_down", "    cool_dwn", 1), encoding="utf-8")
    assert main([*at, "rules", "delay", "-o", "json"]) == 1
    said = json.loads(capsys.readouterr().out)["error"]
    assert "cool_dwn" in said["message"] and "line" in said["message"] and "cool_down" in said["hint"]
    (tmp_path / "other.yaml").write_text("rules: {drift: {k: 1, n: 1}}\n", encoding="utf-8")
    assert [a["rule"] for a in ask("backtest", "delay", "--rules", str(tmp_path / "other.yaml"))["alarms"]] == ["drift"]


FEATURES = ["distance", "departs", "carrier"]


def flights(random: np.random.Generator, first: str, days: int, id: int = 0, a_day: int = 200) -> pd.DataFrame:
    n = days * a_day
    rows = pd.DataFrame({
        "flight_id": np.arange(id, id + n), "scheduled": pd.date_range(first, periods=n, freq=pd.Timedelta(days=1) / a_day),
        "distance": random.gamma(4, 250, n), "departs": random.normal(0, 1, n), "carrier": random.choice(["UA", "DL", "größer"], n),
    })  # fmt: skip
    z = (rows["distance"] - 1000) / 330 + 0.7 * rows["departs"] + (rows["carrier"] == "UA")
    return rows.assign(late=random.random(n) < 1 / (1 + np.exp(-z)))


def test_a_drill_rings_what_it_harms_and_changes_nothing(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(3)
    train, test, live = flights(random, "2013-01-01", 28), flights(random, "2013-01-29", 10), flights(random, "2013-02-10", 24, 10**5)
    columns = make_column_transformer((SimpleImputer(), FEATURES[:2]), (OneHotEncoder(handle_unknown="ignore"), FEATURES[2:]))
    model = make_pipeline(columns, LogisticRegression(max_iter=500)).fit(train[FEATURES], train["late"])
    ws.register(model, "late", train=train, test=test, target="late", id="flight_id", time="scheduled")
    with pytest.raises(MlopsError, match="nothing to drill on"):
        ws.drill("late")
    assert "nothing can be said" in ws.backtest("late").summary and ws.alerts(model="late") == ws.mutes("late") == []
    ws.predict("late", live)
    ws.label("late", live[["flight_id", "late"]])
    before = {area: served.read(ws.stores.lake.place, area, "late").num_rows for area in served.AREAS}
    assert main(["-C", str(ws.root), "watch", "drill", "late", "--days", "24", "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    trials = {t["harm"]: t for t in found["trials"]}
    assert found["quiet"] and found["untouched"] == [], found["untouched"]
    assert {h for h, t in trials.items() if t["state"] == "rang"} == {"nulls", "shift", "unit", "category", "silence", "flips"}
    assert trials["slowness"]["state"] == "not tried" and "latency" in trials["slowness"]["note"], "not tried is not well"
    assert trials["nulls"]["feature"] == "distance" and trials["category"]["rules"] == ["new_category"]
    assert trials["silence"]["rules"] == ["no_data"] and trials["silence"]["later"] == 1
    after = {area: served.read(ws.stores.lake.place, area, "late").num_rows for area in served.AREAS}
    assert after == before and ws.alerts() == [], "the workspace is as it was"
    deaf = {"rules": {name: {"enabled": False} for name in ("new_category", "quality", "drift", "drift_answers", "column_missing")}}
    silent = ws.drill("late", 24, deaf, ["category"])
    assert silent.trials[0].state == "silent" and not silent.ok and "silent: category" in silent.summary
    with pytest.raises(UsageError, match="no harm"):
        ws.drill("late", harms=["flood"])
