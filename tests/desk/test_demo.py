"""The demo as a stranger runs it: real flights, a real model, real runs."""

import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import fields
from datetime import date
from pathlib import Path

import labs
import pandas as pd
import pytest
from acts import open_panel, section, seen_by_axe
from playwright.sync_api import expect, sync_playwright
from ports import free_port
from waiting import until

from mlops_nb import Workspace
from mlops_nb.core.errors import RunFailed, UsageError
from mlops_nb.core.settings import find_root, load
from mlops_nb.desk import demo_feed
from mlops_nb.desk.demo import demo_apart, demo_workspace
from mlops_nb.desk.demo_feed import Day, Feed
from mlops_nb.desk.demo_state import Live, read_live, wish

ROOT = Path(__file__).resolve().parent.parent.parent
DEMO = [sys.executable, "-c", "import sys; from mlops_nb.doors.cli import main; sys.exit(main())", "demo"]


PORT = str(free_port())


def environment():
    outside = {k: v for k, v in os.environ.items() if not k.startswith(("MLOPS_NB_", "MLFLOW_T", "MLFLOW_R"))}
    return outside | {"MLOPS_NB_PORT": PORT}


def demo(folder, *words, code=0):
    words = words if "--ask" in words else (*words, "--ask", "0", "--no-compare", "--no-watch")
    done = subprocess.run([*DEMO, *words, "-o", "json"], cwd=folder, env=environment(), capture_output=True, text=True, timeout=1800)
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("Ein Jahr Flüge")


@pytest.fixture(scope="module")
def first(place):
    return demo(place, "--months", "4", "--ask", "300", "--down")


