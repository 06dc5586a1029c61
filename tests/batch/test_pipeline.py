"""A pipeline's plan, before anything runs: its order, what is wrong with it, and what a step's state leads to."""

import json
import os
import platform
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mlops_nb.batch.notebook import Value, read_notebook
from mlops_nb.batch.pipeline import Pipeline, PipelineInvalid, PipelineNotFound, Step, check, layers, values_for
from mlops_nb.batch.pipeline_picture import SIGNS
from mlops_nb.batch.pipeline_record import (
    PipelineRecord,
    StepState,
    find_record,
    read_record,
    records,
    why_again,
    write_record,
)
from mlops_nb.core.errors import NotebookNotFound, ParameterUnknown, UsageError
from mlops_nb.core.process import began

@pytest.fixture
def find(bench):
    "Finds a step's notebook in the bench; every one has a parameter month and a parameter rows."
    for name in ("a", "b", "c"):
        bench.notebook(name, "print(month)", parameters="month = 1\nrows = ''")

    def found(step: Step):
        return read_notebook(bench.root / step.notebook)

    return found


def graph(*steps: Step, **more) -> Pipeline:
    return Pipeline("monthly", steps, **more)


def test_tables_and_names_make_the_order() -> None:
    told = graph(
        Step("report", "a.ipynb", reads="scored", after="weather"),
        Step("score", "a.ipynb", {"rows": {"snapshot": "clean"}}, writes="scored"),
        Step("clean", "a.ipynb", writes="clean"),
        Step("weather", "a.ipynb"),
        Step("grow", "a.ipynb", reads="events", writes="events"),  # its own table is no circle
    )
    assert layers(told) == [["clean", "weather", "grow"], ["score"], ["report"]]
    assert told.before("report") == ("weather", "score")


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([Step("a", "a.ipynb", after="b"), Step("b", "b.ipynb", after="a")], "circle: a → b → a"),
        ([Step("a", "a.ipynb", reads="t2", writes="t1"), Step("b", "b.ipynb", reads="t1", writes="t2")], "circle: a → b → a"),
        ([Step("a", "a.ipynb", if_failed="b"), Step("b", "b.ipynb", if_failed="a")], "circle"),
        ([Step("clean", "a.ipynb"), Step("b", "b.ipynb", after="claen")], "Did you mean clean?"),
        ([Step("a", "a.ipynb"), Step("a", "b.ipynb")], "two steps named a"),
        ([Step("a", "a.ipynb", writes="t"), Step("b", "b.ipynb", writes="t")], "a and b both write t"),
        ([Step("a", "a.ipynb", reads="nowhere")], "a reads nowhere, which no step writes"),
        ([Step("a", "a.ipynb", {"rows": {"snapshot": "nowhere"}})], "a reads nowhere, which no step writes"),
        ([Step("a", "a.ipynb", retries=-1)], "retries is -1"),
        ([Step("a", "a.ipynb", timeout_s="soon")], "timeout_s is 'soon'"),
        ([Step("a", "a.ipynb", on_failure="panic")], "on_failure is 'panic'"),
    ],
)
def test_what_cannot_work_is_named(find, steps, words) -> None:
    with pytest.raises(PipelineInvalid) as caught:
        check(graph(*steps), find, tables={"there"})
    assert words in str(caught.value)


def test_notebooks_and_parameters_are_looked_at_before_anything_starts(find) -> None:
    with pytest.raises(NotebookNotFound, match="Step x: There is no notebook"):
        check(graph(Step("a", "a.ipynb"), Step("x", "missing.ipynb")), find)
    with pytest.raises(ParameterUnknown, match=r"Step a: .*no parameter 'mnoth'.*Did you mean month"):
        check(graph(Step("a", "a.ipynb", {"mnoth": 3})), find)
    with pytest.raises(UsageError, match=r"Step a: Parameter month of a\.ipynb is int, not str"):
        check(graph(Step("a", "a.ipynb", {"month": [1, "March"]})), find)
    with pytest.raises(ParameterUnknown, match="'mnth'"):
        check(graph(Step("a", "a.ipynb")), find, given={"mnth": 3})
    with pytest.raises(ParameterUnknown, match="'year'"):
        check(graph(Step("a", "a.ipynb"), parameters={"year": 2013}), find)


def test_the_call_wins_over_the_step_and_the_step_over_the_pipeline(find) -> None:
    step = Step("a", "a.ipynb", {"month": 2})
    told = graph(step, Step("b", "b.ipynb"), parameters={"month": 1, "rows": "x"})
    notebooks = check(told, find)
    assert values_for(told, step, notebooks["a"], {}) == {"month": 2, "rows": "x"}
    assert values_for(told, told.step("b"), notebooks["b"], {}) == {"month": 1, "rows": "x"}
    assert values_for(told, step, notebooks["a"], {"month": Value([3, 4])}) == {"month": {"value": [3, 4]}, "rows": "x"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("steps: []", "has no steps"),
        ("just words", "a mapping is expected"),
        ("steps:\n  - {name: a", "line 2"),
        ("step: {a: a.ipynb}", "unknown word 'step'. Did you mean steps?"),
        ("steps: {a: {notebook: a.ipynb, read: x}}", "unknown word 'read'. Did you mean reads?"),
        ("steps: [{name: a}]", "step a: `notebook` is not given"),
        ("steps: {a: {notebook: a.ipynb, reads: 3}}", "a.reads is 3"),
        ("steps: {a: {notebook: a.ipynb, parameters: [1]}}", "parameters is not a mapping"),
        ("steps: {a: {notebook: a.ipynb, after: [b]}, b: 7}", "number"),
    ],
)
def test_yaml_that_is_wrong_says_where(text, words, find) -> None:
    with pytest.raises((PipelineInvalid, NotebookNotFound)) as caught:
        check(Pipeline.from_yaml(text, "monthly"), find)
    assert words in str(caught.value) or "7" in str(caught.value)


