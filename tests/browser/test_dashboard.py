"""Dashboards as a manager and an auditor meet them: in a real browser, in front of `mlops-nb dashboard`."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import nbformat
import nbformat.v4 as v4
import pytest
from labs import ARTIFACTS, FLAGS, LOOPBACK, PATIENCE, chromium, wait_for
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect
from ports import free_port

from mlops_nb import Workspace
from mlops_nb.batch.pool import pools
from mlops_nb.core.records import Actor
from mlops_nb.core.serving import Deployment, Route

NAME = "late & long"  # a name that an address has to spell
STORY = f"model?name={quote(NAME)}"


@dataclass
class Served:
    """A `mlops-nb dashboard` process."""

    root: Path
    port: int
    log: Path
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(300)

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, str]:
        """Status and body of an answer; redirections are not followed."""
        request = urllib.request.Request(
            self.url + path, body, {k.replace("_", "-"): v for k, v in headers.items()}, method=method
        )

        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_: object) -> None:
                return None

        try:
            with urllib.request.build_opener(Stay).open(request, timeout=300) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode() + str(refused.headers)


def serve(root: Path, port: int = 0, **variables: str) -> Served:
    port = port or free_port()
    log = root.parent / f"{root.name}-dashboard.log"
    with log.open("ab") as out:
        words = [
            sys.executable,
            "-c",
            "from mlops_nb.doors.front import main; main()",
            "-C",
            str(root),
            "dashboard",
            f"--port={port}",
        ]
        process = subprocess.Popen(
            [*words, "--no-browser", "-o", "json"],
            env=os.environ | variables,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    served = Served(root, port, log, process)

    def answers() -> bool:
        assert process.poll() is None, log.read_text()[-3000:]
        try:
            return served.ask("health")[0] == 200
        except OSError:
            return False

    wait_for("an answer of the dashboards", answers, log)
    return served


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that was asked for two weeks, drifts, has alerts and a check, and is deployed while no agent runs."""
    import numpy as np
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    ws = Workspace(tmp_path_factory.mktemp("delays"))
    rng, n = np.random.default_rng(0), 3_000
    hours = pd.date_range("2013-01-01", periods=n, freq="20min")
    frame = pd.DataFrame(
        {
            "flight_id": np.arange(n),
            "scheduled": hours,
            "wind": rng.gamma(2, 5, n),
            "carrier": rng.choice(["UA", "AA"], n),
        }
    )
    frame["late"] = rng.random(n) < 1 / (1 + np.exp(2 - frame["wind"] / 5))
    for rows in (1_000, n):
        ws.commit("flights", frame[:rows])
    train, test, live = frame[:1_500], frame[1_500:2_000], frame[2_000:].reset_index(drop=True)
    fit = LogisticRegression().fit(train[["wind"]], train["late"])
    about = {
        "target": "late",
        "id": "flight_id",
        "time": "scheduled",
        "description": "Arrives late.",
        "tags": {"owner": "ada"},
    }
    assert (
        ws.register(fit, NAME, train=train[["flight_id", "scheduled", "wind", "late"]], test=test, **about).state
        == "proven"
    )
    ws.predict(NAME, live.assign(wind=live["wind"] + 20))
    ws.label(NAME, live[["flight_id", "late"]])
    ws.take_measures(NAME)
    control, version = ws.stores.control, f"{NAME}/1"
    control.raise_alert(
        "drift",
        "wind has drifted.",
        severity="critical",
        model=NAME,
        version=version,
        hint="`mlops-nb watch report` says more.",
    )
    wanted = Deployment(
        "delays", 1, model=NAME, routes=(Route("champion", f"{NAME}@champion", version=version),), reason="first"
    )
    control.add_revision(wanted, Actor("os", "ada"), expected_revision=0)
    cells = [v4.new_code_cell("month = 1", metadata={"tags": ["parameters"]}), v4.new_code_cell("assert month < 4")]
    nbformat.write(v4.new_notebook(cells=cells), ws.root / "score.ipynb")
    ws.run("score.ipynb", wait=True, month=[3, 4])
    return ws.root


