"""Service levels: burn rates against numbers worked out by hand, percentiles against the durations themselves, and names that exist."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from mlops_nb.serve.counters import DURATIONS, HELP
from mlops_nb.watch.grafana import alert_rules, dashboard, expressions, names_in, scrape_config
from mlops_nb.watch.metrics import METRICS
from mlops_nb.watch.service import (
    RULES,
    WINDOWS,
    Burn,
    Minute,
    Objectives,
    burn_measures,
    burns,
    ending,
    measures,
    percentile,
    share_above,
    state_of,
    together,
    windows,
)

NOON = datetime(2013, 11, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PROMISED = Objectives()  # 99.9 %, 99 % within 250 ms


def seen(minutes: int, *, requests: int = 0, failed: int = 0, answered: int | None = 1, end: datetime = NOON) -> list[Minute]:
    """The last minutes before `end`, all alike."""
    found = []
    for i in range(minutes):
        at = end - i * MINUTE
        if answered is not None:
            found.append(Minute(at - MINUTE, at, probes=1, answered=answered))
        if requests:
            buckets = (requests, *(0 for _ in DURATIONS))
            found.append(Minute(at - MINUTE, at, "delay/1", requests, 0, failed, 0.1, DURATIONS, buckets))
    return found[::-1]


def burn(minutes: list[Minute], objective: str, rule: str) -> Burn:
    return next(b for b in burns(minutes, PROMISED, NOON) if (b.objective, b.rule) == (objective, rule))


def test_burn_rates_are_those_worked_out_by_hand() -> None:
    # 60 minutes of 100 requests, the last five with 10 failures each: 50 of 6,000 in the hour, 50 of 500 in five minutes
    minutes = seen(55, requests=100, end=NOON - 5 * MINUTE) + seen(5, requests=100, failed=10)
    found = burn(minutes, "errors", "1h")
    assert found.long == pytest.approx(50 / 6000 / 0.001) and found.short == pytest.approx(50 / 500 / 0.001)
    assert found.long < 14.4 < found.short and not found.burning  # 8.3 over the hour: not yet
    assert burn(minutes, "errors", "6h").burning  # and above 6, with nothing older to dilute it
    worse = seen(55, requests=100, end=NOON - 5 * MINUTE) + seen(5, requests=100, failed=20)
    assert burn(worse, "errors", "1h").long == pytest.approx(16.6666, rel=1e-4) and burn(worse, "errors", "1h").burning


def test_an_alarm_ends_soon_after_the_trouble() -> None:
    over = seen(10, requests=100, failed=50, end=NOON - 5 * MINUTE) + seen(5, requests=100)
    found = burn(over, "errors", "1h")
    assert found.long == pytest.approx(500 / 1500 / 0.001) and found.short == 0.0 and not found.burning


def numbers(one: Minute | None) -> tuple[int, ...]:
    return (one.requests, one.failed, one.probes, one.answered) if one else ()


def test_the_sums_of_all_windows_are_those_of_each() -> None:
    minutes = seen(400, requests=100, failed=1, end=NOON - 4 * MINUTE) + seen(3, answered=0)
    for at in (NOON, NOON - 7 * MINUTE, NOON - timedelta(days=9)):
        alone = {name: together(m for m in minutes if at - width < m.end <= at) for name, width in WINDOWS.items()}
        found = ending(minutes, at)
        assert [numbers(found[name]) for name in WINDOWS] == [numbers(alone[name]) for name in WINDOWS]


def test_the_rules_are_those_of_the_workbook() -> None:
    hours = [(r.long / timedelta(hours=1), r.short / timedelta(minutes=1), r.factor, r.severity) for r in RULES]
    assert hours == [(1, 5, 14.4, "critical"), (6, 30, 6, "critical"), (24, 120, 3, "warning"), (72, 360, 1, "warning")]
    spent = [r.factor * (r.long / timedelta(days=30)) for r in RULES]
    assert spent == pytest.approx([0.02, 0.05, 0.1, 0.1])  # of the allowance of 30 days


def test_a_server_that_is_down_burns_though_it_counts_nothing() -> None:
    minutes = seen(57, requests=1000, end=NOON - 3 * MINUTE) + seen(3, answered=0)
    assert burn(minutes, "uptime", "1h").burning and not burn(minutes, "errors", "1h").burning
    assert state_of(minutes, burns(minutes, PROMISED, NOON), NOON, 60.0)[0] == "down"


def test_one_bad_event_is_no_outage() -> None:
    assert not burn(seen(60, requests=0) + seen(1, requests=10, failed=1, answered=None), "errors", "1h").burning
    assert not burn(seen(59, end=NOON - MINUTE) + seen(1, answered=0), "uptime", "1h").burning
    assert burn(seen(58, end=NOON - 2 * MINUTE) + seen(2, answered=0), "uptime", "1h").burning


def test_nobody_looked_is_never_green() -> None:
    assert all(b.long is None and not b.burning for b in burns([], PROMISED, NOON))
    assert {m.verdict for m in burn_measures(burns([], PROMISED, NOON), "delay", "delay", NOON)} == {"none"}
    gap = seen(30, requests=10, end=NOON - timedelta(hours=3)) + seen(30, requests=10)
    found = windows(gap, timedelta(hours=1), PROMISED, until=NOON + timedelta(hours=2))
    states = [w.verdict for w in found]
    assert states == ["ok", "none", "none", "ok", "none", "none"], states
    told = measures(found, "delay", "delay", PROMISED)
    assert {m.verdict for m in told if m.start == found[1].start} == {"none"}
    assert all(m.value is None and m.reason == "nobody looked" for m in told if m.start == found[1].start and m.name != "watched")
    only = [replace(m, start=m.start - timedelta(hours=2)) for m in gap if m.version][-1:]  # the counters of two hours without an agent
    assert windows(only, timedelta(hours=1), PROMISED)[-1].verdict == "none"
    quiet = state_of(gap, (), NOON + 4 * MINUTE, 60.0)
    assert quiet[0] == "unknown" and "2013-11-01 12:00" in quiet[1]


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
def test_percentiles_are_right_within_a_bucket(q: float) -> None:
    took = np.random.default_rng(3).lognormal(np.log(0.02), 0.9, 20_000)
    edges = np.array(DURATIONS)
    buckets = np.bincount(np.searchsorted(edges, took, side="left"), minlength=len(edges) + 1)
    found, exact = percentile(DURATIONS, buckets.tolist(), q), float(np.quantile(took, q))
    at = int(np.searchsorted(edges, exact))
    assert found is not None and edges[at - 1] <= found <= edges[at]
    assert share_above(DURATIONS, buckets.tolist(), 0.1) == pytest.approx(float((took > 0.1).mean()), abs=1e-12)


def test_every_metric_that_is_asked_for_is_exported() -> None:
    asked = names_in(expressions(dashboard("flights"), alert_rules()))
    assert len(asked) > 12 and asked - set(HELP) - set(METRICS) == set()
    assert names_in(["rate(mlops_nb_made_up_total[5m])"]) - set(HELP) - set(METRICS)  # it would be found


def test_the_dashboard_can_be_imported() -> None:
    board = dashboard("Flüge 100%")
    assert board["schemaVersion"] >= 36 and board["templating"]["list"][0]["type"] == "datasource" and "id" not in board
    panels = [p for p in board["panels"] if p["type"] != "row"]
    assert {p["datasource"]["uid"] for p in panels} == {"${datasource}"} and all(p["targets"] for p in panels)
    places = {(p["gridPos"]["x"], p["gridPos"]["y"]) for p in board["panels"]}
    assert len(places) == len(board["panels"])
    assert [job["static_configs"][0]["targets"] for job in scrape_config("a:1", "")["scrape_configs"]] == [["a:1"]]
