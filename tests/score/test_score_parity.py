"""The tolerance: what is the same answer, and what is not."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mlops_nb.score.parity import Answers, compare

def binary(p: np.ndarray) -> Answers:
    return Answers(p > 0.5, np.column_stack([1 - p, p]), (False, True))


@given(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=30), st.data())
def test_a_small_shift_is_the_same_and_a_larger_is_not(scores: list[float], data: st.DataObject) -> None:
    p = np.array(scores)
    shift = data.draw(st.floats(-9e-7, 9e-7))
    assert compare(binary(p), binary(p + shift), "binary").same
    row = data.draw(st.integers(0, len(p) - 1))
    moved = p.copy()
    moved[row] += 1.5e-6 if moved[row] < 0.5 else -1.5e-6
    report = compare(binary(p), binary(moved), "binary")
    assert not report.same and {d.row for d in report.differences} == {row}


@given(st.lists(st.just(0.0) | st.floats(1e-200, 1e12) | st.floats(-1e12, -1e-200), min_size=1, max_size=30))
def test_numbers_are_compared_relative_to_their_size(values: list[float]) -> None:
    a = np.array(values)
    assert compare(Answers(a), Answers(a * (1 + 8e-7)), "regression").same
    assert compare(Answers(a), Answers(a * (1 + 3e-6)), "regression").same == bool((np.abs(a) < 1e-290).all())


def test_a_label_may_flip_only_on_the_edge() -> None:
    near, far = binary(np.array([0.5 + 4e-7, 0.2])), binary(np.array([0.5 - 4e-7, 0.2]))
    report = compare(near, far, "binary")
    assert report.same and len(report.differences) == 1 and report.differences[0].tolerated
    flipped = Answers(np.array([True, True]), near.scores, near.classes)
    assert not compare(near, flipped, "binary").same


def test_shapes_nulls_and_words() -> None:
    assert compare(Answers(np.array([np.nan, 1])), Answers(np.array([np.nan, 1])), "regression").same
    assert not compare(Answers(np.array([np.nan, 1])), Answers(np.array([0, 1])), "regression").same
    assert not compare(Answers(np.array([np.inf])), Answers(np.array([-np.inf])), "regression").same
    assert "(1,)" in compare(Answers(np.array([1, 2])), Answers(np.array([1])), "regression").reason
    words = Answers(np.array(["UA", None], object))
    assert compare(words, Answers(np.array(["UA", None], object)), "multiclass").same
    assert not compare(words, Answers(np.array(["UA", ""], object)), "multiclass").same
    assert "scores" in compare(binary(np.array([0.1])), Answers(np.array([False])), "binary").reason


def test_labels_of_a_classifier_are_never_rounded() -> None:
    assert not compare(Answers(np.array([1_000_000])), Answers(np.array([1_000_001])), "multiclass").same
