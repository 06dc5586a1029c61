"""A change of unit is named by the values themselves, and a season is not taken for one."""

import numpy as np
import pandas as pd
import pytest
from frames import profiles
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_nb.profile.sketch import profile
from mlops_nb.watch.drift import drift
from mlops_nb.watch.units import FACTORS, rescaled

ROUTES = np.unique(np.random.default_rng(1).gamma(3.0, 350.0, 120).round())


def fares(rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Distances as airlines fly them, each day with a mix of its own, and the rain of each hour: mostly none."""
    mix = rng.dirichlet(np.full(len(ROUTES), 0.5))
    rain = np.where(rng.random(rows) < 0.06, rng.integers(1, 60, rows) / 100, 0.0)
    return pd.DataFrame({"distance": rng.choice(ROUTES, rows, p=mix), "rain": rain})


@pytest.fixture(scope="module")
def reference():
    rng = np.random.default_rng(3)
    return profiles([fares(1_000, rng) for _ in range(20)])


@pytest.mark.parametrize("written", [None, 3, 1, 0])
def test_one_day_in_kilometres_is_named_however_it_is_rounded(reference, written):
    day = fares(1_000, np.random.default_rng(5))
    far = day["distance"] * 1.609344
    seen = drift(reference, profile(day.assign(distance=far if written is None else far.round(written)))).features["distance"]
    assert seen.verdict in ("changed", "drifted") and "as from miles to kilometres" in seen.reason
    assert "miles" not in drift(reference, profile(day)).features["distance"].reason


def test_rain_in_millimetres_is_named_though_it_hardly_ever_rains(reference):
    rng = np.random.default_rng(6)
    for _ in range(10):
        day = fares(1_000, rng)
        seen = drift(reference, profile(day.assign(rain=day["rain"] * 25.4))).features["rain"]
        assert seen.statistic == "unit" and seen.verdict == "drifted" and "inches to millimetres" in seen.reason
        assert drift(reference, profile(day)).features["rain"].verdict == "ok"


def test_a_season_whose_quantiles_fit_a_factor_is_no_change_of_unit():
    """July has many guests a day; each such number was seen once in the reference, too."""
    winter = pd.DataFrame({"guests": np.repeat(np.arange(10, 60), 40)})
    july = pd.DataFrame({"guests": (winter["guests"] * 2.204623).round()})
    days = [winter.sample(frac=0.5, random_state=day) for day in range(12)]
    asked = drift(profiles([*days, july.drop_duplicates()]), profile(july))
    assert asked.features["guests"].verdict in ("changed", "drifted") and "unit" not in asked.features["guests"].reason
    alone = drift(profiles(days), profile(july))
    assert "kilograms to pounds" in alone.features["guests"].reason, "none of them was ever seen: that is worth a question"


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(FACTORS)), st.booleans(), st.integers(0, 2**32 - 1))
def test_each_unit_is_known_both_ways_and_noise_is_none(factor, there, seed):
    rng = np.random.default_rng(seed)
    known = np.unique(rng.gamma(2.0, 300.0, 150).round(1) + 0.1)
    size = factor if there else 1 / factor
    name, share = rescaled(known, rng.choice(known, 400) * size)
    assert name and share == 1.0
    assert rescaled(known, rng.choice(known, 400)) == ("", 0.0)
    assert rescaled(known, rng.gamma(2.0, 300.0, 400) * size) == ("", 0.0)
    assert rescaled(known, rng.gamma(2.0, 300.0, 400).round()) == ("", 0.0)


@pytest.mark.parametrize("values", [[], [0.0] * 50, [np.nan] * 50, [np.inf, -np.inf] * 20, [5.0] * 40, [1e308, -1e308] * 30, [1e-320] * 40])
def test_nothing_is_said_of_what_says_nothing(values):
    assert rescaled(np.arange(1.0, 100.0), np.array(values, dtype=float)) == ("", 0.0)
    assert rescaled(np.array([]), np.array(values, dtype=float)) == ("", 0.0)
