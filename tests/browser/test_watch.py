"""An alert, as a person meets it in JupyterLab: seen, acknowledged, put off, looked into, and declared normal."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from acts import open_panel
from playwright.sync_api import Locator, Page, expect
from sklearn.linear_model import LogisticRegression

from mlops_nb import Workspace
from mlops_nb.core.settings import init

ABOUT = {"target": "late", "id": "flight_id", "time": "scheduled"}
FEATURES = ["departs", "distance"]


def flights(first: str, days: int, shift: float = 0.0, id: int = 0, a_day: int = 120) -> pd.DataFrame:
    """Flights of some days; those of a shifted distance are later."""
    rng, n = np.random.default_rng(id), days * a_day
    rows = pd.DataFrame({
        "flight_id": np.arange(id, id + n),
        "scheduled": pd.date_range(first, periods=n, freq=pd.Timedelta(days=1) / a_day),
        "departs": rng.normal(0, 1, n),
        "distance": rng.normal(shift, 1, n),
    })  # fmt: skip
    return rows.assign(late=rng.random(n) < 1 / (1 + np.exp(-rows["departs"] - 2 * rows["distance"])))


@pytest.fixture
def drifting(tmp_path: Path) -> Path:
    """A workspace whose model has answered for twelve days, the last three of which have drifted: measured, labelled, with an alert."""
    root = tmp_path / "delays"
    ws = Workspace(init(root).root)
    train, test = flights("2013-01-01", 14), flights("2013-01-15", 7, id=5_000)
    model = LogisticRegression().fit(train[FEATURES], train["late"])
    assert ws.register(model, "delay", train=train, test=test, **ABOUT).state == "proven"
    moved = flights("2013-02-10", 3, shift=2.5, id=20_000)
    live = pd.concat([flights("2013-02-01", 9, id=10_000), moved], ignore_index=True)
    ws.predict("delay", live)
    ws.label("delay", live[["flight_id", "late"]])
    ws.take_measures("delay", window="1d")
    assert "drift" in {alert.kind for alert in ws.settle_alerts("delay")}
    return root


def document(page: Page, heading: str) -> Locator:
    return page.locator(".mlops-nb-Document", has=page.get_by_role("heading", name=heading, level=1))


def test_from_an_alert_to_the_new_normal(open_lab, screen, drifting):
    page = screen.page
    screen.visit(open_lab(drifting))
    watch = open_panel(screen).locator("[data-section=watch]")

    # What needs somebody comes first, then the model.
    rows = watch.get_by_role("listitem")
    expect(rows.first).to_contain_text("What the model leans on has moved")
    expect(rows.last).to_contain_text("drifted")
    badge = watch.get_by_role("button", name="Watch")
    expect(badge).to_contain_text("1 open")
    rows.first.click()

    # Its document: evidence in words, a table and pictures.
    alert = document(page, "What the model leans on has moved")
    expect(alert.get_by_text("The rule “drift” rings in 3 of 5 windows of 1 day.")).to_be_visible()
    expect(alert.get_by_role("figure", name="distance")).to_be_visible()
    screen.shoot("watch-alert")

    # Somebody looks after it, then puts it off; both stand in its history, with the reason.
    alert.get_by_role("button", name="Acknowledge…").click()
    form = alert.get_by_role("form", name="Acknowledge")
    form.get_by_label("Note").fill("asking the airline")
    page.keyboard.press("Enter")
    expect(form).to_have_count(0)
    history = alert.get_by_role("region", name="History")
    expect(history.get_by_role("row", name="acknowledged")).to_contain_text("asking the airline")
    expect(rows.first).to_contain_text("acknowledged")
    expect(badge).not_to_contain_text("open")
    alert.get_by_role("button", name="Snooze…").click()
    form = alert.get_by_role("form", name="Snooze")
    form.get_by_label("Until").select_option("3d")
    form.get_by_role("button", name="Snooze").click()
    expect(form.get_by_role("alert")).to_contain_text("Say why it can wait")
    form.get_by_label("Reason").fill("a holiday")
    page.keyboard.press("Enter")
    expect(history.get_by_role("row", name="snoozed until")).to_contain_text("a holiday")
    expect(rows.first).to_contain_text("snoozed")

    # The window that it speaks of, among the others; keys walk through the heat map.
    alert.get_by_role("button", name="Feb 11, 2013").click()
    model = document(page, "delay")
    expect(model.get_by_role("heading", name="score, Feb 11, 2013")).to_be_visible()
    cell = model.locator("[role=gridcell][tabindex='0']")
    expect(cell).to_have_attribute("aria-label", re.compile("^score, 2013-02-11: "))
    cell.focus()
    for key in ("ArrowRight", "Home", "End", "ArrowUp", "PageDown"):
        page.keyboard.press(key)
    last = model.get_by_role("rowheader").last.inner_text().split()[0]
    expect(model.locator("[role=gridcell]:focus")).to_have_attribute("aria-label", re.compile(f"^{last}, 2013-02-12: "))
    for _ in range(5):
        if str(model.locator("[role=gridcell]:focus").get_attribute("aria-label")).startswith("distance"):
            break
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(model.get_by_role("heading", name="distance, Feb 12, 2013")).to_be_visible()
    expect(model.get_by_role("figure", name="distance")).to_be_visible()
    expect(model.get_by_role("group", name="AUC by window, from labels and estimated")).to_be_visible()
    expect(model.get_by_text("estimate, assumes P(y|x) unchanged").first).to_be_visible()
    screen.shoot("watch-model")

    # It is the new normal: not without a reason, and it can be taken back.
    model.get_by_role("button", name="Expected: this is the new normal…").click()
    form = model.get_by_role("form", name="Expected")
    form.get_by_label("First day").fill("2013-02-10")
    expect(form.get_by_text("From the next pass on, distance may also look as it did then: Feb 10")).to_be_visible()
    form.get_by_role("button", name="Declare it normal").click()
    expect(form.get_by_role("alert")).to_contain_text("Say why")
    form.get_by_label("Reason").fill("long routes were added")
    page.keyboard.press("Enter")
    normal = model.get_by_role("region", name="Declared normal", exact=True)
    expect(normal).to_contain_text("long routes were added")
    (held,) = Workspace(drifting).expected("delay")
    assert (held.feature, f"{held.start:%d}", f"{held.end:%d}") == ("distance", "10", "13")
    screen.shoot("watch-normal")
    normal.get_by_role("button", name="Undo").click()
    expect(normal).to_have_count(0)
    assert Workspace(drifting).expected("delay") == []

    # What would have rung, in words.
    model.get_by_role("region", name="Rules", exact=True).get_by_role("button", name="Show").click()
    expect(model.get_by_text("in 3 of 5 windows of 1 day").first).to_be_visible()
    expect(model.get_by_text("In the 90 days to 2013-02-13")).to_be_visible()
    assert screen.strangers() == []
