"""How far a figure could have come out otherwise: bootstrap intervals that draw whole conversations.

Messages of one conversation are alike, so conversations are drawn with replacement, not messages (Field & Welsh
2007). A figure is a function of row weights: how often each row was drawn. All draws are computed side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: From row weights ``[draws, rows]`` to a figure (or several) for each draw; NaN where it has no denominator.
Statistic = Callable[[Floats], Floats]

#: Draws behind each interval, and the share of them that lies inside.
DRAWS = 1_000
LEVEL = 0.95
#: Numbers held at a time, so that thousands of rows do not fill the memory.
_AT_ONCE = 400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Where a figure lies in 95 of 100 draws."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure with its interval; the figure is None where it has no denominator."""

    value: float | None
    interval: Interval | None


class Bootstrap:
    """Draws of ``groups`` (one name for each row), the same draws for every figure."""

    def __init__(self, groups: Sequence[str], *, draws: int = DRAWS, seed: int = 1) -> None:
        names, self._places = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
        self._groups = len(names)
        self._draws = draws
        self._seed = seed

    def __len__(self) -> int:
        """Return how many groups are drawn from."""
        return self._groups

    def figure(self, statistic: Statistic, *, basic: bool = False) -> Figure:
        """Return the figure of all rows, with the percentile interval of the draws.

        ``basic`` mirrors the interval at the figure (Davison & Hinkley 1997). It suits a figure that noise moves
        one way only, such as a calibration error: resampling moves it once more, which mirroring takes back.
        """
        value = float(self.whole(statistic)[0])
        if np.isnan(value):
            return Figure(value=None, interval=None)
        low, high = (float(bound) for bound in self.bounds(statistic))
        if basic:
            low, high = max(0.0, 2.0 * value - high), max(0.0, 2.0 * value - low)
        return Figure(value=value, interval=Interval(low=low, high=high))

    def whole(self, statistic: Statistic) -> Floats:
        """Return what ``statistic`` says of every row once."""
        found: Floats = statistic(np.ones((1, len(self._places))))[0:1].reshape(-1)
        return found

    def bounds(self, statistic: Statistic) -> Floats:
        """Return the lower and the upper bounds of the draws, ``[2]`` or ``[2, figures]``."""
        found = np.concatenate([statistic(weights) for weights in self._weights()])
        tail = (1.0 - LEVEL) / 2.0
        with np.errstate(all="ignore"):
            return np.asarray(np.nanquantile(found, [tail, 1.0 - tail], axis=0), dtype=np.float64)

    def _weights(self) -> Iterator[Floats]:
        chance = np.random.default_rng(self._seed)
        size = max(1, _AT_ONCE // max(1, len(self._places)))
        even = np.full(self._groups, 1.0 / max(1, self._groups))
        for start in range(0, self._draws, size):
            drawn = chance.multinomial(self._groups, even, size=min(size, self._draws - start))
            yield drawn[:, self._places].astype(np.float64)
