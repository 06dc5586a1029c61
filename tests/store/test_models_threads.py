"""MLflow is large and imports itself in circles: of threads that come at once, none may see half of it."""

import ast
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from mlflow import MlflowException

from mlops_nb import Workspace
from mlops_nb.core.settings import init
from mlops_nb.store import control_schema as schema
from mlops_nb.store.models_server import fresh_database

PACKAGE = Path(__file__).resolve().parent.parent.parent / "mlops_nb"
AFTERWARDS = {"server_version"}  # asked of a server to which there is a client already


def early(source: str) -> list[str]:
    "Functions that begin with a part of MLflow, before the whole: Python then holds the part's lock while it waits for the whole."
    found = []
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.name not in AFTERWARDS:
            imports = sorted((n for n in ast.walk(function) if isinstance(n, ast.ImportFrom | ast.Import)), key=lambda n: n.lineno)
            names = [n.module or "" if isinstance(n, ast.ImportFrom) else n.names[0].name for n in imports]
            ours = [name for name in names if name.split(".")[0] == "mlflow"]
            if ours and ours[0] != "mlflow":
                found.append(f"{function.name}: {ours[0]}")
    return found


def test_the_whole_comes_before_its_parts() -> None:
    found = {str(file.relative_to(PACKAGE)): early(file.read_text()) for file in PACKAGE.rglob("*.py")}
    assert {name: those for name, those in found.items() if those} == {}


@pytest.mark.parametrize("line", ["from mlflow.exceptions import MlflowException", "import mlflow.models"])
def test_a_part_that_comes_first_is_found(line: str) -> None:
    assert early(f"def f():\n    {line}\n    from mlflow import MlflowClient") and not early(f"def f():\n    import mlflow\n    {line}")


AT_ONCE = """
import sys, threading
from pathlib import Path
from mlops_nb import Workspace
from mlops_nb.core.settings import init

ws = Workspace(init(Path(sys.argv[1])).root)
asked = [ws.versions, ws.runs, ws.alerts, ws.schedules, ws.doctor, ws.deployments, ws.receipts, ws.versions]
gate, wrong = threading.Barrier(len(asked)), []


def ask(question):
    gate.wait()
    try:
        question()
    except Exception as problem:
        wrong.append(f"{question.__name__}: {type(problem).__name__}: {problem}")


threads = [threading.Thread(target=ask, args=(question,)) for question in asked]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(*wrong, sep="\\n")
"""


def test_the_first_questions_may_come_all_at_once(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", AT_ONCE, str(tmp_path / "w")], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_who_only_reads_leaves_no_folder_where_she_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, stands = tmp_path / "Flüge 2013", tmp_path / "elsewhere"
    stands.mkdir()
    Workspace(init(place).root).stores.models.registry.names()
    monkeypatch.chdir(stands)
    reader = Workspace(place, read_only=True)
    assert reader.versions() == [] and list(stands.iterdir()) == []
    with pytest.raises(MlflowException, match="readonly"):
        reader.stores.models.client.create_registered_model("smuggled")


def test_the_tables_of_two_databases_are_made_in_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Jupyter server opens a workspace in one thread and counts its models in another, and alembic has one context a process."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    engine = schema.make_engine(schema.read_url(f"sqlite:///{tmp_path / 'control.db'}"))
    begun, made = threading.Event(), threading.Event()
    problems: list[Exception] = []

    def rest(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        if "CREATE TABLE" in statement and not begun.is_set():
            begun.set()
            made.wait(3)  # in turns, nothing is made meanwhile

    def make() -> None:
        begun.wait(300)
        try:
            fresh_database(tmp_path / "mlflow.db", tmp_path / "artifacts")
        except Exception as problem:
            problems.append(problem)
        made.set()

    sa.event.listen(engine, "before_cursor_execute", rest)
    other = threading.Thread(target=make)
    other.start()
    schema.migrate(engine)
    other.join(300)
    with engine.connect() as connection:
        assert schema.revision(connection) == schema.REVISIONS[-1] and problems == []
    engine.dispose()
