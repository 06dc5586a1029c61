import hashlib
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mlops_nb.core.measures import Measure
from mlops_nb.core.records import Receipt, RunVerdict
from mlops_nb.core.serving import Alert
from mlops_nb.watch.charts import brief, with_interval, within
from mlops_nb.watch.report_page import fragment
from mlops_nb.watch.report_style import nice, percent, some
from mlops_nb.watch.watched import (
    ESTIMATE,
    MEANS,
    NAN,
    WORST,
    Cell,
    Figure,
    ReportState,
    ServiceLevel,
    Shape,
    Watched,
    WatchedFeature,
    WatchWindow,
    by_series,
    cell,
    figure,
    label_of,
    laid_out,
    mean_of,
    or_nan,
    periods,
    time_of,
    together,
)

@dataclass(frozen=True)
class WatchReport(Watched):
    "How a model is: its state, its windows, what moved, the alerts, and what changed in production. No data is never green."

    def _repr_html_(self) -> str:
        return fragment(self)


LOWER_IS_BETTER = {"log_loss", "brier", "mae", "rmse", "mse", "mape", "error_rate", "calibration_error"}
_FIRST = ("auc", "accuracy", "r2", "f1", "rmse", "mae", "log_loss", "brier")
_CLOCK = ("service", "freshness")  # measured by the clock on the wall

_ROLES = ("", "live", "batch", "local", "canary", "shadow")


def one_role(measures: Iterable[Measure]) -> list[Measure]:
    "For each version and kind the measures of one role; volumes of all but shadows."
    roles: dict[tuple[str, str], set[str]] = defaultdict(set)
    rows: Counter[tuple[str, str, str]] = Counter()
    found = [m for m in measures if not m.segment]
    for m in found:
        roles[m.version, m.kind].add(m.source)
        rows[m.version, m.kind, m.source] += m.n

    def speaks(m: Measure) -> bool:
        there = roles[m.version, m.kind]
        if "" in there or len(there) == 1:
            return m.source == "" or len(there) == 1
        if m.kind == "volume":
            return m.source != "shadow"
        answered = [r for r in there if r != "shadow"] or list(there)
        order = {r: _ROLES.index(r) if r in _ROLES else 9 for r in answered}
        return m.source == max(answered, key=lambda r: (rows[m.version, m.kind, r], -order[r]))

    return [m for m in found if speaks(m)]


def _leading(found: Sequence[list[Measure]]) -> str:
    "The version that answered most."
    rows: Counter[str] = Counter()
    for series in found:
        weight = sum(m.value or 0 for m in series) if series[0].kind == "volume" else 0.001 * len(series)
        rows[series[0].version] += weight  # type: ignore[assignment]
    named = {v: n for v, n in rows.items() if v}
    return max(named, key=lambda v: (named[v], v)) if named else ""

_RANK = {"none": 0, "ok": 1, "changed": 2, "drifted": 3}
_NO_CELL = Cell()
_SAID = ("quality", "skew", "concept", "freshness", "labels", "service")


def is_worse(f: Figure) -> bool:
    "Whether a figure is on the wrong side of its reference by more than chance."
    if not f.known or f.verdict not in ("changed", "drifted"):
        return False
    return not math.isfinite(f.reference) or (f.value > f.reference if f.metric in LOWER_IS_BETTER else f.value < f.reference)


def _state(w: WatchWindow, bad: bool, quality: int) -> ReportState:
    if w.rows == 0:
        return "silent"
    if bad or is_worse(w.realised):
        return "failing"
    rank = max(_RANK[w.verdict], quality)
    if rank > 1:
        return "drifted" if rank == 3 else "changed"
    if rank == 0:
        return "unknown"
    return "ok" if w.realised.known else "unlabelled"


def _problem(m: Measure) -> str:
    if m.reason:
        said = _upper(m.reason)
    else:
        of = f" of {m.feature}" if m.feature else ""
        said = f"{m.name.replace('_', ' ')}{of} is {brief(or_nan(m.value))}, the limit is {brief(or_nan(m.threshold))}"
    return said.rstrip(".") + "."


def _holes(counted: Sequence[Measure], start: datetime, end: datetime) -> list[str]:
    "Days between the first and the last measure of the window on which nothing was answered."
    day = timedelta(days=1)
    if len(counted) < 2 or any(m.end - m.start != day for m in counted) or end - start < 2 * day:
        return []
    days = (max(m.end for m in counted) - min(m.start for m in counted)) // day
    dead = days - len({m.start for m in counted if m.value})
    return [f"Nothing was answered on {dead} of {days} days."] if dead else []


