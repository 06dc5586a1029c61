"""Nothing happened, and nothing is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frames import moody_days, profiles, shop

from mlops_nb.profile.sketch import merge, profile
from mlops_nb.profile.summary import summarize
from mlops_nb.watch.drift import Standard, drift
from mlops_nb.watch.null import Windows, noise, reach

def flags(report):
    return sum(d.verdict in ("changed", "drifted") for d in report.features.values())


@pytest.mark.parametrize("rows", [200, 1_000, 5_000])
def test_random_windows_stay_under_one_percent(rows):
    rng = np.random.default_rng(rows)
    reference = profiles([shop(1_000, rng) for _ in range(20)])
    reports = [drift(reference, profile(shop(rows, rng))) for _ in range(40)]
    looks = sum(len(r.features) for r in reports)
    assert sum(map(flags, reports)) <= 0.01 * looks
    assert sum(r.verdict != "ok" for r in reports) <= 2  # of 40: the family of nine features keeps 5 %


def test_a_reference_in_one_piece_is_enough_for_independent_rows():
    rng = np.random.default_rng(3)
    reference = profile(shop(20_000, rng))
    reports = [drift(reference, profile(shop(1_000, rng))) for _ in range(40)]
    assert sum(map(flags, reports)) <= 0.01 * 40 * 9


@pytest.mark.parametrize("days", [15, 30])
def test_clustered_days_are_no_drift(days):
    rng = np.random.default_rng(days)
    looks = found = 0
    for _ in range(12):
        reference, window = (profiles(moody_days(days, 200, 1.0, rng)) for _ in range(2))
        report = drift(reference, window)
        looks, found = looks + len(report.features), found + flags(report)
    assert found <= 0.01 * looks


def test_clustered_days_are_no_drift_when_the_window_comes_in_one_piece():
    rng = np.random.default_rng(11)
    looks = found = 0
    for _ in range(12):
        reference, window = profiles(moody_days(30, 200, 1.0, rng)), merge(profiles(moody_days(30, 200, 1.0, rng)))
        report = drift(reference, window)
        looks, found = looks + len(report.features), found + flags(report)
    assert found <= 0.01 * looks + 1


def test_one_moody_day_is_no_drift():
    rng = np.random.default_rng(12)
    reference = profiles(moody_days(60, 200, 1.0, rng))
    reports = [drift(reference, profile(moody_days(1, 200, 1.0, rng)[0])) for _ in range(40)]
    assert sum(map(flags, reports)) <= 0.02 * 40 * 4


def test_a_day_and_the_first_rows_of_another_are_one_day():
    "Of two hundred windows that end in the middle of a day, at most as many are flagged as of whole days."
    reference = Standard([*map(summarize, profiles(moody_days(30, 300, 1.0, np.random.default_rng(1))))])
    assert [reference.blocks(sizes) for sizes in ([300], [300, 300], [300, 40], [300, 150], [900], [300] * 7)] == [1, 2, 1, 2, 3, 7]
    rng, flags, looks = np.random.default_rng(2), 0, 0
    for _ in range(40):
        whole, begun = moody_days(2, 300, 1.0, rng)
        found = drift(reference, [summarize(p) for p in profiles([whole, begun.iloc[:25]])])
        flags += sum(f.verdict in ("changed", "drifted") for f in found.features.values())
        looks += len(found.features)
    assert flags <= looks * 0.03, f"{flags} of {looks}"


def test_days_on_the_windows_side_are_asked_too():
    "One coach party in the window: its day stands out, so the window knows that days differ."
    rng = np.random.default_rng(5)
    calm = [pd.DataFrame({"guests": rng.normal(size=60)}) for _ in range(30)]
    party = [pd.DataFrame({"guests": rng.normal(size=60)}) for _ in range(13)]
    party += [pd.DataFrame({"guests": rng.normal(4, 0.1, 250)}), pd.DataFrame({"guests": rng.normal(size=60)})]
    assert (
        drift(profiles(calm), merge(profiles(party))).changed or drift(profiles(calm), merge(profiles(party))).drifted
    )
    assert drift(profiles(calm), profiles(party)).verdict == "ok"


def test_sure_but_tiny_differences_are_nobodys_business():
    rng = np.random.default_rng(8)
    base = pd.DataFrame(
        {"x": rng.normal(size=200_000), "y": rng.normal(size=200_000), "z": rng.choice(list("ab"), 200_000)}
    )
    window = base.copy()
    window["x"] = window["x"].where(window["x"].abs() > 0.25, 0.001)  # a fifth of the rows moves, by next to nothing
    window.loc[: 200_000 * 0.02, "y"] += 6.0  # 2 % of the rows move far
    window.loc[window.index[window["z"] == "a"][:4_000], "z"] = "b"  # 2 % of the rows change their category
    report = drift(profile(base), profile(window))
    x, y, z = (report.features[c] for c in "xyz")
    assert x.value > x.threshold and x.effect < 0.05 and x.verdict == "ok" and "nobody would act" in x.reason
    assert y.effect > 0.05 and y.value < 0.03 == y.threshold and y.verdict == "ok"
    assert 0.015 < z.value < 0.03 == z.threshold and z.verdict == "ok"
    assert report.verdict == "ok"


def test_new_rare_values_are_normal_where_values_are_rare():
    rng = np.random.default_rng(9)
    names = np.array([f"n{k}" for k in range(5_000)])
    share = 1 / np.arange(1, 5_001) ** 1.6
    draw = lambda rows: pd.DataFrame({"name": rng.choice(names, rows, p=share / share.sum())})  # noqa: E731
    reports = [
        drift(profile(draw(3_000), hash_strings=False), profile(draw(1_000), hash_strings=False)) for _ in range(30)
    ]
    assert any(r.features["name"].verdict == "ok" for r in reports)
    assert sum(map(flags, reports)) == 0


def test_identifiers_are_not_compared():
    ids = [pd.DataFrame({"id": [f"{side}{k}" for k in range(600)], "x": np.arange(600.0)}) for side in "ab"]
    for hashed in (True, False):
        report = drift(*(profile(f, hash_strings=hashed) for f in ids))
        assert report.features["id"].verdict == "none" and "too rare" in report.features["id"].reason
        assert report.verdict == "ok"


def test_a_small_window_that_hides_its_strings_is_compared_all_the_same():
    rng = np.random.default_rng(10)
    cities = [f"city {k}" for k in range(60)]
    reference = profile(pd.DataFrame({"city": rng.choice(cities, 5_000)}), key=b"secret")
    small = profile(pd.DataFrame({"city": rng.choice(cities, 100)}), key=b"secret")
    assert drift(reference, small, key=b"secret").verdict == "ok"
    assert drift(reference, small, key=b"another").features["city"].statistic == "unseen_mass"


def inert_days(days: int, rng: np.random.Generator, keep: float = 0.7) -> list[pd.DataFrame]:
    "Days that take after the day before."
    out, mood = [], rng.normal(size=4)
    for _ in range(days):
        mood = keep * mood + np.sqrt(1 - keep**2) * rng.normal(size=4)
        out.append(pd.DataFrame({f"x{k}": rng.normal(0.3 * mood[k], 1, 300) for k in range(4)}))
    return out


def test_days_that_take_after_each_other_are_no_drift():
    looks = found = 0
    for world in range(8):
        days = profiles(inert_days(90, np.random.default_rng(world)))
        reports = [drift(days[:40], day) for day in days[40:]]
        looks, found = looks + 4 * len(reports), found + sum(map(flags, reports))
    assert found <= 0.01 * looks


def test_what_neighbours_share_makes_windows_fewer():
    rng = np.random.default_rng(14)
    fresh = rng.normal(size=(60, 1))
    slow = np.cumsum(fresh, axis=0)
    rows = np.full(60, 100.0)
    assert Windows(fresh, rows).worth > 30 > 12 > Windows(slow, rows).worth >= 2
    assert Windows(np.zeros((60, 3)), rows).worth == 60 and Windows(fresh[:5], rows[:5]).worth == 5


def test_one_day_is_held_against_more_than_the_rarest_of_few():
    sixty = np.tile(np.abs(np.random.default_rng(15).normal(0, 0.1, 60)), 16)
    assert reach(sixty, 0.005) > sixty.max() and reach(sixty, 0.001) > reach(sixty, 0.005)
    assert 0.98 < reach(np.linspace(0.3, 0.98, 100), 0.005) < 1, "what lies beyond every day is still seen"
    paths = np.abs(noise(0).bridges[:, :1000]).max(axis=0)  # of two samples of independent rows: Kolmogorov's 1.73
    assert reach(paths / 100, 0.005) == pytest.approx(0.0173, abs=0.0008)
