"""Kill -9 while a deployment is changed, at each armed point: the next one who comes finishes it, and nothing is done twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from stores import Stores, open_stores

from mlops_nb.desk.deploying import put, resolve, stop
from mlops_nb.desk.production import verify
from mlops_nb.desk.registering import register
from mlops_nb.store.models import mirrored_head

DIES = """
import sys
sys.path.insert(0, sys.argv[2])
from stores import open_stores
from mlops_nb.desk.deploying import put
put(open_stores(sys.argv[1]), "double/2", reason="by one who died")
print("it lived")
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    made = open_stores(tmp_path_factory.mktemp("ws"))
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4], "y": [2.0, 4, 6, 8]})
    for _ in range(2):
        register(made, LinearRegression().fit(frame[["x"]], frame["y"]), "double", train=frame, target="y")
    return made


@pytest.mark.parametrize(("point", "counts"), [("receipt", False), ("row", False), ("done", True)])
def test_the_next_one_finishes_what_was_begun(place: Stores, point: str, counts: bool) -> None:
    before = put(place, "double/1", reason=f"before {point}").revision
    command = [sys.executable, "-c", DIES, str(place.settings.root), str(Path(__file__).parents[1])]
    environment = {**os.environ, "MLOPS_NB_ARMED": f"revision-after-{point}"}
    child = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert child.returncode == -signal.SIGKILL, child.stderr

    control = place.control
    assert control.deployment("double").revision == before + counts
    assert len(control.pending()) == (not counts)
    again = put(place, "double/2", reason="the same, once more")  # what a person does whose kernel died
    assert (again.revision, again.reason, again.changed) == (before + 1, "by one who died", False)
    assert resolve(place, control.deployment("double")).routes[0].version == "double/2"
    assert stop(place, "double").revision == before + 2
    assert [d.reason for d in control.history("double")][:3] == ["", "by one who died", f"before {point}"]
    assert control.pending() == [] and control.verify_chain(mirrored_head(place.models)) == []
    assert {finding.state for finding in verify(place)} == {"ok"}
