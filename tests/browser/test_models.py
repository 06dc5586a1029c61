"""Models and deployments in the sidebar: a refused promotion, a deployment that others change too, and what it answers."""

import re
from pathlib import Path

import pytest
from acts import open_panel
from playwright.sync_api import Locator, expect
from waiting import until

from mlops_nb import Workspace

@pytest.fixture
def three(root: Path) -> Path:
    """A workspace with a good champion, a better challenger, and a third that has learnt nothing."""
    import numpy as np
    import pandas as pd
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression

    ws = Workspace(root)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"wind": rng.gamma(2.0, 5.0, 1200), "carrier": rng.choice([1, 2, 3], 1200)})
    frame["late"] = rng.random(1200) < 1 / (1 + np.exp(3 - frame["wind"] / 5))
    train, test = frame[:700], frame[700:]
    for model, rows in ((LogisticRegression(), train[:200]), (LogisticRegression(), train), (DummyClassifier(), train)):
        model.fit(rows[["wind", "carrier"]], rows["late"])
        made = ws.register(model, "delay", train=rows, test=test, target="late")
        assert made.state == "proven", made.reason
    return root


def test_what_is_refused_is_said_and_what_answers_can_be_changed(open_lab, screen, three):
    page = screen.page
    screen.visit(open_lab(three))
    panel = open_panel(screen)

    def document(heading: str) -> Locator:
        return page.locator(".mlops-nb-Document", has=page.get_by_role("heading", name=heading, exact=True))

    def agree(button: str, reason: str = "") -> str:
        dialog = page.get_by_role("dialog")
        expect(dialog.locator("p").first).not_to_be_empty()  # the frame may be there before its words
        says = " ".join(dialog.inner_text().split())
        if reason:
            dialog.get_by_role("textbox").fill(reason)
        dialog.get_by_role("button", name=button, exact=True).click()
        expect(dialog).to_be_hidden()
        return says

    # The list, and the version that it opens.
    row = panel.locator("[data-section=models]").get_by_role("listitem")
    expect(row).to_contain_text("champion 1")
    expect(row).to_contain_text("newest 3")
    expect(row).to_contain_text("not served")
    row.focus()
    page.keyboard.press("Enter")
    first = document("delay/1")
    first.get_by_role("combobox", name="Version").select_option("3")

    # A version that has learnt nothing does not become champion; who insists says why.
    third = document("delay/3")
    third.get_by_role("button", name="Promote…").click()
    says = agree("Promote", "it is newer")
    assert "delay/3 becomes champion in place of version 1. No deployment follows" in says and "checked first" in says
    refused = third.get_by_role("alert")
    expect(refused).to_contain_text("delay/3 may not become champion.")
    expect(refused).to_contain_text("Keep the present one, or train on more.")
    expect(third.get_by_role("img", name=re.compile("Difference in auc to delay.1: all rows −"))).to_be_visible()
    expect(third.get_by_role("region", name="Checks").first).to_contain_text("failed")
    screen.shoot("promotion-refused")
    refused.get_by_role("button", name="Promote all the same…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Promote all the same").click()
    expect(dialog.get_by_role("textbox")).to_have_value("")  # asked again: nothing is forced without a reason
    dialog.get_by_role("button", name="Cancel").click()
    third.get_by_role("button", name="Show histograms").click()
    expect(third.get_by_role("img", name="wind")).to_be_visible()
    third.get_by_role("button", name="Show the card").click()
    expect(third.get_by_role("heading", name="Intended use")).to_be_visible()

    # Deployed; another process changes the deployment while the form is open.
    first_tab = page.locator("#jp-main-dock-panel").get_by_role("tab", name="delay/1")
    first_tab.click()
    first.get_by_role("button", name="Deploy…").click()
    form = page.locator(".mlops-nb-Form")
    form.get_by_role("button", name="Deploy…").click()
    assert "delay: all requests go to delay/1." in agree("Deploy", "the first")
    live = document("delay")
    expect(live.get_by_text("ready").first).to_be_visible()
    live.get_by_role("button", name="Send sample traffic").click()
    expect(live.get_by_role("region", name="Traffic now").first).to_contain_text("20")
    live.get_by_role("button", name="Change…").click()
    expect(form.get_by_label("What answers")).to_have_value("delay/1")
    form.get_by_label("Canary", exact=True).fill("delay/1")
    expect(form.get_by_text("It is what answers already.")).to_be_visible()
    form.get_by_label("Canary", exact=True).fill("delay/2")
    Workspace(three).deploy("delay/1", shadow="delay/3", reason="to compare")
    expect(form.get_by_role("alert")).to_contain_text("delay was changed while this form was open.")
    expect(form.get_by_role("alert")).to_contain_text("delay/3 shadow (to compare)")
    expect(form.get_by_role("button", name="Deploy…")).to_be_disabled()
    form.get_by_role("button", name="Begin with how it is now").click()
    expect(form.get_by_label("Shadow", exact=True)).to_have_value("delay/3")
    form.get_by_label("Canary", exact=True).fill("delay/2")
    form.get_by_label("Share of the canary, in per cent").first.fill("20")
    screen.shoot("deploy-form")
    form.get_by_role("button", name="Deploy…").click()
    assert "20 % of the requests go to delay/2, the others to delay/1. delay/3 gets a copy" in agree("Deploy", "see how it does")

    # Its share, with the keyboard; what it answers; and back.
    expect(live.get_by_role("img", name=re.compile("delay.1 live 80 %, delay.2 canary 20 %, delay.3 shadow"))).to_be_visible()
    live.get_by_label("Share of the canary delay/2").focus()
    page.keyboard.press("End")
    live.get_by_role("button", name="Change share…").click()
    assert "99 % of the requests go to delay/2, in place of 20 %." in agree("Change", "nearly all of it")
    expect(live.get_by_role("img", name=re.compile("delay.2 canary 99 %"))).to_be_visible()
    live.get_by_label("wind").fill("1000")
    expect(live.get_by_text(re.compile("Above .* the most in the contract"))).to_be_visible()
    answer = live.get_by_text(re.compile(r"delay.\d, in \d+ ms through Jupyter"))

    def asked_the_canary() -> bool:
        """One request in a hundred goes to the other version, and more until the servers know of the new share."""
        live.get_by_role("button", name="Ask delay").click()
        expect(answer).to_be_visible()
        return "delay/2" in answer.inner_text()

    until(asked_the_canary, "an answer of the canary")
    screen.shoot("deployment-canary")
    live.get_by_role("button", name="Roll back…").click()
    assert "nearly all of it" in agree("Roll back", "too soon")
    expect(live.get_by_role("img", name=re.compile("delay.2 canary 20 %"))).to_be_visible()
    live.get_by_role("button", name="Stop…").click()
    assert "stops answering" in agree("Stop", "enough")
    expect(live.get_by_text("Nowhere: it has stopped.")).to_be_visible()
    expect(live.get_by_role("region", name="Revisions").first).to_contain_text("too soon")
    first_tab.click()
    expect(first.get_by_role("region", name="Changes of production").first).to_contain_text("enough")
    assert screen.strangers() == []
