"""Replays what Binder does with binder/, in a fresh environment and a fresh copy of this checkout.

    python tools/binder.py          takes some minutes; needs git and a package index

The order is repo2docker's: apt.txt, a Python as in runtime.txt, requirements.txt in the root of the repository,
postBuild; when somebody comes, `start` with the command that opens JupyterLab.
(https://repo2docker.readthedocs.io/en/latest/configuration/)
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KNOWN = {"apt.txt", "postBuild", "requirements.txt", "runtime.txt", "start"}
PATIENCE = 300  # seconds until JupyterLab answers


class Wrong(Exception):
    "binder/ says something that Binder would stumble over."


@dataclass(frozen=True)
class Plan:
    "What binder/ asks for."

    packages: tuple[str, ...]  # of Debian
    python: str  # 3.11
    requirements: tuple[str, ...]
    build: Path
    start: Path


def lines(path: Path) -> tuple[str, ...]:
    "The lines of a file that say something."
    return tuple(line.strip() for line in path.read_text().splitlines() if line.strip() and not line.strip().startswith("#"))


def read(root: Path = ROOT) -> Plan:
    "The plan of a checkout. Raises Wrong."
    folder = root / "binder"
    unknown = sorted(path.name for path in folder.iterdir() if path.name not in KNOWN)
    if unknown:
        raise Wrong(f"Binder knows no {unknown[0]}, or this replay does not.")
    (runtime,) = lines(folder / "runtime.txt")
    name, _, python = runtime.partition("-")
    if name != "python" or python.count(".") != 1:
        raise Wrong(f"runtime.txt says {runtime!r}; the form is python-3.11.")
    for path in (folder / "postBuild", folder / "start"):
        if not os.access(path, os.X_OK):
            raise Wrong(f"{path.name} cannot be executed: chmod +x binder/{path.name}")
        if not path.read_text().startswith("#!"):
            raise Wrong(f"{path.name} does not say in its first line what runs it.")
    if not lines(folder / "start")[-1] == 'exec "$@"':
        raise Wrong("start has to end with what it is given: exec \"$@\"")
    return Plan(lines(folder / "apt.txt"), python, lines(folder / "requirements.txt"), folder / "postBuild", folder / "start")


def copy(place: Path, root: Path = ROOT) -> Path:
    "The checkout as git would give it to Binder."
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=root, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (root / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, place / name)
    return place


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def environment(venv: Path) -> dict[str, str]:
    "What the steps see: the new environment first, and nothing of this one. A container has its port to itself; here one that is free."
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLOPS_NB_", "PYTHON", "JUPYTER", "VIRTUAL_ENV"))}
    first = f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return kept | {"PATH": first, "NB_PYTHON_PREFIX": str(venv), "MLOPS_NB_PORT": str(free_port())}


def step(name: str, *words: object, cwd: Path, env: dict[str, str]) -> None:
    print(f"--- {name}: {' '.join(map(str, words))}", flush=True)
    begun = time.monotonic()
    subprocess.run([str(word) for word in words], cwd=cwd, env=env, stdin=subprocess.DEVNULL, check=True)
    print(f"    {time.monotonic() - begun:.0f} s", flush=True)


def end(source: Path, env: dict[str, str]) -> None:
    "Ends what runs in the background of that workspace."
    with contextlib.suppress(OSError):
        subprocess.run(["mlops-nb", "down"], cwd=source, env=env, check=False)


def build(plan: Plan, place: Path) -> tuple[Path, dict[str, str]]:
    "The steps of the image, in order; the copy that was built in, and its environment."
    missing = [name for name in plan.packages if shutil.which(name) is None]
    if missing:
        raise Wrong(f"This machine lacks {missing[0]}, which apt.txt names.")
    source, venv = copy(place / "repository"), place / "environment"
    python = shutil.which(f"python{plan.python}") or sys.executable
    step("python", python, "-m", "venv", venv, cwd=place, env=dict(os.environ))
    env = environment(venv)
    step("requirements.txt", venv / "bin/python", "-m", "pip", "install", "-q", "-r", "binder/requirements.txt", cwd=source, env=env)
    try:
        step("postBuild", source / "binder" / "postBuild", cwd=source, env=env)
    except subprocess.CalledProcessError:
        end(source, env)
        raise
    return source, env


def ask(url: str, patience: float, process: "subprocess.Popen[bytes]") -> object:
    "The JSON that is answered there, as soon as it is."
    end = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.5)


def visit(source: Path, env: dict[str, str]) -> list[str]:
    "Starts what Binder would start and looks at it as the panel does: the models that are there."
    port = free_port()
    command = ["jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=replay"]
    process = subprocess.Popen([str(source / "binder" / "start"), *command], cwd=source, env=env, start_new_session=True)
    try:
        ask(f"http://127.0.0.1:{port}/api/status?token=replay", PATIENCE, process)
        shown = ask(f"http://127.0.0.1:{port}/mlops-nb/api/models?token=replay", 60, process)
        assert isinstance(shown, dict)
        return [str(item["name"]) for item in shown["items"]]
    finally:
        end(source, env)
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def main() -> int:
    plan = read()
    with tempfile.TemporaryDirectory(prefix="binder-", ignore_cleanup_errors=True) as folder:
        source, env = build(plan, Path(folder))
        found = visit(source, env)
    print(f"JupyterLab shows {', '.join(found) or 'no model'}")
    return 0 if "flight-delay" in found else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Wrong, subprocess.CalledProcessError) as problem:
        sys.exit(f"binder: {problem}")
