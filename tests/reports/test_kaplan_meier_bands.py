"""Bands of the corrected percentiles: a textbook case, a slow second implementation, and what must hold always."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.reports.kaplan_meier import Estimate, estimate, estimate_counted, nearest_rank

ALL = tuple(range(1, 101))
durations = st.lists(st.integers(0, 40), max_size=50)
confidences = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])

# The remission times of tests/reports/test_kaplan_meier.py, weeks.
ENDED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
CENSORED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


def found(value: float | None, low: float | None, high: float | None) -> Estimate:
    return Estimate(value=value, low=low, high=high)


def or_never(duration: float | None) -> float:
    return math.inf if duration is None else duration


# A second implementation, slow and by another road: Efron's redistribution to the right instead of the product
# of fractions, exact fractions instead of floats, and the limits of S themselves instead of their logarithms.


def shares_left(ended: list[int], censored: list[int]) -> dict[int, Fraction]:
    """Each case has the same mass; one that is censored leaves its own to all that come after it."""
    cases = sorted([(duration, 0) for duration in ended] + [(duration, 1) for duration in censored])
    masses, left, curve = [Fraction(1, max(1, len(cases)))] * len(cases), Fraction(1), {}
    for place, (duration, is_censored) in enumerate(cases):
        after = len(cases) - place - 1
        if not is_censored:
            left -= masses[place]
            curve[duration] = left
        elif after:
            masses[place + 1 :] = [mass + masses[place] / after for mass in masses[place + 1 :]]
    return curve


def limits(
    ended: list[int], censored: list[int], duration: int, share: Fraction, confidence: float
) -> tuple[float, float]:
    if share == 0:
        return 0.0, 1.0
    greenwood = 0.0
    for earlier in {other for other in ended if other <= duration}:
        at_risk = sum(1 for other in ended + censored if other >= earlier)
        greenwood += ended.count(earlier) / (at_risk * (at_risk - ended.count(earlier)))
    spread = NormalDist().inv_cdf(0.5 + confidence / 2) * math.sqrt(greenwood) / -math.log(share)
    return float(share) ** math.exp(spread), float(share) ** math.exp(-spread)


def slow_estimate(ended: list[int], censored: list[int], percentile: int, confidence: float) -> Estimate:
    goal = 1 - Fraction(percentile, 100)
    value = low = high = None
    for duration, share in reversed(shares_left(ended, censored).items()):
        lower, upper = limits(ended, censored, duration, share, confidence)
        value = duration if share <= goal else value
        low = duration if lower <= goal else low
        high = duration if upper <= goal else high
    return found(value, low, high)


@settings(deadline=None)
@given(durations, durations, st.integers(1, 100), confidences)
@example(ENDED, CENSORED, 25, 0.95)
@example([5, 5, 5], [5, 5], 60, 0.95)
def test_a_slow_second_implementation_agrees(
    ended: list[int], censored: list[int], percentile: int, confidence: float
) -> None:
    assert estimate(ended, censored, (percentile,), confidence) == [
        slow_estimate(ended, censored, percentile, confidence)
    ]


def test_the_bands_of_the_textbook_remission_times() -> None:
    # The curve at 13, 16, 22 and 23 weeks with its 95 % limits on the log(-log) scale, as the statistics
    # packages print them: 0.690 (0.432-0.849), 0.627 (0.368-0.805), 0.538 (0.268-0.747), 0.448 (0.188-0.680).
    assert estimate(ENDED, CENSORED, (25, 50, 90)) == [
        found(13, 6, 22),  # 0.747 is the first upper limit below 0.75
        found(23, 13, None),  # 0.432 is the first lower limit below 0.5; no upper limit comes down to it
        found(None, None, None),
    ]


def test_a_lower_bound_is_told_where_the_percentile_itself_cannot_be() -> None:
    # At 3 the curve is at 8/9, where Greenwood's deviation on the log(-log) scale is 1: (8/9) ** e^1.96 = 0.43.
    assert estimate([3, 4, 6, 7], [8, 8, 8, 8, 8], (50,)) == [found(None, 3, None)]


def test_after_the_last_case_no_upper_bound_can_be_told() -> None:
    assert estimate([10, 20, 30], [], (100,)) == [found(30, 30, None)]


def test_a_single_case_has_a_percentile_and_no_upper_bound() -> None:
    assert estimate([7], [], (50,)) == [found(7, 7, None)]


def test_nobody_at_all_and_everybody_still_waiting_tell_nothing() -> None:
    nothing = [found(None, None, None)] * 2
    assert estimate([], [], (50, 99)) == nothing
    assert estimate([], [1, 2, 3], (50, 99)) == nothing


@settings(deadline=None)
@given(durations, confidences)
def test_without_anybody_waiting_the_percentile_is_the_nearest_rank(ended: list[int], confidence: float) -> None:
    estimates = estimate(ended, [], ALL, confidence)
    assert [each.value for each in estimates] == [nearest_rank(sorted(ended), p) for p in ALL]


@settings(deadline=None)
@given(durations, durations, confidences)
def test_a_band_contains_its_percentile(ended: list[int], censored: list[int], confidence: float) -> None:
    for each in estimate(ended, censored, ALL, confidence):
        assert or_never(each.low) <= or_never(each.value) <= or_never(each.high)


@settings(deadline=None)
@given(durations, durations, confidences)
def test_more_confidence_never_narrows_a_band(ended: list[int], censored: list[int], confidence: float) -> None:
    wide, narrow = (estimate(ended, censored, ALL, each) for each in (0.995, confidence))
    for outer, inner in zip(wide, narrow, strict=True):
        assert or_never(outer.low) <= or_never(inner.low)
        assert or_never(outer.high) >= or_never(inner.high)


@settings(deadline=None)
@given(durations, durations)
def test_a_higher_percentile_never_has_a_lower_value_or_bound(ended: list[int], censored: list[int]) -> None:
    estimates = estimate(ended, censored, ALL)
    for each in ("value", "low", "high"):
        bounds = [or_never(getattr(found_one, each)) for found_one in estimates]
        assert bounds == sorted(bounds)


@settings(deadline=None)
@given(durations, durations, durations)
def test_more_people_waiting_never_lower_a_percentile(
    ended: list[int], censored: list[int], more: list[int]
) -> None:
    before, after = estimate(ended, censored, ALL), estimate(ended, censored + more, ALL)
    assert all(or_never(b.value) <= or_never(a.value) for b, a in zip(before, after, strict=True))


@settings(deadline=None)
@given(durations, durations, st.integers(1, 10**15))
def test_in_another_unit_the_figures_are_the_same(ended: list[int], censored: list[int], unit: int) -> None:
    def scaled(duration: float | None) -> float | None:
        return None if duration is None else duration * unit

    in_units = estimate([duration * unit for duration in ended], [duration * unit for duration in censored], ALL)
    assert in_units == [
        found(scaled(each.value), scaled(each.low), scaled(each.high)) for each in estimate(ended, censored, ALL)
    ]


@settings(deadline=None)
@given(durations, durations, st.randoms(use_true_random=False))
def test_the_order_of_the_cases_does_not_matter(ended: list[int], censored: list[int], random) -> None:
    as_given = estimate(ended, censored, ALL)
    random.shuffle(ended)
    random.shuffle(censored)
    assert estimate(ended, censored, ALL) == as_given


@settings(deadline=None)
@given(durations, durations)
def test_counted_pairs_give_the_same_as_the_cases_one_by_one(ended: list[int], censored: list[int]) -> None:
    pairs = [*Counter(ended).items(), (999, 0)]
    assert estimate_counted(pairs, Counter(censored).items(), ALL) == estimate(ended, censored, ALL)


def test_pairs_that_name_a_duration_twice_are_added_up() -> None:
    assert estimate_counted([(5, 2), (7, 1), (5, 1)], [], ALL) == estimate([5, 5, 5, 7], [], ALL)


def test_counts_far_beyond_what_fits_in_memory_as_single_cases_are_exact() -> None:
    billions = estimate_counted([(1, 4 * 10**9), (2, 2 * 10**9), (3, 4 * 10**9)], [], (40, 50))
    assert billions == [found(1, 1, 2), found(2, 2, 2)]


def test_whole_numbers_stay_whole_and_exact() -> None:
    micros = 2**62 + 1  # a float would lose the last digits
    (median,) = estimate([micros, micros + 1, micros + 2], [], (50,))
    assert median.value == micros + 1
    assert type(median.value) is int


def test_whole_ended_durations_stay_whole_beside_fractional_running_ones() -> None:
    (median,) = estimate([10, 20, 40], [15.5], (50,))
    assert (median.value, type(median.value)) == (20, int)


def test_arrays_are_taken_like_lists() -> None:
    ended, censored = np.array(ENDED, dtype=np.int64), np.array(CENSORED, dtype=np.int64)
    assert estimate(ended, censored, (25, 50)) == estimate(ENDED, CENSORED, (25, 50))


def test_a_million_durations_are_the_nearest_rank_without_rounding_away_a_case() -> None:
    estimates = estimate(np.arange(1, 1_000_001), [], ALL)
    assert [each.value for each in estimates] == [10_000 * p for p in ALL]


@pytest.mark.parametrize(
    ("ended", "told"),
    [
        ([1.0, math.nan], "duration nan is not a finite number"),
        ([1.0, math.inf], "duration inf is not a finite number"),
        ([None], "one flat list of 64-bit numbers, not object"),
        ([2**70], "one flat list of 64-bit numbers, not object"),
        ([(5, 1), (6, 1)], r"one flat list of 64-bit numbers, not int64 \(2, 2\)"),
    ],
)
def test_what_is_no_duration_is_refused_by_name(ended, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        estimate(ended, [], (50,))
    with pytest.raises(ValueError, match=told):
        estimate([], ended, (50,))


@pytest.mark.parametrize("confidence", [0, 1, -0.5, 95, math.nan])
def test_a_confidence_outside_0_to_1_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match=f"confidence {confidence} is not between 0 and 1"):
        estimate([1], [], (50,), confidence)


def test_a_negative_number_of_cases_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 is no number of cases"):
        estimate_counted([(5, -1)], [], (50,))
