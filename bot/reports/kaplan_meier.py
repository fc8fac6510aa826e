"""Percentiles of waiting times that count the people who are still waiting.

Source: E. L. Kaplan and P. Meier, "Nonparametric Estimation from Incomplete Observations",
Journal of the American Statistical Association 53 (1958), 457-481.

A case that still runs is *right-censored*: its duration is known to be longer than what has been counted.
The survival curve S(t), the share of cases longer than t, falls at each ended duration t by the factor
``1 - ended at t / still at risk at t``. A case censored at exactly t was at risk at t. The p-th percentile is
the smallest ended duration t at which S(t) has come down to ``1 - p / 100``. Without censored cases that is
exactly the nearest-rank percentile below, so the two figures differ by the people still waiting and by
nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

#: Products of many fractions are off by rounding; no real step of the curve is as small as this.
_ROUNDING = 1e-9


def nearest_rank(ended: Sequence[float], percentile: int) -> float | None:
    """Return the smallest of ``ended`` that at least ``percentile`` per cent do not exceed.

    ``ended``: durations in any unit, ascending. The result is one of them, or None if there are none.
    """
    _check(percentile)
    if not ended:
        return None
    return ended[-(-len(ended) * percentile // 100) - 1]


def survival(ended: Sequence[float], censored: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Yield ``(t, S(t))`` for each distinct ended duration, ascending. S is in [0, 1].

    ``ended`` and ``censored``: durations in one unit, each ascending; either may be empty.
    """
    share, gone, left = 1.0, 0, 0
    for duration, ties in groupby(ended):
        while left < len(censored) and censored[left] < duration:
            left += 1
        at_risk = len(ended) - gone + len(censored) - left
        died = sum(1 for _ in ties)
        share *= 1 - died / at_risk
        gone += died
        yield duration, share


def corrected(ended: Sequence[float], censored: Sequence[float], percentiles: Sequence[int]) -> list[float | None]:
    """Return the Kaplan-Meier percentiles, in the order and unit given.

    ``percentiles``: whole per cents in 1..100, ascending. None where the curve does not come down that far:
    too many are still waiting to tell.
    """
    for percentile in percentiles:
        _check(percentile)
    found: list[float | None] = []
    for duration, share in survival(ended, censored):
        while len(found) < len(percentiles) and share <= 1 - percentiles[len(found)] / 100 + _ROUNDING:
            found.append(duration)
    return found + [None] * (len(percentiles) - len(found))


def _check(percentile: int) -> None:
    if not 1 <= percentile <= 100:
        raise ValueError(f"percentile {percentile} is not in 1..100")
