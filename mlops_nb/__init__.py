"""Machine learning in production, from a notebook cell to a monitored model."""

import os as _os

# The libraries below us would report usage to their makers.
_os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
_os.environ.setdefault("WHYLOGS_NO_ANALYTICS", "true")

__version__ = "0.1.0"
_WIDGETS = ("DeployWidget", "ModelsWidget", "MonitorWidget", "RegisterWidget", "RunsWidget")
__all__ = [*_WIDGETS, "MlopsError", "Pipeline", "Step", "Workspace", "__version__", "panel", "secret"]


def __getattr__(name: str) -> object:
    if name == "Workspace":
        from mlops_nb.desk.workspace import Workspace

        return Workspace
    if name == "MlopsError":
        from mlops_nb.core.errors import MlopsError

        return MlopsError
    if name in ("Pipeline", "Step"):
        from mlops_nb.batch import pipeline

        return pipeline.Pipeline if name == "Pipeline" else pipeline.Step
    if name == "secret":
        from mlops_nb.core.secret import secret

        return secret
    if name in _WIDGETS:
        from importlib import import_module

        return getattr(import_module(f"mlops_nb.doors.{name.removesuffix('Widget').lower()}_widget"), name)
    if name == "panel":
        from mlops_nb.doors.panel import panel

        return panel
    raise AttributeError(f"module 'mlops_nb' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "mlops-nb"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "mlops_nb.doors.jupyter"}]
