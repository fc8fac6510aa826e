"""How much one visitor may do. Pure: time is an argument."""

from __future__ import annotations

from datetime import datetime, timedelta


class Bucket:
    """A token bucket: ``burst`` at once, then ``per_second``."""

    __slots__ = ("_at", "_burst", "_left", "_per_second")

    def __init__(self, *, burst: float, per_second: float, at: datetime) -> None:
        self._burst = burst
        self._per_second = per_second
        self._left = burst
        self._at = at

    def take(self, now: datetime) -> timedelta:
        """Take one and return zero, or return how long until there is one again."""
        passed = max((now - self._at).total_seconds(), 0.0)
        self._left = min(self._burst, self._left + passed * self._per_second)
        self._at = now
        if self._left >= 1:
            self._left -= 1
            return timedelta(0)
        return timedelta(seconds=(1 - self._left) / self._per_second)
