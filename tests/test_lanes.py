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


FAILS = """
import logging
def test_two():
    logging.error("said before")
    assert 2 + 2 == 5
def test_one():
    pass
"""


def test_the_last_lines_name_what_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "test_it.py"
    file.write_text(FAILS)
    suite = lanes.pytest("suite", str(file), "-p", "no:cacheprovider", "--log-level=ERROR", "--log-format=%(levelname)s %(message)s")
    monkeypatch.setattr(lanes, "LANES", {"only": lanes.Lane(1, (suite, lanes.Step("lint", ("python", "-c", "raise SystemExit(1)"))))})
    assert lanes.main([]) == 1
    *_, before, first, second, counts = capsys.readouterr().out.splitlines()
    assert before == "", "a logged error is no name of a test"
    both = "".join(sorted((first, second), key=len))
    assert both.startswith("FAILED lint: python") and "test_it.py::test_two - " in both and "(2 + 2) == 5" in both
    assert counts == "1 passed, 2 failed"


def test_a_step_that_is_not_pytest_counts_as_one() -> None:
    assert lanes.run(lanes.Step("fine", ("python", "-c", "print(1)")), 60) == lanes.Tally(1, 0)
    assert lanes.run(lanes.Step("broken", ("python", "-c", "raise SystemExit(3)")), 60) == lanes.Tally(0, 1)


def test_a_step_leaves_the_cores_to_those_who_work(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    code = "import os, sys; print(sys.dont_write_bytecode, os.environ['OMP_NUM_THREADS'])"
    assert lanes.run(lanes.Step("asks", ("python", "-c", code)), 60).passed
    assert "asks | False 1\n" in capfd.readouterr().out


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


MEETS = """
import pathlib, sys, time
mine, other = map(pathlib.Path, sys.argv[1:])
mine.touch()
while not other.exists():
    time.sleep(0.02)
"""
WORKS = """
import sys, time
def note(word):
    with open(sys.argv[1], "a") as file:
        file.write(word)
note("<")
time.sleep(0.5)  # its work
note(">")
"""


def passed_failed(ran: "dict[str, lanes.Ran]") -> dict[str, "lanes.Tally"]:
    return {name: r.tally for name, r in ran.items()}


def test_steps_run_side_by_side_while_there_is_room(tmp_path: Path) -> None:
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    first = lanes.Lane(1, (lanes.Step("a", ("python", "-c", MEETS, a, b), 2),))
    second = lanes.Lane(1, (lanes.Step("b", ("python", "-c", MEETS, b, a)),))
    ran = lanes.run_all({"first": first, "second": second})
    assert passed_failed(ran) == {"first": lanes.Tally(1, 0), "second": lanes.Tally(1, 0)}, "each waits for the other"
    assert all(0 < r.tally.processor < 1 and r.begun < r.ended for r in ran.values())


def test_a_step_waits_until_there_is_room_and_is_ended_when_it_takes_too_long(tmp_path: Path) -> None:
    note = tmp_path / "said"
    wide = lanes.Step("wide", ("python", "-c", WORKS, str(note)), 3)
    assert passed_failed(lanes.run_all({"it": lanes.Lane(1, (wide, wide))})) == {"it": lanes.Tally(2, 0)}
    assert note.read_text() == "<><>", "one after the other"
    hangs = lanes.Step("hangs", ("python", "-c", "import time; time.sleep(600)"))
    assert passed_failed(lanes.run_all({"it": lanes.Lane(1 / 30, (hangs, hangs))}, slack=1.0)) == {"it": lanes.Tally(0, 2)}


def test_what_does_not_fit_lets_others_pass(tmp_path: Path) -> None:
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    steps = (
        lanes.Step("a", ("python", "-c", MEETS, a, b), 2),
        lanes.Step("wide", ("python", "-c", "pass"), 3),  # no room for it beside the first
        lanes.Step("b", ("python", "-c", MEETS, b, a)),
    )
    assert passed_failed(lanes.run_all({"it": lanes.Lane(1, steps)})) == {"it": lanes.Tally(3, 0)}


def test_an_unknown_lane_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert lanes.main(["slow"]) == 2
    assert "No lane is called slow. There is fast, notebooks, serving, faults, browser." in capsys.readouterr().err


def test_the_budgets_fit_into_half_an_hour() -> None:
    assert sum(lane.minutes for lane in lanes.LANES.values()) <= lanes.BUDGET <= 30


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
