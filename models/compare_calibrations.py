"""Which calibration suits a label best: five ways, compared on conversations that none of them was fitted on.

Platt's scale and bias (the one in use), a temperature alone (Guo et al. 2017), beta calibration (Kull et al.
2017), isotonic regression by pooling adjacent violators (Zadrozny & Elkan 2002), and none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.bootstrap import Floats
from models.calibration import PRIOR, fit_label
from models.statistics import Bools, calibration_error

#: From logits and what happened to a function from logits to probabilities; all are ``[rows]``.
Fit = Callable[[Floats, Floats], Callable[[Floats], Floats]]

#: Parts that conversations are dealt into, how often, and the bins of the calibration error.
PARTS = 5
REPEATS = 10
BINS = 15

#: No probability is nearer to 0 or 1 in the log-loss.
_EDGE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One way for one label: mean log-loss and calibration error on parts that it was not fitted on."""

    way: str
    log_loss: float
    calibration_error: float


def compare(logits: Floats, happened: Bools, groups: Sequence[str]) -> tuple[Compared, ...]:
    """Return every way's figures for one label by cross-validation; all are ``[rows]``, the best first."""
    dealt = [_dealt(groups, seed=seed) for seed in range(REPEATS)]
    targets = happened.astype(np.float64)
    return tuple(sorted((_compared(way, logits, targets, dealt) for way in WAYS), key=lambda one: one.log_loss))


def identity(_logits: Floats, _targets: Floats) -> Callable[[Floats], Floats]:
    """Take the logits as they are."""
    return _sigmoid


def platt(logits: Floats, targets: Floats) -> Callable[[Floats], Floats]:
    """Fit a scale and a bias."""
    scale, bias = fit_label(logits, targets, np.ones_like(logits))
    return lambda values: _sigmoid(scale * values + bias)


def temperature(logits: Floats, targets: Floats) -> Callable[[Floats], Floats]:
    """Fit a scale alone."""
    scales = np.exp(np.linspace(-2.0, 2.0, 161))
    losses = [float(np.mean(np.logaddexp(0.0, s * logits) - targets * s * logits)) for s in scales]
    best = float(scales[int(np.argmin(losses))])
    return lambda values: _sigmoid(best * values)


def beta(logits: Floats, targets: Floats) -> Callable[[Floats], Floats]:
    """Fit one scale for each end, and a bias."""
    start = np.array([1.0, 1.0, 0.0])
    solution = start.copy()
    features = _ends(logits)
    for _ in range(200):
        p = _sigmoid(features @ solution)
        gradient = features.T @ (p - targets) + PRIOR * (solution - start)
        curvature = (features.T * (p * (1.0 - p))) @ features + PRIOR * np.eye(3)
        step = np.clip(np.linalg.solve(curvature, gradient), -0.5, 0.5)
        solution = solution - step
        if float(np.abs(step).max()) < 1e-9:
            break
    return lambda values: _sigmoid(_ends(values) @ solution)


def isotonic(logits: Floats, targets: Floats) -> Callable[[Floats], Floats]:
    """Fit the best steps that only rise, kept off 0 and 1."""
    blocks: list[tuple[float, float, float]] = []  # rows, mean, highest logit
    for place in np.argsort(logits, kind="stable"):
        rows, mean, top = 1.0, float(targets[place]), float(logits[place])
        while blocks and blocks[-1][1] >= mean:
            before = blocks.pop()
            rows, mean = rows + before[0], (rows * mean + before[0] * before[1]) / (rows + before[0])
        blocks.append((rows, mean, top))
    tops = np.array([top for _, _, top in blocks])
    means = np.clip([mean for _, mean, _ in blocks], 0.005, 0.995)
    return lambda values: means[np.minimum(np.searchsorted(tops, values), len(tops) - 1)]


#: The ways that are compared, by name.
WAYS: Mapping[str, Fit] = {
    "none": identity,
    "temperature": temperature,
    "Platt": platt,
    "beta": beta,
    "isotonic": isotonic,
}


def _compared(way: str, logits: Floats, targets: Floats, dealt: Sequence[Floats]) -> Compared:
    losses, errors = [], []
    for parts in dealt:
        said = np.empty_like(logits)
        for part in range(PARTS):
            rest, here = parts != part, parts == part
            said[here] = WAYS[way](logits[rest], targets[rest])(logits[here])
        losses.append(_log_loss(said, targets))
        errors.append(float(calibration_error(said, targets, bins=BINS)(np.ones((1, len(said))))[0]))
    return Compared(way=way, log_loss=float(np.mean(losses)), calibration_error=float(np.mean(errors)))


def _dealt(groups: Sequence[str], *, seed: int) -> Floats:
    """Return each row's part; rows of one group are in the same."""
    names, places = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
    parts = np.random.default_rng(seed).permutation(len(names)) % PARTS
    return parts[places].astype(np.float64)


def _ends(logits: Floats) -> Floats:
    """Return ``ln p``, ``-ln(1 - p)`` and 1 for each logit: ``[rows, 3]``."""
    return np.stack([-np.logaddexp(0.0, -logits), np.logaddexp(0.0, logits), np.ones_like(logits)], axis=1)


def _log_loss(said: Floats, targets: Floats) -> float:
    inside = np.clip(said, _EDGE, 1.0 - _EDGE)
    return float(-np.mean(targets * np.log(inside) + (1.0 - targets) * np.log(1.0 - inside)))


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * values)), dtype=np.float64)
