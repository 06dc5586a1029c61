"""Rules read today and rules read over the year that was say the same, whatever comes in whatever order."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from frames import moody_days, profiles
from hypothesis import example, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st

from mlops_nb.core.measures import Measure
from mlops_nb.watch.alarms import Alarm, evaluate
from mlops_nb.watch.measures import drift_measures
from mlops_nb.watch.rules import Rule, default_rules, read_rules

START, DAY = datetime(2013, 3, 1, tzinfo=UTC), timedelta(days=1)
LETTERS = {"o": "ok", "c": "changed", "D": "drifted", "-": "none"}


def days(letters: str, kind: str = "drift", name: str = "score", first: int = 0, **more: object) -> list[Measure]:
    """A series: one letter a day (ok, changed, Drifted, - nothing known; a blank: no window)."""
    out = []
    for i, letter in enumerate(letters, first):
        of = {"model": "delay", "version": "delay/1", "start": START + i * DAY, "end": START + (i + 1) * DAY} | more
        value = None if letter == "-" else {"o": 0.0, "c": 0.5, "D": 1.0}.get(letter)
        if letter != " ":
            out.append(Measure(kind=kind, name=name, value=value, severity=value or 0.0, verdict=LETTERS[letter], n=100, **of))
    return out


def weeks(letters: str, kind: str, name: str) -> list[Measure]:
    """The same, one letter a week."""
    found = days(letters, kind, name)
    return [replace(m, start=START + i * 7 * DAY, end=START + (i + 1) * 7 * DAY) for i, m in enumerate(found)]


def day_of(at: datetime | None) -> int | None:
    return None if at is None else (at - START).days


def spans(alarms: Sequence[Alarm]) -> list[tuple[int | None, ...]]:
    return [(day_of(a.begin), day_of(a.raised), day_of(a.over)) for a in alarms]


RULE = Rule("drift", "drift", ("score",), k=2, n=3, clear=2, cool_down="0d")


@pytest.mark.parametrize(
    ("letters", "rule", "expected"),
    [
        ("oDoooDooo", {}, []),  # one bad window wakes nobody
        ("oDDo", {}, [(1, 2, None)]),  # one good one does not end it
        ("oDDoo", {}, [(1, 2, 4)]),
        ("oDoDoo", {}, [(1, 3, 5)]),
        ("ccccccc", {}, []),  # a season
        ("oDD-------", {}, [(1, 2, None)]),  # no data is never green
        ("oDD   oo", {}, [(1, 2, 7)]),
        ("oD--D", {}, [(1, 4, None)]),  # nothing is known of the windows between
        ("D", {"k": 1, "n": 1}, [(0, 0, None)]),
        ("DDDDoo" + "DDDD", {"cool_down": "7d"}, [(0, 1, 5)]),  # quiet for a week
        ("DDDDoo" + "D" * 9, {"cool_down": "7d"}, [(0, 1, 5), (10, 12, None)]),  # and heard again while it lasts
        ("", {}, []),
        ("---", {}, []),
    ],
)
def test_so_many_of_the_last_windows(letters: str, rule: dict, expected: list) -> None:
    found = spans(evaluate([replace(RULE, **rule)], days(letters)))
    if "7d" in str(rule) and len(expected) == 2:
        assert [f[1:] for f in found] == [e[1:] for e in expected], "the second begins where its windows do"
    else:
        assert found == expected


@with_settings(max_examples=60)
@given(
    letters=st.text("oocD-  D", max_size=24),
    more=st.text("ocD-", max_size=24),
    k=st.integers(1, 4),
    wide=st.integers(0, 4),
    cool=st.sampled_from(["0d", "3d"]),
    order=st.randoms(use_true_random=False),
)
@example(letters="DDD D", more="DccD", k=1, wide=0, cool="0d", order=Random(0))  # a day on which only others had a window
def test_what_was_raised_live_is_what_a_backtest_finds(letters: str, more: str, k: int, wide: int, cool: str, order: object) -> None:
    "Day by day, with what was known then, the same alarms are raised on the same days as with hindsight; in any order of rows."
    rules = [replace(RULE, k=k, n=k + wide, cool_down=cool), Rule("quality", "quality", ("broken_rules",), k=1, n=2, cool_down=cool)]
    rules.append(Rule("column", "drift", ("distance",), ("?*",), k=2, n=2, severity="critical", cool_down=cool))
    rules.append(Rule("softly", "drift", ("score",), when=("changed", "drifted"), k=1, n=1, unless=("quality",), cool_down=cool))
    found = days(letters) + days(more, "quality", "broken_rules") + days(more, name="distance", feature="Größe ✈")
    whole = evaluate(rules, found)
    mixed = list(found)
    order.shuffle(mixed)
    assert evaluate(rules, mixed) == whole, "the order of the rows is nobody's business"
    live: dict[tuple[str, datetime], Alarm] = {}
    for day in range(25):
        for alarm in evaluate(rules, [m for m in found if m.start <= START + day * DAY]):
            live.setdefault((alarm.cause, alarm.raised), alarm)
    assert set(live) == {(a.cause, a.raised) for a in whole}
    for rule in {a.cause for a in whole}:
        mine = [a for a in whole if a.cause == rule]
        assert all(a.over is not None and a.over <= b.raised for a, b in pairwise(mine)), "one at a time"


def test_a_version_that_is_gone_ends_where_it_went() -> None:
    found = days("oDDD") + days("oooooooo", first=4, version="delay/2")
    early, late = evaluate([RULE], found[:9]), evaluate([RULE], found)
    assert spans(early) == spans(late) == [(1, 2, 6)], "its end does not move with what comes later"


def test_a_mute_takes_a_feature_out_and_leaves_the_others() -> None:
    rule = Rule("moved", "drift", ("distance",), ("?*",), k=2, n=3)
    found = days("oDDD", name="distance", feature="Größe ✈") + days("oDDD", name="distance", feature="wind")
    (both,) = evaluate([rule], found)
    assert set(both.features) == {"Größe ✈", "wind"} and "Größe ✈" in both.message
    (one,) = evaluate([rule], found, muted=[("wind", "")])
    assert one.features == ("Größe ✈",) and "(Größe ✈)" in one.message
    assert evaluate([rule], found, muted=[("wind", ""), ("Größe ✈", "moved")]) == []
    assert len(evaluate([rule], found, muted=[("wind", "other"), ("", "another")])) == 1
    assert evaluate([rule], found, muted=[("", "moved")]) == []


def test_many_features_of_one_cause_are_one_alert_most_severe_first() -> None:
    found = days("oDDDD")
    for i in range(20):
        found += [replace(m, severity=i / 100) for m in days("oDDDD", name="distance", feature=f"f{i:02}")]
    mine = [a for a in evaluate(default_rules("binary"), found) if a.rule == "drift"]
    assert len(mine) == 1 and len(evaluate(default_rules("binary"), found)) == 1
    assert mine[0].features[:3] == ("f19", "f18", "f17") and len(mine[0].features) == 20 and "16 more" in mine[0].message


def test_an_estimate_warns_softly_and_clears_nothing() -> None:
    realised = weeks("o" + "c" * 4 + "-" * 4, "performance", "auc")
    estimated = weeks("o" * 9, "estimate", "auc")
    rules = default_rules("binary")
    (alarm,) = evaluate(rules, realised + estimated)
    assert alarm.rule == "performance" and alarm.holds, "labels stopped; that an estimate is well ends nothing"
    (soft,) = evaluate(rules, weeks("o" + "c" * 5, "estimate", "auc"))
    assert (soft.rule, soft.severity) == ("estimate", "info") and "estimate, assumes P(y|x) unchanged" in soft.message
    assert not any(r.kind == "estimate" for r in default_rules("regression"))


def test_silence_is_an_alarm_of_its_own() -> None:
    rows = [replace(m, value=0.0) if m.verdict == "none" else replace(m, value=500.0) for m in days("oooo--", "volume", "rows", version="")]
    (alarm,) = evaluate(default_rules("binary"), rows)
    assert (alarm.rule, day_of(alarm.raised), alarm.holds) == ("no_data", 5, True)
    assert [a.rule for a in evaluate(default_rules("binary"), days("-" * 60, "labels", "coverage"))] == ["labels_missing"]


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "other"])
def test_every_rule_of_a_model_can_be_written_and_read(kind: str) -> None:
    rules = read_rules({}, kind)
    assert rules == default_rules(kind) and len({r.name for r in rules}) == len(rules)
    assert all(1 <= r.k <= r.n and r.says and r.hint for r in rules)


@pytest.mark.parametrize("clustered", [False, True])
def test_a_quiet_year_of_twenty_features_rings_once_a_month_at_most(clustered: bool) -> None:
    "Twenty features looked at every day by the real comparison, and nothing happens."
    rng = np.random.default_rng(3)
    models, months, alarms = 2, 2, 0
    for _ in range(models):
        def day(clustered: bool = clustered) -> object:
            parts = moody_days(5, 200, 1.0 if clustered else 0.0, rng)
            return profiles([joined(parts)])[0]

        reference = [day() for _ in range(30)]
        windows = [(START + i * DAY, START + (i + 1) * DAY, [day()]) for i in range(30 * months)]
        weights = {f"{c}{i}": 0.05 for i in range(5) for c in ("temp", "wind", "city", "gust")}
        found = drift_measures(reference, windows, importance=weights, model="delay", version="delay/1")
        alarms += len([a for a in evaluate(default_rules("binary"), found) if a.severity != "info"])
    assert alarms <= models * months


def joined(parts: list) -> object:
    import pandas as pd

    return pd.concat([p.add_suffix(str(i)) for i, p in enumerate(parts)], axis=1)
