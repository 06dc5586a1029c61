"""Runs the notebooks under nbs/.

    python tools/notebooks.py test     runs every lesson's cells; changes nothing
    python tools/notebooks.py run      runs them in place and keeps their outputs

The notebooks of nbs/jobs need a filled workspace. They get one of their own, in a temporary folder. Those of nbs/dashboards
are kept without outputs, which would be those of one workspace at one time; tests/browser shows them.
"""

import gc
import importlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
JOBS = ROOT / "nbs" / "jobs"
DASHBOARDS = ROOT / "nbs" / "dashboards"
ARRIVALS = """
import sys
from mlops_nb.desk.flights import flights
flights(1)[["flight_id", "scheduled", "carrier", "dest", "distance", "late"]].to_csv(sys.argv[1], index=False)
"""  # a file from outside, for ingest.ipynb


def lessons() -> list[Path]:
    "Every notebook but the jobs and the dashboards, in the order of the floors."
    found = [path for path in (ROOT / "nbs").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts]
    return sorted(path for path in found if JOBS not in path.parents and DASHBOARDS not in path.parents)


def call(*words: str, **more: str) -> None:
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"} | more
    subprocess.run([str(BIN / words[0]), *words[1:]], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=True)


# What many lessons import. A lesson is checked in a copy of a process that has these loaded: modules only, nothing that was called.
LOADED = (
    "mlops_nb", "nbdev.test", "numpy", "pandas", "pyarrow.parquet", "pyarrow.dataset", "sqlalchemy", "alembic", "deltalake", "whylogs",
    "sklearn.ensemble", "sklearn.linear_model", "sklearn.pipeline", "sklearn.compose", "mlflow", "click", "matplotlib.figure",
)  # fmt: skip


ALONE = (ROOT / "nbs" / "profile" / "00_engine.ipynb",)  # it looks at what is loaded


def check(path: Path, words: IO[str]) -> NoReturn:
    "Runs the cells of one notebook with nbdev's runner; called in a copy of its own, which ends here."
    status = 1
    try:
        os.dup2(words.fileno(), 1)
        os.dup2(words.fileno(), 2)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115  # the copy's own
        sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr
        if path in ALONE:
            os.execv(BIN / "nbdev-test", [str(BIN / "nbdev-test"), str(path), "--n-workers", "0", "--do-print"])
        os.chdir(ROOT / "nbs")
        from nbdev.test import test_nb

        status = 0 if test_nb(path, basepath=ROOT, do_print=True)[0] else 1
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def test() -> None:
    "Every lesson, two at a time, each in a fresh copy of this process. None sees what another has called or left in memory."
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    for name in LOADED:
        importlib.import_module(name)
    if threading.active_count() > 1:
        sys.exit("a module of LOADED starts threads; it cannot be in a process that is copied")
    gc.freeze()
    waiting, running, failed = lessons(), {}, []
    while waiting or running:
        while waiting and len(running) < 2:
            path, words = waiting.pop(0), tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed when its lesson has ended
            sys.stdout.flush()
            pid = os.fork()
            if not pid:
                check(path, words)
            running[pid] = path, words, time.monotonic()
        pid, status, used = os.wait4(-1, 0)
        path, words, begun = running.pop(pid)
        took, worked = time.monotonic() - begun, used.ru_utime + used.ru_stime
        word = "FAILED" if status else "ok    "
        print(f"{word} {took:5.1f} s, {worked:5.1f} s of processor time  {path.relative_to(ROOT)}", flush=True)
        if status:
            words.seek(0)
            failed.append(f"--- {path.relative_to(ROOT)}\n{words.read()}")
        words.close()
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
