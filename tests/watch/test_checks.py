"""What the gate judges, against the numbers of others and on data where the answer is known."""

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk

from mlops_nb.core.records import Kind
from mlops_nb.score.parity import Answers
from mlops_nb.watch.checks import alone, calibration_gap, concluded, judge_champion, judge_robustness, judge_segments
from mlops_nb.watch.gate import GateInvalid, default_gate, parse_gate
from mlops_nb.watch.paired import measures, paired
from mlops_nb.watch.report import Check, CheckReport, check_html, check_junit

random = np.random.default_rng(7)


def answers(score: np.ndarray) -> Answers:
    return Answers(score > 0.5, np.c_[1 - score, score], (False, True))


def test_weighted_metrics_are_those_of_scikit_learn_on_the_rows_drawn() -> None:
    score = random.random(500).round(2)  # with ties
    y = random.random(500) < score
    w = np.bincount(random.integers(0, 500, 500), minlength=500).astype(float)
    mine = {name: f(w) for name, f in measures("binary", y, answers(score)).items()}
    assert mine["auc"] == pytest.approx(sk.roc_auc_score(y, score, sample_weight=w))
    assert mine["log_loss"] == pytest.approx(sk.log_loss(y, np.clip(score, 2.3e-16, 1), sample_weight=w), rel=1e-6)
    assert mine["brier"] == pytest.approx(sk.brier_score_loss(y, score, sample_weight=w))
    truth, said = random.normal(0, 1, 300), random.normal(0, 1, 300)
    w = w[:300] + 0.5
    mine = {name: f(w) for name, f in measures("regression", truth, Answers(said)).items()}
    assert mine["r2"] == pytest.approx(sk.r2_score(truth, said, sample_weight=w))
    assert mine["rmse"] == pytest.approx(sk.root_mean_squared_error(truth, said, sample_weight=w))


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    inside = 0
    for i in range(60):
        local = np.random.default_rng(i)
        p = local.random(400)
        y = local.random(400) < p
        a, b = (answers(np.clip(p + local.normal(0, 0.3, 400), 0, 1)) for _ in range(2))  # as good as each other
        found = paired("binary", y, a, b, "auc", draws=200, seed=i)
        inside += found.low <= 0 <= found.high
    assert inside >= 51, inside  # 57 expected of 60


def test_a_worse_version_is_refused_and_as_good_a_one_is_not() -> None:
    gate = default_gate("binary")
    p = random.random(3_000)
    y = random.random(3_000) < p
    same, worse = np.clip(p + random.normal(0, 0.01, 3_000), 0, 1), np.clip(p + random.normal(0, 0.5, 3_000), 0, 1)
    assert judge_champion(gate, "binary", y, answers(same), answers(p), "m/1", None, 0).state == "ok"
    assert judge_champion(gate, "binary", y, answers(worse), answers(p), "m/1", None, 0).state == "fail"
    assert judge_champion(gate, "binary", y[:50], answers(p[:50]), answers(p[:50]), "m/1", None, 0).state == "skipped"


def test_one_bad_segment_is_found_and_chance_is_not() -> None:
    gate = default_gate("binary")
    p = random.random(4_000)
    y = random.random(4_000) < p
    frame = pd.DataFrame({"carrier": random.choice(list("ABCDEFGH"), 4_000)})
    noisy = np.clip(p + random.normal(0, 0.05, 4_000), 0, 1)
    assert judge_segments(gate, "binary", frame, y, answers(noisy), answers(p), ["carrier"], 0).state == "ok"
    broken = np.where(frame["carrier"] == "C", random.random(4_000), p)
    found = judge_segments(gate, "binary", frame, y, answers(broken), answers(p), ["carrier"], 0)
    assert found.state == "fail" and found.parts[0]["segment"] == "carrier=C" and "carrier=C" in found.next_step


def test_calibration_of_a_perfect_model_is_no_gap() -> None:
    p = random.random(5_000)
    y = random.random(5_000) < p
    assert calibration_gap(p, y) < 0.01 < 0.1 < calibration_gap(p**3, y)


@pytest.mark.parametrize("kind", ["binary", "regression", "multiclass"])
def test_a_column_that_knows_the_answer_is_told_from_one_that_helps(kind: Kind) -> None:
    useful = pd.Series(random.normal(0, 1, 2_000))
    number = useful.to_numpy() + random.normal(0, 1, 2_000)
    y = {"binary": (number > 0).astype(float), "regression": number, "multiclass": np.digitize(number, [-1, 1])}[kind]
    leak = pd.Series(number) if kind != "multiclass" else pd.Series(y).map({0: "a", 1: "b", 2: "c"})
    assert alone(leak, y, kind) > 0.95, "written after the fact"
    assert 0.1 < alone(useful, y, kind) < 0.9
    assert alone(pd.Series(random.normal(0, 1, 2_000)), y, kind) < 0.1


def test_a_model_that_raises_or_depends_on_the_order_of_columns_is_no_robust_one() -> None:
    gate = default_gate("binary")
    frame = pd.DataFrame({"a": random.random(100), "word": ["x", "y"] * 50})

    def by_place(rows: pd.DataFrame) -> Answers:
        return answers(pd.to_numeric(rows.iloc[:, 0], errors="coerce").fillna(0.9).to_numpy())

    def strict(rows: pd.DataFrame) -> Answers:
        if not rows["word"].isin(["x", "y"]).all():
            raise ValueError("unknown category")
        return answers(rows["a"].fillna(0.5).to_numpy())

    found = judge_robustness(gate, "binary", frame, ["a", "word"], by_place)
    assert found.state == "fail" and {p["what"] for p in found.parts if p["wrong"]} == {"other order"}
    found = judge_robustness(gate, "binary", frame, ["a", "word"], strict)
    assert {(p["what"], p["column"]) for p in found.parts if p["wrong"]} == {("missing", "word"), ("new category", "word")}


def test_what_cannot_be_judged_does_not_pass() -> None:
    gate = default_gate("binary")
    ok = [Check("metrics auc", "ok"), Check("champion", "ok")]
    assert concluded(ok, gate, "m/1")[1] and not concluded(ok[:1], gate, "m/1")[1] and concluded(ok[:1], gate, "")[1]
    assert not concluded([Check("metrics auc", "skipped"), ok[1]], gate, "m/1")[1]
    found, passed, _ = concluded([*ok, Check("skew", "fail")], gate, "m/1")
    assert passed and found[-1].state == "warn", "the default gate only warns of skew"


def test_unknown_words_of_a_gate_are_named() -> None:
    with pytest.raises(GateInvalid, match=r"segmets.*segments"):
        parse_gate("segmets: {worse_by: 0.1}", "binary")
    with pytest.raises(GateInvalid, match=r"champion.*marign.*margin"):
        parse_gate("champion: {marign: 0.1}", "binary")


def test_reports_escape_what_people_wrote() -> None:
    report = CheckReport("m/2", "m/1", False, [Check("leak", "fail", 1, 0.9, "<b>&'\"", "<i>")], None, summary="No: leak.")
    assert "<b>" not in check_html(report) and "&lt;b&gt;" in check_html(report)
    import xml.etree.ElementTree as ET

    failure = ET.fromstring(check_junit(report)).find("testcase/failure")
    assert failure is not None and failure.get("message") == "<b>&'\"" and failure.text == "<i>"
