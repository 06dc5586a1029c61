"""The gate before the champion: what passes, what is refused, what the receipt says, and what a replay shows."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from mlops_nb import Workspace
from mlops_nb.core.errors import CheckFailed, UsageError
from mlops_nb.core.records import ModelVersion, now
from mlops_nb.desk import examining
from mlops_nb.desk.answered import batch_of, window_table
from mlops_nb.desk.held_out import kept_rows
from mlops_nb.desk.production import verify
from mlops_nb.store import lake_served as served

random = np.random.default_rng(3)
N = 3_000
FRAME = pd.DataFrame(
    {
        "flight_id": [f"F{i:05}" for i in range(N)],
        "scheduled": pd.date_range("2013-01-01", periods=N, freq="20min", tz="UTC"),
        "departs": random.uniform(5, 23, N),
        "distance": random.gamma(3, 300, N).round(),
        "carrier": random.choice(["UA", "AA", "DL"], N),
    }
)
FRAME["late"] = random.random(N) < FRAME["departs"] / 30
TRAIN, TEST = FRAME[:2_000], FRAME[2_000:]
NAMED: dict[str, Any] = {"target": "late", "id": "flight_id", "time": "scheduled", "segments": ("carrier",)}
COLUMNS = ["departs", "distance"]


def fitted(rows: pd.DataFrame, columns: list[str], **words: Any) -> LogisticRegression:
    return LogisticRegression(max_iter=500, **words).fit(rows[columns], rows["late"])


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    found = Workspace(tmp_path_factory.mktemp("ws"))
    found.register(fitted(TRAIN, COLUMNS), "delay", train=TRAIN, test=TEST, **NAMED)
    return found


@pytest.fixture(scope="module")
def good(ws: Workspace) -> ModelVersion:
    return ws.register(fitted(TRAIN[200:], COLUMNS, C=0.5), "delay", train=TRAIN[200:], test=TEST, **NAMED)


@pytest.fixture(scope="module")
def bad(ws: Workspace, good: ModelVersion) -> ModelVersion:
    wrong = TRAIN.assign(late=TRAIN["late"].sample(frac=1, random_state=0).to_numpy())
    return ws.register(fitted(wrong, COLUMNS), "delay", train=wrong, test=TEST, **NAMED)


def test_a_check_says_what_it_looked_at_and_what_it_could_not(ws: Workspace, good: ModelVersion) -> None:
    report = ws.check("delay/2")
    states = {c.name: c.state for c in report.checks}
    assert report.passed and (report.against, report.rows, report.data) == ("delay/1", 1_000, "held-out rows of delay/2"), report
    assert states["champion"] == states["metrics auc"] == states["overlap"] == states["leak"] == states["runtimes"] == "ok"
    assert states["skew"] == states["fairness"] == "skipped"
    assert not [c for c in report.checks if c.state == "skipped" and not c.detail]
    assert {p["segment"] for c in report.checks if c.name == "segments" for p in c.parts} == {"carrier=UA", "carrier=AA", "carrier=DL"}

    leaked = ws.check("delay/2", data=TRAIN)
    assert [c.state for c in leaked.checks if c.name == "overlap"] == ["fail"] and not leaked.passed, "rows it has learnt from"
    nothing = ws.check("delay/2", data=TEST[["departs", "distance"]])
    assert not nothing.passed and "metrics" in nothing.summary, "without labels it does not pass"
    absent = ws.check("delay/2", data=TEST.drop(columns="distance"))
    assert not absent.passed and [c.state for c in absent.checks if c.name == "contract"] == ["fail"]


def test_the_champion_is_only_followed_by_what_has_passed(ws: Workspace, good: ModelVersion, bad: ModelVersion) -> None:
    with pytest.raises(CheckFailed, match="delay/3 may not become champion") as refused:
        ws.promote("delay/3")
    assert [c.name for c in refused.value.report.checks if c.state == "fail"][:2] == ["metrics auc", "champion"]
    assert ws.version("delay").version == 1 and ws.promote("delay/3", alias="challenger").to_version == 3, "other names are free"
    with pytest.raises(UsageError, match="nothing says why"):
        ws.promote("delay/3", force=True)

    before = {r.id for r in ws.checks("delay")}
    passed = ws.check("delay/2")
    receipt = ws.promote("delay/2")
    assert receipt.evidence["check"] == {"id": passed.id, "digest": passed.digest, "against": "delay/1", "passed": True}
    assert {r.id for r in ws.checks("delay")} - before == {passed.id}, "the newest passed check is enough"
    assert ws.rollback("delay").to_version == 1, "going back asks for nothing"

    forced = ws.promote("delay/3", force=True, reason="the others are on fire")
    assert forced.forced and forced.reason == "the others are on fire" and "check" not in forced.evidence
    ws.rollback("delay")
    assert {f.state for f in verify(ws.stores)} == {"ok"}


def test_a_report_that_was_changed_opens_nothing(ws: Workspace, good: ModelVersion, bad: ModelVersion) -> None:
    failed = ws.check("delay/3")
    path = ws.settings.state_dir / "checks" / f"{failed.id}.json"
    assert json.loads(path.read_text())["passed"] is False
    path.write_text(path.read_text().replace('"passed": false', '"passed": true'))
    assert failed.id not in {r.id for r in ws.checks()}
    with pytest.raises(CheckFailed):
        ws.promote("delay/3")


def test_the_gate_file_decides_and_a_change_of_it_asks_again(ws: Workspace, good: ModelVersion) -> None:
    assert ws.check("delay/2").passed
    path = ws.write_gate("delay")
    assert path == ws.root / "gates" / "delay.yaml" and ws.check("delay/2").passed
    path.write_text("metrics: {auc: {min: 0.99}}\nfairness: {columns: [carrier]}\n")
    try:
        report = ws.check("delay/2")
        assert [c.name for c in report.checks if c.state == "fail"] == ["metrics auc"]
        assert [c.state for c in report.checks if c.name == "fairness"] == ["ok"]
        with pytest.raises(CheckFailed):
            ws.promote("delay/2")
    finally:
        path.unlink()


def test_registering_with_a_gated_alias_passes_the_same_gate(ws: Workspace, bad: ModelVersion) -> None:
    wrong = TRAIN.assign(late=TRAIN["late"].sample(frac=1, random_state=1).to_numpy())
    with pytest.raises(CheckFailed, match="may not become champion"):
        ws.register(fitted(wrong, COLUMNS), "delay", train=wrong, test=TEST, alias="champion", **NAMED)
    newest = ws.versions("delay")[0]
    assert (newest.state, newest.aliases) == ("proven", ()) and ws.version("delay").version == 1, "it is there, and proven"
    better = ws.register(fitted(TRAIN, COLUMNS, C=0.9), "delay", train=TRAIN, test=TEST, alias="champion", **NAMED)
    assert better.aliases == ("champion",) and ws.receipts("delay")[0].evidence["check"]["passed"]
    ws.rollback("delay")


def test_a_replay_shows_what_would_change_and_hides_who_asked(ws: Workspace, good: ModelVersion, bad: ModelVersion, tmp_path: Path) -> None:
    nothing = ws.replay("delay/3")
    with pytest.raises(UsageError, match="limit is 0"):
        ws.replay("delay/3", limit=0)
    assert nothing.rows == 0 and "nothing was logged" in nothing.summary
    ws.predict("delay/1", TEST, log="profile")
    assert f"profiles of {len(TEST):,} rows" in ws.replay("delay/3").summary
    ws.predict("delay/1", TEST)
    report = ws.replay("delay/3", last="1h")
    before, after = (ws.load(ref).predict(TEST[COLUMNS]) for ref in ("delay/1", "delay/3"))
    assert report.rows == len(TEST) and report.changed == pytest.approx((before != after).mean())
    assert report.logged_differs == 0 and len(report.movers) == 10 and {t["version"] for t in report.latency} == {"delay/1", "delay/3"}
    assert "F02" not in ws.draw_replay(report, "html", tmp_path / "replay.html")
    assert ws.replay("delay/1", against="delay/2").changed < report.changed


def test_skew_is_judged_on_what_was_logged_online(ws: Workspace, good: ModelVersion) -> None:
    version, present = ws.version("delay/1"), now()
    for rows, state in ((TEST, "ok"), (TEST.assign(departs=TEST["departs"] * 60), "warn")):  # minutes where hours were
        answers = ws.predict("delay/1", rows, log="off")
        batch = batch_of(ws.stores, version, rows, answers, "profile", "x" + state, "live", present)
        served.append(ws.stores.lake.place, "profiles", "delay", window_table(ws.stores, version, batch, present), {"x" + state: 1})
        found = next(c for c in ws.check("delay/2").checks if c.name == "skew")
        assert found.state == state, found
    assert found.parts[0]["column"] == "departs"


def test_a_machine_that_is_slow_to_warm_up_still_has_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 9.0, 9.0, 9.25])  # nine seconds to load what it needs, then a quarter for an answer
    monkeypatch.setattr(examining.time, "perf_counter", lambda: next(clock, 99.0))
    asked: list[Any] = []
    assert examining.milliseconds(asked.append, FRAME[:2], times=1) == (250.0, 250.0) and len(asked) == 2


def test_forgetting_reaches_the_rows_that_were_held_out(ws: Workspace, good: ModelVersion) -> None:
    def kept() -> list[int]:
        rows = (kept_rows(ws.settings, "delay", v.version) for v in ws.versions("delay"))
        return [len(r.frame) for r in rows if r is not None]

    before = kept()
    gone = ws.forget("delay", "entity_id = F02007", reason="asked")
    assert kept() == [n - 1 for n in before] and gone.evidence["held_out"] == len(before) and gone.evidence["held_out_remain"] == []
    assert ws.forget("delay", "entity_id = F02007").evidence["held_out"] == 0, "done twice is done once"
    assert ws.check("delay/2").rows == len(TEST) - 1
    left = ws.forget("delay", "received_at < 2000-01-01").evidence
    assert left["held_out"] == 0 and {"held_out/delay-1", "held_out/delay-2"} <= set(left["held_out_remain"]), "nobody can tell: it is said"
