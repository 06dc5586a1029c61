"""Models and Monitor in cells of a notebook: run, clicked, walked with keys, and read again without a kernel."""

import json
import re
from pathlib import Path

import nbformat.v4 as v4
import pytest
from acts import KERNEL, open_file, seen_by_axe
from moved import moved
from playwright.sync_api import expect

from mlops_nb import Workspace

CELLS = (
    "from mlops_nb.doors.models_widget import ModelsWidget\nfrom mlops_nb.doors.monitor_widget import MonitorWidget",
    "watch = MonitorWidget('delay', window='1d')\nwatch",
    "models = ModelsWidget()\nmodels",
)


@pytest.fixture
def delays(tmp_path: Path) -> Workspace:
    ws = moved(tmp_path / "delays")
    notebook = v4.new_notebook(cells=[v4.new_code_cell(source) for source in CELLS], metadata=KERNEL)
    (ws.root / "look.ipynb").write_text(json.dumps(notebook))
    return ws


def test_how_a_model_is_and_which_version_is_better(open_lab, screen, delays):
    page = screen.page
    page.set_viewport_size({"width": 1200, "height": 1000})
    screen.visit(open_lab(delays.root))
    open_file(page, "look.ipynb")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    widgets = page.locator(".mlops-nb-widget")
    watch, models = (widgets.filter(has=page.get_by_role("heading", name=name, exact=True)) for name in ("Monitor", "Models"))

    # What moved, in the window that it moved in: with a click, then with keys.
    grid = watch.get_by_role("grid", name=re.compile("Features by window"))
    cell = grid.get_by_role("gridcell", name=re.compile("^distance, 2013-02-12: drifted"))
    cell.click()
    figure = watch.get_by_role("figure", name="distance")
    expect(figure.get_by_role("img")).to_be_visible()
    expect(figure).to_contain_text("12 February 2013")
    watch.get_by_text("Open alerts").scroll_into_view_if_needed()
    screen.shoot("widget-monitor")
    for key in ("Home", "ArrowRight", "Enter"):  # the notebook's own keys stay out of it
        page.keyboard.press(key)
    expect(figure).to_contain_text("11 January 2013")
    expect(watch.get_by_role("group", name=re.compile("AUC by window"))).to_be_visible()
    watch.get_by_text("How much it answers").scroll_into_view_if_needed()
    screen.shoot("widget-monitor-right")

    # The alert, with the keyboard alone.
    watch.get_by_title(re.compile("Acknowledge: .*what the model leans on has moved")).press("Enter")
    watch.get_by_label("Reason").fill("asking the airline")
    watch.get_by_title("Acknowledge", exact=True).press("Enter")
    expect(watch.get_by_text("looks after it")).to_be_visible()
    assert {a.note for a in delays.alerts() if a.acked_by} == {"asking the airline"}

    # Two versions side by side, in the dark; the promotion is asked for, and done.
    screen.theme("JupyterLab Dark")
    models.scroll_into_view_if_needed()
    expect(models.get_by_role("figure", name="distance")).to_contain_text("training of delay/1")
    models.get_by_role("button", name="Promote…").click()
    expect(models.get_by_role("alert")).to_contain_text("delay/2 becomes champion in place of version 1.")
    screen.shoot("widget-models-dark")
    models.get_by_role("button", name="Promote delay/2").click()
    expect(models.get_by_role("table", name="Receipts")).to_contain_text("promote champion 1 → 2")
    assert delays.version("delay").version == 2
    for name in ("JupyterLab Dark", "JupyterLab Light"):
        screen.theme(name)
        assert seen_by_axe(page, ".mlops-nb-widget") == []
    models.get_by_role("table", name="Receipts").scroll_into_view_if_needed()
    screen.shoot("widget-models")
    assert screen.strangers() == []
