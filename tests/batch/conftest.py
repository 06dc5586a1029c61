"""Small notebooks, named by what they do."""

import json
from collections.abc import Iterator
from pathlib import Path

import nbformat.v4 as v4
import pytest
from waiting import until

from mlops_nb.batch.order import Order, run_id
from mlops_nb.batch.pool import pools, stop_pools

class Bench:
    """A folder of notebooks in a path with a space and an umlaut, and orders for them."""

    def __init__(self, root: Path):
        self.root = root

    def notebook(self, name: str, *cells: str, parameters: str | None = "month = 1", kernel: str = "python3") -> Path:
        made = [v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})] if parameters else []
        document = v4.new_notebook(
            cells=[*made, *map(v4.new_code_cell, cells)],
            metadata={"kernelspec": {"name": kernel, "language": "python", "display_name": kernel}},
        )
        path = self.root / f"{name}.ipynb"
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    def order(self, notebook: Path, kernel: str = "python3", cell_timeout_s: float = 0.0, **parameters) -> Order:
        name = run_id(notebook)
        folder = str(self.root / ".mlops" / "runs" / name)
        told = {"kernel": kernel, "seed": 11, "hash_seed": 11, "cell_timeout_s": cell_timeout_s}
        return Order(name, str(notebook), parameters, folder, str(self.root), **told)


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One folder, and so one warm process, for all tests of a worker."""
    root = tmp_path_factory.mktemp("runs") / "Flüge 2013"
    root.mkdir()
    yield Bench(root)
    stop_pools(root / ".mlops")  # it waits for seconds only, and one may just be loading what runs have loaded
    until(lambda: not pools(root / ".mlops"), "a warm process ends when it is told to")
