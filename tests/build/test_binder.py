"""What Binder would do with binder/: the files say what they should, and the order holds. `make binder` does it for real."""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from mlops_nb.doors.cli import cli

ROOT = Path(__file__).resolve().parent.parent.parent
spec = importlib.util.spec_from_file_location("binder", ROOT / "tools" / "binder.py")
assert spec and spec.loader
binder = importlib.util.module_from_spec(spec)
sys.modules["binder"] = binder
spec.loader.exec_module(binder)

STUB = '#!/bin/sh\necho "$(basename "$0") $*" >> "$CALLS"\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "binder", tmp_path / "checkout" / "binder")
    return tmp_path / "checkout"


@pytest.fixture
def calls(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    "A machine whose programs only note that they were called, in the order in which they were."
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("python", "mlops-nb", "jupyter"):
        (programs / name).write_text(STUB)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


def test_the_plan_fits_the_package() -> None:
    import tomllib

    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    plan = binder.read()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert SpecifierSet(project["requires-python"]).contains(plan.python)
    assert all(Requirement(line).name for line in plan.requirements) and plan.packages == ("git",)


def test_post_build_installs_then_fills_then_shows(checkout: Path, calls: Path) -> None:
    subprocess.run([checkout / "binder" / "postBuild"], cwd=checkout, check=True)
    said = calls.read_text().splitlines()
    heads = ["python -m pip install", "mlops-nb init", "mlops-nb demo", "jupyter server extension list", "jupyter labextension list"]
    assert len(said) == len(heads)
    assert [line for line, head in zip(said, heads, strict=True) if not line.startswith(head)] == []
    for line in said:
        words = shlex.split(line)
        if words[0] == "mlops-nb":
            command = cli.commands[words[1]]
            assert isinstance(command, click.Command) and command.make_context(words[1], words[2:])
    assert "--down" in said[2], "an image must not be left with a server in it"


def test_post_build_ends_at_the_first_failure(checkout: Path, calls: Path) -> None:
    (calls.parent / "bin" / "python").write_text("#!/bin/sh\nexit 7\n")
    assert subprocess.run([checkout / "binder" / "postBuild"], cwd=checkout).returncode == 7
    assert not calls.exists()


def test_start_becomes_what_it_is_given(checkout: Path, calls: Path) -> None:
    out = subprocess.run([checkout / "binder" / "start", "echo", "two words"], cwd=checkout, capture_output=True, text=True, check=True)
    assert out.stdout == "two words\n" and calls.read_text() == "mlops-nb up\n"
    (calls.parent / "bin" / "mlops-nb").write_text("#!/bin/sh\nexit 1\n")
    out = subprocess.run([checkout / "binder" / "start", "echo", "still"], cwd=checkout, capture_output=True, text=True, check=True)
    assert out.stdout == "still\n" and "doctor" in out.stderr


@pytest.mark.parametrize(
    ("break_it", "why"),
    [
        (lambda folder: (folder / "postBuild").chmod(0o644), "chmod"),
        (lambda folder: (folder / "start").write_text("#!/bin/sh\ntrue\n"), "exec"),
        (lambda folder: (folder / "runtime.txt").write_text("python3\n"), "python-3.11"),
        (lambda folder: (folder / "Pipfile").write_text(""), "Pipfile"),
    ],
)
def test_what_binder_would_stumble_over_is_named(checkout: Path, break_it, why: str) -> None:
    break_it(checkout / "binder")
    with pytest.raises(binder.Wrong, match=why):
        binder.read(checkout)


def test_the_template_of_a_project_has_a_plan_as_well() -> None:
    folder = ROOT / "templates" / "project" / "binder"
    assert os.access(folder / "postBuild", os.X_OK) and (folder / "runtime.txt").read_text() == "python-3.11\n"
