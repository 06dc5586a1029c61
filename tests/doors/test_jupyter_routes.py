"""What the routes of the Jupyter server answer on a real workspace: pages, documents, changes, conflicts, and nonsense."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nbformat.v4 as v4
import pandas as pd
import pytest
from agents import left_alone
from filled import add_runs, add_versions
from ports import free_port
from sklearn.linear_model import LinearRegression
from tornado.httpclient import HTTPClientError
from waiting import PATIENCE

from mlops_nb import Workspace
from mlops_nb.core.measures import Measure
from mlops_nb.core.records import now
from mlops_nb.core.settings import init, load
from mlops_nb.desk.alerting import settle
from mlops_nb.desk.measured import Taken, store
from mlops_nb.doors.jupyter import ROUTES

Asking = Callable[..., Awaitable[Any]]


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {"ServerApp": {"jpserver_extensions": {"mlops_nb": True}}}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two versions of a model, a notebook and a table."""
    place = (tmp_path_factory.mktemp("Flüge 2013") / "lab").resolve()
    init(place)
    with (place / "settings.ini").open("a") as file:
        file.write(f"pool = off\nport = {free_port()}\n")
    ws = Workspace(place)
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4], "y": [2.0, 4, 6, 8]})
    ws.commit("points", frame)
    first = v4.new_code_cell("month = 1  # of the year\nslow = 0.0", metadata={"tags": ["parameters"]})
    spec = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    cells = [first, v4.new_code_cell("import time\ntime.sleep(slow)\nprint('month', month)")]
    (place / "score.ipynb").write_text(json.dumps(v4.new_notebook(cells=cells, metadata=spec)))
    ws.register(LinearRegression().fit(frame[["x"]], frame["y"]), "double", train=frame, target="y")
    with pytest.MonkeyPatch.context() as patch:  # the second as in a run of a notebook that Jupyter opened
        patch.setenv("JPY_SESSION_NAME", str(place / "score.ipynb"))
        patch.setenv("MLOPS_NB_RUN_ID", "20130301-000000-score-1")
        ws.register(LinearRegression().fit(frame[["x"]], frame["y"]), "double", train=frame, target="y")
    return place


@pytest.fixture
def jp_root_dir(root: Path) -> Path:
    return root


@pytest.fixture
def ask(jp_fetch: Any) -> Asking:
    """Asks a route; the answer's JSON. With `code`, that of a refusal with this status."""

    async def asked(method: str, route: str, body: Any = None, code: int = 0, **query: Any) -> Any:
        text = body if isinstance(body, str | bytes) else json.dumps(body or {}) if method == "POST" else None
        try:
            done = await jp_fetch("mlops-nb", "api", *route.split("/"), method=method, body=text, params=query)
        except HTTPClientError as refused:
            assert refused.response is not None and refused.code == code, refused.response and refused.response.body
            return json.loads(refused.response.body)
        assert code in (0, done.code), f"{method} {route} was answered {done.code}"
        return json.loads(done.body)

    return asked


async def ended(ask: Asking, action: dict[str, Any]) -> dict[str, Any]:
    """An action once it has ended."""
    until = time.monotonic() + PATIENCE
    while action["state"] == "running":
        assert time.monotonic() < until, action
        await asyncio.sleep(0.05)
        action = await ask("GET", f"actions/{action['id']}", code=200)
    return action


async def all_of(ask: Asking, path: str, **query: Any) -> list[Any]:
    """Every item of a list, page by page."""
    found: list[Any] = []
    next = ""
    while True:
        page = await ask("GET", path, **query, **({"next": next} if next else {}))
        assert page["format"] == 1
        found += page["items"]
        if not (next := page["next"]):
            return found


