"""The MLOps panel, as a person meets it in JupyterLab."""

import re
from pathlib import Path

from acts import in_palette, open_panel
from playwright.sync_api import expect

from mlops_nb import Workspace

def test_an_empty_workspace_teaches_the_first_step(open_lab, screen, tmp_path: Path):
    root = tmp_path / "a fresh plæce"
    root.mkdir()
    screen.visit(open_lab(root))
    panel = open_panel(screen)
    expect(panel.get_by_text("There is no workspace in this folder yet.")).to_be_visible()
    screen.shoot("panel-no-workspace")
    panel.get_by_role("button", name="Copy the code").click()
    assert "ws = Workspace()" in screen.page.evaluate("navigator.clipboard.readText()")

    panel.get_by_role("button", name="Open the tutorial").click()
    expect(screen.page.locator("#jp-main-dock-panel").get_by_role("tab", name="01_fifteen_minutes.ipynb")).to_be_visible()
    assert [path.name for path in (root / "tutorials").glob("*.ipynb")] == ["01_fifteen_minutes.ipynb"]
    Workspace(root)
    panel.get_by_role("button", name="Look again").click()
    expect(panel.get_by_role("heading", name="a fresh plæce")).to_be_visible()
    for words in ("No model yet.", "Nothing answers requests yet.", "No run yet.", "Nothing is watched yet."):
        expect(panel.get_by_text(words)).to_be_visible()
    screen.shoot("panel-empty")

    panel.get_by_role("button", name="Models", exact=True).click()
    expect(panel.get_by_text("No model yet.")).to_be_hidden()  # a section closes
    assert screen.strangers() == []


def test_a_server_that_is_gone_is_said_and_comes_back(open_lab, screen, tmp_path: Path):
    root = tmp_path / "gone"
    root.mkdir()
    Workspace(root)
    lab = open_lab(root)
    screen.visit(lab)
    panel = open_panel(screen)
    expect(panel.get_by_role("heading", name="gone")).to_be_visible()
    expect(panel.get_by_text("No model yet.")).to_be_visible()

    # JupyterLab says so too, in a dialog of its own, which is closed whenever it comes.
    screen.page.add_locator_handler(screen.page.locator(".jp-Dialog button.jp-mod-reject").first, lambda button: button.click())
    lab.stop()
    panel.get_by_role("button", name="Refresh").click()
    expect(panel.get_by_text("The Jupyter server does not answer.").first).to_be_visible()
    expect(panel.get_by_text("Shown as it was at").first).to_be_visible()  # what was known stays
    expect(panel.get_by_role("button", name="Retry").first).to_be_visible()
    expect(panel.get_by_text("No model yet.")).to_be_visible()
    screen.shoot("panel-no-server")

    open_lab(root, port=int(lab.url.rpartition(":")[2]), token=lab.token)
    # Now and then it asks again by itself, and then there is nothing left to click.
    panel.evaluate("panel => [...panel.querySelectorAll('button')].find(one => one.textContent === 'Retry')?.click()")
    expect(panel.get_by_text("The Jupyter server does not answer.")).to_have_count(0)
    assert screen.strangers() == []


def test_the_palette_opens_it_with_the_keyboard(open_lab, screen, tmp_path: Path):
    root = tmp_path / "keys"
    root.mkdir()
    Workspace(root)
    screen.visit(open_lab(root))
    panel = screen.page.get_by_role("region", name="MLOps workspace")
    expect(panel).to_be_hidden()
    screen.page.keyboard.press("Control+Shift+C")
    expect(in_palette(screen.page, "MLOps panel")).to_have_text([re.compile("Open the MLOps Panel")])
    screen.page.keyboard.press("Enter")
    expect(panel).to_be_visible()
    expect(panel.get_by_role("heading", name="keys")).to_be_visible()
    panel.get_by_role("button", name="Models", exact=True).focus()
    screen.page.keyboard.press("Enter")
    expect(panel.get_by_text("No model yet.")).to_be_hidden()
    # Our shortcuts take nothing from JupyterLab: each keystroke belongs to one command where it holds.
    taken = screen.page.evaluate(
        """() => window.jupyterapp.commands.keyBindings
            .filter(one => ['Alt Shift M', 'Alt Shift P', 'Alt Shift G'].includes(one.keys.join(' '))).map(one => one.command)"""
    )
    assert sorted(taken) == ["mlops-nb:open-panel", "mlops-nb:register-model", "mlops-nb:run-with-parameters"]
