"""A year of a model that was trained on winter: the measures that daily passes leave, without data behind them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np

from mlops_nb.core.measures import Measure
from mlops_nb.core.serving import Alert

MODEL, VERSION = "flight-delay", "flight-delay/1"
SHARES = {
    "hour": 0.24, "temp": 0.17, "dest": 0.14, "carrier": 0.11, "wind_speed": 0.08, "month_day": 0.07, "visib": 0.05, "dewp": 0.05,
    "origin": 0.04, "distance": 0.03, "precip": 0.02,
}  # fmt: skip
DAY = timedelta(days=1)


def day_of(rng: np.random.Generator, at: datetime, *, labels: bool = True, dead: bool = False) -> list[Measure]:
    "One daily pass."
    about = {"model": MODEL, "version": VERSION, "start": at, "end": at + DAY}
    if dead:
        return [Measure(kind="volume", name="rows", value=0, **about)]
    season = math.sin((at.timetuple().tm_yday - 80) / 365 * 2 * math.pi)  # warmest at the end of June
    rows = int(780 + 90 * season + rng.normal(0, 40) - 150 * (at.weekday() == 5))
    size = {"temp": 1.9 * abs(season - 0.1), "dewp": 1.4 * abs(season - 0.1), "dest": 0.3 * (at.month > 6), "precip": 0.1 * (at.month == 6)}
    size["visib"] = 1.6 if at.month == 8 and 4 < at.day < 9 else 0.0  # a sensor that broke for four days
    out = [Measure(kind="volume", name="rows", value=rows, verdict="ok", n=rows, **about)]
    heavy = {f: size.get(f, 0.0) + abs(rng.normal(0, 0.02)) for f in SHARES}
    severity = {f: SHARES[f] * v if v > 0.08 else 0.0 for f, v in heavy.items()}
    score = sum(severity.values())
    for f, v in heavy.items():
        verdict = "ok" if not severity[f] else "drifted" if score > 0.3 and severity[f] > 0.1 else "changed"
        reason = f"values moved {'up' if season > 0 else 'down'} by {v:.2f} standard deviations" if severity[f] else ""
        out.append(Measure(kind="drift", name="cdf_gap", value=v / 2, threshold=0.05, effect=v, severity=severity[f], verdict=verdict,
                           feature=f, n=rows, reason=reason, **about))  # fmt: skip
    whole = "drifted" if score > 0.3 else "changed" if score else "ok"
    out.append(Measure(kind="drift", name="score", value=score, threshold=0.3, verdict=whole, n=rows, **about))
    out.append(Measure(kind="drift", name="cdf_gap", value=0.1 * abs(season), verdict="changed" if abs(season) > 0.8 else "ok",
                       severity=0.1 * abs(season), feature="score", n=rows, **about))  # fmt: skip
    guess = 0.742 - 0.02 * max(season, 0) + rng.normal(0, 0.008)
    out.append(Measure(kind="estimate", name="auc", value=guess, low=guess - 0.03, high=guess + 0.03, reference=0.751, n=rows, **about))
    out.append(Measure(kind="labels", name="coverage", value=0.97 if labels else 0.0, n=rows, **about))
    auc = 0.745 - 0.09 * max(season, 0) + rng.normal(0, 0.02)
    if labels:
        bad = "drifted" if auc < 0.69 else "ok"
        out.append(Measure(kind="performance", name="auc", value=auc, low=auc - 0.045, high=auc + 0.045, reference=0.751, verdict=bad,
                           n=int(rows * 0.97), **about))  # fmt: skip
        out.append(Measure(kind="concept", name="diverging", value=auc - guess, threshold=0.06, verdict="ok" if auc > 0.69 else "changed",
                           n=rows, reason="" if auc > 0.69 else "auc is lower than its estimate by more than chance", **about))  # fmt: skip
    else:
        out.append(Measure(kind="performance", name="auc", value=None, reason="no labels", **about))
    nulls = 0.31 if size["visib"] else 0.004
    out.append(Measure(kind="quality", name="null_share", feature="visib", value=nulls, threshold=0.02, n=rows,
                       verdict="drifted" if nulls > 0.02 else "ok", reason=f"31 % of visib is missing, {nulls:.1%} on usual days"
                       if nulls > 0.02 else "", **about))  # fmt: skip
    for name, value, limit in (("p95_ms", float(4 + rng.gamma(2, 1)), 50), ("error_share", 0.0004, 0.001)):
        out.append(Measure(kind="service", name=name, value=value, threshold=limit, verdict="ok", deployment=MODEL, n=rows, **about))
    return out


def year(seed: int = 7, first: datetime = datetime(2013, 3, 1, tzinfo=UTC), days: int = 306) -> list[Measure]:
    "March to December 2013; labels until the middle of November, and two days without a single answer."
    rng = np.random.default_rng(seed)
    out: list[Measure] = []
    for i in range(days):
        at = first + i * DAY
        out += day_of(rng, at, labels=at < datetime(2013, 11, 16, tzinfo=UTC), dead=(at.month, at.day) in ((10, 12), (10, 13)))
    return out


def alert(id: str, at: datetime, message: str, severity: str = "warning", **more: object) -> Alert:
    "An alert as rules raise it; `window_start` and `evidence` where the record knows them."
    known = {k: v for k, v in more.items() if k in Alert.__dataclass_fields__}
    about = {"id": id, "kind": "drift", "severity": severity, "message": message, "model": MODEL, "at": at, "last_at": at}
    return Alert(**(about | known))


def alerts() -> list[Alert]:
    june, august, october = (datetime(2013, m, d, tzinfo=UTC) for m, d in ((6, 4), (8, 6), (10, 13)))
    return [
        alert("a1f3", june, "temp and dewp differ from training on 5 of the last 7 days; the model leans 22 % on them.",
              hint="mlops-nb runs show 20130604-investigate", count=9, resolved_at=datetime(2013, 9, 20, tzinfo=UTC),
              evidence={"run": "20130604-investigate", "challenger": "flight-delay/2"}),
        alert("b772", august, "31 % of visib is missing; 0.4 % is usual.", "critical", kind="quality", count=4,
              resolved_at=datetime(2013, 8, 10, tzinfo=UTC), hint="Ask who delivers the weather.",
              evidence={"run": "20130806-investigate"}),
        alert("c901", october, "Nothing was answered for 48 hours.", "critical", kind="no_data",
              resolved_at=datetime(2013, 10, 14, tzinfo=UTC)),
        alert("d415", datetime(2013, 11, 20, tzinfo=UTC), "dest differs from training on 7 of the last 7 days; the model leans 14 % on it.",
              hint="mlops-nb watch drift flight-delay", count=31),
    ]  # fmt: skip
