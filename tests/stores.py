"""A workspace's stores for tests, as the desk hands them on."""

from pathlib import Path

from mlops_nb.core.settings import Settings, init, workspace_key
from mlops_nb.store.control import Control
from mlops_nb.store.models import Models

class Stores:
    """Settings, control and models of one workspace."""

    def __init__(self, settings: Settings):
        self.settings, self.read_only = settings, False
        self.control = Control(settings.control, workspace_key(settings))
        self.models = Models(settings, self.control)


def open_stores(root: Path) -> Stores:
    """The stores of a workspace at `root`, which is made when there is none."""
    return Stores(init(root))
