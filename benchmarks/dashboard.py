"""Dashboards: how long a viewer waits, beside stock Voila with the very same notebook, in the same run.

    python benchmarks/dashboard.py [--workspace FOLDER] [--rounds 5]

The page is one model's story (nbs/dashboards/model.ipynb) on the demo's year of flights; without --workspace the demo is
made first, which takes minutes. Stock Voila is asked as it comes, and once more with kernels preheated, which holds for one
fixed address. Ours is asked for pages that nobody has seen (each round with a query of its own), and as viewers meet it, when
somebody else looked a moment ago. "First" is when the first cell's output has arrived, "all" when the last has.
Rounds are interleaved; numbers are medians of seconds.
"""

import argparse
import contextlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "nbs" / "dashboards" / "model.ipynb"
FIRST = b"lead-in"  # stands in the output of the first cell


@dataclass
class Server:
    name: str
    process: "subprocess.Popen[bytes]"
    url: str

    def wait(self) -> None:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            assert self.process.poll() is None, f"{self.name} ended"
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", int(self.url.split(":")[2].split("/")[0])), 1),
            ):
                return
            time.sleep(0.1)
        raise TimeoutError(self.name)


@contextlib.contextmanager
def running(name: str, words: list[str], path: str, cwd: Path, **variables: str) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [word.replace("PORT", str(port)) for word in words]
    env = os.environ | {"MLOPS_NB_WORKSPACE": str(cwd)} | variables
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, *words], cwd=cwd, env=env, start_new_session=True, **quiet)
    server = Server(name, process, f"http://127.0.0.1:{port}/{path}")
    try:
        server.wait()
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def asked(server: Server, query: str = "") -> tuple[float, float]:
    """Seconds until the first cell's output was there, and until all was."""
    mark = "&" if "?" in server.url else "?"
    began, seen, first = time.perf_counter(), b"", 0.0
    with urllib.request.urlopen(server.url + (mark + query if query else ""), timeout=300) as answer:
        while part := answer.read1(1 << 16):
            seen += part
            if not first and FIRST in seen:
                first = time.perf_counter() - began
    assert first, f"{server.name} has not shown the model: {seen[-500:]!r}"
    return first, time.perf_counter() - began


def crowd(server: Server, viewers: int) -> tuple[float, float]:
    """So many at once: when the last of them had the first cell's output, and when all had all."""
    found: list[tuple[float, float]] = []
    threads = [threading.Thread(target=lambda: found.append(asked(server))) for _ in range(viewers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == viewers, f"{server.name}: {viewers - len(found)} viewers saw nothing"
    return max(first for first, _ in found), max(whole for _, whole in found)


def demo() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="dashboard-"))
    words = [
        sys.executable,
        "-c",
        "from mlops_nb.doors.front import main; main()",
        "-C",
        str(folder),
        "demo",
        "--no-compare",
        "--down",
    ]
    subprocess.run(words, check=True)
    return folder / "mlops-demo"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--stock-viewers", type=int, default=4, help="each has a kernel of its own, of half a gigabyte")
    chosen = parser.parse_args()
    root = (chosen.workspace or demo()).resolve()
    model, name = "model?name=flight-delay", "QUERY_STRING"
    voila = ["-m", "voila", str(NOTEBOOK), "--no-browser", "--port=PORT", "--Voila.ip=127.0.0.1"]
    heated = [*voila, "--preheat_kernel=True", "--pool_size=2"]
    ours = [
        "-c",
        "from mlops_nb.doors.front import main; main()",
        "-C",
        str(root),
        "dashboard",
        "--port=PORT",
        "--no-browser",
    ]
    with contextlib.ExitStack() as stack:
        stock = stack.enter_context(running("stock Voila", voila, "?name=flight-delay", root))
        warm = stack.enter_context(
            running("stock Voila, kernels preheated", heated, "", root, **{name: "name=flight-delay"})
        )
        mine = stack.enter_context(running("mlops-nb dashboard", ours, model, root))
        for server in (stock, warm, mine):  # what is done once only
            asked(server)
        time.sleep(30)  # the preheated ones are filled up again
        times: dict[str, list[tuple[float, float]]] = {}
        for number in range(chosen.rounds):
            times.setdefault("stock Voila", []).append(asked(stock))
            times.setdefault("stock Voila, kernel preheated", []).append(asked(warm))
            times.setdefault("ours, a page nobody has seen", []).append(asked(mine, f"round={number}"))
            asked(mine)
            times.setdefault("ours, seen by somebody a moment ago", []).append(asked(mine))
            time.sleep(20)
        base = [statistics.median(part) for part in zip(*times["stock Voila"], strict=True)]
        print(
            f"| one model's story, {os.cpu_count()} cores | first content s | all s | times stock (first / all) |\n|---|---|---|---|"
        )
        for label, found in times.items():
            first, whole = (statistics.median(part) for part in zip(*found, strict=True))
            print(f"| {label} | {first:.3f} | {whole:.3f} | {base[0] / first:,.1f} / {base[1] / whole:,.1f} |")
        print("\n| viewers at once | first content, the last of them s | all s |\n|---|---|---|")
        time.sleep(30)
        for server, viewers in ((stock, chosen.stock_viewers), (mine, chosen.viewers)):
            first, whole = crowd(server, viewers)
            print(f"| {viewers}, {server.name} | {first:.2f} | {whole:.2f} |")
        second = [threading.Thread(target=asked, args=(mine, f"viewer={n}")) for n in range(chosen.viewers)]
        began = time.perf_counter()
        for thread in second:
            thread.start()
        for thread in second:
            thread.join()
        print(
            f"| {chosen.viewers}, mlops-nb dashboard, each another page | – | {time.perf_counter() - began:.2f} | – |"
        )


if __name__ == "__main__":
    main()
