"""A compiled program: any row, both kernels, forged bytes, and what a worker has to import for it."""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from mlops_nb.core.errors import BytesNotPermitted, ModelInvalid
from mlops_nb.core.records import ModelVersion
from mlops_nb.score.form import read_form
from mlops_nb.score.predictor import Spec, ask
from mlops_nb.score.program import Program, load_program
from mlops_nb.score.proof import write_examples
from mlops_nb.score.served import Served, check_parity, describe, open_program, read_served, write_served

random = np.random.default_rng(5)
N = 500
FRAME = pd.DataFrame(
    {
        "carrier": random.choice(["UA", "AA", "B6"], N),
        "distance": random.integers(90, 3_000, N),
        "gust": np.where(random.random(N) < 0.5, np.nan, random.normal(22, 5, N).round(1)),
    }
)
LATE = (FRAME["gust"] > 24) | (FRAME["carrier"] == "B6") & (random.random(N) < 0.5)
HOT = ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["carrier"])
TREES = make_pipeline(ColumnTransformer([HOT], remainder="passthrough"), HistGradientBoostingClassifier(max_iter=10, random_state=0))
SUM = make_pipeline(
    ColumnTransformer([HOT, ("n", make_pipeline(SimpleImputer(), StandardScaler()), ["distance", "gust"])]), LogisticRegression()
)
DEEP = make_pipeline(ColumnTransformer([HOT], remainder="passthrough"), RandomForestRegressor(5, random_state=0))
SPEC = Spec(tuple(FRAME), "binary", "late", classes=(False, True))
MODELS: dict[str, tuple[Any, Spec]] = {
    "masks": (TREES.fit(FRAME, LATE), SPEC),
    "linear": (SUM.fit(FRAME, LATE), SPEC),
    "forest": (DEEP.fit(FRAME, FRAME["distance"] / 7), Spec(tuple(FRAME), "regression", "minutes")),
}


def evidence(folder: Path, kernel: str) -> Path:
    """What registering leaves of a model; written by another process, as a server never compiles."""
    from mlops_nb.desk.compiling import write_compiled

    folder.mkdir(parents=True)
    model, spec = MODELS[kernel]
    rows = FRAME.head(40)
    spec.write(folder)
    write_examples(folder, rows, ask(model, rows, spec))
    assert write_compiled(folder, model, spec, FRAME, rows).kernel == kernel
    return folder


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Small data: starting threads would take longer than the work."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Program]:
    place = tmp_path_factory.mktemp("forms")
    return {kernel: load_program(evidence(place / kernel, kernel) / "compiled") for kernel in MODELS}


NUMBER = st.one_of(st.none(), st.floats(-3e38, 3e38), st.integers(-(10**6), 10**6), st.sampled_from([0.0, -0.0, 5e-324, 22.0, 24.05]))
ROW = st.tuples(st.one_of(st.none(), st.sampled_from(["UA", "AA", "B6"]), st.text(max_size=4)), NUMBER, NUMBER)


@pytest.mark.parametrize("kernel", MODELS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, min_size=1, max_size=30))
def test_any_row_is_answered_as_the_model_does(programs: dict[str, Program], kernel: str, rows: list[Any]) -> None:
    program, (model, spec) = programs[kernel], MODELS[kernel]
    columns = [list(c) for c in zip(*rows, strict=True)]
    frame = pd.DataFrame({"carrier": pd.Series(columns[0], dtype=FRAME["carrier"].dtype)})
    frame = frame.assign(distance=np.array(columns[1], float), gust=np.array(columns[2], float))
    expected = ask(model, frame, spec)
    few, many = [program.row(r) for r in rows], program.batch_arrays(columns, len(rows))
    if spec.kind == "regression":
        assert np.allclose([p for p, _ in few], expected.prediction, rtol=1e-6, atol=0)
        assert np.allclose(many[0], expected.prediction, rtol=1e-6, atol=0)
        return
    assert expected.scores is not None
    assert np.abs(np.array([s for _, s in few]) - expected.scores).max() <= 1e-6
    assert np.abs(np.array(many[1]) - expected.scores).max() <= 1e-6
    clear = np.abs(expected.scores[:, 1] - 0.5) > 1e-6
    assert [p for (p, _), c in zip(few, clear, strict=True) if c] == expected.prediction[clear].tolist()
    assert [p for p, c in zip(many[0], clear, strict=True) if c] == expected.prediction[clear].tolist()


