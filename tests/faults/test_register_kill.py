"""A process is killed while it registers: the next one takes up what is left, and there is a champion in the end."""

import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from stores import open_stores

from mlops_nb.desk.registering import finish_proofs, register

KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from stores import open_stores
import mlops_nb.desk.registering as registering
import pandas as pd
from sklearn.linear_model import LinearRegression
frame = pd.DataFrame({"x": [1.0, 2, 3, 4], "y": [2.0, 4, 6, 8]})
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(registering, sys.argv[3], die)
registering.register(open_stores(sys.argv[1]), LinearRegression().fit(frame[["x"]], frame["y"]), "k", train=frame, target="y")
"""


@pytest.mark.parametrize(
    ("point", "state", "words"),
    [("_complete", "broken", "interrupted before everything was recorded"), ("settle", "proven", ""), ("change", "proven", "")],
)
def test_killed_while_registering(tmp_path: Path, point: str, state: str, words: str) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(Path(__file__).parents[1]), point]
    assert subprocess.run(command, capture_output=True).returncode == -signal.SIGKILL
    place = open_stores(tmp_path)
    before = place.models.get("k/1")
    assert before.state == ("proving" if point != "change" else "proven") and before.aliases == ()
    finish_proofs(place.models)
    after = place.models.get("k/1")
    assert after.state == state and words in after.reason
    if point == "settle":
        assert after.aliases == ("champion",)
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4], "y": [2.0, 4, 6, 8]})
    model = LinearRegression().fit(frame[["x"]], frame["y"])
    register(place, model, "k", train=frame, target="y")
    assert place.models.get("k").version == (2 if point == "_complete" else 1), "there is a champion after the next call"
    assert not list(place.settings.state_dir.glob("proving-*")), "nothing is left lying about"
