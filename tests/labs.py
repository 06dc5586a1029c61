"""A real JupyterLab, and a real Chromium in front of it: what tests of the browser and others that click have in common."""

import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, Playwright, expect
from ports import free_port

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
READERS = HERE / "browser"  # modules that a server of a test may name
ARTIFACTS = ROOT / "artifacts"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
PATIENCE = float(os.environ.get("MLOPS_NB_PATIENCE", 300)) * 1000  # ms that a page may take on a busy machine
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    return next(path for path in found if path)


@dataclass
class Lab:
    """A JupyterLab process whose folder is `root`."""

    root: Path
    process: "subprocess.Popen[bytes]"
    url: str
    token: str
    log: Path

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def wait_for(what: str, true: Callable[[], bool], log: Path, seconds: float = PATIENCE / 1000) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what} did not happen in {seconds:.0f} s\n{log.read_text()[-4000:]}"
        time.sleep(0.1)  # between two looks at the condition


def start_lab(
    root: Path, home: Path, port: int | None = None, token: str | None = None, options: Sequence[str] = (), app: str = "jupyterlab"
) -> Lab:
    """Starts JupyterLab with settings, data and runtime of its own; what it prints is shown when it fails."""
    if port is None:
        port = free_port()
    token = token or secrets.token_hex(16)
    log = home / "lab.log"
    quiet = home / "config/lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    quiet.parent.mkdir(parents=True, exist_ok=True)
    quiet.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    ours = home / "labextensions" / "mlops-nb"  # the checkout's own build
    ours.parent.mkdir(exist_ok=True)
    if not ours.exists():
        ours.symlink_to(ROOT / "mlops_nb" / "labextension")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLOPS_NB_", "JUPYTER", "MLFLOW"))}
    own = {"HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "runtime"), "JUPYTER_CONFIG_DIR": str(home / "config")}
    with log.open("ab") as out:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", app, "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"),
                *(f"--ServerApp.root_dir={root}", f"--IdentityProvider.token={token}", "--ServerApp.port_retries=0"),
                *("--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None"),
                *(f"--{name}.extra_labextensions_path={ours.parent}" for name in ("LabApp", "JupyterNotebookApp")),
                *options,
            ],
            env=kept | own | {"PYTHONPATH": os.pathsep.join([str(READERS), kept.get("PYTHONPATH", "")])},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    lab = Lab(root, process, f"http://127.0.0.1:{port}", token, log)

    def answers() -> bool:
        assert process.poll() is None, log.read_text()[-4000:]
        try:
            with urllib.request.urlopen(f"{lab.url}/api/status?token={token}", timeout=60):
                return True
        except (urllib.error.URLError, OSError):
            return False

    wait_for("an answer of JupyterLab", answers, log)
    return lab


@dataclass
class Screen:
    """A browser with one page, and every address it asked for."""

    page: Page
    asked: list[str] = field(default_factory=list)

    def visit(self, lab: Lab) -> None:
        self.page.goto(f"{lab.url}/lab?token={lab.token}&reset")
        self.page.wait_for_function("window.jupyterapp && document.querySelector('#jupyterlab-splash') === null")
        self.page.evaluate("window.jupyterapp.restored")
        self.page.locator(".jp-Launcher").wait_for()

    def theme(self, name: str) -> None:
        self.page.evaluate("name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name)
        light = "true" if "Light" in name else "false"
        self.page.wait_for_selector(f"body[data-jp-theme-light='{light}'][data-jp-theme-name='{name}']", state="attached")

    def shoot(self, name: str) -> None:
        ARTIFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTIFACTS / f"{name}.png")

    def strangers(self) -> list[str]:
        """Addresses off this machine."""
        web = [urlsplit(url) for url in self.asked if urlsplit(url).scheme in ("http", "https", "ws", "wss")]
        assert web, "the recorder saw nothing"
        return [url.geturl() for url in web if url.hostname not in LOOPBACK]


@contextmanager
def a_screen(playwright: Playwright, folder: Path) -> Iterator[Screen]:
    """A browser whose profile lies in the folder."""
    context: BrowserContext = playwright.chromium.launch_persistent_context(
        str(folder / "chromium"),
        executable_path=chromium(),
        args=list(FLAGS),
        headless=True,
        timeout=PATIENCE,
        viewport={"width": 1100, "height": 720},
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)  # the first question loads the workspace's libraries
    screen = Screen(context.pages[0])
    context.on("request", lambda request: screen.asked.append(request.url))
    screen.page.on("websocket", lambda socket: screen.asked.append(socket.url))
    try:
        yield screen
    finally:
        context.close()
