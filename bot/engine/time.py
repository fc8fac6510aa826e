"""Time as an object: the system's, and one that tests and replays move by hand."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta


class SystemTime:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present."""
        return datetime.now(UTC)

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        """Return when ``event`` is set or ``until`` has come."""
        if until is None:
            await event.wait()
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max((until - self.now()).total_seconds(), 0)):
                await event.wait()


class VirtualTime:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        """Return the present."""
        return self._now

    def move_to(self, instant: datetime) -> None:
        """Move on. Time never goes back: an earlier instant leaves it where it is."""
        self._now = max(self._now, instant)
        self._moved.set()
        self._moved = asyncio.Event()

    def move(self, duration: timedelta) -> None:
        """Move on by ``duration``."""
        self.move_to(self._now + duration)

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        """Return when ``event`` is set or the clock was moved to ``until``."""
        while not event.is_set() and (until is None or self._now < until):
            moved = asyncio.ensure_future(self._moved.wait())
            signalled = asyncio.ensure_future(event.wait())
            try:
                await asyncio.wait({moved, signalled}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                moved.cancel()
                signalled.cancel()
