"""The panel where there is little room or little right: a reader, a narrow panel, twice the size, Jupyter Notebook."""

import re
from pathlib import Path

import nbformat
import nbformat.v4 as v4
import numpy as np
import pandas as pd
import pytest
from acts import KERNEL, in_palette, open_panel, section, seen_by_axe
from labs import PATIENCE
from playwright.sync_api import Locator, Page, expect
from sklearn.linear_model import LogisticRegression

from mlops_nb import Workspace

@pytest.fixture
def known(root: Path) -> Path:
    """A workspace with two versions of a model, whose names and numbers want room."""
    ws = Workspace(root)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"wind": rng.gamma(2.0, 5.0, 900), "distance": rng.normal(1000, 300, 900)})
    frame["late"] = rng.random(900) < 1 / (1 + np.exp(3 - frame["wind"] / 5))
    for rows in (frame[:300], frame[:600]):
        model = LogisticRegression(max_iter=1000).fit(rows[["wind", "distance"]], rows["late"])
        ws.register(model, "flight-delay-of-the-northern-region", train=rows, test=frame[600:], target="late", description="Delays.")
    return root


def overflow(page: Page, selector: str) -> list[str]:
    """What stands wider than its frame, below a selector, and cannot be scrolled to."""
    return page.evaluate(
        """selector => [...document.querySelectorAll(selector)].flatMap(top => {
            const edge = top.getBoundingClientRect().right + 1;
            const scrolls = one => one !== top && one !== null
                && (['auto', 'scroll', 'hidden'].includes(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
            return [...top.querySelectorAll('*')]
                .filter(one => one.getClientRects().length && one.getBoundingClientRect().right > edge && !scrolls(one.parentElement))
                .map(one => `${one.tagName} ${one.className} ${one.textContent.slice(0, 40)}`);
        })""",
        selector,
    )


def narrow(page: Page, width: int) -> None:
    """Drags the edge of the sidebar."""
    edge = page.locator("#jp-main-split-panel > .lm-SplitPanel-handle:not(.lm-mod-hidden)").first
    box, left = edge.bounding_box(), page.locator("#jp-left-stack").bounding_box()
    assert box and left
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(left["x"] + width, box["y"] + 200, steps=8)
    page.mouse.up()


def test_a_reader_sees_everything_and_is_offered_nothing(open_lab, screen, known):
    page = screen.page
    screen.visit(open_lab(known, options=["--ServerApp.authorizer_class=readers.Readers"]))
    panel = open_panel(screen)
    row = section(panel, "models").get_by_role("listitem")
    expect(row).to_contain_text("flight-delay-of-the-northern-region")
    expect(panel.get_by_role("status").first).to_contain_text("stopped")
    expect(panel.get_by_role("button", name="Start")).to_have_count(0)
    expect(panel.get_by_role("button", name="Deploy a model…")).to_have_count(0)
    row.click()
    version = page.locator(".mlops-nb-Document", has=page.get_by_role("heading", name=re.compile("^flight-delay-of-the-northern-region.")))
    expect(version.get_by_role("region", name="Versions").first).to_be_visible()
    for name in ("Promote…", "Deploy…", "Check", "Roll back…"):
        expect(version.get_by_role("button", name=re.compile(f"^{name}"))).to_have_count(0)
    # Dashboards are for readers: in the main area, under JupyterLab's own door, with its theme.
    expect(section(panel, "tutorials")).to_have_count(0)
    section(panel, "dashboards").get_by_role("button", name="Dashboard: Models").click()
    shown = page.get_by_title(re.compile("^Dashboard: ")).locator("visible=true").content_frame
    expect(shown.get_by_role("heading", name="Models", exact=True)).to_be_visible(timeout=PATIENCE)
    shown.get_by_role("link", name="flight-delay-of-the-northern-region").click()
    tab = page.locator("#jp-main-dock-panel").get_by_role("tab", name="flight-delay-of-the-northern-region", exact=True)
    expect(tab).to_be_visible(timeout=PATIENCE)
    screen.theme("JupyterLab Dark")
    expect(shown.locator("html")).to_have_attribute("data-jp-theme-light", "false")
    assert seen_by_axe(page, "#jp-main-dock-panel") == []
    screen.shoot("reader-dashboard")
    screen.theme("JupyterLab Light")
    page.locator("#jp-main-dock-panel").get_by_role("tab", name=re.compile("region.1")).click()
    screen.shoot("reader")
    # Whoever asks all the same is refused by the server.
    refused = page.evaluate(
        """async () => {
            const token = document.cookie.match(/_xsrf=([^;]*)/)?.[1] ?? '';
            const answer = await fetch('mlops-nb/api/agent/up'.replace(/^/, JSON.parse(
                document.getElementById('jupyter-config-data').textContent).baseUrl), {method: 'POST', headers: {'X-XSRFToken': token}});
            return [answer.status, (await answer.json()).error?.code ?? ''];
        }"""
    )
    assert refused[0] == 403, refused


def test_240_pixels_and_twice_the_size_are_enough(open_lab, screen, known):
    page = screen.page
    screen.visit(open_lab(known))
    panel = open_panel(screen)
    row: Locator = section(panel, "models").get_by_role("listitem")
    expect(row).to_contain_text("flight-delay")
    narrow(page, 240)
    page.wait_for_function(  # it is laid out after the mouse has moved
        """() => {
            const { width } = document.getElementById('mlops-nb-workspace').getBoundingClientRect();
            return width >= 225 && width <= 255;
        }"""
    )
    assert overflow(page, "#mlops-nb-workspace") == []
    refused = page.evaluate("""async () => {
        const base = JSON.parse(document.getElementById('jupyter-config-data').textContent).baseUrl;
        return (await fetch(base + 'mlops-nb/api/agent/down', {method: 'POST'})).status;
    }""")
    assert refused == 403, "another page that sends the cookie alone changes nothing"
    screen.shoot("panel-240")
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        screen.theme(theme)
        assert seen_by_axe(page, "#mlops-nb-workspace") == []
    row.click()
    document = page.locator(".mlops-nb-Document")
    expect(document.get_by_role("region", name="Versions").first).to_be_visible()
    page.set_viewport_size({"width": 720, "height": 450})  # as a window of 1440 x 900 at 200 %
    assert overflow(page, "#mlops-nb-workspace") == [] and overflow(page, ".mlops-nb-Document") == []
    screen.shoot("zoom-200")


def test_jupyter_notebook_has_the_panel_too(open_lab, screen, known):
    page = screen.page
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell("1 + 1")], metadata=KERNEL), known / "train.ipynb")
    lab = open_lab(known, app="notebook")
    page.goto(f"{lab.url}/notebooks/train.ipynb?token={lab.token}")
    page.get_by_text("Python 3 (ipykernel)").first.wait_for()
    expect(page.get_by_role("button", name="Register model…")).to_be_visible()
    page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for()

    def open_palette():  # the notebook that becomes ready takes the focus, and a palette without it closes
        page.get_by_role("menuitem", name="View", exact=True).click()
        page.get_by_role("menuitem", name="Activate Command Palette").click()

    in_palette(page, "MLOps panel", open_palette).filter(has_text="Open the MLOps Panel").click()
    panel = page.get_by_role("region", name="MLOps workspace")
    expect(panel).to_be_visible()
    row = section(panel, "models").get_by_role("listitem")
    expect(row).to_contain_text("flight-delay")
    screen.shoot("notebook-panel")
    row.click()
    document = page.locator(".mlops-nb-Document")
    expect(document.get_by_role("region", name="Versions").first).to_be_visible()
    screen.shoot("notebook-version")
    assert screen.strangers() == []
