"""Percentiles with and without the people still waiting, against numbers worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reports.kaplan_meier import corrected, nearest_rank, survival

durations = st.lists(st.integers(0, 50), max_size=60).map(sorted)


def test_the_curve_of_the_textbook_remission_times() -> None:
    # 6-MP arm of Freireich et al. 1963, the standard worked example: + marks censored weeks.
    # 6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+
    ended = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    curve = [(t, round(share, 3)) for t, share in survival(ended, censored)]
    assert curve == [(6, 0.857), (7, 0.807), (10, 0.753), (13, 0.69), (16, 0.627), (22, 0.538), (23, 0.448)]
    assert corrected(ended, censored, (50, 90)) == [23, None]


def test_somebody_still_waiting_moves_the_median_up() -> None:
    # S(10) = 3/4, S(20) = 3/4 · 1/2 (the one censored at 15 has left), S(40) = 0
    assert list(survival([10, 20, 40], [15])) == [(10, 0.75), (20, 0.375), (40, 0.0)]
    assert corrected([10, 20, 40], [15], (25, 50, 75)) == [10, 20, 40]
    assert nearest_rank([10, 20, 40], 25) == 10


def test_a_case_censored_at_the_instant_of_an_ending_was_still_at_risk() -> None:
    assert list(survival([10], [10])) == [(10, 0.5)]


def test_ties_fall_in_one_step() -> None:
    assert list(survival([5, 5, 8], [])) == [(5, pytest.approx(1 / 3)), (8, 0.0)]


def test_a_percentile_that_the_curve_never_reaches_is_none() -> None:
    assert corrected([10], [20, 20, 20], (50, 99)) == [None, None]


def test_nothing_at_all_gives_no_percentile() -> None:
    assert corrected([], [], (50, 99)) == [None, None]
    assert nearest_rank([], 50) is None


def test_when_all_are_still_waiting_nothing_can_be_told() -> None:
    assert corrected([], [1, 2, 3], (50, 90)) == [None, None]


def test_nearest_rank_is_one_of_the_durations() -> None:
    assert [nearest_rank([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], p) for p in (50, 90, 95, 99)] == [5, 9, 10, 10]
    assert nearest_rank([7], 1) == 7


def test_percentiles_outside_1_to_100_are_refused() -> None:
    with pytest.raises(ValueError, match="percentile 0"):
        nearest_rank([1], 0)
    with pytest.raises(ValueError, match="percentile 101"):
        corrected([1], [], (101,))


@settings(deadline=None)
@given(durations, st.lists(st.integers(1, 100), max_size=6).map(sorted))
def test_without_anybody_waiting_both_percentiles_are_the_same(ended: list[int], percentiles: list[int]) -> None:
    assert corrected(ended, [], percentiles) == [nearest_rank(ended, p) for p in percentiles]


@settings(deadline=None)
@given(durations, durations)
def test_people_still_waiting_never_make_it_look_faster_than_the_ended_alone_up_to_their_wait(
    ended: list[int], more: list[int]
) -> None:
    longest = max(ended, default=0)
    naive = corrected(ended, [], (50, 90))
    waiting = corrected(ended, [longest + extra for extra in more], (50, 90))
    for without, counted in zip(naive, waiting, strict=True):
        assert counted is None or (without is not None and counted >= without)


@settings(deadline=None)
@given(durations, durations)
def test_the_curve_only_falls_and_stays_between_0_and_1(ended: list[int], censored: list[int]) -> None:
    shares = [1.0, *(share for _, share in survival(ended, censored))]
    assert shares == sorted(shares, reverse=True)
    assert all(0 <= share <= 1 for share in shares)