def _window(found: Sequence[list[Measure]], start: datetime, end: datetime, headline: str) -> tuple[WatchWindow, dict[str, Cell]]:
    "A window and its features, from its series. One of which there is nothing at all is one in which nothing was answered."
    version = _leading(found)
    mine = [s for s in found if s[0].version in ("", version)]
    of: dict[str, list[list[Measure]]] = defaultdict(list)
    for series in mine:
        of[series[0].kind].append(series)
    cells: dict[str, Cell] = {}
    for series in of["drift"]:
        if name := series[0].feature:
            cells[name] = max(cells.get(name, _NO_CELL), cell(series), key=lambda c: (_RANK[c.verdict], c.severity))
    whole = [m for s in of["drift"] if not s[0].feature for m in s]
    moved = [n for n, c in cells.items() if c.verdict in ("changed", "drifted") and not is_answer(n)]
    moved.sort(key=lambda n: -cells[n].severity)
    counted = [m for s in of["volume"] if s[0].name == "rows" or len(of["volume"]) == 1 for m in s if m.value is not None]
    named = {kind: [m for s in of[kind] if s[0].name == headline and not s[0].feature for m in s] for kind in ("performance", "estimate")}
    wrong = [m for kind in _SAID for s in of[kind] for m in s if m.verdict in ("changed", "drifted")]
    failing = any(m.verdict == "drifted" and (m.kind == "service" or (m.kind == "concept" and m.name != "cusum")) for m in wrong)
    made = WatchWindow(
        label_of(start, end), start, end, "unknown", version,
        int(sum(m.value or 0 for m in counted)) if counted else None if found else 0,
        _coverage([m for s in of["labels"] for m in s]),
        _whole(whole, cells), _score(whole, cells), or_nan(whole[-1].threshold) if whole else NAN,
        tuple(n for n in moved if cells[n].verdict == "drifted"), tuple(n for n in moved if cells[n].verdict == "changed"),
        figure(named["performance"]), figure(named["estimate"], estimate=True),
        (*_holes(counted, start, end), *dict.fromkeys(_problem(m) for m in sorted(wrong, key=lambda m: -_RANK[m.verdict])))[:20],
    )  # fmt: skip
    quality = max([_RANK[m.verdict] for m in wrong if m.kind in ("quality", "skew")], default=0)
    return replace(made, state=_state(made, failing, quality if not wrong else max(quality, 2))), cells


def _whole(whole: Sequence[Measure], cells: Mapping[str, Cell]) -> RunVerdict:
    "The verdict on a window's data."
    if whole:
        return together([m.verdict for m in whole])
    verdicts: list[RunVerdict] = [c.verdict for n, c in cells.items() if not is_answer(n)]
    return max(verdicts, key=_RANK.__getitem__, default="none")


def _score(whole: Sequence[Measure], cells: Mapping[str, Cell]) -> float:
    if whole:
        return mean_of([m.value for m in whole], [float(max(m.n, 1)) for m in whole])
    judged = [c for n, c in cells.items() if not is_answer(n) and c.verdict != "none"]
    return sum(c.severity for c in judged) if judged else NAN


def _coverage(found: Sequence[Measure]) -> float:
    share = [m for m in found if m.value is not None and "coverage" in m.name] or [m for m in found if m.value is not None]
    return mean_of([m.value for m in share], [float(max(m.n, 1)) for m in share])


def is_answer(feature: str) -> bool:
    "Whether it is what the model says, not what it is asked with."
    return feature in ("prediction", "score") or feature.startswith(("prediction ", "p(", "model prediction", "model score"))

def _headline(measures: Iterable[Measure]) -> str:
    there = {m.name for m in measures if m.kind in ("performance", "estimate") and not m.feature}
    return next((name for name in _FIRST if name in there), min(there, default=""))


def _features(cells: Sequence[Mapping[str, Cell]], importance: Mapping[str, float] | None) -> tuple[WatchedFeature, ...]:
    weights = {f: max(float(v or 0.0), 0.0) for f, v in (importance or {}).items()}
    total = sum(v for v in weights.values() if math.isfinite(v))
    out = []
    for name in dict.fromkeys(n for window in cells for n in window):
        mine = tuple(window.get(name, Cell()) for window in cells)
        known = [c.severity for c in mine if c.verdict != "none"]
        moved = sum(c.verdict in ("changed", "drifted") for c in mine)
        share = weights.get(name, 0.0) / total if total else NAN
        severity = sum(known) / len(known) if known else 0.0
        out.append(WatchedFeature(name, share, severity, moved, is_answer(name) and name not in weights, mine))
    return tuple(sorted(out, key=lambda f: (not f.is_answer, -f.severity, -f.moved, -(f.share if f.share == f.share else 0), f.name)))


