"""A new project: it passes its own tests as it was made, its commands exist, and nothing that is there is touched."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlops_nb.core.errors import Conflict, MlopsError, NameInvalid, UsageError, WorkspaceNotWritable
from mlops_nb.desk import new as room
from mlops_nb.desk.new import check_name, new_project, package_name, template_files, template_folder

MLOPS_NB = [sys.executable, "-c", "import sys; from mlops_nb.doors.cli import main; sys.exit(main())"]


def shell(*words: object, cwd: Path, code: int = 0, **more: str) -> str:
    "What a program says; its exit code is checked."
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("MLOPS_NB_", "GIT_", "MAKE", "MFLAGS"))}
    line = [str(word) for word in words]
    done = subprocess.run(line, cwd=cwd, env=outside | more, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == code, f"{line} ended with {done.returncode}\n{done.stdout}"
    return done.stdout


def contents(folder: Path) -> dict[str, bytes]:
    "Every file but those of git and those that Python leaves."
    left = {".git", "__pycache__", ".pytest_cache"}
    found = [path for path in folder.rglob("*") if path.is_file() and left.isdisjoint(path.relative_to(folder).parts)]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    "A project with a name that is hard on programs, made by the command line."
    above = tmp_path_factory.mktemp("above")
    said = shell(*MLOPS_NB, "new", "Flüge – 2013", cwd=above)
    assert "its package is fluge_2013" in said and "cd 'Flüge – 2013'" in said and "make test" in said
    return above / "Flüge – 2013"


def test_it_passes_its_own_tests_and_leaves_its_workspace_alone(project: Path) -> None:
    before = contents(project)
    said = shell("make", "test", f"PYTHON={sys.executable}", cwd=project)
    assert re.search(r"^(1[5-9]|[2-9]\d) passed in", said, re.M), said
    after = contents(project)
    assert after.pop(".mlops/python").decode().strip() == sys.executable
    assert after == before


def test_its_package_is_what_its_notebooks_export(project: Path) -> None:
    """Though a settings.ini that is not nbdev's stands beside."""
    before = contents(project)
    shell("make", "package", f"PYTHON={sys.executable}", cwd=project)
    after = contents(project)
    assert "fluge_2013.features" in after.pop("fluge_2013/_modidx.py").decode()
    changed = {name for name in after if before.get(name) != after[name]}
    assert changed <= {".mlops/python"}, changed


def test_it_knows_the_environment_it_was_made_in(project: Path) -> None:
    (project / ".mlops" / "python").unlink(missing_ok=True)
    assert shell("make", "setup", cwd=project, PATH="/usr/bin:/bin") == ""
    assert (project / ".mlops" / "python").read_text().strip() == sys.executable


def test_an_interpreter_that_lacks_packages_is_told_so(project: Path, tmp_path: Path) -> None:
    shell(sys.executable, "-m", "venv", "--without-pip", "bare", cwd=tmp_path)
    said = shell("make", "setup", f"PYTHON={tmp_path}/bare/bin/python", cwd=project, code=2, PYTHONPATH="")
    assert "lacks packaging" in said or "lacks mlops_nb" in said
    assert "No Python" not in shell("make", "setup", "PYTHON=/no/such/python", cwd=project, code=2)


def commands(text: str) -> list[str]:
    "The calls of mlops-nb in a text: a script, a Makefile, a page."
    text = text.replace("$(BIN)/mlops-nb", "mlops-nb").replace("\\`", "`")
    text = re.sub(r"\$\{\{.*?\}\}|\$\(.*?\)\)?", "1", text)
    found = re.findall(r"(?:^\s*@?|`|run: )(mlops-nb [a-z][^\n`#]*)", text, re.M)
    return [line.strip() for line in found]


def test_every_command_that_it_names_is_one() -> None:
    from mlops_nb.doors.cli import cli

    texts = {path.name: path.read_text(encoding="utf-8").replace("\\n", "\n") for path in template_files(template_folder())}
    named = [(name, line) for name, text in texts.items() for line in commands(text)]
    assert {"check.yml", "postBuild", "Makefile", "README.md", "score.ipynb"} <= {name for name, _ in named}
    assert any(name == "check.yml" and line.startswith("mlops-nb check ") for name, line in named)
    for name, line in named:
        words, group = shlex.split(line.replace('\\"', '"'))[1:], cli
        while isinstance(group, click.Group):
            assert words[0] in group.commands, f"{name}: {line}"
            group, words = group.commands[words[0]], words[1:]
        if words:  # the rest is a whole call; a name alone stands in a sentence
            group.make_context("x", words)


