"""What a person does in JupyterLab, step by step: opens, reads, agrees."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

ROOT = Path(__file__).resolve().parent.parent
AXE = ROOT / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
TAB = "MLOps: models, deployments, runs and watch"
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}


def open_panel(screen) -> Locator:
    """Through the sidebar, with the mouse."""
    screen.page.get_by_role("tab", name=TAB).click()
    panel = screen.page.get_by_role("region", name="MLOps workspace")
    expect(panel).to_be_visible()
    return panel


def open_file(page: Page, name: str) -> None:
    file = page.locator(".jp-DirListing-item", has_text=name)
    if not file.is_visible():
        page.get_by_role("tab", name=re.compile("File Browser")).click()
    file.dblclick()
    page.locator("#jp-main-dock-panel").get_by_role("tab", name=name).wait_for()


def in_palette(page: Page, words: str, open_it: Callable[[], None] | None = None) -> Locator:
    """Types into the palette, which may not be ready yet; the entries that are left. `open_it`: how it is opened, again where it closed."""
    asked = page.locator(".lm-CommandPalette-input").filter(visible=True)
    for _ in range(6 if open_it else 0):
        open_it()
        with suppress(AssertionError):
            expect(asked).to_be_focused(timeout=20_000)
            break
    expect(asked).to_be_focused()
    page.keyboard.type(words)
    return page.locator(".lm-CommandPalette-item").filter(visible=True)


def in_dialog(page: Page, button: str, reason: str = "") -> str:
    """Reads what a dialog asks, gives a reason, and agrees."""
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("p").first).not_to_be_empty()  # the frame may be there before its words
    says = dialog.inner_text()
    if reason:
        dialog.get_by_role("textbox").fill(reason)
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(dialog).to_be_hidden()
    return says


def seen_by_axe(page: Page, scope: str) -> list[str]:
    """Serious findings of axe-core below a selector, in short."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("scope => window.axe.run(scope, {resultTypes: ['violations']})", scope)
    serious = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0]['failureSummary'][:200]}" for one in serious]


def section(panel: Locator, name: str) -> Locator:
    return panel.locator(f"[data-section={name}]")
