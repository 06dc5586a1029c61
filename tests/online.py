"""An online server of real processes, for tests: versions on a shelf, a plan, a supervisor on a free port."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from waiting import until

from mlops_nb.core.columns import ColumnRule
from mlops_nb.core.contract import Contract
from mlops_nb.core.process import is_alive
from mlops_nb.core.records import ModelVersion
from mlops_nb.desk.compiling import write_compiled
from mlops_nb.score.predictor import Spec, ask, model_digest
from mlops_nb.score.proof import write_examples
from mlops_nb.score.served import describe, write_served
from mlops_nb.serve.plan import (
    Limits,
    Plan,
    PlannedDeployment,
    PlannedKey,
    PlannedRoute,
    PlannedVersion,
    WorkerStatus,
    statuses,
    supervisor_of,
    write_plan,
)
from mlops_nb.serve.supervisor import Given, start_supervisor

FEATURES = ("carrier", "distance", "wind")
CARRIERS = ("UA", "AA", "B6", "WN")
MLMODEL = """flavors:
  python_function: {loader_module: mlflow.sklearn, model_path: model.pkl, predict_fn: predict}
  sklearn: {pickled_model: model.pkl, serialization_format: cloudpickle}
"""


def flights(n: int = 600, seed: int = 7) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows and whether they were late."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "carrier": rng.choice(CARRIERS, n),
            "distance": rng.integers(80, 4983, n),
            "wind": np.where(rng.random(n) < 0.1, np.nan, rng.uniform(0, 40, n)),
        }
    )
    late = (rows.wind.fillna(10) + 8 * (rows.carrier == "UA") + rng.normal(0, 4, n)) > 24
    return rows, late.to_numpy()


class Shelf:
    """Versions of the model `late`: 1 and 2 are compiled, 3 is not and lives in a host, 4 has changed bytes, 5 answers otherwise."""

    def __init__(self, place: Path):
        self.place = place
        self.models: dict[str, Any] = {}
        self.versions: dict[str, PlannedVersion] = {}
        self.rows, self.late = flights()
        encode = (OneHotEncoder(handle_unknown="ignore"), ["carrier"])
        for number, depth in ((1, 3), (2, 1)):
            columns = make_column_transformer(encode, remainder="passthrough")
            self.add(number, make_pipeline(columns, HistGradientBoostingClassifier(max_iter=8, max_depth=depth, random_state=0)))
        filled = make_column_transformer(encode, remainder="drop")
        self.add(3, make_pipeline(filled, KNeighborsClassifier(3)))
        self.spoil("late/1", 4, "compiled/program.json")
        self.lie("late/1", 5)

    def add(self, number: int, model: Any) -> PlannedVersion:
        """Fits a model and lays it out as registration does."""
        import cloudpickle

        model.fit(self.rows, self.late)
        folder = self.place / f"late-{number}"
        (folder / "model").mkdir(parents=True)
        (folder / "model" / "MLmodel").write_text(MLMODEL)
        (folder / "model" / "model.pkl").write_bytes(cloudpickle.dumps(model))
        spec = Spec(FEATURES, "binary", "late", classes=(False, True))
        spec.write(folder)
        examples = self.rows.head(40)
        write_examples(folder, examples, ask(model, examples, spec))
        rules = {"carrier": ColumnRule("string", max_null_ratio=0), "distance": ColumnRule("int", max_null_ratio=0, min=0, max=10_000)}
        (folder / "contract.yaml").write_text(Contract(rules | {"wind": ColumnRule("float", min=0, max=200)}).to_yaml())
        write_compiled(folder, model, spec, self.rows, examples)
        self.models[f"late/{number}"] = model
        return self.describe(number, folder)

    def describe(self, number: int, folder: Path) -> PlannedVersion:
        """Writes served.json, as the agent does."""
        version = ModelVersion("late", number, digest=model_digest(folder / "model"), kind="binary", features=FEATURES)
        served = folder.parent / f"{folder.name}.served.json"
        write_served(served, replace(describe(folder, version), id="flight", time="scheduled", segments=("origin",)))
        planned = PlannedVersion(version.ref, str(folder), str(served), hashlib.sha256(served.read_bytes()).hexdigest())
        self.versions[version.ref] = planned
        return planned

    def copy(self, ref: str, number: int) -> Path:
        """A copy of a version's folder under another number."""
        import shutil

        folder = self.place / f"late-{number}"
        shutil.copytree(self.versions[ref].folder, folder)
        return folder

    def spoil(self, ref: str, number: int, name: str) -> None:
        """A version in which a file was changed after it was described."""
        folder = self.copy(ref, number)
        self.describe(number, folder)
        (folder / name).write_bytes((folder / name).read_bytes() + b" ")

    def lie(self, ref: str, number: int) -> None:
        """A version whose recorded answers are not those it gives."""
        folder = self.copy(ref, number)
        answers = json.loads((folder / "answers.json").read_text())
        answers["prediction"] = [not answer for answer in answers["prediction"]]
        (folder / "answers.json").write_text(json.dumps(answers))
        self.describe(number, folder)

    def chances(self, ref: str, rows: pd.DataFrame) -> list[list[float]]:
        """What the library itself says."""
        found: list[list[float]] = self.models[ref].predict_proba(rows).tolist()
        return found


