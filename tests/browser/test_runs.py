"""A notebook run with parameters, as a person does it in JupyterLab: a form, a grid, a failure, a comparison, a schedule."""

import re
from pathlib import Path

import nbformat
import nbformat.v4 as v4
import pytest
from acts import KERNEL, in_dialog, open_file, open_panel, section, seen_by_axe
from playwright.sync_api import Locator, expect

SCORE = """
month = 1  # the month to score
region = "north"
fail_at = 0  # a month that fails
wait_for = ""  # a file
"""
WORK = """
from pathlib import Path
import time
from mlops_nb import Workspace

print("scoring", month, region)
while wait_for and not Path(wait_for).exists():
    time.sleep(0.1)
"""
CHECK = """
if month == fail_at:
    raise ValueError("that month has no data")
Workspace().record(score=month / 10)
"""


@pytest.fixture
def scoring(root: Path) -> Path:
    """A workspace with a notebook that has a `parameters` cell, and a cell that uses what no cell defines."""
    cells = [v4.new_code_cell(text.strip()) for text in (SCORE, WORK, CHECK, "if month > 99:\n    print(forgotten)")]
    cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(v4.new_notebook(cells=cells, metadata=KERNEL), root / "score.ipynb")
    return root


def test_a_grid_a_failure_a_comparison_and_a_schedule(open_lab, screen, scoring):
    page = screen.page

    def document(heading: str | re.Pattern[str]) -> Locator:
        return page.locator(".mlops-nb-Document", has=page.get_by_role("heading", name=heading, level=1, exact=True))

    screen.visit(open_lab(scoring))
    panel = open_panel(screen)
    open_file(page, "score.ipynb")
    page.get_by_role("button", name="Run with parameters…").click()
    form = document("Run score.ipynb")

    # What stands in the `parameters` cell is asked for; what is typed is understood, or it is said at the field.
    expect(form.get_by_text("the month to score")).to_be_visible()
    expect(form.get_by_role("note")).to_contain_text("forgotten")
    month = form.get_by_label("month", exact=True)
    month.fill("first")
    expect(form.get_by_text("A whole number is wanted")).to_be_visible()
    expect(form.get_by_role("button", name="Run now")).to_be_disabled()
    month.fill("1..3")
    expect(form.get_by_label("month as")).to_have_value("range")
    form.get_by_label("region", exact=True).fill("south")
    form.get_by_label("fail_at", exact=True).fill("2")
    form.get_by_label("wait_for", exact=True).fill(str(scoring / "go"))
    screen.shoot("runs-form")
    form.get_by_text("More", exact=True).click()
    form.get_by_label("Runs side by side").fill("1")
    form.get_by_role("button", name="Start 3 runs").click()

    # The grid, while it is on: a row of the section, and a document.
    runs = document("Runs of score.ipynb")
    expect(runs.get_by_text("0 of 3")).to_be_visible()
    expect(runs.get_by_text("cell 3 of 5")).to_be_visible()
    open_panel(screen)
    row = section(panel, "runs").get_by_role("listitem")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("0 of 3")
    screen.shoot("runs-on")
    (scoring / "go").touch()
    expect(runs.get_by_role("status").filter(has_text="3 runs · 1 failed")).to_be_visible()
    expect(row).to_contain_text("3 runs · 1 failed")
    expect(runs.get_by_title("Sort by score")).to_be_visible()
    expect(runs.get_by_text("region", exact=True)).to_be_visible()  # the same in all: said once, no column

    # The one that failed says where and why; its notebook opens; it is begun again.
    runs.get_by_role("button", name="failed").click()
    failed = document("score.ipynb").filter(has=page.get_by_role("region", name="What went wrong"))
    expect(failed.get_by_role("heading", name="Cell 4")).to_be_visible()
    expect(failed.get_by_role("region", name="What went wrong")).to_contain_text("that month has no data")
    screen.shoot("runs-failed")
    failed.get_by_role("button", name="Open executed notebook").click()
    expect(page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").first).to_be_visible()
    row.click()
    runs.get_by_role("button", name="Run again what is missing").click()
    expect(runs.get_by_label("Show 1 earlier attempt")).to_be_visible()
    expect(runs.get_by_role("status").filter(has_text="3 runs · 1 failed")).to_be_visible()
    expect(runs.get_by_role("checkbox", name=re.compile("^Compare"))).to_have_count(3)

    # Two of them beside each other.
    for month_of in ("1", "3"):
        runs.get_by_role("row").filter(has=page.get_by_role("cell", name=month_of, exact=True)).get_by_role("checkbox").check()
    screen.shoot("runs-grid")
    runs.get_by_role("button", name="Compare the two").click()
    both = document("Two runs of score.ipynb")
    expect(both.get_by_role("region", name="Parameters").last.get_by_role("row").last).to_have_text(re.compile(r"month\s*1\s*3\s*\+2"))
    expect(both.get_by_role("region", name="Results").last).to_contain_text("+0.2")
    expect(both.get_by_label("Output of cell 3").first).to_contain_text("scoring 1 south")
    screen.shoot("runs-two")

    # One that waits is called off.
    page.locator("#jp-main-dock-panel").get_by_role("tab", name="score.ipynb").first.click()
    page.get_by_role("button", name="Run with parameters…").click()
    form.get_by_label("wait_for", exact=True).fill(str(scoring / "never"))
    form.get_by_role("button", name="Run now").click()
    one = document("score.ipynb").filter(has=page.get_by_role("button", name="Cancel…"))
    expect(one.get_by_text("cell 3 of 5")).to_be_visible()
    one.get_by_role("button", name="Cancel…").click()
    assert "ends at the cell where it is" in in_dialog(page, "Cancel the run")
    expect(section(panel, "runs").get_by_role("listitem").first).to_contain_text("cancelled")

    # By itself from now on; paused, and gone.
    page.locator("#jp-main-dock-panel").get_by_role("tab", name="score.ipynb").first.click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Schedule…").click()
    form = document("Run score.ipynb")
    form.get_by_label("It runs").select_option("weekly")
    form.get_by_label("At", exact=True).fill("06:30")
    form.get_by_label("Time zone").fill("Europe/Nowhere")
    expect(form.get_by_label("Time zone")).to_have_attribute("aria-invalid", "true")
    form.get_by_label("Time zone").fill("Europe/Paris")
    expect(form.get_by_text("every weekday at 06:30 Europe/Paris")).to_be_visible()
    expect(form.get_by_text(re.compile(r"Next: .* · .* · "))).to_be_visible()
    screen.shoot("runs-schedule-form")
    form.get_by_role("button", name="Schedule", exact=True).click()
    schedules = document("Schedules")
    expect(schedules.get_by_text("every weekday at 06:30 Europe/Paris")).to_be_visible()
    expect(schedules.get_by_text(re.compile(r"Next: .* · .* · "))).to_be_visible()
    expect(section(panel, "runs").get_by_role("button", name=re.compile("1 schedule · next in"))).to_be_visible()
    screen.shoot("runs-schedules")
    schedules.get_by_role("button", name="Pause").click()
    expect(schedules.get_by_role("button", name="Resume")).to_be_visible()
    schedules.get_by_role("button", name="Remove…").click()
    assert "score.ipynb is not run any more every weekday" in in_dialog(page, "Remove")
    expect(schedules.get_by_text("Nothing runs by itself yet.")).to_be_visible()

    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        screen.theme(theme)
        assert seen_by_axe(page, ".mlops-nb-Document") == []
        assert seen_by_axe(page, "[data-section=runs]") == []
    assert screen.strangers() == []
