"""One notebook with every widget, in Voila and in Jupyter Notebook: the same clicks and keys, light and dark, nothing from elsewhere."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from acts import KERNEL, seen_by_axe
from labs import ARTIFACTS, ROOT, Lab, start_lab, wait_for
from moved import moved
from nbconvert import HTMLExporter
from playwright.sync_api import Locator, Page, expect
from ports import free_port

from mlops_nb import Workspace

TRAIN = """import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from mlops_nb import DeployWidget, ModelsWidget, MonitorWidget, RegisterWidget, RunsWidget
from mlops_nb.doors import widget_parts

widget_parts.ANY_S = 300.0  # what they have read when they are displayed is what is kept, however busy the machine is
rng = np.random.default_rng(0)
flights = pd.DataFrame({"year": 1, "wind": rng.gamma(2.0, 5.0, 300)})
flights["late"] = rng.random(300) < 1 / (1 + np.exp(3 - flights["wind"] / 5))
train = flights[:200]
model = LogisticRegression().fit(train[["wind"]], train["late"])"""
WIDGETS = {
    "Monitor": 'MonitorWidget("delay", window="1d")',
    "Models": 'ModelsWidget("delay")',
    "Deploy a model": 'DeployWidget("delay")',
    "Runs": 'RunsWidget("tell.ipynb")',
    "Register a model": "RegisterWidget(model)",
}

READ = {
    "Monitor": ("drifted", "2013-02-12", "distance", "on held-out rows"),
    "Models": ("delay/2", "Metrics on held-out rows", "Receipts", "promote champion"),
    "Deploy a model": ("delay@champion", "not deployed", "Run the cell to use DeployWidget"),
    "Runs": ("None yet.", "Run the cell to use RunsWidget"),
    "Register a model": ("train", "late", "Run the cell to use RegisterWidget"),
}  # what a reader without a kernel finds of each


def cell(source: str, *tags: str) -> dict:
    return {"id": f"c{abs(hash(source))}", "cell_type": "code", "metadata": {"tags": list(tags)}, "outputs": [], "execution_count": None,
            "source": source}  # fmt: skip


def write(path: Path, *cells: dict) -> None:
    path.write_text(json.dumps({"cells": list(cells), "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}))


@dataclass
class Served:
    """What shows the notebook, and where."""

    ws: Workspace
    voila: str
    notebook: Lab


def start_voila(root: Path, home: Path) -> tuple[str, "subprocess.Popen[bytes]", Path]:
    """Begins to start Voila with the checkout's template."""
    home.mkdir()
    port, log = free_port(), home / "voila.log"
    own = {"HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "runtime"), "JUPYTER_CONFIG_DIR": str(home / "config")}
    words = ("voila", "all.ipynb", "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1", "--template=mlops-nb-widgets")
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *words, "--VoilaConfiguration.allow_theme_override=YES"],
            cwd=root,
            env=os.environ | own | {"JUPYTER_PATH": str(ROOT / "share" / "jupyter")},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    return f"http://127.0.0.1:{port}/", process, log


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A workspace in which something has happened, its notebook in both; started side by side."""
    ws = moved(tmp_path_factory.mktemp("elsewhere") / "delays")
    write(ws.root / "tell.ipynb", cell("month = 3  # type: int which month", "parameters"), cell("print(month)"))
    write(ws.root / "all.ipynb", cell(TRAIN), *(cell(source) for source in WIDGETS.values()))
    home = tmp_path_factory.mktemp("home")
    tracker = home / "config/lab/user-settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
    tracker.parent.mkdir(parents=True)
    tracker.write_text('{"windowingMode": "none"}')  # every cell is in the page
    url, voila, log = start_voila(ws.root, tmp_path_factory.mktemp("voila") / "home")
    lab = start_lab(ws.root, home, app="notebook", options=["--JupyterNotebookApp.expose_app_in_browser=True"])
    wait_for("an answer of Voila", lambda: "is running at" in log.read_text(), log)
    yield Served(ws, url, lab)
    lab.stop()
    voila.terminate()
    voila.wait(300)


def widget(page: Page, title: str) -> Locator:
    return page.locator(".mlops-nb-widget").filter(has=page.get_by_role("heading", name=title, exact=True))


def shoot(page: Page, where: str, title: str) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    widget(page, title).screenshot(path=ARTIFACTS / f"widget-{where}-{title.split()[0].lower()}.png")


def walk(page: Page, where: str) -> None:
    """By clicks and keys through each of them; nothing of production changes."""
    for title in WIDGETS:
        expect(widget(page, title)).to_be_visible()
    watch = widget(page, "Monitor")
    watch.get_by_role("gridcell", name=re.compile("^distance, 2013-02-12: drifted")).click()
    figure = watch.get_by_role("figure", name="distance")
    expect(figure).to_contain_text("12 February 2013")
    watch.get_by_label("Numbers as").select_option("share of rows up to each value (CDF)")
    expect(figure.get_by_role("img", name=re.compile("≤ .* → "))).to_be_visible()
    shoot(page, where, "Monitor")
    watch.get_by_role("gridcell", name=re.compile("^distance, 2013-02-12: drifted")).click()
    for key in ("Home", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(figure).to_contain_text("11 January 2013")
    segment = watch.get_by_label("Segment")
    segment.focus()
    segment.press("End")  # the list's own key, which is neither the notebook's nor the page's
    expect(segment).to_have_value("carrier=2")
    expect(watch.get_by_text("differs from its first windows")).to_be_visible()
    expect(watch.get_by_text("held against its own first 28 windows")).to_be_visible()

    models = widget(page, "Models")
    expect(models.get_by_role("figure", name="distance")).to_contain_text("training of delay/1")
    models.get_by_role("button", name="Promote…").press("Enter")
    expect(models.get_by_role("alert")).to_contain_text("delay/2 becomes champion in place of version 1.")
    expect(models.get_by_role("button", name="Leave it as it is")).to_be_focused()
    page.keyboard.press("Enter")
    expect(models.get_by_role("status")).to_contain_text("Nothing was changed.")
    shoot(page, where, "Models")

    deploy = widget(page, "Deploy a model")
    deploy.get_by_label("Canary", exact=True).select_option("version 2, proven")
    slider = deploy.get_by_role("slider")
    slider.focus()
    for key, share in (("ArrowRight", "11"), ("PageUp", "21"), ("End", "99"), ("PageDown", "89"), ("Home", "1"), ("ArrowUp", "2")):
        page.keyboard.press(key)
        expect(slider).to_have_value(share)
    deploy.get_by_role("button", name="Deploy", exact=True).press("Enter")
    expect(deploy.get_by_role("alert")).to_contain_text("98 % of the requests go to delay@champion, 2 % to delay/2")
    shoot(page, where, "Deploy a model")
    expect(deploy.get_by_role("button", name="Leave it as it is")).to_be_focused()
    page.keyboard.press("Enter")
    expect(deploy.get_by_role("status").filter(has_text="Nothing was changed.")).to_be_visible()

    runs = widget(page, "Runs")
    runs.get_by_label("month").fill("7")
    shoot(page, where, "Runs")
    form = widget(page, "Register a model")
    expect(form.get_by_label("Target")).to_have_value(re.compile("late"))
    form.get_by_label("Name", exact=True).fill("")
    form.get_by_role("button", name="Register").press("Enter")
    expect(form.get_by_role("alert")).to_contain_text("Name is missing.")
    shoot(page, where, "Register a model")


def test_in_voila(served, screen):
    page, dark = screen.page, screen.page.context.new_page()
    for one, address in ((dark, f"{served.voila}?theme=dark"), (page, served.voila)):  # their kernels run side by side
        one.set_viewport_size({"width": 1100, "height": 1000})
        one.goto(address)
    walk(page, "voila")
    assert seen_by_axe(page, ".mlops-nb-widget") == []
    expect(dark.locator("body[data-jp-theme-light=false]")).to_be_attached()
    expect(widget(dark, "Monitor").get_by_role("grid")).to_be_visible()
    expect(widget(dark, "Models").get_by_role("figure", name="distance")).to_be_visible()
    expect(widget(dark, "Register a model").get_by_text("Contract")).to_be_visible()
    assert seen_by_axe(dark, ".mlops-nb-widget") == []
    for title in WIDGETS:
        shoot(dark, "voila-dark", title)
    assert screen.strangers() == []


def test_in_jupyter_notebook(served, screen):
    page = screen.page
    page.set_viewport_size({"width": 1100, "height": 1000})
    page.goto(f"{served.notebook.url}/notebooks/all.ipynb?token={served.notebook.token}")
    page.get_by_text("Python 3 (ipykernel)").first.wait_for()
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context?.sessionContext?.isReady")
    page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for()
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => null)")
    walk(page, "notebook")
    for name in ("JupyterLab Dark", "JupyterLab Light"):
        screen.theme(name)
        assert seen_by_axe(page, ".mlops-nb-widget") == []
        shoot(page, f"notebook-{name.split()[1].lower()}", "Monitor")
    assert screen.strangers() == []

    # The same notebook, saved, where no kernel and no script runs.
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save').then(() => null)")
    exporter = HTMLExporter(mathjax_url="", require_js_url="", widget_renderer_url="", jquery_url="")
    exported = exporter.from_filename(served.ws.root / "all.ipynb")[0]
    place = served.ws.root / "all.html"
    place.write_text(exported)
    page.goto(place.as_uri())
    outputs = page.locator(".jp-OutputArea-output")
    says = outputs.all_inner_texts()
    assert len(says) == len(WIDGETS)
    for words, text in zip(READ.values(), says, strict=True):
        assert [one for one in words if one not in text] == [] and not re.search(r"<\w|Widget\(|object at 0x|model_id", text), text
    outputs.first.scroll_into_view_if_needed()
    page.screenshot(path=ARTIFACTS / "widget-exported.png", full_page=True)
    assert screen.strangers() == []
