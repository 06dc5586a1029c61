"""Passes of the watch over a real workspace: each measure once, again when something changed, and never green without data."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from agents import left_alone, wait_until
from sklearn.linear_model import LinearRegression, LogisticRegression

from mlops_nb.core.errors import Busy, UsageError
from mlops_nb.core.measures import Measure
from mlops_nb.core.settings import load
from mlops_nb.desk import expecting, profiled
from mlops_nb.desk.agent_client import call, ensure_agent
from mlops_nb.desk.labelling import us_of
from mlops_nb.desk.measuring import take
from mlops_nb.desk.watching import Watching
from mlops_nb.desk.workspace import Workspace, make_workspace
from mlops_nb.doors.cli import main
from mlops_nb.store import lake_served as served
from mlops_nb.watch import windows

random = np.random.default_rng(5)
FEATURES = ["departs", "distance", "hub"]
ABOUT = {"target": "late", "id": "flight_id", "time": "scheduled", "segments": ("hub",)}


def flights(first: str, days: int, a_day: int = 144, shift: float = 0.0, id: int = 0) -> pd.DataFrame:
    """Flights of some days; those of a shifted distance are later."""
    n = days * a_day
    rows = pd.DataFrame({
        "flight_id": np.arange(id, id + n),
        "scheduled": pd.date_range(first, periods=n, freq=pd.Timedelta(days=1) / a_day),
        "departs": random.normal(0, 1, n),
        "distance": random.normal(shift, 1, n),
        "hub": random.integers(0, 3, n),
    })  # fmt: skip
    return rows.assign(late=random.random(n) < 1 / (1 + np.exp(-rows["departs"] - 2 * rows["distance"])))


TRAIN, TEST = flights("2013-01-01", 14), flights("2013-01-15", 7)
LIVE = pd.concat([flights("2013-02-01", 10, id=10_000), flights("2013-02-11", 2, shift=2.5, id=20_000)], ignore_index=True)


def at(day: int, month: int = 2) -> datetime:
    return datetime(2013, month, day, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a model of two classes and one of numbers; nothing was asked of them."""
    ws = Workspace(make_workspace(tmp_path_factory.mktemp("flüge 2")).root)
    fit = LogisticRegression().fit(TRAIN[FEATURES], TRAIN["late"])
    assert ws.register(fit, "late", train=TRAIN, test=TEST, **ABOUT).state == "proven"
    number = LinearRegression().fit(TRAIN[FEATURES[:2]], TRAIN["departs"] * 2)
    ws.register(number, "minutes", train=TRAIN.assign(minutes=TRAIN["departs"] * 2), target="minutes", id="flight_id", time="scheduled")
    return ws.root


@pytest.fixture
def ws(made: Path) -> Workspace:
    """The workspace, with a lake of its own for each test."""
    ws = Workspace(made)
    for area in served.AREAS:
        folder = Path(ws.settings.lake) / area
        if folder.exists():
            folder.rename(folder.with_name(f"{area}-{len(list(folder.parent.iterdir()))}"))
    return ws


def chosen(found: list[Measure], kind: str, name: str, segment: str = "", **more: str) -> list[Measure]:
    return [m for m in found if (m.kind, m.name, m.segment) == (kind, name, segment) and all(getattr(m, k) == v for k, v in more.items())]


def content(ws: Workspace) -> list[tuple[object, ...]]:
    "What is stored, but for the ages, which go on growing."
    found = ws.measures("late", window="")
    return [(m.of, m.start, m.value, m.verdict) for m in found if m.kind != "freshness"]


