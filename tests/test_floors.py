"""The house rule, read from the imports of every module.

A folder imports only from floors below it, folders on one floor do not know each other, and inside a folder rooms
import lower room numbers only (the number of a room stands in its notebook's file name). Lazy imports inside
functions count as much as those at the top. Each rule is also run against a small tampered tree, to see it fail.
"""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "mlops_nb"
FLOORS = {
    "core": 1,
    "profile": 2,
    "score": 2,
    "store": 3,
    "batch": 4,
    "serve": 4,
    "watch": 4,
    "compile": 4,
    "stream": 4,
    "ship": 4,
    "desk": 5,
    "doors": 6,
}
# library -> where it may be imported, as the beginning of a path inside the package
HOMES = {
    "whylogs": ("profile/",),
    "whylogs_sketching": ("profile/",),
    "mlflow": ("store/models",),
    "sqlalchemy": ("store/control", "store/sources"),
    "alembic": ("store/control",),
    "deltalake": ("store/lake",),
}
# never loaded by `import mlops_nb` nor by a room of core
HEAVY = ["mlflow", "whylogs", "pandas", "polars", "pyarrow", "sklearn", "numpy", "scipy", "deltalake", "sqlalchemy", "alembic"]
HEAVY += ["matplotlib", "jupyter_server", "tornado", "papermill", "IPython", "ipywidgets"]


def modules(package: Path) -> Iterator[tuple[str, Path]]:
    """(path inside the package without .py, file) of every module; the compiled labextension holds none."""
    for file in sorted(package.rglob("*.py")):
        inside = file.relative_to(package)
        if inside.parts[0] != "labextension" and inside.name != "_modidx.py":
            yield inside.with_suffix("").as_posix(), file


def rooms(notebooks: Path) -> dict[str, int]:
    """`store/lake` -> 1, from `nbs/store/01_lake.ipynb` and the module it says it exports."""
    found: dict[str, int] = {}
    for notebook in sorted(notebooks.rglob("*.ipynb")):
        number = re.match(r"(\d+)_", notebook.name)
        sources = ["".join(c["source"]) for c in json.loads(notebook.read_text(encoding="utf-8"))["cells"]]
        exported = [m[1] for s in sources if (m := re.search(r"^#\| default_exp (\S+)", s, re.M))]
        if exported and number:
            found[exported[0].replace(".", "/")] = int(number[1])
    return found


