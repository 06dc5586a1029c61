"""How long the routes of the Jupyter server take in a workspace that is years old.

    python benchmarks/lab.py            100 models with 10,000 versions, 100,000 runs; some minutes
    python benchmarks/lab.py --quick    a tenth of that, few rounds

The rows are put straight into the stores (`tests/filled.py`), a real Jupyter server is started on that folder with the extension on, and
each route is asked over HTTP with its token, one question after the other, as a page does that follows its reader: other pages, other
searches, other runs each time, so that no answer is only repeated. The first question of each route is not counted: it opens the stores,
once in the life of a server; how long that takes is printed beside. What counts is the 95th percentile, 100 ms is the bound.

Beside it stands what the same server takes for `GET /api/status`, a route of Jupyter's own that does nothing: the floor under all of them.

Then the pages, in a real Chromium: how long JupyterLab takes from the address to its restored layout with the extension and without it,
in turns, the files in the browser's cache (the bound is 30 ms more); and how long from the click on the panel's tab until the models
of that workspace stand there, in a page that was just opened, on a server that was asked before (200 ms).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import random
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

TESTS = Path(__file__).resolve().parent.parent / "tests"
BOUND = 100.0  # ms


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Jupyter:
    """A Jupyter server on a folder, with the extension on."""

    def __init__(self, root: Path, app: str = "jupyter_server", *more: str):
        self.token, self.port = secrets.token_hex(16), free_port()
        words = ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0"]
        words += [f"--IdentityProvider.token={self.token}", "--ServerApp.open_browser=False", f"--ServerApp.root_dir={root}"]
        words += ["--ServerApp.jpserver_extensions={'mlops_nb': True}", "--allow-root", *more]
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the server
        env = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS.parent), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])}
        line = [sys.executable, "-m", app, *words]
        self.process = subprocess.Popen(line, cwd=root, env=env, stdout=self.log, stderr=self.log)
        end = time.monotonic() + 120
        while True:
            try:
                self.ask("api/status")
                return
            except (urllib.error.URLError, ConnectionError):
                if self.process.poll() is not None or time.monotonic() > end:
                    self.log.seek(0)
                    raise SystemExit(self.log.read().decode()[-3_000:]) from None
                time.sleep(0.1)

    def ask(self, path: str, **query: Any) -> dict[str, Any]:
        """The answer to a GET."""
        url = f"http://127.0.0.1:{self.port}/{path}?{urlencode(query)}"
        request = urllib.request.Request(url, headers={"Authorization": f"token {self.token}"})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as refused:
            raise SystemExit(f"{path} {query} was answered {refused.code}: {refused.read().decode()}") from None
        return found

    def stop(self) -> None:
        """Ends it."""
        self.process.terminate()
        self.process.wait(30)


def questions(models: list[str], runs: list[str], chance: random.Random) -> dict[str, Callable[[], tuple[str, dict[str, Any]]]]:
    """By route, something to ask that is another thing each time."""

    def model() -> str:
        return chance.choice(models)

    def run() -> str:
        return chance.choice(runs)

    words = ["model-00", "7", "12", "-0001", "nothing"]
    return {
        "workspace": lambda: ("workspace", {}),
        "models": lambda: ("models", {"limit": chance.choice([25, 50])}),
        "models?q": lambda: ("models", {"q": chance.choice(words), "limit": 50}),
        "models/{name}": lambda: (f"models/{model()}", {}),
        "models/{name}/versions": lambda: (f"models/{chance.choice([models[0], model()])}/versions", {"limit": 50}),
        "models/{name}/versions/{version}": lambda: (f"models/{model()}/versions/{chance.randint(1, 20)}", {}),
        "versions?q": lambda: ("versions", {"q": chance.choice(words), "limit": 50}),
        "receipts": lambda: ("receipts", {"limit": 50}),
        "runs": lambda: ("runs", {"limit": 50}),
        "runs?next": lambda: ("runs", {"limit": 50, "next": run()}),
        "runs?status": lambda: ("runs", {"status": chance.choice(["failed", "cancelled", "running"]), "limit": 50}),
        "runs?notebook": lambda: ("runs", {"notebook": chance.choice(["weekly.ipynb", "score.ipynb"]), "limit": 50}),
        "runs?grid": lambda: ("runs", {"grid": f"grid-{chance.randrange(len(runs) // 20):06x}", "limit": 50}),
        "runs?q": lambda: ("runs", {"q": run()[-6:], "limit": 50}),
        "runs?q (none)": lambda: ("runs", {"q": f"zz{chance.random()}", "limit": 50}),
        "runs/{id}": lambda: (f"runs/{run()}", {}),
        "grids/{grid}": lambda: (f"grids/grid-{chance.randrange(len(runs) // 20):06x}", {}),
        "compare": lambda: ("compare", {"before": run(), "after": run()}),
        "deployments": lambda: ("deployments", {}),
        "schedules": lambda: ("schedules", {}),
        "alerts": lambda: ("alerts", {}),
        "tables": lambda: ("tables", {}),
        "health": lambda: ("health", {"browser": "0.1.0"}),
        "workspaces": lambda: ("workspaces", {}),
        "triggers": lambda: ("triggers", {"cron": f"{chance.randint(0, 59)} 6 * * 1-5", "timezone": "Europe/Paris"}),
    }


def percentile(times: list[float], share: float) -> float:
    """The value that this share of the times does not exceed."""
    return sorted(times)[max(0, math.ceil(share * len(times)) - 1)]


def measured(jupyter: Jupyter, asked: dict[str, Callable[[], tuple[str, dict[str, Any]]]], rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds by route: the first question, and median and 95th percentile of the others."""
    times: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(rounds + 1):
        for name, make in asked.items():
            path, query = make()
            begun = time.perf_counter()
            jupyter.ask(f"mlops-nb/api/{path}", **query)
            times[name].append((time.perf_counter() - begun) * 1e3)
    rest = {name: found[1:] for name, found in times.items()}
    return {n: {"first": times[n][0], "median": statistics.median(t), "p95": percentile(t, 0.95)} for n, t in rest.items()}