def test_a_pass_takes_everything_once_and_again_only_what_changed(ws: Workspace) -> None:
    ws.predict("late", LIVE)
    first = ws.take_measures("late")
    score = chosen(first, "drift", "score")
    assert [m.verdict for m in score] == ["ok"] * 10 + ["drifted"] * 2 and score[0].version == "late/1"
    moved = [m for m in first if m.kind == "drift" and m.feature and m.start == at(11) and m.verdict == "drifted" and not m.segment]
    assert [m.feature for m in moved if m.feature in FEATURES] == ["distance"] and moved[0].value > 0.4 and 0 < moved[0].severity <= 1
    answers = [m for m in first if m.feature == "score" and m.kind == "drift" and not m.segment]
    assert {m.verdict for m in answers[:10]} == {"ok"} and answers[-1].verdict != "ok" and "held-out rows" in answers[0].reason
    assert {m.verdict for m in chosen(first, "quality", "broken_rules")} == {"ok"}
    assert [m.value for m in chosen(first, "volume", "rows", version="", source="")] == [144.0] * 12
    assert [m.verdict for m in chosen(first, "labels", "coverage")] == ["none"] * 12, "no labels is never green"
    assert chosen(first, "performance", "auc")[0].value is None and chosen(first, "performance", "auc")[0].verdict == "none"
    guess = chosen(first, "estimate", "auc")
    assert len(guess) == 12 and guess[0].value > 0.6 and "assumes P(y|x) unchanged" in guess[0].reason
    stored = ws.measures("late")
    assert [m.to_dict() for m in stored] == [m.to_dict() for m in first] and len({(m.of, m.start) for m in stored}) == len(stored)

    kinds = {m.kind for m in ws.take_measures("late")}
    assert kinds == {"freshness"}, "nothing else has changed"
    ws.predict("late", LIVE[:100].assign(flight_id=LIVE["flight_id"][:100] + 10**6))
    again = ws.take_measures("late")
    assert {m.start for m in again if m.kind in ("drift", "quality")} == {at(1)}
    assert len(ws.measures("late")) == len({(m.of, m.start) for m in ws.measures("late")}), "each once"
    assert chosen(ws.measures("late"), "volume", "rows", version="")[0].value == 244


def test_labels_that_come_late_change_their_windows(ws: Workspace) -> None:
    ws.predict("late", LIVE)
    ws.take_measures("late")
    ws.label("late", LIVE[["flight_id", "late"]][:288])
    late = ws.take_measures("late")
    seen = chosen(ws.measures("late"), "performance", "auc")
    assert [m.value is None for m in seen] == [False] * 2 + [True] * 10
    assert not [m for m in late if m.kind == "drift"], "profiles are as they were"
    assert seen[0].reference == pytest.approx(ws.version("late/1").metrics["auc"]) and seen[0].verdict == "ok" and seen[0].n == 144
    report = ws.performance("late")
    assert seen[0].value == pytest.approx(report.windows[0].realised.metrics["auc"].value)
    assert [m.value for m in chosen(ws.measures("late"), "labels", "coverage")] == [1.0] * 2 + [0.0] * 10
    wrong = LIVE[["flight_id", "late"]][:144].assign(late=~LIVE["late"][:144])
    ws.label("late", wrong)  # corrected, for one day
    ws.take_measures("late")
    after = chosen(ws.measures("late"), "performance", "auc")
    assert after[0].value == pytest.approx(1 - seen[0].value) and after[0].verdict == "changed" and after[1].value == seen[1].value
    assert chosen(ws.measures("late"), "concept", "diverging")[0].verdict == "drifted"


def test_windows_of_other_widths_stand_beside(ws: Workspace) -> None:
    ws.predict("late", pd.concat([LIVE, flights("2013-03-01", 3, id=30_000)], ignore_index=True))
    ws.label("late", LIVE[["flight_id", "late"]])
    for window in ("7d", "month", "1d"):
        ws.take_measures("late", window=window)
    months = chosen(ws.measures("late", window="month"), "drift", "score")
    assert [(m.start, m.end, m.n) for m in months] == [(at(1), at(1, 3), 12 * 144), (at(1, 3), at(1, 4), 3 * 144)]
    assert {m.start.weekday() for m in ws.measures("late", window="7d", kinds=["performance", "drift"])} == {0}
    assert chosen(ws.measures("late", window="month"), "labels", "coverage")[0].n == 12 * 144
    assert len(chosen(ws.measures("late"), "drift", "score")) == 15 and len(ws.measures("late", window="")) > len(ws.measures("late"))
    with pytest.raises(UsageError, match="not a length"):
        ws.take_measures("late", window="often")


