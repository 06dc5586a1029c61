import math
from collections.abc import Callable, Sequence

from mlops_nb.core.serving import Alert
from mlops_nb.watch.charts import brief, histogram, spark, timeline, with_interval, within
from mlops_nb.watch.report_style import EXPLAINED, STYLE, day, e, link, nice, percent, some, word_of
from mlops_nb.watch.watched import (
    ESTIMATE,
    MEANS,
    SIGNS,
    Cell,
    Figure,
    Watched,
    WatchedFeature,
    WatchWindow,
    evidence_of,
    time_of,
)

def _head(w: Watched) -> str:
    ends = [x.words for x in (w.windows[:1] + w.windows[-1:])][: len(w.windows)]
    span = " to ".join(ends) or "no window yet"
    held = f", {e(w.alias)} since {day(w.since)}" if w.alias and w.since else f", {e(w.alias)}" if w.alias else ""
    lead = "".join(f"<li>{e(s)}</li>" for s in w.summary)
    return (
        f'<header><p class="kicker">{e(" · ".join(p for p in ("Model watch report", w.workspace, span) if p))}</p>'
        f'<h1>{e(w.model)}</h1><p class="soft">Version {e(w.version.rpartition("/")[2] or "?")}{held}</p>'
        f'<div class="verdict st {w.state}"><p><strong>{SIGNS[w.state]} {e(w.state)}</strong></p><p>{e(w.means)}</p></div>'
        f'<ul class="lead">{lead}</ul></header>'
    )


def _card(what: str, number: str, *lines: str) -> str:
    below = "".join(f"<span>{e(line)}</span>" for line in lines if line)
    return f'<li><span class="what">{e(what)}</span><b>{e(number)}</b>{below}</li>'


def _last(w: Watched, name: str) -> tuple[Figure, WatchWindow | None]:
    "The newest window in which there is such a figure."
    found = next((x for x in reversed(w.windows) if getattr(x, name).known), None)
    return (getattr(found, name), found) if found else (Figure(), None)


def _cards(w: Watched) -> str:
    newest = w.newest
    if newest is None:
        return ""
    (seen, then), (guess, when) = _last(w, "realised"), _last(w, "estimated")
    total = sum(x.rows or 0 for x in w.windows)
    inputs = [f for f in w.features if not f.is_answer]
    moved = sum(f.cells[-1].verdict in ("changed", "drifted") for f in inputs if f.cells)
    scored = f"weighted change {newest.score:.2f}" if math.isfinite(newest.score) else ""
    scored += f", bound {newest.bound:.2f}" if scored and math.isfinite(newest.bound) else ""
    still = sum(a.is_open for a in w.alerts)
    name = nice(w.headline) or "metric"
    out = [
        _card("Answers", "none" if newest.rows == 0 else "?" if newest.rows is None else f"{newest.rows:,}", newest.words,
              f"{total:,} in {len(w.windows)} windows" if len(w.windows) > 1 else ""),
        _card("True outcome known", percent(newest.coverage) if newest.coverage > 0 else "none", newest.words),
        _card(f"{name}, realised", brief(seen.value), f"{brief(seen.low)} to {brief(seen.high)}" if math.isfinite(seen.low) else "",
              then.words if then else "no outcome is known",
              f"{brief(seen.reference)} on held-out rows" if math.isfinite(seen.reference) else ""),
        _card(f"{name}, estimated", brief(guess.value), ESTIMATE if when else newest.estimated.note or "no estimate",
              when.words if when else ""),
        _card("Features that moved", f"{moved:,} of {len(inputs):,}" if inputs else "–", newest.words, scored),
        _card("Open alerts", f"{still:,}", f"{len(w.alerts):,} in this report"),
    ]  # fmt: skip
    return f'<ul class="cards" aria-label="Key numbers">{"".join(out)}</ul>'

SHOWN = 62  # windows in a table: two months of days


