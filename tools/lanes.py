"""Runs the checks of this repository in lanes, each with a budget of minutes.

    python tools/lanes.py                 every lane
    python tools/lanes.py fast browser    these

Lanes begin in their order; steps run side by side while there is room, those of the next lane too
when those of this one wait, and each line says whose it is. A step that takes four times the budget
of its lane is ended and has failed. The last lines name what failed, then count: a pytest step
counts its tests, any other step counts as one.
"""

import contextlib
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
SLACK = 4.0  # times the budget of a lane, then a step of it is ended
GRACE = 15.0  # seconds to take things down in order
ROOM = 4  # processes that test at the same time, on two cores: half of them wait for something most of the time
BUDGET = 30.0  # minutes for everything
# There are more processes than cores. Threads of one process that wait for each other then wait for their turn thousands of times: a fit of
# boosted trees that takes 19 s alone took 251 s beside others, so numbers are worked on by one thread. And what hundreds of processes
# import is compiled once, whatever the habit of the machine. With a BUILD_NUMBER pytest gives reasons whole.
QUIET = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "",
    "PYTHONUNBUFFERED": "1",
    "BUILD_NUMBER": "0",
}


@dataclass(frozen=True)
class Step:
    name: str
    command: tuple[str, ...]  # the first word is a program of .venv/bin
    width: int = 1  # processes at work in it


@dataclass(frozen=True)
class Lane:
    minutes: float
    steps: tuple[Step, ...]


def pytest(name: str, *words: str) -> Step:
    width = int(words[words.index("-n") + 1]) if "-n" in words else 1
    return Step(name, ("pytest", "-q", "--durations=25", *words), width)


FILE_BY_FILE = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")  # a file shares what took long to make; the longest first
COMMANDS = tuple(f"tests/doors/test_cli{name}.py" for name in ("", "_deploy", "_schedules"))  # a process for each command
ROUTES = ("tests/doors/test_jupyter_routes.py", "tests/doors/test_jupyter_live.py")  # an agent and a server behind Jupyter's
DEMO = "tests/desk/test_demo.py"
SERVERS = ("tests/store/test_adopt.py",)  # MLflow's own
BACKGROUND = ("agent", "agent_serving", "same_answer", "served_kinds", "schedules", "notifications", "clustering", "service")
ONLINE = tuple(f"tests/desk/test_{name}.py" for name in BACKGROUND)
ELSEWHERE = (*(f"tests/{name}" for name in ("faults", "browser", "build", "batch", "desk", "serve")), *COMMANDS, *ROUTES, *SERVERS)

LANES = {
    "fast": Lane(
        5.5,
        (
            pytest("tests", "tests", "-n", "3", "--dist", "load", *(f"--ignore={path}" for path in ELSEWHERE)),
            Step("types", ("mypy",)),
            Step("lint", ("ruff", "check", ".")),
            Step("typescript", ("npm", "--prefix", "labextension", "run", "verify")),
        ),
    ),
    "notebooks": Lane(
        8.5,
        (
            pytest("demo", DEMO),  # one thing after the other, and the longest: beside all else
            Step("cells", ("python", "tools/notebooks.py", "test"), 2),
            pytest("runs", "tests/batch", "tests/desk", *FILE_BY_FILE, *(f"--ignore={path}" for path in (DEMO, *ONLINE))),
        ),
    ),
    "serving": Lane(
        4.5,
        (
            pytest("server", "tests/serve", *FILE_BY_FILE),
            pytest("agent", *ONLINE, *FILE_BY_FILE),
        ),
    ),
    "faults": Lane(
        4.5,
        (
            pytest("faults", "tests/faults", *FILE_BY_FILE),
            pytest("servers", *SERVERS),  # one process: each of the two servers is started once
        ),
    ),
    "browser": Lane(
        7,
        (
            pytest("browser", "tests/browser", *FILE_BY_FILE),
            pytest("wheel", "tests/build"),  # these three are one process each, and fit in anywhere
            pytest("commands", *COMMANDS),
            pytest("routes", *ROUTES),
        ),
    ),
}


@dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    names: list[str] = field(default_factory=list, compare=False)  # of what failed, and why
    processor: float = field(default=0.0, compare=False)  # minutes

    def __iadd__(self, other: "Tally") -> "Tally":
        self.passed += other.passed
        self.failed += other.failed
        self.names += other.names
        self.processor += other.processor
        return self


def counted(output: str, status: int) -> Tally:
    "What a pytest run says about itself in its last line."
    last = next((line for line in reversed(output.splitlines()) if re.search(r" in [\d.]+s", line)), "")
    found = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", last)}
    summary = output.partition("short test summary info")[2].splitlines()
    names = [line[:400] for line in summary if line.startswith(("FAILED ", "ERROR "))]
    tally = Tally(found.get("passed", 0), found.get("failed", 0) + found.get("error", 0), names)
    if status != 0 and tally.failed == 0:
        tally.failed, tally.names = 1, [f"FAILED with exit code {status}"]
    if status == 0 and tally.passed == 0:
        print("no test ran: that is a failure", flush=True)
        tally.failed = 1
    return tally


