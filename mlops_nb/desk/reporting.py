import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mlops_nb.core.errors import MlopsError
from mlops_nb.core.measures import Measure
from mlops_nb.core.records import ModelVersion, now
from mlops_nb.core.serving import Alert
from mlops_nb.core.settings import workspace_key
from mlops_nb.desk.logging import age_of
from mlops_nb.desk.stores import Base, Stores
from mlops_nb.score.metrics import HEADLINE
from mlops_nb.watch.charts import shape_of
from mlops_nb.watch.report_page import page
from mlops_nb.watch.story import WatchReport, sealed, story
from mlops_nb.watch.watched import Shape, WatchWindow, evidence_of, length_of

UNMEASURED = "Nothing was measured yet. A workspace that may be written to takes a pass when the report is made."


def measured(stores: Stores, model: str) -> tuple[list[Measure], list[str]]:
    "What passes have left for a model, and what is to be said about that."
    from mlops_nb.desk.measuring import measures, take

    found = measures(stores, model)
    if found or stores.read_only:
        return found, [] if found else [UNMEASURED]
    take(stores, model)
    return measures(stores, model), []


def named(stores: Stores, ref: str) -> tuple[str, ModelVersion | None, bool]:
    "Name and version of a reference, and whether that version alone is meant. Raises ModelNotFound when nothing is known of it at all."
    from mlops_nb.store.lake_served import models_of

    name = ref.partition("/")[0].partition("@")[0]
    served = models_of(stores.lake.place, "predictions")
    try:
        found = stores.models.get(ref)
    except MlopsError:
        if ref != name or name not in served:
            raise
        return name, None, False
    return found.name, found, ref != found.name

def _since(receipts: Sequence[Any], version: ModelVersion | None, alias: str) -> datetime | None:
    "When the version came to hold the alias."
    done = [r for r in receipts if r.alias == alias and r.state == "done"]
    if version is None or not done or done[0].to_version != version.version:
        return None
    return done[0].at


def links_to(stores: Stores, alerts: Sequence[Alert], base: Path) -> dict[str, str]:
    "Alert -> its investigation, as a path from where the page lies."
    out = {}
    for alert in alerts:
        evidence = evidence_of(alert)
        run, report = evidence.get("run"), evidence.get("report")
        place = Path(str(report)) if report else stores.settings.state_dir / "runs" / str(run) / "executed.ipynb"
        place = place if place.is_absolute() else stores.settings.root / place
        if (run or report) and place.exists():
            try:
                out[alert.id] = Path(os.path.relpath(place, base)).as_posix()
            except ValueError:  # on another drive
                continue
    return out

SHAPES = 6


def shapes_for(stores: Stores, version: ModelVersion, window: WatchWindow) -> list[Shape]:
    "How the heaviest features were distributed in training and in a window."
    import pyarrow.dataset as ds

    from mlops_nb.profile.rows import from_rows
    from mlops_nb.store import lake_served as served

    names = [*window.drifted, *window.changed][:SHAPES]
    reference = [view for _, view in stores.models.reference(version)] if names else []
    if not reference:
        return []
    where = (ds.field("version") == version.ref) & (ds.field("segment") == "") & ds.field("column").isin(names)
    where = where & (ds.field("source") != "shadow")
    rows = served.read(stores.lake.place, "profiles", version.name, since=window.start, until=window.end, where=where)
    if not rows.num_rows:
        return []
    view, key = from_rows(rows), workspace_key(stores.settings)
    there = set(view.get_columns())
    return [shape_of(reference, view, name, window.words, key) for name in names if name in there]

def watch_report(
    stores: Stores, ref: str, window: str = "month", last: str | timedelta | None = None, found: Sequence[Measure] | None = None
) -> WatchReport:
    "Reads measures, alerts and receipts; `found` stands for the measures where they are known already."
    from mlops_nb import __version__

    length_of(window)
    name, version, alone = named(stores, ref)
    notes: list[str] = []
    if found is None:
        found, notes = measured(stores, name)
    receipts = stores.control.receipts(name)
    alias = next((a for a in ("champion", *(version.aliases if version else ())) if version and a in version.aliases), "")
    report = story(
        found,
        model=name,
        version=version.ref if version and alone else "",
        window=window,
        last=age_of(last),
        headline=HEADLINE.get(version.kind, "") if version else "",
        importance=version.importance if version else None,
        holder=version.ref if version else "",
        alias=alias,
        since=_since(receipts, version, alias),
        alerts=stores.control.alerts(open_only=False, model=name),
        receipts=receipts,
        notes=notes,
    )
    moved = next((w for w in reversed(report.windows) if w.rows != 0 and (w.drifted or w.changed)), None)
    shapes = _shapes(stores, moved) if moved else []
    made_by = f"mlops_nb {__version__}"
    links = links_to(stores, report.alerts, stores.settings.root)
    return replace(sealed(report, shapes=shapes), links=links, workspace=stores.settings.name, made_at=now(), made_by=made_by)


def _shapes(stores: Stores, window: WatchWindow) -> list[Shape]:
    try:
        return shapes_for(stores, stores.models.get(window.version), window)
    except MlopsError:  # the version is gone, its measures are not
        return []


class Reporting(Base):
    "How the models are."

    def watch(
        self,
        model: str,  # delay, or delay/2 for one version
        *,
        window: str = "month",  # month, or a length: 7d, 1d
        last: str | timedelta | None = None,  # 90d: windows that began so long before the end of the newest; None: all
    ) -> WatchReport:
        "How a model is and was: drift by feature and window, estimated and realised performance, alerts and changes of production."
        return watch_report(self.stores, model, window, last)

    def write_report(
        self, model: str, path: str | Path, *, window: str = "month", last: str | timedelta | None = None
    ) -> Path:
        "The same as one HTML page that needs nothing else; where it was written."
        return self.draw_report(self.watch(model, window=window, last=last), path)

    def draw_report(self, report: WatchReport, path: str | Path) -> Path:
        "A report that was made already, as that page."
        return write_page(self.stores, report, path)


def write_page(stores: Stores, report: WatchReport, path: str | Path) -> Path:
    "Writes a report as a page; its links lead from there to the investigations."
    place = Path(path).expanduser().absolute()
    place.parent.mkdir(parents=True, exist_ok=True)
    links = links_to(stores, report.alerts, place.parent)
    place.write_text(page(replace(report, links=links)), encoding="utf-8")
    return place
