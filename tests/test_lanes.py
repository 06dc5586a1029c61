"""The runner of the checks itself: it must count right, and a hang must end."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("lanes", ROOT / "tools" / "lanes.py")
assert spec and spec.loader
lanes = importlib.util.module_from_spec(spec)
sys.modules["lanes"] = lanes  # dataclasses look their module up
spec.loader.exec_module(lanes)


@pytest.fixture(autouse=True)
def this_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "BIN", Path(sys.executable).parent)
    monkeypatch.setattr(lanes, "GRACE", 1.0)


@pytest.mark.parametrize(
    ("last", "status", "passed", "failed"),
    [
        ("12 passed in 3.21s", 0, 12, 0),
        ("===== 1 failed, 11 passed, 2 warnings in 63.01s (0:01:03) =====", 1, 11, 1),
        ("3 passed, 2 errors in 1.00s", 1, 3, 2),
        ("no tests ran in 0.01s", 5, 0, 1),
        ("", 0, 0, 1),  # said nothing: not green
        ("12 passed in 3.21s", 124, 12, 1),  # ended from outside after its last line
    ],
)
def test_pytest_is_counted(last: str, status: int, passed: int, failed: int) -> None:
    assert lanes.counted(f"tests/a.py ....\n{last}\n", status) == lanes.Tally(passed, failed)


def test_a_step_that_is_not_pytest_counts_as_one() -> None:
    assert lanes.run(lanes.Step("fine", ("python", "-c", "print(1)")), 60) == lanes.Tally(1, 0)
    assert lanes.run(lanes.Step("broken", ("python", "-c", "raise SystemExit(3)")), 60) == lanes.Tally(0, 1)


def test_a_step_leaves_the_cores_to_those_who_work(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    code = "import os, sys; print(sys.dont_write_bytecode, os.environ['OMP_WAIT_POLICY'])"
    assert lanes.run(lanes.Step("asks", ("python", "-c", code)), 60).passed
    assert "\nFalse passive\n" in capfd.readouterr().out


HANG = """
import pathlib, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
try:
    child.wait()
except KeyboardInterrupt:
    child.wait()
"""


def test_a_hang_ends_with_its_children(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    assert lanes.run(lanes.Step("hang", ("python", "-c", HANG, str(note))), 5) == lanes.Tally(0, 1)
    child = int(note.read_text())
    state = Path(f"/proc/{child}/stat")
    gone = not state.exists() or state.read_text().split()[2] == "Z"
    assert gone if state.parent.parent.exists() else not alive(child)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_unknown_lane_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert lanes.main(["slow"]) == 2
    assert "No lane is called slow. There is fast, notebooks, serving, faults, browser." in capsys.readouterr().err


def test_the_budgets_fit_into_half_an_hour() -> None:
    assert sum(lane.minutes for lane in lanes.LANES.values()) <= 30


def files_of(step: "lanes.Step") -> list[Path]:
    "The test files that a pytest step runs."
    paths = [ROOT / word for word in step.command if word.startswith("tests")]
    left = [ROOT / word.removeprefix("--ignore=") for word in step.command if word.startswith("--ignore=")]
    found = [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("test_*.py")))]
    return [file for file in found if not any(file == out or out in file.parents for out in left)]


def test_every_test_file_runs_in_exactly_one_lane() -> None:
    steps = [step for lane in lanes.LANES.values() for step in lane.steps if step.command[0] == "pytest"]
    run = [file for step in steps for file in files_of(step)]
    there = sorted((ROOT / "tests").rglob("test_*.py"))
    assert [str(f.relative_to(ROOT)) for f in there if run.count(f) != 1] == []
