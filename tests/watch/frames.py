"""Frames whose drift is known, because it was put there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlops_nb.profile.sketch import profile

def shop(rows: int, rng: np.random.Generator) -> pd.DataFrame:
    "Orders of a shop: measures, counts, a flag, categories and nulls, all independent."
    return pd.DataFrame(
        {
            "price": rng.lognormal(3, 0.6, rows),
            "weight": rng.normal(5, 1, rows),
            "items": rng.poisson(3, rows),
            "rating": rng.integers(1, 6, rows),
            "discount": np.where(rng.random(rows) < 0.8, 0.0, rng.random(rows)),
            "height": pd.Series(rng.normal(size=rows)).mask(rng.random(rows) < 0.1),
            "member": rng.random(rows) < 0.3,
            "city": rng.choice(["Oslo", "Bergen", "Molde", "Hamar", "Narvik"], rows, p=[0.5, 0.2, 0.15, 0.1, 0.05]),
            "product": rng.choice([f"p{k}" for k in range(40)], rows),
        }
    )


def moody_days(days: int, rows: int, mood: float, rng: np.random.Generator) -> list[pd.DataFrame]:
    "Days that differ from each other: each has its own mean, its own share of a city and of nulls."
    out = []
    for _ in range(days):
        oslo = np.clip(0.5 + mood * 0.2 * rng.normal(), 0.05, 0.95)
        lost = np.clip(0.1 + mood * 0.1 * rng.normal(), 0, 0.6)
        frame = pd.DataFrame(
            {
                "temp": rng.normal(rng.normal(0, mood), 1, rows),
                "wind": rng.gamma(2, np.exp(mood * 0.3 * rng.normal()), rows),
                "city": np.where(rng.random(rows) < oslo, "Oslo", "Bergen"),
                "gust": pd.Series(rng.normal(size=rows)).mask(rng.random(rows) < lost),
            }
        )
        out.append(frame)
    return out


def profiles(frames: list[pd.DataFrame]) -> list[Any]:
    return [profile(f) for f in frames]
