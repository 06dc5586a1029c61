"""The models that are served: the demo's pipeline, and one that nobody can compile. Runs in every environment of the benchmark.

    python model.py ROWS.json FOLDER        fits both on the same rows, keeps them and what they answer, in FOLDER
"""

import json
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

CATEGORIES = ["carrier", "origin", "dest"]
NUMBERS = ["weekday", "departs", "arrives", "distance"]
SKY = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
FEATURES = CATEGORIES + NUMBERS + SKY


class Clock(TransformerMixin, BaseEstimator):
    "Turns minutes after midnight into a point on a circle: a step of somebody's own, of the kind that every second pipeline has."

    def __init__(self, columns: tuple[str, ...] = ("departs", "arrives")):
        self.columns = columns

    def fit(self, frame: pd.DataFrame, target: Any = None) -> "Clock":
        self.fitted_ = True
        return self

    def transform(self, frame: pd.DataFrame) -> pd.DataFrame:
        angles = {name: frame[name].to_numpy(dtype=float) * (2 * np.pi / 1440) for name in self.columns}
        turned = {f"{name}_{part}": of(angle) for name, angle in angles.items() for part, of in (("sin", np.sin), ("cos", np.cos))}
        return frame.assign(**turned)


def pipeline(own_step: bool = False, seed: int = 0) -> Pipeline:
    "The pipeline of nbs/jobs/train.ipynb; with a step of one's own before it that no converter knows."
    encode = ColumnTransformer(
        [("category", OneHotEncoder(handle_unknown="ignore", min_frequency=20, sparse_output=False), CATEGORIES)],
        remainder="passthrough",
    )
    trees = HistGradientBoostingClassifier(learning_rate=0.05, min_samples_leaf=200, l2_regularization=1.0, random_state=seed)
    return Pipeline([*([("clock", Clock())] if own_step else []), ("columns", encode), ("trees", trees)])


def frame_of(table: dict[str, Any]) -> pd.DataFrame:
    "A frame of `{columns, data}`; a missing number is NaN."
    frame = pd.DataFrame(table["data"], columns=table["columns"])
    return frame.astype(dict.fromkeys(SKY, "float64"))


def main(rows: Path, folder: Path) -> None:
    given = json.loads(rows.read_text())
    train, asked = frame_of(given["train"]), frame_of(given["asked"])
    folder.mkdir(parents=True, exist_ok=True)
    for name, own_step in (("plain", False), ("own", True)):
        model = pipeline(own_step).fit(train[FEATURES], np.asarray(given["late"], dtype=bool))
        joblib.dump(model, folder / f"{name}.joblib")
        (folder / f"{name}.json").write_text(json.dumps(model.predict_proba(asked[FEATURES]).tolist()))
        if folder.name == "mlflow":
            save_for_mlflow(model, folder / f"{name}.mlflow", asked)


def save_for_mlflow(model: Pipeline, folder: Path, asked: pd.DataFrame) -> None:
    "Saves it with its signature, its requirements given; served are the probabilities, which cost what labels cost."
    import shutil

    import mlflow

    shutil.rmtree(folder, ignore_errors=True)
    answers = model.predict_proba(asked[FEATURES])
    mlflow.sklearn.save_model(
        model,
        folder,
        serialization_format="cloudpickle",
        signature=mlflow.models.infer_signature(asked[FEATURES], answers),
        pyfunc_predict_fn="predict_proba",
        pip_requirements=["scikit-learn", "pandas"],
        code_paths=[__file__],
    )


if __name__ == "__main__":
    import model  # so that what is pickled belongs to a module that can be imported

    model.main(*map(Path, sys.argv[1:]))
