"""Notebooks are the source: cleaning them and compiling them again changes nothing."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def files(root: Path) -> dict[str, bytes]:
    found = [*root.glob("nbs/**/*.ipynb"), *root.glob("mlops_nb/**/*.py")]
    return {str(path.relative_to(root)): path.read_bytes() for path in found if ".ipynb_checkpoints" not in path.parts}


def out_of_step(root: Path) -> list[str]:
    """The files that `nbdev-clean` and `nbdev-export` change; they are changed here, so `root` is a copy."""
    before = files(root)
    for program in ("nbdev-clean", "nbdev-export"):
        subprocess.run([BIN / program], cwd=root, check=True, capture_output=True)
    after = files(root)
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def copied(place: Path, floor: str = "") -> Path:
    """A copy of the checkout, or of one floor of it, that may be changed."""
    ignored = shutil.ignore_patterns("__pycache__", "labextension", ".ipynb_checkpoints", ".mlops")
    for name in ("nbs", "mlops_nb"):
        shutil.copytree(ROOT / name / floor, place / name / floor, ignore=ignored)
    for name in ("pyproject.toml", "mlops_nb/__init__.py", "mlops_nb/_modidx.py"):
        shutil.copy(ROOT / name, place / name)
    return place


def test_a_clean_and_an_export_change_nothing(tmp_path: Path) -> None:
    assert out_of_step(copied(tmp_path)) == [], "run nbdev-clean, then nbdev-export, and commit"


@pytest.fixture
def core(tmp_path: Path) -> Path:
    return copied(tmp_path, "core")


def test_an_edited_module_is_caught(core: Path) -> None:
    module = core / "mlops_nb" / "core" / "errors.py"
    module.write_text(module.read_text() + "\nx = 1\n")
    assert "mlops_nb/core/errors.py" in out_of_step(core)


def test_a_notebook_that_was_not_exported_is_caught(core: Path) -> None:
    notebook = core / "nbs" / "core" / "00_errors.ipynb"
    text = notebook.read_text()
    notebook.write_text(text.replace("What every error of this package is.", "What each error of this package is."))
    assert notebook.read_text() != text
    assert "mlops_nb/core/errors.py" in out_of_step(core)
