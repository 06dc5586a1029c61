"""Runs the checks of this repository in lanes, each with a budget of minutes.

    python tools/lanes.py                 every lane
    python tools/lanes.py fast browser    these

A lane that runs three times its budget is ended and has failed. The last line counts: a pytest
step counts its tests, any other step counts as one.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
SLACK = 3.0  # times the budget, then a lane is ended
GRACE = 15.0  # seconds to take things down in order
# There are more threads than cores: one that waits for the others of its team sleeps at once, where it would keep a core from them. And
# what hundreds of processes import is compiled once, whatever the habit of the machine.
QUIET = {"OMP_WAIT_POLICY": "passive", "OPENBLAS_THREAD_TIMEOUT": "4", "PYTHONDONTWRITEBYTECODE": "", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class Step:
    name: str
    command: tuple[str, ...]  # the first word is a program of .venv/bin


@dataclass(frozen=True)
class Lane:
    minutes: float
    steps: tuple[Step, ...]


def pytest(name: str, *words: str) -> Step:
    return Step(name, ("pytest", "-q", "--durations=25", *words))


SIDE_BY_SIDE = ("-n", "2", "--dist", "load")
FILE_BY_FILE = ("-n", "2", "--dist", "loadfile")  # where a file's tests share what took minutes to make
COMMANDS = tuple(f"tests/doors/test_cli{name}.py" for name in ("", "_deploy", "_schedules"))  # a process for each command
ROUTES = ("tests/doors/test_jupyter_routes.py", "tests/doors/test_jupyter_live.py")  # an agent and a server behind Jupyter's
SERVERS = ("tests/store/test_adopt.py",)  # MLflow's own
BACKGROUND = ("agent", "agent_serving", "same_answer", "served_kinds", "schedules", "notifications", "clustering", "service")
ONLINE = tuple(f"tests/desk/test_{name}.py" for name in BACKGROUND)
ELSEWHERE = (*(f"tests/{name}" for name in ("faults", "browser", "build", "batch", "desk", "serve")), *COMMANDS, *ROUTES, *SERVERS)

LANES = {
    "fast": Lane(
        5,
        (
            Step("lint", ("ruff", "check", ".")),
            Step("types", ("mypy",)),
            pytest("tests", "tests", *SIDE_BY_SIDE, *(f"--ignore={path}" for path in ELSEWHERE)),
        ),
    ),
    "notebooks": Lane(
        8,
        (
            Step("cells", ("python", "tools/notebooks.py", "test")),
            pytest("runs", "tests/batch", "tests/desk", *FILE_BY_FILE, *(f"--ignore={path}" for path in ONLINE)),
        ),
    ),
    "serving": Lane(
        7,
        (
            pytest("server", "tests/serve", *FILE_BY_FILE),
            pytest("agent", *ONLINE, *FILE_BY_FILE),
        ),
    ),
    "faults": Lane(
        5,
        (
            pytest("faults", "tests/faults", *FILE_BY_FILE),
            pytest("servers", *SERVERS, *SIDE_BY_SIDE),
        ),
    ),
    "browser": Lane(
        5,
        (
            pytest("wheel", "tests/build"),
            pytest("browser", "tests/browser"),
            pytest("commands", *COMMANDS, *SIDE_BY_SIDE),
            pytest("routes", *ROUTES, *FILE_BY_FILE),
        ),
    ),
}


@dataclass
class Tally:
    passed: int = 0
    failed: int = 0

    def __iadd__(self, other: "Tally") -> "Tally":
        self.passed += other.passed
        self.failed += other.failed
        return self


def counted(output: str, status: int) -> Tally:
    "What a pytest run says about itself in its last line."
    last = next((line for line in reversed(output.splitlines()) if re.search(r" in [\d.]+s", line)), "")
    found = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", last)}
    tally = Tally(found.get("passed", 0), found.get("failed", 0) + found.get("error", 0))
    if status != 0 and tally.failed == 0:
        tally.failed = 1
    if status == 0 and tally.passed == 0:
        print("no test ran: that is a failure", flush=True)
        tally.failed = 1
    return tally


def run(step: Step, seconds: float) -> Tally:
    "Runs a step; its whole process group ends with it, or when `seconds` are over."
    print(f"\n--- {step.name}: {' '.join(step.command)}", flush=True)
    process = subprocess.Popen(
        [str(BIN / step.command[0]), *step.command[1:]],
        cwd=ROOT,
        env=os.environ | QUIET | {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    lines: list[str] = []

    def pump() -> None:
        assert process.stdout
        for line in process.stdout:
            lines.append(line)
            print(line, end="", flush=True)

    reader = threading.Thread(target=pump, daemon=True)
    reader.start()
    try:
        status = process.wait(max(1.0, seconds))
    except subprocess.TimeoutExpired:
        print(f"\n{step.name} is over its time and was ended", flush=True)
        process.send_signal(signal.SIGINT)  # pytest takes its fixtures down: databases, servers, browsers
        status = 124
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    end_group(process)
    reader.join(10)
    if step.command[0] == "pytest":
        return counted("".join(lines), status)
    return Tally(passed=int(status == 0), failed=int(status != 0))


def end_group(process: "subprocess.Popen[str]") -> None:
    "Ends what is left of the group."
    for kind in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, kind)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in LANES]
    if unknown:
        print(f"No lane is called {unknown[0]}. There is {', '.join(LANES)}.", file=sys.stderr)
        return 2
    total, report = Tally(), []
    for name in names or list(LANES):
        lane, tally, start = LANES[name], Tally(), time.monotonic()
        print(f"\n=== {name} (budget {lane.minutes:g} min)", flush=True)
        for step in lane.steps:
            tally += run(step, lane.minutes * 60 * SLACK - (time.monotonic() - start))
        minutes = (time.monotonic() - start) / 60
        late = " · over its budget" if minutes > lane.minutes else ""
        report.append(
            f"{name:10} {minutes:5.1f} of {lane.minutes:g} min · {tally.passed} passed, {tally.failed} failed{late}"
        )
        total += tally
    print("\n" + "\n".join(report))
    print(f"{total.passed} passed, {total.failed} failed", flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
