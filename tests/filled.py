"""A workspace as it looks after years: many models, versions and runs, their rows put straight into the stores."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mlops_nb.core.records import Actor, Run, RunStatus
from mlops_nb.core.settings import Settings
from mlops_nb.desk.workspace import Workspace
from mlops_nb.store.control import _as_row
from mlops_nb.store.control_tables import runs as run_rows
from mlops_nb.store.models_versions import PREFIX, Facts, to_tags

NOTEBOOKS = ("score.ipynb", "train.ipynb", "ingest.ipynb", "nightly/refresh.ipynb", "reports/weekly.ipynb")
STATUS: tuple[RunStatus, ...] = ("finished",) * 17 + ("failed", "failed", "cancelled")


def in_batches(connection: sa.Connection, statement: Any, rows: list[dict[str, Any]], size: int = 5_000) -> None:
    """Inserts rows, some thousand at a time."""
    for at in range(0, len(rows), size):
        connection.execute(statement, rows[at : at + size])


def add_versions(settings: Settings, models: int, versions: int) -> list[str]:
    """So many models, and versions over all of them, in MLflow's tables; the models' names."""
    engine = sa.create_engine(settings.registry_uri)
    tables = sa.MetaData()
    tables.reflect(engine, only=["registered_models", "model_versions", "model_version_tags", "registered_model_aliases"])
    names = [f"model-{number:04d}" for number in range(models)]
    began = datetime(2024, 1, 1, tzinfo=UTC)
    made, tags, count = [], [], dict.fromkeys(names, 0)
    features = tuple(f"feature_{n}" for n in range(15))
    for number in range(versions):
        name = names[(number - number // 3) % models if number % 3 else 0]  # one model has a third of them
        count[name] += 1
        at = int((began + timedelta(minutes=number)).timestamp() * 1000)
        one = {"name": name, "version": count[name], "creation_time": at, "last_updated_time": at, "current_stage": "None"}
        one |= {"source": f"/somewhere/{number}", "run_id": f"{number:032x}", "status": "READY", "description": f"trial {number}"}
        made.append(one)
        facts = Facts(
            f"sha256:{number:064x}", "binary", "late", "id", "at", (), features, {"auc": 0.7 + number % 20 / 100, "brier": 0.1}, "",
            dict.fromkeys(features, 0.1), (f"flights@{number}",), Actor("os", "ada").to_dict(), "runs:/x/y", f"sha256:{number:064x}",
        )
        told = to_tags(facts) | {f"{PREFIX}state": "proven" if number % 50 else "broken", "team": "ops"}
        tags += [{"name": name, "version": count[name], "key": key, "value": value} for key, value in told.items()]
    aliases = [{"name": name, "alias": "champion", "version": max(1, count[name] - 1)} for name in names if count[name]]
    rows = [{"name": n, "creation_time": 0, "last_updated_time": 0, "description": ""} for n in names]
    with engine.begin() as connection:
        for table, values in (
            ("registered_models", rows), ("model_versions", made), ("model_version_tags", tags), ("registered_model_aliases", aliases),
        ):
            in_batches(connection, tables.tables[table].insert(), values)
    engine.dispose()
    return names


def add_runs(settings: Settings, count: int, grid: int = 20) -> list[str]:
    """So many runs in the index, oldest first, in grids; their ids."""
    chance, began = random.Random(0), datetime(2024, 1, 1, tzinfo=UTC)
    rows = []
    for number in range(count):
        book = NOTEBOOKS[number // grid % len(NOTEBOOKS)]
        at, status = began + timedelta(seconds=30 * number), chance.choice(STATUS)
        run = Run(
            f"{Path(book).stem}-{number:08x}", str(settings.root / book), {"month": number % 12 + 1, "region": f"r{number % grid}"},
            status, "drifted" if number % 40 == 0 else "ok", f"scores@{number}", 12.5, at, at + timedelta(seconds=12),
            f"{book}: cell 3: ValueError: nothing" if status == "failed" else "", (f"flights@{number}",), (f"scores@{number}",),
            {"auc": 0.8}, str(settings.state_dir / "runs" / f"r{number}"), "", f"grid-{number // grid:06x}", models=("model-0001/2",),
        )  # fmt: skip
        rows.append(_as_row(run) | {"grid": run.grid})
    engine = sa.create_engine(settings.control)
    with engine.begin() as connection:
        in_batches(connection, run_rows.insert(), rows)
    engine.dispose()
    return [row["id"] for row in rows]


def fill(root: Path, models: int = 100, versions: int = 10_000, runs: int = 100_000) -> Settings:
    """Makes the folder a workspace that holds all that."""
    root.mkdir(parents=True, exist_ok=True)
    ws = Workspace(root)
    ws.stores.control.pending()
    ws.stores.models.registry.names()
    add_versions(ws.settings, models, versions)
    add_runs(ws.settings, runs)
    return ws.settings


if __name__ == "__main__":
    import sys

    print(json.dumps(str(fill(Path(sys.argv[1])).root)))
