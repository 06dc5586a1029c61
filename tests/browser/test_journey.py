"""From a training cell to a served and rolled back model: by clicks and keys alone."""

import re

import nbformat
import nbformat.v4 as v4
from acts import KERNEL, in_dialog, open_file, open_panel, section, seen_by_axe
from playwright.sync_api import expect

from mlops_nb import Workspace

TRAIN = """
import numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(7)
flights = pd.DataFrame({"distance": rng.normal(1000, 300, 600), "wind": rng.gamma(2.0, 5.0, 600)})
flights.insert(0, "flight_id", [f"UA{n}" for n in range(600)])
flights["late"] = rng.random(600) < 1 / (1 + np.exp(3 - flights["wind"] / 5))
train, test = flights[:400], flights[400:]
model = LogisticRegression(max_iter=1000).fit(train[["distance", "wind"]], train["late"])
"""


def test_from_a_notebook_to_production_and_back(open_lab, screen, root):
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(TRAIN.strip())], metadata=KERNEL), root / "train.ipynb")
    page = screen.page
    screen.visit(open_lab(root))
    open_file(page, "train.ipynb")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    expect(page.locator(".jp-InputPrompt").first).to_have_text("[1]:")

    # The form is filled in from what the kernel holds.
    page.get_by_role("button", name="Register model…").click()
    form = page.locator(".mlops-nb-Document", has=page.get_by_role("heading", name="Register a model"))
    expect(form.get_by_label("Name")).to_have_value("late")
    expect(form.get_by_label("Trained on")).to_have_value("train")
    expect(form.get_by_label("Tested on")).to_have_value("test")
    expect(form.get_by_label("Key")).to_have_value("flight_id")
    form.get_by_label("Name").fill("delay/2")
    expect(form.get_by_text("A name without / @ :")).to_be_visible()
    expect(form.get_by_role("button", name="Register")).to_be_disabled()
    form.get_by_label("Name").fill("delay")
    screen.shoot("register")
    form.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="delay/1")).to_be_visible()
    version = page.locator(".mlops-nb-Document", has=page.get_by_role("heading", name="delay/1"))
    expect(version.get_by_text("champion", exact=True).first).to_be_visible()
    expect(version.get_by_text("proven").first).to_be_visible()
    panel = open_panel(screen)
    expect(section(panel, "models").get_by_role("listitem")).to_contain_text("delay")

    # Deployed, asked, and seen to answer.
    version.get_by_role("button", name="Deploy…").click()
    page.get_by_label("What answers").fill("delay@champion")
    page.get_by_role("button", name="Deploy…").last.click()
    assert "delay: all requests go to delay@champion." in in_dialog(page, "Deploy", "first of all")
    live = page.locator(".mlops-nb-Document", has=page.get_by_role("heading", name="delay", exact=True))
    expect(live.get_by_role("heading", name="delay", exact=True)).to_be_visible()
    live.get_by_label("wind").fill("much")
    expect(live.get_by_text("A number is wanted.")).to_be_visible()
    live.get_by_label("wind").fill("40")
    live.get_by_role("button", name="Ask delay").click()
    expect(live.get_by_text("predictions")).to_be_visible()
    expect(section(panel, "deployments").get_by_role("listitem")).to_contain_text("ready")
    screen.shoot("deployment")

    # A second version as a canary, then back with one word.
    open_file(page, "train.ipynb")
    page.get_by_role("button", name="Register model…").click()
    form = page.locator(".mlops-nb-Document", has=page.get_by_role("heading", name="Register a model"))
    form.get_by_label("Name").fill("delay")
    expect(form.get_by_text("Becomes version 2.")).to_be_visible()
    form.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="delay/2")).to_be_visible()
    open_panel(screen)
    section(panel, "deployments").get_by_role("listitem").click()
    live.get_by_role("button", name="Change…").click()
    page.get_by_label("Canary", exact=True).fill("delay/2")
    page.get_by_label("Share of the canary, in per cent").first.fill("20")
    page.get_by_role("button", name="Deploy…").last.click()
    assert "20 % of the requests go to delay/2" in in_dialog(page, "Deploy", "try the new one")
    expect(live.get_by_role("img", name=re.compile("delay.1 live 80 %, delay.2 canary 20 %"))).to_be_visible()
    screen.shoot("canary")
    live.get_by_role("button", name="Roll back…").click()
    assert "try the new one" in in_dialog(page, "Roll back", "not yet")
    expect(live.get_by_role("img", name=re.compile("delay.1 live 100 %"))).to_be_visible()
    expect(live.get_by_role("region", name="Revisions").get_by_text("not yet")).to_be_visible()

    # Somebody else is quicker: nothing is overwritten, and it is said.
    section(panel, "models").get_by_role("listitem").click()
    versions = page.locator(".mlops-nb-Document", has=page.get_by_role("heading", name="delay/1"))
    versions.get_by_role("region", name="Versions").get_by_role("button", name="2", exact=True).click()
    second = page.locator(".mlops-nb-Document", has=page.get_by_role("heading", name="delay/2"))
    second.get_by_role("button", name="Promote…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("delay/2 becomes champion in place of version 1.")
    Workspace(root).promote("delay/2", force=True, reason="in a hurry")
    in_dialog(page, "Promote")
    expect(second.get_by_role("alert")).to_contain_text("version 2")
    expect(second.get_by_role("region", name="Changes of production").get_by_text("in a hurry")).to_be_visible()

    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        screen.theme(theme)
        assert seen_by_axe(page, "#mlops-nb-workspace") == []
        assert seen_by_axe(page, ".mlops-nb-Document") == []
        screen.shoot(f"version-{theme.split()[-1].lower()}")
    assert screen.strangers() == []
