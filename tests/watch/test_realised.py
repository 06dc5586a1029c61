"""Realised metrics: the values of scikit-learn, intervals that hold what they promise, and no green without labels."""

import numpy as np
import pytest
from sklearn import metrics as sk

from mlops_nb.watch.performance import Realised, area, calibration_error, performance, tables, wilson

random = np.random.default_rng(11)


def binary(rows: int = 3_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, answers and scores with ties."""
    score = random.random(rows).round(2)
    return (random.random(rows) < score**1.5).astype(int), (score > 0.5).astype(int), score


def several(rows: int = 2_000, k: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same with several classes."""
    chances = random.dirichlet(np.ones(k), rows)
    y = np.array([random.choice(k, p=c) for c in chances])
    return y, chances.argmax(axis=1), chances


def values(found: Realised) -> dict[str, float]:
    return {name: m.value for name, m in found.metrics.items()}


def test_two_classes_equal_scikit_learn() -> None:
    y, answer, score = binary()
    expected = {
        "accuracy": sk.accuracy_score(y, answer), "precision": sk.precision_score(y, answer), "recall": sk.recall_score(y, answer),
        "f1": sk.f1_score(y, answer), "auc": sk.roc_auc_score(y, score), "log_loss": sk.log_loss(y, score),
        "brier": sk.brier_score_loss(y, score),
    }  # fmt: skip
    found = values(performance("binary", y, answer, score))
    assert {m: found[m] for m in expected} == pytest.approx(expected, abs=1e-12)


def test_several_classes_equal_scikit_learn() -> None:
    y, answer, chances = several()
    words = {"average": "macro", "zero_division": 0}
    expected = {
        "accuracy": sk.accuracy_score(y, answer), "precision": sk.precision_score(y, answer, **words),
        "recall": sk.recall_score(y, answer, **words), "f1": sk.f1_score(y, answer, **words), "log_loss": sk.log_loss(y, chances),
        "auc": sk.roc_auc_score(y, chances, multi_class="ovr"), "brier": ((chances - np.eye(4)[y]) ** 2).sum(axis=1).mean(),
    }  # fmt: skip
    found = values(performance("multiclass", y, answer, chances, classes=4))
    assert {m: found[m] for m in expected} == pytest.approx(expected, abs=1e-12)
    from_table = {name: value for name, (value, _) in tables(sk.confusion_matrix(y, answer)).items()}
    assert from_table == pytest.approx({m: expected[m] for m in from_table}, abs=1e-12), "the table of counts says the same"


def test_numbers_equal_scikit_learn() -> None:
    y = random.gamma(2, 10, 800)
    answer = y + random.normal(2, 5, 800)
    found = values(performance("regression", y, answer))
    expected = {"mae": sk.mean_absolute_error(y, answer), "rmse": sk.root_mean_squared_error(y, answer), "r2": sk.r2_score(y, answer)}
    assert {m: found[m] for m in expected} == pytest.approx(expected, abs=1e-12)


def test_intervals_hold_the_truth_about_95_times_in_100() -> None:
    y, answer, chances = several(8_000)
    level = random.gamma(2, 10, 8_000)
    off = level + random.normal(0, 5, 8_000)
    whole = performance("multiclass", y, answer, chances, classes=4).metrics | performance("regression", level, off).metrics
    held = dict.fromkeys(("precision", "recall", "f1", "auc", "log_loss", "brier", "mae", "rmse", "r2"), 0)
    for _ in range(200):
        at = random.integers(0, 8_000, 400)
        part = performance("multiclass", y[at], answer[at], chances[at], classes=4).metrics
        part |= performance("regression", level[at], off[at]).metrics
        for name in held:
            held[name] += part[name].low <= whole[name].value <= part[name].high
    assert all(177 <= hits <= 199 for hits in held.values()), held


def test_no_labels_and_few_labels_are_not_known() -> None:
    y, answer, score = binary(29)
    assert performance("binary", y, answer, score).state == "few"
    none = performance("binary", [], [])
    assert (none.state, none.metrics, none.note) == ("none", {}, "no labels")
    assert performance("other", y, answer).state == "none"
    one_class = performance("binary", np.ones(40, int), np.ones(40, int), np.full(40, 0.9))
    assert "auc" not in one_class.metrics and one_class.metrics["accuracy"].value == 1 and one_class.metrics["accuracy"].low < 0.95
    assert Realised.from_dict(one_class.to_dict()) == one_class


def test_calibration_error_tells_honest_from_bold() -> None:
    truth = random.random(30_000)
    y = random.random(30_000) < truth
    assert calibration_error(truth, y).value < 0.015 and calibration_error(np.clip(truth * 2 - 0.5, 0, 1), y).low > 0.08
    assert wilson(0, 0)[0] != wilson(0, 0)[0], "nothing is known of nothing"
    assert np.isnan(area([], [])[0]) and np.isnan(area([0.1, 0.2], [1, 1])[0])
