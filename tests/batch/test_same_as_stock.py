"""The same notebooks through papermill's own engine and through ours, compared cell by cell."""

import copy
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import nbformat.v4 as v4
import papermill
import pytest
from papermill.engines import papermill_engines

from mlops_nb.batch.engine import PapermillEngine

BIN = Path(sys.executable).parent
PATIENT = {"start_timeout": 300, "iopub_timeout": 300}  # for a kernel to begin, and for what it still says behind its answer

GOOD = {
    "prints": ["print('one'); print('two', end='')", "import sys; print('to stderr', file=sys.stderr)"],
    "answers": ["month * 2", "'text'", "None", "[1, 2, 3]"],
    "writes_below_python": ["import os; os.write(1, b'from C\\n'); None", "import subprocess; subprocess.run(['echo', 'child']); None"],
    "shells": ["!echo from a shell", "%%bash\necho $((40 + 2))", "here = %pwd\nimport os; os.path.basename(here)"],
    "awaits": ["import asyncio\nawait asyncio.sleep(0.01)\nawait asyncio.gather(asyncio.sleep(0, 'a'), asyncio.sleep(0, 'b'))"],
    "displays": [
        "from IPython.display import HTML, display, clear_output\ndisplay(HTML('<b>bold</b>'))",
        "handle = display('first', display_id='d'); handle.update('second')",
        "print('gone'); clear_output(); print('stays')",
        "print('replaced'); clear_output(wait=True); print('by this')",
    ],
    "plots": ["import matplotlib.pyplot as plt\nfigure, axes = plt.subplots(figsize=(2, 1))\naxes.plot([1, 2]); None"],
    "widgets": [
        "import ipywidgets as w\nslider = w.IntSlider(3, description='k')\nslider",
        "out = w.Output()\nwith out:\n    print('captured')\nout",
        "slider.value = 5; slider.value",
    ],
    "exits": ["print('before')", "import sys; sys.exit(0)", "print('after')"],
    "threads": ["import threading\nt = threading.Thread(target=lambda: print('from a thread'))\nt.start(); t.join()"],
    "joblib": ["from joblib import Parallel, delayed\nParallel(n_jobs=2)(delayed(abs)(n) for n in (-1, -2))"],
    "where": ["import os, sys\nos.path.basename(os.getcwd()), sys.argv[1] == '-f', __name__, sys.path[0]"],
    "asks_git": ["import random\nrandom.seed(1)\nrandom.random()"],
    "warns": ["import warnings\nwarnings.warn('careful')"],
    "logs": ["import logging\nlogging.getLogger('x').warning('heard')"],
    "counts": ["a = 1", "", "a + 1", ("print('md')", {"tags": ["remove"]})],
    "defines": ["class A:\n    def __repr__(self):\n        return 'an A'\nA()", "import pickle\nA.__module__"],
    "history": ["In[1], Out.get(2), _"],
    "ünïcode": ["print('Düsseldorf ✈ 空港')"],
}
BAD = {
    "raises_as_tagged": [("1 / 0", {"tags": ["raises-exception"]}), "print('after')"],  # papermill fails all the same
    "raises": ["print('before')", "def deep():\n    raise ValueError('no such airport')\ndeep()", "print('never')"],
    "exits_with_1": ["import sys; sys.exit(1)"],
    "interrupts_itself": ["raise KeyboardInterrupt"],
    "wrong_syntax": ["if True print"],
    "asks": ["input('name? ')"],
    "dies": ["import os; os._exit(9)"],
    "crashes": ["import ctypes; ctypes.string_at(0)"],
    "raises_group": ["raise ExceptionGroup('two', [ValueError(1), TypeError(2)])"],
}


def document(cells: list, tag: bool = True) -> dict:
    made = [v4.new_code_cell("month = 1  # type: int", metadata={"tags": ["parameters"]})] if tag else []
    for cell in cells:
        source, metadata = cell if isinstance(cell, tuple) else (cell, {})
        made.append(v4.new_code_cell(source, metadata=metadata))
    spec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    return v4.new_notebook(cells=[v4.new_markdown_cell("# Title"), *made], metadata={"kernelspec": spec})


class Stuck(BaseException):
    """papermill's own client can miss a reply while it talks to an Output widget, and would wait for ever."""


def executed(path: Path, engine: str | None, **options) -> tuple[dict, str]:
    """The executed notebook and the error, through one engine; stock papermill may try three times, ours once."""

    def stuck(*_):
        raise Stuck

    signal.signal(signal.SIGALRM, stuck)
    patience = (20, 60, 300) if engine is None else (300,)  # a busy machine may need more than the first only to begin
    for seconds in patience:
        signal.alarm(seconds)
        try:
            return executed_once(path, engine, **options)
        except Stuck:
            assert seconds < patience[-1], f"{engine or 'stock papermill'} hangs at {path.name}"
        finally:
            signal.alarm(0)
    raise AssertionError


