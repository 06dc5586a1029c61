"""Who carries a shift: sums that add up, segments that are guilty and none that is not, from rows and from profiles."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_nb.profile.sketch import hash_item, is_hashed, profile
from mlops_nb.profile.summary import summarize
from mlops_nb.watch.causes import (
    carried_words,
    carriers,
    counted_in,
    decompose,
    examples,
    rows_in,
    segment_columns,
    shift_of,
    side_of_profiles,
    side_of_rows,
)

KEY = b"secret"


def rows(seed: int, n: int = 6_000, **more: object) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({
        "carrier": random.choice(["UA", "B6", "DL", "AA"], n, p=[0.4, 0.3, 0.2, 0.1]),
        "hub": random.integers(0, 3, n),
        "wind": random.gamma(4, 2.5, n),
        "tail": random.integers(0, 3_000, n).astype(str),
    })  # fmt: skip
    return frame.assign(**more)


Counts = st.tuples(*[st.integers(0, 500)] * 2).map(lambda p: (max(p), min(p)))


@given(st.lists(st.tuples(Counts, Counts), min_size=2, max_size=8))
def test_the_parts_sum_to_the_shift(cells: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    table = {str(i): (float(n), float(h), float(m), float(k)) for i, ((n, h), (m, k)) in enumerate(cells)}
    found = decompose("carrier", table)
    n, h, m, k = np.array(list(table.values())).sum(axis=0)
    if not found:
        assert not n or not m or k / m - h / n < 1e-6, "a shift there was, and nothing was said"
        return
    assert sum(s.within + s.mix for s in found) == pytest.approx(k / m - h / n, abs=1e-9)
    assert sum(s.share for s in found) == pytest.approx(1.0, abs=1e-6)
    assert all(s.mix == pytest.approx(0.0, abs=1e-12) for s in found if s.size_before == pytest.approx(s.size_after, abs=1e-15))


@pytest.mark.parametrize("kind", ["higher", "lower", "nulls", "values", "unseen"])
def test_one_carrier_is_guilty_whatever_moved(kind: str) -> None:
    before, after = rows(1), rows(2)
    guilty = (after["carrier"] == "DL").to_numpy()
    feature, statistic = ("hub" if kind in ("values", "unseen") else "wind"), {"nulls": "null_gap", "unseen": "unseen_mass"}.get(kind, "")
    if feature == "hub":
        before["hub"], after["hub"] = before["hub"].astype(str), after["hub"].astype(str)
    moved = {"higher": after["wind"] + 9, "lower": after["wind"] / 4, "nulls": np.nan, "values": "2", "unseen": "9"}[kind]
    after[feature] = after[feature].mask(guilty, moved)
    shift = shift_of(profile(before), profile(after), feature, statistic)
    assert shift is not None and shift.size > 0.1
    assert shift.kind == {"higher": "above", "lower": "below", "nulls": "missing", "values": "values", "unseen": "unseen"}[kind]
    names = segment_columns(before, (), leave=[feature])
    found = carriers(side_of_rows(shift, before, names), side_of_rows(shift, after, names))
    assert [s.name for s in found if s.stands_out] == ["carrier=DL"] and found[0].share == pytest.approx(1, abs=0.12)
    assert "because they changed" in carried_words(found)
    by_profile = {f"carrier={c}": summarize(profile(part))[feature] for c, part in after.groupby("carrier")}
    same = carriers(side_of_rows(shift, before, ["carrier"]), side_of_profiles(shift, by_profile))
    assert same[0].name == "carrier=DL" and same[0].share == pytest.approx(found[0].share, abs=0.03)


def test_a_change_of_mix_is_called_that() -> None:
    before, after = rows(3), rows(4)
    for frame in (before, after):
        frame["wind"] += np.where(frame["carrier"] == "AA", 12, 0)
    after = after.sample(4_000, replace=True, weights=np.where(after["carrier"] == "AA", 12, 1), random_state=0)
    shift = shift_of(profile(before), profile(after), "wind")
    assert shift is not None
    first = carriers(side_of_rows(shift, before, ["carrier"]), side_of_rows(shift, after, ["carrier"]))[0]
    assert first.name == "carrier=AA" and first.stands_out and first.mix > 10 * abs(first.within)


def test_where_all_move_alike_nobody_stands_out() -> None:
    wrong = 0
    for seed in range(30):
        before, after = rows(2 * seed, 3_000), rows(2 * seed + 1, 600)
        after["wind"] *= 1.4
        shift = shift_of(profile(before), profile(after), "wind")
        assert shift is not None
        sides = [side_of_rows(shift, frame, ["carrier", "hub"]) for frame in (before, after)]
        found = carriers(*sides)
        wrong += sum(s.stands_out for s in found)
    assert wrong <= 2, "of 210 segments"
    assert "No segment stands out" in carried_words([s for s in found if not s.stands_out])


def test_what_is_hidden_in_a_profile_is_found_and_not_shown() -> None:
    before, after = rows(5), rows(6)
    after["tail"] = after["tail"].mask(after["carrier"] == "DL", "N-77")
    shift = shift_of(profile(before, key=KEY), profile(after, key=KEY), "tail", key=KEY)
    assert shift is not None and hash_item("N-77", KEY) in shift.values and "N-77" not in shift.words(99)
    inside, _ = rows_in(shift, after["tail"], KEY)
    assert inside[(after["carrier"] == "DL").to_numpy()].all()
    n, hits = counted_in(shift, summarize(profile(after, key=KEY))["tail"], KEY)
    assert n == len(after) and hits == pytest.approx(shift.after * n, rel=0.05)

    def show(name: str, value: object) -> object:
        return hash_item(value, KEY) if name == "tail" and isinstance(value, str) else value

    shown = examples(shift, after, ["carrier"], show, within=("carrier", "DL"), key=KEY)
    assert len(shown) == 5 and all(is_hashed(str(r["tail"])) and r["carrier"] == "DL" for r in shown)


def test_nothing_is_made_of_nothing() -> None:
    before = rows(7)
    assert shift_of(profile(before), profile(before[:0]), "wind") is None
    assert decompose("carrier", {}) == [] and decompose("carrier", {"UA": (0, 0, 5, 5)}) == []
    assert decompose("carrier", {"UA": (10, 5, 10, 2), "DL": (10, 5, 10, 5)}) == [], "fewer of these rows is no growth of them"
    gone = before.assign(wind=np.nan)
    shift = shift_of(profile(before), profile(gone), "wind", "cdf_gap")
    assert shift is not None and shift.kind == "missing" and shift.after == 1
    assert segment_columns(before, ["tail"], leave=["wind"]) == ["tail", "carrier", "hub"], "who declares a column, gets it"
