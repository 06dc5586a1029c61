"""A workspace with a few versions of one model of real flights, and what tests do to the processes that serve it."""

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from ports import free_port
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from waiting import until as wait_for

from mlops_nb import Workspace
from mlops_nb.core.process import is_alive
from mlops_nb.core.settings import init
from mlops_nb.desk.agent_client import read_card
from mlops_nb.desk.deploying import stop
from mlops_nb.desk.flights import flights
from mlops_nb.serve.plan import read_plan, statuses, supervisor_of
from mlops_nb.store import lake_served as served
from mlops_nb.store.spool import read_segment

MODEL = "delay"
WORDS = ["carrier", "origin", "dest"]
FEATURES = [*WORDS, "weekday", "departs", "arrives", "distance"]


class Hours(TransformerMixin, BaseEstimator):
    """Hours of departure and arrival as further columns: a step of somebody's own, which nobody can compile."""

    def fit(self, frame: pd.DataFrame, target: Any = None) -> "Hours":
        self.fitted_ = True
        return self

    def transform(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(departs_hour=frame["departs"] // 60, arrives_hour=frame["arrives"] // 60)


def pipeline(trees: int) -> Any:
    """One-hot columns and boosted trees."""
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", min_frequency=50, sparse_output=False), WORDS), remainder="passthrough"
    )
    return make_pipeline(encode, HistGradientBoostingClassifier(max_iter=trees, min_samples_leaf=50, random_state=0))


def rows_of(month: int, count: int) -> pd.DataFrame:
    """Flights that arrived."""
    frame = flights(month).dropna(subset=["late"]).astype({"late": bool})
    return frame.iloc[:: max(1, len(frame) // count)].head(count).reset_index(drop=True)


def registered(root: Path, versions: int = 2) -> Path:
    """Makes a workspace at `root` with so many proven versions, each with more trees than the one before."""
    init(root)
    train, test = rows_of(1, 3_000), rows_of(2, 500)
    workspace = Workspace(root)
    for number in range(versions):
        model = pipeline(5 + 5 * number).fit(train[FEATURES], train["late"])
        version = workspace.register(model, MODEL, train=train, test=test, target="late", id="flight_id", time="scheduled")
        assert version.state == "proven" and version.compiled, (version.reason, version.compiled_note)
    return root


def bodies(rows: int = 1, count: int = 200, month: int = 3) -> list[bytes]:
    """Requests in MLflow's form, with the id and the time of each flight."""
    frame = rows_of(month, rows * count)
    frame["scheduled"] = frame["scheduled"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    columns = [*FEATURES, "flight_id", "scheduled"]
    data = frame[columns].to_numpy().tolist()
    heaps = [data[i : i + rows] for i in range(0, rows * count, rows)]
    return [json.dumps({"dataframe_split": {"columns": columns, "data": heap}}).encode() for heap in heaps]


def seen_of(path: Path) -> str:
    """A spool file: how much is in it, who has it open or its lock, and what became of its writer."""
    place = path.stat()
    open_in = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(os.stat(fd).st_ino == place.st_ino for fd in (folder / "fd").iterdir()):
                open_in.append(f"{folder.name} {(folder / 'cmdline').read_bytes().replace(bytes(1), b' ').decode()[:200]}")
    locks = [line for line in Path("/proc/locks").read_text().splitlines() if f":{place.st_ino} " in line]
    writer = Path("/proc", path.name.split("-")[2], "stat")
    state = writer.read_text().rpartition(")")[2].split()[0] if writer.exists() else "gone"
    piece = read_segment(path)
    ends = f"{place.st_size} bytes, read to {piece.end}, {len(piece.records)} records, more {piece.more}, torn {piece.torn}"
    return f"{path.name}: {ends}; writer {state}; open in {open_in}; locks {locks}"


class Desk:
    """The workspace of a test: opened with its own settings, and everything that it started ended with it."""

    def __init__(self, root: Path, **settings: Any):
        self.port = settings.setdefault("port", free_port(neighbours=1))
        lines = [f"{name} = {value}" for name, value in ({"collect_every": 0.5, "spool_segment_mb": 0.2} | settings).items()]
        (root / "settings.ini").write_text("\n".join(["[mlops_nb]", "name = flights", *lines, ""]))
        self.ws = Workspace(root)
        self.settings = self.ws.settings
        self.state: Path = self.settings.state_dir

    @property
    def url(self) -> str:
        """Where its server answers."""
        return f"http://127.0.0.1:{self.port}"

    # processes

    def agent(self) -> int:
        """Process of the agent; 0 when there is none."""
        card = read_card(self.settings)
        return card.pid if card is not None and card.is_alive else 0

    def supervisor(self) -> int:
        """Process of the supervisor; 0 when there is none."""
        found = supervisor_of(self.state)
        return found.pid if found is not None and found.is_alive else 0

    def workers(self) -> list[int]:
        """Processes that take connections."""
        return [w.pid for w in statuses(self.state) if w.accepting]

    def kill(self, pid: int) -> None:
        """kill -9, and back when it is gone."""
        known = [(w.pid, w.began) for w in statuses(self.state)]
        found = supervisor_of(self.state)
        known += [(found.pid, found.began)] if found else []
        card = read_card(self.settings)
        known += [(card.pid, card.began)] if card else []
        (one,) = [k for k in known if k[0] == pid]
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not is_alive(*one), f"process {pid} is gone")

    def settle(self, workers: int) -> None:
        """Waits until so many workers of the present supervisor take connections, and no others live."""

        def settled() -> bool:
            found = supervisor_of(self.state)
            alive = statuses(self.state)
            mine = [w for w in alive if found and w.supervisor == found.id and w.accepting]
            return bool(found and found.is_alive and found.ready and len(mine) == len(alive) == workers)

        wait_for(settled, f"{workers} workers and a supervisor")

    def said(self) -> str:
        """The ends of the logs, for whoever reads a failure."""
        parts = [f"--- {name}\n" + "\n".join(self.ws.logs(name, 25)) for name in ("agent", "server") if self.log(name).exists()]
        return "\n".join(parts)

    def log(self, name: str) -> Path:
        """Where a process logs."""
        return self.state / "logs" / f"{name}.log"

    def key(self, role: str) -> str:
        """The token of a new key that every worker knows."""
        made = self.ws.create_key(role)

        def known() -> bool:
            plan = read_plan(self.state)
            found = plan is not None and made.id in {k.id for k in plan.keys}
            return found and all(w.seq >= plan.seq for w in statuses(self.state))

        wait_for(known, "workers know the key")
        return made.token

    # what was kept

    def collect_all(self) -> None:
        """Collects what is left once nothing writes any more."""
        self.ws.down()
        notes = self.ws.collect().notes
        assert notes == (), notes
        left = sorted((self.state / "spool").glob("*.spool"))
        assert not left, f"the collector left {[seen_of(path) for path in left]}\n{self.said()}"

    def kept(self, deployment: str, role: str | None = "live") -> Counter[tuple[str, int]]:
        """How often each (request, row) of a deployment is in the lake."""
        table = served.read(self.ws.stores.lake.place, "predictions", MODEL, columns=["request_id", "row", "deployment", "role"])
        found = table.to_pylist()
        return Counter((r["request_id"], r["row"]) for r in found if r["deployment"] == deployment and role in (None, r["role"]))

    def received(self, deployment: str) -> list[datetime]:
        """When the requests of a deployment arrived, as their records say."""
        table = served.read(self.ws.stores.lake.place, "predictions", MODEL, columns=["received_at", "deployment"])
        return [r["received_at"] for r in table.to_pylist() if r["deployment"] == deployment]

    def kept_labels(self, prefix: str) -> Counter[str]:
        """How often the label of each entity whose id begins so is in the lake."""
        table = served.read(self.ws.stores.lake.place, "labels", MODEL, columns=["entity_id"])
        return Counter(id for id in table["entity_id"].to_pylist() if id and id.startswith(prefix))

    def counter(self, name: str, **labels: Any) -> int:
        """A number of /metrics, of all workers together."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=300) as answer:
            text = answer.read().decode()
        where = "{" + ",".join(f'{k}="{v}"' for k, v in sorted(labels.items())) + "}" if labels else ""
        found = re.search(rf"^{re.escape(name + where)} (\d+)$", text, re.M)
        return int(found[1]) if found else 0

    def counted(self, version: str, code: int = 200) -> int:
        """Requests that a version has answered with a code."""
        return self.counter("mlops_nb_requests_total", code=code, model=MODEL, version=version)

    @contextlib.contextmanager
    def locked_control(self) -> Iterator[None]:
        """Somebody holds the control database for writing, as a backup or a shell might."""
        other = sqlite3.connect(self.state / "control.db", isolation_level=None, timeout=300)
        try:
            other.execute("BEGIN EXCLUSIVE")
            yield
        finally:
            other.execute("ROLLBACK")
            other.close()

    def close(self) -> None:
        """Stops what is deployed and ends every process that this workspace has."""
        try:
            self.ws.down()
            for deployment in self.ws.stores.control.deployments():
                if deployment.state != "stopped":
                    stop(self.ws.stores, deployment.name)  # starts no agent, which would only see that there is nothing to do
        finally:
            for pid in [self.agent(), self.supervisor(), *[w.pid for w in statuses(self.state)]]:
                if pid:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            shutil.rmtree(self.state / "spool", ignore_errors=True)
