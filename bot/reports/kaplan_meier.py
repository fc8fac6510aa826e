"""Percentiles of waiting times that count the people who are still waiting, with their confidence bands.

Sources: E. L. Kaplan and P. Meier, "Nonparametric Estimation from Incomplete Observations", Journal of the
American Statistical Association 53 (1958), 457-481. Variance: M. Greenwood, "The Natural Duration of Cancer",
Reports on Public Health and Medical Subjects 33 (1926). Log(-log) scale: J. D. Kalbfleisch and R. L. Prentice,
"The Statistical Analysis of Failure Time Data" (1980). Bands of percentiles: R. Brookmeyer and J. Crowley,
"A Confidence Interval for the Median Survival Time", Biometrics 38 (1982), 29-41.

A case that still runs is *right-censored*: its duration is known to be longer than what has been counted.
The survival curve S(t), the share of cases longer than t, falls at each ended duration t by the factor
``1 - ended at t / still at risk at t``. A case censored at exactly t was at risk at t. The p-th percentile is
the smallest ended duration t at which S(t) has come down to ``1 - p / 100``. Without censored cases that is
exactly the nearest-rank percentile below, so the two figures differ by the people still waiting and by
nothing else.

The band of a percentile holds the durations t at which ``1 - p / 100`` lies inside the band of S(t). That one
is symmetric on the scale log(-log S), where it cannot leave 0..1 and holds its confidence in small samples.

Durations may be lists or numpy arrays, in any one unit, in any order. Whole numbers up to 64 bits stay exact:
every result is one of the ended durations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, log
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from bot.reports.intervals import CONFIDENCE, deviations

#: Any numbers: whole or floating, the dtype follows what came in.
Numbers: TypeAlias = npt.NDArray[Any]
Durations: TypeAlias = Sequence[float] | Numbers

#: Products of many fractions are off by rounding; no real step of the curve is as small as this.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A percentile and the band ``low``..``high`` that holds the true one as often as the confidence says.

    Each is an ended duration in the unit given, or None where too few have ended to tell; ``high`` None means
    that no upper bound can be told. ``low`` may be known where ``value`` is not: "at least so long".
    """

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class _Curve:
    """One entry for each distinct ended duration, ascending: S there, and Greenwood's sum up to there."""

    times: Numbers
    shares: Numbers
    sums: Numbers


def estimate(
    ended: Durations, censored: Durations, percentiles: Sequence[int], confidence: float = CONFIDENCE
) -> list[Estimate]:
    """Return the Kaplan-Meier percentiles with their bands, in the order asked for.

    ``percentiles``: whole per cents in 1..100. ``confidence``: of each band by itself, in (0, 1).
    """
    return _read(_curve(_tally(ended), _tally(censored)), percentiles, confidence)


def estimate_counted(
    ended: Iterable[tuple[float, int]],
    censored: Iterable[tuple[float, int]],
    percentiles: Sequence[int],
    confidence: float = CONFIDENCE,
) -> list[Estimate]:
    """Return the same as ``estimate`` from ``(duration, number of cases)`` pairs, as a roll-up keeps them."""
    return _read(_curve(_tally_pairs(ended), _tally_pairs(censored)), percentiles, confidence)


def corrected(ended: Durations, censored: Durations, percentiles: Sequence[int]) -> list[float | None]:
    """Return the Kaplan-Meier percentiles without bands, in the order asked for.

    ``percentiles``: whole per cents in 1..100. None where the curve does not come down that far: too many
    are still waiting to tell.
    """
    return [found.value for found in estimate(ended, censored, percentiles)]


def survival(ended: Durations, censored: Durations) -> Iterator[tuple[float, float]]:
    """Yield ``(t, S(t))`` for each distinct ended duration, ascending. S is in [0, 1]."""
    curve = _curve(_tally(ended), _tally(censored))
    return zip(curve.times.tolist(), curve.shares.tolist(), strict=True)


