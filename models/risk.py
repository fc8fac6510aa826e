"""Exact statements about a share from a sample: binomial tests and bounds, also where rows come in clusters."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from models.statistics import Bools


def too_high(wrong: float, rows: float, share: float) -> float:
    """Return the p-value of "the true share is above ``share``" after ``wrong`` in ``rows``, in [0, 1].

    That is the chance of so few or fewer if the share were just ``share`` (exact binomial test). Numbers need not
    be whole: the tail is that of the Beta distribution (as in Korn & Graubard 1998).
    """
    if wrong >= rows:
        return 1.0
    return incomplete_beta(rows - wrong, wrong + 1.0, 1.0 - share)


def upper_bound(wrong: float, rows: float, *, confidence: float) -> float:
    """Return the share that the true one stays below with ``confidence`` (Clopper & Pearson 1934, one-sided)."""
    low, high = wrong / rows if rows else 1.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if too_high(wrong, rows, middle) > 1.0 - confidence else (low, middle)
    return high


def interval(found: int, rows: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return the two-sided Clopper-Pearson interval of a share."""
    if not rows:
        return 0.0, 1.0
    one_sided = 1.0 - (1.0 - level) / 2.0
    return (
        1.0 - upper_bound(rows - found, rows, confidence=one_sided),
        upper_bound(found, rows, confidence=one_sided),
    )


def fewest(share: float, *, confidence: float) -> int:
    """Return how many rows without a fault it takes to promise ``share`` with ``confidence``."""
    return math.ceil(math.log(1.0 - confidence) / math.log(1.0 - share))


def design_effect(wrong: Bools, groups: Sequence[str]) -> float:
    """Return by how much rows of one group count less than rows of different ones; at least 1.

    The variance of the share by groups (linearised) over the binomial one (Kish 1965).
    """
    if not len(wrong) or wrong.all() or not wrong.any():
        return 1.0
    names, places = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
    if len(names) < 2:
        return float(len(wrong))
    share = float(wrong.mean())
    sums = np.bincount(places, wrong - share)
    clustered = len(names) / (len(names) - 1) * float((sums**2).sum())
    return max(1.0, clustered / (len(wrong) * share * (1.0 - share)))


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b), by Lentz's continued fraction."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - incomplete_beta(b, a, 1.0 - x)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(front) * _fraction(a, b, x) / a


def _fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction of the incomplete beta function, to fifteen digits."""
    tiny = 1e-300
    result, upper, lower = 1.0, 1.0, 1.0 / _away(1.0 - (a + b) * x / (a + 1.0), tiny)
    result = lower
    for m in range(1, 1000):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for term in (even, odd):
            lower = 1.0 / _away(1.0 + term * lower, tiny)
            upper = _away(1.0 + term / upper, tiny)
            result *= lower * upper
        if abs(lower * upper - 1.0) < 1e-15:
            break
    return result


def _away(value: float, tiny: float) -> float:
    """Return ``value``, kept from being zero."""
    return value if abs(value) > tiny else tiny
