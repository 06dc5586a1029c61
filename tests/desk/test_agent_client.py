"""Finding, trusting, starting and asking the agent: sockets and processes as they are."""

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from agents import command, kill, left_alone, myself, wait_until, workspace_at

import mlops_nb
from mlops_nb.core import process
from mlops_nb.core.process import began, write_note
from mlops_nb.core.serving import AgentAway
from mlops_nb.desk import agent_client
from mlops_nb.desk.agent_client import (
    LONGEST,
    AgentInfo,
    AgentOutdated,
    Connection,
    call,
    card_path,
    code_mark,
    ensure_agent,
    read_card,
    socket_path,
    stop_agent,
    write_card,
)
from mlops_nb.desk.agent_socket import Ear

HEAVY = ("mlflow", "pandas", "numpy", "sqlalchemy", "deltalake", "whylogs", "pyarrow", "sklearn", "logging", "asyncio", "uvicorn")


def test_asking_imports_nothing_heavy() -> None:
    code = f"import sys, mlops_nb.desk.agent_client\nprint(*(n for n in {HEAVY!r} if n in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == []


def test_the_socket_is_ours_alone_and_its_path_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = workspace_at(tmp_path / ("Verspätungen im Sommer " * 8))
    for runtime in ("", str(tmp_path / "of nobody"), str(tmp_path)):  # not given, not there, open to others
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        tmp_path.chmod(0o755)
        path = socket_path(place)
        assert len(os.fsencode(path)) < LONGEST and tmp_path not in path.parents
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700 and path.parent.stat().st_uid == os.getuid()
    own = Path("/tmp") / f"mlops-nb-test-{os.getpid()}"
    own.mkdir(mode=0o700)
    try:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(own))
        assert socket_path(place).parent == own
    finally:
        own.rmdir()


def test_a_folder_that_somebody_else_made_first_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = workspace_at(tmp_path / "ws")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    taken = Path(socket_path(place)).parent
    monkeypatch.setattr(process, "is_private", lambda folder: folder != taken)  # as if it belonged to another user
    other = socket_path(place).parent
    assert other != taken and stat.S_IMODE(other.stat().st_mode) == 0o700
    other.rmdir()


def test_nothing_is_said_to_a_socket_that_others_can_reach(tmp_path: Path) -> None:
    place = workspace_at(tmp_path / "ws")
    open_folder = Path("/tmp") / f"mlops-nb-open-{os.getpid()}"
    open_folder.mkdir()
    open_folder.chmod(0o777)
    ear = socket.socket(socket.AF_UNIX)
    try:
        ear.bind(str(open_folder / "s"))
        ear.listen()
        write_card(place, AgentInfo(*myself(), socket=str(open_folder / "s")))
        with pytest.raises(AgentAway, match="nothing was sent"):
            call(place, "ping")
        ear.setblocking(False)
        with pytest.raises(BlockingIOError):
            ear.accept()
    finally:
        ear.close()
        (open_folder / "s").unlink()
        open_folder.rmdir()


def test_an_agent_that_breaks_off_or_says_nothing_is_away(tmp_path: Path) -> None:
    place = workspace_at(tmp_path / "ws")
    hold = threading.Event()

    ear = Ear(socket_path(place), lambda method, args: hold.wait(300))
    try:
        write_card(place, AgentInfo(*myself(), socket=str(ear.path)))
        with pytest.raises(AgentAway, match="in time"):
            call(place, "versions", within=0.05)
        line = Connection(place, within=300)
        failed = []

        def ask() -> None:
            with pytest.raises(AgentAway) as problem:
                line.call("promote", {})
            failed.append(problem.value)

        asking = threading.Thread(target=ask)
        asking.start()
        wait_until(lambda: ear.at_work >= 2, words="both calls are being answered")
        for caller in list(ear._callers):
            caller.shutdown(socket.SHUT_RDWR)
        asking.join(300)
        assert "promote" in failed[0].message and "before you ask again" in (failed[0].hint or "")
    finally:
        hold.set()
        ear.close()


def test_what_newer_code_asks_is_refused_with_the_next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = workspace_at(tmp_path / "ws")
    ear = Ear(socket_path(place), lambda method, args: method)
    try:
        write_card(place, AgentInfo(*myself(), socket=str(ear.path)))
        assert call(place, "versions") == "versions"
        where = code_mark().partition(".")[0]
        monkeypatch.setattr(agent_client, "code_mark", lambda: f"{where}.0815")
        with pytest.raises(AgentOutdated, match="mlops-nb up"):
            call(place, "versions")
        assert call(place, "ping") == "ping"
    finally:
        ear.close()