def test_its_workflow_asks_before_it_lets_a_model_take_over() -> None:
    flow = yaml.safe_load((template_folder() / ".github" / "workflows" / "check.yml").read_text(encoding="utf-8"))
    assert flow["permissions"] == {"contents": "read"}
    steps = [step.get("run", "") for step in flow["jobs"]["check"]["steps"]]
    order = [next(i for i, text in enumerate(steps) if word in text) for word in ("make test", "base.sha", "mlops-nb check")]
    assert order == sorted(order)


def test_what_it_needs_is_named() -> None:
    written = tomllib.loads((template_folder() / "pyproject.toml").read_text(encoding="utf-8"))
    assert "mlops_nb" in written["project"]["dependencies"]
    assert written["tool"]["nbdev"]["allowed_cell_metadata_keys"] == ["tags"]


def test_scripts_can_be_started_and_notebooks_hold_no_outputs(project: Path) -> None:
    assert os.access(project / "binder" / "postBuild", os.X_OK) and os.access(project / "tools" / "setup", os.X_OK)
    for path in template_folder().rglob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert [cell["id"] for cell in cells if cell.get("outputs") or cell.get("execution_count")] == [], path


def test_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("taken", "file", "link"):
        with pytest.raises(Conflict, match="nothing was written"):
            new_project(name, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link", "taken"]
    assert [path.name for path in (tmp_path / "taken").iterdir()] == ["mine.txt"]
    (tmp_path / "empty").mkdir()
    assert new_project("empty", tmp_path, git=False).package == "empty"


def test_a_failure_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(room, "init", full)
    with pytest.raises(WorkspaceNotWritable, match="No space left"):
        new_project("demo2", tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match="no folder"):
        new_project("demo2", tmp_path / "nowhere")


def test_git_is_used_where_it_is_and_not_missed_where_it_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert new_project("one", tmp_path).git == "new" and (tmp_path / "one" / ".git").is_dir()
    assert new_project("two", tmp_path / "one").git == "inside" and not (tmp_path / "one" / "two" / ".git").exists()
    assert new_project("three", tmp_path, git=False).git == "off"
    monkeypatch.setenv("PATH", "")
    assert new_project("four", tmp_path).git == "absent" and (tmp_path / "four" / "Makefile").exists()
    ignored = shell("git", "check-ignore", ".mlops/made-in", ".venv/x", cwd=tmp_path / "one", PATH="/usr/bin:/bin:/usr/local/bin")
    assert len(ignored.split()) == 2


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (["new", "class"], "name_invalid", "--package class_project"),
        (["new", "日本"], "name_invalid", "--package my_models"),
        (["new", "a/b"], "name_invalid", "-C FOLDER"),
        (["new", " "], "usage", "mlops-nb new my-models"),
        (["new", "fine", "--package", "pandas"], "name_invalid", "--package pandas_project"),
        (["new", "tests"], "name_invalid", "--package tests_project"),
    ],
)
def test_a_name_that_cannot_be_says_what_can(
    tmp_path: Path, words: list[str], code: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from mlops_nb.doors.cli import main

    assert main(["-C", str(tmp_path), *words, "-o", "json"]) == (2 if code == "usage" else 1)
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == code and hint in error["hint"]
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_another_script_with_a_package_of_its_own(tmp_path: Path) -> None:
    made = new_project("日本", tmp_path, package="nihon", git=False)
    root = Path(made.root)
    assert (root / "nihon" / "features.py").exists() and root.name == "日本"
    assert (root / "README.md").read_text(encoding="utf-8").startswith("# 日本\n")
    assert "name = 日本" in (root / "settings.ini").read_text(encoding="utf-8")


@given(st.text(max_size=40))
def test_a_name_is_refused_or_becomes_a_package(name: str) -> None:
    try:
        folder, package = check_name(name), package_name(name)
    except MlopsError as problem:
        assert isinstance(problem, NameInvalid | UsageError) and problem.hint
    else:
        assert package.isidentifier() and package.isascii() and folder == folder.strip() and "/" not in folder
