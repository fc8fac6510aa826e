"""Wilson's interval for shares, against published values and against the equation that defines it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reports.intervals import Share, share_within, wilson

cases = st.integers(0, 500)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [  # R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_published_intervals(hits: int, of: int, low: float, high: float) -> None:
    share = wilson(hits, of)
    assert (share.low, share.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@settings(deadline=None)
@given(st.integers(1, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_at_each_end_the_count_is_just_as_far_off_as_the_confidence_allows(counted: tuple[int, int]) -> None:
    hits, of = counted
    share = wilson(hits, of)
    for end in (share.low, share.high):
        if 0 < end < 1:
            off = abs(hits / of - end) / math.sqrt(end * (1 - end) / of)
            assert off == pytest.approx(1.959964, rel=1e-5)


@settings(deadline=None)
@given(st.integers(1, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_hits_and_misses_mirror_each_other(counted: tuple[int, int]) -> None:
    hits, of = counted
    share, mirrored = wilson(hits, of), wilson(of - hits, of)
    assert (share.low, share.high) == (pytest.approx(1 - mirrored.high), pytest.approx(1 - mirrored.low))
    assert 0 <= share.low <= share.value <= share.high <= 1


def test_all_or_none_still_leave_room_for_doubt() -> None:
    assert wilson(5, 5) == Share(hits=5, of=5, value=1.0, low=pytest.approx(0.5655, abs=5e-5), high=1.0)
    assert wilson(0, 5).low == 0.0


def test_no_case_gives_no_share() -> None:
    assert wilson(0, 0) == Share(hits=0, of=0, value=None, low=None, high=None)
    assert share_within(ended_within=0, ended_late=0, running_late=0, undecided=7).value is None


def test_a_clock_that_runs_past_its_target_has_missed_it_already() -> None:
    running = share_within(ended_within=90, ended_late=6, running_late=4, undecided=0)
    assert running == share_within(ended_within=90, ended_late=10, running_late=0, undecided=0) == wilson(90, 100)


def test_undecided_clocks_widen_the_band_to_both_sides_and_leave_the_value() -> None:
    share = share_within(ended_within=90, ended_late=6, running_late=4, undecided=10)
    assert (share.value, share.hits, share.of) == (0.9, 90, 100)
    assert (share.low, share.high) == (wilson(90, 110).low, wilson(100, 110).high)


@settings(deadline=None)
@given(cases, cases, cases, cases, st.integers(0, 500))
def test_the_band_holds_whatever_becomes_of_the_undecided(
    within: int, late: int, running_late: int, undecided: int, meet: int
) -> None:
    now = share_within(ended_within=within, ended_late=late, running_late=running_late, undecided=undecided)
    meet = min(meet, undecided)
    in_the_end = wilson(within + meet, within + late + running_late + undecided)
    if now.value is not None:
        assert now.low <= in_the_end.low <= in_the_end.high <= now.high
        assert now.low <= now.value <= now.high


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match=r"hits 6 is not in 0\.\.5"):
        wilson(6, 5)
    with pytest.raises(ValueError, match="of -1 is no number of cases"):
        wilson(0, -1)
    with pytest.raises(ValueError, match="undecided -2 is no number of cases"):
        share_within(ended_within=1, ended_late=1, running_late=1, undecided=-2)
    with pytest.raises(ValueError, match=r"confidence 95 is not between 0 and 1; 0\.95 is usual"):
        wilson(1, 2, confidence=95)
