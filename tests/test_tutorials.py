"""The tutorials: their links lead somewhere, the commands they name exist, and what is stored beside their cells is theirs."""

import ast
import json
import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest

from mlops_nb import Workspace
from mlops_nb.doors.cli import cli

ROOT = Path(__file__).resolve().parent.parent
PLACES = ("/tmp/", "/home/", f"{Path.home()}/", f"{ROOT}/", "Traceback")  # nobody else has them
TUTORIALS = sorted((ROOT / "nbs" / "tutorials").glob("*.ipynb"))
OTHERS = {"ws": Workspace, "mine": Workspace, "again": Workspace, "looking": Workspace}  # what a workspace is called in them


def cells(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8"))["cells"])


def words_of(path: Path) -> str:
    return "\n".join("".join(c["source"]) for c in cells(path) if c["cell_type"] == "markdown")


def named(text: str) -> list[str]:
    """The calls of mlops-nb in prose: in a block of shell, or between backticks."""
    blocks = [line for block in re.findall(r"```sh\n(.*?)```", text, re.S) for line in block.splitlines()]
    spans = re.findall(r"`(mlops-nb [a-z][^`]*)`", re.sub(r"```.*?```", "", text, flags=re.S))
    found = [part.strip() for line in blocks for part in line.partition("  #")[0].split("&&")] + spans
    return [line for line in found if line.startswith("mlops-nb ")]


def wrong_commands(text: str) -> list[str]:
    out = []
    for line in named(text):
        words: list[str] = shlex.split(line.replace("…", ""))[1:]
        group: click.Command = cli
        while isinstance(group, click.Group) and words:
            if words[0] not in group.commands:
                out.append(line)
                break
            group, words = group.commands[words[0]], words[1:]
        else:
            known = {name for p in group.params for name in p.opts}
            out += [line for w in words if w.startswith("-") and w.partition("=")[0] not in known]
    return out


def wrong_methods(text: str) -> list[str]:
    """Methods of a workspace that prose or code names and that are none."""
    called = re.findall(r"\b(\w+)\.(\w+)\(", text)
    return [f"{who}.{what}" for who, what in called if who in OTHERS and not hasattr(Workspace, what)]


def stale(path: Path) -> list[str]:
    """What is wrong with the outputs that are stored beside the cells."""
    out = []
    for number, cell in enumerate(cells(path)):
        if cell["cell_type"] != "code":
            continue
        told = json.dumps(cell["outputs"])
        last = ast.parse("".join(cell["source"])).body[-1]
        if isinstance(last, ast.Expr) and not isinstance(last.value, ast.Call | ast.Constant) and not cell["outputs"]:
            out.append(f"cell {number} ends in a value and shows nothing")
        out += [f"cell {number} shows {word!r}" for word in PLACES if word in told]
    return out


def test_there_is_a_way_in() -> None:
    names = [path.name for path in TUTORIALS]
    assert names[0] == "01_fifteen_minutes.ipynb" and len(names) >= 6
    linked = set(re.findall(r"\]\((\d\d_[a-z_]+\.ipynb)\)", words_of(TUTORIALS[0])))
    assert linked == set(names[1:]), "the first one leads to all others"


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda p: p.stem)
def test_what_it_names_exists(path: Path) -> None:
    text = words_of(path) + "\n" + "\n".join("".join(c["source"]) for c in cells(path) if c["cell_type"] == "code")
    links = re.findall(r"\]\(([^)\s]+)\)", words_of(path))
    assert [link for link in links if not re.match(r"https?:", link) and not (path.parent / link).exists()] == []
    assert wrong_commands(words_of(path)) == [] and wrong_methods(text) == []
    assert "#| export" not in [line for c in cells(path) for line in "".join(c["source"]).splitlines()], "tutorials export nothing"


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda p: p.stem)
def test_it_is_stored_with_its_outputs(path: Path) -> None:
    assert stale(path) == [], "python tools/notebooks.py run makes them"


def test_the_readers_see_what_is_wrong(tmp_path: Path) -> None:
    shell = "```sh\nmlops-nb runs list --all   # newest\ncd x && mlops-nb deploy delay\n```"
    text = f"`mlops-nb model list`\n{shell}\n`ws.deplyo(1)` ws.deploy(2)"
    assert wrong_commands(text) == ["mlops-nb runs list --all", "mlops-nb model list"] and wrong_methods(text) == ["ws.deplyo"]
    page = tmp_path / "page.ipynb"
    shown = [{"text": "/tmp/x"}]
    made = [{"cell_type": "code", "source": "x = 1\nx", "outputs": []}, {"cell_type": "code", "source": "y", "outputs": shown}]
    page.write_text(json.dumps({"cells": made}))
    assert stale(page) == ["cell 0 ends in a value and shows nothing", "cell 1 shows '/tmp/'"]
