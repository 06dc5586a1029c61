"""Measures from profiles alone: many windows are judged as each alone, and nothing is green without data."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from frames import moody_days, profiles, shop
from scipy.stats import ks_2samp, wasserstein_distance

from mlops_nb.core.measures import Measure
from mlops_nb.profile.derive import derive
from mlops_nb.profile.sketch import merge, profile
from mlops_nb.profile.summary import summarize
from mlops_nb.watch.drift import Accepted, Standard, drift, drifts
from mlops_nb.watch.measures import drift_measures, quality_measures, skew_measures, volume_measures

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def windows(views: list[Any]) -> list[tuple[datetime, datetime, Any]]:
    return [(START + i * DAY, START + (i + 1) * DAY, view) for i, view in enumerate(views)]


def summarized(frames: list[pd.DataFrame]) -> list[Any]:
    return [summarize(view) for view in profiles(frames)]


def by(found: list[Measure], name: str, feature: str = "") -> list[Measure]:
    return [m for m in found if (m.name, m.feature) == (name, feature)]


@pytest.mark.parametrize("size", [1, 2, 37, 400, 1024, 1025, 5000])
def test_counted_values_are_what_the_sketch_says(size: int) -> None:
    rng = np.random.default_rng(size)
    frame = pd.DataFrame({"a": rng.normal(size=size), "b": rng.integers(0, 9, size), "c": [np.inf, *rng.normal(size=size - 1)]})
    at = (np.arange(128) + 0.5) / 128
    for name, s in summarize(profile(frame)).items():
        values = s.exact()
        assert (values is not None) == (1 < size <= 1024), name
        if values is not None:
            points = np.unique(np.concatenate([values, np.nextafter(values, np.inf)]))
            assert np.array_equal(s.cdf(points), np.searchsorted(values, points) / size)
            assert np.array_equal(s.quantiles(at), values[(at * size).astype(int)])


def test_many_windows_are_judged_as_each_alone() -> None:
    rng = np.random.default_rng(1)
    reference = summarized([shop(300, rng) for _ in range(20)])
    frames = [shop(n, rng) for n in (1, 40, 300, 2000)] + [shop(300, rng).assign(price=lambda f: f["price"] * 3, city="Oslo")]
    frames += [shop(300, rng).drop(columns="rating"), shop(300, rng).assign(weight=None, member="yes"), moody_days(1, 50, 1, rng)[0]]
    views = [*summarized(frames), summarized([shop(200, rng) for _ in range(12)])]
    weights = {"price": 0.4, "weight": 0.3, "city": 0.2, "rating": 0.1, "member": 0.1, "height": 0.1, "product": 0.1}
    together = drifts(reference, views, importance=weights)
    alone = [drift(reference, view, importance=weights) for view in views]
    assert [t.to_dict() for t in together] == [a.to_dict() for a in alone]
    assert {t.verdict for t in together} == {"none", "ok", "changed", "drifted"}


def test_many_windows_are_what_scipy_and_pandas_say_of_their_rows() -> None:
    rng = np.random.default_rng(8)
    days, frames = [shop(300, rng) for _ in range(20)], [shop(n, rng) for n in (100, 300, 900, 3000)]
    frames += [shop(300, rng).assign(price=lambda f: f["price"] * 1.3, city=lambda f: f["city"].where(f.index < 150, "Oslo"))]
    frames += [shop(400, rng).assign(height=lambda f: f["height"].mask(f.index < 200))]
    before = pd.concat(days)
    for report, frame in zip(drifts(summarized(days), summarized(frames)), frames, strict=True):
        seen, was, now = report.features["price"], before["price"], frame["price"]
        assert seen.value == pytest.approx(ks_2samp(was, now).statistic, abs=2 / 128), "looked for at 129 points"
        assert seen.effect == pytest.approx(wasserstein_distance(was, now) / was.std(), rel=0.1, abs=0.01)
        assert (seen.verdict == "changed") == (frame is frames[4])
        seen, shares = report.features["city"], [f["city"].value_counts(normalize=True) for f in (before, frame)]
        assert seen.value == seen.effect == pytest.approx(0.5 * shares[0].sub(shares[1], fill_value=0).abs().sum())
        assert (seen.verdict == "changed") == (frame is frames[4])
        seen, lost = report.features["height"], frame["height"].isna().mean() - before["height"].isna().mean()
        assert (seen.statistic == "null_gap") == (frame is frames[5])
        assert seen.statistic != "null_gap" or seen.value == pytest.approx(lost)


def test_clustered_days_are_normal_and_a_break_is_not() -> None:
    rng = np.random.default_rng(3)
    days = moody_days(40, 400, 0.5, rng)
    reference, later = summarized(days[:25]), days[25:]
    later[5] = later[5].assign(temp=later[5]["temp"] * 1.8 + 32)
    found = drift_measures(reference, windows(summarized(later)), model="m", version="m/1")
    verdicts = [m.verdict for m in by(found, "score")]
    assert verdicts[5] == "drifted" and set(verdicts[:5] + verdicts[6:]) == {"ok"}
    broken = by(found, "distance", "temp")[5]
    assert broken.verdict == "drifted" and broken.severity == pytest.approx(1.0)
    assert broken.value > broken.threshold and "unit" in broken.reason
    assert {m.version for m in found} == {"m/1"} and all(0 <= m.severity <= 1 for m in found)
    days = moody_days(40, 400, 1.0, rng)
    reference, later = summarized(days[:25]), days[25:]
    contract, seen = derive(merge(profiles(days[:25]))), windows(summarized(later))
    strict, lenient = (
        [m for m in by(quality_measures(contract, seen, reference=ref), "null_share", "gust") if m.verdict != "ok"]
        for ref in (None, Standard(reference))
    )
    assert len(lenient) <= 1 < len(strict), "sensors fail by the day, of which a contract knows nothing"


def test_no_rows_no_reference_no_values() -> None:
    rng = np.random.default_rng(4)
    reference = summarized([shop(300, rng) for _ in range(12)])
    hollow, one = shop(300, rng).assign(height=None, city=None), shop(1, rng)
    empty, gone, alone = drift_measures(reference, windows([[], *summarized([hollow, one])]), features=["height", "city", "price"])[:1], *(
        drift_measures(reference, windows(summarized([f])), features=["height", "city", "price"]) for f in (hollow, one)
    )
    assert empty[0].verdict == "none" and "no rows" in empty[0].reason and empty[0].value is None
    assert {m.feature: m.verdict for m in gone if m.feature} == {"height": "drifted", "city": "drifted", "price": "ok"}
    assert {m.verdict for m in alone} == {"none"} and alone[0].n == 1
    nowhere = drift_measures([], windows(summarized([hollow])), features=["price"], importance={"price": 1.0})
    assert [m.verdict for m in nowhere] == ["none"] and "no reference" in nowhere[0].reason
    unknown = drift_measures(reference, windows(summarized([hollow])), features=["gust"])
    assert [m.verdict for m in unknown] == ["none"]
    for found in (quality_measures(None, windows(summarized([one]))), quality_measures(derive(merge(profiles([hollow]))), windows([[]]))):
        assert [m.verdict for m in found] == ["none"]


def test_a_window_that_is_not_complete_is_not_judged_by_its_hours() -> None:
    rng = np.random.default_rng(5)
    reference = summarized([shop(300, rng) for _ in range(12)])
    morning = shop(300, rng).assign(price=lambda f: f["price"] / 2)
    broken = morning.assign(weight=0.0, city="Atlantis")
    whole = drift_measures(reference, windows(summarized([morning, broken])))
    half = drift_measures(reference, windows(summarized([morning, broken])), partial={START, START + DAY})
    assert [m.verdict for m in by(whole, "score")] == ["changed", "drifted"]
    assert [m.verdict for m in by(half, "score")] == ["none", "drifted"] and "not complete" in by(half, "score")[0].reason
    assert {m.verdict for m in half if m.feature and m.start == START} == {"none"}, "and nothing is unchanged yet"
    assert {m.feature for m in half if m.verdict == "drifted" and m.feature} == {"weight", "city"}


def test_a_window_that_was_declared_normal() -> None:
    rng = np.random.default_rng(6)
    reference = summarized([shop(300, rng) for _ in range(12)])
    new = summarized([shop(300, rng).assign(price=lambda f: f["price"] * 4, city="Oslo") for _ in range(4)])
    other = summarized([shop(300, rng).assign(price=lambda f: f["price"] / 4) for _ in range(1)])
    days = windows([*new, *other])
    normal = Accepted(START + DAY, (new[1],), words="2026-03-03")
    weights = {"price": 0.6, "city": 0.4}
    found = drift_measures(reference, days, importance=weights, accepted=[normal])
    assert [m.verdict for m in by(found, "score")] == ["drifted", "ok", "ok", "ok", "drifted"]
    only = drift_measures(reference, days, importance=weights, accepted=[Accepted(START, (new[0],), "price", "2026-03-02")])
    assert [m.verdict for m in by(only, "distance", "price")] == ["ok"] * 4 + ["drifted"]
    assert {m.verdict for m in by(only, "distance", "city")[:4]} <= {"changed", "drifted"}
    gone = summarized([shop(300, rng).drop(columns="city") for _ in range(2)])
    kept = drift_measures(reference, windows(gone), importance=weights, accepted=[Accepted(START, (gone[0],), words="2026-03-02")])
    assert {m.verdict for m in by(kept, "distance", "city")} == {"ok"}, "a column that is given up"
    tiny = summarized([shop(29, rng).drop(columns="city")])
    still = drift_measures(reference, windows(gone), importance=weights, accepted=[Accepted(START, (tiny[0],), words="2026-03-02")])
    assert not {m.verdict for m in by(still, "distance", "city")} & {"ok"}, "29 rows excuse nothing"


def test_the_rules_of_a_contract_by_their_shares() -> None:
    rng = np.random.default_rng(7)
    good = shop(2000, rng)
    contract = derive(merge(profiles([good]))).replace_rule("items", max=20).replace_rule("product", unique=True)
    bad = shop(1000, rng)
    bad.loc[:99, "items"] = 99
    bad.loc[:49, "city"] = "Atlantis"
    bad.loc[:299, "price"] = None
    bad = bad.drop(columns="rating").assign(weight="heavy")
    fine, found = (quality_measures(contract, windows(summarized([f])), importance={"weight": 1.0}) for f in (shop(500, rng), bad))
    assert {(m.name, m.feature) for m in fine if m.verdict != "ok"} == {("broken_rules", ""), ("duplicate_share", "product")}
    worst = {(m.name, m.feature): m for m in found if m.verdict != "ok"}
    assert worst["out_of_range_share", "items"].value == pytest.approx(0.1, abs=1e-6)
    assert worst["unseen_share", "city"].value == pytest.approx(0.05) and worst["null_share", "price"].value == pytest.approx(0.3)
    assert worst["absent_share", "rating"].value == 1 and worst["wrong_type_share", "weight"].verdict == "drifted"
    assert worst["broken_rules", ""].value == len(worst) - 1 and "weight" in worst["broken_rules", ""].reason


def test_skew_wants_both_sides() -> None:
    rng = np.random.default_rng(8)
    batch, online, shifted = (summarized([f])[0] for f in (shop(2000, rng), shop(500, rng), shop(500, rng).assign(price=1.0)))
    pairs = [(*w[:2], batch, other) for w, other in zip(windows([0, 0, 0]), (online, shifted, []), strict=True)]
    found = skew_measures("batch_online", pairs, model="m")
    assert [m.verdict for m in by(found, "batch_online")] == ["ok", "drifted"] and {m.kind for m in found} == {"skew"}
    assert {m.feature for m in found if m.feature} == {"price"}


def test_volume_needs_a_past_and_says_when_nothing_came() -> None:
    sizes = [900, 950, 870, 910, 0, 940, 880, 905, 920, 300, 5000, 890]
    found = volume_measures([(START + i * DAY, START + (i + 1) * DAY, n) for i, n in enumerate(sizes)], present=START + 11 * DAY, model="m")
    assert [m.verdict for m in found] == ["none"] * 8 + ["ok", "changed", "changed", "none"]
    assert "no data" in found[4].reason and "not over" in found[-1].reason and found[9].reference == 907.5 and found[9].threshold > 300
