"""A real Jupyter server in the test's process, on a free port of loopback."""

from pytest_jupyter.jupyter_server import *  # noqa: F403  # its fixtures, for this folder only