def _services(measures: Sequence[Measure], window: str) -> tuple[ServiceLevel, ...]:
    found = [m for m in measures if m.kind == "service" and not m.segment]
    if not found:
        return ()
    cuts = periods(min(m.start for m in found), max(m.end for m in found), window)[-60:]
    courses: dict[tuple[str, str], list[list[Measure]]] = {}
    for i, (part, cut) in enumerate(zip(laid_out(found, cuts), cuts, strict=True)):
        for series in by_series(part, *cut):
            courses.setdefault((series[0].deployment, series[0].name), [[] for _ in cuts])[i] += series
    out = []
    for (deployment, name), parts in sorted(courses.items()):
        values = tuple(mean_of([m.value for m in p], [float(max(m.n, 1)) for m in p]) for p in parts)
        newest = next((p for p in reversed(parts) if p), [])
        verdict = together([m.verdict for m in newest])
        now = next((v for v in reversed(values) if math.isfinite(v)), NAN)
        out.append(ServiceLevel(name, deployment, now, or_nan(newest[-1].threshold), verdict, values, newest[-1].reason))
    return tuple(sorted(out, key=lambda s: (-_RANK[s.verdict], s.deployment, s.name)))

LATE = 3  # windows for which an outcome may be outstanding


def state_of(windows: Sequence[WatchWindow], alerts: Sequence[Alert], services: Sequence[ServiceLevel]) -> ReportState:
    "The state of a model in one word."
    if not windows or windows[-1].state == "silent":
        return "silent"
    found: list[ReportState] = [windows[-1].state]
    checked = next((w for w in reversed(windows[-LATE:]) if w.realised.known), None)
    if checked is not None and found == ["unlabelled"]:
        found = ["ok"]
    if checked is not None and checked.state == "failing":
        found.append("failing")
    still = {a.severity for a in alerts if a.is_open}
    if "critical" in still or any(s.verdict == "drifted" for s in services):
        found.append("failing")
    if "warning" in still or any(s.verdict == "changed" for s in services):
        found.append("changed")
    return max(found, key=WORST.index)

def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _of_data(w: WatchWindow, features: Sequence[WatchedFeature], before: Sequence[WatchWindow]) -> str:
    if w.state == "silent":
        last = next((b for b in reversed(before) if b.rows), None)
        return f"Nothing was answered {w.when}." + (f" The last answers are of {last.words}." if last else "")
    moved, shares = [*w.drifted, *w.changed], {f.name: f.share for f in features}
    answers = [f.name for f in features if f.is_answer and f.cells[-1].verdict in ("changed", "drifted")]
    if w.verdict == "none":
        why = next((f.cells[-1].reason for f in features if f.cells and f.cells[-1].reason), "nothing was compared")
        return f"Nothing can be said of the data {w.when}: {why.rstrip('.')}."
    if not moved:
        return f"{_upper(w.when)} the data is as it was in training, in all {sum(not f.is_answer for f in features):,} features."
    lean = sum(s for n in moved if math.isfinite(s := shares.get(n, NAN)))
    one = len(moved) == 1
    leaning = f"; the model leans {percent(lean)} on {'it' if one else 'them'}" if lean else ""
    scored = f" Weighted change {w.score:.2f}" if math.isfinite(w.score) else ""
    scored += f", bound {w.bound:.2f}." if scored and math.isfinite(w.bound) else "." if scored else ""
    verb = "differs" if one else "differ"
    too = " What the model answers has shifted with the data." if answers else ""
    return f"{_upper(w.when)} {some(moved, 4)} {verb} from training{leaning}.{scored}{too}"


def _of_answers(windows: Sequence[WatchWindow], headline: str) -> list[str]:
    seen = next((w for w in reversed(windows) if w.realised.known), None)
    guess = next((w for w in reversed(windows) if w.estimated.known), None)
    name, out = nice(headline) or "metric", []
    if seen is None:
        out.append("No true outcome has come back yet, so nobody can say how right the answers are.")
    else:
        f = seen.realised
        worse, held = is_worse(f), f", against {brief(f.reference)} on held-out rows" if math.isfinite(f.reference) else ""
        verdict = ": worse by more than chance" if worse else ": as good as expected" if f.verdict == "ok" and held else ""
        out.append(f"Realised {name} {seen.when} was {with_interval(f)}{held}{verdict}.")
    if guess is not None and guess is not seen:
        out.append(f"For {guess.words}, whose outcomes are {'not known' if not guess.coverage > 0 else 'few so far'}, "
                   f"{name} is put at {with_interval(guess.estimated)} ({ESTIMATE}).")  # fmt: skip
    if seen is not None and seen.estimated.known and seen.realised.high < seen.estimated.low and headline not in LOWER_IS_BETTER:
        out.append(f"The estimate for {seen.words} was {brief(seen.estimated.value)} ({ESTIMATE}), which turned out too good: "
                   "what the data means has changed as well, and estimates cannot see that.")  # fmt: skip
    return out


