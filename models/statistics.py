"""Figures as functions of row weights, for one set of rows or a thousand draws of it: see ``models.bootstrap``.

Every function here returns a function of ``weights[draws, rows]``; rows with weight 2 count twice. A figure
without a denominator is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.bootstrap import Floats, Statistic

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def share(part: Bools, whole: Bools) -> Statistic:
    """Return the share of ``whole`` that is ``part`` too."""
    return lambda weights: ratio(weights @ (part & whole).astype(np.float64), weights @ whole.astype(np.float64))


def f1(truth: Bools, said: Bools) -> Statistic:
    """Return the harmonic mean of precision and recall."""
    both, all_of_both = (truth & said).astype(np.float64), truth.astype(np.float64) + said
    return lambda weights: ratio(2.0 * (weights @ both), weights @ all_of_both)


def macro_f1(truth: Sequence[str], said: Sequence[str]) -> Statistic:
    """Return the unweighted mean of F1 over the classes that occur in ``truth`` or ``said``."""
    names = sorted({*truth, *said})
    true, told = np.asarray(truth), np.asarray(said)
    each = [f1(true == name, told == name) for name in names]

    def mean(weights: Floats) -> Floats:
        found = np.stack([one(weights) for one in each], axis=1)
        return ratio(np.nansum(found, axis=1), np.sum(~np.isnan(found), axis=1).astype(np.float64))

    return mean


def auc(scores: Floats, truth: Bools) -> Statistic:
    """Return the chance that a positive row scores above a negative one, ties counted half (Mann-Whitney)."""
    order = np.argsort(scores, kind="stable")
    positive = truth[order]
    starts = _starts(scores[order])

    def area(weights: Floats) -> Floats:
        drawn = weights[:, order]
        above = np.add.reduceat(drawn * positive, starts, axis=1)
        below = np.add.reduceat(drawn * ~positive, starts, axis=1)
        pairs = (above * (np.cumsum(below, axis=1) - below / 2.0)).sum(axis=1)
        return ratio(pairs, above.sum(axis=1) * below.sum(axis=1))

    return area if len(scores) else _nothing


def calibration_error(scores: Floats, truth: Bools | Floats, *, bins: int) -> Statistic:
    """Return the expected calibration error with bins of equal mass (Nixon et al. 2019), in [0, 1].

    That is the mean gap between the mean probability of a bin and the share of its rows that are positive.
    """
    order = np.argsort(scores, kind="stable")
    gaps = (scores - truth)[order]

    def error(weights: Floats) -> Floats:
        drawn = weights[:, order]
        total = drawn.sum(axis=1)
        bin_of = equal_mass(drawn, bins=bins) + bins * np.arange(len(drawn))[:, None]
        sums = np.bincount(bin_of.ravel(), (drawn * gaps).ravel(), minlength=bins * len(drawn))
        return ratio(np.abs(sums).reshape(-1, bins).sum(axis=1), total)

    return error if len(scores) else _nothing


def equal_mass(weights: Floats, *, bins: int) -> Ints:
    """Return each row's bin, for sorted rows ``[draws, rows]``: every bin weighs the same, rows stay whole."""
    middle = np.cumsum(weights, axis=1) - weights / 2.0
    place = np.floor(middle / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12) * bins)
    found: Ints = np.clip(place, 0, bins - 1).astype(np.int64)
    return found


def perfect_errors(scores: Floats, *, bins: int, draws: int = 1_000, seed: int = 1) -> Floats:
    """Return the calibration errors that a perfect model has on this many rows: ``[draws]``.

    Its probabilities are ``scores`` and every label is drawn from them: what remains is noise.
    """
    ordered = np.sort(scores, kind="stable")
    bin_of = equal_mass(np.ones((1, len(ordered))), bins=bins)[0]
    member = np.zeros((len(ordered), bins))
    member[np.arange(len(ordered)), bin_of] = 1.0
    happened = np.random.default_rng(seed).random((draws, len(ordered))) < ordered
    found: Floats = np.abs((ordered - happened) @ member).sum(axis=1) / len(ordered)
    return found


def risk_at(confidence: Floats, wrong: Bools, coverages: Floats) -> Statistic:
    """Return the share of wrong rows among the surest, for each of ``coverages``: ``[draws, coverages]``."""
    order = np.argsort(-confidence, kind="stable")

    def risks(weights: Floats) -> Floats:
        decided, failed = _cumulated(weights[:, order], wrong[order])
        found = np.empty((len(weights), len(coverages)))
        for draw, (taken, lost) in enumerate(zip(decided, failed, strict=True)):
            last = np.searchsorted(taken, coverages * taken[-1] - 1e-9)
            found[draw] = lost[last] / np.maximum(taken[last], 1e-12)
        return found

    return risks


def coverage_at(confidence: Floats, wrong: Bools, risk: float) -> Statistic:
    """Return the largest share of rows, surest first, of which no more than ``risk`` are wrong."""
    order = np.argsort(-confidence, kind="stable")

    def coverage(weights: Floats) -> Floats:
        decided, failed = _cumulated(weights[:, order], wrong[order])
        within = np.where(failed <= risk * decided + 1e-9, decided, 0.0)
        return ratio(within.max(axis=1), decided[:, -1])

    return coverage


def area_under_risk(confidence: Floats, wrong: Bools) -> Statistic:
    """Return the mean risk over all coverages (Geifman et al. 2019): lower is better."""
    order = np.argsort(-confidence, kind="stable")

    def area(weights: Floats) -> Floats:
        drawn = weights[:, order]
        decided, failed = _cumulated(drawn, wrong[order])
        return ratio((drawn * failed / np.maximum(decided, 1e-12)).sum(axis=1), decided[:, -1])

    return area


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return ``part / whole``, NaN where there is no whole."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(whole > 0, part / whole, np.nan), dtype=np.float64)


def _cumulated(weights: Floats, wrong: Bools) -> tuple[Floats, Floats]:
    return np.cumsum(weights, axis=1), np.cumsum(weights * wrong, axis=1)


def _starts(ordered: Floats) -> Ints:
    """Return where each run of equal values begins."""
    return np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]).astype(np.int64)


def _nothing(weights: Floats) -> Floats:
    return np.full(len(weights), np.nan)
