"""What is not compiled says why; what would answer otherwise is not kept."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from flights import NUMBERS, WORDS, delay, flights, labels, made
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, PolynomialFeatures, StandardScaler

import mlops_nb.compile.pipeline as pipeline
from mlops_nb.compile.trees import from_histogram

FRAME = flights(n=300)


class Halved(BaseEstimator, TransformerMixin):
    def fit(self, X: Any, y: Any = None) -> "Halved":
        return self

    def transform(self, X: Any) -> Any:
        return np.asarray(X) / 2


class Mine(LogisticRegression):
    pass


def columns(step: Any, names: Any) -> ColumnTransformer:
    return ColumnTransformer([("it", step, names)])


TEXT = make_pipeline(columns(TfidfVectorizer(), "carrier"), LogisticRegression())
REASONS = {
    "text": (TEXT, "binary", "step 'it' is a TfidfVectorizer."),
    "mixed columns": (make_pipeline(columns(PolynomialFeatures(), NUMBERS), Ridge()), "regression", "'it' is a PolynomialFeatures."),
    "own transformer": (make_pipeline(columns(Halved(), NUMBERS), LogisticRegression()), "binary", "'it' is a Halved of test_reasons."),
    "own function": (make_pipeline(columns(FunctionTransformer(np.cbrt), NUMBERS), Ridge()), "regression", "a function of its own"),
    "no sum": (make_pipeline(columns(StandardScaler(), NUMBERS), KNeighborsClassifier()), "binary", "is a KNeighborsClassifier."),
    "own estimator": (make_pipeline(columns(StandardScaler(), NUMBERS), Mine()), "binary", "is a Mine of test_reasons."),
    "loss": (make_pipeline(columns(StandardScaler(), NUMBERS), SGDClassifier(loss="modified_huber")), "binary", "loss 'modified_huber'"),
    "own start": (
        make_pipeline(columns("passthrough", NUMBERS), GradientBoostingRegressor(n_estimators=2, init=LinearRegression())),
        "regression",
        "starts from another model",
    ),
    "sentinel": (make_pipeline(columns(SimpleImputer(missing_values=3), ["weekday"]), LogisticRegression()), "binary", "for the value 3"),
    "target": (TransformedTargetRegressor(LinearRegression()), "regression", "a TransformedTargetRegressor."),
}


@pytest.mark.parametrize("name", REASONS)
def test_it_says_which_step_it_is(name: str) -> None:
    model, kind, reason = REASONS[name]
    frame = FRAME[NUMBERS] if name == "target" else FRAME
    found = made(model, frame, labels(FRAME, kind), kind)
    assert not found.found.compiled and found.form is None
    assert found.found.note.startswith("Not compiled: ") and reason in found.found.note, found.found.note


def test_several_targets_are_not_compiled() -> None:
    y = np.stack([delay(FRAME), delay(FRAME, seed=2)], axis=1)
    found = made(RandomForestRegressor(3), FRAME[NUMBERS], y, "other")
    assert "one number a row" in found.found.note


def flipped(model: Any) -> Any:
    trees = from_histogram(model)
    trees.missing = ~trees.missing
    return trees


def shifted(model: Any) -> Any:
    trees = from_histogram(model)
    trees.threshold = np.nextafter(trees.threshold, np.inf)
    return trees


def heavier(model: Any) -> Any:
    trees = from_histogram(model)
    trees.value = trees.value * (1 + 1e-3)
    return trees


@pytest.mark.parametrize(("change", "where"), [(flipped, "missing"), (shifted, "at a threshold"), (heavier, "training row")])
def test_a_form_that_differs_is_not_kept(change: Any, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = FRAME[NUMBERS]  # of these none is ever missing in training
    monkeypatch.setitem(pipeline.BOOSTED, "HistGradientBoostingClassifier", change)
    found = made(HistGradientBoostingClassifier(max_iter=5, random_state=0), frame, labels(FRAME, "binary"), "binary")
    assert not found.found.compiled and "it differs at " in found.found.note and where in found.found.note, found.found.note


def test_an_encoder_read_wrongly_is_found_by_an_unseen_category(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pipeline.fold_trees

    def wrong(*given: Any) -> Any:
        folded = table(*given)
        for answers in folded.answers.values():
            answers[:, -2] = ~answers[:, -2]  # of a category that is not known
        return folded

    monkeypatch.setattr(pipeline, "fold_trees", wrong)
    words = columns(OneHotEncoder(handle_unknown="ignore", sparse_output=False), WORDS)
    found = made(make_pipeline(words, HistGradientBoostingClassifier(max_iter=5)), FRAME, labels(FRAME, "binary"), "binary")
    assert "unseen" in found.found.note and not found.found.compiled, found.found.note


def test_rows_that_the_model_refuses_are_refused() -> None:
    from mlops_nb.core.errors import DataInvalid

    words = columns(OneHotEncoder(sparse_output=False), WORDS)
    program = made(make_pipeline(words, LogisticRegression()), FRAME, labels(FRAME, "binary"), "binary").program()
    good = ["UA", "JFK", 1, 500.0, 50.0, None, False]
    assert program.row(good)[1] is not None
    for place, value in ((0, "ZZ"), (0, None), (1, "☃")):
        bad = [*good[:place], value, *good[place + 1 :]]
        with pytest.raises(DataInvalid, match=program.inputs[place].name):
            program.row(bad)
        with pytest.raises(DataInvalid, match=program.inputs[place].name):
            program.batch_arrays([[v] for v in bad], 1)


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_few_training_rows(rows: int) -> None:
    frame = pd.DataFrame({"distance": np.arange(rows, dtype=float)})
    found = made(LinearRegression(), frame, frame["distance"].to_numpy() * 2.0, "regression")
    assert found.found.compiled, found.found.note
