"""Notebook-defined code: in a real kernel, under papermill, and in a plain script; asked again in a clean process."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

PATIENT = {"timeout": 300, "startup_timeout": 300, "iopub_timeout": 300}  # only a failure waits for so long
DEFINE = [
    """
    import functools, json, pickle, pathlib
    import numpy as np
    import pandas as pd
    from sklearn.base import BaseEstimator, TransformerMixin
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer
    X = pd.DataFrame({"a": [1.0, 2.0, 4.0, 8.0], "b": [3.0, 1.0, 4.0, 1.0]})
    y = [1.0, 2.0, 3.0, 5.0]
    """,
    "RATE, CENTS = 2, 100\nDAY = 24 * 60",
    """
    def rounded(values):
        return np.round(values * CENTS) / CENTS

    def logged(function):
        @functools.wraps(function)
        def inner(*given):
            return function(*given)
        return inner
    """,
    """
    class Base(BaseEstimator, TransformerMixin):
        "First version, with a mistake."
        def fit(self, X, y=None):
            return self
        def transform(self, X):
            return X * 0
    """,
    """
    class Base(BaseEstimator, TransformerMixin):
        def fit(self, X, y=None):
            return self
        def transform(self, X):
            return X / DAY
    """,
    """
    class Prices(Base):
        def __init__(self, power=1):
            self.power = power
        @logged
        def transform(self, X):
            return rounded(super().transform(X) ** self.power) + offset(X)

    offset = lambda X: RATE

    @logged
    def doubled(X):
        return X * 2

    def times(k):
        return lambda X: X * k
    """,
    """
    pipe = make_pipeline(Prices(power=2), FunctionTransformer(doubled), FunctionTransformer(times(3)),
                         FunctionTransformer(lambda X: X + RATE), LinearRegression()).fit(X, y)
    """,
]
SAVE = """
from mlops_nb.store.capture import capture
found = capture(pipe, "prices")
place = pathlib.Path({place!r})
for name, content in found.code.items():
    (place / name).parent.mkdir(parents=True, exist_ok=True)
    (place / name).write_bytes(content)
(place / "model.pkl").write_bytes(found.pickle)
facts = {{"answers": pipe.predict(X).tolist(), "shipped": found.shipped, "requirements": found.requirements,
          "modules": [Prices.__module__, rounded.__module__, type(pipe[0]).__module__], "code": sorted(found.code)}}
(place / "facts.json").write_text(json.dumps(facts))
"""
ASK = """
import json, pickle, sys
import pandas as pd
sys.path.insert(0, sys.argv[1])
with open(sys.argv[1] + "/model.pkl", "rb") as file:
    model = pickle.load(file)
rows = pd.DataFrame({"a": [1.0, 2.0, 4.0, 8.0], "b": [3.0, 1.0, 4.0, 1.0]})
print(json.dumps({"answers": model.predict(rows).tolist(), "module": type(model[0]).__module__}))
"""


def cells(*sources: str) -> nbformat.NotebookNode:
    made = [nbformat.v4.new_code_cell(textwrap.dedent(s).strip()) for s in sources]
    kernel = {"name": "python3", "display_name": "python3", "language": "python"}
    return nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel})


def asked_again(place: Path, tmp_path: Path) -> dict[str, object]:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    done = subprocess.run([sys.executable, "-I", "-c", ASK, str(place)], cwd=elsewhere, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check(place: Path, tmp_path: Path, numbered: bool) -> None:
    facts = json.loads((place / "facts.json").read_text())
    again = asked_again(place, tmp_path)
    assert again["answers"] == pytest.approx(facts["answers"], rel=1e-12)
    assert str(again["module"]).startswith("prices_"), "the pickle refers to the shipped module"
    assert facts["modules"] == ["__main__"] * 3, "live objects are as they were"
    expected = {"Prices", "Base", "rounded", "logged", "offset", "doubled", "RATE", "CENTS", "DAY"}
    assert expected <= facts["shipped"].keys() <= expected | {"times"}
    source = (place / facts["code"][0]).read_text()
    assert "First version" not in source and "X / DAY" in source, "the last definition wins"
    assert b"c__main__" not in (place / "model.pkl").read_bytes()
    assert [pin.split("==")[0] for pin in facts["requirements"]] == ["cloudpickle", "numpy", "scikit-learn"]
    if numbered:
        assert facts["shipped"]["Prices"] == "cell [6]" and facts["shipped"]["Base"] == "cell [5]"


def test_in_a_kernel(tmp_path: Path) -> None:
    NotebookClient(cells(*DEFINE, SAVE.format(place=str(tmp_path))), **PATIENT).execute()
    check(tmp_path, tmp_path, numbered=True)


def test_under_papermill(tmp_path: Path) -> None:
    book = tmp_path / "train.ipynb"
    document = cells(*DEFINE, SAVE.format(place=str(tmp_path)))
    nbformat.write(document, book)
    command = [sys.executable, "-m", "papermill", str(book), str(tmp_path / "out.ipynb"), "--no-progress-bar", "-p", "unused", "1"]
    command += ["--start-timeout", "300"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    check(tmp_path, tmp_path, numbered=False)


def test_in_a_script(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("\n".join(textwrap.dedent(s) for s in [*DEFINE, SAVE.format(place=str(tmp_path))]))
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    check(tmp_path, tmp_path, numbered=False)


REFUSALS = """
from mlops_nb.core.errors import MlopsError
from mlops_nb.store.capture import capture
said = []
def refused(model):
    try:
        capture(model)
        said.append("nothing was said")
    except MlopsError as problem:
        said.append(f"{problem.code}: {problem.message}")