STARTED: "set[subprocess.Popen[str]]" = set()


def run(step: Step, seconds: float) -> Tally:
    "Runs a step; its whole process group ends with it, or when `seconds` are over."
    print(f"--- {step.name}: {' '.join(step.command)}", flush=True)
    begun = time.monotonic()
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
    STARTED.add(process)
    lines: list[str] = []

    def pump() -> None:
        assert process.stdout
        for line in process.stdout:
            lines.append(line)
            print(f"{step.name:>8} | {line.rstrip()}\n", end="", flush=True)  # in one piece: others write too

    reader = threading.Thread(target=pump, daemon=True)
    reader.start()
    try:
        status, minutes = reaped(process, max(1.0, seconds))
    except subprocess.TimeoutExpired:
        print(f"\n{step.name} is over its time and was ended", flush=True)
        process.send_signal(signal.SIGINT)  # pytest takes its fixtures down: databases, servers, browsers
        status, minutes = 124, 0.0
        with contextlib.suppress(subprocess.TimeoutExpired):
            _, minutes = reaped(process, GRACE)
    end_group(process)
    reader.join(10)
    STARTED.discard(process)
    print(f"--- {step.name}: over after {time.monotonic() - begun:.0f} s", flush=True)
    if step.command[0] == "pytest":
        tally = counted("".join(lines), status)
    else:
        tally = Tally(passed=1) if status == 0 else Tally(failed=1, names=[f"FAILED {step.name}: {' '.join(step.command)}"])
    return replace(tally, processor=minutes)


def end_group(process: "subprocess.Popen[str]") -> None:
    "Ends what is left of the group."
    for kind in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, kind)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)


@dataclass
class Ran:
    "How it went with a lane."

    waiting: list[Step]
    tally: Tally = field(default_factory=Tally)
    begun: float = 0.0  # 0: not yet
    ended: float = 0.0


def run_all(lanes: Mapping[str, Lane], slack: float = SLACK) -> dict[str, Ran]:
    "Runs the steps of lanes in their order, side by side while there is room; one that does not fit lets others pass."
    ran = {name: Ran(list(lane.steps)) for name, lane in lanes.items()}
    running: dict[Future[Tally], tuple[str, Step]] = {}
    with ThreadPoolExecutor(ROOM) as threads:
        try:
            while running or any(r.waiting for r in ran.values()):
                for name, r in ran.items():
                    for step in list(r.waiting):
                        if not running or sum(s.width for _, s in running.values()) + step.width <= ROOM:
                            r.waiting.remove(step)
                            r.begun = r.begun or time.monotonic()
                            running[threads.submit(run, step, lanes[name].minutes * 60 * slack)] = name, step
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    name, _ = running.pop(done)
                    ran[name].tally += done.result()
                    ran[name].ended = time.monotonic()
        except KeyboardInterrupt:
            for process in list(STARTED):
                process.send_signal(signal.SIGINT)
            raise
    return ran


REAPING = threading.Lock()


def processor() -> float:
    "Minutes of processor time of everything that has run here and has ended."
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) / 60


def reaped(process: "subprocess.Popen[str]", seconds: float) -> tuple[int, float]:
    "How a process ended, and the minutes of processor time of it and its children. Raises TimeoutExpired."
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with REAPING:  # its time is added when it is asked after, so one is asked after at a time
            before = processor()
            status = process.poll()
            if status is not None:
                return status, processor() - before
        time.sleep(0.1)
    raise subprocess.TimeoutExpired(process.args, seconds)


def late(minutes: float, budget: float) -> str:
    return " · over its budget" if minutes > budget else ""


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in LANES]
    if unknown:
        print(f"No lane is called {unknown[0]}. There is {', '.join(LANES)}.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what ends this ends its steps too
    start, total, report = time.monotonic(), Tally(), []
    chosen = {name: LANES[name] for name in names or LANES}
    for name, ran in run_all(chosen).items():
        minutes, tally = (ran.ended - ran.begun) / 60, ran.tally
        words = f"of {chosen[name].minutes:g} min" if len(chosen) == 1 else "min beside others"
        report.append(
            f"{name:10} {minutes:5.1f} {words} · {tally.processor:4.1f} min of processor time · "
            f"{tally.passed} passed, {tally.failed} failed{late(minutes, chosen[name].minutes) if len(chosen) == 1 else ''}"
        )
        total += tally
    minutes = (time.monotonic() - start) / 60
    report.append(f"together   {minutes:5.1f} of {BUDGET:g} min · {total.processor:4.1f} min of processor time{late(minutes, BUDGET)}")
    print("\n".join(["", *report, "", *total.names]))
    print(f"{total.passed} passed, {total.failed} failed", flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
