import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

from mlops_nb.watch.watched import SIGNS, Figure, Shape, Watched, WatchWindow, time_of

if TYPE_CHECKING:
    import numpy as np

def brief(value: float) -> str:
    "A number as it stands in a drawing or a table: 0.712, 41.3, 12,840."
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if value == int(value) and size < 1e15:
        return f"{int(value):,}"
    return f"{value:.3f}" if size < 10 else f"{value:,.1f}" if size < 1000 else f"{value:,.0f}" if size < 1e15 else f"{value:.3g}"


def with_interval(figure: Figure) -> str:
    "0.712 (0.701 to 0.723)."
    if not figure.known:
        return "–"
    band = math.isfinite(figure.low) and math.isfinite(figure.high)
    return brief(figure.value) + (f" ({brief(figure.low)} to {brief(figure.high)})" if band else "")


def ticks(low: float, high: float, most: int = 4) -> list[float]:
    "Round numbers between two."
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low] if math.isfinite(low) else []
    rough = (high - low) / most
    unit = 10.0 ** math.floor(math.log10(rough))
    step = unit * next((k for k in (1, 2, 2.5, 5) if k * unit >= rough), 10)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 12) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def short(number: float) -> str:
    "A count for a narrow place: 950, 12k, 3.4M."
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.{0 if number >= 10 * size else 1}f}".removesuffix(".0") + letter
    return f"{number:g}"

@dataclass(frozen=True)
class Axis:
    "Where windows stand from left to right."

    n: int
    width: float
    left: float = 46.0
    right: float = 14.0

    @property
    def step(self) -> float:
        "From one window to the next."
        return (self.width - self.left - self.right) / max(self.n, 1)

    def x(self, i: float) -> float:
        "The middle of a window."
        return round(self.left + (i + 0.5) * self.step, 1)


NARROW = 5.0  # pixels: a window that is narrower has no mark of its own


def names_below(axis: Axis, windows: Sequence[WatchWindow], y: float) -> str:
    "The names of as many windows as there is room for; a year where one begins."
    months = all(len(w.label) == 7 for w in windows)
    room = 34 if months else 46
    every = max(1, math.ceil(room / axis.step))
    out, year = "", 0
    for i in range(0, len(windows), every):
        start = windows[i].start
        text = f"{start:%b}" if months else f"{start.day} {start:%b}"
        out += f'<text x="{axis.x(i):g}" y="{y:g}" text-anchor="middle">{text}</text>'
        if start.year != year:
            year = start.year
            out += f'<text x="{axis.x(i):g}" y="{y + 14:g}" text-anchor="middle" class="year">{year}</text>'
    return out


def strip(axis: Axis, windows: Sequence[WatchWindow], y: float) -> str:
    "The state of each window: a coloured field with its sign."
    out, i = "", 0
    while i < len(windows):
        end = i + 1
        while axis.step < NARROW and end < len(windows) and windows[end].state == windows[i].state:  # too narrow to tell apart
            end += 1
        wide = max((end - i) * axis.step - 2, 0.8)
        middle, state = axis.x((i + end - 1) / 2), windows[i].state
        words = windows[i].words + (f" to {windows[end - 1].words}" if end > i + 1 else "")
        out += f'<g class="st {state}"><title>{escape(words)}: {state}</title>'
        out += f'<rect x="{middle - wide / 2:.1f}" y="{y:g}" width="{wide:.1f}" height="18" rx="{min(3, wide / 3):.1f}"/>'
        out += (f'<text x="{middle:g}" y="{y + 13.5:g}" text-anchor="middle">{SIGNS[state]}</text>' if wide >= 11 else "") + "</g>"
        i = end
    return out

def _range(figures: Sequence[Figure]) -> tuple[float, float]:
    "The scale: all values and the reference, and the bands as far as they are not much wider than that."
    values = [v for f in figures if f.known for v in (f.value, f.reference) if math.isfinite(v)]
    low, high = min(values), max(values)
    room = max((high - low) * 0.6, abs(high) * 0.02, 1e-6)
    ends = [v for f in figures if f.known for v in (f.low, f.high) if math.isfinite(v)]
    return max(min([low, *ends]), low - room), min(max([high, *ends]), high + room)


def _stretches(figures: Sequence[Figure]) -> list[list[int]]:
    "Neighbouring windows that have a value."
    out: list[list[int]] = []
    for i, f in enumerate(figures):
        if f.known:
            if out and out[-1][-1] == i - 1:
                out[-1].append(i)
            else:
                out.append([i])
    return out


