"""Worker processes: what they import, that they are replaced, that their numbers add up, and that a port is one's own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from online import ROW, Crowd, Online, python, split, until

from mlops_nb.core.errors import MlopsError
from mlops_nb.core.process import is_alive
from mlops_nb.core.serving import PortTaken
from mlops_nb.serve.counters import read
from mlops_nb.serve.plan import statuses, supervisor_of
from mlops_nb.serve.supervisor import Given, start_supervisor

HEAVY = ["mlflow", "sqlalchemy", "deltalake", "whylogs", "pandas", "pyarrow", "sklearn", "fastapi", "starlette", "matplotlib"]


def total(server: Online, **wanted: str) -> float:
    text = server.client().get("/metrics").text
    lines = re.findall(r"^mlops_nb_requests_total\{(.*)\} (\S+)$", text, re.M)
    return sum(float(n) for labels, n in lines if all(f'{k}="{v}"' in labels for k, v in wanted.items()))


def test_four_workers_count_as_one_even_when_one_is_killed(online: Online) -> None:
    online.plan(late=["late/1"])
    online.start(workers=4)
    sent = 0
    for round_ in range(3):
        for _ in range(60):
            with online.client() as client:  # a new connection each time: any worker may take it
                assert client.post("/models/late/invocations", json=split([ROW])).status_code == 200
            sent += 1
        assert total(online, code="200") == sent, f"round {round_}"
        victim = online.alive()[0]
        os.kill(victim.pid, signal.SIGKILL)
        until(lambda v=victim: len({s.pid for s in online.alive()} - {v.pid}) == 4, "it is replaced")
        assert total(online, code="200") == sent, f"after kill {round_}"
    with online.client() as client:
        assert client.post("/models/late/invocations", content=b"{", headers={"content-type": "application/json"}).status_code == 400
    assert total(online, code="400") == 1 and total(online) == sent + 1
    counted = read(online.state / "serve" / "counters")["late/1"]
    assert (counted.requests, counted.errors, counted.latency_count) == (sent + 1, 0, sent + 1)
    until(lambda: "mlops_nb_inflight_requests 1\n" in online.client().get("/metrics").text, "only this one is under way")
    text = online.client().get("/metrics").text
    (workers,) = re.findall(r"^mlops_nb_workers (\d+)$", text, re.M)
    files = [p.name for p in sorted((online.state / "serve" / "counters").iterdir())]
    assert workers == "4" and "mlops_nb_up 1" in text, (files, [s.worker for s in online.alive()])
    assert f'model_infer_request_success_total{{model="late",version="1"}} {sent}' in text
    records = [r for r in online.records() if type(r).__name__ == "Prediction"]
    assert len(records) == sent, "and each answer is in the spool"


def test_others_answer_while_a_killed_worker_is_replaced(online: Online) -> None:
    online.plan(late=["late/1"])
    online.start(workers=2)
    with Crowd(online) as crowd:
        victim = online.alive()[0]
        os.kill(victim.pid, signal.SIGKILL)
        until(lambda: len([s for s in online.alive() if s.pid != victim.pid]) == 2, "it is replaced")
        seen = len(crowd.codes)
        until(lambda: len(crowd.codes) > seen + 100, "and goes on")
    assert set(crowd.codes) == {200}
    assert len(crowd.problems) <= 4, "only connections of the killed one broke"
    logged = {r.request_id for r in online.records() if type(r).__name__ == "Prediction"}
    assert set(crowd.ids) <= logged, "no answered request is missing from the spool"


def test_a_worker_imports_nothing_heavy(online: Online, tmp_path: Path) -> None:
    """Asked from inside: a module on the path writes down what was imported when the worker leaves."""
    (tmp_path / "site").mkdir()
    spy = "import atexit, json, os, sys\n"
    spy += "def tell():\n    with open(f\"{os.environ['SEEN']}/{os.getpid()}\", 'w') as file:\n"
    spy += "        json.dump([sys.orig_argv, sorted(sys.modules)], file)\natexit.register(tell)\n"
    (tmp_path / "site" / "sitecustomize.py").write_text(spy)
    (tmp_path / "seen").mkdir()
    online.plan(late=["late/1"])
    path = f"{tmp_path / 'site'}:{os.environ.get('PYTHONPATH', '')}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", path)
        patch.setenv("SEEN", str(tmp_path / "seen"))
        online.start()
    client = online.client()
    for rows in (1, 100, 2000):
        assert client.post("/models/late/invocations", json=split([ROW] * rows)).status_code == 200
    client.get("/openapi.json")
    client.close()
    online.stop()
    found = {}
    for words, modules in (json.loads(path.read_text()) for path in (tmp_path / "seen").iterdir()):
        found["worker" if "mlops_nb.serve.worker" in words else "supervisor"] = modules
    assert {"uvicorn", "msgspec"} <= set(found["worker"])
    assert [name for name in HEAVY if name in found["worker"]] == []
    light = [name for name in (*HEAVY, "uvicorn", "msgspec", "numpy", "asyncio") if name in found["supervisor"]]
    assert light == [], "the supervisor knows even less"


def test_a_port_that_is_taken_is_named(online: Online) -> None:
    online.plan(late=["late/1"])
    with socket.socket() as keeps:  # the number, without listening: nobody else on this machine is given it between the two
        keeps.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeps.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        keeps.bind(("127.0.0.1", 0))
        port = keeps.getsockname()[1]
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            other.bind(("127.0.0.1", port))
            other.listen()
            with pytest.raises(PortTaken, match=rf"Port {port} is taken by another program \(process {os.getpid()}") as problem:
                start_supervisor(Given(online.state, "127.0.0.1", port), timeout=300)
            assert problem.value.field == "port" and "setting `port`" in str(problem.value)
        online.port = port
        online.start()
    assert online.port == port and online.client().get("/health").status_code == 200


def test_there_is_one_supervisor(online: Online) -> None:
    online.plan(late=["late/1"])
    online.start()
    assert start_supervisor(Given(online.state, "127.0.0.1", online.port)).pid == online.supervisor(), "the running one is found"
    command = [sys.executable, "-m", "mlops_nb.serve.supervisor", "--state", str(online.state), "--port", "0"]
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 1 and f"is running already (process {online.supervisor()})" in second.stderr


def test_workers_survive_their_supervisor_and_a_new_one_takes_over(online: Online) -> None:
    online.plan(late=["late/1"])
    online.start(workers=2)
    first = online.supervisor()
    old = {s.pid for s in online.alive()}
    with Crowd(online, clients=3) as crowd:
        os.kill(first, signal.SIGKILL)
        os.waitpid(first, 0)
        seen = len(crowd.codes)
        until(lambda: len(crowd.codes) > seen + 50, "workers go on alone")
        online.plan(late=["late/2"])
        until(lambda: crowd.versions == {"1", "2"}, "and follow the plan")
        online.start(workers=2)
        until(lambda: not old & {s.pid for s in statuses(online.state)}, "the old workers leave")
        assert online.supervisor() != first
        seen = len(crowd.codes)
        until(lambda: len(crowd.codes) > seen + 50, "the new ones answer")
    assert set(crowd.codes) == {200} and crowd.problems == [], crowd.problems
    assert total(online, code="200") == len(crowd.codes)


def test_the_number_of_workers_follows_the_plan(online: Online) -> None:
    online.plan(late=["late/1"])
    online.start(workers=1)
    for wanted in (3, 1):
        online.workers = wanted
        online.plan(late=["late/1"])
        os.kill(online.supervisor(), signal.SIGHUP)
        until(lambda n=wanted: len(statuses(online.state)) == n == len(online.alive()), f"{wanted} workers")
    assert online.client().get("/health").status_code == 200


def test_leaving_is_orderly(online: Online) -> None:
    online.plan(late=["late/1"], nearest=["late/3"])
    online.start(workers=2)
    status = supervisor_of(online.state)
    assert status is not None
    workers = statuses(online.state)
    answers: list[int] = []

    def big() -> None:
        answers.append(online.client().post("/models/nearest/invocations", json=split([ROW] * 3000)).status_code)

    asking = threading.Thread(target=big)
    asking.start()
    with online.client() as sees:  # always the same worker: two that were asked in turn would say 2 by themselves
        until(lambda: "mlops_nb_inflight_requests 2" in sees.get("/metrics").text or answers, "it is under way")
    os.kill(status.pid, signal.SIGTERM)
    asking.join(300)
    assert answers == [200], "what was under way is finished"
    until(lambda: not is_alive(status.pid, status.began), "the supervisor ends")
    assert not any(w.is_alive for w in workers) and statuses(online.state, alive=False) == [] and supervisor_of(online.state) is None
    hosts = subprocess.run(["pgrep", "-f", str(online.state)], capture_output=True, text=True, check=False).stdout
    assert hosts == "", "no process is left"


def test_a_worker_that_cannot_start_is_not_started_in_a_circle(online: Online) -> None:
    online.state.mkdir(parents=True)
    begun = time.monotonic()
    online.plan(late=["late/1"])
    environment = {"PYTHONPATH": f"{online.state}:{os.environ.get('PYTHONPATH', '')}"}
    (online.state / "uvicorn.py").write_text("raise SystemExit(3)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", environment["PYTHONPATH"])
        status = start_supervisor(Given(online.state, "127.0.0.1", 0), online.log, timeout=300)
    online.pids.add(status.pid)
    until(lambda: online.said().count("another is started") >= 3, "it is tried again")
    assert online.said().count("another is started") < 12 + time.monotonic() - begun, "with pauses"
    (online.state / "uvicorn.py").unlink()
    until(lambda: online.alive(), "and comes up when it can")


def test_imports_of_the_rooms_are_light() -> None:
    code = f"import sys, mlops_nb.serve.worker, mlops_nb.serve.supervisor\nprint(*(n for n in {HEAVY!r} if n in sys.modules))"
    assert python(code).stdout.split() == []
    with pytest.raises(MlopsError):
        start_supervisor(Given(Path("/proc/1/nowhere"), "127.0.0.1", 0))
