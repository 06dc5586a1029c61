"""Evidently and NannyML beside ours: each in an environment and a process of its own, asked over a pipe.

Both keep to their defaults. Evidently: `DataDriftPreset`, which chooses a test by the rows of the reference. NannyML:
`UnivariateDriftCalculator`, Jensen-Shannon distances, a chunk alerts beyond the mean ± 3 sd of the reference's chunks.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

_FRAME = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
out, sys.stdout = sys.stdout, sys.stderr
import pandas as pd

def read(path):
    return pd.read_parquet(path)

def serve(version, answer):
    print(json.dumps({"version": version}), file=out, flush=True)
    for line in sys.stdin:
        try:
            print(json.dumps(answer(json.loads(line))), file=out, flush=True)
        except Exception as error:
            print(json.dumps({"error": f"{type(error).__name__}: {error}"}), file=out, flush=True)
"""

EVIDENTLY = (
    _FRAME
    + """
import evidently
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

def dataset(frame, asked):
    about = DataDefinition(numerical_columns=asked["numeric"], categorical_columns=asked["categorical"])
    return Dataset.from_pandas(frame[asked["numeric"] + asked["categorical"]], data_definition=about)

def verdicts(found):
    flags = {}
    for metric in found["metrics"]:
        about = metric.get("config") or {}
        if not str(about.get("type", "")).endswith("ValueDrift"):
            continue
        value, method, limit = float(metric["value"]), str(about.get("method")), float(about.get("threshold") or 0.1)
        smaller = "p_value" in method or "p-value" in method or "p value" in method
        flags[about["column"]] = bool(value < limit if smaller else value >= limit)
    return flags

def answer(asked):
    before, windows = read(asked["reference"]), [read(w) for w in asked["windows"]]
    begin = time.perf_counter()
    reference = dataset(before, asked)
    flags = []
    for window in windows:
        flags.append(verdicts(Report([DataDriftPreset()]).run(dataset(window, asked), reference).dict()))
    return {"flags": flags, "seconds": time.perf_counter() - begin}

serve(evidently.__version__, answer)
"""
)

NANNYML = (
    _FRAME
    + """
import nannyml as nml

def answer(asked):
    before, after = read(asked["reference"]), pd.concat([read(w) for w in asked["windows"]], ignore_index=True)
    names = asked["numeric"] + asked["categorical"]
    begin = time.perf_counter()
    calculator = nml.UnivariateDriftCalculator(column_names=names, treat_as_categorical=asked["categorical"], chunk_size=asked["chunk"])
    calculator.fit(before[names])
    found = calculator.calculate(after[names]).filter(period="analysis").to_df()
    seconds = time.perf_counter() - begin
    alerts = {n: found[[c for c in found.columns if c[0] == n and c[-1] == "alert"]].any(axis=1).tolist() for n in names}
    return {"flags": [{n: bool(a[k]) for n, a in alerts.items()} for k in range(len(found))], "seconds": seconds}

serve(nml.__version__, answer)
"""
)

PEERS = {"Evidently": (("evidently", "pandas<3"), EVIDENTLY), "NannyML": (("nannyml", "statsmodels"), NANNYML)}


class Peer:
    "One of them: its process, and the folder in which frames are handed over."

    def __init__(self, name: str, folder: Path):
        packages, script = PEERS[name]
        self.name, self.folder = name, folder
        python = _environment(folder / name.lower(), packages)
        env = {"PATH": "/usr/bin:/bin", "NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1", "HOME": str(folder)}
        env |= {k: v for k, v in os.environ.items() if k.startswith(("OMP_", "OPENBLAS_"))}
        self.process = subprocess.Popen(
            [str(python), "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=env,
        )
        self.version = self._heard()["version"]

    def _heard(self) -> dict[str, Any]:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            sys.exit(f"{self.name} has ended; its environment is {self.folder / self.name.lower()}.")
        found: dict[str, Any] = json.loads(line)
        return found

    def ask(self, reference: Any, windows: list[Any], numeric: list[str], categorical: list[str], chunk: int) -> dict[str, Any]:
        "Flags for each window (NannyML: each chunk) and the seconds they took, reading not counted."
        places = []
        for k, frame in enumerate([reference, *windows]):
            places.append(str(self.folder / f"{self.name}-{k}.parquet"))
            frame[[*numeric, *categorical]].astype({c: str for c in categorical}).to_parquet(places[-1], index=False)
        asked = {"reference": places[0], "windows": places[1:], "numeric": numeric, "categorical": categorical, "chunk": chunk}
        assert self.process.stdin
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return self._heard()

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def _environment(place: Path, packages: tuple[str, ...]) -> Path:
    "The interpreter of an environment with these packages; made once in a folder."
    python = place / "bin" / "python"
    if not (place / "ready").exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
        subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, str(place)], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", str(python), "pyarrow", *packages], check=True)
        (place / "ready").touch()
    return python