def executed_once(path: Path, engine: str | None, **options) -> tuple[dict, str]:
    target = path.with_name(f"{path.stem}-out.ipynb")
    told = {"parameters": {"month": 7}, "progress_bar": False, "cwd": str(path.parent)} | PATIENT | options
    error = ""
    try:
        papermill.execute_notebook(str(path), str(target), engine_name=engine, **told)
    except Exception as problem:
        error = f"{type(problem).__name__}: {problem}"
    found = json.loads(target.read_text()) if target.exists() else {}
    target.unlink(missing_ok=True)
    return found, error


VARYING = [
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"ipykernel_\d+/\d+\.py"), "ipykernel_N/N.py"),
    (re.compile(r"(Cell )?In\[\d+\]"), "In[n]"),
    (re.compile(r"0x[0-9a-f]+"), "0x"),
    (re.compile(r"\b[0-9a-f]{32}\b|\b[0-9a-f]{8}-[0-9a-f-]{27}\b"), "id"),
    (re.compile(r"IPY_MODEL_[0-9a-f]{32}"), "IPY_MODEL_id"),
    (re.compile(r"exit code -?\d+"), "exit code n"),
]


def plain(value):
    """Without what differs between two runs of the same engine: times, ids, process numbers."""
    if isinstance(value, dict) and value and all(re.fullmatch(r"[0-9a-f]{32}", str(k)) for k in value):
        return sorted((plain(v) for v in value.values()), key=json.dumps)  # widgets, by their random names
    if isinstance(value, dict):
        skipped = ("start_time", "end_time", "duration", "id", "output_path", "execution", "version", "iopub.status.busy")
        return {plain(k): plain(v) for k, v in value.items() if k not in skipped}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str):
        for pattern, instead in VARYING:
            value = pattern.sub(instead, value)
    return value


@pytest.fixture(scope="module")
def ours(bench):
    """Our engine under its name, as papermill finds it by its entry point; and a warm process to take kernels from."""
    from mlops_nb.core.settings import init

    init(bench.root)
    papermill_engines.register("mlops_nb", PapermillEngine)
    return bench


@pytest.mark.parametrize("name", [*GOOD, *BAD])
def test_cells_outputs_counts_metadata_and_errors_are_the_same(ours, name, monkeypatch):
    monkeypatch.chdir(ours.root)
    path = ours.root / f"same-{name}.ipynb"
    path.write_text(json.dumps(document((GOOD | BAD)[name])), encoding="utf-8")
    (stock, stock_error), (warm, warm_error) = executed(path, None), executed(path, "mlops_nb")
    assert plain(warm_error) == plain(stock_error)
    assert bool(stock_error) == (name in BAD)
    if name in ("dies", "crashes"):  # whether its last messages got out before the end is chance, in stock too
        for found in (stock, warm):
            for cell in found["cells"]:
                cell.pop("execution_count", None)
    assert plain(copy.deepcopy(warm)) == plain(stock)
    assert stock["cells"] if name not in ("dies", "crashes") else True


@pytest.mark.parametrize("options", [{"report_mode": True}, {"execution_timeout": 1}, {"log_output": True}, {"prepare_only": True}])
def test_options_of_papermill_mean_the_same(ours, options, monkeypatch, caplog):
    monkeypatch.chdir(ours.root)
    cells = ["print('quick')"] + (["import time\ntime.sleep(300)", "print('never')"] if "execution_timeout" in options else [])
    path = ours.root / "optional.ipynb"
    path.write_text(json.dumps(document(cells)), encoding="utf-8")
    for seconds in (1, 10, 100):  # on a busy machine the quick cell may need more than the first
        told = options | ({"execution_timeout": seconds} if "execution_timeout" in options else {})
        said = []
        for engine in (None, "mlops_nb"):
            caplog.clear()
            with caplog.at_level("INFO", logger="papermill"):
                found, error = executed(path, engine, **told)
            said.append((plain(found), plain(error), [r.message for r in caplog.records if "Cell" in r.message or "quick" in r.message]))
        if "execution_timeout" not in options or all("quick\\n" in json.dumps(found) for found, *_ in said):
            break
    assert said[0] == said[1]


@pytest.mark.parametrize("name", ["prints", "raises", "exits_with_1", "dies"])
def test_the_command_line_ends_alike(ours, name):
    path = ours.root / f"command-{name}.ipynb"
    path.write_text(json.dumps(document((GOOD | BAD)[name])), encoding="utf-8")
    ended, env = [], os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    for more in ([], ["--engine", "mlops_nb"]):
        words = [str(BIN / "papermill"), "-q", "--no-progress-bar", str(path), str(ours.root / "out.ipynb"), "-p", "month", "3", *more]
        done = subprocess.run(words, capture_output=True, text=True, cwd=ours.root, env=env)
        ended.append((done.returncode, plain(done.stderr.strip().splitlines()[-1:])))
    assert ended[0] == ended[1]
