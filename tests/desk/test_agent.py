"""The agent as a process: one, found again, restarted, idle, quiet about secrets, and honest about when it was away."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from agents import command, kill, left_alone, wait_until, workspace_at
from postgres import Server

from mlops_nb.core.errors import MlopsError
from mlops_nb.core.logfile import log_path
from mlops_nb.core.records import listing
from mlops_nb.core.serving import AgentAway
from mlops_nb.core.settings import Settings
from mlops_nb.desk.agent_client import call, ensure_agent, read_card, stop_agent
from mlops_nb.desk.agent_status import AgentStatus
from mlops_nb.desk.workspace import Workspace
from mlops_nb.doors.text import dump

def status(place: Settings) -> AgentStatus:
    return AgentStatus.from_dict(call(place, "status"))


def foreground(place: Settings, **env: str) -> "subprocess.Popen[str]":
    line = [sys.executable, "-c", "import sys; from mlops_nb.doors.cli import main; sys.exit(main())", "up", "--foreground"]
    return subprocess.Popen(line, cwd=place.root, env=os.environ | env, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@contextlib.contextmanager
def frozen(pid: int) -> Iterator[None]:
    """The process stands still meanwhile: what a signal stops goes on for a moment."""
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(lambda: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T", words=f"process {pid} stands still")
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_in_the_foreground_it_is_the_command_itself_and_ends_when_told(tmp_path: Path) -> None:
    place = workspace_at(tmp_path / "Flüge 2013")
    with left_alone(place):
        process = foreground(place)
        wait_until(lambda: (card := read_card(place)) and card.state == "running", words="it runs")
        assert read_card(place).pid == process.pid, "a container looks after this very process"
        second = foreground(place)
        _, said = second.communicate(timeout=300)
        assert second.returncode == 3 and f"process {process.pid}" in said
        assert Workspace(place.root).up().agent.pid == process.pid, "whoever wants one finds it"
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0 and "agent ends" in said
        card = read_card(place)
        assert card.state == "stopped" and not Path(card.socket).exists()


def test_it_ends_when_there_is_nothing_to_do(tmp_path: Path) -> None:
    place = workspace_at(tmp_path / "ws", agent_idle=0.5)
    with left_alone(place):
        with contextlib.suppress(AgentAway):  # on a busy machine it has ended before it is asked who it is
            ensure_agent(place, timeout=300)
        wait_until(lambda: (card := read_card(place)) and not card.is_alive, words="it ends by itself")
        card = read_card(place)
        assert card.state == "stopped" and "nothing to do" in card.note
        assert status_line(place) == "agent ends: nothing to do for 0.5 s"


def status_line(place: Settings) -> str:
    return next(line.split(": ", 1)[1] for line in Workspace(place.root).logs("agent") if "agent ends" in line)


def test_a_socket_that_was_tidied_up_is_made_again(tmp_path: Path) -> None:
    place = workspace_at(tmp_path / ("Verspätungen im Sommer " * 6))
    with left_alone(place):
        info = ensure_agent(place, timeout=300)
        with frozen(info.pid):  # else it may be there again before anybody asks
            Path(info.socket).unlink()
            with pytest.raises(AgentAway):
                call(place, "ping")
        wait_until(lambda: Path(info.socket).exists(), words="the socket is there again")
        assert call(place, "ping")["pid"] == info.pid
        assert ensure_agent(place, timeout=300).pid == info.pid


def test_started_without_a_runtime_folder_it_is_found_with_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = workspace_at(tmp_path / "ws")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    own = Path("/tmp") / f"mlops-nb-runtime-{os.getpid()}"
    own.mkdir(mode=0o700)
    try:
        with left_alone(place):
            info = ensure_agent(place, timeout=300)
            monkeypatch.setenv("XDG_RUNTIME_DIR", str(own))
            assert ensure_agent(place, timeout=300).pid == info.pid and not list(own.iterdir())
    finally:
        own.rmdir()


def test_one_that_hangs_is_named_with_what_to_do(tmp_path: Path) -> None:
    place = workspace_at(tmp_path / "ws")
    with left_alone(place):
        info = ensure_agent(place, timeout=300)
        with frozen(info.pid):
            with pytest.raises(AgentAway, match=f"process {info.pid}"):
                ensure_agent(place, timeout=1.0)
            with pytest.raises(AgentAway, match=f"kill {info.pid}"):
                stop_agent(place, within=0.2)
        wait_until(lambda: not info.is_alive, words="it ends, now that it hears what it was told")


def test_what_it_does_not_need_it_does_not_inherit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = workspace_at(tmp_path / "ws")
    (place.root / "json.py").write_text("raise SystemExit('a file of the user shadows a library')\n")
    monkeypatch.setenv("MLOPS_NB_RUN_ID", "score-7")
    monkeypatch.setenv("MLOPS_NB_WORKSPACE", str(tmp_path))
    with left_alone(place):
        info = ensure_agent(place, timeout=300)
        environ = dict(line.split("=", 1) for line in Path(f"/proc/{info.pid}/environ").read_text().split("\0") if "=" in line)
        assert "MLOPS_NB_RUN_ID" not in environ and environ["MLOPS_NB_WORKSPACE"] == str(place.root)
        assert Path(f"/proc/{info.pid}/cwd").resolve() == place.root
        assert os.getsid(info.pid) != os.getsid(os.getpid()) and Path(f"/proc/{info.pid}/fd/0").resolve() == Path("/dev/null")


LISTS = (("models", "list"), ("runs", "list"), ("deployments", "list"))


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory, postgres: Server) -> Iterator[tuple[Settings, list[str]]]:
    """A workspace with an agent that has opened everything; and what commands said before there was one."""
    place = workspace_at(tmp_path_factory.mktemp("ws") / "Flüge 2013", log_limit_mb=0.002, control=postgres.database())
    ws = Workspace(place.root)
    before = [dump(listing(read())) + "\n" for read in (ws.versions, ws.runs, ws.deployments)]
    with left_alone(place):
        ensure_agent(place, timeout=300)
        call(place, "versions")
        yield place, before


def test_its_log_stays_small_and_knows_no_secrets(warm: tuple[Settings, list[str]]) -> None:
    place, _ = warm
    log = log_path(place.state_dir, "agent")
    key = call(place, "create_key", role="predict", name="mary")
    assert key["token"] and [k["id"] for k in call(place, "keys")] == [key["id"]]

    def files() -> list[str]:
        return sorted(p.name for p in log.parent.glob("agent.log*"))

    expected = ["agent.log"]
    for number in (1, 2):
        with open(log, "a") as file:
            file.write("x" * 3_000 + "\n")
        expected.append(f"agent.log.{number}")
        wait_until(lambda: log.stat().st_size < 2_000 and files() == expected, words="it is moved aside")
    text = "".join((log.parent / name).read_text() for name in files())
    assert key["token"] not in text and (place.state_dir / "key").read_text().strip() not in text
    first = next(line for line in text.splitlines() if "begins" in line)
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO ", first), first
    assert all(oct(p.stat().st_mode & 0o777) == "0o600" for p in log.parent.iterdir())


def test_a_control_database_that_does_not_answer_is_said_and_got_over(warm: tuple[Settings, list[str]], postgres: Server) -> None:
    place, _ = warm
    call(place, "wake")
    name = place.control.rpartition("/")[2]
    with psycopg.connect(postgres.url(), autocommit=True) as database:
        database.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        wait_until(lambda: "following" in status(place).note, words="its status says so")
        assert call(place, "ping")["pid"] == read_card(place).pid
        database.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    logged = "following is well again"
    wait_until(lambda: logged in "\n".join(Workspace(place.root).logs("agent", 1_000)), words="it says that it is well again")
    wait_until(lambda: status(place).note == "", words="all else is well, too")


def test_stores_that_do_not_open_at_first_are_tried_again_soon(tmp_path: Path) -> None:
    place = workspace_at(tmp_path / "ws")
    Workspace(place.root).stores.control.pending()
    control = Path(place.control.removeprefix("sqlite:///"))
    aside = {file: file.with_name(f"aside-{file.name}") for file in control.parent.glob(f"{control.name}*")}
    for file, other in aside.items():
        file.rename(other)
    control.mkdir()  # as a volume that is not mounted yet
    with left_alone(place):
        ensure_agent(place, timeout=300)
        with pytest.raises(MlopsError, match="cannot open the workspace"):
            call(place, "deployments", within=300)
        control.rmdir()
        for file, other in aside.items():
            other.rename(file)
        wait_until(lambda: not isinstance(answered(place), MlopsError), words="it opens them")


def answered(place: Settings) -> Any:
    try:
        return call(place, "deployments", within=300)
    except MlopsError as problem:
        return problem


def test_reading_commands_ask_it_and_say_the_same_without(warm: tuple[Settings, list[str]]) -> None:
    place, before = warm
    assert [command(*words, "-o", "json", cwd=place.root).stdout for words in LISTS] == before
    script = "import sys; from mlops_nb.doors.cli import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    for words in (*LISTS, ("status",)):
        done = subprocess.run([sys.executable, "-c", script, *words], cwd=place.root, capture_output=True, text=True, check=True)
        heavy = {"mlflow", "pandas", "sqlalchemy", "numpy", "deltalake", "mlops_nb.desk.workspace"} & set(done.stderr.split())
        assert not heavy, (words, heavy)
    kill(read_card(place))
    assert command("models", "list", "-o", "json", cwd=place.root).stdout == before[0], "a dead agent is no reason to fail"
