"""What pages hear without asking, through the agent and without one; and a fuzz over everything that can be asked."""

import asyncio
import inspect
import json
import time
import types
import typing
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from agents import left_alone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from waiting import PATIENCE
from waiting import until as now_until

from mlops_nb import Workspace
from mlops_nb.core.records import Run, now
from mlops_nb.core.serving import AgentAway
from mlops_nb.core.settings import init, load
from mlops_nb.desk.agent_client import AgentInfo, Connection, ensure_agent, stop_agent
from mlops_nb.doors.actions import Action, Actions
from mlops_nb.doors.jupyter import ROUTES
from mlops_nb.doors.live import KINDS, schema_id
from mlops_nb.doors.openapi import document
from mlops_nb.doors.routes import Server, reply_in_json

@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {"ServerApp": {"jpserver_extensions": {"mlops_nb": True}}}


@pytest.fixture
def heard(jp_serverapp: Any) -> list[tuple[str, dict[str, Any]]]:
    """Everything that was emitted on the bus, as a page's socket hears it."""
    found: list[tuple[str, dict[str, Any]]] = []

    async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        found.append((schema_id.split("/")[-2], data))

    for kind in KINDS:
        jp_serverapp.event_logger.add_listener(schema_id=schema_id(kind), listener=listen)
    return found


async def until(what: Callable[[], Any], words: str, seconds: float = PATIENCE) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {words}"
        await asyncio.sleep(0.05)
    return found


def put_run(root: Path, id: str, status: Any) -> None:
    Workspace(root).stores.control.put_run(Run(id, str(root / "score.ipynb"), {}, status, started_at=now()))


async def test_a_page_hears_what_changed_with_and_without_an_agent(jp_fetch: Any, jp_root_dir: Path, heard: list[Any]) -> None:
    init(jp_root_dir)
    place = load(jp_root_dir)
    put_run(jp_root_dir, "score-0", "finished")

    def told(kind: str, id: str) -> list[str]:
        return [data["state"] for one, data in heard if one == kind and data["id"] == id]

    async def see(id: str, words: str) -> None:
        """A run is heard of, as soon as somebody follows; again and again, since what came before nobody listened is not told."""
        number = 0

        def heard_of() -> bool:
            nonlocal number
            number += 1
            if number % 20 == 1:
                put_run(jp_root_dir, f"{id}-{number}", "finished")
            return any(data["id"].startswith(id) for one, data in heard if one == "run")

        await until(heard_of, words)

    with left_alone(place):
        await jp_fetch("mlops-nb", "api", "runs")  # from now on it is followed
        await see("alone", "a run, without an agent")
        ensure_agent(place, timeout=PATIENCE)
        await until(lambda: "running" in told("agent", place.name), "the agent is there")
        await see("agent", "a run, through the agent")
        control = Workspace(jp_root_dir).stores.control
        alert = control.raise_alert("drift", "delay drifts", model="delay", cause="drift delay")
        id = alert.id if alert is not None else control.alerts()[0].id
        await until(lambda: "open" in told("alert", id), "an alert")
        done = await jp_fetch("mlops-nb", "api", "alerts", id, "resolve", method="POST", body="{}")
        assert json.loads(done.body)["resolved_at"]
        await until(lambda: told("alert", id)[-1] == "resolved", "it is over")
        stop_agent(place, within=PATIENCE)
        await until(lambda: "away" in told("agent", place.name), "the agent is away")
    numbers = [data["seq"] for _, data in heard]
    assert numbers == sorted(set(numbers)) and all(data["workspace"] == "" for _, data in heard)


def test_somebody_who_listens_keeps_no_agent_alive(tmp_path: Path) -> None:
    init(tmp_path)
    (tmp_path / "settings.ini").open("a").write("agent_idle = 1.0\n")
    place = load(tmp_path)

    def listened() -> tuple[AgentInfo, Connection, str] | None:
        """Somebody who listens to an agent; None when that had ended before, because nobody was quick enough."""
        info = ensure_agent(place, timeout=PATIENCE)
        with suppress(AgentAway):
            line = Connection(place)
            return info, line, line.call("tidings", {})["life"]
        return None

    with left_alone(place):
        info, line, life = now_until(listened, "somebody listens")
        with line, suppress(AgentAway):
            end = time.monotonic() + PATIENCE
            while info.is_alive:
                assert time.monotonic() < end, "it listens for ever, and the agent with it"
                line.call("tidings", {"life": life, "wait": 0.2})
        now_until(lambda: not info.is_alive, "the agent ends")


def test_an_action_is_told_of_when_it_ends() -> None:
    told: list[Action] = []
    actions = Actions(told.append)
    begun = actions.begin("model", "delay/2", "check", lambda: {"passed": True})
    now_until(lambda: len(told) == 2, "its end is told")
    assert [one.state for one in told] == ["running", "done"] and actions.get(begun.id).result == {"passed": True}


# The fuzz: each route with values of the right type, of a wrong one, and with what nobody would send.

