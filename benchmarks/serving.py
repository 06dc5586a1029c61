"""How fast the online server answers, beside `mlflow models serve`, MLServer, BentoML and an answer without a model, in the same run.

    python benchmarks/serving.py                    four rounds, about eleven minutes
    python benchmarks/serving.py --quick            one short round: does everything start and answer rightly?
    python benchmarks/serving.py --tune             each peer's settings that were tried, one short round each
    python benchmarks/serving.py --only mlflow,bare

Each peer has an environment of its own (made once, in `.mlops/bench`) and a model of its own scikit-learn, fitted there on the same rows:
the demo's pipeline (one-hot columns and boosted trees on flights). All answer probabilities; before anything is measured each must give,
within 1e-6, what its own model gives, for single rows and for a hundred. Then each server in turn is asked for three seconds by wrk (one
thread, connections kept alive, another row each time), round after round, so that whatever else the machine does hurts all of them;
medians count. Everything listens on loopback, and ends with the benchmark.

How the peers' settings were found (`--tune`): with all of OpenMP's threads scikit-learn's trees are slower in every server that batches
(MLServer 24 instead of 91 a second with one client, BentoML 1 instead of 56), so each has one. MLServer is quickest at 16 clients with
batches of at most 16 (it waits until a batch is full), at 64 clients with 64: both are measured. Waiting 1 ms instead of 5 helps one
client and costs crowds; a process of its own for the model costs more than it brings. BentoML splits requests of more rows than
max_batch_size and takes its max_latency_ms for a first guess of the model's speed: 200 rows and 10 s were best, plain lists better than
frames; its default of 60 s and 64 rows gave half. mlflow has no settings that matter: it spends 11 ms of processor time on a row.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PEERS = HERE / "serving_peers"
ROOT = HERE.parent
SECONDS, ROUNDS = 3.0, 4
CELLS = [(1, 1), (16, 1), (64, 1), (1, 100), (16, 100), (64, 100)]  # clients, rows
CLOSE = 1e-6
PACKAGES = {
    "mlflow": ["mlflow", "scikit-learn", "pandas", "joblib", "uvloop", "httptools"],
    "mlserver": ["mlserver", "mlserver-sklearn", "pandas", "uvloop<0.22"],  # with later ones its pool of workers does not start
    "bentoml": ["bentoml", "scikit-learn", "pandas", "joblib"],
}
SHOWN = {
    "mlflow": ["mlflow", "scikit-learn"],
    "mlserver": ["mlserver", "scikit-learn"],
    "bentoml": ["bentoml", "scikit-learn"],
}
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "BENTOML_DO_NOT_TRACK": "True", "DO_NOT_TRACK": "1", "PYTHONUNBUFFERED": "1"}


# --- what is asked


@dataclass
class Questions:
    "The rows that are asked, and bodies of them in each server's own form."

    columns: list[str]
    types: dict[str, str]  # of the open inference protocol
    rows: list[list[Any]]
    singles: int = 256
    heaps: int = 16

    def batches(self, n: int) -> list[list[list[Any]]]:
        "Different batches of n rows."
        if n == 1:
            return [[row] for row in self.rows[: self.singles]]
        step = (len(self.rows) - n) // self.heaps
        return [self.rows[i * step : i * step + n] for i in range(self.heaps)]

    def starts(self, n: int) -> list[int]:
        "Where in `rows` each batch begins."
        return list(range(self.singles)) if n == 1 else [i * ((len(self.rows) - n) // self.heaps) for i in range(self.heaps)]

    def split(self, batch: list[list[Any]]) -> dict[str, Any]:
        return {"dataframe_split": {"columns": self.columns, "data": batch}}

    def tensors(self, batch: list[list[Any]]) -> dict[str, Any]:
        "Columns as tensors, in the pandas form of the protocol."
        inputs = []
        for i, name in enumerate(self.columns):
            kind = self.types[name]
            more = {"parameters": {"content_type": "str"}} if kind == "BYTES" else {}
            inputs.append({"name": name, "shape": [len(batch), 1], "datatype": kind, "data": [row[i] for row in batch], **more})
        return {"parameters": {"content_type": "pd"}, "inputs": inputs, "outputs": [{"name": "predict_proba"}]}


def rows_file(cache: Path) -> Path:
    "Flights of January and February to learn from, some of March to ask; the same for everybody."
    path = cache / "rows.json"
    if path.exists():
        return path
    import pandas as pd

    from mlops_nb.desk.flights import flights, weather

    sys.path.insert(0, str(PEERS))
    from model import CATEGORIES, FEATURES, NUMBERS

    months = [flights(m).merge(weather(m).drop(columns="month"), on=["origin", "hour_at"], how="left") for m in (1, 2, 3)]
    train = pd.concat(months[:2]).dropna(subset=["late"])
    asked = months[2].sample(1_700, random_state=0)

    def table(frame: pd.DataFrame) -> dict[str, Any]:
        plain = frame[FEATURES].astype(object).where(frame[FEATURES].notna(), None)
        return {"columns": FEATURES, "data": plain.to_numpy().tolist()}

    types = {name: "BYTES" if name in CATEGORIES else "INT64" if name in NUMBERS else "FP64" for name in FEATURES}
    found = {"train": table(train), "late": train["late"].astype(bool).tolist(), "asked": table(asked), "types": types}
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(found))
    draft.replace(path)
    return path


# --- environments and models


def environment(name: str, cache: Path, rows: Path) -> Path:
    "The Python of a peer's own environment, with its models fitted there; made when it is not there yet."
    folder = cache / name
    python, done = folder / "bin" / "python", folder / "made.json"
    wanted = json.dumps([PACKAGES[name], (PEERS / "model.py").read_text(), rows.stat().st_size])
    if not done.exists() or done.read_text() != wanted:
        uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
        say(f"making the environment of {name} …")
        for command in (
            [uv, "venv", "-q", "--clear", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "-q", "--python", str(python), *PACKAGES[name]],
            [str(python), str(PEERS / "model.py"), str(rows), str(cache / "models" / name)],
        ):
            must(command)
        done.write_text(wanted)
    return python


def must(command: list[str]) -> str:
    found = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), cwd=PEERS, timeout=600)
    if found.returncode:
        raise SystemExit(f"{' '.join(command)}\n{found.stdout[-2000:]}{found.stderr[-4000:]}")
    return found.stdout


def clean_environment(**more: str) -> dict[str, str]:
    "The environment of a server: nothing of ours in its path; the kernels of linear algebra chosen by itself."
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return kept | QUIET | more


def versions(python: Path, names: list[str]) -> dict[str, str]:
    code = f"from importlib.metadata import version; print(*[version(n) for n in {names!r}])"
    return dict(zip(names, must([str(python), "-c", code]).split(), strict=True))


# --- servers


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@dataclass
class Server:
    "A server that can be started, asked and ended."

    name: str
    title: str
    path: str  # of a request
    body: Callable[[list[list[Any]]], Any]
    read: Callable[[Any], list[list[float]]] | None  # probabilities from an answer; None: nothing to compare
    expected: Path | None  # what its own model gives for the rows that are asked
    command: Callable[[int], list[str]] = lambda port: []
    env: dict[str, str] = field(default_factory=dict)
    cwd: Path = PEERS
    cells: list[tuple[int, int]] = field(default_factory=lambda: list(CELLS))
    versions: dict[str, str] = field(default_factory=dict)
    note: str = ""
    port: int = 0
    ready: float = 0.0  # seconds from the start to the first right answer
    process: subprocess.Popen[bytes] | None = None
    resident: float = 0.0  # MB of its largest process, after the load
    proportional: float = 0.0  # MB of all its processes together
    log: Path | None = None
    folder: Path | None = None  # with the bodies that are sent

    def start(self, cache: Path, questions: Questions, patience: float = 60.0) -> None:
        "Starts it and waits for its first answer; what it said on stderr is shown when it does not come."
        self.port = self.port or free_port()
        self.write_bodies(cache, questions)
        self.log = cache / f"{self.name}.log"
        began = time.perf_counter()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command(self.port), cwd=self.cwd, env=clean_environment(**self.env),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.wait(questions, began, patience)

    def write_bodies(self, cache: Path, questions: Questions) -> None:
        "What wrk will send, one body a line."
        self.folder = cache / "bodies" / self.name
        self.folder.mkdir(parents=True, exist_ok=True)
        for n in {rows for _, rows in self.cells}:
            text = "\n".join(json.dumps(self.body(batch)) for batch in questions.batches(n))
            (self.folder / f"{n}.jsonl").write_text(text + "\n")

    def wait(self, questions: Questions, began: float, patience: float) -> None:
        "Until it has answered one row."
        first = json.dumps(self.body(questions.batches(1)[0])).encode()
        assert self.process
        said = "nothing"
        while True:
            try:
                status, answer = self.post(first)
                if status == 200:
                    break
                said = f"{status} {answer[:1000]!r}"
            except (OSError, http.client.HTTPException) as problem:
                said = repr(problem)
            if self.process.poll() is not None or time.perf_counter() - began > patience:
                raise SystemExit(f"{self.name} does not answer but {said}. Its log:\n{self.said()}")
            time.sleep(0.01)
        self.ready = time.perf_counter() - began

    def said(self) -> str:
        "The end of what it wrote to its standard output and error."
        return self.log.read_text(errors="replace")[-6000:] if self.log else ""

    def clear(self) -> None:
        "Called after each load."

    def post(self, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", self.path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def check(self, questions: Questions) -> float:
        "The largest difference to its own model; the benchmark ends when it is not close to nothing."
        if self.read is None or self.expected is None:
            return 0.0
        right, worst = json.loads(self.expected.read_text()), 0.0
        for n, count in ((1, 64), (100, 4)):
            for start, batch in list(zip(questions.starts(n), questions.batches(n), strict=True))[:count]:
                status, answer = self.post(json.dumps(self.body(batch)).encode())
                if status != 200:
                    raise SystemExit(f"{self.name} answers {status} to {n} rows: {answer[:2000]!r}")
                found = self.read(json.loads(answer))
                if len(found) != n:
                    raise SystemExit(f"{self.name} answers {len(found)} rows to {n}.")
                pairs = zip(found, right[start : start + n], strict=True)
                worst = max(worst, *(abs(a - b) for f, r in pairs for a, b in zip(f, r, strict=True)))
        if not worst <= CLOSE:
            raise SystemExit(f"{self.name} differs from its own model by {worst:.2g}.")
        return worst

    def pids(self) -> list[int]:
        "Its process and all below it."
        return family(self.process.pid) if self.process else []

    def stop(self) -> None:
        "Ends it and what it started."
        if self.process is None:
            return
        below = self.pids()
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        for pid in below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)


def family(pid: int) -> list[int]:
    "A process and all that descend from it."
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                todo += map(int, (task / "children").read_text().split())
    return found


def memory(pids: list[int]) -> tuple[float, float]:
    "MB: resident size of the largest process, and the proportional sizes of all."
    resident, proportional = [0.0], 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
            resident.append(int(lines["Rss"].split()[0]) / 1024)
            proportional += int(lines["Pss"].split()[0]) / 1024
    return max(resident), proportional


def processor_seconds(pids: list[int]) -> float:
    "Processor time that these have taken."
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(parts[11]) + int(parts[12])
    return total / os.sysconf("SC_CLK_TCK")


# --- the peers


def bare(cache: Path) -> Server:
    "An answer without a model: the limit of HTTP on this machine."
    words = [sys.executable, "-m", "uvicorn", "bare:app", "--host", "127.0.0.1", "--loop", "uvloop", "--http", "httptools"]
    return Server(
        "bare", "bare ASGI answer", "/", lambda batch: {"dataframe_split": {"data": batch}}, None, None,
        command=lambda port: [*words, "--no-access-log", "--log-level", "warning", "--port", str(port)],
    )  # fmt: skip


def mlflow(cache: Path, rows: Path, questions: Questions, own: bool = False, threads: str = "1") -> Server:
    "`mlflow models serve`, one worker."
    python = environment("mlflow", cache, rows)
    name = "own" if own else "plain"
    models = cache / "models" / "mlflow"
    words = [str(python.with_name("mlflow")), "models", "serve", "-m", str(models / f"{name}.mlflow"), "--env-manager", "local"]
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"  # it starts uvicorn by its name
    return Server(
        "mlflow-own" if own else "mlflow", "`mlflow models serve`" + (", own step" if own else ""), "/invocations",
        questions.split, lambda answer: answer["predictions"], models / f"{name}.json",
        command=lambda port: [*words, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"],
        env={"PATH": path} | threads_of(threads), cells=[(16, 1), (64, 1)] if own else list(CELLS),
        versions=versions(python, SHOWN["mlflow"]),
    )  # fmt: skip


def mlserver(
    cache: Path, rows: Path, questions: Questions, batch: int = 64, wait: float = 0.005, parallel: int = 0, threads: str = "1",
    cells: list[tuple[int, int]] | None = None,
) -> Server:  # fmt: skip
    "MLServer with its scikit-learn runtime and adaptive batching."
    python = environment("mlserver", cache, rows)
    models = cache / "models" / "mlserver"
    folder = models / f"settings-{batch}-{wait}-{parallel}"
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    settings = {
        "host": "127.0.0.1", "http_port": port, "grpc_port": free_port(), "metrics_port": free_port(),
        "metrics_dir": str(folder), "parallel_workers": parallel, "debug": False,
    }  # fmt: skip
    model = {
        "name": "delay", "implementation": "mlserver_sklearn.SKLearnModel", "parameters": {"uri": str(models / "plain.joblib")},
        "max_batch_size": batch, "max_batch_time": wait,
    }  # fmt: skip
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps(model))

    def read(answer: Any) -> list[list[float]]:
        output = answer["outputs"][0]
        width = output["shape"][1]
        return [output["data"][i : i + width] for i in range(0, len(output["data"]), width)]

    return Server(
        "mlserver" if batch == 64 else f"mlserver-{batch}",
        f"MLServer, batches of at most {batch}" if batch else "MLServer",
        "/v2/models/delay/infer",
        questions.tensors,
        read,
        models / "plain.json",
        command=lambda port: [str(python.with_name("mlserver")), "start", str(folder)],
        env=threads_of(threads),
        cwd=folder,
        port=port,
        versions=versions(python, SHOWN["mlserver"]),
        cells=cells or list(CELLS),
        note=f"scores in the server's own process (slower with one beside it), waits at most {wait * 1000:g} ms",
    )


def bentoml(
    cache: Path, rows: Path, questions: Questions, input: str = "lists", orient: str = "records",
    batch: int = 200, wait: int = 10_000, threads: str = "1", cells: list[tuple[int, int]] | None = None,
) -> Server:  # fmt: skip
    "BentoML with adaptive batching."
    python = environment("bentoml", cache, rows)
    models = cache / "models" / "bentoml"
    options = {"input": input, "orient": orient, "max_batch_size": batch, "max_latency_ms": wait}
    words = [str(python.with_name("bentoml")), "serve", "bento_service:Delay", "--host", "127.0.0.1"]

    def body(batch: list[list[Any]]) -> dict[str, Any]:
        if input == "lists":
            return {"rows": batch}
        if orient == "columns":
            return {"rows": {name: {str(j): row[i] for j, row in enumerate(batch)} for i, name in enumerate(questions.columns)}}
        return {"rows": [dict(zip(questions.columns, row, strict=True)) for row in batch]}

    env = {"BENCH_BENTO": json.dumps(options), "BENCH_MODEL": str(models / "plain.joblib"), "BENTOML_HOME": str(cache / "bentoml-home")}
    return Server(
        "bentoml-100" if cells and cells[0][1] > 1 else "bentoml",
        "BentoML, batching",
        "/predict",
        body,
        lambda answer: answer,
        models / "plain.json",
        command=lambda port: [*words, "--port", str(port)],
        env=env | threads_of(threads),
        versions=versions(python, SHOWN["bentoml"]),
        cells=cells or list(CELLS),
        note="one process for single rows, one for batches of 100, which would spoil what the first one's optimiser has learnt",
    )


def threads_of(number: str) -> dict[str, str]:
    return {"OMP_NUM_THREADS": number} if number else {}


# --- ours


class Ours(Server):
    "Registered, deployed through the agent, served by the supervisor with one worker; the agent leaves before the clocks start."

    own: bool = False
    settings: Any = None

    def start(self, cache: Path, questions: Questions, patience: float = 60.0) -> None:
        from mlops_nb.desk.agent_client import stop_agent
        from mlops_nb.desk.supervising import start_supervisor, stop_servers

        self.port = free_port()
        workspace = deployed(cache, self.own, self.port)
        self.settings = workspace.settings
        stop_agent(self.settings, servers=False)
        stop_servers(self.settings)
        self.clear()
        self.log = cache / f"{self.name}.log"
        self.write_bodies(cache, questions)
        began = time.perf_counter()
        self.process = start_supervisor(self.settings)
        self.wait(questions, began, patience)

    def clear(self) -> None:
        "Removes the spool files that are finished, as the collector does."
        from mlops_nb.store.spool import is_writing, segments

        for path in segments(self.settings.state_dir / "spool"):
            if not is_writing(path):
                path.unlink(missing_ok=True)

    def said(self) -> str:
        from mlops_nb.core.logfile import log_path, tail

        return "\n".join(tail(log_path(self.settings.state_dir, "server"), 60))

    def stop(self) -> None:
        from mlops_nb.desk.supervising import stop_servers

        if self.settings is not None:
            stop_servers(self.settings)
            self.clear()
        super().stop()


class Beside(Server):
    "Another deployment of a server that runs already."

    main: Server | None = None

    def start(self, cache: Path, questions: Questions, patience: float = 60.0) -> None:
        assert self.main
        self.port, self.process, self.ready = self.main.port, self.main.process, self.main.ready
        self.write_bodies(cache, questions)

    def clear(self) -> None:
        assert self.main
        self.main.clear()

    def stop(self) -> None:
        "The other one does."


def deployed(cache: Path, own: bool, port: int) -> Any:
    "The workspace of the benchmark, with its model registered and deployed: once with a log, once without."
    import hashlib

    from mlops_nb import Workspace
    from mlops_nb.core.settings import init

    sys.path[:0] = [str(PEERS)] if str(PEERS) not in sys.path else []
    from model import FEATURES, frame_of, pipeline

    source = hashlib.sha256()
    for path in [PEERS / "model.py", *sorted((ROOT / "mlops_nb").rglob("*.py"))]:
        source.update(path.read_bytes())
    root = cache / f"workspace-{'own' if own else 'plain'}"
    done = root / "made.txt"
    if not done.exists() or done.read_text() != source.hexdigest():
        shutil.rmtree(root, ignore_errors=True)
    init(root, root.name)
    (root / "settings.ini").write_text(f"[mlops_nb]\nname = {root.name}\nport = {port}\nspool_limit_mb = 8000\ncollect_every = 3600\n")
    workspace = Workspace(root)
    if not done.exists():
        say(f"registering the model of {root.name} …")
        given = json.loads((cache / "rows.json").read_text())
        frame = frame_of(given["train"]).assign(late=given["late"])
        model = pipeline(own).fit(frame[FEATURES], frame["late"])
        version = workspace.register(model, "delay", train=frame[:-8_000], test=frame[-8_000:], target="late")
        if version.state != "proven" or version.compiled == own:
            raise SystemExit(f"{version.ref} is {version.state}: {version.reason} {version.compiled_note}")
        asked = frame_of(given["asked"])
        (root / "expected.json").write_text(json.dumps(model.predict_proba(asked[FEATURES]).tolist()))
        done.write_text(source.hexdigest())
    workspace.deploy("delay", options={"output": "probabilities"})
    if not own:
        workspace.deploy("delay", name="delay-off", options={"output": "probabilities"}, log="off")
    return workspace


def ours(cache: Path, questions: Questions, own: bool = False) -> list[Server]:
    "Our server; with the plain model also a deployment that logs nothing, and the same one over the open inference protocol."
    from importlib.metadata import version

    found = {name: version(name) for name in ("scikit-learn", "onnxruntime", "uvicorn", "msgspec")}
    right = cache / f"workspace-{'own' if own else 'plain'}" / "expected.json"

    def made(kind: type[Server], name: str, title: str, path: str, cells: list[tuple[int, int]]) -> Any:
        return kind(name, title, path, questions.split, lambda a: a["predictions"], right, cells=cells, versions=found)

    if own:
        server = made(Ours, "ours-own", "**mlops_nb**, own step", "/models/delay/invocations", [(16, 1), (64, 1)])
        server.own = True
        return [server]
    server = made(Ours, "ours", "**mlops_nb**: validated, logged, counted", "/models/delay/invocations", list(CELLS))
    off = made(Beside, "ours-off", "**mlops_nb**, `log=off`", "/models/delay-off/invocations", [(1, 1), (16, 1), (64, 1), (16, 100)])
    v2 = made(Beside, "ours-v2", "**mlops_nb**, open inference protocol, JSON", "/v2/models/delay/infer", [(16, 1), (16, 100)])

    def read(answer: Any) -> list[list[float]]:
        output = next(o for o in answer["outputs"] if o["name"] == "probabilities")
        return [output["data"][i : i + 2] for i in range(0, len(output["data"]), 2)]

    v2.body, v2.read = lambda batch: {k: v for k, v in questions.tensors(batch).items() if k == "inputs"}, read
    off.main = v2.main = server
    return [server, off, v2]


# --- measuring


def load(server: Server, clients: int, rows: int, seconds: float) -> dict[str, float]:
    "What wrk measures: answers a second, milliseconds, and what went wrong."
    assert server.folder
    command = [
        "wrk", "-t1", f"-c{clients}", f"-d{max(1, round(seconds))}s", "--timeout", "20s", "-s", str(PEERS / "load.lua"),
        f"http://127.0.0.1:{server.port}", "--", str(server.folder / f"{rows}.jsonl"), server.path,
    ]  # fmt: skip
    settle(server)
    before = processor_seconds(server.pids())
    found = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    last = next((line for line in reversed(found.stdout.splitlines()) if line.startswith("{")), "")
    if found.returncode or not last:
        raise SystemExit(f"wrk said:\n{found.stdout[-2000:]}{found.stderr[-2000:]}")
    seen = json.loads(last)
    took = seen["us"] / 1e6
    return {
        "per_second": seen["requests"] / took,
        "p50": seen["p50"] / 1000,
        "p99": seen["p99"] / 1000,
        "failed": seen["failed"] + seen["status"],
        "cores": (processor_seconds(server.pids()) - before) / took,
    }


def settle(server: Server, patience: float = 10.0) -> None:
    "Waits until it has worked off what the last load left behind: wrk goes when its time is over, the queue stays."
    end, before = time.perf_counter() + patience, -1.0
    while (now := processor_seconds(server.pids())) > before and time.perf_counter() < end:
        before = now
        time.sleep(0.1)


def measure(servers: list[Server], rounds: int, seconds: float) -> dict[str, dict[str, list[dict[str, float]]]]:
    "Every server in turn, in every cell, round after round."
    found: dict[str, dict[str, list[dict[str, float]]]] = {s.name: {f"{c}x{r}": [] for c, r in s.cells} for s in servers}
    for server in servers:  # none is measured cold: batching that adapts itself has seen what is coming
        for clients, rows in server.cells:
            load(server, clients, rows, 1)
            server.clear()
    for number in range(rounds):
        for server in servers if number % 2 == 0 else reversed(servers):
            for clients, rows in server.cells:
                found[server.name][f"{clients}x{rows}"].append(load(server, clients, rows, seconds))
                server.clear()
        say(f"round {number + 1} of {rounds}, load {os.getloadavg()[0]:.1f}")
    return found


def middle(measured: list[dict[str, float]], what: str) -> float:
    return statistics.median(m[what] for m in measured)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def running(servers: list[Server], cache: Path, questions: Questions) -> Iterator[None]:
    "All of them, started one after the other and checked; ended in any case."
    try:
        for server in servers:
            server.start(cache, questions)
            worst = server.check(questions)
            say(f"{server.name:14} ready after {server.ready:5.2f} s, right within {worst:.1g}")
        yield
    finally:
        for server in servers:
            server.stop()


# --- what is said about it


@dataclass
class Target:
    "What was to be reached, what was measured, and whether that is it."

    what: str
    aim: str
    found: float
    shown: str
    reached: bool


def targets(results: dict[str, Any], servers: dict[str, Server]) -> list[Target]:
    "The issue's numbers beside the measured ones; those that this run did not measure are left out."
    made: list[Target] = []

    def value(name: str, cell: str, what: str = "per_second") -> float | None:
        measured = results.get(name, {}).get(cell)
        return middle(measured, what) if measured else None

    def best(names: list[str], cell: str) -> float | None:
        return max((v for n in names if (v := value(n, cell))), default=None)

    def at_least(what: str, aim: float, ours: float | None, peer: float | None, share: bool = False) -> None:
        if ours and peer:
            ratio = ours / peer
            shown, wanted = (f"{ratio:.0%}", f"≥ {aim:.0%}") if share else (f"{ratio:.0f} x", f"≥ {aim:.0f} x")
            made.append(Target(what, wanted, ratio, shown, ratio >= aim))

    at_least("16 clients, one row, `mlflow models serve`", 150, value("ours", "16x1"), value("mlflow", "16x1"))
    at_least("16 clients, one row, better of MLServer and BentoML", 20, value("ours", "16x1"), best(BATCHING, "16x1"))
    at_least("16 clients, one row, bare answer", 0.4, value("ours", "16x1"), value("bare", "16x1"), share=True)
    at_least("one client, one row, `mlflow models serve`", 50, value("ours", "1x1"), value("mlflow", "1x1"))
    for clients in (1, 16, 64):
        cell = f"{clients}x100"
        at_least(f"{clients} client{'s' * (clients > 1)}, 100 rows, `mlflow models serve`", 20, value("ours", cell), value("mlflow", cell))
    at_least("own step, 16 clients, `mlflow models serve`", 15, value("ours-own", "16x1"), value("mlflow-own", "16x1"))
    at_least("own step, 64 clients, `mlflow models serve`", 40, value("ours-own", "64x1"), value("mlflow-own", "64x1"))
    slow, bare = value("ours", "16x1", "p99"), value("bare", "16x1", "p99")
    if slow and bare:
        made.append(Target("p99 at 16 clients, bare answer's", "≤ 5 x", slow / bare, f"{slow / bare:.1f} x", slow <= 5 * bare))
    kept, dropped = value("ours", "16x1"), value("ours-off", "16x1")
    if kept and dropped:
        cost = 1 - kept / dropped
        made.append(Target("what logging costs, 16 clients, one row", "≤ 15 %", cost, f"{cost:.0%}", cost <= 0.15))
    if "ours" in servers:
        size, ready = servers["ours"].resident, servers["ours"].ready
        made.append(Target("memory of a worker", "≤ 100 MB", size, f"{size:.0f} MB", size <= 100))
        made.append(Target("ready from a materialised model", "≤ 1 s", ready, f"{ready:.2f} s", ready <= 1))
    return made


BATCHING = ["mlserver", "mlserver-16", "bentoml", "bentoml-100"]


def report(results: dict[str, Any], servers: list[Server], rounds: int, seconds: float) -> str:
    "Markdown for RESULTS.md."
    by_title: dict[str, list[Server]] = {}
    for server in servers:
        by_title.setdefault(server.title, []).append(server)
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "")
    about = f"{os.cpu_count()} cores ({model}), {platform.system()}, Python {platform.python_version()}, wrk with one thread"
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d} · {about}; servers and wrk share the cores. Medians of {rounds} alternating rounds of {seconds:g} s;"
        f" load before {LOAD_BEFORE:.1f}. Requests a second (p50 / p99 in ms);"
        " µs: processor time of a request of one row at 16 clients, of all processes of the server.",
        "",
        "| server | " + " | ".join(f"{c} client{'s' * (c > 1)}, {r} row{'s' * (r > 1)}" for c, r in CELLS) + " | µs | MB (all) | ready |",
        "|---|" + "---|" * (len(CELLS) + 3),
    ]
    for title, group in by_title.items():
        cells = []
        for c, r in CELLS:
            measured = next((m for s in group if (m := results[s.name].get(f"{c}x{r}"))), None)
            if measured is None:
                cells.append("–")
                continue
            failed = sum(m["failed"] for m in measured)
            cells.append(
                f"{middle(measured, 'per_second'):,.0f} ({middle(measured, 'p50'):.3g} / {middle(measured, 'p99'):.3g})"
                + (f" {failed:,.0f} failed" if failed else "")
            )
        first = group[0]
        one = results[first.name].get("16x1")
        spent = f"{statistics.median(m['cores'] / m['per_second'] for m in one) * 1e6:,.0f}" if one else "–"
        lines.append(f"| {title} | {' | '.join(cells)} | {spent} | {first.resident:,.0f} ({first.proportional:,.0f}) | {first.ready:.2g} |")
    lines += ["", "| beside | aim | measured | |", "|---|---|---|---|"]
    for t in targets(results, {s.name: s for s in servers}):
        lines.append(f"| {t.what} | {t.aim} | {t.shown} | {'reached' if t.reached else '**missed**'} |")
    notes = [f"- {s.title}: {s.note}" for s in servers if s.note]
    found = "; ".join(dict.fromkeys(f"{n} {v}" for s in servers for n, v in s.versions.items()))
    lines += ["", f"Versions: {found}.", *dict.fromkeys(notes)]
    return "\n".join(lines)


LOAD_BEFORE = os.getloadavg()[0]


# --- trying settings


def variants(cache: Path, rows: Path, questions: Questions) -> dict[str, Callable[[], Server]]:
    "The settings of each peer that were tried."
    made: dict[str, Callable[[], Server]] = {}
    for threads in ("1", ""):
        made[f"mlflow, {threads or 'all'} threads"] = lambda t=threads: mlflow(cache, rows, questions, threads=t)
    for batch, wait, parallel, threads in (
        (0, 0.0, 0, "1"), (64, 0.001, 0, "1"), (64, 0.005, 0, "1"), (64, 0.01, 0, "1"), (64, 0.005, 0, ""), (64, 0.005, 1, "1"),
        (64, 0.001, 1, "1"), (32, 0.001, 0, "1"), (16, 0.001, 0, "1"), (16, 0.005, 0, "1"), (16, 0.005, 1, "1"), (16, 0.001, 1, "1"),
        (8, 0.001, 0, "1"), (0, 0.0, 1, "1"),
    ):  # fmt: skip
        made[f"mlserver, batch {batch}, {wait:g} s, {parallel} parallel, {threads or 'all'} threads"] = (
            lambda b=batch, w=wait, p=parallel, t=threads: mlserver(cache, rows, questions, b, w, p, t)
        )
    for form, orient, batch, wait, threads in (
        ("lists", "", 100, 60_000, "1"), ("lists", "", 200, 10_000, "1"), ("lists", "", 200, 3_000, "1"), ("lists", "", 1_000, 3_000, "1"),
        ("lists", "", 200, 1_000, "1"), ("lists", "", 200, 300, "1"), ("frame", "records", 200, 3_000, "1"), ("lists", "", 200, 3_000, ""),
    ):  # fmt: skip
        made[f"bentoml, {form} {orient}, batch {batch}, {wait} ms, {threads or 'all'} threads"] = (
            lambda f=form, o=orient, b=batch, w=wait, t=threads: bentoml(cache, rows, questions, f, o, b, w, t)
        )
    return made


def tune(cache: Path, rows: Path, questions: Questions, only: list[str], seconds: float) -> None:
    for name, make in variants(cache, rows, questions).items():
        if only and not any(o in name for o in only):
            continue
        server = make()
        try:
            with running([server], cache, questions):
                found = measure([server], 1, seconds)[server.name]
                for cell, (m, *_) in found.items():
                    failed = f", {m['failed']:.0f} failed" if m["failed"] else ""
                    print(f"{name:60} {cell:>7} {m['per_second']:7.0f}/s ({m['p50']:.1f} / {m['p99']:.1f} ms{failed})", flush=True)
        except SystemExit as problem:
            print(f"{name:60} {str(problem)[-1500:]}", flush=True)


# --- the whole


def build(cache: Path, rows: Path, questions: Questions, only: list[str]) -> list[Server]:
    "The servers of this run, each with the best settings that were found for it."
    ones = [(c, r) for c, r in CELLS if r == 1]
    heaps = [(c, r) for c, r in CELLS if r > 1]
    makers: dict[str, Callable[[], Server | list[Server]]] = {
        "bare": lambda: bare(cache),
        "ours": lambda: ours(cache, questions),
        "ours-own": lambda: ours(cache, questions, own=True),
        "mlflow": lambda: mlflow(cache, rows, questions),
        "mlflow-own": lambda: mlflow(cache, rows, questions, own=True),
        "mlserver": lambda: mlserver(cache, rows, questions),
        "mlserver-16": lambda: mlserver(cache, rows, questions, batch=16, cells=[(16, 1), (16, 100)]),
        "bentoml": lambda: bentoml(cache, rows, questions, cells=ones),
        "bentoml-100": lambda: bentoml(cache, rows, questions, cells=heaps),
    }
    unknown = sorted(set(only) - set(makers))
    if unknown:
        raise SystemExit(f"No server is called {unknown[0]}. There is {', '.join(makers)}.")
    found: list[Server] = []
    for name, make in makers.items():
        if not only or name in only:
            made = make()
            found += made if isinstance(made, list) else [made]
    return found


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--tune", action="store_true", help="the peers' settings that were tried")
    parser.add_argument("--only", default="", help="some of the servers, separated by commas")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--cache", type=Path, default=ROOT / ".mlops" / "bench", help="environments, models, logs, results")
    given = parser.parse_args(words)
    for name in [n for n in os.environ if n.startswith(("MLOPS_NB_", "MLFLOW_", "OPENBLAS_"))]:
        del os.environ[name]  # neither our server nor the peers follow what this shell happens to set
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed (Debian: apt-get install wrk).")
    cache = given.cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    rows = rows_file(cache)
    asked = json.loads(rows.read_text())
    questions = Questions(asked["asked"]["columns"], asked["types"], asked["asked"]["data"])
    rounds, seconds = (1, 1.0) if given.quick else (given.rounds, given.seconds)
    only = [name for name in given.only.split(",") if name]
    if given.tune:
        tune(cache, rows, questions, only, seconds)
        return 0
    servers = build(cache, rows, questions, only)
    with running(servers, cache, questions):
        results = measure(servers, rounds, seconds)
        for server in servers:
            server.resident, server.proportional = memory(server.pids())
    text = report(results, servers, rounds, seconds)
    print(text)
    missed = [t.what for t in targets(results, {s.name: s for s in servers}) if not t.reached]
    kept = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "rounds": rounds,
        "seconds": seconds,
        "load": LOAD_BEFORE,
        "results": results,
        "servers": {s.name: {"ready": s.ready, "resident": s.resident, "proportional": s.proportional} | s.versions for s in servers},
        "targets": [vars(t) for t in targets(results, {s.name: s for s in servers})],
    }
    (cache / "serving.json").write_text(json.dumps(kept, indent=1))
    (cache / "serving.md").write_text(text + "\n")
    say(f"{cache / 'serving.json'} and serving.md beside it" + (f"; missed: {'; '.join(missed)}" if missed else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
