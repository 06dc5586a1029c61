"""Our metrics against scikit-learn's, on whatever hypothesis finds."""

import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_nb.core.errors import DataInvalid
from mlops_nb.score.metrics import auc, evaluate, kind_of, permutation_importance

@st.composite
def binary(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    n = draw(st.integers(1, 60))
    y = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    p = draw(st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.5000001, 0.9, 1.0]) | st.floats(0, 1), min_size=n, max_size=n))
    return np.array(y), np.array(p)


@given(binary())
def test_two_classes_equal_scikit_learn(rows: tuple[np.ndarray, np.ndarray]) -> None:
    y, p = rows
    answer, scores = p > 0.5, np.column_stack([1 - p, p])
    found = evaluate("binary", y, answer, scores, [False, True])
    expected = {
        "accuracy": sk.accuracy_score(y, answer),
        "precision": sk.precision_score(y, answer, zero_division=0),
        "recall": sk.recall_score(y, answer, zero_division=0),
        "f1": sk.f1_score(y, answer, zero_division=0),
        "brier": float(np.mean((p - y) ** 2)),
        "log_loss": sk.log_loss(y, scores, labels=[False, True]),
        "base_rate": y.mean(),
    }
    if 0 < y.sum() < len(y):
        expected["auc"] = sk.roc_auc_score(y, p)
    else:
        assert "auc" not in found
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-12), name


@given(st.data())
@settings(max_examples=50)
def test_many_classes_equal_scikit_learn(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 40))
    names = np.array(["ATL", "JFK", "ORD"])
    y, answer = (names[data.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))] for _ in range(2))
    found = evaluate("multiclass", y, answer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert found["f1"] == pytest.approx(sk.f1_score(y, answer, average="macro", zero_division=0))
        assert found["precision"] == pytest.approx(sk.precision_score(y, answer, average="macro", zero_division=0))
        assert found["recall"] == pytest.approx(sk.recall_score(y, answer, average="macro", zero_division=0))


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=2, max_size=50))
def test_numbers_equal_scikit_learn(pairs: list[tuple[float, float]]) -> None:
    y, answer = np.array(pairs).T
    found = evaluate("regression", y, answer)
    assert found["mae"] == pytest.approx(sk.mean_absolute_error(y, answer))
    assert found["rmse"] == pytest.approx(sk.root_mean_squared_error(y, answer))
    if ((y - y.mean()) ** 2).sum() > 1e-6:
        assert found["r2"] == pytest.approx(sk.r2_score(y, answer), rel=1e-6)


def test_one_class_and_no_rows() -> None:
    alone = evaluate("binary", ["no", "no"], ["no", "no"], [[0.9, 0.1], [0.8, 0.2]], ["no", "yes"])
    assert "auc" not in alone and alone["accuracy"] == 1 and alone["base_rate"] == 0
    assert np.isnan(auc([False], [0.4]))
    with pytest.raises(DataInvalid, match="no rows"):
        evaluate("regression", [], [])
    with pytest.raises(DataInvalid, match="3 labels, but 2 answers"):
        evaluate("regression", [1, 2, 3], [1, 2])


@pytest.mark.parametrize(
    ("labels", "prediction", "kind"),
    [
        ([0.1, 0.7, 2.5], [0.2, 0.3, 0.9], "regression"),
        (["a", "b"], ["a", "a"], "binary"),
        ([True, False], [True, True], "binary"),
        ([1, 1, 1], [1, 1, 1], "binary"),
        (list(range(40)), list(range(40)), "regression"),
        (["a", "b", "c"], [0, 1, 2], "other"),
        (None, [1, 2], "other"),
        ([1.5, 2.5], np.ones((2, 3)), "other"),
    ],
)
def test_kinds(labels: object, prediction: object, kind: str) -> None:
    assert kind_of(object(), labels, prediction) == kind


def test_importance_finds_the_column_that_decides() -> None:
    random = np.random.default_rng(3)
    frame = pd.DataFrame({"signal": random.random(500), "noise": random.random(500)})
    frame["carrier"] = pd.Categorical(random.choice(["UA", "B6"], 500))
    y = frame["signal"] > 0.5
    seen: list[object] = []

    def answer(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        seen.append(rows["carrier"].dtype)
        p = rows["signal"].to_numpy()
        return p > 0.5, np.column_stack([1 - p, p])

    found = permutation_importance(answer, frame, y, "binary", labels=[False, True])
    assert found.baseline == 1 and next(iter(found.lost)) == "signal" and found.lost["signal"] > 0.3
    assert found.lost["noise"] == found.lost["carrier"] == 0
    assert {str(kind) for kind in seen} == {"category"}, "shuffling keeps a column's type"


def test_importance_is_bounded() -> None:
    frame = pd.DataFrame(np.ones((5_000, 30))).rename(columns=str)
    sizes: list[int] = []

    def answer(rows: pd.DataFrame) -> tuple[np.ndarray, None]:
        sizes.append(len(rows))
        return np.zeros(len(rows)), None

    found = permutation_importance(answer, frame, np.arange(5_000.0), "regression", cells=60_000)
    assert found.rows == max(sizes) == 400 and found.repeats == 5
    hurried = permutation_importance(answer, frame, np.arange(5_000.0), "regression", seconds=0)
    assert len(hurried.lost) == 30 and hurried.repeats == 1 and "1 of 5 repeats" in hurried.note, "every column once, whatever it takes"