async def test_a_version_is_shown_with_all_that_is_asked_about_it(ask: Asking) -> None:
    (model,) = (await ask("GET", "models"))["items"]
    assert model["name"] == "double" and model["newest"]["version"] == 2 and model["aliases"] == {"champion": 1}
    assert (await ask("GET", "models/double"))["aliases"] == {"champion": 1}
    assert [v["aliases"] for v in (await ask("GET", "models/double/versions"))["items"]] == [[], ["champion"]]
    shown = await ask("GET", "models/double/versions/2")
    assert shown["champion"]["version"] == 1 and shown["note"] == "" and "x" in shown["contract"]
    assert shown["example"]["dataframe_split"]["columns"] == ["x"] and shown["manifest"]["git"]
    assert (shown["notebook"], shown["run"]) == ("score.ipynb", "20130301-000000-score-1")
    assert (await ask("GET", "models/double/versions/1"))["run"] == ""
    assert (await ask("GET", "models/double/versions/2/card"))["markdown"].startswith("---")
    column = (await ask("GET", "models/double/versions/2/reference"))["columns"]["x"]
    assert column["n"] == 4 and sum(column["shape"]["reference"]) == pytest.approx(1) and column["shape"]["seen"] == []
    assert [r["action"] for r in (await ask("GET", "receipts", model="double"))["items"]] == ["promote"]
    assert (await ask("GET", "tables"))["items"][0]["table"] == "points"
    assert len((await ask("GET", "tables/points/preview", rows=2))["rows"]) == 2


async def test_a_promotion_says_when_somebody_was_quicker(ask: Asking, root: Path) -> None:
    stale = await ask("POST", "models/double/versions/2/promote", {"expected": 2}, code=409)
    assert stale["error"]["code"] == "changed_meanwhile" and stale["now"] == {"alias": "champion", "version": 1}
    assert Workspace(root).version("double").version == 1, "nothing was done"
    begun = await ask("POST", "models/double/versions/2/promote", {"expected": 1, "force": True, "reason": "a test"}, code=202)
    done = await ended(ask, begun)
    assert done["state"] == "done" and done["result"]["to_version"] == 2, done
    told = await ask("GET", "rollback/double")
    assert "double/1" in told["sentence"] or "version 1" in told["sentence"]
    late = await ask("POST", "rollback/double", {"expected_receipt": "another"}, code=409)
    assert late["now"]["id"] == told["receipt"]["id"]
    back = await ended(ask, await ask("POST", "rollback/double", {"expected_receipt": told["receipt"]["id"]}))
    assert back["state"] == "done" and (await ask("GET", "models/double"))["aliases"] == {"champion": 1}
    failed = await ended(ask, await ask("POST", "models/double/versions/2/replay", {"last": "soon"}))
    assert failed["state"] == "failed" and failed["error"]["field"] == "last"


