"""Made-up traffic whose truth is known: rows that are independent, and rows whose days differ although nothing happened.

Twenty features of the shapes that tables have: bell-shaped, skewed, heavy-tailed, counts, mostly zero, with gaps, categories
from two to forty. In all worlds but the calm one each day has an effect of its own on each feature, by a sd of .3 of the rows':

- calm: none, rows are independent
- moody: each day for itself
- inert: a day takes .7 of the day before along
- gusty: a day takes half of the day before along, and some days are far out (Student's distribution with 4 degrees)
- weekly: the days of the week differ, the same way every week, and a third of it is chance
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

KINDS = ("calm", "moody", "inert", "weekly", "gusty")
SIZES = (2, 3, 5, 8, 12, 40)  # of the categories
NUMERIC = 14
MOOD = 0.3

Floats = np.ndarray


class World:
    "Days of traffic, one after the other."

    def __init__(self, kind: str, seed: int):
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is none of {', '.join(KINDS)}")
        self.kind, self.rng, self.at = kind, np.random.default_rng([seed, KINDS.index(kind)]), 0
        self.names = [f"n{k}" for k in range(NUMERIC)] + [f"c{k}" for k in range(len(SIZES))]
        self.week = self.rng.normal(size=(7, len(self.names)))
        self.last = self.rng.normal(size=len(self.names))
        self.gust = self.rng.normal(size=len(self.names))
        self.leanings = [self.rng.normal(size=size) for size in SIZES]

    def effects(self) -> Floats:
        "What the day does to each feature, in sd; then the next day is due."
        fresh = self.rng.normal(size=len(self.names))
        self.last = 0.7 * self.last + np.sqrt(1 - 0.49) * fresh
        if self.kind == "gusty":
            self.gust = 0.5 * self.gust + np.sqrt(0.75 / 2) * self.rng.standard_t(4, size=len(self.names))
        today = {"gusty": self.gust, "calm": 0 * fresh, "moody": fresh, "inert": self.last}
        today["weekly"] = np.sqrt(2 / 3) * self.week[self.at % 7] + np.sqrt(1 / 3) * fresh
        self.at += 1
        return MOOD * today[self.kind]

    def day(self, rows: int, shift: Mapping[str, float] | None = None) -> pd.DataFrame:
        "One day; `shift`: features that something real happened to, by so many sd."
        rng, effect = self.rng, dict(zip(self.names, self.effects(), strict=True))
        for name, by in (shift or {}).items():
            effect[name] += by
        columns = {name: self._numbers(k, effect[name], rows) for k, name in enumerate(self.names[:NUMERIC])}
        for k, (size, leaning) in enumerate(zip(SIZES, self.leanings, strict=True)):
            weights = np.exp(effect[f"c{k}"] * leaning) / np.arange(1, size + 1)
            columns[f"c{k}"] = np.array([f"v{i}" for i in range(size)], dtype=object)[
                rng.choice(size, rows, p=weights / weights.sum())
            ]
        return pd.DataFrame(columns)

    def _numbers(self, k: int, by: float, rows: int) -> Floats:
        rng = self.rng
        if k < 5:
            return rng.normal(10 * k, 1 + k, rows) + by * (1 + k)
        if k < 8:
            return rng.gamma(2, 3, rows) * np.exp(by / 1.5)
        if k < 10:
            return rng.lognormal(2, 0.6, rows) * np.exp(0.6 * by)
        if k < 12:
            return rng.poisson(4 * np.exp(by / 2), rows).astype(float)
        odds = np.exp(by) * (1.5 if k == 12 else 0.1)
        gone = rng.random(rows) < odds / (1 + odds)
        values = np.round(rng.normal(50, 10, rows) + by * 10, 1)
        return np.where(gone, 0.0 if k == 12 else np.nan, values)


def frame_of(kind: str, days: int, rows: int, seed: int, name: str = "time", start: str = "2025-01-06") -> pd.DataFrame:
    "Days in one frame, with the time of each row."
    world = World(kind, seed)
    made = [world.day(rows) for _ in range(days)]
    time = np.repeat(pd.date_range(start, periods=days, freq="D").to_numpy(), rows)
    return pd.concat(made, ignore_index=True).assign(**{name: time})
