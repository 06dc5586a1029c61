"""A report of a real workspace: registered, asked, labelled late, measured; as a record, as text and as a page."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from mlops_nb.core.errors import ModelNotFound, UsageError
from mlops_nb.core.measures import Measure
from mlops_nb.core.serving import Alert
from mlops_nb.desk.reporting import watch_report
from mlops_nb.desk.workspace import Workspace, make_workspace
from mlops_nb.doors.cli import main

random = np.random.default_rng(5)
N = 4_000
FRAME = pd.DataFrame({
    "flight_id": np.arange(N),
    "scheduled": pd.date_range("2013-01-01", periods=N, freq="20min"),
    "temp": random.normal(40, 9, N),
    "distance": random.normal(0, 1, N),
    "carrier": random.choice([0, 1, 2], N),
})  # fmt: skip
FRAME["late"] = random.random(N) < 1 / (1 + np.exp(-(FRAME["temp"] - 40) / 5 - FRAME["distance"]))
FEATURES = ["temp", "distance", "carrier"]
TRAIN, TEST, LIVE = FRAME[:1_500], FRAME[1_500:2_000], FRAME[2_000:].reset_index(drop=True)


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Four weeks of answers; from the third on it is warm, and labels are known of the first."""
    ws = Workspace(make_workspace(tmp_path_factory.mktemp("flüge & 1")).root)
    fit = LogisticRegression().fit(TRAIN[FEATURES], TRAIN["late"])
    ws.register(fit, "late", train=TRAIN, test=TEST, target="late", id="flight_id", time="scheduled")
    warm = LIVE.assign(temp=LIVE["temp"] + 25 * (LIVE["scheduled"] > LIVE["scheduled"].iloc[1_000]))
    ws.predict("late", warm)
    ws.label("late", LIVE[["flight_id", "late"]][:1_000])
    return ws


def measures(ws: Workspace) -> list[Measure]:
    "Two weeks as a pass leaves them."
    days = pd.to_datetime(LIVE["scheduled"]).dt.floor("D").unique()
    out = []
    for i, day in enumerate(days):
        start = day.to_pydatetime().replace(tzinfo=UTC)
        at = {"model": "late", "version": "late/1", "start": start, "end": start + timedelta(days=1), "n": 72}
        moved = i > len(days) // 2
        out.append(Measure(kind="volume", name="rows", value=72, **at))
        for name in FEATURES:
            bad = moved and name == "temp"
            out.append(Measure(kind="drift", name="cdf_gap", feature=name, value=0.9 * bad, severity=0.5 * bad,
                               verdict="drifted" if bad else "ok", reason="values moved up" if bad else "", **at))  # fmt: skip
    return out


def test_what_is_kept_is_in_the_report(ws: Workspace) -> None:
    report = watch_report(ws.stores, "late", "1d", None, measures(ws))
    assert report.version == "late/1" and report.alias == "champion" and report.since == ws.receipts("late")[0].at
    assert report.state == "drifted" and report.features[0].name == "temp" and report.features[0].share > 0.3
    assert report.receipts == tuple(ws.receipts("late")) and report.workspace == ws.name and report.made_by.startswith("mlops_nb ")
    (shape,) = report.shapes
    assert shape.feature == "temp" and sum(shape.reference) == pytest.approx(1, abs=0.02) == sum(shape.seen)
    middle = np.convolve(shape.edges, [0.5, 0.5], "valid")
    assert np.dot(middle, shape.seen) - np.dot(middle, shape.reference) == pytest.approx(25, abs=3), "the profiles of that window"
    assert watch_report(ws.stores, "late", "1d", "3d", measures(ws)).windows[0].start == report.windows[-3].start
    assert 'class="mlops-watch"' in report._repr_html_()


def test_an_alert_leads_to_its_notebook(ws: Workspace, tmp_path: Path) -> None:
    run = ws.settings.state_dir / "runs" / "20130115-look"
    run.mkdir(parents=True)
    (run / "executed.ipynb").write_text("{}")
    page = tmp_path / "a page & more" / "late.html"
    told = Alert("a1", "drift", "warning", "temp moved", model="late", at=datetime(2013, 2, 10, tzinfo=UTC))
    found = replace(watch_report(ws.stores, "late", "1d", None, measures(ws)), alerts=(told,))
    if "evidence" in Alert.__dataclass_fields__:
        found = replace(found, alerts=(replace(told, evidence={"run": "20130115-look"}),))
        text = ws.draw_report(found, page).read_text()
        (href,) = re.findall(r'<a href="([^"]+)"', text)
        assert (page.parent / unquote(href)).resolve() == (run / "executed.ipynb").resolve()
    ws.draw_report(replace(found, alerts=(replace(told, id="gone"),)), page)
    assert "temp moved" in page.read_text() and "<a " not in page.read_text()


def test_a_model_of_which_nothing_is_known(ws: Workspace) -> None:
    silent = watch_report(ws.stores, "late", "month", None, [])
    assert silent.state == "silent" and silent.now is None and "not good news" in silent.summary[0]
    with pytest.raises(ModelNotFound):
        ws.watch("nobody")
    with pytest.raises(UsageError, match="window="):
        ws.watch("late", window="sometimes")


def test_the_first_report_takes_a_pass(ws: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read = Workspace(ws.root, read_only=True).watch("late", window="7d")
    assert read.state in ("drifted", "failing") and ws.measures("late", window="7d") == [], "a reader changes nothing"
    report = ws.watch("late", window="7d")
    assert report.digest == read.digest and ws.measures("late", window="7d")
    with ws.stores.control.lease("watch", "somebody else", ttl_s=60):
        assert "somebody else" in ws.watch("late", window="7d").notes[0]
    assert report.state in ("drifted", "failing") and report.windows[-1].rows
    assert sum(w.rows or 0 for w in report.windows) == (LIVE["scheduled"] < "2013-02-25").sum() == 1_960
    assert "has hardly begun" in report.notes[0], "of the week of the 25th there is one day"
    assert next(f.name for f in report.features if not f.is_answer) == "temp"
    assert any(w.realised.known for w in report.windows) and any(w.estimated.known for w in report.windows)
    page = tmp_path / "late.html"
    assert main(["-C", str(ws.root), "watch", "report", "late", "--window", "7d", "--html", str(page)]) == 0
    assert str(page) in capsys.readouterr().out and report.digest in page.read_text()
    assert main(["-C", str(ws.root), "watch", "report", "late", "--window", "7d", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["digest"] == report.digest
    assert main(["-C", str(ws.root), "watch", "report", "late", "--last", "14d"]) == 0
    text = capsys.readouterr().out
    assert "temp" in text and max(map(len, text.splitlines())) <= 100
