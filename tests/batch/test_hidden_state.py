"""What a file tells of the session that saved it."""

import json
from pathlib import Path

import nbformat.v4 as v4
import pytest

from mlops_nb.batch.hidden_state import hidden_state
from mlops_nb.core.errors import NotebookInvalid, NotebookNotFound

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def found(tmp_path):
    def of(*cells, counts=None, language="python", **more):
        made = [v4.new_code_cell(source) for source in cells]
        for cell, count in zip(made, counts or (), strict=False):
            cell["execution_count"] = count
        for number, outputs in more.items():
            made[int(number[1:]) - 1]["outputs"] = outputs
        path = tmp_path / "a notebook.ipynb"
        spec = {"name": "k", "language": language, "display_name": "k"}
        path.write_text(json.dumps(v4.new_notebook(cells=made, metadata={"kernelspec": spec})))
        return [(f.name, f.state, f.detail) for f in hidden_state(path)]

    return of


@pytest.mark.parametrize(
    ("cells", "name", "words"),
    [
        (["x = 1", "x + y"], "cell 2", "no cell above defines"),
        (["x + 1", "x = 1"], "cell 1", "which cell 2 defines, further down"),
        (["x = x + 1"], "cell 1", "before it defines it"),
        (["x += 1"], "cell 1", "before it defines it"),
        (["x = 1", "del x", "print(x)"], "cell 3", "uses x"),
        (["def f(a, b=c):\n    return a"], "cell 1", "uses c (line 1)"),
        (["def f():\n    return total\n\nf()"], "cell 1", "uses total (line 2)"),
        (["class A(Base):\n    pass"], "cell 1", "uses Base"),
        (["[a for a in rows]"], "cell 1", "uses rows"),
        (["@cached\ndef f():\n    pass"], "cell 1", "uses cached"),
        (["for i in range(n):\n    pass"], "cell 1", "uses n"),
        (["%%time\nfit(1)"], "cell 1", "uses fit"),
        (["%time fit(1)"], "cell 1", "uses fit"),
        (["n = 3", "f'{n} of {m}'"], "cell 2", "uses m"),
        (["if True"], "cell 1", "not valid Python"),
    ],
)
def test_what_a_fresh_kernel_would_lack_is_named(found, cells, name, words):
    ((where, state, detail),) = found(*cells)
    assert (where, state) == (name, "fail") and words in detail, detail


@pytest.mark.parametrize(
    "cells",
    [
        ["import a.b, c as d\nfrom e import f as g", "a.b, d, g"],
        ["from numpy import *", "mean(arange(3))"],
        ["def f():\n    return later()", "def later():\n    return 1", "f()"],
        ["def f(n):\n    def g():\n        return n + m\n    m = 2\n    return g()", "f(1)"],
        ["def f():\n    global seen\n    seen = 1", "f()", "seen"],
        ["with open('x') as file, (1, 2) as (a, b):\n    file, a, b"],
        ["try:\n    import polars\nexcept ImportError as problem:\n    print(problem)\n    polars = None", "polars"],
        ["try:\n    cache\nexcept NameError:\n    cache = {}", "cache"],
        ["if 'x' not in globals():\n    x = 1", "x"],
        ["(total := 3)", "[y := i for i in range(3)]", "total, y"],
        ["match {'a': 1}:\n    case {'a': n, **rest}:\n        n, rest\n    case [first, *others] as whole:\n        first, others, whole"],
        ["class A:\n    n = 1\n    m = n\n    def f(self) -> 'A':\n        return A()", "A().f()"],
        ["(lambda a, *b, c=1, **d: (a, b, c, d))(1)"],
        ["{k: v for k, vs in [(1, [2])] for v in vs if v}"],
        ["async def f():\n    return 1", "await f()", "async for i in f():\n    i"],
        ["files = !ls\n%matplotlib inline\n!echo {files}", "files"],
        ["%%bash\necho $HOME; if then", "%%capture out\nprint(1)", "out"],
        ["%run setup.py", "whatever_it_defines"],
        ["In[1], Out, _, _1, _i3, display, get_ipython, __name__, __file__"],
        ["df = 1\ndf?", "?df", "df.real??"],
        ["x: int\nx = 1\ny: list[int] = [x]", "y"],
        ["text = '''\n% not a magic\n'''", "a = (7\n % 2)"],
    ],
)
def test_what_works_from_top_to_bottom_is_left_alone(found, cells):
    assert found(*cells) == []


def test_parameters_are_given(tmp_path):
    cells = [v4.new_code_cell("month = 3", metadata={"tags": ["parameters"]}), v4.new_code_cell("month, model")]
    path = tmp_path / "score.ipynb"
    path.write_text(json.dumps(v4.new_notebook(cells=cells)))
    assert [f.detail for f in hidden_state(path)] == ["uses model (line 1), which no cell above defines"]
    assert hidden_state(path, given=["model"]) == []


def test_an_order_that_no_run_from_top_to_bottom_leaves(found):
    assert found("1", "2", "3", counts=[1, 2, 5]) == [], "a gap is a cell that was run twice"
    assert found("1", "2", "3", counts=[None, 2, None]) == []
    ((name, state, words),) = found("1", "2", "3", counts=[1, 3, 2])
    assert (name, state) == ("cell 3", "warn") and "before cell 2 above it ([3])" in words
    ((name, _, words),) = found("1", "2", counts=[4, 4])
    assert name == "cell 2" and "has the count of cell 1" in words


def test_outputs_that_are_not_of_the_cell_as_it_stands(found):
    text = [v4.new_output("stream", name="stdout", text="1")]
    assert "was not run as it stands" in found("print(1)", "x = 1", counts=[None, 1], c1=text)[0][2]
    assert found("print(1)", "x = 1", counts=[None, None], c1=text) == [], "a tool for git took all counts away"
    other = [v4.new_output("execute_result", execution_count=3, data={"text/plain": "1"})]
    assert "its output is of [3]" in found("1", counts=[7], c1=other)[0][2]
    broken = [v4.new_output("error", ename="KeyError", evalue="x", traceback=[])]
    assert "error in its output" in found("1", counts=[1], c1=broken)[0][2]


def test_other_languages_are_judged_by_their_counts_alone(found):
    assert found("library(dplyr); x <- y", "y <- 1", counts=[1, 2], language="R") == []
    assert len(found("x <- y", "y <- 1", counts=[2, 1], language="R")) == 1


def test_what_is_no_notebook_is_named(tmp_path):
    with pytest.raises(NotebookNotFound):
        hidden_state(tmp_path / "none.ipynb")
    (tmp_path / "bad.ipynb").write_text("{")
    with pytest.raises(NotebookInvalid):
        hidden_state(tmp_path / "bad.ipynb")


def test_our_own_notebooks_have_none():
    paths = [p for p in sorted((ROOT / "nbs").rglob("*.ipynb")) if ".ipynb_checkpoints" not in p.parts]
    found = {str(p.relative_to(ROOT)): [(f.name, f.detail) for f in hidden_state(p) if f.state == "fail"] for p in paths}
    assert len(found) > 50 and {name: faults for name, faults in found.items() if faults} == {}
