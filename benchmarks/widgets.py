"""How soon the widgets of a notebook show something, and answer a click, in a workspace that is large.

    python benchmarks/widgets.py            10,000 versions, a model of 1,000 features with 100 windows of answers; some minutes
    python benchmarks/widgets.py --quick    a tenth of each, few rounds

10,000 versions of 100 models are put straight into the registry (`tests/filled.py`). Beside them a real model of 1,000 columns is made
twice, answers 100 days, gets its labels, and a pass measures all of it. Then, in one process as in a notebook's kernel: how long from the
call of a widget until its first content is drawn, and until it has read everything; and how long what a click does takes, until its answer
is drawn. What counts is the median; the bounds are 1,000 ms for the first content and 200 ms for an answer. How many bytes of the heat map
go to the browser is printed beside, and, without a bound, what reads other measures: other windows, features of a name.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent / "tests"
FIRST, ANSWER = 1_000.0, 200.0  # ms
MODEL = "wide"
SETUP = "from mlops_nb import ModelsWidget, MonitorWidget, Workspace, panel\nws = Workspace()"


def filled(root: Path, versions: int, features: int, windows: int, rows: int = 40) -> Any:
    """The workspace."""
    import numpy as np
    import pandas as pd
    from filled import add_versions
    from sklearn.linear_model import LogisticRegression

    from mlops_nb.core.settings import init
    from mlops_nb.desk.workspace import Workspace

    ws = Workspace(init(root).root)
    ws.stores.models.registry.names()
    add_versions(ws.settings, max(1, versions // 100), versions)
    rng, names = np.random.default_rng(0), [f"f{n:04d}" for n in range(features)]

    def some(first: str, days: int, id: int, shift: float = 0.0) -> pd.DataFrame:
        count = days * rows
        frame = pd.DataFrame(rng.normal(shift, 1.0, (count, features)), columns=names)
        at = pd.date_range(first, periods=count, freq=pd.Timedelta(days=1) / rows)
        late = rng.random(count) < 1 / (1 + np.exp(-frame["f0000"] - frame["f0001"]))
        return frame.assign(id=np.arange(id, id + count), at=at, late=late)

    train, test = some("2013-01-01", 40, 0), some("2013-02-10", 10, 10_000)
    for part in (train[:400], train):
        model = LogisticRegression(max_iter=50, C=0.01).fit(part[names], part["late"])
        made = ws.register(model, MODEL, train=part, test=test, target="late", id="id", time="at")
        assert made.state == "proven", made.reason
    live = pd.concat([some("2013-03-01", windows - 5, 20_000), some("2013-06-04", 5, 60_000, 1.5)], ignore_index=True)
    ws.predict(MODEL, live)
    ws.label(MODEL, live[["id", "late"]])
    ws.take_measures(MODEL, window="1d")
    return ws


def took(done: Callable[[], Any], begun: float) -> float:
    """Milliseconds from then until it is done."""
    while not done():
        if time.perf_counter() - begun > 120:
            raise SystemExit("no answer within two minutes")
        time.sleep(0.001)
    return (time.perf_counter() - begun) * 1e3


def in_kernel(ws: Any, rounds: int) -> dict[str, list[float]]:
    """Milliseconds by what was done, as the kernel sees it; and bytes that go to the browser."""
    out: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, value in (*of_models(ws), *of_monitor(ws), *of_panel(ws)):
            out.setdefault(name, []).append(value)
    return out


def of_models(ws: Any) -> Iterator[tuple[str, float]]:
    """Opened, another version, a search."""
    from mlops_nb import ModelsWidget

    begun = time.perf_counter()
    widget = ModelsWidget(MODEL, workspace=ws)
    yield "ModelsWidget", took(lambda: widget.comparison is not None, begun)
    yield "ModelsWidget, all of it", took(lambda: not widget.busy, begun)
    begun, before = time.perf_counter(), widget.comparison
    widget.other = 0
    yield "models: another pair", took(lambda: widget.comparison is not before, begun)
    took(lambda: not widget.busy and not widget._again, begun)
    begun = time.perf_counter()
    widget.query = "model-00"
    yield "models: a search", took(lambda: len(widget._list.options) > 1 and widget.name != MODEL, begun)
    took(lambda: not widget.busy and not widget._again, begun)
    widget.close()


def of_monitor(ws: Any) -> Iterator[tuple[str, float]]:
    """Opened, a cell, other windows, a name."""
    from mlops_nb import MonitorWidget

    begun = time.perf_counter()
    widget = MonitorWidget(MODEL, workspace=ws, window="1d")
    yield "MonitorWidget", took(lambda: widget.report is not None, begun)
    yield "MonitorWidget, all of it", took(lambda: not widget.busy, begun)
    yield "monitor, bytes of the heat map", float(len(json.dumps(widget.heat.data)))
    begun = time.perf_counter()
    widget.heat.chosen = {"row": 3, "column": len(widget.report.windows) - 2}
    yield "monitor: a cell", took(lambda: bool(widget.shapes.data), begun)
    begun = time.perf_counter()
    widget.form = "cumulative"
    yield "monitor: bars to curves", took(lambda: "cumulative" in widget.shapes.data["shapes"][0], begun)
    for name, trait, value in (("a name", "part", "f00"), ("other windows", "window", "month")):
        begun, before = time.perf_counter(), widget.report
        setattr(widget, trait, value)
        yield f"monitor, {name}", took(lambda before=before: widget.report is not before, begun)
        took(lambda: not widget.busy and not widget._again, begun)
    widget.close()


def of_panel(ws: Any) -> Iterator[tuple[str, float]]:
    """Opened: its first tab."""
    from mlops_nb import panel

    begun = time.perf_counter()
    made = panel(ws)
    yield "panel", took(lambda: made.widgets["Models"].comparison is not None, begun)
    took(lambda: not made.widgets["Models"].busy, begun)
    made.close()


def main() -> int:
    """Measures, prints a table; 1 when something is over its bound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of each, two rounds")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--workspace", type=Path, help="keep the workspace there, or use the one that is there")
    chosen = parser.parse_args()
    sys.path.insert(0, str(TESTS))
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlops_nb.desk.workspace import Workspace

    share, rounds = (10, 2) if chosen.quick else (1, chosen.rounds)
    versions, features, windows = 10_000 // share, 1_000 // share, 100 // share if chosen.quick else 100
    with tempfile.TemporaryDirectory(prefix="mlops-nb-widgets-") as folder:
        root = chosen.workspace or Path(folder) / "ws"
        begun = time.perf_counter()
        ws = Workspace(root) if (root / ".mlops").exists() else filled(root, versions, features, windows)
        print(f"filled in {time.perf_counter() - begun:.0f} s", flush=True)
        found = in_kernel(ws, rounds)
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, {versions:,} versions, {features:,} features, {windows} windows, "
          f"{rounds} rounds, {datetime.now(UTC):%Y-%m-%d}\n")  # fmt: skip
    over = []
    for name, times in found.items():
        bound = None if "," in name else ANSWER if ":" in name else FIRST
        middle = statistics.median(times)
        mark = " over" if bound and middle > bound else ""
        over += [name] if mark else []
        print(f"{name:34} first {times[0]:10,.0f}  median {middle:10,.0f}{'' if bound is None else f'  ({bound:,.0f} ms)'}{mark}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
