"""What is wrong with a model or its rows is said before anything is written."""

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from mlops_nb.core.errors import ColumnNotFound, DataInvalid, ModelInvalid
from mlops_nb.score.prepare import example_rows, prepare
from mlops_nb.score.proof import read_examples, write_examples

random = np.random.default_rng(0)
N = 300
FRAME = pd.DataFrame(
    {
        "flight": [f"F{i}" for i in range(N)],
        "Abflug ort": random.choice(["EWR", "JFK"], N),
        "distance": random.gamma(3, 300, N),
        "nur NaN": np.nan,
        "late": random.random(N) < 0.3,
    }
)
TREE = HistGradientBoostingClassifier(max_iter=5).fit(FRAME[["distance", "nur NaN"]].fillna(1), FRAME["late"])


def test_columns_of_the_model_not_of_the_frame() -> None:
    found = prepare(TREE, FRAME, target="late", id="flight")
    assert found.spec.features == ("distance", "nur NaN") and found.spec.classes == (False, True)


@pytest.mark.parametrize("convert", [polars.from_pandas, pyarrow.Table.from_pandas])
def test_any_frame(convert: object) -> None:
    assert prepare(TREE, convert(FRAME), target="late").spec.kind == "binary"  # type: ignore[operator]  # two converters


def test_a_pipeline_that_works_on_polars_is_given_polars() -> None:
    def first(frame: polars.DataFrame) -> np.ndarray:
        return frame.with_columns(polars.col("distance") / 2).select("distance").to_numpy()

    frame = polars.from_pandas(FRAME[["distance", "late"]])
    pipe = make_pipeline(FunctionTransformer(first), LogisticRegression()).fit(frame[["distance"]], FRAME["late"])
    assert prepare(pipe, frame, target="late").spec.feed == "polars"


def test_categories_come_back_as_categories() -> None:
    frame = FRAME.assign(place=FRAME["Abflug ort"].astype("category"))
    model = HistGradientBoostingClassifier(max_iter=5, categorical_features="from_dtype").fit(frame[["place", "distance"]], frame["late"])
    found = prepare(model, frame, target="late")
    assert found.spec.categories == ("place",)


def test_one_row_and_one_class() -> None:
    row = pd.DataFrame({"x": [1.0], "late": [True]})
    found = prepare(DecisionTreeClassifier().fit(row[["x"]], row["late"]), row, target="late")
    assert found.spec.kind == "binary" and found.spec.classes == (True,) and len(found.examples) == 1


def test_examples_hold_edges_and_holes() -> None:
    frame = pd.DataFrame({"a": np.arange(1000.0), "b": np.where(np.arange(1000) == 777, np.nan, 1.0)})
    frame.loc[333, "a"] = -5e9
    rows = example_rows(frame)
    assert rows["b"].isna().sum() == 1 and -5e9 in rows["a"].tolist() and 999.0 in rows["a"].tolist() and len(rows) <= 64


def test_examples_and_answers_survive_a_file(tmp_path: object) -> None:
    frame = FRAME.assign(place=FRAME["Abflug ort"].astype("category"), at=pd.date_range("2013-01-01", periods=N, tz="America/New_York"))
    kinds = make_column_transformer((OneHotEncoder(sparse_output=False), ["place"]), remainder="drop")
    pipe = make_pipeline(kinds, DecisionTreeClassifier()).fit(frame[["place", "at"]], np.where(frame["late"], "späť", "pünktlich"))
    found = prepare(pipe, frame.assign(late=np.where(frame["late"], "späť", "pünktlich")), target="late")
    write_examples(tmp_path, found.examples, found.answers)  # type: ignore[arg-type]  # pytest's path
    rows, answers = read_examples(tmp_path)  # type: ignore[arg-type]  # pytest's path
    pd.testing.assert_frame_equal(rows, found.examples)
    assert answers.prediction.tolist() == found.answers.prediction.tolist()
    assert np.array_equal(answers.scores, found.answers.scores)


def test_a_private_column_that_the_model_must_read() -> None:
    frame = pd.DataFrame({"born": [f"19{i % 90 + 10}-01-{i % 28 + 1:02}" for i in range(N)], "late": FRAME["late"]})
    frame["born"] = pd.date_range("1950-01-01", periods=N).strftime("%Y-%m-%d")
    year = FunctionTransformer(lambda rows: pd.to_datetime(rows["born"]).dt.year.to_frame())
    pipe = make_pipeline(year, LogisticRegression()).fit(frame[["born"]], frame["late"])
    with pytest.raises(DataInvalid, match=r"'born' holds words.*plain_columns"):
        prepare(pipe, frame, target="late")
    assert prepare(pipe, frame, target="late", plain=("born",)).examples["born"].iloc[0] == "1950-01-01"


@pytest.mark.parametrize(
    ("model", "frame", "options", "error", "words"),
    [
        (TREE, FRAME, {"target": "lat"}, ColumnNotFound, "target 'lat' is not a column of train. Did you mean late"),
        (TREE, FRAME, {"target": "late", "id": "fligt"}, ColumnNotFound, "id 'fligt'.*Did you mean flight"),
        (TREE, FRAME, {"target": "late", "time": "hour"}, ColumnNotFound, "time 'hour'"),
        (TREE, FRAME.drop(columns="distance"), {"target": "late"}, ColumnNotFound, "fitted on column 'distance'"),
        (TREE, FRAME.head(0), {"target": "late"}, DataInvalid, "no rows"),
        (TREE, pd.concat([FRAME, FRAME["late"]], axis=1), {"target": "late"}, DataInvalid, "'late' occurs twice"),
        (TREE, 3, {"target": "late"}, DataInvalid, "int is not a table"),
        (TREE, FRAME[["late"]], {"target": "late"}, ColumnNotFound, "distance"),
        (LinearRegression(), FRAME[["distance", "late"]], {"target": "late"}, ModelInvalid, "LinearRegression is not fitted"),
        (LogisticRegression, FRAME, {"target": "late"}, ModelInvalid, "is a class"),
        (None, FRAME, {"target": "late"}, ModelInvalid, "no method predict"),
        (TREE, (FRAME[["distance"]], [1, 2]), {"target": "late"}, DataInvalid, "300 rows"),
    ],
)
def test_bad_input_is_named(model: object, frame: object, options: dict[str, str], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        prepare(model, frame, **options)  # type: ignore[arg-type]  # the point of the test