async def test_long_lists_come_page_by_page(ask: Asking, jp_root_dir: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    inner = root / "years"
    ws = Workspace(init(inner).root)
    ws.stores.control.pending()
    ws.stores.models.registry.names()
    names = add_versions(ws.settings, 12, 90)
    ids = add_runs(ws.settings, 450)
    at = {"workspace": "years"}
    assert [m["name"] for m in await all_of(ask, "models", limit=5, **at)] == names
    assert [m["name"] for m in await all_of(ask, "models", q="L-001", limit=1, **at)] == names[10:]
    versions = await all_of(ask, "versions", limit=17, **at)
    assert len({(v["name"], v["version"]) for v in versions}) == len(versions) == 90
    numbers = [v["version"] for v in await all_of(ask, "models/model-0000/versions", limit=7, **at)]
    assert numbers == sorted(numbers, reverse=True) and len(numbers) == 35
    assert [r["id"] for r in await all_of(ask, "runs", limit=101, **at)] == ids[::-1]
    assert {r["status"] for r in await all_of(ask, "runs", status="failed", **at)} == {"failed"}
    assert len(await all_of(ask, "runs", grid="grid-000002", limit=7, **at)) == 20
    assert {r["notebook"].rpartition("/")[2] for r in await all_of(ask, "runs", q="weekly", **at)} == {"weekly.ipynb"}
    assert (await ask("GET", "grids/grid-000002", **at))["runs"] == 20
    counted = await ask("GET", "workspace", **at)
    assert (counted["models"], counted["versions"], counted["runs"]) == (12, 90, 450)
    for path in ("models", "versions", "runs", "receipts", "alerts", "models/model-0000/versions"):
        assert (await ask("GET", path, next="nonsense", code=400, **at))["error"]["field"] == "next", path
    folded = await all_of(ask, "runs", fold="true", limit=7, **at)
    assert [r["id"] for r in folded] == [ids[-1], *ids[439::-20]], "of each grid its newest"
    failed = [r["id"] for r in await all_of(ask, "runs", fold="true", status="failed", **at)]
    assert len(failed) > len(folded) / 2, "the newest that fits, not the newest if it fits"
    once = ws.get_run(next(i for i in ids if i in failed))
    ws.stores.control.put_run(replace(once, id="again", status="finished", because=f"resumes {once.id}"))
    counted = await ask("GET", f"grids/{once.grid}", **at)
    assert counted["runs"] == 20, "of what was begun again the newest attempt counts"


async def test_a_notebook_is_run_as_a_form_asks(ask: Asking, root: Path) -> None:
    form = await ask("GET", "notebooks/parameters", path="score.ipynb")
    assert [(p["name"], p["type"], p["help"]) for p in form["parameters"]] == [("month", "int", "of the year"), ("slow", "float", "")]
    assert form["findings"] == []
    cells = [v4.new_code_cell("month = 1", metadata={"tags": ["parameters"]}), v4.new_code_cell("print(gone)")]
    (root / "hidden.ipynb").write_text(json.dumps(v4.new_notebook(cells=cells)))
    (finding,) = (await ask("GET", "notebooks/parameters", path="hidden.ipynb"))["findings"]
    assert finding["state"] == "fail" and "gone" in finding["detail"]
    begun = await ask("POST", "runs", {"notebook": "score.ipynb", "parameters": {"month": [3, 4]}, "grid": ["month"]}, code=202)
    made = (await ended(ask, begun))["result"]
    assert len(made["runs"]) == 2
    until = time.monotonic() + PATIENCE
    while (grid := await ask("GET", f"grids/{made['grid']}"))["status"] != {"finished": 2}:
        assert time.monotonic() < until, grid
        await asyncio.sleep(0.1)
        await ask("GET", "runs")
    shown = await ask("GET", f"runs/{made['runs'][0]}")
    assert shown["paths"]["notebook"] == "score.ipynb" and shown["paths"]["executed"].endswith("executed.ipynb")
    compared = await ask("GET", "compare", before=made["runs"][0], after=made["runs"][1])
    assert ("parameter", "month", 3, 4) in [tuple(d.values()) for d in compared["differs"]]
    assert "output" in {d["what"] for d in compared["differs"]}
    slow = await ended(ask, await ask("POST", "runs", {"notebook": "score.ipynb", "parameters": {"slow": 600.0}}))
    (id,) = slow["result"]["runs"]
    until = time.monotonic() + PATIENCE
    while (await ask("GET", f"runs/{id}"))["run"]["status"] == "queued":
        assert time.monotonic() < until, "it does not begin"
        await asyncio.sleep(0.1)
    stopped = await ended(ask, await ask("POST", f"runs/{id}/cancel"))
    assert stopped["result"]["status"] == "cancelled", stopped


async def test_a_trigger_is_shown_before_it_is_one(ask: Asking) -> None:
    shown = await ask("GET", "triggers", cron="0 6 * * 1-5", timezone="Europe/Paris")
    assert shown["sentence"] == "every weekday at 06:00 Europe/Paris" and len(shown["next"]) == 3
    assert (await ask("GET", "triggers", cron="0 6 31 2 *", code=400))["error"]["field"] == "cron"
    wrong = await ask("POST", "schedules", {"notebook": "score.ipynb", "cron": "never"}, code=400)
    assert wrong["error"]["code"] == "schedule_invalid"


async def test_paths_stay_inside(ask: Asking, root: Path, tmp_path: Path) -> None:
    init(tmp_path / "elsewhere")
    (root / "link").unlink(missing_ok=True)
    (root / "link").symlink_to(tmp_path / "elsewhere")
    for way in ("../../elsewhere", "link", "score.ipynb/../../.."):
        assert (await ask("GET", "models", workspace=way, code=403))["error"]["code"] == "outside_root"
    assert (await ask("GET", "notebooks/parameters", path="../../x.ipynb", code=403))["error"]["field"] == "path"
    assert (await ask("POST", "runs", {"notebook": "link/x.ipynb"}, code=403))["error"]["field"] == "notebook"


async def test_the_workspace_of_a_notebook_is_found(ask: Asking, root: Path) -> None:
    init(root / "teams" / "churn")
    found = (await ask("GET", "workspaces", path="teams/churn/train.ipynb"))["items"]
    assert [one["workspace"] for one in found if one["fits"]] == ["teams/churn"]
    assert found[0]["workspace"] == "" and found[0]["root"] == str(root)
    assert (await ask("GET", "workspace", workspace="teams/churn"))["root"] == str(root / "teams" / "churn")
    assert not (root / "teams" / "churn" / ".mlops" / "control.db").exists(), "looking makes nothing"


async def test_parts_that_differ_are_named(ask: Asking) -> None:
    assert (await ask("GET", "health"))["fits"]
    told = await ask("GET", "health", browser="0.0.1", kernel="0.0.2")
    assert not told["fits"] and "reload the page" in told["sentence"] and "restart the kernel" in told["sentence"]


def _filled(path: str) -> str:
    """A path with names of what is not there."""
    path = path.replace("{version}", "77").replace("{change}", "up").replace("{id}", "nothing").replace("{name}", "nothing")
    return path.replace("{model}", "nothing")


async def test_bodies_that_cannot_be(ask: Asking) -> None:
    for entry in ROUTES:
        if entry.method != "POST":
            continue
        path = _filled(entry.path).replace("{grid}", "nothing")
        for text in ("{", "[1]", '"x"', b"\xff"):
            assert (await ask("POST", path, text, code=400))["error"]["code"] == "not_json", entry.path
        told = (await ask("POST", path, {"surprise": 1}, code=422))["error"]
        assert told["field"] in ("surprise", *entry.forms[1].__struct_fields__), entry.path
        needed = [name for name in entry.forms[1].__struct_fields__ if name in _required(entry)]
        if needed:
            assert (await ask("POST", path, {}, code=422))["error"]["field"] in needed, entry.path
        for name in entry.forms[1].__struct_fields__:
            wrong = 3 if name in ("parameters", "options", "canary") else {"a": {}}
            told = (await ask("POST", path, dict.fromkeys(needed, "x") | {name: wrong}, code=422))["error"]
            assert told["field"] == name, (entry.path, told)


def _required(entry: Any) -> list[str]:
    import inspect

    return [p.name for p in inspect.signature(entry.act).parameters.values() if p.default is p.empty]


async def test_what_is_not_there_is_said_in_our_form(ask: Asking) -> None:
    for entry in ROUTES:
        unknown = any(name in entry.path for name in ("{name}", "{id}", "{grid}", "{table}", "{model}"))
        if not unknown or entry.path in ("models/{name}/checks", "agent/{change}"):
            continue
        if (entry.method, entry.path) == ("DELETE", "schedules/{name}"):
            continue  # what is absent is left so
        path = _filled(entry.path).replace("{grid}", "nothing").replace("{table}", "nothing")
        body = {"until": "3d", "reason": "a test"} if path.endswith("/snooze") else None
        query = {"feature": "x", "start": "2013-03-01", "end": "2013-03-02"} if path.endswith("/shape") else {}
        told = await ask(entry.method, path, body, code=404, **query)
        assert told["error"]["code"].endswith("_not_found") and told["error"]["message"], entry.path
    assert (await ask("DELETE", "schedules/nothing"))["changed"] is False
    assert (await ask("GET", "models/double/versions/two", code=422))["error"]["field"] == "version"
    assert (await ask("GET", "runs", status="sleeping", code=422))["error"]["field"] == "status"
    assert (await ask("GET", "runs", limit=9_999, code=422))["error"]["field"] == "limit"
    nobody = {"model": "nothing", "kind": "drift", "reason": "a test"}
    assert (await ask("POST", "demo", {"months": "1-3"}, code=400))["error"]["field"] == "months"
    assert (await ask("GET", "demo/live"))["phase"] == "none"
    assert (await ask("POST", "demo/live/step", {"step": "break"}, code=400))["error"]["message"] == "No year is being played."
    assert (await ask("POST", "mutes", nobody, code=404))["error"]["code"] == "model_not_found"
    assert (await ask("DELETE", "mutes", model="nothing", kind="drift"))["changed"] is False
    assert (await ask("GET", "runs", colour="red", code=422))["error"]["field"] == "colour"


async def test_a_model_is_deployed_asked_and_stopped_through_jupyter(ask: Asking, jp_fetch: Any, root: Path) -> None:
    place = load(root)
    with left_alone(place):
        gone = await ask("POST", "deployments/double/invocations", {}, code=404)
        assert gone["error"]["code"] == "deployment_not_found"
        done = await ended(ask, await ask("POST", "deployments", {"target": "double", "expected_revision": 0}, code=202))
        assert done["state"] == "done" and done["result"]["state"] == "ready", done
        response = await jp_fetch(
            "mlops-nb", "api", "deployments", "double", "invocations", method="POST",
            body='{"dataframe_records": [{"x": 21.0}]}', headers={"Content-Type": "application/json"},
        )  # fmt: skip
        assert json.loads(response.body)["predictions"] == [pytest.approx(42.0)]
        assert response.headers["X-Model-Version"] == "1" and response.headers["X-Request-Id"]
        with pytest.raises(HTTPClientError) as nonsense:
            where = ("mlops-nb", "api", "deployments", "double", "invocations")
            await jp_fetch(*where, method="POST", body="{", headers=response.request.headers)
        assert nonsense.value.code == 400 and json.loads(nonsense.value.response.body)["error_code"], "the server's own words"
        (counted,) = (await ask("GET", "traffic"))["items"]
        assert counted["version"] == "double/1" and counted["requests"] >= 1
        told = await ask("GET", "deployments/double/snippets")
        assert told["proxy"].endswith("/mlops-nb/api/deployments/double/invocations") and told["url"] in told["curl"]
        stale = await ask("POST", "deployments", {"target": "double/2", "name": "double", "expected_revision": 7}, code=409)
        assert stale["now"]["revision"] == 1
        assert (await ask("GET", "models/double"))["served"] == ["double"]
        assert (await ask("GET", "agent"))["running"] is True and (await ask("GET", "health"))["agent"]
        stopped = await ended(ask, await ask("DELETE", "deployments/double", expected_revision=1))
        assert stopped["result"]["state"] == "stopped", stopped
        assert (await ask("POST", "deployments/double/invocations", {}, code=503))["error"]["code"] == "agent_away"
        down = await ended(ask, await ask("POST", "agent/down"))
        assert down["result"]["changed"] is True


def drifting(ws: Workspace) -> None:
    """Ten days of measures as passes leave them; on the last three the data has drifted, by x."""
    groups = {}
    for n in range(10):
        at = datetime(2013, 3, 1, tzinfo=UTC) + timedelta(days=n)
        verdict: Any = "drifted" if n > 6 else "ok"
        of: dict[str, Any] = {"start": at, "end": at + timedelta(days=1), "version": "double/1", "n": 900}
        whole = Measure("double", "drift", "score", 0.3, threshold=0.1, severity=0.3, verdict=verdict, **of)
        part = Measure("double", "drift", "distance", 0.4, feature="x", severity=0.3, verdict=verdict, **of)
        rows = Measure("double", "volume", "rows", 900.0, verdict="ok", **of)
        groups["p", "double/1", int(at.timestamp() * 1e6)] = "p", [whole, part, rows]
    store(ws.stores, "double", "1d", Taken(groups), now())
    settle(ws.stores, "double")


async def test_what_a_person_says_to_an_alert(ask: Asking, root: Path) -> None:
    ws = Workspace(root)
    ws.predict("double", pd.DataFrame({"x": [1.0, 2.0]}))
    drifting(ws)
    before = ws.measures("double")
    (seen,) = [one for one in (await ask("GET", "watch"))["items"] if one["model"] == "double"]
    assert (seen["state"], seen["alerts"], seen["rows"]) == ("drifted", 1, 900)
    report = await ask("GET", "watch/double", window="1d", last="5d")
    assert report["state"] == "drifted" and len(report["windows"]) == 5 and report["windows"][-1]["drifted"] == ["x"]
    assert [w["label"] for w in (await ask("GET", "watch/double"))["windows"]] == ["2013-03"], "days make a month"
    assert (await ask("GET", "watch/double", last="soon", code=422))["error"]["field"] == "last"
    assert Workspace(root).measures("double") == before, "who looks takes no pass"
    measured = await all_of(ask, "watch/double/measures", kinds="drift", feature="x", since="2013-03-05", until="2013-03-09", limit=3)
    assert [(m["name"], m["start"][:10]) for m in measured] == [("distance", f"2013-03-0{n}") for n in range(5, 9)]
    assert (await ask("GET", "watch/double/measures", kinds="drift,drfit", code=400))["error"]["field"] == "kinds"
    (alert,) = (await ask("GET", "alerts", model="double", state="open"))["items"]
    where = f"alerts/{alert['id']}"
    assert (await ask("POST", f"{where}/ack", {"note": "I look"}))["note"] == "I look"
    assert (await ask("GET", "alerts", state="open"))["items"] == [] and len((await ask("GET", "alerts", state="acked"))["items"]) == 1
    assert (await ask("POST", f"{where}/snooze", {"until": "3d"}, code=422))["error"]["field"] == "reason"
    assert (await ask("POST", f"{where}/snooze", {"until": "3d", "reason": " "}, code=400))["error"]["field"] == "reason"
    assert (await ask("POST", f"{where}/snooze", {"until": "999999999d", "reason": "x"}, code=400))["error"]["field"] == "until"
    assert (await ask("POST", f"{where}/snooze", {"until": "3d", "reason": "a feast"}))["snoozed_until"]
    assert [a["id"] for a in (await ask("GET", "alerts", state="snoozed"))["items"]] == [alert["id"]]
    past = await ask("GET", "watch/double/backtest", days=30)
    assert [a["rule"] for a in past["alarms"]] == ["drift"] and past["windows"] == 10
    assert (await ask("GET", "watch/double/backtest", days=0, code=422))["error"]["field"] == "days"
    assert "drift" in {rule["name"] for rule in (await ask("GET", "watch/double/rules"))["items"]}
    muted = await ask("POST", "mutes", {"model": "double", "feature": "x", "reason": "it is known"})
    assert muted["actor"] and [m["feature"] for m in (await ask("GET", "mutes", model="double"))["items"]] == ["x"]
    assert (await ask("GET", where))["resolved_at"] and (await ask("GET", "alerts", model="double"))["items"] == []
    assert (await ask("GET", "watch/double/backtest", days=30))["alarms"] == [], "what is muted would not have rung"
    assert (await ask("DELETE", "mutes", model="double", feature="x"))["changed"] is True
    file = root / "watch" / "double.yaml"
    file.parent.mkdir()
    file.write_bytes(b"rules: \xff")
    assert (await ask("GET", "watch/double/rules", code=400))["error"]["code"] == "rules_invalid"
    file.unlink()
    told = (await ask("GET", f"{where}/history"))["items"]
    assert [(e["what"], e["reason"]) for e in told][1:3] == [("snoozed", "a feast"), ("acked", "I look")] and told[-1]["what"] == "raised"


async def test_a_window_is_declared_normal_and_a_pass_asked_for(ask: Asking, root: Path) -> None:
    taken = await ended(ask, await ask("POST", "watch/double/pass", {"window": "1h"}, code=202))
    assert taken["state"] == "done" and taken["result"]["measures"] > 0, taken
    assert (await ask("GET", "watch/double/measures", window="1h", kinds="volume"))["items"]
    assert (await ask("POST", "watch/double/expect", {"start": "2013-03-01"}, code=400))["error"]["field"] == "start"
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    day = {"start": today - timedelta(days=1), "end": today + timedelta(days=2)}  # whatever day it is when the answers came
    about = {"feature": "x", **{word: at.isoformat() for word, at in day.items()}}
    shape = await ask("GET", "watch/double/shape", **about)
    assert shape["feature"] == "x" and shape["edges"]
    assert [sum(shape[side]) for side in ("seen", "reference")] == pytest.approx([1, 1], abs=1e-4)  # shares are rounded
    assert (await ask("GET", "watch/double/shape", **about | {"feature": "z"}, code=400))["error"]["field"] == "feature"
    assert (await ask("GET", "watch/double/shape", **about | {"start": "soon"}, code=400))["error"]["field"] == "start"
    assert (await ask("GET", "watch/double/performance"))["model"] == "double"
    assert (await ask("GET", "watch/double/proposals"))["items"] == []
    assert (await ask("POST", "watch/double/retrain", {"notebook": "../../x.ipynb"}, code=403))["error"]["field"] == "notebook"
    failed = await ended(ask, await ask("POST", "watch/double/retrain", {"notebook": "none.ipynb"}, code=202))
    assert failed["state"] == "failed" and "none.ipynb" in failed["error"]["message"], failed


async def test_dashboards_and_tutorials_are_listed_and_a_copy_is_made_once(ask: Asking, root: Path) -> None:
    listed = await ask("GET", "dashboards")
    assert [one["name"] for one in listed["items"]][:4] == ["fleet", "model", "runs", "data"]
    with pytest.MonkeyPatch.context() as machine:
        machine.setattr("mlops_nb.desk.dashboards.find_spec", lambda name: None)  # a machine without Voila
        refused = await ask("GET", "dashboards", code=503)
        assert refused["error"]["code"] == "voila_missing" and "pip install" in refused["error"]["hint"]
    lessons = (await ask("GET", "tutorials"))["items"]
    assert len(lessons) >= 8 and lessons[0]["name"] == "01_fifteen_minutes"
    made = await ask("POST", "tutorials/08_security/copy")
    file = root / made["path"]
    assert made == {"path": "tutorials/08_security.ipynb", "new": True} and file.stat().st_size > 10_000
    file.write_text("notes")
    assert (await ask("POST", "tutorials/08_security/copy"))["new"] is False and file.read_text() == "notes"
    assert (await ask("POST", "tutorials/nothing/copy", code=404))["error"]["code"] == "tutorial_not_found"
    file.unlink()
    file.parent.rmdir()


async def test_dashboards_stand_behind_jupyters_own_door(jp_fetch: Any, root: Path) -> None:
    place = ("mlops-nb", "dashboards", "model")
    with pytest.raises(HTTPClientError) as stranger:
        await jp_fetch(*place, headers={"Authorization": "token wrong"}, params={"name": "double"}, follow_redirects=False)
    assert stranger.value.code in (302, 403), "nobody is let in who has not signed in to Jupyter"
    done = await jp_fetch(*place, params={"name": "double", "theme": "dark", "workspace": ""})
    page = done.body.decode()
    assert ">double</h1>" in page and 'data-jp-theme-light="false"' in page and "read_only=True" not in page
    assert 'href="fleet?theme=dark"' in page, "its links keep the theme"
    policy = done.headers["Content-Security-Policy"]
    assert "script-src 'sha256-" in policy and "frame-ancestors 'self'" in policy
    for path, query, code in (("nothing-such", {}, 404), ("fleet", {"workspace": "../.."}, 403), ("fleet", {"workspace": "no"}, 404)):
        with pytest.raises(HTTPClientError) as refused:
            await jp_fetch(*place[:2], path, params=query)
        assert refused.value.code == code, path