def test_declared_normal_and_taken_back(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    ws.predict("late", pd.concat([LIVE, flights("2013-02-13", 2, shift=2.5, id=40_000), flights("2013-02-15", 1, shift=-3, id=50_000)]))
    before = chosen(ws.take_measures("late"), "drift", "score")
    assert [m.verdict for m in before[10:]] == ["drifted"] * 5
    with pytest.raises(UsageError, match=r"ends at 2013-01-01 00:00, and begins at 2013-02-01 00:00"):
        ws.expect("late", "2013-02-01", "2013-01-01")
    with pytest.raises(UsageError, match=r"late/1 has 0 answered rows in the window 2014-01-01 00:00 to .*; a reference needs 30\."):
        ws.expect("late/1", "2014-01-01", "2014-02-01")
    with pytest.raises(UsageError, match="no feature"):
        ws.expect("late/1", "2013-02-12", "2013-02-13", feature="distanze")
    receipt = ws.expect("late/1", "2013-02-12", "2013-02-13", reason="longer routes since the 11th")
    assert receipt.action == "reference" and receipt.state == "done" and receipt.evidence["rows"] == 144
    again = ws.take_measures("late")
    assert {m.start for m in again if m.kind == "drift"} == {at(d) for d in range(12, 16)}, "what was before stays as it was judged"
    after = chosen(ws.measures("late"), "drift", "score")
    assert [m.verdict for m in after[10:]] == ["drifted", "ok", "ok", "ok", "drifted"]
    assert "declared normal" in next(m for m in again if m.feature == "distance" and m.start == at(13)).reason
    assert [e.receipt for e in ws.expected("late")] == [receipt.id] and ws.verify()[0].state == "ok"
    assert main(["-C", str(ws.root), "watch", "expect", "late/1", "--undo", receipt.id]) == 0
    assert "was taken back" in capsys.readouterr().out
    with pytest.raises(UsageError, match="taken back already"):
        ws.expect("late/1", undo=receipt.id)
    ws.take_measures("late")
    assert [m.verdict for m in chosen(ws.measures("late"), "drift", "score")[10:]] == ["drifted"] * 5


def test_a_handful_of_rows_is_not_the_new_normal(ws: Workspace) -> None:
    few = [flights(f"2013-02-{day}", 1, a_day=n, shift=2.5, id=40_000 + 1_000 * day) for day, n in ((13, 29), (14, 30))]
    ws.predict("late", pd.concat([LIVE, *few]))
    before = ws.expected("late")
    with pytest.raises(UsageError, match=r"late/1 has 29 answered rows in the window 2013-02-13 .* needs 30\.") as refused:
        ws.expect("late/1", "2013-02-13", "2013-02-14")
    assert "watch profiles late/1" in str(refused.value.hint) and ws.expected("late") == before, "and it leaves no receipt"
    ws.expect("late/1", undo=ws.expect("late/1", "2013-02-14", "2013-02-15").id)


def test_against_other_windows(ws: Workspace) -> None:
    last = flights("2012-02-11", 2, shift=2.5, id=60_000)  # the same days of the year before were like these
    ws.predict("late", pd.concat([LIVE, last.assign(scheduled=last["scheduled"] + pd.Timedelta(days=2))], ignore_index=True))
    ws.take_measures("late", reference="previous 7 windows")
    score = {m.start: m for m in chosen(ws.measures("late"), "drift", "score")}
    assert score[at(11)].verdict == "drifted" and "previous 7 windows" in score[at(11)].reason
    assert score[datetime(2012, 2, 13, tzinfo=UTC)].verdict == "none", "there is nothing before the first window"
    found = ws.take_measures("late", reference="same period last year")
    score = {m.start: m for m in chosen(found, "drift", "score")}
    assert score[at(11)].verdict == "ok" and score[at(10)].verdict == "none"


def test_no_data_is_said_and_events_of_the_future_are_kept_apart(ws: Workspace) -> None:
    present = at(12, 3)
    gone = pd.concat([flights("2013-03-01", 5, id=70_000), flights("2013-03-08", 4, id=80_000), flights("2013-03-20", 1, id=90_000)])
    ws.predict("late", gone)
    found = take(ws.stores, "late", present=present)
    rows = chosen(found, "volume", "rows", version="")
    assert [m.value for m in rows] == [144.0] * 5 + [0.0] * 2 + [144.0] * 4 and {m.verdict for m in rows[5:7]} == {"none"}
    assert "no data" in rows[5].reason and max(m.start for m in found if m.kind == "drift") == at(11, 3)
    future = chosen(found, "quality", "future_rows")
    assert len(future) == 1 and future[0].value == 144 and "after the present" in future[0].reason
    assert not [m for m in ws.measures("late", kinds=["drift"]) if m.start > present]
    take(ws.stores, "late", present=at(21, 3))
    assert max(m.start for m in ws.measures("late", kinds=["drift"])) == at(20, 3), "its time has come"
    assert [m.start for m in chosen(ws.measures("late"), "quality", "future_rows")] == [at(11, 3)], "of then, not of now"


def test_one_row_and_a_model_of_numbers(ws: Workspace) -> None:
    day = flights("2013-04-02", 1, id=100_000)
    ws.predict("late", flights("2013-04-01", 1, a_day=1))
    found = take(ws.stores, "late")
    alone = chosen(found, "drift", "score")
    assert [m.verdict for m in alone] == ["none"] and "needed to call it unchanged" in alone[0].reason and alone[0].n == 1
    ws.predict("minutes", day[["flight_id", "scheduled", "departs", "distance"]])
    numbers = take(ws.stores, "minutes")
    guess = chosen(numbers, "estimate", "r2")
    assert guess[0].value is None and guess[0].verdict == "none" and guess[0].reason.startswith("no estimate")
    answers = [m for m in numbers if m.feature == "prediction"]
    assert answers and all("first 1 windows" in m.reason for m in answers), "no held-out rows: said so"


def test_a_version_that_is_gone_has_no_reference(ws: Workspace) -> None:
    ws.predict("late", LIVE[:288])
    place = ws.stores.lake.place
    rows = served.read(place, "profiles", "late")
    import pyarrow as pa

    other = rows.set_column(rows.column_names.index("version"), "version", pa.array(["late/9"] * rows.num_rows))
    served.append(place, "profiles", "late", other, {"x": 1})
    found = take(ws.stores, "late")
    lost = chosen(found, "drift", "score", version="late/9")
    assert [m.verdict for m in lost] == ["none"] * 2 and "not to be had" in lost[0].reason
    assert [m.verdict for m in chosen(found, "drift", "score", version="late/1")] == ["ok"] * 2


def test_features_come_and_go_between_versions(ws: Workspace) -> None:
    frame = TRAIN.assign(gust=random.normal(size=len(TRAIN)))
    fit = LogisticRegression().fit(frame[["departs", "gust"]], frame["late"])
    ref = ws.register(fit, "late", train=frame, test=TEST.assign(gust=0.5), **{**ABOUT, "segments": ()}).ref
    live = LIVE[:288].assign(gust=random.normal(size=288))
    ws.predict("late/1", live)
    ws.predict(ref, live)
    found = take(ws.stores, "late")
    named = {v: {m.feature for m in found if m.version == v and m.kind == "drift" and not m.segment} for v in ("late/1", ref)}
    assert named["late/1"] == {"", *FEATURES, "prediction", "score"} and named[ref] == {"", "departs", "gust", "prediction", "score"}
    assert [m.value for m in chosen(found, "volume", "rows", version="", source="")] == [288.0] * 2


def test_days_are_utc_whatever_the_clocks_do(ws: Workspace) -> None:
    for n, night in enumerate(("2013-03-09", "2013-11-02")):  # New York: 23 hours, then 25
        hours = pd.date_range(night, periods=72, freq="1h", tz="America/New_York")
        rows = flights("2013-01-01", 1, a_day=72, id=200_000 + 1000 * n).assign(scheduled=hours)
        ws.predict("late", rows)
    found = chosen(take(ws.stores, "late"), "volume", "rows", version="late/1", source="")
    march, november = [m for m in found if m.start.month == 3], [m for m in found if m.start.month == 11]
    assert [m.value for m in march] == [19.0, 24.0, 24.0, 5.0] and [m.value for m in november] == [20.0, 24.0, 24.0, 4.0]
    assert all(m.end - m.start == timedelta(days=1) and m.start.hour == 0 for m in found)


def test_segments_and_their_past(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    early = flights("2013-02-01", 40, a_day=150, id=300_000)
    late = flights("2013-03-13", 2, a_day=150, id=400_000)
    odd = late.assign(distance=late["distance"] + 3 * (late["hub"] == 1))
    ws.predict("late", pd.concat([early, odd], ignore_index=True))
    found = take(ws.stores, "late")
    moved = [m for m in found if m.segment and m.kind == "drift" and m.name == "score" and m.verdict in ("changed", "drifted")]
    assert {(m.segment, m.start) for m in moved} == {("hub=1", at(13, 3)), ("hub=1", at(14, 3))}
    assert {m.segment for m in found if m.kind == "performance" and m.segment} == {"hub=0", "hub=1", "hub=2"}
    assert ws.measures("late", segment="hub=7") == [] and {m.segment for m in ws.measures("late", segment="all")} == {""}

    whole = served.read(ws.stores.lake.place, "profiles", "late").num_rows
    with pytest.raises(UsageError, match="neither a feature nor a declared segment"):
        ws.backfill_profiles("late/1", "colour")
    before = ws.profiles("late", segment="hub=1")
    assert main(["-C", str(ws.root), "watch", "profiles", "backfill", "late/1", "--segment", "hub"]) == 0
    assert "42 days from 6,300 answers" in capsys.readouterr().out
    after = ws.profiles("late", segment="hub=1")
    key = ["window_start", "column"]
    same = ["n", "nulls", "mean", "min", "max"]
    assert before.groupby(key)[same].first().round(9).equals(after.groupby(key)[same].first().round(9)), "as they were made at the time"
    assert served.read(ws.stores.lake.place, "profiles", "late").num_rows <= whole
    done = ws.backfill_profiles("late/1", "departs", since="2013-02-01", until="2013-02-03")
    assert (done.windows, done.rows) == (2, 300)
    assert set(ws.profiles("late", segment="hub=1")["window_start"]) == set(after["window_start"])


def test_few_profiles_in_memory_at_a_time_say_the_same(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    ws.predict("late", pd.concat([flights("2013-02-01", 40, id=700_000), flights("2013-03-13", 4, shift=2.5, id=800_000)]))

    def told(window: str) -> dict[tuple[object, ...], object]:
        found = take(ws.stores, "late", window=window, fresh=True)
        return {(m.start, *m.of): (m.verdict, m.n, None if m.value is None else round(m.value, 1)) for m in found if m.kind != "freshness"}

    sizes: list[int] = []
    load = profiled.load

    def loaded(*asked: Any) -> profiled.Loaded:
        found = load(*asked)
        sizes.append(sum(rows.num_rows for days in found.parts.values() for parts in days.values() for _, rows in parts))
        return found

    monkeypatch.setattr(profiled, "load", loaded)
    for window in ("1d", "7d"):
        sizes.clear()
        whole, most = told(window), max(sizes)
        with monkeypatch.context() as few:
            few.setattr(profiled, "MOST", 240)
            sizes.clear()
            assert told(window) == whole and len(sizes) >= 4 and max(sizes) <= 480 < most
        assert any("hub=1" in m for m in whole) and {v for v, *_ in whole.values()} >= {"ok", "drifted"}


def test_a_segment_of_many_values_is_named_alike_on_all_days(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "MOST_SEGMENTS", 5)
    monkeypatch.setattr(expecting, "BATCH", 100)  # answers: each day is a part of its own
    days = [flights(f"2013-02-0{n}", 1, a_day=80, id=100 * n) for n in (1, 2, 3)]
    ws.predict("late", pd.concat([day.assign(departs=(np.arange(len(day)) + n) % 8) for n, day in enumerate(days)]))
    ws.backfill_profiles("late/1", "departs")
    rows = served.read(ws.stores.lake.place, "profiles", "late", columns=["segment", "window_start"]).to_pandas()
    mine = rows[rows["segment"].str.startswith("departs=")]
    of = {str(day.date()): set(part["segment"]) for day, part in mine.groupby("window_start")}
    assert len(of) == 3 and len(set().union(*of.values())) == 6, "five values, and the others"
    ws.backfill_profiles("late/1", "departs", since="2013-02-02", until="2013-02-03")
    again = served.read(ws.stores.lake.place, "profiles", "late", columns=["segment"])["segment"].to_pylist()
    assert {s for s in again if s.startswith("departs=")} == set().union(*of.values()), "a part of the days has the names of the others"


def test_batch_runs_count_and_skew_is_seen(ws: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLOPS_NB_RUN_ID", "20130201-score-1")
    monkeypatch.setenv("MLOPS_NB_RUN_DIR", str(tmp_path))
    ws.predict("late", LIVE)
    monkeypatch.delenv("MLOPS_NB_RUN_ID")
    place, model = ws.stores.lake.place, "late"
    found = take(ws.stores, model)
    assert {m.source for m in chosen(found, "volume", "rows", version="late/1")} == {"", "batch"}
    assert len(chosen(found, "drift", "score")) == 12 and not [m for m in found if m.kind == "skew"]
    import pyarrow as pa

    rows = served.read(place, "profiles", model)
    shifted = rows.filter(pa.array([s.date() in (at(10).date(), at(11).date()) for s in rows["window_start"].to_pylist()]))
    day = pa.array([at(10).date()] * shifted.num_rows)
    moved = shifted.set_column(shifted.column_names.index("source"), "source", pa.array(["live"] * shifted.num_rows))
    for name, value in (("window_start", at(10)), ("window_end", at(11))):
        moved = moved.set_column(moved.column_names.index(name), name, pa.array([value] * moved.num_rows, served.instant()))
    served.append(place, "profiles", model, moved.set_column(moved.column_names.index("date"), "date", day), {"y": 1})
    skew = [m for m in take(ws.stores, model) if m.kind == "skew"]
    assert skew[0].name == "batch_online" and skew[0].verdict in ("changed", "drifted") and skew[0].start == at(10)
    assert {m.feature for m in skew[1:]} >= {"distance"}


KILLED = """
import os, signal, sys
from mlops_nb.desk.measuring import take
from mlops_nb.desk.workspace import Workspace
from mlops_nb.store import lake_served as served

where = sys.argv[2]
real = served.rewrite_dates
def kill(*a, **k):
    if where == "after":
        real(*a, **k)
    os.kill(os.getpid(), signal.SIGKILL)
served.rewrite_dates = kill
ws = Workspace(sys.argv[1])
with ws.stores.control.lease("watch", "one that dies", ttl_s=600):
    take(ws.stores, "late")
"""


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_killed_pass_leaves_all_or_nothing(ws: Workspace, where: str) -> None:
    ws.predict("late", LIVE[:432])
    done = subprocess.run([sys.executable, "-c", KILLED, str(ws.root), where], env=os.environ, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert bool(content(ws)) == (where == "after")
    again = ws.take_measures("late")  # the lease of the dead one blocks nobody
    assert {m.kind for m in again} == ({"freshness"} if where == "after" else {m.kind for m in ws.measures("late")})
    stored = content(ws)
    ws.take_measures("late", fresh=True)
    assert content(ws) == stored and len({(m.of, m.start) for m in ws.measures("late")}) == len(ws.measures("late"))


def test_one_agent_watches_and_tells_what_follows(ws: Workspace) -> None:
    ws.predict("late", LIVE[:288])
    ws.predict("minutes", LIVE[:288])
    watching, told = Watching(ws.settings, lambda: ws), []
    broken = RuntimeError("no way out")

    def fails(model: str, measures: list[Measure]) -> None:
        raise broken

    watching.after_pass += [fails, lambda model, measures: told.append((model, len(measures)))]
    with ws.stores.control.lease("watch", "another agent"):
        watching.look()
        with pytest.raises(Busy):
            ws.take_measures("late")
    assert told == []
    with pytest.raises(RuntimeError, match="no way out"):
        watching.look()
    assert [model for model, n in told] == ["late", "minutes"] and all(n > 10 for _, n in told)
    assert watching.duty()["watching"].every == 300.0


def test_the_agent_makes_passes(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_NB_WATCH_EVERY", "0.5")
    place = load(ws.root)
    ws.predict("late", LIVE[:288])
    with left_alone(place):
        ensure_agent(place, timeout=300)
        wait_until(lambda: ws.measures("late"), words="a pass was made")
        duty = next(d for d in call(place, "status")["duties"] if d["name"] == "watching")
    assert duty["every_s"] == 0.5 and not duty["problem"]
    assert [m.verdict for m in chosen(ws.measures("late"), "drift", "score")] == ["ok"] * 2
    assert "watching" not in Watching(replace(place, watch_every=0.0), lambda: ws).duty()


def test_the_command(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    ws.predict("late", LIVE)
    assert main(["-C", str(ws.root), "watch", "pass", "late"]) == 0
    said = capsys.readouterr().out
    assert "Newest window, 2013-02-12" in said and "distance" in said
    assert main(["-C", str(ws.root), "watch", "pass", "late", "--fresh", "-o", "json"]) == 0
    items = json.loads(capsys.readouterr().out)["items"]
    assert len(items) == len(ws.measures("late")) and Measure.from_dict(items[0]).to_dict() == items[0]
    assert main(["-C", str(ws.root), "watch", "profiles", "late", "--column", "distance"]) == 0
    assert "2013-02-12" in capsys.readouterr().out
    assert us_of(at(1)) == int(at(1).timestamp() * 1e6)
