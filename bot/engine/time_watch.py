"""Notices when time did not go on evenly: a clock that was set, a machine that slept, a process that stood still.

Deadlines survive each of these by themselves, for every loop looks again within a second of real time. But they
were noticed late, or the times beside them are wrong, and operations should know why. When Heed started is logged
for the same reason: what fell due before had to wait for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from bot.domain.log import LogKind, Scalar
from bot.errors import Overloaded, StoreError
from bot.ports import Board, EventLog

log = structlog.get_logger(__name__)

#: What a time server corrects by itself, and what a busy machine is late by, is below this.
TOLERANCE = timedelta(seconds=2)

#: For how long operations read of it, counted from the last time it happened.
TOLD_FOR = timedelta(hours=1)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TwoClocks(Protocol):
    """The clock that people read and set, and one that nobody sets."""

    def now(self) -> datetime:
        """Return the present as aware UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some instant, never fewer than before."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Irregularity:
    """What was noticed at ``at``. ``by`` is negative for a clock that was set back."""

    cause: str  # clock, standstill
    by: timedelta
    at: datetime

    def sentence(self) -> str:
        """Return what to tell operations."""
        span, when = _in_words(abs(self.by)), f"{self.at:%Y-%m-%d %H:%M:%S} UTC"
        if self.cause == "standstill":
            return (
                f"Heed stood still for {span} until {when}: it was stopped, or had no processor time. What fell "
                "due meanwhile was noticed afterwards, late by as much"
            )
        if self.by > timedelta(0):
            return (
                f"The clock jumped forward by {span} at {when}: it was set, or this machine slept. What fell due "
                "in between was noticed then, late by as much"
            )
        return (
            f"The clock was set back by {span} at {when}. Deadlines go by the new time; response times that were "
            "running are wrong by as much. Let a time server (NTP) keep this machine's clock"
        )


class TimeWatch:
    """Compares its looks, which are to begin a ``period`` after the last one ended.

    Where the clock that can be set has moved against the one that cannot, it was set, or the machine slept. Where
    more than the period has passed, the process stood still.
    """

    def __init__(self, *, time: TwoClocks, events: EventLog, board: Board, period: timedelta) -> None:
        self._time = time
        self._events = events
        self._board = board
        self._period = period
        self._offset: timedelta | None = None
        self._rested_at = 0.0
        self._untold: list[tuple[LogKind, datetime, Mapping[str, Scalar]]] = []
        self._told: dict[str, float] = {}

    def started(self) -> None:
        """Let the log know, with the next look, that Heed runs from now on: before, it could notice nothing."""
        self._untold.append((LogKind.STARTED, self._time.now(), {}))

    async def look(self) -> int:
        """Tell of what happened to time since the last look, and return how many irregularities that were.

        Never fails for the store: what cannot be logged now is logged at a later look.
        """
        found = self._irregularities()
        for each in found:
            self._tell(each)
        self._untold += [(LogKind.TIME_JUMPED, each.at, _fields(each)) for each in found]
        await self._log_untold()
        self._take_down()
        self._rested_at = self._time.monotonic()
        return len(found)

    def _irregularities(self) -> list[Irregularity]:
        now, steady = self._time.now(), self._time.monotonic()
        before, self._offset = self._offset, now - _EPOCH - timedelta(seconds=steady)
        if before is None:
            return []
        found = []
        if (stood := timedelta(seconds=steady - self._rested_at) - self._period) > TOLERANCE:
            found.append(Irregularity(cause="standstill", by=stood, at=now))
        if abs(jump := self._offset - before) > TOLERANCE:
            found.append(Irregularity(cause="clock", by=jump, at=now))
        return found

    def _tell(self, found: Irregularity) -> None:
        log.warning("time_jumped", cause=found.cause, seconds=found.by.total_seconds())
        self._board.tell(_topic(found.cause), found.sentence())
        self._told[found.cause] = self._time.monotonic()

    async def _log_untold(self) -> None:
        try:
            while self._untold:
                kind, at, fields = self._untold[0]
                await self._events.append(kind, at=at, fields=fields)
                self._untold.pop(0)
        except (StoreError, Overloaded) as error:
            log.warning("store_unavailable", loop="time", why=str(error))

    def _take_down(self) -> None:
        for cause, told in list(self._told.items()):
            if self._time.monotonic() - told > TOLD_FOR.total_seconds():
                self._board.clear(_topic(cause))
                del self._told[cause]


def _fields(found: Irregularity) -> dict[str, Scalar]:
    return {"by": round(found.by.total_seconds(), 3), "cause": found.cause}


def _topic(cause: str) -> str:
    return f"time: {cause}"


def _in_words(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
