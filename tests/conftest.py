"""What tests of several floors share."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from postgres import MISSING, Server, binaries

# A slow machine is no fault of what is tested.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

os.environ.setdefault("OMP_NUM_THREADS", "1")  # several processes share the cores: threads of one would wait for each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))  # a test with a HOME of its own has it too
os.environ.setdefault("MLOPS_NB_POOL_IDLE", "20")  # each test's workspace has a warm process of its own; it must not stay for long

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # started in the background by a shell, and children would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def untouched() -> Iterator[None]:
    """The checkout is a workspace, but not that of a test: none makes state in it."""
    state = ROOT / ".mlops"
    before, stray = state.exists(), ROOT / "mlflow.db"
    there = stray.exists()
    yield
    assert before or not state.exists(), f"a test worked in {ROOT}, not in a folder of its own"
    assert there or not stray.exists(), f"a test has used MLflow's default database, {stray}"
HERE = Path(__file__).parent
LONGEST = (  # what takes longest begins first: at the end of a step no process waits for another one's last file
    "batch/test_pool.py", "desk/test_pipelines.py", "batch/test_same_as_stock.py", "desk/test_investigating.py",
    "desk/test_retraining.py", "desk/test_measuring.py", "desk/test_reproduce.py", "faults/test_serve_kill.py", "faults/test_serve_full.py",
    "faults/test_register_kill.py", "serve/test_workers.py", "serve/test_openapi.py", "serve/test_kept.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {HERE / name: at for at, name in enumerate(LONGEST)}
    assert all(path.exists() for path in places), "LONGEST names a file that is not there"
    items.sort(key=lambda item: places.get(item.path, len(places)))


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
