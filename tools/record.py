"""Records the live demo of the panel as docs/images/live.webp: a real JupyterLab, a real Chromium, screenshots of what happens.

    python tools/record.py FOLDER     FOLDER: a workspace that `mlops-nb demo` has filled

What was trained before is kept, so that the recording begins with the year. Pictures that show nothing new are left out, and
where nothing but numbers move only some are kept: the animation is a time-lapse of what happened, in its order.
"""

import io
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
TARGET = HERE / "docs" / "images" / "live.webp"
WIDE, HIGH = 1100, 700
SHORT, LONG = 500, 2600  # milliseconds that a picture stays
MOST = 44  # pictures
LIMIT = 1_500_000  # bytes


class Film:
    """Pictures, each with how long it stays."""

    def __init__(self, page: Any):
        self.page = page
        self.pictures: list[tuple[bytes, int, bool]] = []

    def shoot(self, stays: int = SHORT, keep: bool = False) -> None:
        """One more, unless it shows what the last one shows."""
        picture = self.page.screenshot()
        if keep or not self.pictures or picture != self.pictures[-1][0]:
            self.pictures.append((picture, stays, keep))

    def chosen(self) -> list[tuple[bytes, int]]:
        """All that are to be kept, and of the others as many as there is room for, evenly."""
        others = [i for i, (_, _, keep) in enumerate(self.pictures) if not keep]
        room = max(1, MOST - (len(self.pictures) - len(others)))
        step = max(1.0, len(others) / room)
        left = {others[int(n * step)] for n in range(int(len(others) / step))}
        return [(p, stays) for i, (p, stays, keep) in enumerate(self.pictures) if keep or i in left]

    def write(self, path: Path) -> None:
        """An animation that never stops, as small as it has to be."""
        from PIL import Image

        chosen = self.chosen()
        frames = [Image.open(io.BytesIO(p)).convert("RGB") for p, _ in chosen]
        stays = [ms for _, ms in chosen]
        for quality in (80, 65, 50, 35):
            frames[0].save(
                path, save_all=True, append_images=frames[1:], duration=stays, loop=0, quality=quality, method=4, minimize_size=True
            )
            if path.stat().st_size <= LIMIT:
                break
        print(f"{path.relative_to(HERE)}: {len(frames)} pictures, {path.stat().st_size // 1024} kB")


def record(root: Path) -> None:
    """Everything."""
    sys.path[:0] = [str(HERE / "tests"), str(HERE)]
    from labs import FLAGS, Screen, chromium, start_lab
    from playwright.sync_api import sync_playwright

    from mlops_nb import Workspace
    from mlops_nb.desk.demo_live import checked, plays_next, versions_for
    from mlops_nb.desk.demo_state import read_live, state_path

    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the demo itself: threads that wait leave the cores to others
    ws = Workspace(root)
    _, release = versions_for(ws, plays_next(ws)[0], print)
    checked(ws, release)
    state_path(ws.settings).unlink(missing_ok=True)  # as if none had been played
    home = Path(tempfile.mkdtemp())
    lab = start_lab(root, home)
    try:
        with sync_playwright() as playwright:
            context = playwright.chromium.launch_persistent_context(
                str(home / "chromium"), executable_path=chromium(), args=list(FLAGS), headless=True,
                viewport={"width": WIDE, "height": HIGH},
            )  # fmt: skip
            context.set_default_timeout(120_000)
            page = context.pages[0]
            Screen(page).visit(lab)
            film = Film(page)
            play(page, film, lambda: read_live(ws.settings))
            context.close()
        for i, (picture, _, keep) in enumerate(film.pictures):
            if out := os.environ.get("RECORD_KEEP"):
                Path(out).mkdir(exist_ok=True, parents=True)
                (Path(out) / f"{i:04d}{'k' if keep else ''}.png").write_bytes(picture)
        film.write(TARGET)
    finally:
        lab.stop()


def play(page: Any, film: Film, read: Any) -> None:
    """Plays the year, breaks it, follows the alert to its investigation, rolls back."""
    page.get_by_role("tab", name="MLOps").click()
    page.locator("[data-section=runs] .mlops-nb-SectionHead").click()  # the other three have room
    page.locator("[data-section=models]").get_by_role("button", name="Play the year…").click()
    page.get_by_role("button", name="Play the year", exact=True).wait_for()
    page.wait_for_timeout(1500)
    film.shoot(1500, keep=True)
    page.get_by_role("button", name="Play the year", exact=True).click()
    page.get_by_role("button", name="Break it").wait_for()
    seen, done = "", set[str]()
    while seen not in ("over", "failed"):
        live = read()
        seen, waits = live.phase, live.waits
        film.shoot()
        if waits and waits not in done:
            done.add(waits)
            if waits == "back":
                follow(page, film)
            page.get_by_role("button", name="Break it" if waits == "break" else "Roll back").hover()
            film.shoot(LONG, keep=True)
            page.get_by_role("button", name="Break it" if waits == "break" else "Roll back").click()
        page.wait_for_timeout(700)
    page.wait_for_timeout(2500)
    film.shoot(2 * LONG, keep=True)


def follow(page: Any, film: Film) -> None:
    """From the alert to its investigation, and back."""
    page.get_by_role("button", name="An alert names distance").click()
    page.get_by_role("button", name="Open the investigation").wait_for()
    page.wait_for_timeout(1000)
    film.shoot(LONG, keep=True)
    page.get_by_role("button", name="Open the investigation").click()
    page.locator(".jp-Notebook").wait_for()
    page.wait_for_timeout(2500)
    film.shoot(LONG, keep=True)
    page.locator(".jp-Notebook").hover()
    for _ in range(2):
        page.mouse.wheel(0, 800)
        page.wait_for_timeout(1200)
        film.shoot(LONG, keep=True)
    page.locator(".lm-TabBar-tab").filter(has_text="Live demo").click()
    page.wait_for_timeout(800)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    record(Path(sys.argv[1]).resolve())