def _series(axis: Axis, windows: Sequence[WatchWindow], figures: Sequence[Figure], y: Any, word: str, dots: float) -> str:
    "Bands, lines and dots of one series; `word` is its class and its name."
    out = ""
    for run in _stretches(figures):
        band = [(i, f.low, f.high) for i in run if math.isfinite((f := figures[i]).low + f.high)]
        if len(band) > 1:
            edge = [f"{axis.x(i):g},{y(high):g}" for i, _, high in band] + [f"{axis.x(i):g},{y(low):g}" for i, low, _ in reversed(band)]
            out += f'<polygon class="band {word}" points="{" ".join(edge)}"/>'
        elif band:
            i, low, high = band[0]
            out += f'<path class="whisker {word}" d="M{axis.x(i):g} {y(low):g}V{y(high):g}"/>'
        if len(run) > 1:
            out += f'<polyline class="line {word}" points="{" ".join(f"{axis.x(i):g},{y(figures[i].value):g}" for i in run)}"/>'
        for i in run if axis.step >= NARROW or len(run) == 1 else ():
            f, kind = figures[i], "estimated" if word == "guess" else "realised"
            said = f"{windows[i].words}: {kind} {f.metric} {with_interval(f)}" + (f"; {f.note}" if word == "guess" else "")
            mark = f'cx="{axis.x(i):g}" cy="{y(f.value):g}" r="{dots:g}"'
            out += f'<circle class="dot {word}" {mark}><title>{escape(said)}</title></circle>'
    return out


def metric_panel(axis: Axis, w: Watched, top: float, high: float) -> str:
    "Realised and estimated metric over the windows."
    seen, guessed = [x.realised for x in w.windows], [x.estimated for x in w.windows]
    if not any(f.known for f in (*seen, *guessed)):
        words = "No outcome is known, and there is no estimate."
        return f'<text x="{axis.left + 4:g}" y="{top + high / 2:g}" class="said">{words}</text>'
    low, up = _range([*seen, *guessed])

    def y(value: float) -> float:
        return round(top + (up - min(max(value, low), up)) / (up - low) * high, 1)

    out, end = "", axis.width - axis.right
    for tick in ticks(low, up):
        out += f'<path class="grid" d="M{axis.left:g} {y(tick):g}H{end:g}"/>'
        out += f'<text x="{axis.left - 6:g}" y="{y(tick) + 4:g}" text-anchor="end">{tick:g}</text>'
    held = next((f.reference for f in reversed(seen + guessed) if math.isfinite(f.reference)), math.nan)
    if math.isfinite(held):
        out += f'<path class="held" d="M{axis.left:g} {y(held):g}H{end:g}"/>'
        out += f'<text x="{end:g}" y="{y(held) - 5:g}" text-anchor="end" class="said">on held-out rows {brief(held)}</text>'
    dots = 3.4 if axis.step > 14 else 1.8
    return out + _series(axis, w.windows, guessed, y, "guess", dots * 0.9) + _series(axis, w.windows, seen, y, "seen", dots)

def volume_panel(axis: Axis, windows: Sequence[WatchWindow], top: float, high: float) -> str:
    "Answers in each window, and how many of them have a known outcome."
    most = max([w.rows or 0 for w in windows], default=0)
    wide, base, out = max(axis.step * 0.66, 0.8), top + high, ""
    bars: dict[str, str] = {"all": "", "known": ""}
    for tick in ticks(0, most, 2) if most else []:
        y = base - tick / most * high
        out += f'<path class="grid" d="M{axis.left:g} {y:.1f}H{axis.width - axis.right:g}"/>'
        out += f'<text x="{axis.left - 6:g}" y="{y + 4:.1f}" text-anchor="end">{short(tick)}</text>'
    for i, w in enumerate(windows):
        rows, x = w.rows or 0, axis.x(i) - wide / 2
        known = 0.0 if math.isnan(w.coverage) else min(max(w.coverage, 0.0), 1.0)
        if not rows:
            mark = "not counted" if w.rows is None else "no data"
            out += f'<text x="{axis.x(i):g}" y="{base - 4:g}" text-anchor="middle">○<title>{escape(w.words)}: {mark}</title></text>'
            continue
        tall, drawn = max(rows / most * high, 1.0), {}
        for kind, share in (("all", 1.0), ("known", known)):
            drawn[kind] = f"M{x:.1f} {base:g}v{-tall * share:.1f}h{wide:.1f}v{tall * share:.1f}z" if share else ""
            bars[kind] += drawn[kind]
        if axis.step >= NARROW:
            words = escape(f"{w.words}: {_answers(w)}, {_coverage(w)}")
            out += f'<g><title>{words}</title>' + "".join(f'<path class="{k}" d="{d}"/>' for k, d in drawn.items() if d) + "</g>"
    if axis.step < NARROW:
        out += "".join(f'<path class="{kind}" d="{path}"/>' for kind, path in bars.items() if path)
    return out + f'<path class="base" d="M{axis.left:g} {base:g}H{axis.width - axis.right:g}"/>'


