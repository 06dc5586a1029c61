"""A real Jupyter server in the test's process, on a free port of loopback."""

from functools import partial
from typing import Any

import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403  # its fixtures, for this folder only

@pytest.fixture
def jp_fetch(jp_fetch: Any) -> Any:
    """Asks, with patience: the first question of a process imports MLflow, which takes half a minute where many test at once."""
    return partial(jp_fetch, request_timeout=300)
