"""How far a share that was counted may lie from the true one: Wilson's score interval.

Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
Journal of the American Statistical Association 22 (1927), 209-212.

The interval holds every share that would make a count like this one unsurprising. It stays inside 0..1, and
says something even when all cases or none are hits, where the textbook's "plus or minus" says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """``hits`` out of ``of`` cases as ``value`` in [0, 1], and the band ``low``..``high`` around it.

    The true share lies in the band as often as the confidence says. All three are None without a case.
    """

    hits: int
    of: int
    value: float | None
    low: float | None
    high: float | None


def wilson(hits: int, of: int, confidence: float = CONFIDENCE) -> Share:
    """Return the share ``hits / of`` with Wilson's interval, as for automation precision: right of checked."""
    _check_count("of", of)
    if not 0 <= hits <= of:
        raise ValueError(f"hits {hits} is not in 0..{of}, the number of cases")
    z = deviations(confidence)
    if of == 0:
        return Share(hits=0, of=0, value=None, low=None, high=None)
    value, weight = hits / of, z * z / of
    centre = (value + weight / 2) / (1 + weight)
    half = sqrt(value * (1 - value) * weight + weight * weight / 4) / (1 + weight)
    # At the ends the formula is exact but for rounding, which must not push the value out of its band.
    low = 0.0 if hits == 0 else centre - half
    high = 1.0 if hits == of else centre + half
    return Share(hits=hits, of=of, value=value, low=low, high=high)


def share_within(
    *, ended_within: int, ended_late: int, running_late: int, undecided: int, confidence: float = CONFIDENCE
) -> Share:
    """Return the share of cases within target, with nobody who waits left out of the band.

    A clock that runs past its target has missed it already and counts like one that ended late. A clock that
    runs (or stands still) and has not reached its target is ``undecided``: the value leaves it out. Among the
    newest cases the quick answers are in already and the slow ones are not, so the value alone errs towards
    good news; therefore the band reaches from Wilson's low end if every undecided case misses its target to
    Wilson's high end if every one meets it. It covers the true share at least as often as ``confidence`` says
    however they turn out, and is plain Wilson once all are decided. All arguments are numbers of cases with a
    target; exactly on target is within.
    """
    _check_count("undecided", undecided)
    _check_count("ended_late", ended_late)
    _check_count("running_late", running_late)
    _check_count("ended_within", ended_within)
    decided = ended_within + ended_late + running_late
    if decided == 0:
        return wilson(0, 0, confidence)
    worst = wilson(ended_within, decided + undecided, confidence)
    best = wilson(ended_within + undecided, decided + undecided, confidence)
    return Share(hits=ended_within, of=decided, value=ended_within / decided, low=worst.low, high=best.high)


def deviations(confidence: float) -> float:
    """Return how many standard deviations to each side hold ``confidence`` of a normal distribution."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} is not between 0 and 1; 0.95 is usual")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _check_count(name: str, count: int) -> None:
    if count < 0:
        raise ValueError(f"{name} {count} is no number of cases; it must be 0 or more")
