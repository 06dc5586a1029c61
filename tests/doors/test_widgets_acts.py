"""Registering, deploying and running from a cell: the widgets in Python, on a real workspace with its agent and server."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
from deployed import FEATURES, Desk, pipeline, registered, rows_of, wait_for
from ipywidgets.widgets.widget import _instances

import mlops_nb
from mlops_nb import DeployWidget, RegisterWidget, RunsWidget
from mlops_nb.core.errors import UsageError
from mlops_nb.doors.widget_parts import Markup, Widget

NOTEBOOK = """month = 3  # type: int which month
word = "on time"
"""
WORK = """import time
if month == 13:
    raise ValueError("there is no month 13")
while month == 99:
    time.sleep(0.05)
print(month, word)
"""


def cell(source: str, *tags: str) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {"tags": list(tags)}, "outputs": [], "execution_count": None, "source": source}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Two versions, an agent when it is needed, and a notebook with parameters."""
    root = registered(tmp_path_factory.mktemp("acts"))
    cells = [cell(NOTEBOOK, "parameters"), cell(WORK)]
    (root / "tell.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    desk = Desk(root)
    yield desk
    desk.close()


def ended(widget: Widget) -> bool:
    """Whether nothing is on any more, and its end is said: that comes after it is busy no more."""
    return not widget.busy and "<progress" not in widget.line.value


def settled(widget: Widget) -> None:
    """Waits until nothing is on any more; what went wrong is the failure."""
    wait_for(lambda: ended(widget), f"{widget.said} …")
    assert not widget.failed, f"{widget.said} {widget.hint}"


def visible(part: Any) -> bool:
    return part.layout.display != "none"


def press(widget: Widget, label: str) -> None:
    """Clicks the button of that name, as a person finds it."""

    def below(part: Any) -> Iterator[Any]:
        yield part
        for child in getattr(part, "children", ()):
            if visible(child):
                yield from below(child)

    (found,) = [one for one in below(widget) if isinstance(one, ipywidgets.Button) and one.description == label]
    found.click()


class Slow(Widget):
    """A widget of a test."""

    title = "Slow"

    def summary(self) -> list[tuple[str, Any]]:
        return [("bold", Markup("<b>so</b>")), ("plain", "<b>not so</b>")]


def test_a_second_click_starts_nothing_and_an_error_says_what_to_do(desk: Desk) -> None:
    import threading

    slow, go, calls = Slow(desk.ws), threading.Event(), []
    slow.show()

    def work() -> int:
        calls.append(1)
        assert go.wait(300)
        return 7

    first = slow.act("Working …", lambda n: f"It is {n}.", work)
    assert slow.busy and slow.said == "Working …" and "<progress" in slow.line.value
    assert slow.act("Again …", "Done.", work) is None
    go.set()
    first.join(300)
    assert (slow.said, slow.failed, calls) == ("It is 7.", False, [1])

    def refuse() -> None:
        raise UsageError("No table trips.", hint="Commit one.")

    slow.act("…", "Done.", refuse).join(300)
    assert (slow.said, slow.hint, slow.failed, slow.busy) == ("No table trips.", "Commit one.", True, False)
    assert "role='alert'" in slow.line.value
    slow.act("…", "Done.", lambda: 1 / 0).join(300)
    assert slow.said == "ZeroDivisionError: division by zero"
    slow.close()


def test_a_look_that_fails_is_said_until_it_answers_again(desk: Desk) -> None:
    slow, away, looks = Slow(desk.ws), [False], []
    slow.show()

    def look() -> None:
        looks.append(1)
        if away[0]:
            raise UsageError("Nobody answers.")

    slow.follow(0.01, look)
    away[0] = True
    wait_for(lambda: slow.failed, "the failure is said")
    away[0] = False
    wait_for(lambda: not slow.failed and slow.said == "", "it answers again")
    slow.close()
    wait_for(lambda: not any(one.is_alive() for one in slow._threads), "its thread ends")
    seen = len(looks)
    slow.act("…", "Done.", lambda: looks.append(2))
    assert len(looks) == seen


def test_closing_leaves_nothing_behind_and_text_is_escaped(desk: Desk) -> None:
    before = set(_instances)
    slow = Slow(desk.ws)
    slow.show(ipywidgets.HTML("x"))
    slow.show(ipywidgets.HTML("y"))
    bundle = slow._repr_mimebundle_()
    assert "bold: so" in bundle["text/plain"] and "plain: <b>not so</b>" in bundle["text/plain"]
    assert "<b>so</b>" in bundle["text/html"] and "&lt;b&gt;not so" in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle
    slow.close()
    left = [_instances[id] for id in set(_instances) - before]
    assert left == []


def test_registering_ends_in_a_card(desk: Desk) -> None:
    train, test = (rows_of(month, count).drop(columns="month") for month, count in ((1, 1_500), (2, 300)))
    model = pipeline(5).fit(train[FEATURES], train["late"])
    values = {"train": train, "test": test, "clf": model, "rows": 3}
    widget = RegisterWidget(model, "punctual", workspace=desk.ws, values=values, description="Whether a flight is late")
    assert (widget.model, widget.train, widget.test, widget.target) == ("clf", "train", "test", "late")
    assert (widget.id, widget.time) == ("flight_id", "scheduled")
    assert "delay" in widget.fields["name"].options
    wait_for(lambda: widget.contract is not None, "the contract that will be recorded")
    assert set(widget.contract.columns) == set(FEATURES) and "Lineage" in widget.lineage.value
    seen: list[Any] = []
    widget.observe(lambda change: seen.append(change["new"].ref), "version")
    press(widget, "Register")
    settled(widget)
    assert seen == ["punctual/1"] and widget.version.state == "proven"
    assert widget.version.description == "Whether a flight is late" and widget.version.time == "scheduled"
    assert "punctual/1" in widget.result.value and "auc" in widget.result.value
    (card,) = widget.card.outputs
    assert "Whether a flight is late" in card["data"]["text/markdown"] and not card["data"]["text/markdown"].startswith("---")
    assert "registered: punctual/1" in widget._repr_mimebundle_()["text/plain"]
    widget.close()


def test_a_column_that_says_the_same_in_each_row_is_no_target(desk: Desk) -> None:
    train = rows_of(1, 500).assign(year=1)
    train = train[["year", "month", *train.columns.drop(["year", "month"])]]  # 1 equals True, and both come first
    widget = RegisterWidget(pipeline(2).fit(train[FEATURES], train["late"]), workspace=desk.ws, values={"train": train})
    assert (widget.target, widget.name) == ("late", "late")
    widget.close()


def test_the_form_refuses_what_it_does_not_offer(desk: Desk) -> None:
    train = rows_of(1, 500)
    model = pipeline(2).fit(train[FEATURES], train["late"])
    widget = RegisterWidget(model, workspace=desk.ws, values={"train": train})
    assert widget.model == "model" and widget.test == ""
    with pytest.raises(UsageError, match="train"):
        widget.train = "trian"
    assert widget.train == "train"
    widget.target = ""
    widget.register()
    assert widget.failed and widget.said == "Target is missing."
    widget.close()
    nothing = RegisterWidget(workspace=desk.ws, values={})
    assert visible(nothing.nothing) and not visible(nothing.form)
    nothing.close()


def test_deploying_asks_first_serves_counts_and_goes_back(desk: Desk) -> None:
    widget = DeployWidget("delay/1", workspace=desk.ws, every=0.1)
    assert (widget.model, widget.name, widget.target, widget.revision) == ("delay", "delay", "delay/1", 0)
    assert "Nothing answers under this name yet." in widget.card.value and "no key" in widget.keys_hint.value
    press(widget, "Deploy")
    assert widget.asking == "delay: all requests go to delay/1." and desk.ws.deployments() == []
    press(widget, "Leave it as it is")
    assert widget.asking == "" and desk.ws.deployments() == []
    press(widget, "Deploy")
    widget.reason.value = "the first one"
    widget.yes.click()
    settled(widget)
    wait_for(lambda: widget.state == "ready", "it answers, as the newest look sees it")  # a look that began before may end after it
    assert (widget.revision, widget.deployment.reason) == (1, "the first one")
    assert "delay/1" in widget.card.value and "/models/delay" in widget.card.value

    trial = widget.trial
    wait_for(lambda: trial.fields, "the form to try it")
    assert list(trial.fields)[: len(FEATURES)] == FEATURES and "UA" in trial.fields["carrier"].options
    trial.fields["distance"].value = "far"
    trial.ask_once()
    assert trial.failed and "number" in trial.said
    trial.fields["distance"].value = "1416"
    press(trial, "Ask")
    settled(trial)
    assert trial.answer["answer"]["predictions"][0] in (True, False) and trial.answer["version"]

    widget.canary, widget.share = "delay/2", 40.0
    press(widget, "Deploy")
    widget.reason.value = "try it"
    widget.share = 30.0  # what is asked is what would be done
    assert "70 % of the requests go to delay/1, 30 % to delay/2" in widget.asking and widget.reason.value == "try it"
    widget.share = 40.0
    assert "60 % of the requests go to delay/1, 40 % to delay/2" in widget.asking
    widget.yes.click()
    settled(widget)
    assert [(r.role, r.weight) for r in widget.deployment.routes] == [("live", 60.0), ("canary", 40.0)]
    press(trial, f"Send {trial.MANY} example requests")
    settled(trial)
    wait_for(lambda: widget.traffic.get("delay/2", {}).get("requests"), "the canary's numbers come")
    wait_for(lambda: "canary" in widget.numbers.value and "judged after 50 requests" in widget.numbers.value, "they are drawn")
    assert "canary" in widget._repr_mimebundle_()["text/plain"]

    other = desk.ws.deploy("delay/2", name="delay", reason="somebody else")
    widget.canary = ""
    press(widget, "Deploy")
    widget.yes.click()
    wait_for(lambda: ended(widget), "refused")
    assert widget.failed and str(other.revision) in f"{widget.said} {widget.hint}"

    press(widget, "Roll back")
    assert widget.asking
    widget.yes.click()
    settled(widget)
    wait_for(lambda: [r.version for r in widget.deployment.routes] == ["delay/1", "delay/2"], "what was before is seen again")
    assert widget.canary == "delay/2"
    widget.close()


def test_without_models_or_with_a_stranger_it_teaches(desk: Desk, tmp_path: Path) -> None:
    from mlops_nb.core.settings import init

    init(tmp_path)
    empty = DeployWidget(workspace=tmp_path)
    assert visible(empty.nothing) and not visible(empty.form)
    empty.deploy()
    assert empty.failed and empty.said == "Answers is missing."
    empty.close()


def test_a_grid_is_run_watched_compared_ended_and_resumed(desk: Desk) -> None:
    widget = RunsWidget("tell.ipynb", workspace=desk.ws, every=0.1, month=[3, 13])
    assert widget.form.count == 2
    press(widget, "Run")
    settled(widget)
    assert len(widget.started) == 2 and widget.view == "runs" and widget.grid

    def status() -> dict[int, str]:
        return {run.parameters["month"]: run.status for run in widget.runs if run.id in widget.started}

    wait_for(lambda: status() == {3: "finished", 13: "failed"}, f"both end: {status()}")
    shown = {line.run.id: line.told.value for line in widget.lines if line.run}
    failed = next(run for run in widget.runs if run.status == "failed")
    assert "✕ failed" in shown[failed.id] and "there is no month 13" in shown[failed.id]
    widget.choose(*widget.started)
    press(widget, "Compare")
    settled(widget)
    assert {one.name for one in widget.comparison.differs} >= {"month", "status"} and "month" in widget.result.value

    widget.choose(failed.id)
    press(widget, "Open")
    settled(widget)
    (out,) = widget.opened.outputs
    assert "executed.ipynb" in out["data"]["text/plain"] and failed.id in widget.result.value
    press(widget, "Resume")
    settled(widget)
    wait_for(lambda: any(run.because == f"resumes {failed.id}" for run in widget.runs), "the next attempt is in the table")

    widget.view = "start"
    widget.form.fill({"month": 99})
    widget.form.lines["month"].many.value = False
    press(widget, "Run")
    settled(widget)
    (one,) = widget.started
    wait_for(lambda: any(run.id == one and run.status == "running" for run in widget.runs), "it runs")
    widget.choose(one)
    press(widget, "Cancel")
    assert widget.asking.startswith("1 run ends")
    widget.yes.click()
    settled(widget)
    wait_for(lambda: desk.ws.get_run(one).status == "cancelled", "it has ended")
    wait_for(lambda: f"{one}: – cancelled" in widget._repr_mimebundle_()["text/plain"], "the table says so")
    widget.close()


def test_what_runs_by_itself_is_said_before_and_removed_on_yes(desk: Desk) -> None:
    widget = RunsWidget("tell.ipynb", workspace=desk.ws, every=5)
    widget.view = "schedules"
    form = widget.schedules
    form.way, form.when, form.name = "every", "1d", "daily"
    assert "day" in form.means.value and form.preview is not None
    press(form, "Schedule")
    settled(form)
    assert [one.name for one in form.schedules] == ["daily"] and form.chosen == "daily" and "daily" in form.table.value
    press(form, "Pause")
    settled(form)
    assert desk.ws.schedules()[0].state == "paused"
    press(form, "Remove")
    assert form.asking and desk.ws.schedules()
    form.yes.click()
    settled(form)
    assert desk.ws.schedules() == [] and not visible(form.acts)
    widget.close()


def test_while_the_agent_is_down_it_says_so_and_starts_it_again(desk: Desk) -> None:
    widget = DeployWidget("delay/1", workspace=desk.ws, every=0.1)
    if not widget.deployment or widget.state != "ready":
        press(widget, "Deploy")
        widget.yes.click()
        settled(widget)
    desk.ws.down()
    wait_for(lambda: visible(widget.start), "the way to start it again")
    assert "The agent is not running" in widget.card.value and not widget.failed
    press(widget, "Start serving")
    settled(widget)
    wait_for(lambda: widget.state == "ready" and not visible(widget.start), "it answers again")
    widget.close()


def test_the_front_door_offers_them() -> None:
    assert {"RegisterWidget", "DeployWidget", "RunsWidget"} <= set(dir(mlops_nb))
    assert issubclass(mlops_nb.RunsWidget, ipywidgets.VBox)
