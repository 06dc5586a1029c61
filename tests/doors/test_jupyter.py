"""The routes that the JupyterLab panel asks: who may, what comes, and what a refusal looks like."""

import asyncio
import errno
import gc
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from jupyter_server.auth import Authorizer
from tornado.httpclient import HTTPClientError

from mlops_nb import Workspace
from mlops_nb.doors import jupyter, routes_data
from mlops_nb.doors.routes import Server

HEAVY = ("mlflow", "pandas", "polars", "pyarrow", "sklearn", "sqlalchemy", "whylogs", "deltalake", "papermill")
ROUTE = ("mlops-nb", "api", "workspace")


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {"ServerApp": {"jpserver_extensions": {"mlops_nb": True}}}


def error(refused: pytest.ExceptionInfo[HTTPClientError]) -> dict[str, Any]:
    response = refused.value.response
    assert response is not None
    assert response.headers["Content-Type"].startswith("application/json")
    body = json.loads(response.body)
    assert set(body) == {"error"} and set(body["error"]) == {"code", "message", "field", "hint"}
    return dict(body["error"])


async def test_a_workspace_is_counted(jp_fetch, jp_root_dir):
    ws = Workspace(jp_root_dir)
    ws.commit("flights", pa.table({"flight": ["UA1", "DL2"], "delay": [3.0, -1.0]}))
    ws.commit("weather", pa.table({"hour": [1, 2], "wind": [10.0, 12.5]}))
    response = await jp_fetch(*ROUTE)
    assert json.loads(response.body) == {
        "name": jp_root_dir.name, "root": str(jp_root_dir), "tables": 2, "models": 0, "versions": 0, "runs": 0,
    }  # fmt: skip
    assert response.headers["Cache-Control"] == "no-store"


async def test_a_folder_below_the_workspace_belongs_to_it(jp_fetch, jp_root_dir):
    Workspace(jp_root_dir.parent)
    body = json.loads((await jp_fetch(*ROUTE)).body)
    assert body["root"] == str(jp_root_dir.parent)


async def test_a_workspace_made_again_is_read_again(jp_fetch, jp_root_dir):
    Workspace(jp_root_dir).commit("flights", pa.table({"flight": ["UA1"]}))
    assert json.loads((await jp_fetch(*ROUTE)).body)["tables"] == 1
    gone = (jp_root_dir / ".mlops").rename(jp_root_dir.parent / "gone")  # at once: the server may be looking at it just now
    shutil.rmtree(gone, ignore_errors=True)
    Workspace(jp_root_dir).commit("weather", pa.table({"wind": [1.0]}))
    Workspace(jp_root_dir).commit("airports", pa.table({"faa": ["JFK"]}))
    assert json.loads((await jp_fetch(*ROUTE)).body)["tables"] == 2


async def test_asking_for_days_opens_nothing_new(jp_fetch, jp_root_dir):
    assert Workspace(jp_root_dir).versions() == []  # its stores exist now

    async def ask(times: int) -> int:
        for _ in range(times):
            await jp_fetch(*ROUTE)
        return len(os.listdir("/dev/fd"))

    gc.disable()  # what is opened anew stays visible
    try:
        opened = [await ask(20)]
        while len(opened) < 12 and (len(opened) < 2 or opened[-1] > opened[-2] + 2):  # until the pools have all that they will need
            opened.append(await ask(30))
        assert opened[-1] <= opened[-2] + 2, f"each time more is open: {opened}"
    finally:
        gc.enable()


async def test_asking_makes_no_workspace(jp_fetch, jp_root_dir):
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch(*ROUTE)
    assert refused.value.code == 404
    assert error(refused)["code"] == "workspace_not_found"
    assert "init" in error(refused)["hint"]
    assert list(jp_root_dir.iterdir()) == []


async def test_broken_settings_are_named(jp_fetch, jp_root_dir):
    (jp_root_dir / "settings.ini").write_text("[mlops_nb]\nport = high\n")
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch(*ROUTE)
    assert refused.value.code == 400
    assert error(refused)["code"] == "settings_invalid" and error(refused)["field"] == "port"


GUARDED = [(entry.method, re.sub(r"\{\w+\}", "x", entry.path)) for entry in jupyter.ROUTES] + [("POST", "deployments/x/invocations")]


