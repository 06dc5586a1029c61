"""Agents of workspaces in temporary folders, ended by their own process number when a test is over."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from waiting import until as wait_until

from mlops_nb.core.process import began, is_alive
from mlops_nb.core.settings import Settings, init, load
from mlops_nb.desk.agent_client import AgentInfo, read_card
from mlops_nb.serve.plan import statuses, supervisor_of

def workspace_at(root: Path, **settings: Any) -> Settings:
    """The settings of a new workspace, with some of them written into its settings.ini."""
    init(root)
    lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
    with open(root / "settings.ini", "a", encoding="utf-8") as file:
        file.write(lines)
    return load(root)


def end(pid: int, since: str, kind: int = signal.SIGKILL) -> None:
    """Ends a process if it still is the one that began then."""
    if is_alive(pid, since):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, kind)
        wait_until(lambda: not is_alive(pid, since), words=f"process {pid} ends")


def kill(info: AgentInfo) -> None:
    """kill -9 for an agent."""
    end(info.pid, info.began)


@contextlib.contextmanager
def left_alone(*places: Settings) -> Iterator[None]:
    """Whatever a test started in these workspaces is gone afterwards."""
    try:
        yield
    finally:
        for place in places:
            if card := read_card(place):
                end(card.pid, card.began, signal.SIGTERM)
                end(card.pid, card.began)
            if supervisor := supervisor_of(place.state_dir):
                end(supervisor.pid, supervisor.began)
            for worker in statuses(place.state_dir):
                end(worker.pid, worker.began)


def command(*words: Any, cwd: Path, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
    """One command of mlops-nb as a process."""
    line = [sys.executable, "-c", "import sys; from mlops_nb.doors.cli import main; sys.exit(main())", *map(str, words)]
    outside = {k: v for k, v in os.environ.items() if not k.startswith("MLOPS_NB_")} | env
    done = subprocess.run(line, cwd=cwd, env=outside, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def myself() -> tuple[int, str]:
    """This process, as a card names it."""
    return os.getpid(), began(os.getpid())
