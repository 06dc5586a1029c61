"""Labels as they come: twice, contradicting, for nobody, before their prediction, weeks late, and more than fit into memory."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn import metrics as sk
from sklearn.linear_model import LinearRegression, LogisticRegression

from mlops_nb.desk.labelling import Answers, Truth
from mlops_nb.desk.performance import PerformanceReport
from mlops_nb.desk.workspace import Workspace, make_workspace
from mlops_nb.store import lake_served as served
from mlops_nb.store.lake_pieces import pieces, rows_in
from mlops_nb.store.spool import LABELS, PREDICTION, SpoolWriter

random = np.random.default_rng(29)
N = 900
FRAME = pd.DataFrame({
    "flight_id": [f"UA-{n}" for n in range(N)],
    "scheduled": pd.date_range("2013-01-01", periods=N, freq="1h"),
    "departs": random.normal(0, 1, N),
    "distance": random.normal(0, 1, N),
})  # fmt: skip
FRAME["late"] = random.random(N) < 1 / (1 + np.exp(-1.5 * FRAME["departs"]))
FRAME["delay"] = 10 * FRAME["departs"] + random.normal(0, 3, N)
FRAME["cause"] = pd.cut(FRAME["departs"] + random.normal(0, 0.8, N), [-9, -0.5, 0.5, 9], labels=["none", "sky", "crew"]).astype(str)
FEATURES = ["departs", "distance"]
TRAIN, LIVE = FRAME[:300], FRAME[300:].reset_index(drop=True)
ABOUT = {"id": "flight_id", "time": "scheduled"}
FACTS = {"features": FEATURES, "types": ["float", "float"], "classes": [False, True], "id": "flight_id", "time": "scheduled"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a classifier of two classes, one of three, and a regression."""
    ws = Workspace(make_workspace(tmp_path_factory.mktemp("labels")).root)
    fits = {"late": LogisticRegression(), "cause": LogisticRegression(), "delay": LinearRegression()}
    for target, fit in fits.items():
        version = ws.register(fit.fit(TRAIN[FEATURES], TRAIN[target]), target, train=TRAIN, target=target, **ABOUT)
        assert version.state == "proven", version.reason
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


def counts(report: PerformanceReport) -> list[tuple[int, int]]:
    return [(w.n, w.labelled) for w in report.windows]


def values(report: PerformanceReport, window: int) -> dict[str, float]:
    return {name: m.value for name, m in report.windows[window].realised.metrics.items()}


def feedback(ws: Workspace, labels: list[tuple[str | None, str | None, int, object, str | None]], at: str = "2013-03-01") -> None:
    """What the online server keeps of a POST to /feedback."""
    with SpoolWriter(ws.settings.state_dir / "spool", "worker-0") as spool:
        spool.append((LABELS, "late", "late", int(pd.Timestamp(at, tz="UTC").timestamp() * 1e6), "k", labels))
    ws.collect(wait=True)


def answered(ws: Workspace, rows: pd.DataFrame, request: str) -> None:
    """One online request for these rows."""
    score = ws.load("late/1").predict_proba(rows[FEATURES])[:, 1]
    with SpoolWriter(ws.settings.state_dir / "spool", "worker-0") as spool:
        spool.describe("late/1", FACTS)
        now = int(pd.Timestamp("2013-03-01", tz="UTC").timestamp() * 1e6)
        times = [t.isoformat() for t in rows["scheduled"]]
        spool.append((PREDICTION, "late/1", "late", "champion", "live", request, now, 300, "k", "features", len(rows),
                      [rows[f].tolist() for f in FEATURES], times, rows["flight_id"].tolist(), None, (score > 0.5).tolist(),
                      [(1 - s, s) for s in score.tolist()]))  # fmt: skip
    ws.collect(wait=True)


def test_labels_twice_are_labels_once(ws: Workspace) -> None:
    ws.predict("late", LIVE)
    truth = LIVE[["flight_id", "late"]]
    assert ws.label("late", truth).accepted == len(LIVE)
    once = ws.performance("late", window="7d")
    again = ws.label("late", truth)
    assert (again.accepted, again.repeated) == (0, len(LIVE))
    feedback(ws, [(None, i, 0, bool(y), None) for i, y in truth.itertuples(index=False)])  # a client that repeats itself
    feedback(ws, [(None, i, 0, bool(y), None) for i, y in truth.itertuples(index=False)])
    assert rows_in(ws.stores.lake.place, "labels", "late") == 3 * len(LIVE), "all is kept"
    assert ws.performance("late", window="7d").to_dict() == once.to_dict(), "and counted once"


def test_a_frame_that_contradicts_itself_ends_with_its_last_word(ws: Workspace) -> None:
    ws.predict("late", LIVE[:40])
    truth = LIVE[["flight_id", "late"]][:40]
    both = pd.concat([truth.assign(late=~truth["late"]), truth]).assign(labelled_at=pd.Timestamp("2013-04-01"))
    assert ws.label("late", both).accepted == 80
    report = ws.performance("late", window="90d")
    assert counts(report) == [(40, 40)]
    score = ws.load("late/1").predict_proba(LIVE[FEATURES][:40])[:, 1]
    assert values(report, 0)["accuracy"] == pytest.approx(sk.accuracy_score(truth["late"], score > 0.5))
    seen = ws.predictions("late", last=None, labels=True).set_index("entity_id")["label"]
    assert seen[truth["flight_id"]].tolist() == truth["late"].astype(float).tolist(), "a person sees the same"


