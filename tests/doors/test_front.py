"""Which warm process a command is handed to, and what the program ends with."""

import json
import os
import subprocess
import sys
from pathlib import Path

from mlops_nb.batch.pool import stop_pools
from mlops_nb.doors.front import _cards

def test_the_one_with_the_command_line_loaded_comes_first(tmp_path):
    pool = tmp_path / ".mlops" / "pool"
    pool.mkdir(parents=True)
    for name, after, at in (("ours", "mlops_nb.desk.settling", "2026-01-01T10:00:00Z"), ("papermill's", "", "2026-01-01T11:00:00Z")):
        card = {"python": sys.executable, "prefix": sys.prefix, "variables": {}, "after": after, "started_at": at, "address": name}
        (pool / f"{name}.json").write_text(json.dumps(card))
    assert [card["address"] for card in _cards({}, str(tmp_path))] == ["ours", "papermill's"]


def test_the_program_ends_with_the_commands_exit_code(tmp_path):
    program = [str(Path(sys.executable).with_name("mlops-nb"))]
    env = {name: value for name, value in os.environ.items() if not name.startswith("MLOPS_NB_")}

    def code(*words: str) -> int:
        return subprocess.run([*program, *words], cwd=tmp_path, env=env, capture_output=True).returncode

    assert code("init", ".") == 0
    assert code("no-such-command") == 2
    assert code("runs", "show", "no-such-run") == 1
    cell = {"cell_type": "code", "id": "a", "execution_count": None, "metadata": {}, "outputs": [], "source": ["1 / 0"]}
    spec = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    (tmp_path / "bad.ipynb").write_text(json.dumps({"cells": [cell], "metadata": spec, "nbformat": 4, "nbformat_minor": 5}))
    try:
        assert code("run", "bad.ipynb") == 1  # started by the command line
        assert code("run", "bad.ipynb") == 1  # handed to the warm process that is there now
        assert code("run", "no-such.ipynb") == 1
    finally:
        stop_pools(tmp_path / ".mlops")