NASTY = ["", "..", "../..", "a/b", "%", "'", '"', "1e400", "0", "-1", "x" * 400, "\0"]
WORDS = st.sampled_from(["double", "points", "score.ipynb", "champion", "délai", *NASTY])
TEXTS = WORDS | st.text(max_size=30)
ODD = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS | st.lists(TEXTS, max_size=3)


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Values that a field may take, and some more."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return values_of(args[0])
    if origin is typing.Literal:
        return st.sampled_from(args)
    if origin in (types.UnionType, typing.Union):
        return st.one_of(*(values_of(one) for one in args))
    if origin in (tuple, list):
        return st.lists(values_of(args[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(TEXTS, ODD if args[1] is Any else values_of(args[1]), max_size=3)
    simple = {str: TEXTS, int: st.integers() | st.integers(0, 60), float: st.floats(allow_nan=False), bool: st.booleans()}
    return st.none() if hint is type(None) else simple.get(hint, ODD)


@st.composite
def questions(draw: Any) -> tuple[Any, dict[str, str], dict[str, str], bytes]:
    """A route, what stands in its path and query, and its body."""
    entry = draw(st.sampled_from(ROUTES))
    named: dict[str, str] = {}
    rest: dict[str, Any] = {}
    for parameter in list(inspect.signature(entry.act).parameters.values())[1:]:
        inside = parameter.name in entry.in_path
        if inside or parameter.default is parameter.empty or draw(st.booleans()):
            value = draw(values_of(parameter.annotation) if draw(st.integers(0, 9)) else ODD)
            (named if inside else rest)[parameter.name] = (value if isinstance(value, str) else str(value)) if inside else value
    workspace = draw(st.sampled_from(["", "", "", "inner", "../x", "\0"]))
    if entry.method == "POST":
        body = json.dumps(rest).encode() if draw(st.integers(0, 9)) else draw(st.binary(max_size=20))
        return entry, named, {"workspace": workspace}, body
    return entry, named, {k: v if isinstance(v, str) else json.dumps(v) for k, v in rest.items()} | {"workspace": workspace}, b""


class Idle(Actions):
    """Begins nothing."""

    def begin(self, *args: Any, **more: Any) -> Action:
        return Action("a", "run", "x", "y")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose actions begin and do nothing."""
    root = tmp_path_factory.mktemp("lab")
    ws = Workspace(root)
    ws.stores.control.put_run(Run("double", "score.ipynb", {}, "finished", folder=str(root)))
    ws.stores.models.registry.names()
    made = Server(root)
    made.actions = Idle()
    yield made
    made.threads.shutdown()


@given(questions())
@settings(max_examples=400, suppress_health_check=list(HealthCheck))
def test_nothing_that_can_be_asked_is_a_defect(server: Server, asked: tuple[Any, dict[str, str], dict[str, str], bytes]) -> None:
    entry, named, query, body = asked
    status, text = reply_in_json(server, entry, named, query, body)  # what it raises would be a 500
    answer = json.loads(text)
    assert status in (200, 202, 400, 403, 404, 409, 422, 503), (status, text)
    assert status < 400 or set(answer["error"]) == {"code", "message", "field", "hint"}


def test_every_text_of_every_route_may_be_nonsense(server: Server) -> None:
    """The fuzz meets each field now and then; this meets each one surely."""
    for entry in ROUTES:
        asked = list(inspect.signature(entry.act).parameters.values())[1:]
        needed = {p.name: "double" for p in asked if p.default is p.empty}
        for name in (p.name for p in asked):
            for nasty in ("\0", "x" * 290, "../..", "%'\"", "-1"):
                values = needed | {name: nasty}
                named = {n: v for n, v in values.items() if n in entry.in_path}
                rest = {n: v for n, v in values.items() if n not in entry.in_path}
                body = json.dumps(rest).encode() if entry.method == "POST" else b""
                status, _ = reply_in_json(server, entry, named, {} if entry.method == "POST" else rest, body)
                assert nasty != "\0" or status == 422, (entry.method, entry.path, name, status)


def test_the_description_names_every_route_and_refers_to_what_is_there() -> None:
    made = document(ROUTES)
    assert sum(len(methods) for methods in made["paths"].values()) == len(ROUTES)
    text = json.dumps(made)
    names = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert names <= set(made["components"]["schemas"]) and {"ModelVersion", "Run", "Deployment", "Alert", "Action"} <= names
    operations = [operation["operationId"] for methods in made["paths"].values() for operation in methods.values()]
    assert len(set(operations)) == len(operations)


def test_the_types_of_the_panel_are_those_of_the_records() -> None:
    import importlib.util

    path = Path(__file__).resolve().parents[2] / "tools" / "records.py"
    spec = importlib.util.spec_from_file_location("records_tool", path)
    assert spec and spec.loader
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.TARGET.read_text(encoding="utf-8") == tool.text(), "run python tools/records.py and commit labextension/src/records.ts"