def _key(drawing: str, words: str) -> str:
    return f'<span class="key"><svg width="22" height="12" viewBox="0 0 22 12" aria-hidden="true">{drawing}</svg>{e(words)}</span>'


def _when(w: Watched) -> str:
    name = nice(w.headline) or "metric"
    line = '<path class="line {0}" d="M1 6H21"/><circle class="dot {0}" cx="11" cy="6" r="3"/>'
    keys = _key(line.format("seen"), f"realised {name}, band: 95 % interval")
    keys += _key(line.format("guess"), f"estimated {name} ({ESTIMATE})")
    keys += _key('<rect class="all" x="2" y="0" width="18" height="12"/><rect class="known" x="2" y="5" width="18" height="7"/>',
                 "answers, dark: true outcome known")  # fmt: skip
    if any(within(w.windows, time_of(a)) is not None for a in w.alerts):
        keys += '<span class="key"><span class="st warning word">▲</span> alerts</span>'
    if any(within(w.windows, r.at) is not None for r in w.receipts):
        keys += '<span class="key">◆ change of production</span>'
    drawn = f'<div class="broad">{timeline(w)}</div><div class="narrow">{timeline(w, 360, 150)}</div>'
    return f'<figure>{drawn}<figcaption>{keys}</figcaption></figure>{_table(w)}'


def _table(w: Watched) -> str:
    shown, name = w.windows[-SHOWN:], nice(w.headline) or "metric"
    several = len({x.version for x in w.windows}) > 1
    numbers = ["Answers", "Known", f"{name}, realised", "Estimated*", "Change"]
    head = ["Window", "State", *(["Version"] if several else []), *numbers, "What moved", "Alerts"]
    figures = {*numbers, "Alerts"}
    rows = ""
    for x in shown:
        moved = some([*x.drifted, *x.changed], 4) or ("–" if x.verdict == "none" else "nothing")
        problems = "".join(f'<br><span class="soft">{e(p)}</span>' for p in x.problems[:3])
        cells = [word_of(x.state), *([e(x.version)] if several else []), "–" if x.rows is None else f"{x.rows:,}", percent(x.coverage)]
        cells += [with_interval(x.realised), brief(x.estimated.value), "–" if math.isnan(x.score) else f"{x.score:.2f}"]
        cells += [e(moved) + problems, f"{len(x.alerts)}" if x.alerts else ""]
        rows += f'<tr><th scope="row">{e(x.label)}</th>' + "".join(
            f"<td{' class=n' if h in figures else ''}>{c}</td>" for h, c in zip(head[1:], cells, strict=True)
        ) + "</tr>"  # fmt: skip
    titles = "".join(f'<th scope="col"{" class=n" if h in figures else ""}>{e(h)}</th>' for h in head)
    cut = f" The newest {len(shown)} of {len(w.windows)} windows." if len(shown) < len(w.windows) else ""
    note = f"The same as numbers, with 95 % intervals.{cut} *Estimated: {ESTIMATE}."
    table = f'<table class="full"><caption>{e(note)}</caption><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table>'
    return _scrolls("Numbers by window", table)


def _scrolls(label: str, body: str) -> str:
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{e(label)}">{body}</div>'

MOST_FEATURES = 30
DENSE = 16  # windows; with more of them, cells hold only their sign
_LEVELS = (0.0, 0.02, 0.06, 0.15, 0.3)


def level(cell: Cell) -> str:
    "The class of a cell: how much, or that nothing is known."
    if cell.verdict == "none":
        return "no"
    return "s0" if cell.verdict == "ok" else f"s{max(1, sum(cell.severity >= bound for bound in _LEVELS))}"


def points(severity: float) -> str:
    "Hundredths of weighted change."
    return "<1" if 0 < severity < 0.005 else f"{100 * severity:.0f}"


