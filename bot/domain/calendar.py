"""When a brand's time runs. Today every calendar is always open; business hours join behind these two verbs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


class Calendar(Protocol):
    """Counts a brand's time. Both verbs agree: ``between(t, add(t, d)) == d``."""

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """Return the instant at which ``duration`` of this calendar's time has passed since ``start``."""
        ...

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much of this calendar's time lies between two instants; zero if end is not later."""
        ...


@dataclass(frozen=True, slots=True)
class AlwaysOpen:
    """The calendar of a brand that never closes."""

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """Return ``start + duration``."""
        return start + duration

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the time between, never negative."""
        return max(end - start, timedelta(0))


ALWAYS_OPEN = AlwaysOpen()
