"""Everything public has a description, and the reference is made from the code as it is now."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import click
import pytest

ROOT = Path(__file__).resolve().parent.parent


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    return tool("reference")


@pytest.fixture(scope="module")
def page(reference: ModuleType) -> str:
    return str(reference.render())


def test_the_reference_is_current(page: str, reference: ModuleType) -> None:
    assert reference.TARGET.read_text(encoding="utf-8") == page, "run `make reference` and commit docs/reference.md"


def test_every_command_is_on_the_page(page: str, reference: ModuleType) -> None:
    from mlops_nb.doors.cli import cli

    paths = [path for path, _ in reference.commands(cli, "mlops-nb")]
    assert len(paths) > 15
    assert [path for path in paths if not re.search(rf"^### `{path}[` ]", page, re.M)] == []


def test_every_setting_is_on_the_page(page: str) -> None:
    from mlops_nb.core.settings import setting_names

    assert [name for name in setting_names() if f"| `{name}` | `MLOPS_NB_{name.upper()}` |" not in page] == []


def test_every_error_is_on_the_page(page: str) -> None:
    from mlops_nb.core.errors import error_types

    ours = [cls for cls in error_types() if cls.__module__.startswith("mlops_nb.")]
    assert [cls.__name__ for cls in ours if f"| `{cls.code}` | `{cls.__name__}` |" not in page] == []


def test_every_route_is_on_the_page(page: str) -> None:
    from mlops_nb.doors.jupyter import ROUTES

    assert [entry.path for entry in ROUTES if entry.path not in page] == []


def test_every_route_and_metric_of_the_online_server_is_on_the_page(page: str) -> None:
    from mlops_nb.serve.app import _FIXED
    from mlops_nb.serve.counters import HELP
    from mlops_nb.watch.metrics import METRICS

    assert len(_FIXED) > 8 and [path for path in (*_FIXED, "/models/DEPLOYMENT/invocations") if f" {path}`" not in page] == []
    assert [name for name in (*HELP, *METRICS) if f"| `{name}` |" not in page] == []


def test_every_event_and_its_fields_are_on_the_page(page: str) -> None:
    from mlops_nb.doors.live import KINDS, schema, schema_id

    assert len(KINDS) >= 5 and [kind for kind in KINDS if f"| `{schema_id(kind)}` |" not in page] == []
    assert [name for name in schema("run")["properties"] if f"| `{name}` |" not in page] == []


def test_every_table_is_on_the_page(page: str) -> None:
    from mlops_nb.store.control_schema import TABLES, metadata

    assert [name for name in metadata.tables if name not in TABLES] == [], "a table nobody described"
    assert [name for name in TABLES if f"| `{name}` |" not in page] == []


def test_every_kind_of_table_of_the_lake_is_on_the_page(page: str) -> None:
    from mlops_nb.store.lake_served import AREAS, HOLDS

    assert set(HOLDS) == set(AREAS) and [area for area in AREAS if f"| `{area}/MODEL` |" not in page] == []


def test_an_undocumented_command_is_named(reference: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlops_nb.doors.cli import cli

    monkeypatch.setitem(cli.commands, "mute", click.Command("mute", params=[click.Option(["--loud"])]))
    with pytest.raises(reference.Undocumented, match="mlops-nb mute, mlops-nb mute --loud"):
        reference.render()


def test_an_undocumented_setting_is_named(reference: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlops_nb.core import settings

    monkeypatch.setattr(settings, "setting_help", lambda name: "" if name == "seed" else "said")
    with pytest.raises(reference.Undocumented, match="setting seed"):
        reference.render()


def test_the_readme_is_current() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text == tool("readme").text(), "run make reference"
    words = ("make demo", "make test", "pip install mlops_nb", "docs/images/", "MLFLOW_DISABLE_TELEMETRY", "WHYLOGS_NO_ANALYTICS")
    assert [w for w in words if w not in text] == []


def broken_links(file: Path) -> list[str]:
    """Links of a Markdown file to files that are not there."""
    text = re.sub(r"```.*?```", "", file.read_text(encoding="utf-8"), flags=re.S)
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) + re.findall(r"<img[^>]+src=[\"']([^\"']+)", text)
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    return [target for target in local if not (file.parent / target).exists()]


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "benchmarks/RESULTS.md", "docs/reference.md"])
def test_links_lead_somewhere(name: str) -> None:
    assert broken_links(ROOT / name) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("[here](page.md) and [gone](gone.md#part) and [web](https://example.org)")
    assert broken_links(tmp_path / "page.md") == ["gone.md"]
