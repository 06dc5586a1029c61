import math
import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from mlops_nb.core.errors import UsageError
from mlops_nb.core.measures import Measure
from mlops_nb.core.records import Receipt, Record, RunVerdict
from mlops_nb.core.serving import Alert
from mlops_nb.watch.estimate import ASSUMES

ReportState = Literal["ok", "changed", "drifted", "failing", "unlabelled", "silent", "unknown"]
SIGNS: dict[str, str] = {
    "ok": "✓", "changed": "◐", "drifted": "●", "failing": "✗", "unlabelled": "?", "silent": "○", "unknown": "–", "none": "–",
}  # fmt: skip
MEANS: dict[str, str] = {
    "ok": "The data looks as it did in training, and the answers that could be checked are as right as expected.",
    "changed": "Something has moved, but less than would be expected to hurt the answers.",
    "drifted": "What the model leans on is no longer as it was in training. Its answers may be wrong more often.",
    "failing": "It is measurably less right than it was, or it does not answer as it should. Somebody has to act.",
    "unlabelled": "Nothing unusual in the data, but no true outcome has come back: nobody can say how right the answers are.",
    "silent": "No data. Nothing was answered, and that is not good news.",
    "unknown": "There is too little data to say anything.",
}
WORST: tuple[str, ...] = ("ok", "unlabelled", "unknown", "changed", "drifted", "failing", "silent")
ESTIMATE = f"estimate, assumes {ASSUMES}"
NAN = float("nan")

@dataclass(frozen=True)
class Figure(Record):
    "A metric in one window."

    metric: str = ""
    value: float = NAN  # none: `note` says why
    low: float = NAN  # 95 % interval
    high: float = NAN
    reference: float = NAN  # what it was on held-out rows
    n: int = 0  # rows it rests on
    verdict: RunVerdict = "none"
    note: str = ""  # of an estimate, what it assumes

    @property
    def known(self) -> bool:
        "Whether there is a number."
        return math.isfinite(self.value)


@dataclass(frozen=True)
class Cell(Record):
    "One feature in one window."

    verdict: RunVerdict = "none"
    severity: float = 0.0  # effect weighted by what the model leans on
    effect: float = NAN
    statistic: str = ""  # cdf_gap, total_variation, null_gap, …
    value: float = NAN
    threshold: float = NAN
    windows: int = 0  # that were looked at; a month has thirty days
    moved: int = 0  # of these: changed or drifted
    reason: str = ""


@dataclass(frozen=True)
class WatchedFeature(Record):
    "A feature over all windows."

    name: str
    share: float = NAN  # of what the model leans on, 0 to 1
    severity: float = 0.0  # mean over the windows
    moved: int = 0  # windows in which it changed or drifted
    is_answer: bool = False  # the model's own answers, not one of its inputs
    cells: tuple[Cell, ...] = ()  # one a window

@dataclass(frozen=True)
class WatchWindow(Record):
    "What is known of a model in one stretch of time."

    label: str  # 2013-03, or 2013-03-04
    start: datetime
    end: datetime
    state: ReportState = "unknown"
    version: str = ""  # which answered most
    rows: int | None = None  # answers; None: not counted
    coverage: float = NAN  # share of the answers whose true outcome is known
    verdict: RunVerdict = "none"  # of its data
    score: float = NAN  # weighted change of all features
    bound: float = NAN  # above it the window has drifted
    drifted: tuple[str, ...] = ()  # features, the heaviest first
    changed: tuple[str, ...] = ()
    realised: Figure = field(default_factory=Figure)
    estimated: Figure = field(default_factory=Figure)
    problems: tuple[str, ...] = ()  # sentences: quality, skew, concept, freshness, service
    alerts: tuple[str, ...] = ()  # ids

    @property
    def words(self) -> str:
        "The window as a name: March 2013, 4 March 2013."
        return spoken(self.start, self.end)

    @property
    def when(self) -> str:
        "The window in a sentence: in March 2013, on 4 March 2013, from 4 to 10 March 2013."
        word = "in" if _is_month(self.start, self.end) else "from" if self.end - self.start > timedelta(days=1) else "on"
        return f"{word} {self.words}"


@dataclass(frozen=True)
class ServiceLevel(Record):
    "One number of the service over all windows."

    name: str  # p95_ms, error_share, …
    deployment: str = ""
    value: float = NAN  # in the newest window
    target: float = NAN
    verdict: RunVerdict = "none"
    values: tuple[float, ...] = ()  # one a window
    reason: str = ""


