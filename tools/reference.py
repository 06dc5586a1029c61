"""Writes docs/reference.md from what the code says about itself.

    python tools/reference.py            writes the file
    python tools/reference.py --print    prints it

Each part is read from the one place that defines it: the click commands, the fields of `Settings`, the routes of
the server extension, the error classes, the tables' own list. What has no description is an error here, so that
nothing public stays unexplained.
"""

import dataclasses
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

HERE = Path(__file__).resolve().parent.parent
TARGET = HERE / "docs" / "reference.md"

HEAD = """# Reference

Made from the code by `make reference`; a test fails when the two differ. For a way in, read the notebooks.
"""


class Undocumented(Exception):
    "Things that a user can reach and nobody described."


@dataclasses.dataclass
class Page:
    lines: list[str] = dataclasses.field(default_factory=list)
    missing: list[str] = dataclasses.field(default_factory=list)

    def heading(self, level: int, text: str, *prose: str) -> None:
        self.lines += ["", f"{'#' * level} {text}", "", *[line for part in prose for line in (part, "")]]
        self.lines = [line for i, line in enumerate(self.lines) if line or self.lines[i - 1]]

    def table(self, head: list[str], rows: list[list[str]]) -> None:
        self.lines += [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
        self.lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]

    def said(self, what: str, text: str | None) -> str:
        "The first paragraph of a description, on one line; a missing one is noted."
        paragraph = inspect.cleandoc(text or "").split("\n\n")[0].replace("\n", " ").strip()
        if not paragraph:
            self.missing.append(what)
        return paragraph


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    "Every command that does something, with the words that call it."
    if isinstance(command, click.Group):
        for name in sorted(command.commands):  # as --help does: modules may be loaded in any order
            yield from commands(command.commands[name], f"{path} {name}")
    else:
        yield path, command


def write_commands(page: Page) -> None:
    from mlops_nb.doors.cli import cli

    page.heading(
        2,
        "Commands",
        "Every command takes `-o json`: one JSON document on stdout, everything else on stderr. "
        "Exit codes: 0 done, 1 failed, 2 a wrong call, 3 a check said no.",
    )
    for option in cli.params:
        if isinstance(option, click.Option) and option.name != "version":
            page.lines.append(f"- `mlops-nb {shown(option)}`: {page.said(f'mlops-nb {option.name}', option.help)}")
    for path, command in commands(cli, "mlops-nb"):
        arguments = [p.make_metavar(click.Context(command)) for p in command.params if isinstance(p, click.Argument)]
        page.heading(3, f"`{' '.join([path, *arguments])}`", page.said(path, command.help))
        rows = [
            [f"`{shown(option)}`", default(option), page.said(f"{path} --{option.name}", option.help)]
            for option in command.params
            if isinstance(option, click.Option) and option.name != "out"
        ]
        if rows:
            page.table(["option", "default", "what it does"], rows)


def shown(option: click.Option) -> str:
    "`-n, --rows INTEGER`"
    flags = ", ".join([*option.opts, *option.secondary_opts])
    return flags if option.is_flag else f"{flags} {option.make_metavar(click.Context(click.Command('x')))}"


def default(option: click.Option) -> str:
    if option.required:
        return "required"
    if option.is_flag or option.multiple or option.default in (None, "") or not isinstance(option.default, (str, int)):
        return ""
    return f"`{option.default}`"


def write_settings(page: Page) -> None:
    from mlops_nb.core.settings import Settings, setting_help, setting_names

    page.heading(
        2,
        "Settings",
        "In `settings.ini`, section `[mlops_nb]`. The variable wins over the file.",
    )
    fields = {field.name: field for field in dataclasses.fields(Settings)}
    rows = []
    for name in setting_names():
        value = fields[name].default
        text = ", ".join(value) if isinstance(value, tuple) else str(value)
        shown_default = "" if text in ("", ".") else f"`{text.lower() if isinstance(value, bool) else text}`"
        rows.append([f"`{name}`", f"`MLOPS_NB_{name.upper()}`", shown_default, page.said(f"setting {name}", setting_help(name))])
    page.table(["setting", "variable", "default", "what it is"], rows)


def write_routes(page: Page) -> None:
    from mlops_nb.doors.jupyter import API, INVOCATIONS, ROUTES, STATUS, Invocations

    page.heading(
        2,
        "Routes of the Jupyter server",
        "Below the server's base URL, with its token or cookie; `GET /mlops-nb/api/openapi` describes them. "
        "`?workspace=` names a workspace below the server's root. Lists are pages: `limit`, and `next` for what follows. "
        "What takes long answers 202 with an action, which `actions/{id}` and the events tell of. "
        "Refusals are `{\"error\": {code, message, field, hint}}`; a 409 says in `now` how it stands.",
    )
    rows = []
    for entry in ROUTES:
        asked = ", ".join(f"`{name}`" for name in entry.forms[1].__struct_fields__)
        said = page.said(f"route {entry.method} {entry.path}", entry.says)
        rows.append([f"`{entry.method} /{API}/{entry.path}`", entry.right, asked, said])
    path = INVOCATIONS.replace("(?P<name>[^/]+)", "{name}")
    rows.append([f"`POST /{API}/{path}`", "execute", "", page.said("route invocations", Invocations.__doc__)])
    page.table(["route", "right", "fields", "answer"], rows)
    page.heading(3, "Status of a refusal")
    page.table(["kind of error", "status"], [[kind, str(status)] for kind, status in STATUS.items()])