def test_yaml_and_json_give_back_what_was_there() -> None:
    told = graph(
        Step("a", "a.ipynb", {"months": Value([1, 2]), "month": [1, 2]}, writes="t", retries=2, backoff_s=0.5, if_failed="c.ipynb"),
        Step("b", "b.ipynb", {"rows": {"snapshot": "t"}}, on_failure="continue", timeout_s=60, always=True),
        description="Zwölf Monate",
    )
    assert Pipeline.from_yaml(told.to_yaml()) == told == Pipeline.from_dict(json.loads(json.dumps(told.to_dict())))


MADE = {"cells": "n1", "parameters": {"month": 3}, "environment": "e1"}
DONE = StepState("a", "finished", runs=("r1",), made_of=MADE | {"inputs": {"raw": "d1"}, "outputs": {"t@4": "d2"}})


@pytest.mark.parametrize(
    ("present", "lake", "why"),
    [
        ({}, {}, ""),
        ({"cells": "n2"}, {}, "its notebook changed"),
        ({"parameters": {"month": 4}}, {}, "month changed"),
        ({"environment": "e2"}, {}, "the installed packages changed"),
        ({}, {"raw": "d9"}, "raw changed"),
        ({}, {"raw": None}, "raw changed"),
        ({}, {"t": "d9"}, "t is no longer what it wrote"),
        ({"inputs": ["raw", "t"]}, {}, ""),  # it reads and writes t
        ({"inputs": ["raw", "more"]}, {"more": "d5"}, "more changed"),
    ],
)
def test_a_step_runs_again_for_a_reason(present, lake, why) -> None:
    known = {"raw": "d1", "t": "d2"} | lake
    assert why_again(DONE, MADE | {"inputs": ["raw"]} | present, known.get) == why


def record(home: Path, pipeline: Pipeline, id: str, **more) -> PipelineRecord:
    told = {"status": "running", "host": platform.node(), "pid": os.getpid(), "began": began(os.getpid())} | more
    steps = tuple(StepState(step.name) for step in pipeline.steps)
    return PipelineRecord(id, pipeline, steps=steps, folder=str(home / id), **told)


def test_a_record_whose_process_is_gone_says_so(tmp_path) -> None:
    told = graph(Step("a", "a.ipynb"), Step("b", "b.ipynb", after="a"))
    alive = record(tmp_path, told, "20130301-monthly-1")
    write_record(replace(alive, steps=(StepState("a", "running"), StepState("b"))))
    assert find_record(tmp_path, "monthly").status == "running"
    gone = record(tmp_path, told, "20130302-monthly-2", began="0")
    write_record(replace(gone, steps=(StepState("a", "running"), StepState("b"))))
    died = find_record(tmp_path, "monthly")
    assert (died.id, died.status) == ("20130302-monthly-2", "failed") and [s.status for s in died.steps] == ["failed", "blocked"]
    assert [r.id for r in records(tmp_path)] == ["20130302-monthly-2", "20130301-monthly-1"]
    elsewhere = replace(alive, host="another-host", began="0")
    write_record(elsewhere)
    assert read_record(Path(elsewhere.folder)).status == "running"
    with pytest.raises(PipelineNotFound, match="Did you mean monthly"):
        find_record(tmp_path, "monthy")


def test_the_picture_is_whole_and_escaped(tmp_path) -> None:
    names = ["<script>alert(1)</script>", 'b" onload="x', "c & d"]
    steps = [Step(name, "a.ipynb", after=names[:i]) for i, name in enumerate(names)]
    told = record(tmp_path, graph(*steps, description="<b>"), "x")
    drawn = replace(told, steps=tuple(StepState(n, "failed", error="<img src=x>") for n in names))._repr_html_()
    tree = ElementTree.fromstring(drawn)
    tags = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert tags == {"svg", "title", "desc", "style", "defs", "marker", "path", "text", "rect", "g", "circle"}
    assert not any(name.startswith("on") for element in tree.iter() for name in element.attrib)
    titles = [e.text for e in tree.iter("{http://www.w3.org/2000/svg}title")]
    assert any(names[0] in t and "<img src=x>" in t for t in titles) and tree.get("role") == "img"
    ids = {e.get("id") for e in tree.iter() if e.get("id")}
    assert set(tree.get("aria-labelledby").split()) <= ids


def test_every_status_has_a_sign() -> None:
    from typing import get_args

    from mlops_nb.batch.pipeline_record import StepStatus

    assert set(get_args(StepStatus)) == set(SIGNS)