def _answers(w: WatchWindow) -> str:
    return "answers not counted" if w.rows is None else f"{w.rows:,} answers"


def _coverage(w: WatchWindow) -> str:
    return "outcomes unknown" if math.isnan(w.coverage) or not w.coverage else f"outcome known of {w.coverage:.0%}"

def within(windows: Sequence[WatchWindow], at: datetime | None) -> int | None:
    "The place of the window in which something was."
    return next((i for i, w in enumerate(windows) if at is not None and w.start <= at < w.end), None)


def marks(axis: Axis, w: Watched, y: float) -> tuple[str, str]:
    "Signs for alerts and changes of production, and the thin lines that lead up from them."
    signs, lines, met = "", "", {}
    for alert in w.alerts:
        i = within(w.windows, time_of(alert))
        if i is not None:
            met.setdefault(i, []).append(alert)
    for i, found in sorted(met.items()):
        worst = "critical" if any(a.severity == "critical" for a in found) else "warning"
        words = f"{w.windows[i].words}: " + "; ".join(a.message for a in found)
        count = f'<tspan class="count" dx="1">{len(found)}</tspan>' if len(found) > 1 and axis.step > 22 else ""
        said = f"<title>{escape(words[:400])}</title>"
        signs += f'<text class="alert {worst}" x="{axis.x(i):g}" y="{y:g}" text-anchor="middle">▲{count}{said}</text>'
        lines += f'<path class="lead" d="M{axis.x(i):g} 30V{y - 12:g}"/>'
    for receipt in w.receipts:
        i = within(w.windows, receipt.at)
        if i is not None:
            words = f"{w.windows[i].words}: {receipt.action} {receipt.model}/{receipt.to_version}"
            signs += f'<text class="change" x="{axis.x(i) + 11:g}" y="{y:g}" text-anchor="middle">◆<title>{escape(words)}</title></text>'
    return signs, lines


def timeline(w: Watched, width: float = 900, high: float = 190) -> str:
    "State, metric, alerts and volume over all windows, as one SVG element."
    axis = Axis(len(w.windows), width)
    lane, volume = 40 + high + 22, 40 + high + 36
    signs, lines = marks(axis, w, lane)
    body = lines + strip(axis, w.windows, 6) + metric_panel(axis, w, 40, high) + signs
    body += volume_panel(axis, w.windows, volume, 64) + names_below(axis, w.windows, volume + 82)
    alerts = f'<text x="{axis.left - 6:g}" y="{lane:g}" text-anchor="end">alerts</text>' if signs else ""
    title = f"{w.model}: state, {w.headline or 'metric'}, alerts and volume, {len(w.windows)} windows"
    spoken = "; ".join(f"{x.label} {x.state}, realised {with_interval(x.realised)}, {_answers(x)}" for x in w.windows[-24:])
    return framed(title, spoken, width, volume + 100, alerts + body)


def framed(title: str, spoken: str, width: float, high: float, body: str, kind: str = "chart") -> str:
    "An SVG element with what a screen reader says of it."
    mark = "c" + hashlib.sha256(f"{title}{width}{body}".encode()).hexdigest()[:8]
    size = f'viewBox="0 0 {width:g} {high:g}" width="{width:g}" height="{high:g}"'
    return (
        f'<svg class="{kind}" role="img" aria-labelledby="{mark}t {mark}d" {size}>'
        f'<title id="{mark}t">{escape(title)}</title><desc id="{mark}d">{escape(spoken)}</desc>{body}</svg>'
    )

BARS = 6


def shape_of(reference: Any, window: Any, name: str, words: str, key: bytes = b"") -> Shape:
    "A feature on both sides, from profiles or from the profiles of their windows."
    import numpy as np

    from mlops_nb.watch.pictures import below, bins, pairs, sides

    ref, win = sides(reference, window, name, key)
    nulls = (float(ref.nulls), float(win.nulls))
    if {c.kind for c in (ref, win) if c.m} == {"numeric"}:
        cuts = bins(ref, win)
        closed = np.append(cuts[:-1], np.nextafter(cuts[-1], np.inf))
        both = [_shares(below(c, closed)) if c.m else (0.0,) * (len(cuts) - 1) for c in (ref, win)]
        return Shape(name, words, edges=tuple(map(float, cuts)), reference=both[0], seen=both[1], nulls=nulls)
    names, here, there = pairs(ref, win)
    return Shape(name, words, tuple(map(str, names)), (), tuple(map(float, here)), tuple(map(float, there)), nulls)


