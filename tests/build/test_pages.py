"""The documentation as pages: built without a warning, found by the search in a real browser, and nothing comes from elsewhere."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
TUTORIALS = sorted((ROOT / "nbs" / "tutorials").glob("*.ipynb"))


@pytest.fixture(scope="module")
def docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs", ROOT / "tools" / "docs.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("docs")
    words = [sys.executable, ROOT / "tools" / "docs.py", "--short", place]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and done.stderr == "", done.stderr[-3000:]
    return place / "html"


@pytest.fixture(scope="module")
def page(pages: Path) -> Iterator[Page]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"], headless=True)
        shown = browser.new_page(viewport={"width": 390, "height": 800})
        shown.on("request", lambda request: asked.append(request.url))
        yield shown
        browser.close()
    assert len(asked) > 20 and [url for url in asked if not url.startswith(("file:", "data:"))] == []


def names() -> dict[str, tuple[str, str]]:
    "One of each kind: what is searched for, and the page that tells."
    from mlops_nb.core.settings import setting_names
    from mlops_nb.doors.jupyter import ROUTES
    from mlops_nb.doors.live import KINDS, schema_id
    from mlops_nb.store.control_schema import TABLES
    from mlops_nb.watch.metrics import METRICS

    return {
        "command": ("mlops-nb runs reproduce", "commands.html#mlops-nb-runs-reproduce-run"),
        "setting": (setting_names()[-1], "settings.html#index-"),
        "route": (ROUTES[-1].path, "routes-of-the-jupyter-server.html"),
        "error": ("model_not_found", "errors.html#index-"),
        "metric": (list(METRICS)[-1], "metrics.html#index-"),
        "event": (schema_id(KINDS[-1]), "events.html"),
        "table": (list(TABLES)[-1], "tables-of-the-control-database.html#index-"),
        "method": ("Workspace.adopt", "workspace.html#mlops_nb.Workspace.adopt"),
        "function": ("drift", "functions.html#mlops_nb.watch.drift.drift"),
        "record": ("ModelVersion", "records.html#mlops_nb.core.records.ModelVersion"),
        "tutorial": ("threat", "08_security.html"),
    }


def test_the_search_finds_one_of_each_kind(pages: Path, page: Page) -> None:
    for kind, (name, where) in names().items():
        page.goto(f"{(pages / 'search.html').as_uri()}?q={quote(name)}")
        expect(page.get_by_role("main")).to_contain_text("Search finished", timeout=120_000)
        links = [link.get_attribute("href") or "" for link in page.locator("ul.search a").all()]
        assert [link for link in links if where in link], f"{kind} {name}: {links}"


def test_tutorials_stand_there_with_what_they_gave(pages: Path, page: Page) -> None:
    assert len(TUTORIALS) >= 8
    for path in TUTORIALS:
        page.goto((pages / "tutorials" / f"{path.stem}.html").as_uri())
        assert page.locator(".cell_output").count() > 3, path.name
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0, path.name
    page.goto((pages / "tutorials" / "04_monitoring.html").as_uri())
    page.locator(".cell_output img").first.wait_for()
    assert page.locator(".cell_output img").first.evaluate("picture => picture.naturalWidth") > 100


def test_a_page_that_asks_another_machine_is_named(docs: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<a href="https://x.org">x</a><script defer src="https://cdn.org/m.js"></script><img src="b.png">')
    (tmp_path / "a.css").write_text("@font-face { src: url('//fonts.org/f.woff') }")
    assert docs.reaching(tmp_path) == ["a.html: https://cdn.org/m.js", "a.css: //fonts.org/f.woff"]


def test_every_folder_of_modules_has_its_pages(docs: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "index.md").write_text("# It\n")
    docs.gather_modules(tmp_path)
    there = {path.parent.name for path in (ROOT / "nbs").glob("*/*.ipynb")} - {"dashboards", "jobs", "tutorials"}
    assert there == set(docs.FOLDERS) and all((tmp_path / "modules" / f"{name}.md").is_file() for name in there)
    assert len(list((tmp_path / "modules").glob("*/*.ipynb"))) == sum(len(list((ROOT / "nbs" / name).glob("*.ipynb"))) for name in there)
    assert "modules/desk\n" in (tmp_path / "index.md").read_text()
    assert "#| " not in (tmp_path / "modules" / "core" / "00_errors.ipynb").read_text()


def test_a_name_that_the_search_shall_know_is_marked(docs: ModuleType) -> None:
    table = "| setting | default |\n|---|---|\n| `port` | `8000` |"
    made = docs.chapters(f"# R\n\n## Settings\n\n{table}\n\n### More\n\n## Commands\n\n| `x` | y |\n")
    assert list(made) == ["settings", "commands"] and made["settings"].startswith("# Settings") and "\n## More" in made["settings"]
    assert "<port>` `port` | `8000` |" in made["settings"] and "\n| `x` | y |" in made["commands"]
