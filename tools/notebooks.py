"""Runs the notebooks under nbs/.

    python tools/notebooks.py test     runs every lesson's cells; changes nothing
    python tools/notebooks.py run      runs them in place and keeps their outputs

The notebooks of nbs/jobs need a filled workspace. They get one of their own, in a temporary folder.
"""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
JOBS = ROOT / "nbs" / "jobs"
ARRIVALS = """
import sys
from mlops_nb.desk.flights import flights
flights(1)[["flight_id", "scheduled", "carrier", "dest", "distance", "late"]].to_csv(sys.argv[1], index=False)
"""  # a file from outside, for ingest.ipynb


def lessons() -> list[Path]:
    "Every notebook but the jobs, in the order of the floors."
    found = [path for path in (ROOT / "nbs").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts]
    return sorted(path for path in found if JOBS not in path.parents)


def call(*words: str, **more: str) -> None:
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"} | more
    subprocess.run([str(BIN / words[0]), *words[1:]], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=True)


def check(path: Path) -> str:
    "Runs the cells of one notebook with nbdev's runner, in a process of its own; what it printed when one fails, else nothing."
    words = [str(BIN / "nbdev-test"), str(path), "--n-workers", "0", "--do-print"]
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    begun = time.monotonic()
    done = subprocess.run(
        words, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    print(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {time.monotonic() - begun:5.1f} s  {path.relative_to(ROOT)}", flush=True)
    return "" if done.returncode == 0 else f"--- {path.relative_to(ROOT)}\n{done.stdout}"


def test() -> None:
    "Every lesson, two at a time. None sees what another has imported or left in memory."
    with ThreadPoolExecutor(2) as pool:
        failed = [text for text in pool.map(check, lessons()) if text]
    if failed:
        print("", *failed, sep="\n")
        sys.exit(f"{len(failed)} of {len(lessons())} notebooks failed")


def execute(path: Path, **environment: str) -> None:
    "Runs one notebook in its folder; the file gets the outputs, or is left alone when a cell fails."
    words = ("jupyter", "execute", "--inplace", "--timeout", "600", "--kernel_name", "python3", str(path))
    call(*words, **environment)
    print(f"ran {path.relative_to(ROOT)}", flush=True)


def run() -> None:
    "Every lesson in place, then the jobs in order, then a clean that keeps the outputs."
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(execute, lessons()))
    with tempfile.TemporaryDirectory() as folder:
        call("mlops-nb", "demo", "--months", "3", "--ask", "0", MLOPS_NB_WORKSPACE=folder)
        call("python", "-c", ARRIVALS, f"{folder}/arrivals.csv")
        for name in ("train.ipynb", "score.ipynb", "investigate.ipynb", "ingest.ipynb"):
            execute(JOBS / name, MLOPS_NB_WORKSPACE=folder)
    call("nbdev-clean")


if __name__ == "__main__":
    try:
        {"test": test, "run": run}[sys.argv[1] if len(sys.argv) > 1 else "test"]()
    except subprocess.CalledProcessError as failed:  # it has said why
        sys.exit(f"failed: {' '.join(str(word) for word in failed.cmd)}")
