"""A JupyterLab and a browser for each test that clicks."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from agents import left_alone
from labs import PATIENCE, Lab, Screen, a_screen, start_lab
from playwright.sync_api import Playwright, expect, sync_playwright
from ports import free_port

from mlops_nb import Workspace
from mlops_nb.core.serving import AgentAway
from mlops_nb.core.settings import load

@pytest.fixture
def open_lab(tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    """Starts JupyterLab on a folder; every one that was started is stopped."""
    started: list[Lab] = []

    def start(root: Path, **same: object) -> Lab:
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        started.append(start_lab(root, home, **same))
        return started[-1]

    yield start
    for lab in started:
        lab.stop()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=PATIENCE)  # the first question loads the libraries of a workspace
    with sync_playwright() as running:
        yield running


@pytest.fixture
def screen(playwright: Playwright, tmp_path: Path) -> Iterator[Screen]:
    with a_screen(playwright, tmp_path) as screen:
        yield screen


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A workspace with a port of its own; its agent ends with the test."""
    place = tmp_path / "delays"
    place.mkdir()
    Workspace(place)
    file = place / "settings.ini"
    file.write_text(file.read_text().replace("# port = 8780", f"port = {free_port()}"))
    with left_alone(load(place)):
        yield place
        with suppress(AgentAway):  # it lives, and is too busy to answer: it is killed
            Workspace(place).down()