@pytest.fixture(scope="module")
def served(root: Path) -> Iterator[Served]:
    found = serve(root)
    yield found
    if found.process.poll() is None:
        assert found.stop() == 0, found.log.read_text()[-2000:]


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    found = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS), headless=True, timeout=PATIENCE)
    yield found
    found.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages; none of them asks for anything off this machine, opens a socket, or is refused anything by its own policy."""
    contexts: list[BrowserContext] = []
    asked: list[str] = []
    said: list[str] = []

    def start(**options: object) -> Page:
        contexts.append(browser.new_context(**options))
        contexts[-1].set_default_timeout(PATIENCE)
        contexts[-1].on("request", lambda request: asked.append(request.url))
        page = contexts[-1].new_page()
        page.on("console", lambda message: page.url.endswith("/own") or said.append(message.text))
        page.on("pageerror", lambda problem: said.append(str(problem)))
        page.on("websocket", lambda line: said.append(f"websocket {line.url}"))
        return page

    yield start
    for context in contexts:
        context.close()
    web = [urlsplit(url) for url in asked if urlsplit(url).scheme not in ("data", "file", "blob")]
    assert [url.geturl() for url in web if url.hostname not in LOOPBACK] == []
    assert [line for line in said if "Failed to load resource" not in line] == []


def whole(page: Page) -> None:
    """Waits until all of a page is there: its script stands at its end."""
    page.wait_for_selector("script", state="attached")


SHOWN = {"fleet": "Models", STORY: NAME, "runs": "Runs", "data": "Data"}
MODES = {
    "light": {"viewport": {"width": 1100, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1100, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 800}, "color_scheme": "light"},
}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
UNNAMED = """[...document.querySelectorAll('main svg:not([aria-hidden]), main img')]
  .filter(e => !(e.alt || e.querySelector('title'))).length
+ [...document.querySelectorAll('main table')].filter(t => !t.querySelector('th[scope=col]') || !t.caption).length"""


def test_each_dashboard_in_light_in_dark_and_on_a_phone(served: Served, open_page: Callable[..., Page]) -> None:
    for mode, options in MODES.items():
        page = open_page(**options)
        for path, title in SHOWN.items():
            page.goto(served.url + path)
            whole(page)
            assert page.locator("h1").all_inner_texts() == [title]
            assert page.evaluate(OVERFLOW) == 0, f"{path} is wider than a {mode}"
            assert page.evaluate(UNNAMED) == 0, f"{path} has a picture or a table without a name"
            assert page.locator(".wrong").count() == 0, served.log.read_text()[-2000:]
            dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
            assert dark == (mode == "dark")
            page.evaluate("document.fonts.ready")
            ARTIFACTS.mkdir(exist_ok=True)
            page.screenshot(path=ARTIFACTS / f"dashboard-{path.partition('?')[0]}-{mode}.png", full_page=True)
            html = page.content()
            assert "read_only=True" not in html and "import Workspace" not in html and "jp-InputArea" not in html, (
                "a cell's code is shown"
            )


def test_the_story_of_a_model(served: Served, open_page: Callable[..., Page]) -> None:
    page = open_page(**MODES["light"])
    page.goto(served.url + "fleet")
    whole(page)
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=NAME)).first
    expect(row).to_contain_text("ada")
    expect(page.locator(".notice")).to_contain_text("mlops-nb up")  # no agent runs, and that is not to be overlooked
    expect(page.get_by_role("row").filter(has_text="wind has drifted.")).to_contain_text("✗ critical")
    row.get_by_role("link").click()
    whole(page)
    expect(page.locator(".facts").first).to_contain_text("the first proven version")
    expect(page.get_by_role("heading", name="What moved")).to_be_visible()
    assert "estimate, assumes P(y|x) unchanged" in page.locator("main").inner_text()
    expect(page.locator(".heat")).to_contain_text("wind")
    expect(page.get_by_role("region", name="Who changed what")).to_contain_text("The chain of receipts is whole")
    expect(page.get_by_role("img", name=re.compile("comes from"))).to_be_visible()
    page.goto(served.url + "model?name=nobody")
    whole(page)
    expect(page.locator("main")).to_contain_text("There is no model “nobody” here.")
    page.goto(served.url + "runs")
    whole(page)
    failed = page.get_by_role("region", name="What failed", exact=True)
    expect(failed).to_contain_text("AssertionError")
    expect(failed).to_contain_text("mlops-nb runs show")


def test_nothing_can_be_changed_through_it(served: Served, root: Path, open_page: Callable[..., Page]) -> None:
    own = root / "dashboards" / "own.ipynb"
    own.parent.mkdir(exist_ok=True)
    control = Workspace(root).settings.control.removeprefix("sqlite:///")
    code = f"""