def nearest_rank(ended: Sequence[float], percentile: int) -> float | None:
    """Return the smallest of ``ended`` that at least ``percentile`` per cent do not exceed.

    ``ended``: durations in any unit, ascending. The result is one of them, or None if there are none.
    """
    _check(percentile)
    if not ended:
        return None
    return ended[-(-len(ended) * percentile // 100) - 1]


def _curve(ended: tuple[Numbers, Numbers], censored: tuple[Numbers, Numbers]) -> _Curve:
    times, died = ended
    at_risk = (_at_least(times, *ended) + _at_least(times, *censored)).astype(np.float64)
    with np.errstate(divide="ignore"):  # the last case has none after it: an infinite sum is right there
        sums = np.cumsum(died / (at_risk * (at_risk - died)))
    return _Curve(times, np.cumprod(1 - died / at_risk), sums)


def _at_least(times: Numbers, durations: Numbers, counts: Numbers) -> Numbers:
    """Return for each of ``times`` how many of the cases are as long or longer."""
    shorter = np.concatenate(([0], np.cumsum(counts)))
    result: Numbers = shorter[-1] - shorter[np.searchsorted(durations, times, side="left")]
    return result


def _read(curve: _Curve, percentiles: Sequence[int], confidence: float) -> list[Estimate]:
    lowest, highest = _band(curve, deviations(confidence))
    return [_percentile(curve, lowest, highest, percentile) for percentile in percentiles]


def _percentile(curve: _Curve, lowest: Numbers, highest: Numbers, percentile: int) -> Estimate:
    _check(percentile)
    share = 1 - percentile / 100
    depth = log(-log(share)) if share else inf
    return Estimate(
        value=_first(curve.times, curve.shares <= share + _ROUNDING),
        low=_first(curve.times, lowest >= depth),
        high=_first(curve.times, highest >= depth),
    )


def _band(curve: _Curve, z: float) -> tuple[Numbers, Numbers]:
    """Return log(-log) of the lower and of the upper limit of S; the further down S, the larger they are.

    Where S is 0 its variance is unknown: the lower limit is 0, and no upper limit can be told.
    """
    alive = curve.shares > 0
    logs = -np.log(curve.shares[alive])
    depths, spreads = np.log(logs), z * np.sqrt(curve.sums[alive]) / logs
    gone = np.full(len(alive) - len(logs), inf)
    return np.concatenate((depths + spreads, gone)), np.concatenate((depths - spreads, -gone))


def _first(times: Numbers, reached: Numbers) -> float | None:
    """Return the first of ``times`` at which ``reached`` is true."""
    if not reached.any():
        return None
    first: float = times[reached.argmax()].item()
    return first


def _tally(durations: Durations) -> tuple[Numbers, Numbers]:
    """Return the distinct durations, ascending, and how many cases have each."""
    distinct, counts = np.unique(_numbers(durations), return_counts=True)
    return distinct, counts


def _tally_pairs(pairs: Iterable[tuple[float, int]]) -> tuple[Numbers, Numbers]:
    cases = [(duration, count) for duration, count in pairs if _check_cases(count)]
    distinct, place = np.unique(_numbers([duration for duration, _ in cases]), return_inverse=True)
    counts = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(counts, place, [count for _, count in cases])
    return distinct, counts


def _numbers(durations: Durations) -> Numbers:
    array: Numbers = np.asarray(durations)
    if array.ndim != 1 or array.dtype.kind not in "iuf":
        raise ValueError(f"durations must be one flat list of 64-bit numbers, not {array.dtype} {array.shape}")
    finite = np.isfinite(array)
    if not finite.all():
        raise ValueError(f"duration {array[finite.argmin()]} is not a finite number")
    return array


def _check(percentile: int) -> None:
    if not 1 <= percentile <= 100:
        raise ValueError(f"percentile {percentile} is not in 1..100")


def _check_cases(count: int) -> bool:
    """Tell whether there are any cases at all; a negative number of them is refused."""
    if count < 0:
        raise ValueError(f"{count} is no number of cases; it must be 0 or more")
    return count > 0