def online_routes() -> list[tuple[str, str, str]]:
    "Method, path and summary of what the online server answers, as its own description says."
    from mlops_nb.score.signature import Input, Signature
    from mlops_nb.serve.openapi import Described, openapi

    one = Described("DEPLOYMENT", "VERSION", Signature((Input("x", "float"),)), "binary", (False, True))
    methods = ("get", "post")
    found = openapi([one])["paths"]
    return [(m.upper(), path, entry[m].get("summary", "")) for path, entry in found.items() for m in methods if m in entry]


def write_online(page: Page) -> None:
    page.heading(
        2,
        "Routes of the online server",
        "On the port of the setting `port`. The server's `/openapi.json` gives the schemas of what is deployed, `/docs` shows them. "
        "`/invocations` without a name answers while there is one deployment. "
        "Answers carry `X-Request-Id`, `X-Model-Name` and `X-Model-Version`. "
        "A key goes into `Authorization: Bearer` or `X-API-Key`: "
        "labels, load and unload always need one, everything but health off loopback.",
    )
    rows = [[f"`{method} {path}`", page.said(f"route {path}", summary)] for method, path, summary in online_routes()]
    page.table(["route", "what it is for"], rows)


def write_metrics(page: Page) -> None:
    from mlops_nb.serve.counters import HELP
    from mlops_nb.watch.metrics import METRICS

    page.heading(2, "Metrics", "In Prometheus' text form; `mlops-nb watch grafana` writes what reads them.")
    page.heading(3, "Of the online server", "`GET /metrics` on its port; all workers together.")
    page.table(["metric", "what it counts"], [[f"`{name}`", page.said(f"metric {name}", text)] for name, text in HELP.items()])
    page.heading(3, "Of the agent", "`GET /metrics` on 127.0.0.1 and the setting `metrics_port` (the port after the server's).")
    page.table(["metric", "what it is"], [[f"`{name}`", page.said(f"metric {name}", text)] for name, text in METRICS.items()])


def write_events(page: Page) -> None:
    from mlops_nb.doors.live import KINDS, schema, schema_id

    page.heading(
        2,
        "Events",
        "What changes in a workspace, over the events of the Jupyter server (`/api/events/subscribe`), for each kind a schema. "
        "A page that finds a gap in `seq` asks anew.",
    )
    page.table(["event", "what it tells"], [[f"`{schema_id(kind)}`", page.said(f"event {kind}", schema(kind)["title"])] for kind in KINDS])
    page.heading(3, "Fields of an event")
    forms: dict[str, tuple[str, str, str]] = {}
    for kind in KINDS:
        form = schema(kind)
        for name, entry in form["properties"].items():
            words = page.said(f"field {name} of event {kind}", entry.get("description")).replace(f"which {kind}", "which one it is")
            forms[name] = entry.get("format", entry["type"]), "yes" if name in form["required"] else "", words
    page.table(["field", "type", "always there", "what it is"], [[f"`{name}`", *rest] for name, rest in forms.items()])


def write_errors(page: Page) -> None:
    import importlib
    import pkgutil

    import mlops_nb
    from mlops_nb.core.errors import error_types
    from mlops_nb.doors.jupyter import STATUS

    for module in pkgutil.walk_packages(mlops_nb.__path__, "mlops_nb."):  # rooms define errors of their own
        if "_migrations" not in module.name:  # alembic runs those itself
            importlib.import_module(module.name)
    page.heading(2, "Errors", "Each is an `MlopsError` with `code`, `message`, `field` and `hint`. Programs compare the code.")
    rows = []
    for cls in error_types():
        if cls.__module__.startswith("mlops_nb."):
            when = page.said(f"error {cls.__name__}", vars(cls).get("__doc__"))
            rows.append([f"`{cls.code}`", f"`{cls.__name__}`", cls.kind, str(STATUS[cls.kind]), when])
    page.table(["code", "class", "kind", "status", "when"], sorted(rows))


def write_tables(page: Page) -> None:
    from mlops_nb.store.control_schema import TABLES, metadata

    page.heading(2, "Tables of the control database", "SQLite or PostgreSQL, made and moved forward by the package.")
    rows = []
    for name, text in TABLES.items():
        columns = [column.name for column in metadata.tables[name].columns] if name in metadata.tables else []
        rows.append([f"`{name}`", page.said(f"table {name}", text), ", ".join(columns)])
    page.table(["table", "what it holds", "columns"], rows)


def write_lake(page: Page) -> None:
    from mlops_nb.store.lake_served import AREAS, HOLDS, table_schema

    page.heading(2, "Tables of the lake", "Delta tables beside those of `ws.commit`, which lie in `data/`: one of each kind for a model.")
    rows = []
    for area in AREAS:
        rows.append([f"`{area}/MODEL`", page.said(f"lake table {area}", HOLDS.get(area)), ", ".join(table_schema(area).names)])
    page.table(["table", "what it holds", "columns"], rows)


def render() -> str:
    "The whole page; Undocumented names everything that lacks a description."
    page = Page()
    for write in (
        write_commands, write_settings, write_routes, write_events, write_online, write_metrics, write_errors, write_tables, write_lake,
    ):
        write(page)
    if page.missing:
        raise Undocumented("no description: " + ", ".join(page.missing))
    return HEAD + "\n".join(page.lines).rstrip() + "\n"


if __name__ == "__main__":
    if "--print" in sys.argv:
        sys.stdout.write(render())
    else:
        TARGET.parent.mkdir(exist_ok=True)
        TARGET.write_text(render(), encoding="utf-8")
