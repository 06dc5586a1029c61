"""A real Jupyter server in the test's process, on a free port of loopback."""

from functools import partial
from typing import Any

import pytest
from pytest_jupyter import jupyter_server
from pytest_jupyter.jupyter_server import *  # noqa: F403  # its fixtures, for this folder only

hasty_fetch = jupyter_server.jp_fetch  # under another name, because the one below asks through it


@pytest.fixture
def jp_fetch(hasty_fetch: Any) -> Any:
    """Asks, with patience: the first question of a process imports MLflow, which takes half a minute where many test at once."""
    return partial(hasty_fetch, request_timeout=300, connect_timeout=300)
