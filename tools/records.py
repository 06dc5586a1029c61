"""Writes labextension/src/records.ts: the records and routes of the Jupyter server, as types for the panel.

    python tools/records.py
"""

from pathlib import Path

from mlops_nb import __version__
from mlops_nb.doors.jupyter import ROUTES
from mlops_nb.doors.live import KINDS, VERSION, schema_id
from mlops_nb.doors.openapi import typescript

TARGET = Path(__file__).resolve().parent.parent / "labextension" / "src" / "records.ts"


def text() -> str:
    """The file as it should be."""
    own = f"\n/** The version of the package that these were made from. */\nexport const VERSION = '{__version__}';\n"
    return typescript(ROUTES, {kind: schema_id(kind) for kind in KINDS}, VERSION).rstrip("\n") + "\n" + own


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
