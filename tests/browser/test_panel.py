"""The MLOps panel, as a person meets it in JupyterLab."""

import re
from pathlib import Path

import nbformat
import nbformat.v4 as v4
import pyarrow as pa
import pytest
from playwright.sync_api import Locator, expect

from mlops_nb import Workspace

TAB = "MLOps: what this workspace holds"


def open_panel(screen) -> Locator:
    """Through the sidebar, with the mouse."""
    screen.page.get_by_role("tab", name=TAB).click()
    panel = screen.page.get_by_role("region", name="MLOps workspace")
    expect(panel).to_be_visible()
    return panel


def counts(panel: Locator) -> dict[str, str]:
    rows = panel.locator("dl > div")
    return {row.locator("dt").inner_text(): row.locator("dd").inner_text() for row in rows.all()}


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A workspace with two tables, a proven model and a run, made as a user makes them."""
    import numpy as np
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    root = tmp_path / "delays"
    root.mkdir()
    ws = Workspace(root)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"distance": rng.normal(1000, 300, 400), "wind": rng.gamma(2.0, 5.0, 400)})
    frame["late"] = rng.random(400) < 1 / (1 + np.exp(3 - frame["wind"] / 5))
    ws.commit("flights", frame)
    ws.commit("weather", frame[["wind"]])
    train, test = frame[:300], frame[300:]
    model = LogisticRegression(max_iter=1000).fit(train[["distance", "wind"]], train["late"])
    assert ws.register(model, "delay", train=train, test=test, target="late").state == "proven"
    notebook = v4.new_notebook(cells=[v4.new_code_cell("month = 1", metadata={"tags": ["parameters"]}), v4.new_code_cell("month")])
    nbformat.write(notebook, root / "score.ipynb")
    ws.run(root / "score.ipynb", wait=True, month=3)
    return root


def test_it_shows_what_the_workspace_holds(open_lab, screen, filled):
    screen.visit(open_lab(filled))
    panel = open_panel(screen)
    expect(panel.get_by_role("heading", name="delays")).to_be_visible()
    assert counts(panel) == {"Tables": "2", "Models": "1", "Versions": "1", "Runs": "1"}
    screen.theme("JupyterLab Light")
    screen.shoot("panel-light")
    screen.theme("JupyterLab Dark")
    screen.shoot("panel-dark")

    Workspace(filled).commit("airports", pa.table({"faa": ["JFK", "EWR"]}))
    panel.get_by_role("button", name="Refresh").click()
    expect(panel.locator("[data-count=tables] dd")).to_have_text("3")
    assert screen.strangers() == []


def test_an_empty_workspace_teaches_the_first_step(open_lab, screen, tmp_path):
    root = tmp_path / "fresh"
    root.mkdir()
    lab = open_lab(root)
    screen.visit(lab)
    panel = open_panel(screen)
    expect(panel.get_by_text("There is no workspace in this folder yet.")).to_be_visible()
    screen.shoot("panel-no-workspace")

    Workspace(root)
    panel.get_by_role("button", name="Refresh").click()
    expect(panel.get_by_role("heading", name="fresh")).to_be_visible()
    assert set(counts(panel).values()) == {"0"}
    expect(panel.get_by_role("region", name="Next step")).to_contain_text('ws.commit("flights", df)')
    screen.shoot("panel-empty")
    panel.get_by_role("button", name="Copy the code").click()
    assert "Workspace()" in screen.page.evaluate("navigator.clipboard.readText()")
    assert screen.strangers() == []


def test_a_server_that_is_gone_is_said_and_comes_back(open_lab, screen, tmp_path):
    root = tmp_path / "work"
    root.mkdir()
    Workspace(root)
    lab = open_lab(root)
    screen.visit(lab)
    panel = open_panel(screen)
    expect(panel.get_by_role("heading", name="work")).to_be_visible()

    # JupyterLab may notice first, and puts a dialog in front of everything
    screen.page.add_locator_handler(screen.page.locator(".jp-Dialog button.jp-mod-reject").first, lambda button: button.click())
    lab.stop()
    panel.get_by_role("button", name="Refresh").click()
    alert = panel.get_by_role("alert")
    expect(alert).to_contain_text("The Jupyter server does not answer.")
    screen.shoot("panel-no-server")

    open_lab(root, port=int(lab.url.rpartition(":")[2]), token=lab.token)
    panel.get_by_role("button", name="Retry").click()
    expect(alert).to_have_count(0)
    assert screen.strangers() == []


def test_the_palette_opens_it_with_the_keyboard(open_lab, screen, tmp_path):
    root = tmp_path / "keys"
    root.mkdir()
    Workspace(root)
    screen.visit(open_lab(root))
    panel = screen.page.get_by_role("region", name="MLOps workspace")
    expect(panel).to_be_hidden()
    screen.page.keyboard.press("Control+Shift+C")
    screen.page.keyboard.type("MLOps panel")
    entry = screen.page.locator(".lm-CommandPalette-item", has_text=re.compile("Open the MLOps Panel"))
    expect(entry).to_be_visible()
    screen.page.keyboard.press("Enter")
    expect(panel).to_be_visible()
    expect(panel.get_by_role("heading", name="keys")).to_be_visible()
    screen.page.keyboard.press("Tab")
