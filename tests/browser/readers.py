"""Who may only look: for a Jupyter server that many share."""

from typing import Any

from jupyter_server.auth import Authorizer

class Readers(Authorizer):
    """Everybody may read what is of ours, and nobody may change it."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return resource != "mlops-nb" or action == "read"