def _shares(below: "np.ndarray") -> tuple[float, ...]:
    import numpy as np

    return tuple(round(float(v), 5) for v in np.diff(np.clip(below, 0, 1)))


def histogram(shape: Shape, width: float = 300) -> str:
    "Both distributions in a small picture."
    title = f"{shape.feature}: reference against {shape.window}"
    if shape.edges:
        return framed(title, _spoken(shape), width, 132, _curves(shape, width), "small")
    most = [i for i in range(len(shape.names)) if shape.names[i] != "all others"]
    most = sorted(most, key=lambda i: -abs(shape.seen[i] - shape.reference[i]))[:BARS]
    return framed(title, _spoken(shape), width, 26 * max(len(most), 1) + 8, _bars(shape, sorted(most), width), "small")


def _spoken(shape: Shape) -> str:
    if shape.names:
        rows = [f"{n} {a:.1%} then {b:.1%}" for n, a, b in zip(shape.names, shape.reference, shape.seen, strict=True)]
        return "; ".join(rows[:BARS])
    return f"missing {shape.nulls[0]:.1%} then {shape.nulls[1]:.1%}" if shape.nulls else ""


def _curves(shape: Shape, width: float) -> str:
    top = max([*shape.reference, *shape.seen, 1e-9])
    low, high = shape.edges[0], shape.edges[-1]

    def outline(shares: Sequence[float]) -> str:
        points = ""
        for i, share in enumerate(shares):
            y = 106 - share / top * 98
            points += "".join(f"L{4 + (e - low) / (high - low) * (width - 8):.1f} {y:.1f}" for e in shape.edges[i : i + 2])
        return f"M4 106{points}L{width - 4:g} 106"

    ends = ((4.0, "start", low), (width / 2, "middle", (low + high) / 2), (width - 4, "end", high))
    text = "".join(f'<text x="{x:g}" y="122" text-anchor="{side}">{brief(v)}</text>' for x, side, v in ends)
    body = f'<path class="before" d="{outline(shape.reference)}Z"/><path class="after" d="{outline(shape.seen)}"/>'
    return f'{body}<path class="base" d="M4 106H{width - 4:g}"/>{text}'


def _bars(shape: Shape, which: Sequence[int], width: float) -> str:
    left, out = width * 0.36, ""
    if not which:
        return f'<text x="{width / 2:g}" y="20" text-anchor="middle">no values to show</text>'
    top = max([*(shape.reference[i] for i in which), *(shape.seen[i] for i in which), 1e-9])
    for k, i in enumerate(which):
        y, name = 6 + 26 * k, shape.names[i]
        name = name if len(name) <= 15 else name[:14] + "…"
        out += f'<text x="{left - 6:g}" y="{y + 13:g}" text-anchor="end">{escape(name)}</text>'
        for side, share, down in (("before", shape.reference[i], 0), ("after", shape.seen[i], 10)):
            wide = share / top * (width - left - 48)
            out += f'<rect class="{side}" x="{left:g}" y="{y + down:g}" width="{max(wide, 0.5):.1f}" height="9"/>'
        news = " new" if not shape.reference[i] else " gone" if not shape.seen[i] else ""
        longest = max(shape.reference[i], shape.seen[i]) / top * (width - left - 48)
        out += f'<text x="{left + longest + 4:.1f}" y="{y + 13:g}">{shape.seen[i]:.0%}{news}</text>'
    return out


def spark(values: Sequence[float], target: float, words: str) -> str:
    "A line the size of a word, and its target where there is one."
    known = [(i, v) for i, v in enumerate(values) if math.isfinite(v)]
    if len(known) < 2:
        return ""
    ends = [v for _, v in known] + ([target] if math.isfinite(target) else [])
    low, high = min(ends), max(ends)
    wide, room = 116 / max(len(values) - 1, 1), (high - low) or 1.0

    def y(value: float) -> float:
        return round(22 - (value - low) / room * 18, 1)

    held = f'<path class="held" d="M2 {y(target):g}H118"/>' if math.isfinite(target) else ""
    points = " ".join(f"{2 + i * wide:.1f},{y(v):g}" for i, v in known)
    line = f'{held}<polyline class="line seen" points="{points}"/>'
    return framed(words, f"from {brief(known[0][1])} to {brief(known[-1][1])}", 120, 26, line, "spark")
