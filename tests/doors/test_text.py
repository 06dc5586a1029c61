"""Tables on a terminal and in a pipe."""

import os
import pty
import subprocess
import sys

PRINTS = """
from mlops_nb.doors.text import table
words = "the model is less right than its own scores promise; 2 windows from 2013-12-09 to 2013-12-16"
print(table([{"id": "1db822353602", "count": 2, "message": words}], ["id", "count", "message"]))
"""
COMMAND = [sys.executable, "-c", PRINTS]


def on_a_terminal(columns: int) -> list[str]:
    "What the program writes to a terminal of so many columns."
    ours, its = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        process = subprocess.Popen(COMMAND, stdout=its, env=os.environ | {"COLUMNS": str(columns)})
        os.close(its)
        said = b""
        try:
            while part := screen.read(1024):
                said += part
        except OSError:  # Linux says so where the other end was closed
            pass
        assert process.wait(300) == 0
    return said.decode().splitlines()


def test_a_terminal_gets_lines_that_fit_and_a_pipe_one_line_a_row() -> None:
    lines = on_a_terminal(60)
    assert len(lines) > 3 and max(map(len, lines)) <= 60
    assert " ".join(line[21:].strip() for line in lines[2:]).endswith("from 2013-12-09 to 2013-12-16"), "nothing is cut"
    assert len(on_a_terminal(200)) == 3
    piped = subprocess.run(COMMAND, capture_output=True, text=True, env=os.environ | {"COLUMNS": "60"}, check=True)
    assert len(piped.stdout.splitlines()) == 3
