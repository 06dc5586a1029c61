"""Writes README.md from nbs/index.ipynb.

    python tools/readme.py            writes the file
    python tools/readme.py --print    prints it
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
SOURCE = HERE / "nbs" / "index.ipynb"
TARGET = HERE / "README.md"


def text() -> str:
    "The notebook as Markdown."
    from nbconvert import MarkdownExporter

    body, _ = MarkdownExporter().from_filename(str(SOURCE))
    lines = [line.rstrip() for line in body.strip().splitlines()]
    kept = [line for i, line in enumerate(lines) if line or lines[i - 1]]
    return "\n".join(kept) + "\n"


if __name__ == "__main__":
    if "--print" in sys.argv:
        print(text(), end="")
    else:
        TARGET.write_text(text(), encoding="utf-8")