def _square(cell: Cell, dense: bool) -> str:
    if cell.verdict == "none":
        return '<td class=no>–<span class=vh> nothing known</span></td>'
    if cell.verdict == "ok":
        few = f' title="{cell.moved} of {cell.windows} parts moved"' if cell.moved else ""
        return f"<td class=s0{few}>·<span class=vh> ok</span></td>"
    parts = f" ({cell.moved} of {cell.windows} parts)" if cell.windows > 1 else ""
    shown = SIGNS[cell.verdict] if dense else f"{SIGNS[cell.verdict]} {e(points(cell.severity))}"
    why = e((cell.reason or cell.statistic)[:160] + parts)
    return f'<td class={level(cell)} title="{why}">{shown}<span class=vh> {cell.verdict}</span></td>'


def _row(feature: WatchedFeature, skip: int, top: float, dense: bool) -> str:
    leans = "" if feature.is_answer else "–"
    if math.isfinite(feature.share) and not feature.is_answer:
        leans = f'<span class="bar" style="width:{2.2 * feature.share / max(top, 1e-9):.2f}rem"></span>{percent(feature.share)}'
    name = f"{feature.name} (answers)" if feature.is_answer else feature.name
    cells = "".join(_square(c, dense) for c in feature.cells[skip:])
    return f'<tr><th scope="row" title="{e(name)}">{e(name)}</th><td class="w">{leans}</td>{cells}</tr>'


def heat_map(w: Watched) -> str:
    "Features by windows: the heaviest thirty."
    if not w.features:
        return '<p class="soft">No feature has been compared with its reference yet.</p>'
    shown, skip = w.features[:MOST_FEATURES], max(len(w.windows) - SHOWN, 0)
    windows = w.windows[skip:]
    dense, top = len(windows) > DENSE, max([f.share for f in shown if math.isfinite(f.share)], default=1.0)
    titles = "".join(f'<th scope="col">{_heading(windows, i, dense)}</th>' for i in range(len(windows)))
    rows = "".join(_row(f, skip, top, dense) for f in shown)
    sums = "".join(f"<td>{SIGNS[x.verdict]}{'' if dense or math.isnan(x.score) else ' ' + e(points(x.score))}</td>" for x in windows)
    bound = next((x.bound for x in reversed(windows) if math.isfinite(x.bound)), math.nan)
    limit = f", bound {points(bound)}" if math.isfinite(bound) else ""
    foot = f'<tr><th scope="row">all together{limit}</th><td class="w"></td>{sums}</tr>'
    rest = len(w.features) - len(shown)
    more = f'<p class="soft">The {len(shown)} heaviest features are shown, and {rest:,} more were watched.</p>' if rest else ""
    note = "● drifted, ◐ changed, · as in the reference, – nothing known."
    note += "" if dense else " Numbers: hundredths of weighted change; they add up."
    head = f'<th scope="col" class="f">Feature</th><th scope="col" class="w">leans on</th>{titles}'
    table = f'<table class="heat{" dense" if dense else ""}"><caption>{note}</caption><thead><tr>{head}</tr></thead>'
    table += f"<tbody>{rows}</tbody><tfoot>{foot}</tfoot></table>"
    return _scrolls("Drift by feature and window", table) + more


def _heading(windows: Sequence[WatchWindow], at: int, dense: bool) -> str:
    start, before = windows[at].start, windows[at - 1].start if at else None
    new_year = before is None or before.year != start.year
    if len(windows[at].label) == 7:
        return f"{start:%b}<br>{start:%Y}" if new_year and not dense else f"{start:%b}"
    new_month = before is None or before.month != start.month
    if new_month or not dense:
        return f"{start.day}<br>{start:%b}"
    return f"{start.day}" if at % 2 == 0 else f'<span class="vh">{start.day}</span>'