import mlflow
from mlops_nb import Workspace
ws = Workspace()
def tried(change, *words):
    try:
        return f"done {{change(*words)}}"
    except Exception as problem:
        return f"{{type(problem).__name__}}: {{str(problem).splitlines()[0][:80]}}"
print(tried(ws.promote, {NAME + "/1"!r}, "challenger"))
print(tried(ws.commit, "flights", None))
print(tried(ws.stores.models.client.create_registered_model, "smuggled"))
print(tried(ws.stores.control.create_key, "admin"))
print(tried(ws.run, "score.ipynb"))
"""
    script = (
        "from IPython.display import HTML\nHTML('<p>of their own</p><script>document.title = \"taken over\"</script>')"
    )
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(code), v4.new_code_cell(script)]), own)
    before = Path(control).read_bytes()
    page = open_page()
    page.goto(served.url + "own")
    page.get_by_text("of their own").wait_for()
    told = [line for text in page.locator("main pre").all_inner_texts() for line in text.splitlines()]
    assert len(told) == 5 and not [line for line in told if line.startswith("done")], told
    assert "readonly" in told[2].replace(" ", "").lower() and told[0].startswith("ReadOnly")
    assert page.title() != "taken over"
    assert Path(control).read_bytes() == before and "smuggled" not in [
        m.name for m in Workspace(root).model_page().items
    ]
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert served.ask("fleet", method, b"{}")[0] == 405
    for path in ("api/kernels", "api/contents", "voila/render/fleet.ipynb", "../settings.ini", ".mlops/key"):
        assert served.ask(path)[0] in (401, 404), path
    assert served.ask("fleet" + "?" + "x" * 600)[0] == 400 and served.ask("nothing-such")[0] == 404
    wait_for("the end of every kernel", lambda: all(p.active == 0 for p in pools(root / ".mlops")), served.log)
    own.unlink()


def test_it_stays_as_things_are(served: Served, root: Path, open_page: Callable[..., Page]) -> None:
    page = open_page(**MODES["phone"])
    page.goto(served.url + "data")
    whole(page)
    first = page.locator("#asof").inner_text()
    page.locator("details").first.click()
    page.evaluate("scrollTo(0, 400)")
    page.evaluate("window.stays = true")
    look = "document.dispatchEvent(new Event('visibilitychange'))"
    import pandas as pd

    Workspace(root).commit("airports", pd.DataFrame({"code": ["JFK", "LGA"]}))
    wait_for(
        "a page that is too old to be sent again",
        lambda: bool(page.evaluate(f"{look}; document.body.innerText.includes('airports')")),
        served.log,
    )
    assert (
        page.evaluate("window.stays") and page.evaluate("scrollY") == 400 and page.locator("details[open]").count() == 1
    )
    assert page.locator("#asof").inner_text() > first

    assert served.stop() == 0
    page.evaluate(look)
    expect(page.get_by_role("status")).to_contain_text("The server does not answer.")
    again = serve(root, served.port)
    served.process = again.process
    page.evaluate(look)
    expect(page.get_by_role("status")).to_be_empty()


def test_it_can_be_saved_as_one_page(served: Served, open_page: Callable[..., Page], tmp_path: Path) -> None:
    page = open_page(color_scheme="dark")
    page.goto(served.url + STORY)
    whole(page)
    page.emulate_media(media="print")  # paper has no use for what is there to click
    assert page.locator("nav:visible, .tools:visible, #news:visible").count() == 0 and page.locator("h1").is_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--paper')").strip() == "#fff"
    page.emulate_media(media="screen")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as one page").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name.startswith("delays") and file.suffix == ".html"
    html = file.read_text()
    assert (
        "<script" not in html
        and "href=" not in html.replace('<link rel="icon" href="data:,">', "")
        and "src=" not in html
    )
    alone = open_page(offline=True)
    alone.goto(file.as_uri())
    assert alone.locator("h1").inner_text() == NAME and alone.locator("svg").count() == page.locator("svg").count()
    assert "as of 20" in alone.locator("body > .bar").inner_text()


def test_a_key_opens_it_and_nothing_else_does(served: Served, root: Path, open_page: Callable[..., Page]) -> None:
    assert served.ask("fleet", Host="evil.example")[0] == 401, "a name from elsewhere"
    ws = Workspace(root)
    view, predict = ws.create_key("view", "boss"), ws.create_key("predict", "caller")
    wait_for("the key to be known", lambda: served.ask("fleet")[0] == 401, served.log)
    for wrong in (predict.token, view.token[:-1] + "z", "mnb_" + "0" * 10 + "_" + "0" * 48, ""):
        assert served.ask("fleet", Authorization=f"Bearer {wrong}")[0] == 401
    for right in ({"Authorization": f"Bearer {view.token}"}, {"X_API_Key": view.token}):
        assert served.ask("fleet", **right)[0] == 200
    assert served.ask("sign-in", "POST", f"key={view.token}".encode(), Origin="http://evil.example")[0] == 403

    page = open_page(**MODES["phone"])
    page.goto(served.url + STORY)
    page.get_by_label("Key").fill(predict.token)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_contain_text("not known here")
    page.screenshot(path=ARTIFACTS / "dashboard-door-phone.png")
    page.get_by_label("Key").fill(view.token)
    page.get_by_role("button", name="Open").click()
    whole(page)
    assert page.locator("h1").inner_text() == NAME and view.token not in page.url
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax" and view.token.split("_")[2] not in cookie["value"]

    ws.revoke_key(view.id)
    wait_for(
        "the key to be unknown", lambda: served.ask("fleet", Authorization=f"Bearer {view.token}")[0] == 401, served.log
    )
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("status")).to_contain_text("You are signed out.")
    page.reload()
    expect(page.get_by_label("Key")).to_be_visible()
    ws.revoke_key(predict.id)


def test_an_empty_workspace_teaches_the_next_step(open_page: Callable[..., Page], tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    Workspace(tmp_path / "new")
    served = serve(tmp_path / "new", MLOPS_NB_POOL="off")  # a stock kernel does the same, later
    try:
        page = open_page(**MODES["light"])
        page.goto(served.url)
        whole(page)
        expect(page.locator(".nothing")).to_contain_text("mlops-nb demo")
        assert page.locator(".wrong").count() == 0, served.log.read_text()[-2000:]
        page.screenshot(path=ARTIFACTS / "dashboard-empty.png", full_page=True)
        facts = json.loads(served.log.read_text().partition("}")[0] + "}")
        assert (
            facts["url"] == served.url
            and facts["dashboards"] == ["fleet", "model", "runs", "data"]
            and not facts["key_needed"]
        )
    finally:
        assert served.stop() == 0


def test_off_loopback_it_asks_for_a_key_first(root: Path) -> None:
    words = [
        sys.executable,
        "-c",
        "from mlops_nb.doors.front import main; main()",
        "-C",
        str(root),
        "dashboard",
        "--host=0.0.0.0",
        "--port=0",
    ]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert (
        done.returncode == 2
        and "without a key and TLS" in done.stderr
        and "mlops-nb keys create --role view" in done.stderr
    )