def test_labels_for_nobody_wait_for_their_prediction(ws: Workspace) -> None:
    ws.predict("late", LIVE[:50])
    done = ws.label("late", LIVE[["flight_id", "late"]][:80])
    assert (done.matched, done.unknown) == (50, 30)
    before = ws.performance("late", window="90d")
    assert counts(before) == [(50, 50)] and before.windows[0].coverage == 1.0, "who was not asked about does not count"
    ws.predict("late", LIVE[50:100])
    assert counts(ws.performance("late", window="90d")) == [(100, 80)]


def test_online_labels_may_overtake_their_prediction(ws: Workspace) -> None:
    rows = LIVE[:30]
    early = [("r-1", None, n, bool(y), None) for n, y in enumerate(rows["late"])]
    nobody = [("r-1", None, 99, True, None), ("r-none", None, 0, True, None)]  # no such row, no such request
    feedback(ws, [*early, *nobody], at="2013-02-01")
    assert ws.performance("late").state == "empty", "labels alone are no answers"
    answered(ws, rows, "r-1")
    report = ws.performance("late", window="90d")
    assert counts(report) == [(30, 30)]
    score = ws.load("late/1").predict_proba(rows[FEATURES])[:, 1]
    assert values(report, 0)["auc"] == pytest.approx(sk.roc_auc_score(rows["late"], score), abs=1e-12)


def test_late_labels_change_their_window_and_no_other(ws: Workspace) -> None:
    ws.predict("late", LIVE)
    newer = LIVE["scheduled"] >= LIVE["scheduled"].iloc[200]
    ws.label("late", LIVE[["flight_id", "late"]][newer])
    before = ws.performance("late", window="1d")
    ws.label("late", LIVE[["flight_id", "late"]][~newer])
    after = ws.performance("late", window="1d")
    old = [n for n, w in enumerate(after.windows) if w.end <= LIVE["scheduled"].iloc[200].tz_localize("UTC")]
    assert old and all(after.windows[n].coverage == 1.0 > before.windows[n].coverage for n in old)
    assert after.windows[-1].to_dict() == before.windows[-1].to_dict()


def test_one_truth_for_all_answers_about_it(ws: Workspace) -> None:
    ws.predict("late", LIVE[:60])
    answered(ws, LIVE[:60], "r-2")  # the same flights, online
    ws.label("late", LIVE[["flight_id", "late"]][:60])
    assert counts(ws.performance("late", window="90d")) == [(120, 120)]


def test_many_labels_are_never_held_at_once_and_say_the_same(ws: Workspace) -> None:
    ws.predict("late", LIVE[:300])
    answered(ws, LIVE[200:400], "r-3")
    ws.label("late", LIVE[["flight_id", "late"]])
    feedback(ws, [("r-3", None, n, bool(n % 2), "2013-05-01T00:00Z") for n in range(0, 200, 3)])
    place = ws.stores.lake.place
    few, many = Truth(place, "late"), Truth(place, "late", most=10)
    assert few.whole is not None and many.whole is None
    rows = served.read(place, "predictions", "late")
    kept = many.of(rows.slice(0, 50))
    assert 0 < kept.rows < few.whole.rows / 2, "only what belongs to the rows at hand"
    for held in (few.whole, many.of(rows)):
        at = held.find(rows)
        got = [None if a < 0 else held.label[0][int(a)].as_py() for a in at]
        frame = served.labelled(served.expanded(rows), served.latest_labels(served.read(place, "labels", "late")))
        assert [None if g is None else float(g) for g in got] == [None if pd.isna(x) else float(x) for x in frame["label"]]
    answers = Answers(place, "late", timedelta(days=1))
    parts = [[p.label[0] for p in answers.parts(truth, most=60)] for truth in (few, many)]
    assert pa.chunked_array(parts[0]).to_pylist() == pa.chunked_array(parts[1]).to_pylist()
    assert sum(p.num_rows for p in pieces(place, "predictions", "late", ["row"], rows=64)) == rows.num_rows == 500


def test_realised_metrics_are_those_of_scikit_learn_on_the_same_rows(ws: Workspace) -> None:
    for model in ("delay", "cause"):
        ws.predict(model, LIVE)
        ws.label(model, LIVE[["flight_id", model]].sample(frac=1, random_state=0))
    days = LIVE["scheduled"].dt.date
    report = ws.performance("delay", window="1d")
    for at in (3, 11):
        day = LIVE[days == report.windows[at].start.date()]
        answer = ws.load("delay/1").predict(day[FEATURES])
        expected = {"mae": sk.mean_absolute_error(day["delay"], answer), "r2": sk.r2_score(day["delay"], answer),
                    "rmse": sk.root_mean_squared_error(day["delay"], answer)}  # fmt: skip
        found = values(report, at)
        assert {m: found[m] for m in expected} == pytest.approx(expected, rel=1e-9)
    report = ws.performance("cause", window="7d")
    week = LIVE[LIVE["scheduled"].dt.tz_localize("UTC").between(report.windows[1].start, report.windows[1].end, inclusive="left")]
    fit = ws.load("cause/1")
    answer, chances = fit.predict(week[FEATURES]), fit.predict_proba(week[FEATURES])
    words = {"average": "macro", "zero_division": 0}
    expected = {
        "accuracy": sk.accuracy_score(week["cause"], answer), "precision": sk.precision_score(week["cause"], answer, **words),
        "recall": sk.recall_score(week["cause"], answer, **words), "f1": sk.f1_score(week["cause"], answer, **words),
        "log_loss": sk.log_loss(week["cause"], chances, labels=fit.classes_),
        "auc": sk.roc_auc_score(week["cause"], chances, multi_class="ovr"),
    }  # fmt: skip
    found = values(report, 1)
    assert len(week) == report.windows[1].n and {m: found[m] for m in expected} == pytest.approx(expected, abs=1e-9)
