"""Sketches from sorted values, fuzzed against the pinned library: were its bytes to change, these would fail."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlops_nb.profile import exact
from mlops_nb.profile.engine import KLL_K, whylogs_sketching
from mlops_nb.profile.exact import QuantileBuilder, frequent_sketch, item_list, quantile_sketch, top_counts

shapes = st.sampled_from(["normal", "lognormal", "rounded", "two values", "constant"])


def sample(shape: str, n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = {
        "normal": lambda: rng.normal(size=n),
        "lognormal": lambda: rng.lognormal(sigma=3, size=n),
        "rounded": lambda: np.round(rng.normal(size=n), 1),
        "two values": lambda: (rng.random(n) < 0.1).astype(float),
        "constant": lambda: np.full(n, 7.0),
    }[shape]()
    return np.sort(values)


def rank_error(sketch, ordered: np.ndarray) -> float:  # type: ignore[no-untyped-def]  # a C++ sketch
    points = np.unique(ordered)
    points = points[np.unique(np.linspace(0, len(points) - 1, 400).astype(int))]
    below = np.searchsorted(ordered, points, "left") / len(ordered)
    return float(np.abs(np.array(sketch.get_cdf(points.tolist())[:-1]) - below).max())


@settings(max_examples=30, deadline=None)
@given(shapes, st.integers(1, 40_000), st.integers(0, 2**32 - 1))
def test_bytes_are_a_sketch_of_the_library(shape: str, n: int, seed: int) -> None:
    ordered = sample(shape, n, seed)
    sketch = quantile_sketch(ordered)
    assert sketch.get_n() == n and sketch.get_k() == KLL_K
    assert (sketch.get_min_value(), sketch.get_max_value()) == (ordered[0], ordered[-1])
    assert rank_error(sketch, ordered) <= 1 / KLL_K
    again = whylogs_sketching.kll_doubles_sketch.deserialize(sketch.serialize())
    assert again.serialize() == sketch.serialize()


@settings(max_examples=20, deadline=None)
@given(shapes, st.integers(1, 30_000), st.integers(1, 30_000), st.integers(0, 2**32 - 1))
def test_it_goes_on_as_a_sketch(shape: str, n: int, more: int, seed: int) -> None:
    first, second = sample(shape, n, seed), sample("normal", more, seed + 1)
    sketch = quantile_sketch(first)
    theirs = whylogs_sketching.kll_doubles_sketch(KLL_K)
    theirs.update(second)
    sketch.merge(theirs)
    sketch.update(second)
    together = np.sort(np.concatenate([first, second, second]))
    assert sketch.get_n() == len(together)
    assert (sketch.get_min_value(), sketch.get_max_value()) == (together[0], together[-1])
    assert rank_error(sketch, together) <= 0.005


@settings(max_examples=20, deadline=None)
@given(hnp.arrays(np.int64, st.integers(1, 60), elements=st.integers(1, 5_000)), st.integers(0, 2**32 - 1))
def test_counts_weigh_as_repetitions_do(counts: np.ndarray, seed: int) -> None:
    values = np.sort(np.random.default_rng(seed).choice(10_000, len(counts), replace=False)).astype(float)
    sketch, ordered = quantile_sketch(values, counts), np.repeat(values, counts)
    assert sketch.get_n() == len(ordered)
    assert rank_error(sketch, ordered) <= 1 / KLL_K
    assert (sketch.get_min_value(), sketch.get_max_value()) == (values[0], values[-1])


@settings(max_examples=30, deadline=None)
@given(shapes, st.lists(st.integers(1, 9_000), min_size=1, max_size=8), st.integers(0, 2**32 - 1))
def test_pieces_are_as_good_as_the_whole(shape: str, sizes: list[int], seed: int) -> None:
    builder, parts = QuantileBuilder(), [sample(shape, n, seed + i) for i, n in enumerate(sizes)]
    for part in parts:
        builder.add(part)
    sketch, ordered = builder.sketch(), np.sort(np.concatenate(parts))
    assert sketch.get_n() == len(ordered)
    assert (sketch.get_min_value(), sketch.get_max_value()) == (ordered[0], ordered[-1])
    assert rank_error(sketch, ordered) <= 0.002


def test_a_foreign_build_is_fed_value_by_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "quantile_bytes_hold", lambda: False)
    monkeypatch.setattr(exact, "items_bytes_hold", lambda: False)
    ordered = sample("normal", 30_000, 1)
    assert rank_error(quantile_sketch(ordered), ordered) <= 0.005
    values, counts = np.array([1.0, 2.0]), np.array([100_000, 50_000])
    assert quantile_sketch(values, counts).get_n() == 150_000
    assert item_list(frequent_sketch(["a", "b"], [5, 3], 1))[0][:2] == ("a", 5)


def test_misread_bytes_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, broken in (("_quantile_bytes", b"\x06\x02\x0f" + bytes(40)), ("_items_bytes", b"\x04\x01\x07" + bytes(60))):
        check = {"_quantile_bytes": exact.quantile_bytes_hold, "_items_bytes": exact.items_bytes_hold}[name]
        monkeypatch.setattr(exact, name, lambda *args, broken=broken: broken)
        assert check.__wrapped__() is False
        monkeypatch.undo()
        assert check.__wrapped__() is True


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3_000), st.sampled_from([1, 5, 10_000]), st.integers(0, 2**32 - 1))
def test_bounds_of_frequent_items_hold(different: int, most: int, seed: int) -> None:
    weights = np.random.default_rng(seed).integers(1, most + 1, different)
    counts = weights.tolist()
    chosen, offset = top_counts(weights)
    assert len(chosen) <= 768
    sketch = frequent_sketch([f"é{i}" for i in chosen.tolist()], weights[chosen].tolist(), offset)
    listed = item_list(sketch)
    assert len(listed) == len(chosen)
    for item, estimate, lower, upper in listed:
        true = counts[int(item[1:])]
        assert estimate == true and lower <= true <= upper
    left_out = np.delete(weights, chosen)
    assert not len(left_out) or left_out.max() <= offset
    again = type(sketch).deserialize(sketch.serialize())
    assert item_list(again) == listed


def test_an_item_is_cut_as_whylogs_cuts_it() -> None:
    long = "x" * 300
    assert item_list(frequent_sketch([long, long[:200]], [2, 3])) == [("x" * 128, 5, 5, 5)]
