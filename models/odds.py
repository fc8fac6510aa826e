"""How likely a template answers a message, from its nearness and its lead, calibrated for each brand.

``probability = sigmoid(nearness * a + lead * b + c)`` (Platt 1999), where the lead is what the template has over
the best of the others, or lacks. What is near differs: a bank's questions are all alike, an assistant's are not.
So a brand's own examples are asked, each left out of its template once: does it come home? And once more with its
whole template gone: then nothing covers it, and whatever comes first is wrong. Half of what is asked is thus
covered by nothing, and that is the share for which the probabilities are right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32] | npt.NDArray[np.float64]

#: A lead counts up to here: far from all others is not yet near, and a single template leads nobody.
MOST_LEAD = 0.15
#: How strongly each number is held where it was for other brands.
PULL = np.array([0.1, 0.1, 0.025])
#: Fewer examples than this say nothing about a brand.
ENOUGH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Odds:
    """The three numbers of one brand."""

    near: float
    lead: float
    bias: float

    def chances(self, nearness: Floats) -> Floats:
        """Return each template's probability, in [0, 1] and of the shape of ``nearness[..., templates]``."""
        logits = self.near * nearness + self.lead * leads(nearness) + self.bias
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)), dtype=np.float64)


#: What holds for brands of which nothing was learned, see ``python -m models.choosing DATA --fit``.
PRIOR = Odds(near=5.0, lead=17.5, bias=-5.8)


def leads(nearness: Floats) -> npt.NDArray[np.float64]:
    """Return what each template has over the best of the others, at most MOST_LEAD; below zero for all but one."""
    if nearness.shape[-1] < 2:
        return np.full(nearness.shape, MOST_LEAD)
    ordered = np.sort(nearness, axis=-1)
    best, second = ordered[..., -1:], ordered[..., -2:-1]
    first = np.arange(nearness.shape[-1]) == nearness.argmax(axis=-1)[..., None]
    ahead = nearness - np.where(first, second, best)
    return np.asarray(np.clip(ahead, -MOST_LEAD, MOST_LEAD), dtype=np.float64)


def odds_of_brand(nearness: Floats, *, own: npt.NDArray[np.int64]) -> Odds:
    """Return the odds that fit a brand: its examples' ``nearness[examples, templates]``, each left out of its own.

    ``own[examples]`` is each example's template. Few examples leave the odds of other brands as they are.
    """
    covered = nearness[np.arange(len(own)), own] > -1.0
    if covered.sum() < ENOUGH or nearness.shape[-1] < 2:
        return PRIOR
    there = nearness[covered].astype(np.float64)
    gone = there.copy()
    gone[np.arange(len(gone)), own[covered]] = -1.0
    features, best = first_of(np.concatenate([there, gone]))
    right = best == np.concatenate([own[covered], np.full(len(gone), -1)])
    return fit_odds(features, right)


def first_of(nearness: Floats) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return nearness and lead ``[rows, 2]`` of each row's best template, and which that is ``[rows]``."""
    best = nearness.argmax(axis=-1)
    row = np.arange(len(nearness))
    features = np.stack([nearness[row, best], leads(nearness)[row, best]], axis=1).astype(np.float64)
    return features, best


def fit_odds(
    features: npt.NDArray[np.float64], right: npt.NDArray[np.bool_], *, prior: Odds = PRIOR, steps: int = 60
) -> Odds:
    """Return the odds by damped Newton steps on the log-loss, pulled towards ``prior``."""
    start = np.array([prior.near, prior.lead, prior.bias])
    rows = np.concatenate([features, np.ones((len(features), 1))], axis=1)
    found, truth = start.copy(), right.astype(np.float64)

    def loss(numbers: npt.NDArray[np.float64]) -> float:
        values = rows @ numbers
        missed = np.logaddexp(0.0, values) - truth * values
        return float(missed.sum() + 0.5 * (PULL * (numbers - start) ** 2).sum())

    for _ in range(steps):
        chance = 0.5 * (1.0 + np.tanh(0.5 * (rows @ found)))
        gradient = rows.T @ (chance - truth) + PULL * (found - start)
        curvature = (rows.T * (chance * (1.0 - chance))) @ rows + np.diag(PULL)
        step = np.linalg.solve(curvature, gradient)
        before = loss(found)
        while loss(found - step) > before + 1e-12:
            step = step / 2.0
        found = found - step
        if float(np.abs(step).max()) < 1e-9:
            break
    near, lead, bias = (round(float(number), 4) for number in found)
    return Odds(near=max(near, 0.0), lead=max(lead, 0.0), bias=bias)