def _shapes(w: Watched) -> str:
    if not w.shapes:
        return ""
    out = ""
    for shape in w.shapes:
        cell = next((f.cells[-1] for f in w.features if f.name == shape.feature and f.cells), Cell())
        gone = " Missing: {} before, {} now.".format(*map(percent, shape.nulls)) if any(shape.nulls) else ""
        reason = f"{cell.reason}." if cell.reason and not cell.reason.endswith(".") else cell.reason
        out += f"<div><h3>{e(shape.feature)}</h3>{histogram(shape)}<p class=soft><small>{e(reason + gone)}</small></p></div>"
    words = _key('<rect class="before" x="1" y="1" width="20" height="10"/>', "reference (training)")
    words += _key('<rect class="after" x="1" y="4" width="20" height="4"/>', w.shapes[0].window)
    title = f'<h3 class="next">The heaviest of them, before and now</h3><p class="soft">{words}</p>'
    return f'{title}<div class="shapes">{out}</div>'

MOST_ALERTS = 25


def _told(w: Watched, alert: Alert) -> str:
    i = within(w.windows, time_of(alert))
    at = w.windows[i].words if i is not None else day(alert.at)
    by = getattr(alert, "acked_by", "")
    state = "open" if alert.is_open else f"resolved {day(alert.resolved_at)}"
    state += f", acknowledged by {by}" if by else ""
    about = [alert.severity, state, at, f"met {alert.count:,} times" if alert.count > 1 else "", alert.kind.replace("_", " ")]
    hint = f"<p>Next: {e(alert.hint)}</p>" if alert.hint else ""
    note = getattr(alert, "note", "")
    hint += f"<p class=soft>{e(note)}</p>" if note else ""
    where, evidence = link(w.links.get(alert.id, "")), evidence_of(alert)
    if where:
        hint += f'<p><a href="{where}">Open the investigation</a></p>'
    elif evidence.get("run"):
        hint += f"<p>Investigation: run <code>{e(evidence['run'])}</code></p>"
    if evidence.get("challenger"):
        hint += f"<p>A challenger was trained: <code>{e(evidence['challenger'])}</code></p>"
    sign = {"critical": "✗", "warning": "▲"}.get(alert.severity, "i")
    return (
        f'<li class="st {e(alert.severity)}"><h3><span class="word">{sign}</span> {e(alert.message)}</h3>'
        f'<p class="soft"><small>{e(" · ".join(a for a in about if a))} · <code>{e(alert.id)}</code></small></p>{hint}</li>'
    )


def _alerts(w: Watched) -> str:
    if not w.alerts:
        return '<p class="soft">None was raised. That says something only where there is data: see above.</p>'
    ordered = sorted(w.alerts, key=lambda a: not a.is_open)
    rest = len(ordered) - MOST_ALERTS
    more = f'<p class="soft">… and {rest:,} older ones: <code>mlops-nb watch alerts --all</code></p>' if rest > 0 else ""
    return f'<ol class="told">{"".join(_told(w, a) for a in ordered[:MOST_ALERTS])}</ol>{more}'


def _services(w: Watched) -> str:
    rows = ""
    for s in w.services:
        words = f"{s.name} {s.deployment}".strip()
        rows += f'<tr><th scope="row">{e(s.name.replace("_", " "))}</th><td>{e(s.deployment)}</td><td class=n>{brief(s.value)}</td>'
        state = word_of(s.verdict) if s.verdict != "none" else "– not judged"
        rows += f"<td class=n>{brief(s.target)}</td><td>{state}</td><td>{spark(s.values, s.target, words)}</td></tr>"
    head = ("Level", "Deployment", "Now", "Objective", "State", "Course")
    return _scrolls("Service levels", _listed("How it answers, by the clock on the wall.", head, rows, ("Now", "Objective")))


def _listed(caption: str, head: Sequence[str], rows: str, figures: Sequence[str] = ()) -> str:
    titles = "".join(f'<th scope="col"{" class=n" if h in figures else ""}>{e(h)}</th>' for h in head)
    return f"<table class=full><caption>{e(caption)}</caption><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table>"


