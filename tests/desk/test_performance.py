"""How right a model was: registered, asked, labelled late and in two batches, read back from the lake."""

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk
from sklearn.linear_model import LinearRegression, LogisticRegression

from mlops_nb.core.errors import UsageError
from mlops_nb.desk.labelling import Answers, Truth
from mlops_nb.desk.performance import PerformanceReport, performance_report
from mlops_nb.desk.workspace import Workspace, make_workspace
from mlops_nb.doors.cli import main
from mlops_nb.store import lake_served as served
from mlops_nb.watch.estimate import UNKNOWN, read_calibration

random = np.random.default_rng(17)
N = 3_000
FRAME = pd.DataFrame({
    "flight_id": np.arange(N),
    "scheduled": pd.date_range("2013-01-01", periods=N, freq="10min"),
    "departs": random.normal(0, 1, N),
    "distance": random.normal(0, 1, N),
    "hub": random.integers(0, 3, N),
    "carrier": random.choice(["UA", "B6"], N),
})  # fmt: skip
FRAME["late"] = random.random(N) < 1 / (1 + np.exp(-1.5 * FRAME["departs"] - FRAME["distance"]))
FRAME["delay"] = 10 * FRAME["departs"] + random.normal(0, 3, N)
FEATURES = ["departs", "distance", "hub"]
TRAIN, TEST, LIVE = FRAME[:1_000], FRAME[1_000:2_000], FRAME[2_000:].reset_index(drop=True)
ABOUT = {"id": "flight_id", "time": "scheduled", "segments": ("hub", "carrier")}


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace in which a thousand flights were scored, and labels came in two batches."""
    ws = Workspace(make_workspace(tmp_path_factory.mktemp("flüge 1")).root)
    fit = LogisticRegression().fit(TRAIN[FEATURES], TRAIN["late"])
    assert ws.register(fit, "late", train=TRAIN, test=TEST, target="late", **ABOUT).state == "proven"
    number = LinearRegression().fit(TRAIN[FEATURES], TRAIN["delay"])
    ws.register(number, "delay", train=TRAIN, target="delay", **ABOUT)
    ws.label("late", LIVE[["flight_id", "late"]][:100])  # before their predictions
    ws.predict("late", LIVE)
    ws.predict("delay", LIVE)
    return ws


def scores(ws: Workspace, rows: pd.DataFrame) -> np.ndarray:
    return ws.load("late/1").predict_proba(rows[FEATURES])[:, 1]


def test_no_labels_is_not_green_and_late_ones_change_their_window(ws: Workspace) -> None:
    before = ws.performance("late", window="1d")
    assert before.state == "none" and "nothing is known" in before.summary and before.now.isoformat().startswith("2013-01-21")
    assert [(w.n, w.labelled) for w in before.windows][:3] == [(16, 16), (144, 84), (144, 0)], "labels that came early are there"
    assert before.windows[0].realised.state == "few"
    newest = before.windows[-1]
    assert newest.realised.note == "no labels" and newest.concept.verdict == "none" and newest.estimated.metrics["auc"].value > 0.5

    wrong = LIVE[["flight_id", "late"]].assign(late=~LIVE["late"], labelled_at=pd.Timestamp("2013-03-01"))
    ws.label("late", wrong)
    told = LIVE[["flight_id", "late"]].assign(labelled_at=pd.Timestamp("2013-04-01"))
    ws.label("late", pd.concat([told, told.assign(flight_id=told["flight_id"] + 10**6)]))  # corrected, and some for unknown flights
    ws.label("late", told)  # once more
    after = ws.performance("late", window="1d")
    assert after.state == "known" and sum(w.labelled for w in after.windows) == len(LIVE)
    day = LIVE[LIVE["scheduled"].dt.date == after.windows[2].start.date()]
    assert len(day) == after.windows[2].n == 144
    found = {m: v.value for m, v in after.windows[2].realised.metrics.items()}
    score = scores(ws, day)
    assert found["auc"] == pytest.approx(sk.roc_auc_score(day["late"], score), abs=1e-9)
    assert found["f1"] == pytest.approx(sk.f1_score(day["late"], score > 0.5), abs=1e-9)
    assert found["brier"] == pytest.approx(sk.brier_score_loss(day["late"], score), abs=1e-9)
    assert after.trends[0].error_rate.verdict == "ok" and after.trends[0].cusum.verdict == "ok"


def test_estimates_stand_beside_and_are_marked(ws: Workspace) -> None:
    report = ws.performance("late/1", window="7d")
    assert {w.start.weekday() for w in report.windows} == {0}
    for w in report.windows:
        assert abs(w.estimated.metrics["auc"].value - w.realised.metrics["auc"].value) < 0.08
    said = json.loads(json.dumps(report.to_dict()))
    assert said["windows"][0]["estimated"]["estimate"] is True and said["windows"][0]["estimated"]["assumes"] == "P(y|x) unchanged"
    assert PerformanceReport.from_dict(said).to_dict() == said
    page = report._repr_html_()
    assert page.count("<svg") == 1 and "currentColor" in page and "<script" not in page and "http" not in page


def test_by_a_declared_segment_and_in_parts(ws: Workspace) -> None:
    report = ws.performance("late", window="7d", by="hub", last="7d")
    assert [w.segment for w in report.windows] == ["", "hub=0", "hub=1", "hub=2"]
    whole, *each = report.windows
    assert sum(w.n for w in each) == whole.n and sum(w.labelled for w in each) == whole.labelled
    with pytest.raises(UsageError, match="not a declared segment"):
        ws.performance("late", by="departs")
    beside = ws.performance("late", window="7d", by="carrier", last="7d")  # a column that the model does not take
    assert [w.segment for w in beside.windows] == ["", "carrier=B6", "carrier=UA"]
    there = ws.predictions("late").set_index("entity_id")["carrier"]
    assert there.to_dict() == {str(i): c for i, c in zip(LIVE["flight_id"], LIVE["carrier"], strict=True)}
    newest = LIVE[LIVE["scheduled"] >= beside.windows[0].start.replace(tzinfo=None)]
    assert {w.segment: w.n for w in beside.windows[1:]} == {f"carrier={c}": n for c, n in newest["carrier"].value_counts().items()}
    assert ws.backfill_profiles("late/1", "carrier").rows == len(LIVE), "windows can be made of it again"
    with pytest.raises(UsageError, match="not a length"):
        ws.performance("late", window="often")
    small = performance_report(ws.stores, "late", "1d", "hub", None, None, most=200)
    assert small.to_dict() == ws.performance("late", window="1d", by="hub").to_dict(), "a few windows at a time are the same"


def test_the_quick_join_is_the_one_of_the_tables(ws: Workspace) -> None:
    request = ws.predictions("late", last=None)["request_id"].iloc[0]
    other = (~LIVE["late"][205:208]).tolist()  # than what stands for these flights
    by_row = pd.DataFrame({"request_id": request, "row": [205, 206, 207], "late": other, "labelled_at": pd.Timestamp("2013-05-01")})
    ws.label("late", by_row, on="request_id")
    ws.label("late", by_row.assign(late=~by_row["late"], labelled_at=pd.Timestamp("2013-03-15")), on="request_id")
    place = ws.stores.lake.place
    rows = served.read(place, "predictions", "late")
    slow = served.labelled(served.expanded(rows), served.latest_labels(served.read(place, "labels", "late")))
    truth = Truth(place, "late").of(rows)
    quick = truth.label[0].to_numpy(zero_copy_only=False)[truth.find(rows)]
    assert quick.tolist() == slow["label"].tolist() and len(quick) == len(LIVE)
    assert quick[slow["row"].isin([205, 206, 207])].tolist() == other
    assert Answers(place, "late", timedelta(days=1)).counts.sum() == len(LIVE)


def test_numbers_have_no_estimate_and_labels_that_contradict_are_seen(ws: Workspace) -> None:
    ws.label("delay", LIVE[["flight_id", "delay"]])
    report = ws.performance("delay", window="7d")
    day = report.windows[0]
    assert day.estimated.note.startswith("no estimate") and day.realised.metrics["r2"].value > 0.8 and report.headline == "r2"
    assert any("no estimate" in n for n in report.notes)

    turned = LIVE.assign(flight_id=LIVE["flight_id"] + 50_000, scheduled=LIVE["scheduled"] + pd.Timedelta(days=30))
    ws.predict("late", turned)
    ws.label("late", turned[["flight_id"]].assign(late=random.random(len(turned)) < 0.5))
    after = ws.performance("late", window="7d", last="7d")
    assert after.windows[-1].concept.verdict == "diverging" and "Diverging" in after.summary
    assert after.trends[0].error_rate.verdict == "none", "a week's labels are too few for it"
    after = ws.performance("late", window="7d")
    assert after.trends[0].error_rate.verdict == "worse" and after.trends[0].cusum.verdict == "warning"


def test_a_version_without_held_out_rows_says_so(ws: Workspace) -> None:
    assert read_calibration(ws.stores.models.evidence("late/1")).rows == len(TEST)
    fit = LogisticRegression().fit(TRAIN[FEATURES], TRAIN["late"])
    version = ws.register(fit, "bare", train=TRAIN, target="late", **ABOUT)
    ws.predict("bare", LIVE[:60])
    report = ws.performance(version.ref)
    assert report.windows[0].estimated.note == UNKNOWN and f"bare/1: {UNKNOWN}" in report.notes
    ws.label("bare", LIVE[["flight_id"]][:60].assign(late="perhaps"))
    strange = ws.performance("bare")
    assert strange.state == "none" and any("none of its classes" in n for n in strange.notes)
    assert ws.performance("bare", version=7).state == "empty", "no data is not green"


def test_from_a_terminal(ws: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(ws.root))
    assert main(["watch", "performance", "late", "--window", "7d", "--by", "hub", "-o", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["model"] == "late" and said["by"] == "hub" and said["windows"][0]["estimated"]["estimate"] is True
    assert main(["watch", "performance", "late", "--window", "7d"]) == 0
    text = capsys.readouterr().out
    assert "auc" in text and "±" in text and "P(y|x) is unchanged" in text
