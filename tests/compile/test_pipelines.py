"""Estimators × transformers × kinds of answers: compiled, and the same on rows that compiling never saw."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from flights import HOLES, NUMBERS, WORDS, delay, flights, labels, made
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    ElasticNet,
    GammaRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

FRAME, FRESH = flights(), flights(seed=9, n=300)


def hot(**words: Any) -> OneHotEncoder:
    return OneHotEncoder(**{"handle_unknown": "ignore", "sparse_output": False} | words)


def full(**words: Any) -> ColumnTransformer:
    holes = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    parts = [("words", hot(**words), WORDS), ("numbers", StandardScaler(), NUMBERS), ("holes", holes, HOLES)]
    return ColumnTransformer([*parts, ("rest", "passthrough", ["holiday"])])


def ordinal(unknown: float, holes: Any, rest: Any) -> ColumnTransformer:
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=unknown)
    return ColumnTransformer([("words", encoder, WORDS), ("holes", holes, HOLES)], remainder=rest)


def nested() -> Pipeline:
    words = make_pipeline(SimpleImputer(strategy="most_frequent"), hot())
    parts = [("words", words, WORDS), ("numbers", RobustScaler(), NUMBERS)]
    parts += [("holes", make_pipeline(SimpleImputer(), MaxAbsScaler()), HOLES), ("none", "drop", ["holiday"])]
    return make_pipeline(ColumnTransformer(parts), FunctionTransformer(), StandardScaler())


def selected() -> ColumnTransformer:
    numbers = make_pipeline(SimpleImputer(), MinMaxScaler((-1, 1)))
    words = make_column_selector(dtype_include=[object, "string"])
    return ColumnTransformer([("words", hot(), words), ("numbers", numbers, make_column_selector(dtype_include="number"))])


def named() -> Pipeline:
    first = ColumnTransformer([("w", hot(), WORDS), ("n", "passthrough", NUMBERS)]).set_output(transform="pandas")
    second = ColumnTransformer([("s", StandardScaler(), ["n__temp"])], remainder="passthrough")
    return make_pipeline(first, second)


BEFORE: dict[str, Callable[[], Any]] = {
    "full": full,
    "infrequent": lambda: full(min_frequency=40),
    "at most 3, infrequent": lambda: full(max_categories=3, handle_unknown="infrequent_if_exist"),
    "first dropped": lambda: full(drop="first"),
    "unknown refused": lambda: full(drop="if_binary", handle_unknown="error"),
    "sparse": lambda: full(sparse_output=True),
    "ordinal -1": lambda: ordinal(-1, SimpleImputer(), "passthrough"),
    "ordinal NaN, clipped": lambda: ordinal(np.nan, SimpleImputer(strategy="constant", fill_value=-1), MinMaxScaler(clip=True)),
    "nested, some dropped": nested,
    "selectors": selected,
    "numbers one-hot": lambda: ColumnTransformer([("w", hot(), ["carrier", "weekday", "holiday"]), ("h", SimpleImputer(), HOLES)]),
    "named by pandas": named,
    "union and selection": lambda: make_pipeline(full(), FeatureUnion([("a", MinMaxScaler()), ("b", "passthrough")]), SelectKBest(k=8)),
}
CLASSIFIERS: dict[str, Any] = {
    "logistic": LogisticRegression(max_iter=500),
    "sgd": SGDClassifier(loss="log_loss", random_state=0),
    "svc": LinearSVC(random_state=0),
    "ridge": RidgeClassifier(),
    "tree": DecisionTreeClassifier(random_state=0, max_depth=5),
    "forest": RandomForestClassifier(15, random_state=0),
    "flat forest": RandomForestClassifier(15, max_depth=4, random_state=0),
    "extra": ExtraTreesClassifier(10, random_state=0),
    "boosting": GradientBoostingClassifier(n_estimators=10, random_state=0),
    "histogram": HistGradientBoostingClassifier(max_iter=10, random_state=0),
}
TWO: dict[str, Any] = {
    "liblinear": LogisticRegression(solver="liblinear"),
    "exponential": GradientBoostingClassifier(n_estimators=10, loss="exponential", init="zero", random_state=0),
    "wide": HistGradientBoostingClassifier(max_iter=5, max_leaf_nodes=90, min_samples_leaf=2, random_state=0),
}
REGRESSORS: dict[str, Any] = {
    "linear": LinearRegression(),
    "ridge": Ridge(),
    "lasso": Lasso(0.1),
    "elastic": ElasticNet(0.1),
    "tree": DecisionTreeRegressor(random_state=0),
    "forest": RandomForestRegressor(15, random_state=0),
    "extra": ExtraTreesRegressor(10, max_depth=5, random_state=0),
    "boosting": GradientBoostingRegressor(n_estimators=10, random_state=0),
    "huber": GradientBoostingRegressor(n_estimators=10, loss="huber", random_state=0),
    "histogram": HistGradientBoostingRegressor(max_iter=10, random_state=0),
    "absolute": HistGradientBoostingRegressor(max_iter=10, loss="absolute_error", random_state=0),
}
COUNTS: dict[str, Any] = {
    "poisson": PoissonRegressor(max_iter=1_000),
    "gamma": GammaRegressor(max_iter=1_000),
    "boosted poisson": HistGradientBoostingRegressor(max_iter=10, loss="poisson", random_state=0),
    "boosted gamma": HistGradientBoostingRegressor(max_iter=10, loss="gamma", random_state=0),
}
ESTIMATORS = [("binary", n, m) for n, m in (CLASSIFIERS | TWO).items()] + [("multiclass", n, m) for n, m in CLASSIFIERS.items()]
ESTIMATORS += [("regression", n, m) for n, m in REGRESSORS.items()] + [("counts", n, m) for n, m in COUNTS.items()]
NAMES = list(BEFORE)
DENSE = [name for name in NAMES if name != "sparse"]  # boosting by histograms takes no sparse matrix
PAIRS = [
    (kind, name, model, names[(2 * i + shift) % len(names)])
    for i, (kind, name, model) in enumerate(ESTIMATORS)
    for names in [DENSE if "Hist" in type(model).__name__ else NAMES]
    for shift in ((0, 1) if i % 3 == 0 else (0,))
]


@pytest.mark.parametrize(("kind", "name", "model", "before"), PAIRS, ids=[f"{k}-{n}-{b}" for k, n, _, b in PAIRS])
def test_a_pipeline_is_compiled_and_answers_the_same(kind: str, name: str, model: Any, before: str) -> None:
    found = made(make_pipeline(BEFORE[before](), clone(model)), FRAME, labels(FRAME, kind), kind)
    assert found.found.compiled, found.found.note
    parity = found.agrees(FRESH)
    assert parity.same, parity.reason


def test_no_transformer_was_left_out() -> None:
    assert {before for *_, before in PAIRS} == set(BEFORE)


def categories(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(**{name: frame[name].astype("category") for name in WORDS})


def holes(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(carrier=frame["carrier"].where(frame.index % 7 != 0, None))


def numbers(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=WORDS)


def objects(frame: pd.DataFrame) -> pd.DataFrame:
    frame = holes(frame).astype(dict.fromkeys(WORDS, object))
    return frame.assign(carrier=frame["carrier"].where(frame["carrier"].notna(), None))


def nullable(frame: pd.DataFrame) -> pd.DataFrame:
    weekday = frame["weekday"].astype("Int64").where(frame.index % 9 != 0)
    return numbers(frame).assign(weekday=weekday, holiday=frame["holiday"].astype("boolean"))


def single(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[["distance", "temp"]].astype("float32")


def strange(frame: pd.DataFrame) -> pd.DataFrame:
    return numbers(frame).rename(columns={"temp": "temp\\ér'atu\"re\n☃", "gust": "__import__('os')"})


def dated(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(scheduled=pd.date_range("2013-01-01", periods=len(frame), freq="h", tz="America/New_York"))


HIST = HistGradientBoostingClassifier(max_iter=10, random_state=0)
WORD = ColumnTransformer([("words", hot(), WORDS)])
FRAMES: dict[str, tuple[Any, Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "categories by dtype": (HIST.set_params(categorical_features="from_dtype"), lambda f: categories(holes(f)), "binary"),
    "categories, many leaves": (clone(HIST).set_params(max_leaf_nodes=80, min_samples_leaf=2), lambda f: categories(holes(f)), "binary"),
    "categories, three classes": (clone(HIST), categories, "multiclass"),
    "categories by name": (clone(HIST).set_params(categorical_features=WORDS), lambda f: f, "binary"),
    "numbers as categories": (HistGradientBoostingRegressor(max_iter=10, categorical_features=[0]), numbers, "regression"),
    "categories after an encoder": (
        make_pipeline(ordinal(np.nan, "passthrough", "passthrough"), clone(HIST).set_params(categorical_features=[0, 1])),
        lambda f: f.drop(columns="holiday"),
        "binary",
    ),
    "None among objects": (make_pipeline(full(), RandomForestClassifier(10, max_depth=5, random_state=0)), objects, "binary"),
    "nullable types": (clone(HIST), nullable, "binary"),
    "forest with holes": (RandomForestClassifier(10, random_state=0), numbers, "multiclass"),
    "tree with holes": (DecisionTreeClassifier(max_depth=6, random_state=0), numbers, "multiclass"),
    "float32, scaled, deep": (make_pipeline(StandardScaler(), DecisionTreeRegressor(random_state=0)), single, "regression"),
    "float32, scaled, boosted": (make_pipeline(MinMaxScaler(), HistGradientBoostingRegressor(max_iter=10)), single, "regression"),
    "float32, linear": (make_pipeline(StandardScaler(), LinearRegression()), single, "regression"),
    "names of any kind": (clone(HIST), strange, "binary"),
    "a date nobody looks at": (make_pipeline(WORD, LogisticRegression()), dated, "binary"),
    "one leaf": (RandomForestRegressor(3, max_samples=1, random_state=0), lambda f: numbers(f).drop(columns="gust"), "regression"),
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_of_all_kinds(name: str) -> None:
    model, shape, kind = FRAMES[name]
    found = made(clone(model), shape(FRAME), labels(FRAME, kind), kind)
    assert found.found.compiled, found.found.note
    parity = found.agrees(shape(FRESH))
    assert parity.same, parity.reason


def test_a_bare_estimator_on_an_array() -> None:
    frame = FRAME[["distance", "temp", "gust"]]
    found = made(clone(HIST), frame, delay(FRAME) > 5, "binary", feed="array", fit=frame.to_numpy())
    assert found.found.compiled, found.found.note
    assert found.agrees(FRESH[["distance", "temp", "gust"]]).same
