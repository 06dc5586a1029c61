"""Estimates without labels: NannyML's formulas, from rows and from a sketch, always marked, and silent where nothing can be said."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.preprocessing import label_binarize

from mlops_nb.profile.sketch import profile
from mlops_nb.profile.summary import summarize
from mlops_nb.watch.estimate import (
    UNKNOWN,
    Calibration,
    Estimated,
    apply_curve,
    estimate,
    estimate_sketch,
    fit_calibration,
    needs_calibration,
    probabilities,
    read_calibration,
    write_calibration,
)
from mlops_nb.watch.performance import performance

random = np.random.default_rng(21)


def binary(rows: int, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, answers and scores that are too sure of themselves."""
    logit = random.normal(-0.5 + shift, 1.2, rows)
    score = 1 / (1 + np.exp(-2 * logit))
    return (random.random(rows) < 1 / (1 + np.exp(-logit))).astype(int), (score > 0.5).astype(int), score


def several(rows: int, sharp: float = 2.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chances = random.dirichlet(np.ones(3), rows)
    y = (random.random(rows)[:, None] > chances.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    bold = chances**sharp
    return y, chances.argmax(axis=1), bold / bold.sum(axis=1, keepdims=True)


def as_published(chance: np.ndarray, score: np.ndarray, answer: np.ndarray) -> dict[str, float]:
    """CBPE of two classes, written down as NannyML does (performance_estimation/confidence_based/metrics.py)."""
    order = np.argsort(score)[::-1]
    tps = np.r_[0, np.cumsum(chance[order])]
    fps = np.r_[0, 1 + np.arange(len(chance)) - np.cumsum(chance[order])]
    tp, fp, fn = chance[answer == 1].sum(), (1 - chance[answer == 1]).sum(), chance[answer == 0].sum()
    tn = (1 - chance[answer == 0]).sum()
    return {
        "accuracy": (tp + tn) / len(chance), "precision": tp / (tp + fp), "recall": tp / (tp + fn),
        "f1": tp / (tp + (fp + fn) / 2), "auc": float(np.trapezoid(tps / tps[-1], fps / fps[-1])),
    }  # fmt: skip


def test_two_classes_as_published() -> None:
    y, answer, score = binary(4_000)
    calibration = fit_calibration("binary", y, answer, score)
    assert needs_calibration(y, score) and calibration.curves[0].score
    _, new_answer, new = binary(2_500, shift=0.6)
    curve = IsotonicRegression(out_of_bounds="clip").fit(score, y)
    assert np.allclose(apply_curve(calibration.curves[0], new), curve.predict(new), atol=1e-12)
    found = {m: v.value for m, v in estimate(calibration, "binary", new, new_answer).metrics.items()}
    assert found == pytest.approx(as_published(curve.predict(new), new, new_answer), abs=1e-6)


def test_several_classes_as_published() -> None:
    y, answer, scores = several(3_000)
    calibration = fit_calibration("multiclass", y, answer, scores)
    _, new_answer, new = several(2_000)
    curves = [IsotonicRegression(out_of_bounds="clip").fit(scores[:, i], y == i) for i in range(3)]
    made = np.column_stack([c.predict(new[:, i]) for i, c in enumerate(curves)])
    made /= made.sum(axis=1, keepdims=True)
    assert all(c.score for c in calibration.curves) and np.allclose(probabilities(calibration, new), made)
    answers = label_binarize(new_answer, classes=[0, 1, 2])
    each = [as_published(made[:, i], new[:, i], answers[:, i]) for i in range(3)]
    expected = {m: np.mean([e[m] for e in each]) for m in ("precision", "recall", "f1", "auc")}
    expected["accuracy"] = made[np.arange(2_000), new_answer].mean()
    found = {m: v.value for m, v in estimate(calibration, "multiclass", new, new_answer).metrics.items()}
    assert found == pytest.approx(expected, abs=1e-5)


def test_it_foresees_what_labels_say_later() -> None:
    calibration = fit_calibration("binary", *binary(8_000))
    y, answer, score = binary(8_000, shift=1.0)
    guessed, seen = estimate(calibration, "binary", score, answer), performance("binary", y, answer, score)
    for name, metric in guessed.metrics.items():
        assert abs(metric.value - seen.metrics[name].value) < 0.025, name
        assert metric.low < metric.value < metric.high


def test_honest_scores_are_taken_at_their_word() -> None:
    score = random.random(5_000)
    y = (random.random(5_000) < score).astype(int)
    y[0], y[1] = 0, 1
    sure = fit_calibration("binary", y, y, y * 0.8 + 0.1)
    assert not sure.curves[0].score, "scores that separate perfectly need no curve"
    assert not needs_calibration(np.zeros(100), score[:100]), "one class alone has nothing to say"


def test_a_sketch_of_the_score_is_enough() -> None:
    calibration = fit_calibration("binary", *binary(4_000))
    _, answer, score = binary(50_000, shift=0.5)
    rows = estimate(calibration, "binary", score, answer)
    sketch = estimate_sketch(calibration, "binary", summarize(profile(pd.DataFrame({"score": score})))["score"])
    assert sketch.rows == 50_000 and sketch.estimate
    for name, metric in rows.metrics.items():
        assert sketch.metrics[name].value == pytest.approx(metric.value, abs=0.005), name
        assert sketch.metrics[name].high - sketch.metrics[name].low == pytest.approx(metric.high - metric.low, rel=0.1)


def test_a_threshold_of_its_own() -> None:
    y, _, score = binary(3_000)
    own = fit_calibration("binary", y, (score > 0.3).astype(int), score)
    assert own.threshold == pytest.approx(0.3, abs=0.01)
    none = fit_calibration("binary", y, random.integers(0, 2, 3_000), score)
    assert none.threshold is None
    summary = summarize(profile(pd.DataFrame({"score": score})))["score"]
    assert "does not follow" in estimate_sketch(none, "binary", summary).note


def test_it_is_always_marked_and_says_why_there_is_none(tmp_path: Path) -> None:
    y, answer, score = binary(500)
    calibration = fit_calibration("binary", y, answer, score)
    write_calibration(tmp_path, calibration)
    assert read_calibration(tmp_path) == calibration and (tmp_path / "calibration.json").stat().st_size < 20_000
    assert read_calibration(tmp_path / "elsewhere") is None
    numbers = fit_calibration("regression", np.arange(50.0), np.arange(50.0) + 2)
    assert numbers.error == 2 and not numbers.curves
    no_scores = fit_calibration("binary", y, answer)
    for known, kind, words in (
        (calibration, "binary", ""), (None, "binary", UNKNOWN), (numbers, "regression", "no estimate"),
        (no_scores, "binary", "no probabilities"),
    ):  # fmt: skip
        said = json.loads(json.dumps(estimate(known, kind, score, answer).to_dict()))
        assert said["estimate"] is True and said["assumes"] == "P(y|x) unchanged"
        assert words in said["note"] and bool(said["metrics"]) == (not words)
    assert Estimated.from_dict(estimate(calibration, "binary", score, answer).to_dict()).estimate
    assert Calibration.from_dict(numbers.to_dict()) == numbers
