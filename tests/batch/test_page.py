"""Pages without a warm process: what comes of the cells, what an error says, and that no kernel stays."""

import asyncio
import os
from pathlib import Path
from typing import Any

import nbformat
import nbformat.v4 as v4
import pytest

from mlops_nb.batch.page import Looking, Wrong, cells, to_show

SOURCES = (
    "import os, sys\nprint('for the log', file=sys.stderr)\nos.environ['QUERY_STRING'], os.environ['MLOPS_NB_READ_ONLY']",
    "from IPython.display import HTML\nHTML(f'<p>{os.getpid()}</p>')",
    "{}['humid']",
    "'never shown'",
)


def test_a_notebook_is_shown_cell_by_cell(tmp_path: Path) -> None:
    path = tmp_path / "page.ipynb"
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(source) for source in SOURCES]), path)
    looking = Looking(path, tmp_path, tmp_path / ".mlops", query="name=flight-delay", pool=False)
    seen: list[Any] = []

    async def look() -> None:
        async for cell in cells(looking, to_show(path)):
            seen.append(cell)

    with pytest.raises(Wrong) as wrong:
        asyncio.run(look())
    assert (wrong.value.kind, wrong.value.words) == ("KeyError", "'humid'") and "Traceback" in wrong.value.trace
    first, second = seen
    assert [out.data["text/plain"] for out in first.outputs] == ["('name=flight-delay', '1')"]
    kernel = int(second.outputs[0].data["text/html"].removeprefix("<p>").removesuffix("</p>"))
    with pytest.raises(ProcessLookupError):  # the kernel ends with the page
        os.kill(kernel, 0)
    assert nbformat.read(path, as_version=4).cells[0].outputs == [], "the notebook stays as it is"
