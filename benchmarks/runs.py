"""How long a notebook takes as a run, beside stock papermill, jupyter-scheduler's executor and a plain script, in the same run.

    python benchmarks/runs.py               20 rounds, about fifteen minutes
    python benchmarks/runs.py --rounds 3    a quick look

Timed from the start of a process to its exit code. With us the executed notebook, parameters, manifest and verdict are durable in
`.mlops/runs/<id>/` by then. Every round runs each way once, one after the other, so that whatever else the machine does hurts all of them;
medians count. Two notebooks: an empty one (a parameter, a `print`), and one that scores: it imports pandas, scikit-learn, MLflow and
whylogs, loads a model that MLflow logged, scores 30,000 rows and takes a whylogs profile of them. Everything is made in a folder of its
own, and removed.

Memory is the proportional set size (PSS) of all processes of ten runs that sleep at the same time, the warm process they are copies of
included: pages that processes share count once.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import nbformat.v4 as v4

BIN = Path(sys.executable).parent
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "WHYLOGS_NO_ANALYTICS": "1", "DO_NOT_TRACK": "1"}

EMPTY = ["print('month', month)"]
SCORING = [
    "import mlflow, numpy as np, pandas as pd\nimport sklearn.ensemble, whylogs\nfrom mlops_nb.profile.sketch import profile",
    "model = mlflow.sklearn.load_model('model')",
    "frame = pd.read_parquet('rows.parquet')\nlen(frame)",
    "scores = model.predict_proba(frame)[:, 1]\nframe.assign(score=scores).to_parquet(f'scored-{month}.parquet')\nscores.mean()",
    "view = profile(frame)\nlen(view.get_columns())",
]
WAIT = "import pathlib, time\npathlib.Path(f'ready-{month}').touch()\nwhile not pathlib.Path('over').exists():\n    time.sleep(0.1)"
SLEEPING = [*SCORING, WAIT]


def notebook(path: Path, cells: list[str]) -> None:
    """A notebook with a `parameters` cell."""
    first = v4.new_code_cell("month = 1", metadata={"tags": ["parameters"]})
    spec = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    path.write_text(json.dumps(v4.new_notebook(cells=[first, *map(v4.new_code_cell, cells)], metadata=spec)))


MODEL = """
import mlflow, numpy as np, pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
rng = np.random.default_rng(0)
frame = pd.DataFrame(rng.normal(size=(30_000, 10)), columns=[f"c{n}" for n in range(10)])
late = frame.c0 + rng.normal(size=len(frame)) > 1
model = make_pipeline(StandardScaler(), HistGradientBoostingClassifier(random_state=0)).fit(frame, late)
mlflow.sklearn.save_model(model, "model", serialization_format="cloudpickle", pip_requirements=["scikit-learn"])
frame.to_parquet("rows.parquet")
"""

EXECUTOR = """
import sys, nbformat
from nbconvert.preprocessors import ExecutePreprocessor
from jupyter_scheduler.executors import DefaultExecutionManager  # what its jobs are executed with
from jupyter_scheduler.parameterize import add_parameters
nb = nbformat.read(sys.argv[1], as_version=4)
nb = add_parameters(nb, {"month": 7})
ExecutePreprocessor(kernel_name="python3", store_widget_state=True, cwd=".").preprocess(nb, {})
nbformat.write(nb, sys.argv[2])
"""


def seconds(words: list[str], folder: Path, env: dict[str, str]) -> float:
    """Of a process from its start to exit code 0."""
    begun = time.perf_counter()
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True)
    took = time.perf_counter() - begun
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return took


def ways(folder: Path, name: str, env: dict[str, str], scheduler: str | None) -> dict[str, Callable[[int], float]]:
    """Each way to run a notebook, by its name in the table."""
    source = folder / f"{name}.ipynb"
    code = [c["source"] for c in json.loads(source.read_text())["cells"]]
    (folder / f"{name}.py").write_text("\n".join(["month = 7", *code[1:]]))

    def ours(n: int) -> float:
        return seconds([str(BIN / "mlops-nb"), "run", str(source), "-p", "month=7"], folder, env)

    def stock(n: int) -> float:
        words = [str(BIN / "papermill"), str(source), str(folder / "out.ipynb"), "-p", "month", "7", "--no-progress-bar"]
        return seconds(words, folder, env)

    def engine(n: int) -> float:
        words = [str(BIN / "papermill"), str(source), str(folder / "out.ipynb"), "-p", "month", "7", "--no-progress-bar"]
        return seconds([*words, "--engine", "mlops_nb"], folder, env)

    def script(n: int) -> float:
        return seconds([sys.executable, str(folder / f"{name}.py")], folder, env)

    found = {"mlops-nb run": ours, "papermill": stock, "papermill --engine mlops_nb": engine, "python script.py": script}
    if scheduler:
        words = [scheduler, str(folder / "executor.py"), str(source), str(folder / "out.ipynb")]
        found["jupyter-scheduler's executor"] = lambda n: seconds(words, folder, env)
    return found


def scheduler_python(folder: Path) -> str | None:
    """An interpreter that has jupyter-scheduler beside all that we have; None where it cannot be installed."""
    target, uv = folder / "scheduler", str(BIN / "uv")
    site = next(p for p in sys.path if p.endswith("site-packages"))
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(target)], check=True)
    (next(target.glob("lib/python*/site-packages")) / "above.pth").write_text(f"{site}\n{Path(__file__).resolve().parents[1]}\n")
    words = [uv, "pip", "install", "-q", "--python", str(target / "bin" / "python"), "--no-deps"]
    done = subprocess.run([*words, "jupyter-scheduler", "pytz", "croniter", "fsspec"], capture_output=True)
    return str(target / "bin" / "python") if done.returncode == 0 else None


def throughput(folder: Path, name: str, parallel: int, runs: int, env: dict[str, str]) -> float:
    """Runs a second of one call."""
    words = [str(BIN / "mlops-nb"), "run", str(folder / f"{name}.ipynb"), "--grid", f"month=1..{runs}", "--parallel", str(parallel)]
    return runs / seconds(words, folder, env)


def pss_mb(root: int) -> float:
    """Of a process and all that descend from it."""
    total, waiting = 0.0, [root]
    while waiting:
        pid = waiting.pop()
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) / 1024
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return total


def memory(folder: Path, env: dict[str, str], warm: bool) -> float:
    """PSS of ten runs that have scored and wait, in MB."""
    source = folder / "sleeping.ipynb"
    for path in folder.glob("ready-*"):
        path.unlink()
    (folder / "over").unlink(missing_ok=True)
    if warm:
        words = [[str(BIN / "mlops-nb"), "run", str(source), "--grid", "month=1..10", "--parallel", "10"]]
    else:
        words = [[str(BIN / "papermill"), str(source), str(folder / f"o{n}.ipynb"), "-p", "month", str(n)] for n in range(1, 11)]
    processes = [subprocess.Popen(w, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for w in words]
    end = time.monotonic() + 300
    while len(list(folder.glob("ready-*"))) < 10 and time.monotonic() < end:
        time.sleep(0.2)
    roots = [p.pid for p in processes]
    if warm:
        from mlops_nb.batch.pool import pools

        roots += [info.pid for info in pools(folder / ".mlops")]
    used = sum(map(pss_mb, roots))
    (folder / "over").touch()
    for process in processes:
        process.wait(60)
    return used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--without-scheduler", action="store_true")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="mlops-nb-runs-"))
    env = os.environ | QUIET
    try:
        report(folder, env, chosen)
    finally:
        from mlops_nb.batch.pool import stop_pools

        stop_pools(folder / ".mlops")
        shutil.rmtree(folder, ignore_errors=True)


def report(folder: Path, env: dict[str, str], chosen: argparse.Namespace) -> None:
    subprocess.run([str(BIN / "mlops-nb"), "init", str(folder)], check=True, capture_output=True)
    for name, cells in {"empty": EMPTY, "scoring": SCORING, "sleeping": SLEEPING}.items():
        notebook(folder / f"{name}.ipynb", cells)
    subprocess.run([sys.executable, "-c", MODEL], cwd=folder, env=env, check=True, capture_output=True)
    (folder / "executor.py").write_text(EXECUTOR)
    scheduler = None if chosen.without_scheduler else scheduler_python(folder)
    load = os.getloadavg()[0]
    took: dict[tuple[str, str], list[float]] = {}
    for name in ("empty", "scoring"):
        seconds([str(BIN / "mlops-nb"), "run", str(folder / f"{name}.ipynb")], folder, env)  # starts the warm process, which learns
    time.sleep(8)
    seconds([str(BIN / "mlops-nb"), "run", str(folder / "scoring.ipynb")], folder, env)
    for n in range(chosen.rounds):
        for name in ("empty", "scoring"):
            for way, run in ways(folder, name, env, scheduler).items():
                took.setdefault((way, name), []).append(run(n))
        print(f"round {n + 1} of {chosen.rounds}", file=sys.stderr, flush=True)
    facts = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = next((line.split(":")[1].strip() for line in facts if line.startswith("model name")), "")
    machine = f"{os.cpu_count()} cores ({cpu}), {platform.system()}, Python {platform.python_version()}"
    print(f"{datetime.now(UTC):%Y-%m-%d} · {machine}.", end=" ")
    print(f"Medians (fastest to slowest) of {chosen.rounds} alternating rounds; load before {load:.1f}.\n")
    print("| | empty notebook | beside papermill | scoring notebook | beside papermill |\n|---|---|---|---|---|")
    middle = {key: statistics.median(values) for key, values in took.items()}
    for way in dict.fromkeys(way for way, _ in took):
        cells = []
        for name in ("empty", "scoring"):
            values = took[way, name]
            cells.append(f"{middle[way, name]:.2f} s ({min(values):.2f} to {max(values):.2f})")
            cells.append(f"{middle['papermill', name] / middle[way, name]:.1f} x")
        print(f"| `{way}` | {' | '.join(cells)} |")
    rates = {
        (name, side): statistics.median(throughput(folder, name, side, 16, env) for _ in range(3))
        for name in ("empty", "scoring")
        for side in (1, 2)
    }
    from mlops_nb.batch.pool import stop_pools

    stop_pools(folder / ".mlops")  # those of single runs and of papermill's engine have no part in it
    seconds([str(BIN / "mlops-nb"), "run", str(folder / "scoring.ipynb"), "--grid", "month=1..2"], folder, env)
    warm, stock = memory(folder, env, True), memory(folder, env, False)
    beside = {name: middle["papermill", name] / middle["mlops-nb run", name] for name in ("empty", "scoring")}
    rows = [(f"{name} notebook, papermill's command line", "≥ 20 x", ratio, 20) for name, ratio in beside.items()]
    rows += [(f"{name}: 2 side by side, throughput of 1", "≥ 1.6 x", rates[name, 2] / rates[name, 1], 1.6) for name in ("empty", "scoring")]
    print("\n| beside | aim | measured | |\n|---|---|---|---|")
    for what, aim, found, bound in rows:
        print(f"| {what} | {aim} | {found:.1f} x | {'reached' if found >= bound else '**missed**'} |")
    verdict = "reached" if warm <= stock / 2 else "**missed**"
    used = f"{warm / stock:.0%} ({warm:.0f} of {stock:.0f} MB)"
    print(f"| memory of ten runs at once (PSS), ten of papermill | ≤ 50 % | {used} | {verdict} |")
    print(f"\nRuns a second, one at a time and two: empty {rates['empty', 1]:.1f} and {rates['empty', 2]:.1f}, ", end="")
    print(f"scoring {rates['scoring', 1]:.1f} and {rates['scoring', 2]:.1f}.")


if __name__ == "__main__":
    main()
