"""Slows down whoever guesses."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from bot.ports import TimeSource


class Throttle:
    """Counts tries by key inside a window that moves. Keeps at most ``most`` keys, the newest."""

    def __init__(self, *, time: TimeSource, window: timedelta, most: int = 10_000) -> None:
        self._time = time
        self._window = window
        self._most = most
        self._tries: OrderedDict[str, tuple[datetime, ...]] = OrderedDict()

    def wait(self, key: str, *, limit: int) -> timedelta:
        """Return how long this key has to wait until it may try again; zero if it may now."""
        recent = self._recent(key)
        if len(recent) < limit:
            return timedelta(0)
        return recent[-limit] + self._window - self._time.now()

    def count(self, key: str) -> None:
        """Count a try. Call it before the try is judged: tries at the same moment must see each other."""
        self._tries[key] = (*self._recent(key), self._time.now())
        self._tries.move_to_end(key)
        while len(self._tries) > self._most:
            self._tries.popitem(last=False)

    def take_back(self, key: str) -> None:
        """Take the newest try back: it was none at guessing."""
        if left := self._recent(key)[:-1]:
            self._tries[key] = left
        else:
            self.forget(key)

    def forget(self, key: str) -> None:
        """Forgive a key that has proved itself."""
        self._tries.pop(key, None)

    def _recent(self, key: str) -> tuple[datetime, ...]:
        since = self._time.now() - self._window
        return tuple(at for at in self._tries.get(key, ()) if at > since)
