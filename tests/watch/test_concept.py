"""Concept drift on seeded streams: quiet when nothing happens, loud when P(y|x) changes, and silent without labels."""

import numpy as np
import pytest

from mlops_nb.watch.concept import BLOCK, WINDOW, Reference, cusum, diverging, error_windows, reference_of
from mlops_nb.watch.estimate import fit_calibration

HELD_OUT = Reference(0.20, 0.40, 20_000)


def errors(seed: int, *stretches: tuple[int, float]) -> np.ndarray:
    """A stream of zeros and ones: so many rows at such a rate."""
    random = np.random.default_rng(seed)
    return np.concatenate([(random.random(rows) < rate).astype(float) for rows, rate in stretches])


def alarms(stream: np.ndarray, first: int, step: int) -> list[int]:
    """The rows at which the window test would have said `worse`, looking after every `step` rows."""
    ends = range(first + step, len(stream) + 1, step)
    return [end for end in ends if end >= WINDOW and error_windows(stream[:end], HELD_OUT).verdict == "worse"]


def test_the_window_test_is_quiet_when_nothing_happens() -> None:
    calm = [errors(seed, (20_000, 0.20)) for seed in range(40)]
    assert [alarms(stream, 0, WINDOW) for stream in calm[:10]] == [[]] * 10, "none in 200,000 rows"
    assert sum(bool(alarms(stream, 0, 100)) for stream in calm) <= 2, "asked after every hundred rows, 800,000 of them: hardly more"


def test_every_step_from_20_to_25_percent_is_found() -> None:
    found, early = [], []
    for seed in range(20):
        stream = errors(100 + seed, (5_000, 0.20), (5_000, 0.25))
        late = alarms(stream, 5_000, 100)
        soft = [end for end in range(5_000 + BLOCK, 10_001, 100) if cusum(stream[:end], HELD_OUT).verdict == "warning"]
        assert late and soft, seed
        found.append(late[0] - 5_000)
        early.append(soft[0] - 5_000)
    assert np.median(found) < 1_500 and np.median(early) < 1_200


def test_the_cusum_is_quiet_for_long_and_hears_what_creeps() -> None:
    heard = 0
    for seed in range(20):
        stream = errors(200 + seed, (20_000, 0.20))
        heard += any(cusum(stream[:end], HELD_OUT).verdict == "warning" for end in range(BLOCK, 20_001, 5 * BLOCK))
    assert heard <= 5, "soft, and not a false friend: 100 blocks each, one alarm in some 900 blocks expected"
    creeping = errors(7, (4_000, 0.20), (6_000, 0.225))
    said = cusum(creeping, HELD_OUT)
    assert said.verdict == "warning" and 3_000 <= said.at <= 6_500 and error_windows(creeping[:7_000], HELD_OUT).verdict == "ok"


def test_it_says_since_when() -> None:
    stream = errors(3, (4_000, 0.20), (2_000, 0.40))
    worse = error_windows(stream, HELD_OUT)
    assert worse.verdict == "worse" and worse.at == 4_000 and worse.seen == pytest.approx(0.4, abs=0.05)
    assert error_windows(np.append(stream, errors(4, (500, 0.2))), HELD_OUT).verdict == "ok", "it is over"


def test_a_large_window_does_not_make_a_small_difference_matter() -> None:
    stream = errors(5, (400_000, 0.21))
    assert error_windows(stream, HELD_OUT, width=200_000).verdict == "ok" and error_windows(stream, HELD_OUT, width=200_000).z > 3.29


def test_without_labels_or_reference_nothing_is_called_ok() -> None:
    assert error_windows([], HELD_OUT).verdict == cusum([], HELD_OUT).verdict == "none"
    few = errors(6, (900, 0.2))
    assert reference_of(None, few) == (None, 0) and error_windows(few, None).verdict == "none"
    reference, spent = reference_of(None, errors(6, (3_000, 0.2)))
    assert spent == 1_000 and reference.mean == pytest.approx(0.2, abs=0.04)
    numbers = fit_calibration("regression", np.zeros(100), np.full(100, 30.0))
    assert reference_of(numbers, few)[0].least == pytest.approx(3), "for numbers a tenth of what is usual"


