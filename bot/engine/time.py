"""Time as an object: the system's, and one that tests and replays move by hand."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta

#: The longest that a wait trusts in the time left: a clock that was set forward meanwhile is noticed after this.
GLANCE_SECONDS = 10.0


class SystemTime:
    """The machine's clock, which can be set, beside one that only ever goes on."""

    def now(self) -> datetime:
        """Return the present."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds since some instant. Nobody sets this clock; while the machine sleeps it stands still."""
        return time.monotonic()

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        """Return when ``event`` is set or ``until`` has come, whatever is done to the clock meanwhile.

        Set forward, it may bring ``until`` at once; set back, it prolongs no wait: the time left at the call is
        the longest that this takes.
        """
        if until is None:
            await event.wait()
            return
        ends = self.monotonic() + (until - self.now()).total_seconds()
        await asyncio.sleep(0)  # whoever waits in a circle for what is past leaves room for the others
        while (left := min(ends - self.monotonic(), (until - self.now()).total_seconds())) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, GLANCE_SECONDS)):
                    await event.wait()
                    return


class VirtualTime:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._passed = timedelta(0)
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        """Return the present."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds for which the clock was moved on so far; jumps do not count."""
        return self._passed.total_seconds()

    def move_to(self, instant: datetime) -> None:
        """Move on. Time never goes back: an earlier instant leaves it where it is."""
        self.move(instant - self._now)

    def move(self, duration: timedelta) -> None:
        """Move on by ``duration``, never back."""
        onward = max(duration, timedelta(0))
        self._passed += onward
        self.jump(onward)

    def jump(self, by: timedelta) -> None:
        """Set the clock forward, or back where ``by`` is negative, while no time passes."""
        self._now += by
        self._moved.set()
        self._moved = asyncio.Event()

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        """Return when ``event`` is set, or the clock was moved to ``until`` or by as much as was left to it."""
        ends = None if until is None else self._passed + (until - self._now)
        while not event.is_set() and not self._over(until, ends):
            moved = asyncio.ensure_future(self._moved.wait())
            signalled = asyncio.ensure_future(event.wait())
            try:
                await asyncio.wait({moved, signalled}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                moved.cancel()
                signalled.cancel()

    def _over(self, until: datetime | None, ends: timedelta | None) -> bool:
        return until is not None and ends is not None and (self._now >= until or self._passed >= ends)