@dataclass(frozen=True)
class Shape(Record):
    "How one feature was distributed in the reference and in a window: shares of rows."

    feature: str
    window: str  # in words
    names: tuple[str, ...] = ()  # of categories; empty for numbers
    edges: tuple[float, ...] = ()  # of bins; empty for categories
    reference: tuple[float, ...] = ()
    seen: tuple[float, ...] = ()
    nulls: tuple[float, ...] = ()  # share in the reference, in the window

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_WINDOWS = 400
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def length_of(window: str) -> timedelta | None:
    "`7d` as a length; None for a month."
    match = re.fullmatch(r"(\d{1,3})([hdw])", str(window))
    if str(window) != "month" and not (match and int(match[1])):
        raise UsageError(f"window={window!r} is not a window of a report.", field="window", hint="month, or a length: 7d, 1d, 6h.")
    return int(match[1]) * _UNITS[match[2]] if match else None


def _next(start: datetime, length: timedelta | None) -> datetime:
    if length:
        return start + length
    return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


def periods(first: datetime, last: datetime, window: str) -> list[tuple[datetime, datetime]]:
    "Windows from the one that holds `first` to the one in which `last` ends, without a gap; the newest 400."
    length = length_of(window)
    begin = first - (first - EPOCH) % length if length else first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if length and last - begin > MOST_WINDOWS * length:
        begin += length * (math.ceil((last - begin) / length) - MOST_WINDOWS)
    out = [(begin, _next(begin, length))]
    while out[-1][1] < last:
        out.append((out[-1][1], _next(out[-1][1], length)))
    return out[-MOST_WINDOWS:]


def label_of(start: datetime, end: datetime) -> str:
    "2013-03, 2013-03-04, or 2013-03-04 06:00."
    if _is_month(start, end):
        return f"{start:%Y-%m}"
    return f"{start:%Y-%m-%d}" if end - start >= timedelta(days=1) else f"{start:%Y-%m-%d %H:%M}"


def _is_month(start: datetime, end: datetime) -> bool:
    return start.day == 1 and end - start > timedelta(days=27) and end == _next(start, None)


def spoken(start: datetime, end: datetime) -> str:
    "March 2013; 4 March 2013; 4 to 10 March 2013."
    if _is_month(start, end):
        return f"{start:%B %Y}"
    last = end - timedelta(microseconds=1)
    if end - start < timedelta(days=1):
        return f"{start.day} {start:%B %Y}, {start:%H:%M} to {end:%H:%M}"
    if last.date() == start.date():
        return f"{start.day} {start:%B %Y}"
    here = f"{start.day}" if last.month == start.month else f"{start.day} {start:%B}"
    here += f" {start.year}" if last.year != start.year else ""
    return f"{here} to {last.day} {last:%B %Y}"

def chosen(found: Sequence[Measure], start: datetime, end: datetime) -> list[Measure]:
    "The measures of one series that together stand for a window; the later of two passes holds."
    latest = {(m.start, m.end): m for m in found}
    if (start, end) in latest:
        return [latest[start, end]]
    out: list[Measure] = []
    for m in sorted(latest.values(), key=lambda m: (m.start, m.start - m.end)):
        if not out or m.start >= out[-1].end:
            out.append(m)
    return out


def laid_out(measures: Iterable[Measure], cuts: Sequence[tuple[datetime, datetime]]) -> list[list[Measure]]:
    "The measures that lie in each window; one that is wider than a window lies in none."
    starts = [start for start, _ in cuts]
    out: list[list[Measure]] = [[] for _ in cuts]
    for m in measures:
        at = bisect_right(starts, m.start) - 1
        if at >= 0 and m.end <= cuts[at][1]:
            out[at].append(m)
    return out


def by_series(measures: Iterable[Measure], start: datetime, end: datetime) -> list[list[Measure]]:
    "Those of one window, series by series."
    found: dict[tuple[str, ...], list[Measure]] = {}
    for m in measures:
        found.setdefault(m.of, []).append(m)
    return [chosen(one, start, end) for one in found.values()]

AT_LEAST, OF_ALL = 2, 0.1