class Online:
    """A supervisor and its workers, for one state folder."""

    def __init__(self, state: Path, shelf: Shelf):
        self.state, self.shelf = state, shelf
        self.log = state.parent / "server.log"
        self.seq = 0
        self.workers = 1
        self.port = 0
        self.limits = Limits()
        self.keys: tuple[PlannedKey, ...] = ()
        self.planned = Plan(0)
        self.pids: set[int] = set()

    def plan(self, **deployments: Any) -> Plan:
        """Writes a plan: `late=["late/1"]`, or a PlannedDeployment. Revisions grow by themselves."""
        self.seq += 1
        made = []
        for name, wanted in deployments.items():
            if isinstance(wanted, list):
                wanted = PlannedDeployment(name, "late", self.seq, tuple(PlannedRoute(f"r{i}", ref) for i, ref in enumerate(wanted)))
            made.append(replace(wanted, revision=self.seq))
        refs = {route.version for one in made for route in one.routes}
        versions = tuple(self.shelf.versions[ref] for ref in sorted(refs))
        limits = replace(self.limits, workers=self.workers)
        self.planned = Plan(self.seq, tuple(made), versions, self.keys, limits, hash_key="00" * 32)
        write_plan(self.state, self.planned)
        return self.planned

    def start(self, workers: int = 1, **more: Any) -> None:
        """Starts a supervisor and waits until all workers take connections and answer as planned."""
        self.workers = workers
        given = Given(self.state, more.pop("host", "127.0.0.1"), self.port, workers, **more)
        status = start_supervisor(given, self.log, timeout=300)
        self.pids.add(status.pid)
        self.port = status.port
        self.settled()

    def alive(self) -> list[WorkerStatus]:
        """Workers that live and take connections."""
        return [s for s in statuses(self.state) if s.accepting]

    def settled(self) -> list[WorkerStatus]:
        """Waits until every worker has worked through the plan."""

        def done() -> list[WorkerStatus]:
            found = self.alive()
            return found if len(found) >= self.workers and all(s.seq == self.seq for s in found) else []

        try:
            found: list[WorkerStatus] = until(done, "all workers follow the plan")
            return found
        except AssertionError as problem:
            raise AssertionError(f"{problem}\n{statuses(self.state)}\n{self.said()}") from None

    def said(self) -> str:
        """The log so far."""
        return self.log.read_text() if self.log.exists() else ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, **headers: str) -> httpx.Client:
        """A client for this server."""
        return httpx.Client(base_url=self.url, headers=headers, timeout=300, trust_env=False)

    def supervisor(self) -> int:
        """Its process."""
        status = supervisor_of(self.state)
        assert status is not None
        return status.pid

    def records(self) -> list[Any]:
        """Everything in the spool."""
        from mlops_nb.store.spool import read_segment, segments

        return [record for path in segments(self.state / "spool") for _, record in read_segment(path, 0, limit=1 << 30).records]

    def stop(self) -> None:
        """Ends what was started here, and nothing else."""
        status = supervisor_of(self.state)
        if status is not None and status.is_alive and status.pid in self.pids:
            os.kill(status.pid, signal.SIGTERM)
            until(lambda: not is_alive(status.pid, status.began), "the supervisor ends")
        for worker in statuses(self.state):
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGKILL)


class Crowd:
    """Clients that ask all the time and keep what came back."""

    def __init__(self, server: Online, clients: int = 4, path: str = "/models/late/invocations"):
        self.server, self.path = server, path
        self.over = threading.Event()
        self.codes: list[int] = []
        self.ids: list[str] = []
        self.versions: set[str] = set()
        self.latest: tuple[str, ...] = ()  # the last twenty
        self.problems: list[str] = []
        self.threads = [threading.Thread(target=self.ask) for _ in range(clients)]

    def ask(self) -> None:
        with self.server.client() as client:
            while not self.over.is_set():
                try:
                    answer = client.post(self.path, json=split([ROW]))
                except httpx.HTTPError as problem:
                    self.problems.append(f"{type(problem).__name__}: {problem}")
                    continue
                self.codes.append(answer.status_code)
                if answer.status_code == 200:
                    self.ids.append(answer.headers["x-request-id"])
                    self.versions.add(answer.headers["x-model-version"])
                    self.latest = (*self.latest[-19:], answer.headers["x-model-version"])

    def __repr__(self) -> str:
        alive = sum(thread.is_alive() for thread in self.threads)
        return f"Crowd({alive} alive, {len(self.codes)} answers, latest {list(self.latest)}, {self.problems[:3]})"

    def __enter__(self) -> "Crowd":
        for thread in self.threads:
            thread.start()
        until(lambda: len(self.codes) > 20, "the crowd is answered")
        return self

    def __exit__(self, *_: Any) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(300)


ROW = {"carrier": "UA", "distance": 1400, "wind": 35.0}


def split(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows in MLflow's form."""
    return {"dataframe_split": {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]}}


def children(pid: int) -> list[int]:
    """Processes that a process started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def python(code: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter that runs some lines."""
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, env=os.environ | environment, check=False)
