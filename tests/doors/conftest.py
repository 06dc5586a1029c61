"""A real Jupyter server in the test's process, on a free port of loopback."""

from functools import partial
from typing import Any

import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403  # its fixtures, for this folder only
from pytest_jupyter.jupyter_server import jp_fetch as hasty_fetch  # noqa: F401  # the one below asks through it

@pytest.fixture
def jp_fetch(hasty_fetch: Any) -> Any:  # noqa: F811  # a fixture is named where it is wanted
    """Asks, with patience: the first question of a process imports MLflow, which takes half a minute where many test at once."""
    return partial(hasty_fetch, request_timeout=300)
