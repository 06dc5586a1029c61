"""The control database, on SQLite and on PostgreSQL, and an S3 server."""

from collections.abc import Iterator

import pytest
from crowd import KEY
from s3 import Server

from mlops_nb.store import control_schema as schema
from mlops_nb.store.control import Control

@pytest.fixture(scope="module", autouse=True)
def patient() -> Iterator[None]:
    """A server that is slow to answer, or a writer that is slow to end, is none of what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "CONNECT_S", 300)
        patch.setattr(schema, "BUSY_S", 300)
        yield


@pytest.fixture
def control(control_url: str) -> Iterator[Control]:
    with Control(control_url, KEY) as opened:
        yield opened


@pytest.fixture(scope="session")
def s3() -> Iterator[Server]:
    """A bucket, lake-bucket."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def options(s3: Server) -> dict[str, str]:
    """Storage options that reach it."""
    return s3.options
