"""The clean process: what it sees, what it does not, and how it ends."""

import contextlib
import os
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from waiting import until

from mlops_nb.score.parity import Answers
from mlops_nb.score.predictor import Spec, model_digest
from mlops_nb.score.proof import ProofProcess, clean_environment, prove, write_examples

ROWS = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
MLMODEL = "flavors:\n  mlops_nb: {pickled_model: model.pkl, serialization_format: cloudpickle, code: code}\n"
MLMODEL += "  python_function: {loader_module: loads_it, code: code, data: model.pkl}\n"
LOADER = """
import pickle

def _load_pyfunc(path):
    return pickle.load(open(path, "rb"))
"""


def version(folder: Path, predict: str, answers: list[float], extra: str = "") -> tuple[Path, str]:
    """A materialised version whose class lives in code that travels with it."""
    code = folder / "model" / "code"
    code.mkdir(parents=True)
    source = f"{extra}\nclass Model:\n    def predict(self, frame):\n" + "\n".join(f"        {line}" for line in predict.splitlines())
    name = f"shipped_{abs(hash((str(folder), source)))}"
    (code / f"{name}.py").write_text(source)
    (code / "loads_it.py").write_text(LOADER)
    (folder / "model" / "MLmodel").write_text(MLMODEL)
    pickled = b"\x80\x04c" + f"{name}\nModel\n".encode() + b")\x81."  # an instance of a class that this process never sees
    (folder / "model" / "model.pkl").write_bytes(pickled)
    Spec(("x",), "regression", "y").write(folder)
    write_examples(folder, ROWS, Answers(np.array(answers)))
    return folder, model_digest(folder / "model")


def test_shipped_code_is_found_and_proven(tmp_path: Path) -> None:
    found = prove(*version(tmp_path / "v", "return frame['x'] * 2", [2, 4, 6]))
    assert found.state == "proven" and found.rows == 3, found.reason
    assert found.modules == ("pandas",), "nothing heavy but what the rows need"


def test_it_sees_neither_the_workspace_nor_its_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret_module.py").write_text("VALUE = 1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("API_TOKEN", "s3cret")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://example.com")
    looks = "import os, sys\nassert 'API_TOKEN' not in os.environ and 'MLFLOW_TRACKING_URI' not in os.environ\n"
    looks += f"assert os.getcwd() != {str(tmp_path)!r} and {str(tmp_path)!r} not in sys.path\nreturn frame['x']"
    assert prove(*version(tmp_path / "a", looks, [1, 2, 3])).state == "proven"
    imports = prove(*version(tmp_path / "b", "import secret_module\nreturn frame['x']", [1, 2, 3]))
    assert imports.state == "broken" and "No module named 'secret_module'" in imports.reason
    assert not {"API_TOKEN", "PYTHONPATH"} & clean_environment().keys()


@pytest.mark.parametrize(
    ("predict", "words"),
    [
        ("raise ValueError('no such airport: TEB')", "ValueError: no such airport: TEB"),
        ("return frame['x'] + 1", "3 of 3 rows were answered differently; row 0: prediction 1 became 2.0"),
        ("return frame['x'][:2]", "(2,) answers came back where (3,) were recorded"),
        ("import os\nos.kill(os.getpid(), 9)", "SIGKILL (often: not enough memory)"),
        ("import os\nprint('bye')\nos._exit(7)", "exit code 7"),
        ("import sys\nsys.exit('done')", "exit code 1 before it answered: done"),
    ],
)
def test_broken_says_why(tmp_path: Path, predict: str, words: str) -> None:
    found = prove(*version(tmp_path / "v", predict, [1, 2, 3]))
    assert found.state == "broken" and words in found.reason


def test_what_it_prints_does_not_matter(tmp_path: Path) -> None:
    loud = "print('{\"state\": \"broken\"}')\nreturn frame['x']"
    assert prove(*version(tmp_path / "v", loud, [1, 2, 3])).state == "proven"


def test_a_hang_ends_with_its_children(tmp_path: Path) -> None:
    note = tmp_path / "child"
    waits = "import subprocess, sys, pathlib\nchild = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)\n"
    waits += f"pathlib.Path({str(note)!r}).write_text(str(child.pid))\nchild.wait()"
    where = version(tmp_path / "v", waits, [1, 2, 3])
    for seconds in (12, 50, 200):  # a busy machine may need more than the first only to begin
        found = prove(*where, timeout=seconds)
        assert found.state == "broken" and f"within {seconds} s" in found.reason
        if note.exists() and note.read_text():
            break
    child = int(note.read_text())

    def ended() -> bool:
        with contextlib.suppress(OSError):
            return Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        return True

    until(ended, "what was killed is gone")


def test_changed_bytes_are_not_loaded(tmp_path: Path) -> None:
    folder, digest = version(tmp_path / "v", "return frame['x']", [1, 2, 3])
    proof = tmp_path / "ran"
    (folder / "model" / "model.pkl").write_bytes(pickle.dumps(_Runs(f"touch {proof}")))
    found = prove(folder, digest)
    assert found.state == "broken" and "bytes" in found.reason and not proof.exists()


class _Runs:
    def __init__(self, command: str):
        self.command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (self.command,)


def test_stop_leaves_nothing(tmp_path: Path) -> None:
    folder, digest = version(tmp_path / "v", "return frame['x']", [1, 2, 3])
    process = ProofProcess(folder, digest)
    process.stop()
    assert process.process.poll() is not None