def imports(module: str, file: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything a module imports: at the top, in functions, relative, or by name."""
    above = [PACKAGE, *module.split("/")][:-1]  # of `store/lake` and of `store/__init__` alike: the folder
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = above[: len(above) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield node.lineno, name
            for alias in node.names:  # `from mlops_nb.store import lake` imports a module too
                yield node.lineno, f"{name}.{alias.name}"
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__", "lazy_import") and isinstance(node.args[0].value, str):
                yield node.lineno, node.args[0].value


def breaches(package: Path, notebooks: Path) -> list[str]:
    """One sentence for each import that breaks the house rule."""
    known, numbers = {name for name, _ in modules(package)}, rooms(notebooks)
    known_tops = {name.split("/")[0] for name in known}
    found: dict[str, None] = {}
    for module, file in modules(package):
        folder = module.split("/")[0] if "/" in module else ""
        if folder and folder not in FLOORS:
            found[f"{module}: the folder {folder} stands on no floor"] = None
        for line, name in imports(module, file):
            library = name.split(".")[0]
            where = f"{module}.py:{line}"
            if library in HOMES and not module.startswith(HOMES[library]):
                found[f"{where} imports {library}, which lives in {' and '.join(HOMES[library])}* only"] = None
            if library != PACKAGE:
                continue
            target = "/".join(name.split(".")[1:])
            if FLOORS.get(folder, 9) < 6 and target and not target.startswith("__") and target.split("/")[0] not in known_tops:
                found[f"{where} imports {name}: the front door is for users"] = None
            while target and target not in known and f"{target}/__init__" not in known:
                target = target.rpartition("/")[0]  # a name inside a module
            if sentence := _breach(module, folder, target, numbers):
                found[f"{where} {sentence}"] = None
    return list(found)


def _breach(module: str, folder: str, target: str, numbers: dict[str, int]) -> str:
    if not folder or not target or target == folder:  # `mlops_nb` itself, and a folder's empty `__init__`
        return ""
    home = target.split("/")[0]
    if home not in FLOORS or folder not in FLOORS:
        return "" if home in FLOORS else f"imports {target}, which stands above every floor"
    if home == folder:
        owner, other = _owner(module, numbers), _owner(target, numbers)
        mine, theirs = numbers.get(owner), numbers.get(other)
        if mine is None or theirs is None:
            missing = module if mine is None else target
            return f"imports {target}, but {missing} has no room number (no notebook exports it)"
        if theirs < mine or owner == other:
            return ""
        return f"(room {mine}) imports {target} (room {theirs}): a room imports lower numbers only"
    if FLOORS[home] == FLOORS[folder]:
        return f"imports {target}: {folder} and {home} stand on one floor"
    return "" if FLOORS[home] < FLOORS[folder] else f"imports {target}: {home} stands above {folder}"


def _owner(module: str, numbers: dict[str, int]) -> str:
    """The room a file belongs to: itself, or the room whose name its folder begins with (`store/control_migrations/…`)."""
    if module in numbers:
        return module
    parts = module.split("/")
    fits = [room for room in numbers if len(parts) > 2 and "/".join(parts[:2]).startswith(room)]
    return max(fits, key=len) if fits else module


def test_every_import_goes_downward() -> None:
    assert breaches(ROOT / PACKAGE, ROOT / "nbs") == []


# notebooks that are run, not compiled -> what they may import of the package
OPEN_TO = {"jobs": ("mlops_nb", "mlops_nb.widgets"), "dashboards": ("mlops_nb", "mlops_nb.widgets", "mlops_nb.desk")}


def notebook_breaches(notebooks: Path) -> list[str]:
    """Imports of job notebooks and dashboards that reach behind the public interface."""
    found = []
    for folder, allowed in OPEN_TO.items():
        for notebook in sorted((notebooks / folder).glob("*.ipynb")):
            cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
            code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
            code = re.sub(r"^(\s*)[%!].*$", r"\1pass", code, flags=re.M)
            for node in ast.walk(ast.parse(code)):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                for name in names:
                    inside = allowed if folder == "jobs" else (*allowed, *(n for n in [name] if n.startswith("mlops_nb.desk.")))
                    if name.split(".")[0] == PACKAGE and name not in inside:
                        found.append(f"{folder}/{notebook.name} imports {name}")
    return found


def test_jobs_and_dashboards_use_the_public_interface(tmp_path: Path) -> None:
    assert notebook_breaches(ROOT / "nbs") == []
    tampered = {"jobs": "from mlops_nb.desk.workspace import W", "dashboards": "%matplotlib inline\nimport mlops_nb.store.lake"}
    for folder, source in tampered.items():
        (tmp_path / folder).mkdir()
        cells = [{"cell_type": "code", "source": source}]
        (tmp_path / folder / "page.ipynb").write_text(json.dumps({"cells": cells}))
    assert len(notebook_breaches(tmp_path)) == 2


def test_the_reader_sees_the_real_imports() -> None:
    """A rule over an empty list would always hold: the list is not empty, and knows the rooms."""
    numbers = rooms(ROOT / "nbs")
    assert numbers["core/errors"] == 0 and numbers["core/errors"] < numbers["core/contract"] < numbers["core/lineage"]
    seen = {name for _, name in imports("core/contract", ROOT / PACKAGE / "core" / "contract.py")}
    assert {"mlops_nb.core.columns", "mlops_nb.core.errors", "yaml"} <= seen


def test_every_compiled_module_has_its_notebook() -> None:
    numbers = rooms(ROOT / "nbs")
    for module, file in modules(ROOT / PACKAGE):
        if "AUTOGENERATED! DO NOT EDIT" in file.read_text(encoding="utf-8"):
            assert module in numbers, f"{module}.py was generated, but no notebook exports it"


def build(tmp_path: Path, files: dict[str, str]) -> list[str]:
    """The breaches in a small tree: `store/01_lake` is a room with a notebook, `store/lake` would be one without."""
    package, notebooks = tmp_path / PACKAGE, tmp_path / "nbs"
    for name, source in {"core/00_errors": "", "__init__": "", **files}.items():
        folder, _, stem = name.rpartition("/")
        number = re.match(r"\d+_", stem)
        module = stem[number.end() :] if number else stem
        (package / folder).mkdir(parents=True, exist_ok=True)
        if folder:
            (package / folder.split("/")[0] / "__init__.py").touch()
        (package / folder / f"{module}.py").write_text(source)
        if number:
            (notebooks / folder).mkdir(parents=True, exist_ok=True)
            exported = f"{folder.replace('/', '.')}.{module}"
            cells = [{"cell_type": "code", "source": [f"#| default_exp {exported}\n"]}]
            (notebooks / folder / f"{stem}.ipynb").write_text(json.dumps({"cells": cells}))
    return breaches(package, notebooks)


SOUND = {
    "core/01_records": "from mlops_nb.core.errors import MlopsError",
    "profile/00_sketch": "import whylogs",
    "store/00_control": "def f():\n    import sqlalchemy\n    from .control_migrations import env",
    "store/control_migrations/env": "from alembic import context\nfrom mlops_nb.store.control import f",
    "store/01_lake": "import deltalake\nfrom mlops_nb.store import control\nfrom mlops_nb.core.errors import MlopsError",
    "desk/00_workspace": "from mlops_nb.store.lake import x\nfrom ..core import records\nfrom mlops_nb import __version__",
    "doors/00_cli": "from mlops_nb.desk.workspace import Workspace\nfrom mlops_nb import Workspace",
}


def test_a_sound_tree_passes(tmp_path: Path) -> None:
    assert build(tmp_path, SOUND) == []


@pytest.mark.parametrize(
    ("tampered", "words"),
    [
        ({"core/01_records": "from mlops_nb.store.lake import Lake"}, "store stands above core"),
        ({"store/01_lake": "def f():\n    from mlops_nb.desk.workspace import W"}, "desk stands above store"),
        ({"profile/00_sketch": "from mlops_nb.score import metrics", "score/00_metrics": ""}, "on one floor"),
        ({"watch/00_drift": "from ..batch.run import run", "batch/00_run": ""}, "watch and batch stand on one floor"),
        ({"core/01_records": "from .settings import root", "core/02_settings": ""}, "lower numbers only"),
        ({"core/01_records": "import mlops_nb.core.settings", "core/02_settings": ""}, "lower numbers only"),
        ({"store/00_control": "class A:\n    def f(self):\n        from mlops_nb.store.lake import x"}, "lower numbers only"),
        ({"core/01_records": "from mlops_nb.core.loose import x", "core/loose": ""}, "no room number"),
        ({"core/01_records": "from mlops_nb import Workspace"}, "front door"),
        ({"core/01_records": "import importlib\nimportlib.import_module('mlops_nb.desk.workspace')"}, "desk stands above core"),
        ({"extras/00_thing": ""}, "stands on no floor"),
        ({"watch/00_drift": "def f():\n    from whylogs.core import x"}, "imports whylogs"),
        ({"store/00_control": "import whylogs_sketching"}, "imports whylogs_sketching"),
        ({"score/00_proof": "def f():\n    import mlflow.sklearn"}, "imports mlflow"),
        ({"store/01_lake": "import sqlalchemy as sa"}, "imports sqlalchemy"),
        ({"desk/00_workspace": "from alembic import command"}, "imports alembic"),
        ({"batch/00_run": "try:\n    import deltalake\nexcept ImportError:\n    pass"}, "imports deltalake"),
    ],
)
def test_a_tampered_tree_is_caught(tmp_path: Path, tampered: dict[str, str], words: str) -> None:
    found = build(tmp_path, SOUND | tampered)
    assert any(words in sentence for sentence in found), found


def loaded_by(module: str) -> list[str]:
    """Heavy libraries in memory after a fresh interpreter has imported `module`."""
    code = f"import sys, {module}\nprint(*(n for n in {HEAVY!r} if n in sys.modules))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_the_package_and_the_rooms_of_core_are_light() -> None:
    core = [m.replace("/", ".") for m, f in modules(ROOT / PACKAGE) if m.startswith("core/") and f.name != "__init__.py"]
    assert "core.contract" in core
    for module in ["", *core]:
        assert loaded_by(f"{PACKAGE}.{module}".rstrip(".")) == [], module


def test_a_heavy_import_would_be_seen() -> None:
    assert {"pandas", "numpy"} <= set(loaded_by("pandas"))