def _changes(w: Watched) -> str:
    rows = ""
    for r in w.receipts[:20]:
        what = r.deployment or r.alias
        moved = " → ".join(str(v) for v in (r.from_version, r.to_version) if v is not None)
        who, forced = r.actor.id if r.actor else "", " (forced)" if r.forced else ""
        rows += f'<tr><th scope="row">{e(f"{r.at:%Y-%m-%d %H:%M}" if r.at else "")}</th><td>{e(r.action)}{forced}</td><td>{e(what)}</td>'
        rows += f"<td>{e(moved)}</td><td>{e(who)}</td><td>{e(r.reason)}</td><td>{e(r.state)}</td></tr>"
    head = ("When (UTC)", "What", "Of", "Version", "By", "Why", "State")
    return _scrolls("Changes of production", _listed("Every change of production leaves a signed receipt.", head, rows))

def _reading(w: Watched) -> str:
    states = "".join(f"<dt>{word_of(s)}</dt><dd>{e(MEANS[s])}</dd>" for s in MEANS)
    drift = (
        "A feature has moved when its distribution differs from the reference by more than chance, and than the usual difference between "
        "days. Its weighted change is the size of that difference times the share of its attention that the model gives to it. A window "
        "has drifted when the sum over all features is over the bound."
    )
    right = (
        f"Realised values compare answers with what turned out to be true; they come as late as the outcomes do. An estimate comes at "
        f"once, from the model's own scores: {ESTIMATE}. It sees a change in the data, never a change in what the data means, so an "
        f"estimate alone clears no model."
    )
    known = EXPLAINED.get(w.headline, "")
    notes = "".join(f"<li>{e(n)}</li>" for n in w.notes)
    return (
        f"<dl>{states}</dl><p><b>Drift.</b> {drift}</p><p><b>Realised and estimated.</b> {e(right)} {e(known)}</p>"
        "<p><b>Intervals</b> hold the true value with a confidence of 95 %; alerts follow rules over several windows, not single "
        "numbers.</p>" + (f"<p><b>Of this report:</b></p><ul>{notes}</ul>" if notes else "")
    )


def _foot(w: Watched) -> str:
    at = f"made {w.made_at:%Y-%m-%d %H:%M} UTC" if w.made_at else ""
    parts = [f"workspace {w.workspace}" if w.workspace else "", w.version, f"window {w.window}", at, w.made_by]
    return f"<footer><p>{e(' · '.join(p for p in parts if p))}</p><p><code>{e(w.digest)}</code></p></footer>"


def _section(title: str, body: str, kind: str = "") -> str:
    return f"<section{f' class={kind}' if kind else ''} aria-label=\"{e(title)}\"><h2>{e(title)}</h2>{body}</section>" if body else ""


def fragment(w: Watched) -> str:
    "The report as a piece of HTML, for a notebook and for a page."
    parts: list[tuple[str, Callable[[Watched], str], bool]] = [
        ("When: state, performance and volume", _when, bool(w.windows)),
        ("What moved", lambda w: heat_map(w) + _shapes(w), bool(w.windows)),
        ("Alerts", _alerts, bool(w.windows or w.alerts)),
        ("Service levels", _services, bool(w.services)),
        ("Changes of production", _changes, bool(w.receipts)),
        ("How to read this", _reading, True),
    ]
    body = "".join(_section(title, draw(w), "long" if title in ("Alerts", "What moved") else "") for title, draw, there in parts if there)
    return f'<div class="mlops-watch"><style>{STYLE}</style>{_head(w)}{_cards(w)}{body}{_foot(w)}</div>'


def page(w: Watched) -> str:
    "The report as one file that needs nothing else."
    title = f"{w.model}: {w.state}" + (f", {w.newest.words}" if w.newest else "")
    body = "body{margin:0;background:#fff}@media(prefers-color-scheme:dark){body{background:#11171d}}@media print{body{background:#fff}}"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{e(title)}</title>'
    return f'<!doctype html>\n<html lang="en"><head>{head}<style>{body}</style></head><body><main>{fragment(w)}</main></body></html>\n'