def together(verdicts: Collection[RunVerdict]) -> RunVerdict:
    "The verdict of several windows."
    judged = [v for v in verdicts if v != "none"]
    if len(judged) <= 1:
        return judged[0] if judged else "none"
    enough = max(AT_LEAST, OF_ALL * len(judged))
    if judged.count("drifted") >= enough:
        return "drifted"
    return "changed" if judged.count("drifted") + judged.count("changed") >= enough else "ok"


def or_nan(value: float | None) -> float:
    "Missing numbers as NaN."
    return NAN if value is None else float(value)


def mean_of(values: Sequence[float | None], weights: Sequence[float]) -> float:
    "The weighted mean of the values that are there."
    known = [(v, w) for v, w in zip(values, weights, strict=True) if v is not None and math.isfinite(v)]
    total = sum(w for _, w in known)
    return sum(v * w for v, w in known) / total if total else NAN


def figure(found: Sequence[Measure], estimate: bool = False) -> Figure:
    "The metric of a window; of several smaller ones their mean, weighted by rows."
    if not found:
        return Figure(note="no estimate" if estimate else "")
    known = [m for m in found if m.value is not None and math.isfinite(m.value)]
    last = (known or found)[-1]
    if not known:
        reason = last.reason or ("no estimate" if estimate else "")
        return Figure(last.name, reference=or_nan(last.reference), n=sum(m.n for m in found), note=reason)
    weights = [float(max(m.n, 1)) for m in known]
    value = mean_of([m.value for m in known], weights)
    halves = [(m.high - m.low) / 2 if m.low is not None and m.high is not None else NAN for m in known]
    half = math.sqrt(sum((w * h) ** 2 for w, h in zip(weights, halves, strict=True))) / sum(weights)
    low, high = (or_nan(last.low), or_nan(last.high)) if len(known) == 1 else (value - half, value + half)
    rows, verdict = sum(m.n for m in known), together([m.verdict for m in known])
    return Figure(last.name, value, low, high, or_nan(last.reference), rows, verdict, ESTIMATE if estimate else last.reason)


def cell(found: Sequence[Measure]) -> Cell:
    "A feature in a window: its own verdict, or that of its days."
    if not found:
        return Cell()
    weights = [float(max(m.n, 1)) for m in found]
    verdict = together([m.verdict for m in found])
    moved = [m for m in found if m.verdict in ("changed", "drifted")]
    worst = max(moved or found, key=lambda m: m.severity)
    severity = mean_of([m.severity for m in found], weights)
    effect, value = (mean_of([getattr(m, name) for m in found], weights) for name in ("effect", "value"))
    return Cell(verdict, severity, effect, worst.name, value, or_nan(worst.threshold), len(found), len(moved), worst.reason)

@dataclass(frozen=True)
class Watched(Record):
    "All that a report says."

    model: str
    version: str  # delay/2
    window: str  # month, 7d, 1d
    now: datetime | None  # where the newest window begins
    state: ReportState
    means: str  # the state in a sentence
    summary: tuple[str, ...] = ()  # sentences for a person
    headline: str = ""  # the metric that stands for the model
    alias: str = ""  # which the version holds: champion
    since: datetime | None = None  # when it came to hold it
    windows: tuple[WatchWindow, ...] = ()  # in the order of time
    features: tuple[WatchedFeature, ...] = ()  # the heaviest first
    alerts: tuple[Alert, ...] = ()  # the newest first
    receipts: tuple[Receipt, ...] = ()  # changes of production, the newest first
    services: tuple[ServiceLevel, ...] = ()
    shapes: tuple[Shape, ...] = ()
    notes: tuple[str, ...] = ()
    links: dict[str, str] = field(default_factory=dict)  # id of an alert -> where its investigation lies
    workspace: str = ""
    made_at: datetime | None = None
    made_by: str = ""  # mlops_nb 0.5.0
    digest: str = ""  # of what is reported, wherever and whenever it is drawn

    @property
    def newest(self) -> WatchWindow | None:
        "The newest window."
        return self.windows[-1] if self.windows else None


def evidence_of(alert: Alert) -> dict[str, Any]:
    "What an alert points at: a run, a report, a challenger."
    found = getattr(alert, "evidence", None)
    return found if isinstance(found, dict) else {}


def time_of(alert: Alert) -> datetime | None:
    "When it was: the window it speaks of, else when it was raised."
    return getattr(alert, "window_start", None) or alert.at
