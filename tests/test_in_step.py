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


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "labextension", ".ipynb_checkpoints", ".mlops")
    for name in ("nbs", "mlops_nb"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_a_clean_and_an_export_change_nothing(copy: Path) -> None:
    assert out_of_step(copy) == [], "run nbdev-clean, then nbdev-export, and commit"


def test_an_edited_module_is_caught(copy: Path) -> None:
    module = copy / "mlops_nb" / "core" / "errors.py"
    module.write_text(module.read_text() + "\nx = 1\n")
    assert "mlops_nb/core/errors.py" in out_of_step(copy)


def test_a_notebook_that_was_not_exported_is_caught(copy: Path) -> None:
    notebook = copy / "nbs" / "core" / "00_errors.ipynb"
    text = notebook.read_text()
    notebook.write_text(text.replace("What every error of this package is.", "What each error of this package is."))
    assert notebook.read_text() != text
    assert "mlops_nb/core/errors.py" in out_of_step(copy)
