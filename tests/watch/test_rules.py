"""Alerts are rare and right: what raises one, what never does, and what a watch file may say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from mlops_nb.core.measures import Measure
from mlops_nb.profile.sketch import profile
from mlops_nb.watch.alarms import FAMILIES, evaluate
from mlops_nb.watch.drift import Standard
from mlops_nb.watch.measures import drift_measures, volume_measures
from mlops_nb.watch.rules import RulesInvalid, default_rules, read_rules, rules_text
from mlops_nb.watch.watch_file import parse_watch

DAY = timedelta(days=1)
FIRST = datetime(2013, 3, 1, tzinfo=UTC)
RULES = default_rules("binary")
KM = "looks like a change of unit (as from miles to kilometres)"


def on(day: int) -> datetime:
    return FIRST + day * DAY


def score(day: int, verdict: str = "drifted", **more: object) -> Measure:
    words = {"value": 0.3, "threshold": 0.1, "version": "delay/1", "severity": 0.3, "n": 900} | more
    return Measure("delay", "drift", "score", start=on(day), end=on(day + 1), verdict=verdict, **words)


def of(day: int, kind: str, name: str, verdict: str, feature: str = "", **more: object) -> Measure:
    words = {"value": 0.3, "version": "delay/1", "n": 900} | more
    return Measure("delay", kind, name, start=on(day), end=on(day + 1), verdict=verdict, feature=feature, **words)


def week(number: int, kind: str, name: str, verdict: str, **more: object) -> Measure:
    return replace(of(7 * number, kind, name, verdict, **more), end=on(7 * number + 7))


def days(alarm: object) -> list[int | None]:
    return [(at - FIRST).days if at else None for at in (alarm.begin, alarm.raised, alarm.newest, alarm.over)]


def test_nothing_says_nothing() -> None:
    assert evaluate(RULES, []) == [] and evaluate([], [score(d) for d in range(9)]) == []


def test_k_of_n_raises_and_the_state_resolves_by_itself() -> None:
    bad = {3, 5, 6}
    (alarm,) = evaluate(RULES, [score(d, "drifted" if d in bad else "ok") for d in range(12)])
    assert alarm.rule == "drift" and days(alarm) == [3, 6, 6, 11] and alarm.bad == 3
    assert evaluate(RULES, [score(d, "drifted" if d in {3, 6} else "ok") for d in range(12)]) == [], "two of five are not enough"
    assert evaluate(RULES, [score(d, "drifted" if d in bad else "ok") for d in range(12)]) == [alarm], "the same again"


def test_a_season_wakes_nobody() -> None:
    season = [m for d in range(60) for m in (score(d, "changed"), of(d, "drift", "distance", "changed", "temp", severity=0.05))]
    softly = [m for d in range(60) for m in (week(d, "estimate", "auc", "changed"), of(d, "concept", "cusum", "changed"))]
    assert evaluate(RULES, season) == []
    assert {a.severity for a in evaluate(RULES, season + softly)} == {"info"}


def test_no_data_is_never_green() -> None:
    gone = [score(d) for d in range(5)] + [score(d, "none", value=None, n=0) for d in range(5, 30)]
    (alarm,) = evaluate(RULES, gone)
    assert alarm.holds, "windows without data clear nothing"
    silent = volume_measures([(on(d), on(d + 1), 0 if d > 20 else 500) for d in range(24)], model="delay")
    assert [a.rule for a in evaluate(RULES, silent)] == ["no_data"]
    sunday = volume_measures([(on(d), on(d + 1), 0 if d in (20, 21) else 500) for d in range(22)], present=on(21), model="delay")
    assert evaluate(RULES, sunday, now=on(21) + timedelta(hours=1)) == [], "a day that has just begun is not empty yet"


def test_estimates_never_clear_what_labels_say() -> None:
    worse = [week(w, "performance", "auc", "changed" if w < 4 else "none") for w in range(12)]
    well = [week(w, "estimate", "auc", "ok") for w in range(12)]
    (alarm,) = evaluate(RULES, worse + well)
    assert alarm.rule == "performance" and alarm.holds


def test_one_cause_is_one_alert_that_names_its_columns() -> None:
    found = []
    for d in range(10):
        found += [score(d, "drifted" if d > 3 else "ok")]
        for column, weight in (("distance", 0.2), ("air_time", 0.4)):
            found += [of(d, "drift", "distance", "drifted" if d > 3 else "ok", column, severity=weight, reason=KM if d > 3 else "")]
            found += [of(d, "quality", "null_share", "drifted" if d > 3 else "ok", column, severity=weight, value=0.9)]
        found += [of(d, "quality", "broken_rules", "drifted" if d > 3 else "ok")]
    (alarm,) = evaluate(RULES, found)
    assert alarm.features == ("air_time", "distance"), "the most severe first"
    assert (alarm.rule, alarm.severity) == ("column_broken", "critical") and set(alarm.also) == {"quality", "drift", "column_missing"}
    other = [week(w, "performance", "auc", "changed") for w in range(2)]
    assert [a.rule for a in evaluate(RULES, found + other)] == ["column_broken", "performance"], "another side of the model"


def test_what_joined_an_alert_stands_for_itself_when_that_is_over() -> None:
    found = [score(d, "drifted" if d > 3 else "ok") for d in range(14)]
    found += [of(d, "drift", "distance", "drifted" if d > 3 else "ok", "distance", severity=0.2, reason=KM if 3 < d < 8 else "")
              for d in range(14)]  # fmt: skip
    broken, drift = evaluate(RULES, found)
    assert (broken.rule, drift.rule) == ("column_broken", "drift") and not broken.holds and drift.holds
    assert drift.raised == broken.over and evaluate(RULES, found[:8] + found[14:22])[0].also == ("drift",)


def test_families_hold_rules_that_exist() -> None:
    assert {name for family in FAMILIES for name in family} <= {r.name for r in RULES}


def test_after_it_was_resolved_it_is_quiet_for_a_while() -> None:
    on_and_off = [score(d, "drifted" if d % 10 < 3 else "ok") for d in range(50)]
    assert [days(a)[1] for a in evaluate(RULES, on_and_off)] == [2, 22, 42], "five ok days clear it, then seven are quiet"
    hasty = read_rules({"drift": {"cool_down": "0d"}})
    assert len(evaluate(hasty, on_and_off)) == 5


def test_versions_that_follow_each_other_are_not_mixed_up() -> None:
    first = [score(d) for d in range(6)]
    second = [score(d, "ok", version="delay/2") for d in range(6, 13)]
    (alarm,) = evaluate(RULES, first + second)
    assert alarm.version == "delay/1" and not alarm.holds, "another version answers by now"
    rows = {1: [500] * 20 + [20] * 10, 2: [0] * 20 + [480] * 10}
    handed = [m for v, ns in rows.items() for m in volume_measures(
        [(on(d), on(d + 1), n) for d, n in enumerate(ns) if n], model="delay", version=f"delay/{v}")]  # fmt: skip
    whole = volume_measures([(on(d), on(d + 1), 500) for d in range(30)], model="delay")
    assert evaluate(RULES, handed + whole) == []


def test_mutes_silence_a_column_and_what_it_alone_brings_about() -> None:
    found = [score(d, value=0.35) for d in range(6)]
    found += [of(d, "drift", "distance", "drifted", "größe ✈", severity=0.3) for d in range(6)]
    found += [of(d, "drift", "distance", "changed", "temp", severity=0.05) for d in range(6)]
    (alarm,) = evaluate(RULES, found)
    assert alarm.features == ("größe ✈", "temp") and "größe ✈" in alarm.message
    assert evaluate(RULES, found, muted=[("größe ✈", "")]) == [], "the rest is under the bound"
    assert [a.rule for a in evaluate(RULES, found, muted=[("temp", "")])] == ["drift"]
    assert evaluate(RULES, found, muted=[("", "drift")]) == [] and evaluate(RULES, found, muted=[("größe ✈", "quality")]) != []


def test_a_service_level_rings_by_its_burn_rate_alone() -> None:
    hour = {"deployment": "delay", "version": ""}
    one = [of(d, "service", "slow_share", "changed", **hour) for d in range(9)]
    assert evaluate(RULES, one) == []
    assert [a.rule for a in evaluate(RULES, [*one, of(9, "service", "burn_latency_1h", "changed", **hour)])] == ["service"]


def test_labels_that_come_again_close_their_alert_soon() -> None:
    found = [of(d, "labels", "coverage", "none" if d < 60 else "ok") for d in range(66)]
    (alarm,) = evaluate(RULES, found)
    assert alarm.rule == "labels_missing" and days(alarm)[1:] == [44, 59, 62]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("rules:\n  drift:\n    k: 2\n    severty: info\n", 4, "severity"),
        ("rules:\n  drift:\n    k: 9\n", 3, "9 of the last 5 windows can never be"),
        ("rules:\n  drift:\n    k: 0\n", 3, "1 or more"),
        ("rules:\n  drift:\n    n: yes\n", 3, "not a number of windows"),
        ("rules:\n  drift:\n    severity: fatal\n", 3, "there is no severity 'fatal'"),
        ("rules:\n  drift:\n    cool_down: soon\n", 3, "7d"),
        ("rules:\n  dirft:\n    k: 1\n", 2, "drift"),
        ("rulez:\n  drift: {}\n", 1, "Did you mean rules? Words: rules, service, retrain."),
        ("window: 1d\n", 1, "Words: rules, service, retrain."),
        ("service:\n  latency: 5\n", 2, "Did you mean latency_ms? Words: availability, latency_share, latency_ms, least."),
        ("service:\n  deployments:\n    eu: {availability: 2}\n", 3, "availability is 2"),
        ("retrain:\n  notebok: x.ipynb\n", 2, "Did you mean notebook? Words: notebook, parameters, when, cool_down, promote."),
        ("retrain:\n  cool_down: soon\n", 2, "7d"),
        ("rules: [drift]\n", 1, "a mapping of names"),
        ("rules:\n  größe:\n    kind: drft\n", 3, "drift"),
        ("rules:\n  drift: {k: 1\n", 3, "YAML"),
    ],
)
def test_a_wrong_word_is_named_with_its_line_and_the_nearest(text: str, line: int, said: str) -> None:
    with pytest.raises(RulesInvalid) as caught:
        parse_watch(text)
    whole = f"{caught.value.message} {caught.value.hint}"
    assert f"line {line}" in whole and said in whole


def test_a_watch_file_is_laid_over_the_defaults() -> None:
    text = "rules:\n  cusum: {enabled: false}\n"
    text += "  größe:\n    kind: drift\n    features: ['größe*']\n    k: 1\n    n: 1\n    severity: info\n"
    rules = {r.name: r for r in parse_watch(text).rules()}
    assert not rules["cusum"].enabled and rules["drift"] == {r.name: r for r in RULES}["drift"]
    found = [of(d, "drift", "distance", "drifted" if d == 2 else "ok", "größe ✈") for d in range(4)]
    assert [a.rule for a in evaluate(rules.values(), found)] == ["größe"]
    for kind in ("binary", "multiclass", "regression"):
        assert parse_watch(rules_text("delay", kind)).rules(kind) == default_rules(kind), "what is written is what holds"
    assert "estimate" not in {r.name for r in default_rules("regression")}
    assert {m for r in default_rules("regression") if r.kind == "performance" for m in r.measures} == {"r2"}


def month_of(rng: np.random.Generator, days_: int, moody: float) -> list[dict[str, object]]:
    "Days of 20 columns: each day has its own mood, and nothing else happens."
    out = []
    for _ in range(days_):
        frame = {f"x{i}": rng.normal(moody * rng.normal(), 1, 300) for i in range(14)}
        frame |= {f"g{i}": rng.gamma(2, np.exp(moody * 0.3 * rng.normal()), 300) for i in range(3)}
        for i in range(3):
            share = np.clip(0.5 + moody * 0.2 * rng.normal(), 0.05, 0.95)
            frame[f"c{i}"] = np.where(rng.random(300) < share, "Oslo", "Bergen")
        out.append(profile(pd.DataFrame(frame)))
    return out


@pytest.mark.parametrize("moody", [0.0, 0.4], ids=["iid", "clustered"])
def test_twenty_columns_watched_daily_ring_at_most_once_a_month(moody: float) -> None:
    months, alarms, changed = 0, [], 0
    for model in range(3):
        rng = np.random.default_rng(100 + model)
        reference, live = Standard(month_of(rng, 45, moody)), month_of(rng, 60, moody)
        weights = {name: float(w) for name, w in zip([f"x{i}" for i in range(14)] + [f"g{i}" for i in range(3)] + ["c0", "c1", "c2"],
                                                     rng.dirichlet(np.ones(20)), strict=True)}  # fmt: skip
        windows = [(on(d), on(d + 1), view) for d, view in enumerate(live)]
        found = drift_measures(reference, windows, importance=weights, model="delay", version="delay/1")
        changed += sum(m.verdict in ("changed", "drifted") for m in found if m.feature)
        months, alarms = months + 2, alarms + evaluate(RULES, found)
    assert len([a for a in alarms if a.severity != "info"]) <= months and changed <= 0.02 * months * 30 * 20
    broken = [m if m.feature != "x0" or m.start < on(50) else of((m.start - FIRST).days, "drift", "distance", "changed", "x0", reason=KM)
              for m in found]  # fmt: skip
    assert [a.features for a in evaluate(RULES, broken) if a.rule == "column_broken"] == [("x0",)], "the same month, and something happens"
