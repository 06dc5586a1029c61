"""From features to one word and one sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf

import numpy as np
import pandas as pd
import pytest
from frames import profiles, shop
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlops_nb.core.errors import UsageError
from mlops_nb.core.records import DriftReport
from mlops_nb.profile.sketch import profile
from mlops_nb.profile.summary import summarize
from mlops_nb.watch.charts import histogram, shape_of
from mlops_nb.watch.drift import drift, shares_of
from mlops_nb.watch.null import Terms, Windows, days_gap, heaps, level_for, sampling_gap, student, widen
from mlops_nb.watch.reference import select_reference

@pytest.fixture(scope="module")
def reference():
    rng = np.random.default_rng(1)
    return profiles([shop(1_000, rng) for _ in range(20)])


@pytest.fixture(scope="module")
def window():
    return shop(1_000, np.random.default_rng(2))


def test_importance_decides_between_changed_and_drifted(reference, window):
    heavier = profile(window.assign(weight=window["weight"] * 2.204623))
    little, much = ({"weight": w, "price": 1.0} for w in (0.05, 0.5))
    assert drift(reference, heavier, importance=little).verdict == "changed"
    report = drift(reference, heavier, importance=much)
    assert report.verdict == "drifted" and report.drifted == ["weight"] and report.changed == []
    assert set(report.features) == {"weight", "price"}


def test_the_bound_is_a_bound(reference, window):
    moved = profile(window.assign(weight=window["weight"] + 1))
    score = drift(reference, moved).score
    assert 0 < score < 0.1
    assert drift(reference, moved, bound=score * 1.001).verdict == "changed"
    over = drift(reference, moved, bound=score * 0.999)
    assert over.verdict == "drifted" and over.drifted == ["weight"] and over.features["weight"].verdict == "drifted"


def test_score_is_the_sum_of_severities_and_blame_is_short(reference, window):
    moved = window.assign(weight=window["weight"] + 1, price=window["price"] * 1000, height=window["height"] + 0.5)
    report = drift(reference, profile(moved))
    assert report.score == pytest.approx(sum(d.severity for d in report.features.values()))
    assert report.drifted == ["price"] and report.changed == ["weight", "height"]
    assert report.bound < report.score and report.score - report.features["price"].severity < report.bound


def test_importance_that_says_nothing_weighs_alike():
    assert shares_of({"a": 0.0, "b": -0.1}, ["a", "b"]) == {"a": 0.5, "b": 0.5}
    assert shares_of({"a": 3.0, "b": -0.1, "c": float("nan")}, ["a", "b", "c"]) == {"a": 1.0, "b": 0.0, "c": 0.0}
    assert shares_of({"a": 3.0, "b": 1.0, "z": 9.0}, ["a", "b"]) == {"a": 0.75, "b": 0.25}


def test_missing_and_new_columns(reference, window):
    report = drift(reference, profile(window.drop(columns="price").assign(colour="red")))
    gone, new = report.features["price"], report.features["colour"]
    assert (gone.kind, gone.verdict, gone.severity) == ("missing", "drifted", pytest.approx(4 / 9))
    assert (new.kind, new.verdict) == ("new", "none") and "colour" not in report.changed


@pytest.mark.parametrize("rows", [0, 1, 29])
def test_no_data_is_never_green(reference, window, rows):
    report = drift(reference, profile(window.head(rows)))
    assert report.verdict == "none" and report.n_window == rows
    assert set(report.features) == set(window.columns) and all(d.verdict == "none" for d in report.features.values())
    assert report.summary.startswith("Nothing can be said")


def test_a_small_reference_is_never_green_either(window):
    assert drift(profile(window.head(20)), profile(window)).verdict == "none"


def test_few_rows_can_raise_an_alarm(reference, window):
    assert drift(reference, profile(window.head(20).assign(weight=500.0))).features["weight"].verdict == "drifted"


def test_no_reference(window):
    for nothing in ([], profile(window.head(0))):
        report = drift(nothing, profile(window), mode="previous 4 windows")
        assert report.verdict == "none" and "there is no reference (previous 4 windows)" in report.summary


def test_empty_columns(reference, window):
    lost = drift(reference, profile(window.assign(price=np.nan)))
    assert lost.features["price"].kind == "nulls" and lost.features["price"].verdict == "drifted"
    empty = profile(window.assign(price=np.nan))
    assert drift(empty, empty).features["price"].verdict == "none" and drift(empty, empty).verdict == "ok"


def test_wrong_calls(reference, window):
    view = profile(window)
    with pytest.raises(UsageError, match="Did you mean weight"):
        drift(reference, view, importance={"wieght": 1})
    with pytest.raises(UsageError) as error:
        drift(reference, view, features=["wieght"])
    assert error.value.field == "features"
    for bound in (0, -1, float("nan")):
        with pytest.raises(UsageError, match="more than 0"):
            drift(reference, view, bound=bound)


def test_sentences(reference, window):
    ok = drift(reference, profile(window)).summary
    assert ok == "All 9 features are as in the reference (training)."
    moved = profile(window.assign(weight=window["weight"] + 1))
    changed = drift(reference, moved, importance={"weight": 0.2, "price": 0.8}).summary
    assert "weight differs" in changed and "leans 20% on it" in changed and "changed, not drifted" in changed
    assert "season" in changed and "season" not in drift(reference, moved, mode="same period last year").summary
    broken = drift(reference, profile(window.drop(columns="price")), importance={"weight": 0.2, "price": 0.8}).summary
    assert "over the bound of 0.30" in broken and "First price: the column is missing" in broken


def test_same_seed_same_report_and_summaries_do_as_well_as_profiles(reference, window):
    view = profile(window.assign(weight=window["weight"] + 0.15))
    first = drift(reference, view, seed=5)
    assert first == drift([summarize(v) for v in reference], summarize(view), seed=5)
    assert first.features["weight"].threshold != drift(reference, view, seed=6).features["weight"].threshold
    assert DriftReport.from_dict(first.to_dict()).to_dict() == first.to_dict()


@settings(max_examples=25, deadline=None)
@example(values=[inf], copies=1)
@example(values=[inf, -inf, None], copies=12)
@given(
    st.lists(
        st.one_of(st.none(), st.floats(), st.integers(-(2**40), 2**40), st.booleans(), st.text(max_size=5)),
        min_size=1,
        max_size=60,
    ),
    st.integers(1, 12),
)
def test_whatever_a_column_holds_a_copy_of_it_is_no_drift(values, copies):
    frame = pd.DataFrame({"x": pd.Series(values * 40, dtype=object)})
    report = drift([profile(frame)] * copies, profile(frame))
    assert report.verdict in ("ok", "none") and report.score == 0


HUGE = 1.7976931348623157e308  # the largest double, which some use for “nothing”
ODD = {"inf": [inf], "both": [inf, -inf], "some": [1.0, inf, 2.0, 3.0]}
ODD |= {"huge": [HUGE], "two huge": [HUGE, -HUGE], "ordinary": [1.0, 2.0, 3.5, 9.0]}


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("before", ODD)
@pytest.mark.parametrize("after", ODD)
def test_infinity_and_the_largest_doubles_are_compared_and_drawn(before: str, after: str) -> None:
    there, here = (profile(pd.DataFrame({"x": pd.Series(ODD[name] * 100, dtype=float)})) for name in (before, after))
    seen = drift([there] * 3, here).features["x"]
    assert (seen.verdict == "ok") is (before == after), seen.reason
    assert len(seen.reason) < 300, "a number with 309 digits is not written out"
    shape = shape_of([there] * 3, here, "x", "March")
    assert np.isfinite(shape.edges).all() and list(shape.edges) == sorted(set(shape.edges)) and "<svg" in histogram(shape)
    if {before, after} <= {"some", "ordinary", "inf"} and before != "inf":
        assert shape.edges[0] > 0 and shape.edges[-1] < 10, "infinity does not stretch the picture"


def test_more_features_raise_the_bar():
    assert level_for(1) == level_for(10) == 0.005 > level_for(20) > level_for(50) == level_for(500) == 0.001


def test_few_windows_widen():
    assert widen(0.1, 10, 10, 0.005) > widen(0.1, 15, 15, 0.005) > widen(0.1, 365, 30, 0.005) > 0.1
    assert 0.9 < widen(0.9, 10, 10, 0.005) < 1 == widen(1.2, 10, 10, 0.005)
    assert student(14, 0.005) == pytest.approx(3.326 / 2.807, abs=0.01)  # tables of Student's distribution


def test_two_heaps_are_never_the_same_draw():
    rng = np.random.default_rng(0)
    days = Windows(rng.random((20, 5)).cumsum(axis=1) / 5, np.full(20, 100.0))
    one = Windows(days.table[:1], days.rows[:1])
    assert days_gap(days, one, 2_000, Terms(0.005, take=20)) > 0.05
    assert np.allclose(heaps(0, days.rows.tobytes(), 20).sum(axis=0), 1)


DAYS = [(datetime(2012, 1, 1, tzinfo=UTC) + timedelta(days=k), k) for k in range(600)]


def test_previous_windows():
    at = datetime(2013, 3, 1)
    found = select_reference(DAYS[::-1], "previous 7 windows", at)
    assert found.views == tuple(range(418, 425)) and found.label == "previous 7 windows" and not found.reason
    assert select_reference(DAYS, "previous N windows", at, n=2).views == (423, 424)
    none = select_reference(DAYS, "previous 7 windows", datetime(2012, 1, 1))
    assert none.views == () and none.reason == "there is no window before 2012-01-01"


def test_same_period_last_year():
    month = select_reference(DAYS, "same period last year", datetime(2013, 2, 1), window_end=datetime(2013, 3, 1))
    assert month.views == tuple(range(31, 60))  # February 2012, a leap year
    (day,) = select_reference(DAYS, "same period last year", datetime(2013, 3, 3)).views
    assert DAYS[day][0].weekday() == datetime(2013, 3, 3).weekday() and abs(day - 62) <= 1
    leap = select_reference(DAYS, "same period last year", datetime(2012, 2, 29), window_end=datetime(2012, 3, 31))
    assert leap.views == () and "2011-02-28" in leap.reason


def test_training_is_all_there_is():
    assert select_reference(DAYS[:3], "training", datetime(2020, 1, 1)).views == (0, 1, 2)
    assert select_reference([], "training", datetime(2020, 1, 1)).reason


@pytest.mark.parametrize("mode", ["yesterday", "previous windows", "previous 0 windows"])
def test_modes_that_are_none(mode):
    with pytest.raises(UsageError):
        select_reference(DAYS, mode, datetime(2013, 1, 1))


def test_days_that_differ_by_chance_alone_hide_nothing() -> None:
    """Fifteen pieces of a shuffled table: a window of five is held to little more than sampling, days with moods are not."""
    rng, edges, terms = np.random.default_rng(3), np.linspace(-3, 3, 127), Terms(level=0.005, take=5, seed=7)
    limits = []
    for mood in (0.0, 0.5):
        table = np.array([(rng.normal(rng.normal(0, mood), 1, 200)[:, None] < edges).mean(axis=0) for _ in range(15)])
        days = Windows(table, np.full(15, 200.0))
        limits.append(days_gap(days, Windows(table[:1], days.rows[:1]), 1_000, terms) / sampling_gap(days.mean, 3_000, 1_000, terms))
    assert 1 < limits[0] < 1.45 and limits[1] > 4
