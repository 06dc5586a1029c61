"""A model's way in cells of one notebook: registered, deployed, asked, and a notebook run beside it; by clicks and keys."""

import json
import re
from pathlib import Path

import pytest
from acts import KERNEL, seen_by_axe
from playwright.sync_api import Locator, expect

TRAIN = """import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from mlops_nb import DeployWidget, RegisterWidget, RunsWidget, Workspace

ws = Workspace()
rng = np.random.default_rng(0)
flights = pd.DataFrame({"wind": rng.gamma(2.0, 5.0, 900), "carrier": rng.choice([1, 2, 3], 900)})
flights["late"] = rng.random(900) < 1 / (1 + np.exp(3 - flights["wind"] / 5))
train, test = flights[:700], flights[700:]
model = LogisticRegression().fit(train[["wind", "carrier"]], train["late"])"""


def cell(source: str, *tags: str) -> dict:
    return {"cell_type": "code", "metadata": {"tags": list(tags)}, "outputs": [], "execution_count": None, "source": source}


def write(path: Path, *cells: dict) -> None:
    path.write_text(json.dumps({"cells": list(cells), "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}))


@pytest.fixture
def book(root: Path) -> Path:
    (root / "nbs").mkdir()
    write(root / "nbs" / "tell.ipynb", cell("month = 3  # type: int which month", "parameters"), cell("print(f'flights of month {month}')"))
    acts = ('RegisterWidget(model, "delay")', 'DeployWidget("delay")', 'RunsWidget("nbs/tell.ipynb")')
    write(root / "nbs" / "ship.ipynb", cell(TRAIN), *(cell(source) for source in acts))
    return root


def test_a_model_is_registered_deployed_asked_and_a_notebook_run(open_lab, screen, book):
    page = screen.page
    page.set_viewport_size({"width": 1200, "height": 1000})
    screen.visit(open_lab(book))
    page.evaluate("window.jupyterapp.commands.execute('docmanager:open', {path: 'nbs/ship.ipynb'})")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()

    def run(number: int) -> None:
        page.locator(".jp-CodeCell").nth(number).locator(".jp-InputPrompt").click()
        page.evaluate("window.jupyterapp.commands.execute('notebook:run-cell')")

    def widget(title: str) -> Locator:
        return page.locator(".mlops-nb-widget").filter(has=page.get_by_role("heading", name=title, exact=True)).first

    # The form has found everything; one key registers.
    run(0)
    run(1)
    form = widget("Register a model")
    expect(form.get_by_label("Name", exact=True)).to_have_value("delay")
    expect(form.get_by_label("Target")).to_have_value(re.compile("late"))
    expect(form.get_by_text("Lineage that will be recorded")).to_be_visible()
    expect(form.get_by_text("Contract", exact=True)).to_be_visible()
    form.get_by_label("Description").fill("Whether a flight is late")
    screen.shoot("widget-register-form")
    form.get_by_role("button", name="Register").press("Enter")
    expect(form.get_by_role("status")).to_contain_text("delay/1 is proven")
    expect(form.get_by_text("Intended use").first).to_be_attached()
    form.get_by_role("status").scroll_into_view_if_needed()
    screen.shoot("widget-registered")

    # It says what it will do; the other button changes nothing.
    run(2)
    deploy = widget("Deploy a model")
    expect(deploy.get_by_text("Nothing answers under this name yet.")).to_be_visible()
    deploy.get_by_role("button", name="Deploy", exact=True).press("Enter")
    expect(deploy.get_by_role("alert")).to_contain_text("delay: all requests go to delay@champion.")
    expect(deploy.get_by_role("button", name="Leave it as it is")).to_be_focused()
    page.keyboard.press("Enter")
    expect(deploy.get_by_role("status").first).to_contain_text("Nothing was changed.")
    deploy.get_by_role("button", name="Deploy", exact=True).click()
    deploy.get_by_role("textbox", name="Reason").fill("the first one")
    deploy.get_by_role("button", name="Deploy", exact=True).nth(1).click()
    expect(deploy.get_by_role("status").first).to_contain_text("delay answers, at revision 1.")
    deploy.get_by_label("wind", exact=True).fill("31.5")
    deploy.get_by_role("button", name="Ask", exact=True).click()
    expect(deploy.get_by_role("row", name=re.compile("predictions"))).to_contain_text("yes")
    deploy.get_by_role("button", name=re.compile("Send 20")).click()
    expect(deploy.get_by_role("row", name=re.compile("champion .live."))).to_contain_text("21")
    deploy.scroll_into_view_if_needed()
    screen.shoot("widget-deploy")

    # A canary, whose share a slider sets; the sentence says it, and nothing happens yet.
    deploy.get_by_label("Canary", exact=True).select_option("version 1, proven")
    slider = deploy.get_by_role("slider")
    slider.press("ArrowRight")  # the notebook's own keys stay out of it
    expect(slider).to_be_focused()
    expect(deploy.get_by_label("Canary gets")).to_have_value("11")
    deploy.get_by_role("button", name="Deploy", exact=True).click()
    expect(deploy.get_by_role("alert")).to_contain_text("89 % of the requests go to delay@champion, 11 % to delay/1")
    slider.scroll_into_view_if_needed()
    assert seen_by_axe(page, ".mlops-nb-widget") == []
    screen.shoot("widget-canary")
    deploy.get_by_role("button", name="Leave it as it is").click()

    # A notebook with another value; its executed copy opens from its line.
    run(3)
    runs = widget("Runs")
    runs.get_by_label("month").fill("7")
    runs.get_by_role("button", name="Run", exact=True).click()
    line = runs.get_by_role("checkbox", name=re.compile("tell.ipynb"))
    expect(runs.get_by_text(re.compile("● finished"))).to_be_visible()
    expect(runs.get_by_text(re.compile("month 7"))).to_be_visible()
    line.check()
    runs.get_by_role("button", name="Open", exact=True).click()
    link = runs.get_by_role("link", name="Open the executed tell.ipynb")
    expect(link).to_be_visible()
    screen.shoot("widget-runs")
    for name in ("JupyterLab Dark", "JupyterLab Light"):
        screen.theme(name)
        assert seen_by_axe(page, ".mlops-nb-widget") == []
        runs.scroll_into_view_if_needed()
        screen.shoot(f"widget-runs-{name.split()[1].lower()}")
    link.click()
    expect(page.locator("#jp-main-dock-panel").get_by_role("tab", name="tell.ipynb")).to_be_visible()
    expect(page.get_by_text("flights of month 7").first).to_be_visible()
    assert screen.strangers() == []
