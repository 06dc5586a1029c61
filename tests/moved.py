"""A small workspace in which something has happened: two versions, 34 days of answers the last three drifted, labels, an alert."""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from mlops_nb import Workspace
from mlops_nb.core.settings import init

ABOUT = {"target": "late", "id": "flight_id", "time": "scheduled", "segments": ("carrier",)}
FEATURES = ["departs", "distance", "carrier"]


def flights(first: str, days: int, shift: float = 0.0, id: int = 0, a_day: int = 120) -> pd.DataFrame:
    """Flights of some days; those of a shifted distance are later."""
    rng, n = np.random.default_rng(id), days * a_day
    rows = pd.DataFrame({
        "flight_id": np.arange(id, id + n),
        "scheduled": pd.date_range(first, periods=n, freq=pd.Timedelta(days=1) / a_day),
        "carrier": rng.choice([1, 2], n),
        "departs": rng.normal(0, 1, n),
        "distance": rng.normal(shift, 1, n),
    })  # fmt: skip
    return rows.assign(late=rng.random(n) < 1 / (1 + np.exp(-rows["departs"] - 2 * rows["distance"])))


def moved(root: Path) -> Workspace:
    """Version 1 is champion; version 2 is better by little. Distances have moved since 10 February."""
    ws = Workspace(init(root).root)
    train, test = flights("2013-01-01", 14), flights("2013-01-15", 7, id=5_000)
    for rows in (train[:300], train):
        model = LogisticRegression().fit(rows[FEATURES], rows["late"])
        made = ws.register(model, "delay", train=rows, test=test, **ABOUT)
        assert made.state == "proven", made.reason
    late = flights("2013-02-10", 3, shift=2.5, id=20_000)
    live = pd.concat([flights("2013-01-10", 31, id=10_000), late], ignore_index=True)
    ws.predict("delay", live)
    ws.label("delay", live[["flight_id", "late"]])
    ws.take_measures("delay", window="1d")
    assert "drift" in {alert.kind for alert in ws.settle_alerts("delay")}
    return ws
