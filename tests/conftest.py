"""What tests of several floors share."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from postgres import MISSING, Server, binaries

settings.register_profile("tests", deadline=None)  # a slow machine is no fault of what is tested
settings.load_profile("tests")

os.environ.setdefault("MLOPS_NB_POOL_IDLE", "20")  # each test's workspace has a warm process of its own; it must not stay for long

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # started in the background by a shell, and children would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server of this test run."""
    if binaries() is None:
        pytest.fail(MISSING)
    server = Server()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def control_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty control database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'Flüge 100%' / 'control.db'}"
        return
    server: Server = request.getfixturevalue("postgres")
    url = server.database()
    yield url
    server.drop(url)