"""
CASES = [
    ("table = pd.read_json(pathlib.Path('table.json'))\nclass A(Base):\n    def transform(self, X):\n        return X * len(table)", "A()"),
    ("seen = []\nclass B(Base):\n    def transform(self, X):\n        seen.append(1)\n        return X\nB().fit_transform(X)", "B()"),
    ("for step in range(3):\n    pass", "FunctionTransformer(lambda X: X * step)"),
    ("class C(Base):\n    def fit(self, X, y=None):\n        self.mean_ = 1\n        return self", "C().fit(X)"),
    ("stale = C().fit(X)\nclass C(Base):\n    def fit(self, X, y=None):\n        self.mean_ = 2\n        return self", "stale"),
    ("import threading\nclass D(Base):\n    def __init__(self):\n        self.lock = threading.Lock()", "D()"),
    ("Made = type('Made', (Base,), {})", "Made()"),
]


def test_refused_by_name_and_cell(tmp_path: Path) -> None:
    book = [*DEFINE, REFUSALS]
    for define, model in CASES:
        book += [define, f"refused({model})"]
    book.append(f"pathlib.Path({str(tmp_path / 'said.json')!r}).write_text(json.dumps(said))")
    (tmp_path / "table.json").write_text('{"a": {"0": 1}}')
    NotebookClient(cells(*book), **PATIENT, resources={"metadata": {"path": str(tmp_path)}}).execute()
    said = json.loads((tmp_path / "said.json").read_text())
    assert said[0] == "hidden_state: A uses the variable table of cell [9], which a clean process would not have."
    assert said[1] == "hidden_state: B uses the variable seen of cell [11], which was changed after its cell had run."
    assert said[2] == "hidden_state: A function of the model uses the variable step of cell [13], which a clean process would not have."
    assert said[3] == "nothing was said"
    assert said[4].startswith("model_invalid: The model was made with an earlier definition of C; cell [17]")
    assert said[5].startswith("model_invalid: The model cannot be stored: cannot pickle '_thread.lock'")
    assert said[6].startswith("hidden_state: The model uses the variable Made of cell [21]")


def test_code_of_the_workspace_goes_along(tmp_path: Path) -> None:
    package = tmp_path / "ours" / "fares"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from .rates import RATE\n")
    (package / "rates.py").write_text("RATE = 7\n")
    (package / "steps.py").write_text("import taxes\nfrom fares import RATE\ndef priced(X):\n    return X * RATE + taxes.TAX\n")
    (package / "data.ipynb").write_text("{}")
    (package / ".env").write_text("TOKEN=1")
    (tmp_path / "ours" / "taxes.py").write_text("TAX = 3\n")
    script = tmp_path / "ours" / "train.py"
    script.write_text(
        textwrap.dedent(DEFINE[0])
        + "from fares.steps import priced\nprices = lambda X: priced(X)\n"
        + "pipe = make_pipeline(FunctionTransformer(prices), LinearRegression()).fit(X, y)\n"
        + "class Prices: pass\nrounded = Prices\n"
        + textwrap.dedent(SAVE.format(place=str(tmp_path / "place")))
    )
    (tmp_path / "place").mkdir()
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, cwd=tmp_path, env=os.environ | {"PYTHONPATH": ""})
    assert done.returncode == 0, done.stderr
    facts = json.loads((tmp_path / "place" / "facts.json").read_text())
    travels = [name for name in facts["code"] if not name.startswith("prices_")]
    assert travels == ["fares/__init__.py", "fares/rates.py", "fares/steps.py", "taxes.py"]
    assert asked_again(tmp_path / "place", tmp_path)["answers"] == pytest.approx(facts["answers"], rel=1e-12)
