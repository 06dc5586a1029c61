"""Real MLflow servers for the tests: version 2 and version 3, each in an environment of its own, on loopback.

The environments are made once, by uv, beside the checkout (`.venv-mlflow2`, `.venv-mlflow3`), and kept. A server is
started by a small process that waits for the end of its standard input: however the test run ends, the pipe closes,
and the server is ended with all its workers.
"""

import contextlib
import fcntl
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
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PINS = {
    2: ["mlflow==2.22.*", "setuptools<81", "sqlalchemy<2.1"],
    3: ["mlflow==3.*"],
}
QUIET = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # threads of one would wait for each other


def environment(major: int) -> Path:
    """The Python of an environment with MLflow of that major version; made when it is not there, by one process."""
    place = ROOT / f".venv-mlflow{major}"
    python = place / "bin" / "python"
    done = place / "complete"
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    with open(ROOT / f".venv-mlflow{major}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go when the file is closed
        if done.exists() and done.read_text().split("\n") == PINS[major]:
            return python
        assert uv, "These tests need uv to make an environment for MLflow: pip install uv"
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([uv, "venv", "-q", "-p", sys.executable, str(place)], check=True)
        subprocess.run([uv, "pip", "install", "-q", "-p", str(python), *PINS[major]], check=True)
        done.write_text("\n".join(PINS[major]))
    return python


class MlflowServer:
    """A running server; `uri` is its address."""

    def __init__(self, major: int):
        self.python = environment(major)
        command = [sys.executable, __file__, str(self.python)]
        self._keeper = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
        assert self._keeper.stdout
        line = self._keeper.stdout.readline()
        assert line, f"MLflow {major} did not start; see above"
        self.uri = json.loads(line)["uri"]

    def run(self, code: str, *words: str) -> str:
        """Runs code with the server's own MLflow, as somebody who knows nothing of us; what it printed."""
        kept = QUIET | {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "MLFLOW_TRACKING_URI": self.uri}
        with tempfile.TemporaryDirectory() as place:
            command = [str(self.python), "-c", code, *words]
            done = subprocess.run(command, capture_output=True, text=True, env=kept, cwd=place)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.strip()

    def stop(self) -> None:
        """Returns when the server has ended."""
        assert self._keeper.stdin
        self._keeper.stdin.close()
        self._keeper.wait(300)


def keep(python: str) -> None:
    """Starts the server, says where it is, and ends it when standard input ends."""
    folder = Path(tempfile.mkdtemp(prefix="mlops_nb_mlflow_"))
    try:
        if not any(served(python, folder) for _ in range(3)):  # somebody else may take the port between looking and starting
            sys.exit((folder / "log").read_text(errors="replace")[-3000:])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def served(python: str, folder: Path) -> bool:
    """One server, on a port that was free a moment ago, until standard input ends; False when it did not start."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [python, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "artifacts")]
    kept = QUIET | {"PATH": f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)}
    kept["MLFLOW_DISABLE_TELEMETRY"] = "true"
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=kept, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    try:
        uri = f"http://127.0.0.1:{port}"
        if not answers(uri, server):
            return False
        print(json.dumps({"uri": uri}), flush=True)
        sys.stdin.read()
        return True
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def answers(uri: str, server: "subprocess.Popen[bytes]") -> bool:
    """Waits until the server answers; False when it ended or five minutes have passed."""
    deadline = time.monotonic() + 300
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{uri}/health", timeout=60) as answer:
            if answer.status == 200:
                return True
        time.sleep(0.1)  # between two looks; there is nothing to be told by
    return False


if __name__ == "__main__":
    keep(sys.argv[1])
