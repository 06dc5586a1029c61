"""One workspace with two versions of a model of flights, served again and again in different ways."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from deployed import Desk, registered

@pytest.fixture(scope="session")
def flights_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in a folder with spaces and umlauts."""
    return registered(tmp_path_factory.mktemp("served") / "Flüge 2013")


@pytest.fixture
def open_desk(flights_root: Path) -> Iterator[Callable[..., Desk]]:
    """Opens the workspace with the settings of a test; whatever runs in it ends with the test."""
    opened: list[Desk] = []

    def opens(**settings: Any) -> Desk:
        opened.append(Desk(flights_root, **settings))
        return opened[-1]

    yield opens
    for desk in opened:
        desk.close()
