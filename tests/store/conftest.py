"""The control database, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest
from crowd import KEY

from mlops_nb.store.control import Control

@pytest.fixture
def control(control_url: str) -> Iterator[Control]:
    with Control(control_url, KEY) as opened:
        yield opened