def pages(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Milliseconds: Lab's start without and with the extension, and the panel's first paint."""
    from playwright.sync_api import sync_playwright

    sys.path.insert(0, str(TESTS))
    from labs import FLAGS, chromium

    none, ours = folder / "none", folder / "ours"
    none.mkdir()
    ours.mkdir()
    (ours / "mlops-nb").symlink_to(TESTS.parent / "mlops_nb" / "labextension")
    alike = (f"--LabApp.labextensions_path=['{none}']", "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None")
    found: dict[str, list[float]] = {"start without": [], "start with": [], "panel": []}
    servers = {"start without": Jupyter(folder / "ws", "jupyterlab", *alike)}
    servers["start with"] = Jupyter(folder / "ws", "jupyterlab", *alike, f"--LabApp.extra_labextensions_path={ours}")
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch_persistent_context(
                str(folder / "chromium"), executable_path=chromium(), args=list(FLAGS), headless=True
            )
            for turn in range(rounds + 2):  # two to fill the caches
                for name, jupyter in servers.items():
                    page = browser.new_page()
                    page.goto(f"http://127.0.0.1:{jupyter.port}/lab?token={jupyter.token}&reset")
                    page.wait_for_function("window.jupyterapp !== undefined")
                    took = page.evaluate("window.jupyterapp.restored.then(() => performance.now())")
                    if turn > 1:
                        found[name].append(took)
                    if name == "start with":
                        page.wait_for_timeout(1000)  # the page has settled
                        took = page.evaluate(PAINT)
                        if turn > 1:
                            found["panel"].append(took)
                    page.close()
            browser.close()
    finally:
        for jupyter in servers.values():
            jupyter.stop()
    return found


PAINT = """() => new Promise(resolve => {
    const tab = [...document.querySelectorAll('[role=tab]')].find(one => (one.getAttribute('aria-label') ?? one.title).startsWith('MLOps'));
    const box = tab.getBoundingClientRect(), at = performance.now();
    for (const type of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click']) {
        const how = {bubbles: true, cancelable: true, clientX: box.x + 8, clientY: box.y + 8, button: 0};
        tab.dispatchEvent(type.startsWith('pointer') ? new PointerEvent(type, how) : new MouseEvent(type, how));
    }
    const look = () => document.querySelector('#mlops-nb-workspace [data-section=models] [role=listitem]')
        ? requestAnimationFrame(() => resolve(performance.now() - at)) : requestAnimationFrame(look);
    look();
})"""


def main() -> int:
    """Measures, prints a table and writes it as JSON; 1 when a route is over the bound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, five rounds")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("-o", "--output", type=Path, help="a file for the numbers, as JSON")
    chosen = parser.parse_args()
    sys.path.insert(0, str(TESTS))
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from filled import add_runs, add_versions

    from mlops_nb.core.settings import init
    from mlops_nb.desk.workspace import Workspace

    share = 10 if chosen.quick else 1
    rounds = 5 if chosen.quick else chosen.rounds
    with tempfile.TemporaryDirectory(prefix="mlops-nb-lab-") as folder:
        ws = Workspace(init(Path(folder) / "ws").root)
        ws.stores.control.pending()
        ws.stores.models.registry.names()
        models = add_versions(ws.settings, 100 // share, 10_000 // share)
        runs = add_runs(ws.settings, 100_000 // share)
        jupyter = Jupyter(ws.settings.root)
        try:
            floor = []
            for _ in range(rounds):
                begun = time.perf_counter()
                jupyter.ask("api/status")
                floor.append((time.perf_counter() - begun) * 1e3)
            found = measured(jupyter, questions(models, runs, random.Random(0)), rounds)
        finally:
            jupyter.stop()
        shown = pages(Path(folder), max(rounds // 2, 3))
    found = {"Jupyter's own api/status": {"first": floor[0], "median": statistics.median(floor), "p95": percentile(floor, 0.95)}} | found
    host = f"Python {platform.python_version()}, {os.cpu_count()} CPUs, {len(models)} models, {10_000 // share:,} versions, "
    host += f"{len(runs):,} runs, {rounds} rounds"
    print(f"{host}\n\n{'route':36} {'first':>9} {'median':>9} {'p95':>9}  ms")
    for name, numbers in found.items():
        mark = " over" if numbers["p95"] > BOUND else ""
        print(f"{name:36} {numbers['first']:9.1f} {numbers['median']:9.1f} {numbers['p95']:9.1f}{mark}")
    over = [name for name, numbers in found.items() if numbers["p95"] > BOUND]
    middle = {name: statistics.median(times) for name, times in shown.items()}
    more = middle["start with"] - middle["start without"]
    print(f"\nJupyterLab's start: {middle['start without']:.0f} ms without, {middle['start with']:.0f} ms with: {more:+.0f} ms (30)")
    print(f"The panel's models after the click: median {middle['panel']:.0f}, most {max(shown['panel']):.0f} ms (200)")
    over += [name for name, value, bound in (("start", more, 30), ("panel", middle["panel"], 200)) if value > bound]
    found |= {name: {"median": statistics.median(times), "p95": percentile(times, 0.95)} for name, times in shown.items()}
    if chosen.output:
        chosen.output.write_text(json.dumps({"format": 1, "at": datetime.now(UTC).isoformat(), "host": host, "ms": found}, indent=1) + "\n")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