@pytest.mark.parametrize("kernel", MODELS)
def test_lists_arrays_and_sizes_agree(programs: dict[str, Program], kernel: str) -> None:
    program = programs[kernel]
    columns = [[None if v != v else v for v in FRAME[name].tolist()] for name in FRAME]
    arrays = [columns[0], FRAME["distance"].to_numpy(), FRAME["gust"].to_numpy()]
    whole, scores = program.batch(columns, N)
    assert program.batch(arrays, N) == (whole, scores)
    for n in (1, 2, 9):
        answers, some = program.batch([c[:n] for c in arrays], n)
        assert np.allclose(np.array(answers, float), np.array(whole[:n], float), rtol=1e-12)
        assert some is None or np.allclose(some, scores[:n], rtol=0, atol=1e-12)
    row = program.row([c[0] for c in columns])
    assert row[0] == pytest.approx(whole[0]) and all(isinstance(v, bool | float) for v in (row[0], *(row[1] or ())))
    as_float = program.row([columns[0][0], float(columns[1][0]), math.nan if columns[2][0] is None else columns[2][0]])
    assert as_float == row  # whole numbers as floats, NaN as nothing


def test_an_older_version_is_described_without_a_compiled_form(tmp_path: Path) -> None:
    folder = evidence(tmp_path / "v", "masks")
    for name in ("signature.json", "compiled.json", "compiled/program.json"):
        (folder / name).unlink()
    served = describe(folder, ModelVersion("delay", 3))
    assert not served.compiled and "mlops-nb models compile delay/3" in served.note
    assert [i["type"] for i in served.signature["inputs"]] == ["string", "int", "float"]
    with pytest.raises(ModelInvalid, match="no compiled form"):
        open_program(folder, served)


@pytest.mark.parametrize("name", ["compiled/program.json", "compiled/masks.bin", "examples.parquet", "signature.json"])
def test_changed_bytes_are_not_used(tmp_path: Path, name: str) -> None:
    folder = evidence(tmp_path / "v", "masks")
    served = describe(folder, ModelVersion("delay", 1))
    assert check_parity(open_program(folder, served), served).same
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(BytesNotPermitted):
        open_program(folder, served)


def test_a_form_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    folder = evidence(tmp_path / "v", "masks") / "compiled"
    (folder / "masks.bin").write_bytes((folder / "masks.bin").read_bytes()[:-4])
    with pytest.raises(ModelInvalid, match=r"masks\.bin"):
        read_form(folder)
    head = json.loads((folder / "program.json").read_text())
    (folder / "program.json").write_text(json.dumps(head | {"format": 99}))
    with pytest.raises(ModelInvalid, match="newer"):
        read_form(folder)


def test_names_and_words_never_become_code(tmp_path: Path) -> None:
    form = read_form(evidence(tmp_path / "v", "linear") / "compiled")
    trap = "x'*0 or __import__('pathlib').Path('trap').touch() or '"
    inputs = [{**form.head["inputs"][0], "name": trap, "keys": [trap, "UA", "B6"]}, *form.head["inputs"][1:]]
    program = Program(type(form)({**form.head, "inputs": inputs, "labels": [trap, "late"]}, form.parts))
    assert program.row([trap, 500, None])[0] in (trap, "late") and not Path("trap").exists()


SCORE = """
import json, sys
from pathlib import Path
from mlops_nb.score.served import check_parity, open_program, read_served
served = read_served(Path(sys.argv[1]))
program = open_program(Path(sys.argv[2]), served)
columns = [served.parity["columns"][n] for n in served.inputs]
answers = [program.row(row)[0] for row in zip(*columns)]
first = sorted({m.partition(".")[0] for m in sys.modules})
same = check_parity(program, served).same
print(json.dumps([answers, same, first, sorted({m.partition(".")[0] for m in sys.modules})]))
"""
FOREIGN = {"mlflow", "sqlalchemy", "deltalake", "whylogs", "pandas", "pyarrow", "sklearn", "scipy", "yaml", "onnx"}


@pytest.mark.parametrize("kernel", MODELS)
def test_a_worker_imports_little(tmp_path: Path, kernel: str) -> None:
    folder = evidence(tmp_path / "with space" / "v", kernel)
    served = describe(folder, ModelVersion("delay", 1))
    write_served(tmp_path / "served.json", served)
    assert read_served(tmp_path / "served.json") == Served.from_dict(json.loads(json.dumps(served.to_dict())))
    command = [sys.executable, "-c", SCORE, str(tmp_path / "served.json"), str(folder)]
    answers, same, first, all_of_it = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout)
    assert same and len(answers) == 40
    assert not FOREIGN & set(all_of_it), FOREIGN & set(all_of_it)
    if kernel != "forest":
        assert "numpy" not in first and "onnxruntime" not in all_of_it


def test_another_answer_is_found(tmp_path: Path) -> None:
    folder = evidence(tmp_path / "v", "masks")
    served = describe(folder, ModelVersion("delay", 1))
    form = read_form(folder / "compiled")
    words = {**form.head["masks"], "base": [form.head["masks"]["base"][0] + 1e-4]}
    found = check_parity(Program(type(form)({**form.head, "masks": words}, form.parts)), served)
    assert not found.same and "answered differently" in found.reason
