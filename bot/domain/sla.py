"""Clocks: how long somebody has been waiting, and by when the brand wants to have answered.

A clock is measured whether or not a policy applies. Its value is the sum of the times during which it ran.
Definitions: ``docs/definitions.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.calendar import ALWAYS_OPEN, Calendar


class Metric(StrEnum):
    """What a clock measures. The three sums of states are computed from the log by ``bot.reports``."""

    FIRST_RESPONSE = "first_response_time"
    FIRST_REPLY = "first_reply_time"
    NEXT_REPLY = "next_reply_time"
    HANDOFF_WAIT = "handoff_wait_time"
    RESOLUTION = "resolution_time"


#: The clocks that measure the wait for a human's words: one of the two runs at a time.
HUMAN_REPLY = (Metric.FIRST_REPLY, Metric.NEXT_REPLY)

#: The clocks that an answer stops, and that resolving fulfils.
REPLY_METRICS = (Metric.FIRST_RESPONSE, *HUMAN_REPLY, Metric.HANDOFF_WAIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """By when the brand wants to have done what. Copied into a conversation when it attaches."""

    name: str
    targets: Mapping[Metric, timedelta]
    warn_at: float = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One clock of one conversation. It runs while ``running_since`` is set.

    ``elapsed`` is the time counted up to ``running_since`` (or in all, when it does not run). ``stopped_at``
    is when it last stopped running. ``eligible_at`` is the latest of target attached and clock resumed: before
    that instant no warning or breach can have been due.
    """

    metric: Metric
    instance: int
    started_at: datetime
    running_since: datetime | None
    elapsed: timedelta = timedelta(0)
    stopped_at: datetime | None = None
    suspended: bool = False
    target: timedelta | None = None
    warn_at: float = 0.8
    eligible_at: datetime | None = None
    warned: bool = False
    breached: bool = False

    @property
    def key(self) -> str:
        """Return the name of this clock within its conversation."""
        return f"{self.metric}:{self.instance}"

    def value(self, at: datetime, calendar: Calendar = ALWAYS_OPEN) -> timedelta:
        """Return how much time this clock has counted at ``at``."""
        if self.running_since is None:
            return self.elapsed
        return self.elapsed + calendar.between(self.running_since, at)

    def due_at(self, share: float = 1.0, calendar: Calendar = ALWAYS_OPEN) -> datetime | None:
        """Return when ``share`` of the target will have passed, or None if it does not run or has no target."""
        if self.running_since is None or self.target is None:
            return None
        return calendar.add(self.running_since, self.target * share - self.elapsed)

    def stop(self, at: datetime, calendar: Calendar = ALWAYS_OPEN) -> Clock:
        """Return this clock standing still, with its value at ``at``."""
        return replace(self, elapsed=self.value(at, calendar), running_since=None, stopped_at=at)

    def suspend(self, at: datetime, calendar: Calendar = ALWAYS_OPEN) -> Clock:
        """Return this clock stopped by a bot's answer, until the customer writes again."""
        return replace(self.stop(at, calendar), suspended=True)

    def resume(self, at: datetime, *, counted: bool = False) -> Clock:
        """Return this clock running again; ``counted`` adds the time between, as after a rejected answer."""
        since = self.stopped_at if counted and self.stopped_at is not None else at
        return replace(self, running_since=min(since, at), stopped_at=None, suspended=False, eligible_at=at)

    def with_target(self, target: timedelta, *, warn_at: float, at: datetime) -> Clock:
        """Return this clock with a target, which counts from the clock's start."""
        return replace(self, target=target, warn_at=warn_at, eligible_at=at)