def _of_time(windows: Sequence[WatchWindow]) -> str:
    counts = Counter(w.state for w in windows)
    if len(windows) < 2:
        return ""
    told = {"silent": "without data", "unlabelled": "unchecked"}
    words = some([f"{counts[s]} {told.get(s, s)}" for s in reversed(WORST) if counts[s]], 9)
    bad = {"failing", "drifted", "silent"}
    run = 0
    while run < len(windows) and windows[-1 - run].state in bad:
        run += 1
    since = f" It has not been well since {windows[-run].words}." if run > 1 else ""
    return f"Of {len(windows)} windows: {words}.{since}"


def _of_alerts(alerts: Sequence[Alert], windows: Sequence[WatchWindow]) -> str:
    still = sum(a.is_open for a in alerts)
    told = sum(within(windows, time_of(a)) is not None for a in alerts)
    head = "No alert is open" if not still else "1 alert is open" if still == 1 else f"{still} alerts are open"
    return head + (f"; {told} {'was' if told == 1 else 'were'} raised in these windows." if told else ".")

def story(
    measures: Iterable[Measure],
    *,
    model: str,
    version: str = "",  # delay/2: only that one; empty: in each window the one that answered most
    window: str = "month",  # or a length: 7d, 1d
    last: timedelta | None = None,  # windows that began so long before the end of the newest; None: all
    headline: str = "",  # the metric that stands for the model; empty: the first of auc, accuracy, r2, …
    importance: Mapping[str, float] | None = None,  # by feature
    holder: str = "",  # the version that the alias stands for
    alias: str = "",
    since: datetime | None = None,
    alerts: Sequence[Alert] = (),
    receipts: Sequence[Receipt] = (),
    notes: Sequence[str] = (),
) -> WatchReport:
    "The report that these numbers make."
    given = [m for m in measures if m.model == model and (not version or m.version in ("", version))]
    found = one_role(given)
    timed = [m for m in found if m.kind not in _CLOCK]
    ordered = tuple(sorted(alerts, key=lambda a: (str(time_of(a)), a.id), reverse=True))
    changes = tuple(sorted(receipts, key=lambda r: -r.sequence))
    services = _services(given, "1d" if window == "month" else window)
    headline = headline or _headline(timed)
    cuts = periods(min(m.start for m in timed), max(m.end for m in timed), window) if timed else []
    if last is not None and cuts:
        cuts = [c for c in cuts if c[0] >= cuts[-1][1] - last] or cuts[-1:]
    made = [_window(by_series(p, *c), *c, headline) for p, c in zip(laid_out(timed, cuts), cuts, strict=True)]
    windows = [_with_alerts(w, ordered) for w, _ in made]
    features = _features([cells for _, cells in made], importance)
    state = state_of(windows, ordered, services)
    told = _sentences(windows, features, ordered, headline)
    newest = version or holder or next((w.version for w in reversed(windows) if w.version), "")
    folded = any(m.end - m.start < c[1] - c[0] for p, c in zip(laid_out(timed, cuts), cuts, strict=True) for m in p[:1])
    said = [*notes, *([_FOLDED] if folded else [])]
    report = WatchReport(
        model, newest, window, cuts[-1][0] if cuts else None, state, MEANS[state], tuple(told), headline, alias, since,
        tuple(windows), features, ordered, changes, services, (), tuple(said),
    )  # fmt: skip
    return sealed(report)


_FOLDED = (
    "The passes measured smaller windows than those shown: metrics are their means weighted by rows, and a verdict stands where it held in "
    "two of the smaller windows and in a tenth of them."
)


def _with_alerts(w: WatchWindow, alerts: Sequence[Alert]) -> WatchWindow:
    return replace(w, alerts=tuple(a.id for a in alerts if (at := time_of(a)) is not None and w.start <= at < w.end))


def _sentences(windows: Sequence[WatchWindow], features: Sequence[WatchedFeature], alerts: Sequence[Alert], headline: str) -> list[str]:
    if not windows:
        return ["Nothing was answered or measured so far; no data is not good news.", _of_alerts(alerts, windows)]
    newest = windows[-1]
    out = [_of_data(newest, features, windows[:-1]), *_of_answers(windows, headline), *newest.problems[:2]]
    return [s for s in (*out, _of_time(windows), _of_alerts(alerts, windows)) if s]


def sealed(report: WatchReport, *, shapes: Sequence[Shape] | None = None) -> WatchReport:
    "The report with its digest, and with the shapes of features where they are given."
    report = report if shapes is None else replace(report, shapes=tuple(shapes))
    values = {k: v for k, v in report.to_dict().items() if k not in ("links", "workspace", "made_at", "made_by", "digest")}
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return replace(report, digest="sha256:" + hashlib.sha256(text.encode()).hexdigest())
