"""How likely a primary label is right: the confidences of the four labels, brought to one measure.

A label's probability says whether the label holds, not whether it is the *primary* one, and each label errs in its
own way. So each has its own Platt curve from confidence to the chance of being right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bot.domain.prediction import Label
from models.bootstrap import Floats
from models.calibration import fit_label, sigmoid
from models.outcomes import Outcomes

#: No message is so sure: a threshold that leaves every decision to a human.
NEVER = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """A scale and a bias for each label: ``certainty = sigmoid(scale * logit(confidence) + bias)``."""

    curves: Mapping[str, tuple[float, float]]

    @classmethod
    def learned(cls, found: Outcomes) -> Certainty:
        """Return what ``found`` teaches; a label that was hardly said keeps its confidence as it is."""
        right = (~found.wrong).astype(np.float64)
        curves = {}
        for label in Label:
            rows = found.said == label.value
            curves[label.value] = fit_label(_logit(found.confidence[rows]), right[rows], np.ones(int(rows.sum())))
        return cls(curves=curves)

    def of(self, found: Outcomes) -> Floats:
        """Return the certainty of each row, in [0, 1]."""
        values = _logit(found.confidence)
        for label, (scale, bias) in self.curves.items():
            rows = found.said == label
            values[rows] = scale * values[rows] + bias
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * values)), dtype=np.float64)

    def threshold(self, label: str, certainty: float) -> float:
        """Return the confidence from which a label is as certain as that, rounded up to four digits."""
        scale, bias = self.curves[label]
        value = (math.log(certainty / (1.0 - certainty)) - bias) / scale
        return min(NEVER, math.ceil(sigmoid(value) * 1e4) / 1e4)


def _logit(shares: Floats) -> Floats:
    inside = np.clip(shares, 1e-6, 1.0 - 1e-6)
    return np.asarray(np.log(inside / (1.0 - inside)), dtype=np.float64)