async def refused_by(jp_fetch, method: str, path: str, **headers: str) -> tuple[int, str]:
    """Status and code of the refusal of a route."""
    try:
        done = await jp_fetch("mlops-nb", "api", *path.split("/"), method=method, body="{}" if method == "POST" else None, headers=headers)
    except HTTPClientError as refused:
        assert refused.response is not None
        return refused.code, json.loads(refused.response.body)["error"]["code"]
    return done.code, ""


async def test_nobody_gets_in_without_a_token(jp_fetch):
    let_in = [one for one in GUARDED if await refused_by(jp_fetch, *one, Authorization="") != (403, "http_403")]
    assert let_in == []


def test_every_route_is_guarded_by_name(tmp_path):
    made = jupyter.entries(Server(tmp_path))
    assert len(made) > 40 and all(handler.auth_resource == "mlops-nb" for _, handler, _ in made)


class Nobody(Authorizer):
    """Lets nobody do anything, and remembers what was asked."""

    asked: ClassVar[list[tuple[str, str]]] = []

    def is_authorized(self, handler, user, action, resource):
        self.asked.append((action, resource))
        return False


async def test_the_server_may_forbid_each_route(jp_fetch, jp_serverapp, monkeypatch):
    monkeypatch.setattr(Nobody, "asked", [])
    jp_serverapp.web_app.settings["authorizer"] = Nobody(parent=jp_serverapp)
    let_in = [one for one in GUARDED if await refused_by(jp_fetch, *one) != (403, "http_403")]
    assert let_in == []
    assert Nobody.asked == [(entry.right, "mlops-nb") for entry in jupyter.ROUTES] + [("execute", "mlops-nb")]


class Reader(Nobody):
    """Lets everybody look, and nobody touch."""

    def is_authorized(self, handler, user, action, resource):
        return action == "read"


async def test_a_reader_sees_all_and_changes_nothing(jp_fetch, jp_serverapp):
    jp_serverapp.web_app.settings["authorizer"] = Reader(parent=jp_serverapp)
    looks = [one for one in GUARDED if (await refused_by(jp_fetch, *one))[0] != 403]
    assert looks == [one for one in GUARDED if one[0] == "GET"]


async def test_a_slow_workspace_does_not_hold_up_the_server(jp_fetch, monkeypatch):
    """The answer waits for an event that only another answer of the same server can set off."""
    other_answered = threading.Event()
    monkeypatch.setattr(routes_data, "overview", lambda ask: {"waited": other_answered.wait(300)})
    slow = asyncio.ensure_future(jp_fetch(*ROUTE))
    await jp_fetch("api", "status")
    other_answered.set()
    assert json.loads((await slow).body) == {"waited": True}


async def test_a_defect_says_nothing_of_its_data(jp_fetch, monkeypatch):
    def defect(ask):
        raise KeyError("password=hunter2")

    monkeypatch.setattr(routes_data, "overview", defect)
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch(*ROUTE)
    assert refused.value.code == 500
    assert "hunter2" not in refused.value.response.body.decode()
    assert "log" in error(refused)["message"]


@pytest.mark.parametrize(("number", "status", "code"), [(errno.EROFS, 403, "workspace_not_writable"), (errno.ENOSPC, 503, "storage_full")])
async def test_what_the_disk_refuses_is_said(jp_fetch, monkeypatch, number, status, code):
    def disk(ask):
        raise OSError(number, os.strerror(number), "key")

    monkeypatch.setattr(routes_data, "overview", disk)
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch(*ROUTE)
    assert (refused.value.code, error(refused)["code"]) == (status, code) and "key" in error(refused)["message"]


def test_starting_jupyter_loads_nothing_heavy(tmp_path):
    """A whole server with the extension on, started and left without a question."""
    code = f"""
import sys
from jupyter_server.serverapp import ServerApp
app = ServerApp.instance(jpserver_extensions={{"mlops_nb": True}}, ip="127.0.0.1", port=0, open_browser=False, allow_root=True)
app.initialize(argv=[])
assert any("mlops-nb" in str(rule.matcher.regex.pattern) for group in app.web_app.default_router.rules
           for rule in getattr(group.target, "rules", []) if hasattr(rule.matcher, "regex")), "the extension is not loaded"
print(*(name for name in {HEAVY!r} if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