def scored(seed: int, rows: int, harder: float = 0.0, tilt: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, answers, scores: `harder` moves the features, `tilt` what follows from them."""
    random = np.random.default_rng(seed)
    logit = random.normal(-1 + harder, 1.3, rows)
    score = 1 / (1 + np.exp(-logit))
    return (random.random(rows) < 1 / (1 + np.exp(-logit - tilt))).astype(int), (score > 0.5).astype(int), score


def test_realised_against_estimated() -> None:
    calibration = fit_calibration("binary", *scored(0, 5_000))
    calm = [diverging(calibration, "binary", *scored(seed, 1_000, harder=h)).verdict for seed in range(100) for h in (0, 1.0)]
    assert calm.count("diverging") <= 2, "harder cases are no concept drift"
    turned = [diverging(calibration, "binary", *scored(seed, 1_000, tilt=0.7)).verdict for seed in range(20)]
    assert turned == ["diverging"] * 20
    y, answer, score = scored(1, 20)
    assert diverging(calibration, "binary", y, answer, score).verdict == "none"
    assert diverging(None, "binary", *scored(2, 500)).reason.startswith("no estimate")
    assert diverging(calibration, "binary", *scored(2, 500)[:2], None).verdict == "none"


def stormy(seed: int, days: int, shift: float = 0.0, flat: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Labels, answers, scores, days: each day has its weather, which the scores know nothing of."""
    random = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), 120)
    logit = random.normal(-1, 1.2, len(day))
    score = 1 / (1 + np.exp(-logit))
    truth = 1 / (1 + np.exp(-flat * logit - random.normal(shift, 0.5, days)[day]))
    return (random.random(len(day)) < truth).astype(int), (score > 0.5).astype(int), score, day


def test_a_stormy_day_is_no_concept_drift_but_a_stormy_month_is() -> None:
    y, answer, score, day = stormy(0, 40)
    calibration, naive = fit_calibration("binary", y, answer, score, day), fit_calibration("binary", y, answer, score)
    assert calibration.days == 40 and calibration.daily["positives"] > 0.05 and not naive.daily
    heard, cried = 0, 0
    for seed in range(1, 61):
        rows = stormy(seed, 1)[:3]
        heard += diverging(calibration, "binary", *rows).verdict == "diverging"
        cried += diverging(naive, "binary", *rows).verdict == "diverging"
    assert heard <= 1 and cried >= 6, (heard, cried)
    months = [diverging(calibration, "binary", *stormy(seed, 30, shift=0.8)[:3], days=30) for seed in range(10)]
    assert [m.verdict for m in months] == ["diverging"] * 10
    orderless = [diverging(calibration, "binary", *stormy(seed, 30, flat=0.3)[:3], days=30).verdict for seed in range(10)]
    assert orderless == ["diverging"] * 10


def test_an_error_rate_is_judged_by_weeks_where_days_stray() -> None:
    calibration = fit_calibration("binary", *stormy(0, 40))
    worse, soft = 0, 0
    for seed in range(30):
        y, answer, _, day = stormy(300 + seed, 60)
        wrong = (y != answer).astype(float)
        reference, _ = reference_of(calibration, wrong)
        assert reference.daily == calibration.daily["error"]
        worse += error_windows(wrong, reference, days=day).verdict == "worse"
        soft += cusum(wrong, reference, days=day).verdict == "warning"
    assert worse == 0 and soft <= 4
    y, answer, _, day = stormy(1, 60, flat=-1.0)
    assert error_windows((y != answer).astype(float), reference, days=day).verdict == "worse"
