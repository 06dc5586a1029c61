"""A compiled pipeline against the pipeline itself: one row, and many.

    python benchmarks/compile.py [--rounds 30]

A pipeline as in nbs/jobs/train.ipynb (one-hot and numbers into 100 boosted trees) on made-up flights of the same
shape, a deep forest and a logistic regression. Every kernel and scikit-learn's `predict_proba` answer the same rows
in turn, in one process with one thread; medians of processor time, which other work on the machine disturbs less than
the clock. skl2onnx runs along when it is installed.
"""

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from mlops_nb.compile.pipeline import compile_form
from mlops_nb.compile.rows import to_values
from mlops_nb.score.predictor import Spec
from mlops_nb.score.program import Program
from mlops_nb.score.signature import signature_of_frame

WORDS = {"carrier": 16, "origin": 3, "dest": 100}
NUMBERS = ["weekday", "departs", "arrives", "distance", "temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust"]
NUMBERS += ["precip", "pressure"]
SIZES = (1, 5, 10, 100, 1_000)


def flights(n: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({name: [f"{name[0]}{i:02}" for i in random.geometric(3 / k, n) % k] for name, k in WORDS.items()})
    frame = frame.assign(**{name: random.normal(50, 20, n).round(2) for name in NUMBERS}, visib=random.integers(0, 11, n))
    frame["wind_gust"] = np.where(random.random(n) < 0.7, np.nan, frame["wind_gust"])
    score = frame["departs"] / 20 + (frame["carrier"] == "c01") + np.nan_to_num(frame["wind_gust"]) / 50 + random.normal(size=n)
    return frame, (score > score.quantile(0.75)).to_numpy()


def models() -> dict[str, Any]:
    hot = OneHotEncoder(handle_unknown="ignore", min_frequency=20, sparse_output=False)
    filled = make_pipeline(SimpleImputer(), StandardScaler())
    boosted = HistGradientBoostingClassifier(learning_rate=0.05, min_samples_leaf=200, l2_regularization=1.0, random_state=0)
    forest = RandomForestClassifier(100, min_samples_leaf=5, random_state=0)
    return {
        "boosted trees": make_pipeline(ColumnTransformer([("w", hot, [*WORDS])], remainder="passthrough"), boosted),
        "deep forest": make_pipeline(ColumnTransformer([("w", hot, [*WORDS])], remainder="passthrough"), forest),
        "logistic": make_pipeline(ColumnTransformer([("w", hot, [*WORDS])], remainder=filled), LogisticRegression(max_iter=500)),
    }


def in_turn(ways: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Median microseconds of each, one after the other, again and again; what is short a few times in a row."""
    seen: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            repeats = 1 if name == "sklearn" else 20
            way()
            start = time.thread_time()
            for _ in range(repeats):
                way()
            seen[name].append((time.thread_time() - start) * 1e6 / repeats)
    return {name: statistics.median(times) for name, times in seen.items()}


def peer(model: Any, frame: pd.DataFrame) -> Callable[[pd.DataFrame], Any] | None:
    """skl2onnx's conversion of the same pipeline, fed as it wants; None without skl2onnx, or where it fails."""
    try:
        import onnxruntime
        from skl2onnx import convert_sklearn
        from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    except ImportError:
        return None
    text = {name: name in WORDS for name in frame}
    kinds = [(name, StringTensorType([None, 1]) if text[name] else FloatTensorType([None, 1])) for name in frame]
    try:
        content = convert_sklearn(model, initial_types=kinds, options={"zipmap": False}).SerializeToString()
    except Exception as problem:
        print(f"skl2onnx: {type(problem).__name__}", file=sys.stderr)
        return None
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return lambda rows: session.run(None, {n: rows[[n]].to_numpy(object if text[n] else np.float32) for n in rows})


def measure(name: str, model: Any, frame: pd.DataFrame, y: np.ndarray, rounds: int) -> None:
    model.fit(frame, y)
    spec = Spec(tuple(frame), "binary", classes=(False, True))
    start = time.perf_counter()
    form, found = compile_form(model, spec, signature_of_frame(frame, spec.features), frame)
    took = time.perf_counter() - start
    if form is None:
        sys.exit(f"{name}: {found.note}")
    start = time.perf_counter()
    program = Program(form)
    opened = time.perf_counter() - start
    size = sum(map(len, form.parts.values())) / 1e6
    print(f"\n**{name}**: {found.note} Compiled and compared in {took:.2f} s, opened in {opened * 1e3:.1f} ms, {size:.2f} MB.\n")
    print("| rows | scikit-learn µs | row kernel µs | batch kernel µs | skl2onnx µs | scikit-learn / faster kernel |")
    print("|---:|---:|---:|---:|---:|---:|")
    other, values = peer(model, frame), to_values(frame.head(max(SIZES)), spec.features)
    for n in SIZES:
        rows, columns = frame.head(n), [c[:n] for c in values]
        alone = list(zip(*columns, strict=True))
        ways: dict[str, Callable[[], Any]] = {"sklearn": lambda rows=rows: model.predict_proba(rows)}
        ways["row"] = lambda alone=alone: [program.row(r) for r in alone]
        ways["batch"] = lambda columns=columns, n=n: program.batch_arrays(columns, n)
        if other is not None:
            ways["skl2onnx"] = lambda rows=rows: other(rows)
        times = in_turn(ways, rounds)
        onnx = f"{times['skl2onnx']:,.0f}" if other else "–"
        ratio = times["sklearn"] / min(times["row"], times["batch"])
        print(f"| {n:,} | {times['sklearn']:,.0f} | {times['row']:,.1f} | {times['batch']:,.1f} | {onnx} | {ratio:,.0f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--rows", type=int, default=20_000)
    given = parser.parse_args()
    frame, y = flights(given.rows)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, model in models().items():
            measure(name, model, frame, y, given.rounds)


if __name__ == "__main__":
    main()
