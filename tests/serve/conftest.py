"""Real servers on free ports, with small models that were made here."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from online import Online, Shelf

PATIENT = 300.0  # seconds a request may take: a process that stands still for half a minute is no fault of the server


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Versions of a model of late flights, each in its folder."""
    return Shelf(tmp_path_factory.mktemp("Flüge 100%"))


@pytest.fixture
def online(tmp_path: Path, shelf: Shelf) -> Iterator[Online]:
    """A server that a test starts as it likes; it ends with the test."""
    server = Online(tmp_path / "state", shelf)
    server.limits = replace(server.limits, request_timeout_s=PATIENT)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, shelf: Shelf) -> Iterator[Online]:
    """One server for the tests of a file that only ask: `late` is compiled, `nearest` lives in a process of its own."""
    server = Online(tmp_path_factory.mktemp("shared") / "state", shelf)
    server.limits = replace(server.limits, request_timeout_s=PATIENT)
    server.plan(late=["late/1"], nearest=["late/3"])
    server.start()
    yield server
    server.stop()
