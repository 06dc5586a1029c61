"""The widgets that show: Models, Monitor, their drawings and the panel, on a workspace in which something has happened."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
from ipywidgets.widgets.widget import _instances
from moved import FEATURES, flights, moved
from sklearn.linear_model import LogisticRegression
from waiting import until

from mlops_nb import Workspace
from mlops_nb.core.errors import UsageError
from mlops_nb.core.settings import init
from mlops_nb.doors import drawing, panel
from mlops_nb.doors.deploy_widget import DeployWidget
from mlops_nb.doors.drawing import Drawing
from mlops_nb.doors.models_widget import ModelsWidget
from mlops_nb.doors.monitor_widget import MonitorWidget
from mlops_nb.doors.register_widget import RegisterWidget
from mlops_nb.doors.runs_widget import RunsWidget
from mlops_nb.watch.still import still

@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return moved(tmp_path_factory.mktemp("views") / "delays")


def settled(widget: Any) -> Any:
    """Waits until all threads of a widget have ended: what went wrong is said after it is busy no more."""
    until(lambda: not any(one.is_alive() for one in widget._threads), "an end of its threads")
    assert not widget.busy and not widget._again
    return widget


def ended(widget: Any) -> bool:
    """The same of one that looks again and again: nothing is on, and its end is said."""
    return not widget.busy and "<progress" not in widget.line.value


@pytest.fixture
def monitor(ws: Workspace) -> Iterator[MonitorWidget]:
    made = settled(MonitorWidget(workspace=ws, window="1d"))
    yield made
    made.close()


@pytest.fixture
def models(ws: Workspace) -> Iterator[ModelsWidget]:
    made = settled(ModelsWidget(workspace=ws))
    yield made
    made.close()


def names_of(heat: Drawing) -> list[str]:
    return [row["name"] for row in heat.data["rows"]]


def test_a_cell_of_the_heat_map_holds_its_window_against_training(monitor: MonitorWidget) -> None:
    assert monitor.model == "delay" and not monitor.failed
    assert len(monitor.heat.data["columns"]) == 34 and monitor.heat.data["columns"][-1] == "2013-02-12"
    row = names_of(monitor.heat).index("distance")
    assert monitor.heat.data["rows"][row]["cells"][-1]["verdict"] == "drifted"
    monitor.heat.chosen = {"row": row, "column": 33}  # as a click does
    assert monitor.chosen == {"feature": "distance", "start": "2013-02-12T00:00:00+00:00"}
    until(lambda: monitor.shapes.data, "the shape")
    (shape,) = monitor.shapes.data["shapes"]
    assert shape["name"] == "distance" and shape["words"] == {"reference": "training", "seen": "12 February 2013"}
    assert len(shape["edges"]) == len(shape["seen"]) + 1 and sum(shape["seen"]) == pytest.approx(1, abs=0.02)
    assert "drifted" in monitor._told.value and "cumulative" not in shape
    monitor._form.value = "cumulative"  # bars or the cumulative share, of the same numbers
    (curve,) = monitor.shapes.data["shapes"]
    assert curve == shape | {"cumulative": True} and "share of rows up to each value" in still("shapes", monitor.shapes.data)

    monitor.heat.chosen = {"row": 0, "column": 33}  # the model as a whole
    assert "distance" in monitor._told.value and monitor.shapes.data == {}


def test_windows_versions_and_segments_can_be_picked(monitor: MonitorWidget) -> None:
    def seen() -> list[float | None]:
        return [p["value"] for p in monitor.performance.data["lines"][0]["points"]]

    whole = seen()
    assert [name for name, _ in monitor._segment.options] == ["all rows", "carrier=1", "carrier=2"]
    monitor._segment.value = "carrier=2"
    assert monitor.segment == "carrier=2"
    settled(monitor)
    second = seen()
    assert second != whole and any(v is not None for v in second)
    monitor.segment = "carrier=1"
    settled(monitor)
    assert seen() not in (whole, second)
    monitor.segment = ""
    monitor.window = "month"
    settled(monitor)
    assert monitor.heat.data["columns"] == ["2013-01", "2013-02"]
    monitor.version = 2  # it has answered nothing
    settled(monitor)
    assert "no data is not good news" in monitor._state.value and not monitor.failed


def test_a_segment_has_its_own_drift_volume_and_figures_and_says_what_it_has_not(monitor: MonitorWidget) -> None:
    rows = monitor.volume.data["lines"][0]["points"]
    monitor.segment = "carrier=2"
    settled(monitor)
    mine = monitor.volume.data["lines"][0]["points"]
    assert [0 < a["value"] < b["value"] for a, b in zip(mine, rows, strict=True)] == [True] * 34
    assert names_of(monitor.heat) == ["all together", "distance"]  # what never moved is not kept of a segment
    verdicts = [cell["verdict"] for cell in monitor.heat.data["rows"][1]["cells"]]
    assert verdicts == ["none"] * 28 + ["ok"] * 3 + ["drifted"] * 3
    assert "differs from its first windows" in monitor._state.value and "held against its own first 28 windows" in monitor._state.value
    assert [p["value"] for p in monitor.coverage.data["lines"][0]["points"]] == [1.0] * 34
    assert "measured for all requests together, not for carrier=2" in monitor._service_words.value
    monitor.heat.chosen = {"row": 1, "column": 33}
    until(lambda: monitor.shapes.data, "the shape")
    assert monitor.shapes.data["shapes"][0]["words"] == {"reference": "carrier=2 before, at first", "seen": "12 February 2013"}
    monitor.chosen = {"feature": "distance", "start": "2013-01-10T00:00:00+00:00"}
    until(lambda: "Nothing is known of &#x27;distance&#x27; of carrier=2 before 10 January 2013" in monitor._told.value, "nothing is older")
    with pytest.raises(UsageError, match="carrier=3"):
        monitor.ws.watch("delay", stored=True, segment="carrier=3")


def test_an_alert_is_acknowledged_after_a_question(ws: Workspace, monitor: MonitorWidget) -> None:
    alert = next(a for a in ws.alerts(model="delay") if not a.acked_by)
    acts = [part.children[1] for part in monitor._alerts.children if getattr(part, "children", ())]
    act = next(one for one in acts if alert.message in one.tooltip)
    act.click()
    assert alert.message in monitor.asking and not ws.alert(alert.id).acked_by  # nothing happened yet
    monitor.no.click()
    assert not ws.alert(alert.id).acked_by
    act.click()
    monitor.reason.value = "asking the airline"
    monitor.yes.click()
    settled(monitor)
    assert ws.alert(alert.id).acked_by and ws.alert(alert.id).note == "asking the airline"
    assert "looks after it" in str([getattr(one, "value", "") for one in monitor._alerts.children])


def test_two_versions_side_by_side_then_promoted_and_taken_back(ws: Workspace, models: ModelsWidget) -> None:
    assert (models.name, models.version, models.other) == ("delay", 2, 1)
    found = models.comparison
    assert {p.name for p in found.metrics} >= {"auc", "accuracy"} and found.check is None and models.intervals.data == {}
    assert [s["name"] for s in models.shapes.data["shapes"]] [:2] == ["distance", "departs"]
    assert models.shapes.data["shapes"][0]["words"] == {"reference": "training of delay/1", "seen": "delay/2"}
    assert "a check asks both the same rows" in models._notes.value

    models.check_button.click()
    settled(models)
    assert models.intervals.data["rows"][0]["name"] == "all rows", models.said

    models.promote_button.click()
    assert models.asking.startswith("delay/2 becomes champion in place of version 1.")
    models.no.click()
    assert models.said == "Nothing was changed." and ws.version("delay").version == 1
    models.promote_button.click()
    models.reason.value = "learnt from more"
    models.yes.click()
    settled(models)
    assert ws.version("delay").version == 2, models.said
    assert "learnt from more" in models._receipts.value and "(champion)" in models._version.options[0][0]

    models.rollback_button.click()
    assert models.asking and ws.version("delay").version == 2
    models.yes.click()
    settled(models)
    assert ws.version("delay").version == 1, models.said


def test_a_search_that_finds_nothing_and_a_version_alone(models: ModelsWidget) -> None:
    models.other = 0
    settled(models)
    assert models.comparison.before.ref == models.comparison.after.ref == "delay/2"
    assert "seen" not in models.shapes.data["shapes"][0] and models.check_button.disabled
    models.query = "weather"
    assert models.name == "" and "No model has that in its name." in models._facts.value
    models.query = ""
    settled(models)
    assert models.name == "delay" and models.comparison.after.ref == "delay/2"


def test_what_is_missing_is_said_and_nothing_hangs(ws: Workspace) -> None:
    lost = settled(MonitorWidget("weather", workspace=ws))
    assert lost.failed and "weather" in lost.said and lost.hint
    lost.close()
    lost = settled(ModelsWidget("weather", workspace=ws))
    assert lost.failed and "weather" in lost.said
    lost.close()


def test_a_reader_is_offered_nothing_that_changes(ws: Workspace) -> None:
    reading = Workspace(ws.root, read_only=True)

    def offered(part: Any) -> Iterator[str]:
        if part.layout.display != "none":
            if isinstance(part, ipywidgets.Button):
                yield part.description
            for child in getattr(part, "children", ()):
                yield from offered(child)

    train = flights("2013-03-01", 1)
    values = {"train": train, "model": LogisticRegression().fit(train[FEATURES], train["late"])}
    looks = {"Look again", "Newer", "Older", "Open", "Compare"}
    for kind, more in (
        (ModelsWidget, {}), (MonitorWidget, {}), (DeployWidget, {}), (RunsWidget, {}), (RegisterWidget, {"values": values}),
    ):  # fmt: skip
        made = kind(workspace=reading, **more)
        until(lambda one=made: ended(one), "an end of what is on")
        assert not made.failed and "opened to read" in str([getattr(one, "value", "") for one in made.children]), kind
        assert set(offered(made)) <= looks, kind
        made.close()
    refused = RegisterWidget(workspace=reading, values=values, target="late", name="late")
    refused.register()
    until(lambda: refused.failed, "a refusal")
    assert "opened read-only" in refused.said and refused.hint
    refused.close()


def test_without_any_data_each_says_the_next_step(tmp_path: Path) -> None:
    new = Workspace(init(tmp_path / "new").root)
    says = {ModelsWidget: "mlops-nb demo", MonitorWidget: "mlops-nb demo", DeployWidget: "RegisterWidget(model)", RunsWidget: "run it",
            RegisterWidget: "Train one"}  # fmt: skip
    for kind, step in says.items():
        made = kind(workspace=new, **({"values": {}} if kind is RegisterWidget else {}))
        until(lambda one=made: ended(one), "an end of what is on")
        bundle = made._repr_mimebundle_()
        assert not made.failed and step in bundle["text/plain"] and step in bundle["text/html"], kind
        made.close()


def test_a_model_that_knows_no_column_names_can_be_registered_and_says_what_it_gets(ws: Workspace) -> None:
    train = flights("2013-03-01", 1)
    model = LogisticRegression().fit(train[FEATURES].to_numpy(), train["late"])
    form = RegisterWidget(model, "nameless", workspace=ws, values={"train": train, "model": model})
    form.train = "train"
    until(lambda: "as they stand" in form.promises.value, "a look at the columns, before it is said what they are")
    form.target, form.id, form.time = "late", "flight_id", "scheduled"
    assert form.features == ("carrier", "departs", "distance")
    until(lambda: "as they stand, carrier, departs, distance." in form.promises.value, "a look at the columns that are left")
    until(lambda: form.contract is not None and set(form.contract.columns) == set(FEATURES), "their contract")
    form.close()


def test_close_ends_threads_and_frees_all_parts(ws: Workspace) -> None:
    before, threads = set(_instances), threading.active_count()
    for made in (MonitorWidget("delay", workspace=ws), ModelsWidget("delay", workspace=ws)):
        settled(made)
        made.close()
    until(lambda: threading.active_count() <= threads, "an end of the threads")
    left = [_instances[one] for one in set(_instances) - before]
    assert left == []


def test_readers_without_a_kernel_see_what_was_shown(monitor: MonitorWidget, models: ModelsWidget, tmp_path: Path) -> None:
    import nbformat.v4 as v4
    from nbconvert import HTMLExporter

    bundles = [one._repr_mimebundle_() for one in (monitor, models)]
    made = [found[0] if isinstance(found, tuple) else found for found in bundles]
    cells = [v4.new_code_cell("w", outputs=[v4.new_output("display_data", data=data)]) for data in made]
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(v4.new_notebook(cells=cells))
    for words in ("2013-02-12", "distance", "Metrics on held-out rows", "delay/2", "Contracts"):
        assert words in page
    assert made[0]["text/plain"].startswith("MonitorWidget · Monitor\nmodel: delay\n")


def test_a_drawing_says_the_same_where_no_script_runs(monitor: MonitorWidget, models: ModelsWidget) -> None:
    for one, words in ((monitor.heat, "● "), (monitor.performance, "on held-out rows"), (models.shapes, "training of delay/1 (filled)")):
        data, _ = one._repr_mimebundle_()
        assert words in data["text/html"] and "<script" not in data["text/html"]
    assert drawing.bundled("nothing.js", "instead") == "instead"
    assert "heat" in monitor.heat.get_state()["kind"] and monitor.heat.get_state()["data"]["rows"]


def test_tabs_are_made_when_they_are_looked_at(ws: Workspace) -> None:
    made = panel.panel(ws)
    settled(made.widgets["Models"])
    assert list(made.widgets) == ["Models"] and made.widgets["Models"].comparison is not None
    made._tabs.selected_index = list(panel.TABS).index("Monitor")
    settled(made.widgets["Monitor"])
    assert made.tab == "Monitor" and made.widgets["Monitor"].report is not None
    made.close()
    assert all(one._closing.is_set() for one in made.widgets.values())


def test_versions_that_are_deleted_while_they_are_shown(ws: Workspace, models: ModelsWidget, monitor: MonitorWidget) -> None:
    from mlflow import MlflowClient

    deploy = DeployWidget("delay/2", workspace=ws, every=60)
    registry = MlflowClient(ws.settings.tracking_uri, ws.settings.registry_uri)
    registry.delete_model_version("delay", "2")
    models.other = 0
    settled(models)
    assert not models.failed and models.comparison.after.ref == "delay/1"  # what is left
    monitor.version = 2
    settled(monitor)
    assert monitor.failed and "no version 2" in monitor.said and "drifted" in monitor._state.value
    monitor.version = 0
    settled(monitor)
    assert not monitor.failed and [n for n, _ in monitor._version.options] == ["all", "1"]
    deploy.deploy()
    deploy.yes.click()
    until(lambda: ended(deploy), "a refusal")
    assert deploy.failed and "no version 2" in deploy.said and ws.deployments() == []
    registry.delete_model_version("delay", "1")
    models.look()
    settled(models)
    assert not models.failed and "delay has no version." in models._facts.value
    monitor.look()
    settled(monitor)
    assert not monitor.failed and "drifted" in monitor._state.value  # what was measured stays
    deploy.close()