def test_a_changed_source_is_another_code(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    room = tmp_path / "core" / "room.py"
    room.write_text("A = 1\n")
    before = code_mark(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.py").write_text("")
    assert code_mark(tmp_path) == before
    room.write_text("A = 12\n")
    assert code_mark(tmp_path) != before and code_mark(tmp_path).partition(".")[0] == before.partition(".")[0]


def test_one_agent_whoever_starts_it_and_it_is_found_again(tmp_path: Path) -> None:
    place = workspace_at(tmp_path / "Flüge 2013 im Überblick")
    found: list[AgentInfo] = []
    with left_alone(place):
        starters = [threading.Thread(target=lambda: found.append(ensure_agent(place, 300, say=found.append))) for _ in range(4)]
        for thread in starters:
            thread.start()
        for thread in starters:
            thread.join()
        assert len({info.pid for info in found}) == 1, found
        first = found[0]
        assert ensure_agent(place, timeout=300).pid == first.pid and first.root == str(place.root) and first.is_alive
        environ = Path(f"/proc/{first.pid}/environ").read_bytes().decode()
        assert "MLOPS_NB_RUN_ID" not in environ and f"MLOPS_NB_WORKSPACE={place.root}" in environ
        kill(first)
        with pytest.raises(AgentAway):
            call(place, "ping")
        second = ensure_agent(place, timeout=300)
        assert second.pid != first.pid and call(place, "ping")["pid"] == second.pid
        assert stop_agent(place, within=300) is not None and stop_agent(place) is None
        card = read_card(place)
        assert card is not None and card.state == "stopped" and not Path(card.socket).exists()


def test_an_agent_of_older_code_makes_way(tmp_path: Path) -> None:
    place = workspace_at(tmp_path / "ws")
    copy = tmp_path / "installed"
    shutil.copytree(agent_client.PACKAGE, copy / "mlops_nb", ignore=shutil.ignore_patterns("__pycache__", "labextension"))
    script = "import sys; from mlops_nb.core.settings import load; from mlops_nb.desk.agent_client import ensure_agent\n"
    script += "print(ensure_agent(load(sys.argv[1]), timeout=300).pid)"

    def ensured() -> tuple[int, str]:
        words = [sys.executable, "-c", script, str(place.root)]
        done = subprocess.run(words, cwd=copy, env=os.environ | {"PYTHONPATH": str(copy)}, capture_output=True, text=True, check=True)
        return int(done.stdout), done.stderr

    with left_alone(place):
        first, said = ensured()
        assert said == "" and ensured() == (first, "")
        assert call(place, "ping")["pid"] == first, "another installation of the same version talks to it all the same"
        with open(copy / "mlops_nb" / "core" / "columns.py", "a") as file:
            file.write("# upgraded\n")
        second, said = ensured()
        assert second != first and f"process {first}" in said and "starting it again" in said and not began(first)
        assert ensured() == (second, "")
        with open(place.root / "settings.ini", "a") as file:
            file.write("workers = 2\n")
        third, said = ensured()
        assert third != second and "settings" in said and ensured() == (third, "")


def test_why_an_agent_could_not_start_is_shown(tmp_path: Path) -> None:
    place = workspace_at(tmp_path / "ws")
    with open(place.root / "settings.ini", "a") as file:
        file.write("port = many\n")
    with pytest.raises(AgentAway) as problem:
        ensure_agent(place, timeout=300)
    assert "exit code" in problem.value.message and "port" in (problem.value.hint or "")


def test_a_card_of_another_time_misleads_nobody(tmp_path: Path) -> None:
    place = workspace_at(tmp_path / "ws")
    for card in ("", "[]", '{"pid": 1}', "\0", json.dumps({"pid": os.getpid(), "began": "1", "socket": "/nowhere"})):
        card_path(place).write_text(card)
        with pytest.raises(AgentAway):
            call(place, "ping")
    write_note(card_path(place), {"pid": os.getpid(), "of_a_newer_version": 1, "version": mlops_nb.__version__})
    assert read_card(place) == AgentInfo(os.getpid(), version=mlops_nb.__version__)


def test_down_and_up_from_a_terminal(tmp_path: Path) -> None:
    place = workspace_at(tmp_path / "Flüge 2013")
    with left_alone(place):
        assert json.loads(command("down", "-o", "json", cwd=place.root).stdout)["changed"] is False
        up = json.loads(command("up", "-o", "json", cwd=place.root).stdout)
        assert up["running"] and up["agent"]["pid"] == json.loads(command("status", "-o", "json", cwd=place.root).stdout)["agent"]["pid"]
        assert f"process {up['agent']['pid']}" in command("status", cwd=place.root).stdout
        assert "begins" in command("logs", "-n", 1_000, cwd=place.root).stdout
        assert "Did you mean agent" in command("logs", "agend", cwd=place.root, code=2).stderr
        assert str(up["agent"]["pid"]) in command("down", cwd=place.root).stdout
        assert "mlops-nb up" in command("status", cwd=place.root).stdout