def test_the_checkout_is_itself_the_workspace_of_the_demo(tmp_path):
    assert find_root(ROOT / "nbs" / "jobs") == ROOT and load(ROOT).name == "mlops_nb"
    for name in (".mlops/runs/x", ".mlops/control.db"):
        assert subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT).returncode == 0, f"git would take {name}"
    shutil.copytree(ROOT / "nbs" / "jobs", tmp_path / "nbs" / "jobs", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    for name in ("settings.ini", "pyproject.toml"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    ws = demo_workspace(tmp_path / "nbs")
    assert ws.root == tmp_path.resolve() and ws.tables() == []
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and ".mlops" not in p.parts} == before


def test_nbdev_reads_its_own_file_and_leaves_ours_alone():
    from nbdev.config import get_config

    for config in (get_config(ROOT / "nbs"), get_config(ROOT / "nbs" / "desk", also_settings=True)):
        assert config.config_file == ROOT / "pyproject.toml" and config.lib_path == ROOT / "mlops_nb"


def test_it_goes_online_and_the_lake_holds_what_was_asked(place, first):
    online = first["online"]
    assert online["version"] == "flight-delay/1" and online["url"] == f"http://127.0.0.1:{PORT}/models/flight-delay"
    assert [(s["protocol"], s["rows"]) for s in online["sent"]] == [("MLflow", 150), ("Open Inference Protocol", 150)]
    assert online["predictions"] == 300 and 280 < online["labelled"] <= 300
    assert online["windows"] in (30, 31), "April in New York, days in UTC"
    ws = Workspace(place / "mlops-demo")
    assert not ws.status().running, "--down ended it"
    rows = ws.predictions("flight-delay/1", last=None, labels=True)
    rows = rows[rows["deployment"] == "flight-delay"]
    assert len(rows) == 300 and rows["entity_id"].nunique() == 300
    assert rows["event_time"].between("2013-04-01T00:00Z", "2013-05-02T00:00Z").all()


def test_it_makes_a_proven_champion_and_scores_real_months(place, first):
    assert set(first) == {"model", "version", "months", "proof", "online", "year", "change"}
    ws = Workspace(place / "mlops-demo", read_only=True)
    version = ws.version("flight-delay")
    assert (version.state, version.aliases, version.version) == ("proven", ("champion",), 1)
    assert {s.split("@")[0] for s in version.snapshots} == {"flights", "weather"}
    assert [m["month"] for m in first["months"]] == [4]
    for month in first["months"]:
        assert 20_000 < month["rows"] < 30_000 and 0.60 < month["auc"] < 0.75
        assert 0.1 < month["base_rate"] < 0.35 and 0 < month["mean_prediction"] < 1
        assert month["verdict"] in ("changed", "drifted") and month["changed"] + month["drifted"], "spring is not winter"


def test_the_year_is_watched_and_a_challenger_comes_and_goes(place, first):
    year, change = first["year"], first["change"]
    assert [w["label"] for w in year["windows"]][-1] == "2013-04" and year["days"] >= 30
    for window in year["windows"][-1:]:
        assert 0.6 < window["realised"] < 0.75 and 0.6 < window["estimated"] < 0.8 and window["coverage"] > 0.9
    assert len(year["alerts"]) <= 4, "rare"
    assert "<svg" in Path(year["page"]).read_text(encoding="utf-8")
    ws = Workspace(place / "mlops-demo", read_only=True)
    assert change["version"] == "flight-delay/2" and ws.version("flight-delay").version == 1, "it was taken back"
    receipts = {r.id: r for r in ws.receipts("flight-delay")}
    assert receipts[change["taken_back"]].undoes == change["promoted"] and receipts[change["promoted"]].to_version == 2
    assert [p.evidence["challenger"] for p in ws.proposals("flight-delay", open_only=False)] == ["flight-delay/2"]


def test_each_run_left_its_evidence(place, first):
    ws = Workspace(place / "mlops-demo", read_only=True)
    runs = [run for run in ws.runs(notebook="score.ipynb") if not run.because]
    assert [r.parameters["month"] for r in runs] == [4]
    for run in runs:
        there = {p.name for p in Path(run.folder).iterdir()}
        assert {"executed.ipynb", "source.ipynb", "manifest.json", "run.json", "drift.json", "io.jsonl"} <= there
        assert {r.split("@")[0] for r in run.inputs} == {"flights", "weather"} and run.output.startswith("flight-delay-scored@")
        assert run.tracking_run_id
    for name in ("train.ipynb", "score.ipynb"):
        ours, used = (root / "nbs" / "jobs" / name for root in (ROOT, ws.root))
        assert used.read_bytes() == ours.read_bytes(), "what ran is beside it in .mlops/runs, not in it"
    proof = first["proof"]
    assert proof["identical"] and proof["repeated"] in {r.id for r in runs}, proof
    assert len(proof["papermill"]) == 1 and proof["papermill"][0] > 0
    (measured,) = [r for r in runs if r.id == proof["repeated"]]
    assert proof["seconds"] == measured.seconds and measured.engine == "warm", "what makes it quicker than papermill"
    table = ws.read("flight-delay-scored")
    assert len(table) == sum(m["rows"] for m in first["months"]) and table["flight_id"].is_unique


def test_a_second_call_finds_everything_there_and_a_longer_one_adds_what_is_missing(place, first):
    ws = Workspace(place / "mlops-demo", read_only=True)
    before = {r.id for r in ws.runs()}
    assert demo(place, "--months", "4") == first | dict.fromkeys(("online", "proof", "year", "change"))
    assert {r.id for r in ws.runs()} == before, "nothing was to be run again"
    longer = demo(place, "--months", "3-4")
    assert [m["month"] for m in longer["months"]] == [3, 4] and longer["months"][1] == first["months"][0]
    assert len({r.id for r in ws.runs()} - before) == 1


def test_from_a_screen_it_is_told_why_it_ended(tmp_path):
    with pytest.raises(UsageError, match="only March to December"):
        demo_apart(tmp_path, "1-3")
    (tmp_path / "settings.ini").write_text("[mlops_nb]\nport = many\n")
    with pytest.raises(RunFailed, match=r"did not come to its end: .*port"):
        demo_apart(tmp_path)


HELD = """import signal, sys
from mlops_nb.desk import demo
from mlops_nb.doors.cli import main

score = demo.score

def held(*words):
    done = score(*words)
    signal.pause()
    return done

demo.score = held
sys.exit(main())"""  # a demo that does not go on after its runs until Ctrl-C, however late that comes


def test_ctrl_c_costs_only_the_step_it_hit_and_another_seed_makes_another_model(place, first):
    ws = Workspace(place / "mlops-demo", read_only=True)
    before = {r.id for r in ws.runs()}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    words = ["--months", "4-5", "--seed", "5", "--ask", "0", "--no-compare", "--no-watch"]
    started = subprocess.Popen([sys.executable, "-c", HELD, "demo", *words], cwd=place, env=environment(), **pipes)

    def is_scoring():
        assert started.poll() is None, started.communicate()
        return [r for r in ws.runs(notebook="score.ipynb") if r.id not in before and r.status != "queued"]

    try:
        until(is_scoring, "it scores", seconds=900)
        started.send_signal(signal.SIGINT)
        _, said = started.communicate(timeout=300)
    finally:
        started.kill()
    assert started.returncode == 130 and "goes on from there" in said, said
    assert {r.status for r in Workspace(place / "mlops-demo").runs() if r.id not in before} <= {"cancelled", "finished"}
    versions = {v.version for v in ws.versions("flight-delay")}
    other = demo(place, *words)
    assert [m["month"] for m in other["months"]] == [4, 5]
    assert other["version"] == first["version"] + 2, "the challenger is between them"
    assert {v.version for v in ws.versions("flight-delay")} == versions, "what was trained before the interruption is not trained again"
    assert other["months"][0]["auc"] != first["months"][0]["auc"]
    newest = ws.runs(notebook="score.ipynb")[0]
    seen = ws.drift("flight-delay", run=newest.id)
    assert seen.n_window in {m["rows"] for m in other["months"]}, "the run knows its version; the champion is another"
    assert Workspace(place / "mlops-demo", read_only=True).version("flight-delay").version == 1, "the champion stays until promoted"


def test_two_demos_at_once_are_told_of_each_other(place, first):
    with Workspace(place / "mlops-demo").exclusively("demo"):
        error = demo(place, "--months", "3", code=1)["error"]
    assert error["code"] == "busy" and str(os.getpid()) in error["message"]


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers, and tells when a connection is over."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def finish(self):
        super().finish()
        self.server.ended.set()

    def log_message(self, *words):
        pass


ANSWER = b'{"model_version": "1"}'


def test_a_feed_that_had_to_wait_opens_its_connection_anew(monkeypatch):
    monkeypatch.setattr(demo_feed, "WAITS", 300.0)  # it is answered by this very process, which may stand still
    days = [Day(date(2013, 4, n), pd.DataFrame({"distance": [700] * 4, "late": True})) for n in (1, 2)]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.ended = threading.Event()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        feed = Feed(f"http://127.0.0.1:{server.server_address[1]}", "delay", days, "late", 0.01, 0.01)
        feed.upto = 1
        feed.start()
        assert server.ended.wait(300), "it hangs up before the server does"
        feed.upto = 2
        feed.join(300)
        server.shutdown()
    assert (feed.sent, feed.requests, feed.rows, feed.failed, feed.by) == (2, 8, 8, 0, "1"), feed.problem


SEEN = """document => {
  window.seen = {requests: [], rates: [], steps: []};
  const add = (list, now) => {
    if (now && now !== list[list.length - 1]) list.push(now);
  };
  const look = () => {
    const term = [...document.querySelectorAll('dt')].find(one => one.textContent === 'Failed requests');
    add(window.seen.requests, term?.nextSibling.textContent);
    add(window.seen.rates, window.document.querySelector('[data-section=deployments]').textContent.match(/[0-9.]+\\/s · p95/)?.[0]);
    const steps = [...document.querySelectorAll('[role=group] button')].map(one => one.textContent + (one.disabled ? ' off' : ''));
    add(window.seen.steps, `${document.querySelector('[role=status]')?.textContent} ${steps.join(', ')}`);
  };
  new MutationObserver(look).observe(window.document, {childList: true, characterData: true, subtree: true});
}"""  # all that stood on the screen, of the document and of the sidebar
ENDED = """async id => {
  for (let looks = 0; ; looks++) {
    const action = await (await fetch(`/mlops-nb/api/actions/${id}`)).json();
    if (action.state !== 'running' || looks > 1000) return action;
    await new Promise(go => setTimeout(go, 100));
  }
}"""  # what was begun, when it is over
WAY = re.compile(r"/demo/live(\?|$)")
A_MONTH = {"months": "4", "seconds": 6}
LONG = 600_000  # ms that a training, an alert or a run may take on a busy machine


@pytest.fixture
def lab(place, first, tmp_path):
    """JupyterLab on the filled workspace; what the test left behind ends with it."""
    ws = Workspace(place / "mlops-demo")
    file = ws.root / "settings.ini"
    file.write_text(file.read_text().replace("# port = 8780", f"port = {PORT}"))
    lab = labs.start_lab(ws.root, tmp_path)
    try:
        yield lab
    finally:
        with suppress(UsageError):  # it is over
            wish(ws.settings, "stop")
        lab.stop()
        ws.down()


def play_by_clicks(screen, place):
    """Plays a month as a person does; what it reports at its end."""
    page, panel = screen.page, open_panel(screen)
    section(panel, "models").get_by_role("button", name="Play the year…").click()
    year = page.locator(".mlops-nb-Document", has=page.get_by_role("heading", name="A year of flights, live"))
    play, away = (year.get_by_role("button", name=name, exact=True) for name in ("Play the year", "Break it"))
    back, stop = (year.get_by_role("button", name=name, exact=True) for name in ("Roll back", "Stop"))
    expect(year.get_by_text("not played yet")).to_be_visible()
    expect(away.or_(back).or_(stop)).to_have_count(0)

    # What is asked for is a month, not a year.
    year.evaluate(SEEN)
    page.route(WAY, lambda way: way.continue_(post_data=json.dumps(A_MONTH) if way.request.method == "POST" else None))
    with page.expect_response(lambda answer: WAY.search(answer.url) and answer.request.method == "POST") as began:
        play.click()
    page.unroute(WAY)
    action = began.value.json()
    assert action["state"] == "running", action

    # While it gets ready it says so, it can be stopped, and a second one is refused at the command line.
    expect(stop).to_be_enabled()
    expect(back).to_be_disabled()
    error = demo(place, "--live", "--months", "4", code=1)["error"]
    assert error["code"] == "busy" and str(read_live(load(place / "mlops-demo")).pid) in error["message"]

    # It plays: the numbers move, here and in the sidebar.
    row = section(panel, "deployments").get_by_role("listitem").filter(has_text="flight-delay-live")
    expect(away).to_be_enabled(timeout=LONG)
    expect(back).to_be_disabled()
    expect(year.get_by_role("progressbar", name="Days of the year that were played")).to_be_visible()
    expect(row).to_contain_text("flight-delay-live/1")
    assert seen_by_axe(page, ".mlops-nb-Document") == []
    away.click()
    expect(row).to_contain_text("flight-delay-live/2")
    expect(year.get_by_text("flight-delay-live/2 went out. Its feed sends distance in kilometres from Apr")).to_be_visible()
    expect(away).to_be_disabled()

    # One alert, which names the column; its investigation has been run.
    names = year.get_by_role("button", name="An alert names distance")
    expect(names).to_be_visible(timeout=LONG)
    expect(back).to_be_enabled(timeout=LONG)
    watch = section(panel, "watch")
    expect(watch.get_by_role("listitem").filter(has_text="flight-delay-live").filter(has_text="distance").first).to_contain_text("critical")
    names.click()
    alert = page.locator(".mlops-nb-Document", has=page.get_by_role("heading", name="A column is broken", level=1))
    expect(alert.get_by_role("button", name="flight-delay-live/2")).to_be_visible()
    alert.get_by_role("button", name="Open the investigation").click()
    book = page.locator(".jp-NotebookPanel")
    expect(book.get_by_role("heading", name="Investigate: what is behind it?")).to_be_visible()
    expect(book.locator(".jp-OutputArea-output").first).to_be_visible()
    assert seen_by_axe(page, "#mlops-nb-workspace") == []

    # Back, with the keyboard: nothing failed, and a run is identical when it is run again.
    page.locator("#jp-main-dock-panel").get_by_role("tab", name="Live demo").click()
    expect(back).to_be_enabled()
    back.focus()
    page.keyboard.press("Enter")
    expect(year.get_by_text("Rolled back to flight-delay-live/1, receipt")).to_contain_text("0 failed requests.")
    expect(row).to_contain_text("flight-delay-live/1")
    expect(year.get_by_text("Over: not one request failed, neither at the release nor at the rollback.")).to_be_visible(timeout=LONG)
    expect(year.get_by_role("listitem").filter(has_text="A run, run once more")).to_have_text("A run, run once more: identical")
    expect(play).to_be_enabled()
    expect(watch.get_by_role("listitem").filter(has_text="flight-delay-live").filter(has_text="critical")).to_have_count(0)
    assert seen_by_axe(page, ".mlops-nb-Document") == []
    screen.shoot("live-demo")
    seen = page.evaluate("window.seen")
    steps = [text for text in seen["steps"] if text.startswith("Getting ready")]
    assert steps and all(text.endswith(" Break it off, Roll back off, Stop") for text in steps), seen["steps"]
    assert seen["rates"], "the sidebar showed how many ask"
    requests = [[int(number.replace(",", "")) for number in text.split(" of ")] for text in seen["requests"]]
    assert len(requests) > 5 and requests == sorted(requests) and {failed for failed, _ in requests} == {0}, requests
    assert screen.strangers() == []
    return page.evaluate(ENDED, action["id"])


def test_a_year_in_a_minute_breaks_is_found_and_is_taken_back(place, lab, tmp_path):
    with sync_playwright() as playwright, labs.a_screen(playwright, tmp_path) as screen:
        screen.visit(lab)
        try:
            action = play_by_clicks(screen, place)
        except Exception as problem:
            live = read_live(load(place / "mlops-demo"))
            said = f"{live.phase} {live.error or live.says!r}, {live.days} of {live.of} days, alert {live.alert}, run {live.run}"
            raise AssertionError(f"It was {said} when: {problem}") from problem
    assert action["state"] == "done", action["error"]
    live = action["result"]  # what `mlops-nb demo --live --by-hand -o json` printed, which played it
    assert Live.from_dict(live) == read_live(load(place / "mlops-demo")) and set(live) == {f.name for f in fields(Live)}
    assert (live["phase"], live["failed"], live["error"]) == ("over", 0, "")
    assert live["days"] == live["of"] in (30, 31) and live["requests"] > 4 * live["days"] and live["rows"] > 2_000
    assert (live["version"], live["release"]) == ("flight-delay-live/1", "flight-delay-live/2")
    assert live["feature"] == "distance" and "distance" in live["message"] and live["broken_on"] > "2013-04-01"
    ws = Workspace(place / "mlops-demo", read_only=True)
    alert = ws.alert(live["alert"])
    assert [a.id for a in ws.alerts(model="flight-delay-live", open_only=False) if a.feature == "distance"] == [alert.id]
    assert alert.version == live["release"] and not alert.is_open and live["receipt"] in json.dumps(alert.to_dict())
    executed = json.loads(Path(live["investigation"]).read_text(encoding="utf-8"))
    assert any(cell.get("outputs") for cell in executed["cells"]) and alert.evidence["run"] == live["run"]
    back, out = ws.receipts("flight-delay-live")[:2]
    assert back.id == live["receipt"] and back.undoes == out.id and (out.to_version, back.to_version) == (2, 1)
    rows = ws.predictions("flight-delay-live", last=None, labels=True)
    assert len(rows) == live["rows"] == rows["entity_id"].nunique() and rows["label"].notna().mean() > 0.9
    far = rows.groupby("version")["distance"].mean()
    assert far[2] > 1.3 * far[1], "in kilometres"
    assert live["identical"] is True and live["reproduced"] in {r.id for r in ws.runs(notebook="score.ipynb", limit=100)}
