"""From logits to probabilities that mean what they say: one scale and one bias for each label.

Platt scaling (Platt 1999); with a bias of 0 it is temperature scaling (Guo et al. 2017), whose temperature is
one over the scale. From where a label holds: ``bot.domain.prediction``.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Pull towards scale 1 and bias 0, in pseudo-observations, so that a handful of rows cannot bend the curve.
PRIOR = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """``probability = sigmoid(scale * logit + bias)``, label by label."""

    scales: tuple[float, ...]
    biases: tuple[float, ...]

    @property
    def version(self) -> str:
        """Return a name that changes when any number does."""
        numbers = repr((self.scales, self.biases))
        return hashlib.sha256(numbers.encode()).hexdigest()[:12]

    def probabilities(self, logits: Sequence[float]) -> list[float]:
        """Return one number in [0, 1] for each logit."""
        pairs = zip(logits, self.scales, self.biases, strict=True)
        return [sigmoid(scale * float(logit) + bias) for logit, scale, bias in pairs]


def sigmoid(value: float) -> float:
    """Return 1 / (1 + e^-value), without overflow for any finite value."""
    return 0.5 * (1.0 + math.tanh(0.5 * value))


def fit_calibration(logits: Floats, targets: Floats, weights: Floats) -> Calibration:
    """Return the calibration that fits rows never trained on; all three arrays are ``[rows, labels]``.

    Targets are 0 or 1; a weight of 0 leaves a row out for that label.
    """
    fitted = [fit_label(logits[:, i], targets[:, i], weights[:, i]) for i in range(logits.shape[1])]
    return Calibration(scales=tuple(s for s, _ in fitted), biases=tuple(b for _, b in fitted))


def fit_label(logits: Floats, targets: Floats, weights: Floats, *, steps: int = 100) -> tuple[float, float]:
    """Return scale and bias by damped Newton steps on the weighted log-loss; each array is ``[rows]``."""
    features = np.stack([logits, np.ones_like(logits)], axis=1)
    solution = _START.copy()
    for _ in range(steps):
        p = 0.5 * (1.0 + np.tanh(0.5 * (features @ solution)))
        gradient = features.T @ (weights * (p - targets)) + PRIOR * (solution - _START)
        curvature = (features.T * (weights * p * (1.0 - p))) @ features + PRIOR * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        before = _loss(features @ solution, targets, weights, solution)
        while _loss(features @ (solution - step), targets, weights, solution - step) > before:
            step = step / 2.0
        solution = solution - step
        if float(np.abs(step).max()) < 1e-9:
            break
    return round(float(max(solution[0], 0.05)), 6), round(float(solution[1]), 6)


_START = np.array([1.0, 0.0])


def _loss(values: Floats, targets: Floats, weights: Floats, solution: Floats) -> float:
    """Return the weighted log-loss of logits ``values``, plus what the prior asks for ``solution``."""
    losses = np.logaddexp(0.0, values) - targets * values
    return float(weights @ losses) + 0.5 * PRIOR * float(((solution - _START) ** 2).sum())
