"""Made-up flights, the pipelines around them, and a model compiled and asked: what the tests of compile/ share."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mlops_nb.compile.pipeline import Compiled, compile_form
from mlops_nb.compile.rows import to_values
from mlops_nb.score.form import Form
from mlops_nb.score.parity import Answers, Parity, compare
from mlops_nb.score.predictor import Spec, ask
from mlops_nb.score.program import Program
from mlops_nb.score.signature import signature_of_frame

N = 500


def flights(seed: int = 0, n: int = N) -> pd.DataFrame:
    """Words, whole numbers, floats with and without holes, booleans."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "carrier": random.choice(["UA", "AA", "B6", "EV", "YV", "HA"], n, p=[0.4, 0.3, 0.15, 0.1, 0.03, 0.02]),
            "origin": random.choice(["JFK", "LGA", "EWR"], n),
            "weekday": random.integers(1, 8, n),
            "distance": random.gamma(3, 300, n).round(1),
            "temp": random.normal(50, 15, n).round(2),
            "gust": np.where(random.random(n) < 0.5, np.nan, random.normal(22, 5, n).round(1)),
            "holiday": random.random(n) < 0.1,
        }
    )
    return frame


WORDS, NUMBERS, HOLES = ["carrier", "origin"], ["weekday", "distance", "temp"], ["gust"]


def delay(frame: pd.DataFrame, seed: int = 1) -> np.ndarray:
    """Minutes late, depending on everything."""
    random = np.random.default_rng(seed)
    base = 10 * (frame["carrier"] == "EV") + 4 * (frame["origin"] == "LGA") + frame["weekday"]
    base += frame["distance"] / 400 - frame["temp"] / 20
    gust = frame["gust"].to_numpy(dtype=float, na_value=np.nan) if "gust" in frame else np.zeros(len(frame))
    return (base.to_numpy(dtype=float, na_value=0.0) + np.nan_to_num(gust) / 5 + random.normal(0, 4, len(frame))).round(2)


def labels(frame: pd.DataFrame, kind: str) -> np.ndarray:
    """The target of a kind: binary (bool), multiclass (words), counts (above zero), regression."""
    minutes = delay(frame)
    if kind == "binary":
        return minutes > np.median(minutes)
    if kind == "multiclass":
        return np.array(["early", "fair", "late"])[np.digitize(minutes, np.quantile(minutes, [0.3, 0.7]))]
    return np.exp(minutes / 10) if kind == "counts" else minutes


@dataclass
class Made:
    """A fitted model and its compiled form."""

    model: Any
    spec: Spec
    frame: pd.DataFrame
    form: Form | None
    found: Compiled

    def program(self) -> Program:
        """The program; the note when there is none."""
        assert self.form is not None, self.found.note
        return Program(self.form)

    def agrees(self, frame: pd.DataFrame) -> Parity:
        """Both kernels against the model on these rows, as values that came over a wire."""
        program, expected = self.program(), ask(self.model, frame, self.spec)
        values = to_values(frame[list(self.spec.features)], self.spec.features)
        many, scores = program.batch_arrays(values, len(frame))
        rows = [program.row(row) for row in zip(*values, strict=True)]
        kind = expected.prediction.dtype if expected.prediction.dtype.kind in "iufb" else np.dtype(object)
        for found in ((many, scores), ([r[0] for r in rows], None if rows[0][1] is None else [list(r[1]) for r in rows])):
            got = Answers(np.array(found[0], dtype=kind), None if found[1] is None else np.array(found[1], float))
            parity = compare(expected, got, self.spec.kind)
            if not parity.same:
                return parity
        return parity


def made(model: Any, frame: pd.DataFrame, y: np.ndarray, kind: str, feed: str = "pandas", fit: Any = None) -> Made:
    """The model fitted on the frame (or on `fit`, the same as an array) and compiled."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(frame if fit is None else fit, y)
    kind = "regression" if kind in ("counts", "regression") else kind
    classes = tuple(model.classes_.tolist()) if hasattr(model, "predict_proba") else ()
    categories = tuple(c for c in frame if str(frame[c].dtype) == "category")
    spec = Spec(tuple(map(str, frame.columns)), kind, classes=classes, feed=feed, categories=categories)
    return Made(model, spec, frame, *compile_form(model, spec, signature_of_frame(frame, spec.features), frame))
