"""What happened is found, named and measured."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frames import moody_days, profiles, shop

from mlops_nb.profile.sketch import merge, profile
from mlops_nb.watch.drift import drift

@pytest.fixture(scope="module")
def reference():
    rng = np.random.default_rng(1)
    return profiles([shop(1_000, rng) for _ in range(20)])


def feature(reference, window, name, **options):
    return drift(reference, profile(window), **options).features[name]


def test_a_quarter_sd_is_found_in_a_thousand_rows(reference):
    rng = np.random.default_rng(2)
    sds = {"price": 24.7, "weight": 1.0, "height": 1.0}
    found = []
    for _ in range(40):
        window = shop(1_000, rng)
        report = drift(reference, profile(window.assign(**{c: window[c] + 0.25 * sd for c, sd in sds.items()})))
        found += [report.features[c].verdict == "changed" for c in sds]
    assert np.mean(found) >= 0.99


def test_a_shift_of_all_days_is_found_among_moody_days():
    rng = np.random.default_rng(4)
    reference = profiles(moody_days(30, 200, 0.5, rng))
    window = [day.assign(temp=day["temp"] + 1.5) for day in moody_days(30, 200, 0.5, rng)]
    report = drift(reference, profiles(window))
    assert report.features["temp"].verdict in ("changed", "drifted") and report.features["wind"].verdict == "ok"


def test_what_lies_beyond_every_day_is_found_however_much_days_differ():
    rng = np.random.default_rng(17)
    reference = profiles(moody_days(59, 200, 6.0, rng))
    for days in (1, 4, 30):
        window = [day.assign(temp=day["temp"] + 100) for day in moody_days(days, 200, 6.0, rng)]
        assert drift(reference, merge(profiles(window))).features["temp"].verdict in ("changed", "drifted")


@pytest.mark.parametrize(
    ("what", "column", "change", "words"),
    [
        ("pounds", "weight", lambda c: c * 2.204623, "kilograms to pounds"),
        ("grams", "weight", lambda c: c * 1000, "a factor of 1,000"),
        ("stuck", "weight", lambda c: c * 0 + 5, "every row is 5 now"),
        ("far away", "weight", lambda c: c + 50, "far outside"),
        ("text", "weight", lambda c: c.astype(str), "was numbers, is text"),
        ("wild", "height", lambda c: c * 7 + 7, "times as wide"),
    ],
)
def test_a_broken_feature_is_told_from_a_shifted_one(reference, what, column, change, words):
    rng = np.random.default_rng(6)
    window = shop(2_000, rng)
    drifted = feature(reference, window.assign(**{column: change(window[column])}), column, importance={column: 1})
    assert drifted.verdict == "drifted" and drifted.severity == 4.0 and words in drifted.reason


def test_a_shift_weighs_by_the_rows_that_moved(reference):
    window = shop(2_000, np.random.default_rng(7))
    moved = feature(reference, window.assign(weight=window["weight"] + 1), "weight")
    assert moved.verdict == "changed" and moved.severity == pytest.approx(moved.value / 9)
    assert 0.3 < moved.value < 0.45 and 0.9 < moved.effect < 1.1


def test_celsius(reference):
    rng = np.random.default_rng(8)
    f = pd.DataFrame({"temp": rng.normal(60, 15, 5_000)})
    for after, words in (
        ((f["temp"] - 32) / 1.8, "°F to °C"),
        (f["temp"] * 1.8 + 32, "°C to °F"),
        (f["temp"] + 273.15, "°C to K"),
    ):
        assert words in feature(profile(f), f.assign(temp=after), "temp").reason


def test_swapped_labels(reference):
    window = shop(1_000, np.random.default_rng(9))
    seen = feature(reference, window.assign(city=window["city"].replace({"Oslo": "Narvik", "Narvik": "Oslo"})), "city")
    assert seen.verdict == "changed" and seen.statistic == "total_variation" and "shares moved: “" in seen.reason


def test_two_percent_of_a_new_category(reference):
    window = shop(1_000, np.random.default_rng(10))
    strange = window.assign(city=window["city"].mask(window.index < 20, "Tromsø"))
    seen = feature(reference, strange, "city")
    assert seen.statistic == "unseen_mass" and seen.value == pytest.approx(0.02) and "“Tromsø”" in seen.reason
    assert seen.severity == pytest.approx(4 * 0.2 / 9)  # a tenth of the rows would be wholly broken
    assert (
        feature(reference, window.assign(city=window["city"].mask(window.index < 3, "Tromsø")), "city").verdict == "ok"
    )


def test_a_new_code_among_few_whole_numbers(reference):
    window = shop(1_000, np.random.default_rng(11))
    seen = feature(reference, window.assign(rating=window["rating"].mask(window.index < 15, 9)), "rating")
    assert seen.statistic == "unseen_mass" and "“9”" in seen.reason


def test_nulls(reference):
    window = shop(1_000, np.random.default_rng(12))
    more = feature(reference, window.assign(weight=window["weight"].mask(window.index < 50)), "weight")
    assert (more.kind, more.verdict) == ("nulls", "changed") and more.value == pytest.approx(0.05)
    assert more.severity == pytest.approx(4 * 0.05 / 9)
    fewer = feature(reference, window.assign(height=window["height"].fillna(0.0)), "height")
    assert "missing in 0.0% of the rows, was" in fewer.reason
    assert feature(reference, window.assign(weight=window["weight"].mask(window.index < 9)), "weight").verdict == "ok"


def test_text_among_numbers_counts_as_missing(reference):
    window = shop(1_000, np.random.default_rng(13))
    mixed = window.assign(weight=window["weight"].astype(object).mask(window.index < 200, "n/a"))
    seen = feature(reference, mixed, "weight")
    assert seen.kind == "nulls" and seen.value == pytest.approx(0.2)


def test_flags(reference):
    window = shop(1_000, np.random.default_rng(14))
    assert feature(reference, window.assign(member=window["member"].astype(int)), "member").verdict == "ok"
    assert feature(reference, window.assign(member=(~window["member"]).astype(int)), "member").verdict == "changed"
    assert feature(reference, window.assign(member=~window["member"]), "member").verdict == "changed"
    assert feature(reference, window.assign(member=window["member"].astype(int) + 1), "member").statistic == "type"


def test_constants_and_infinities():
    rng = np.random.default_rng(15)
    base = pd.DataFrame({"c": np.full(500, 7.0), "x": rng.normal(size=500)})
    same = drift(profile(base), profile(base))
    assert same.verdict == "ok"
    other = drift(profile(base), profile(base.assign(c=8.0))).features["c"]
    assert other.verdict in ("changed", "drifted") and other.effect == 1.0
    infinite = drift(profile(base), profile(base.assign(x=base["x"].mask(base.index < 100, np.inf)))).features["x"]
    assert infinite.verdict == "changed" and infinite.effect >= 1 and np.isfinite(infinite.severity)


def test_one_absurd_value_does_not_hide_a_change():
    rng = np.random.default_rng(16)
    base = pd.DataFrame({"x": rng.normal(size=5_000)})
    base.loc[0, "x"] = 1e9
    seen = drift(profile(base), profile(pd.DataFrame({"x": rng.normal(1, 1, 2_000)}))).features["x"]
    assert seen.verdict == "drifted" and seen.effect > 0.3 and seen.severity < 1
