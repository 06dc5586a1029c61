"""Whatever switches a check off stands on a counted list, with a reason: tests/allowances.toml."""

import ast
import io
import json
import re
import tokenize
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "tests" / "allowances.toml"
Found = Counter[tuple[str, str]]  # (file, kind) -> how often

COMMENTS = {"type: ignore": r"type:\s*ignore", "noqa": r"(?:noqa|ruff:\s*noqa)", "no cover": r"pragma:\s*no cover"}
MARKS = {"skip", "skipif", "xfail", "importorskip"}
SCRIPT = {"ts-ignore": r"@ts-(?:ignore|expect-error|nocheck)", "as any": r"\bas any\b|:\s*any\b", "lint off": r"eslint-disable"}
CELL = {"eval: false": r"^#\|\s*eval:\s*false", "notest": r"^#\|\s*(?:notest|slow)\b", "skip_exec": r"skip_exec:\s*true"}


def in_python(source: str) -> Counter[str]:
    "Comments that quiet a checker, and tests that do not run. Strings that merely mention them do not count."
    found: Counter[str] = Counter()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            found.update(kind for kind, pattern in COMMENTS.items() if re.match(rf"#\s*{pattern}", token.string))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in MARKS and rooted(node) in ("pytest", "unittest"):
            found[node.attr] += 1
    return found


def rooted(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def in_script(source: str) -> Counter[str]:
    return Counter({kind: len(re.findall(pattern, source)) for kind, pattern in SCRIPT.items()})


def in_notebook(text: str) -> Counter[str]:
    "Cells that are not run, and what quiets a checker in lessons. Exported cells are counted in their module."
    found: Counter[str] = Counter()
    for cell in json.loads(text)["cells"]:
        source = "".join(cell["source"])
        found.update(kind for kind, pattern in CELL.items() if re.search(pattern, source, re.M))
        if cell["cell_type"] == "code" and not re.match(r"#\|\s*export", source):
            found.update(kind for kind, pattern in COMMENTS.items() for _ in re.findall(rf"#\s*{pattern}", source))
    return found


READERS = {".py": in_python, ".ts": in_script, ".tsx": in_script, ".ipynb": in_notebook}
PLACES = ("mlops_nb", "nbs", "tests", "tools", "benchmarks", "labextension/src")


def count(root: Path) -> Found:
    found: Found = Counter()
    for place in PLACES:
        for path in sorted((root / place).rglob("*")):
            parts = set(path.relative_to(root / place).parts)
            if path.suffix in READERS and path.is_file() and not parts & {"labextension", ".ipynb_checkpoints", "__pycache__"}:
                for kind, number in READERS[path.suffix](path.read_text(encoding="utf-8")).items():
                    if number:
                        found[str(path.relative_to(root)), kind] += number
    return found


def listed(text: str) -> tuple[int, Found, list[str]]:
    "The total, the counts, and the entries without a reason."
    document = tomllib.loads(text)
    counts: Found = Counter()
    bare = []
    for entry in document.get("allowance", []):
        counts[entry["file"], entry["kind"]] += entry.get("count", 1)
        if len(entry.get("reason", "").split()) < 3:
            bare.append(entry["file"])
    return document["total"], counts, bare


def differences(found: Found, wanted: Found) -> list[str]:
    keys = sorted(key for key in found.keys() | wanted.keys() if found[key] != wanted[key])
    return [f"{file}: {kind}: {found[file, kind]} found, {wanted[file, kind]} listed" for file, kind in keys]


def test_the_list_is_exact() -> None:
    total, wanted, bare = listed(LIST.read_text(encoding="utf-8"))
    assert differences(count(ROOT), wanted) == [], "remove it, or add it to tests/allowances.toml with a reason"
    assert bare == [], "entries without a reason"
    assert total == sum(wanted.values()), "the total of the list is not its sum"


@pytest.mark.parametrize(
    ("name", "source", "kind"),
    [
        ("mlops_nb/a.py", "x = 1  # type: ignore[assignment]  # why\n", "type: ignore"),
        ("tests/test_a.py", "import pytest\n\n@pytest.mark.xfail\ndef test_a(): ...\n", "xfail"),
        ("tests/test_a.py", "import pytest\npytest.importorskip('spark')\n", "importorskip"),
        ("tests/test_a.py", "import unittest\n\n@unittest.skip('later')\ndef test_a(): ...\n", "skip"),
        ("tools/a.py", "import os  # noqa: F401\n", "noqa"),
        ("labextension/src/a.ts", "// @ts-ignore\nconst a = 1;\n", "ts-ignore"),
        ("nbs/a.ipynb", json.dumps({"cells": [{"cell_type": "code", "source": ["#| eval: false\n", "1 / 0"]}]}), "eval: false"),
        ("nbs/a.ipynb", json.dumps({"cells": [{"cell_type": "code", "source": "x = y  # noqa"}]}), "noqa"),
    ],
)
def test_each_kind_is_seen(tmp_path: Path, name: str, source: str, kind: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    assert count(tmp_path) == {(name, kind): 1}
    assert differences(count(tmp_path), Counter()) == [f"{name}: {kind}: 1 found, 0 listed"]


def test_a_mention_in_a_string_is_no_allowance(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "a.py").write_text('text = "# type: ignore, pytest.mark.skip"\n')
    assert count(tmp_path) == {}


def test_an_entry_that_is_no_longer_needed_is_named() -> None:
    _, wanted, bare = listed('total = 1\n[[allowance]]\nfile = "a.py"\nkind = "noqa"\nreason = "soon"\n')
    assert differences(Counter(), wanted) == ["a.py: noqa: 0 found, 1 listed"]
    assert bare == ["a.py"]
