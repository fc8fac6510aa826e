"""Slows down whoever guesses."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from bot.ports import TimeSource


class Throttle:
    """Counts failures by key inside a window that moves. Keeps at most ``most`` keys, the newest."""

    def __init__(self, *, time: TimeSource, window: timedelta, most: int = 10_000) -> None:
        self._time = time
        self._window = window
        self._most = most
        self._failures: OrderedDict[str, tuple[datetime, ...]] = OrderedDict()

    def wait(self, key: str, *, limit: int) -> timedelta:
        """Return how long this key has to wait until it may try again; zero if it may now."""
        recent = self._recent(key)
        if len(recent) < limit:
            return timedelta(0)
        return recent[-limit] + self._window - self._time.now()

    def failed(self, key: str) -> None:
        """Count a failure."""
        self._failures[key] = (*self._recent(key), self._time.now())
        self._failures.move_to_end(key)
        while len(self._failures) > self._most:
            self._failures.popitem(last=False)

    def forget(self, key: str) -> None:
        """Forgive a key that has proved itself."""
        self._failures.pop(key, None)

    def _recent(self, key: str) -> tuple[datetime, ...]:
        since = self._time.now() - self._window
        return tuple(at for at in self._failures.get(key, ()) if at > since)
