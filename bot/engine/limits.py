"""Bounds: how fast one customer may write, and how fast Heed may send."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from bot.ports import Capabilities, TimeSource

#: Customers remembered at a time; the ones silent for longest are forgotten first.
MOST_CUSTOMERS = 50_000

MINUTE = timedelta(minutes=1)


class FloodGate:
    """Tells whether a customer writes faster than ``per_minute`` messages in any minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()

    def floods(self, customer: str, at: datetime) -> bool:
        """Count one message and tell whether it is one too many."""
        times = self._seen.setdefault(customer, deque(maxlen=self._per_minute + 1))
        self._seen.move_to_end(customer)
        times.append(at)
        while times and at - times[0] >= MINUTE:
            times.popleft()
        if len(self._seen) > MOST_CUSTOMERS:
            self._seen.popitem(last=False)
        return len(times) > self._per_minute

    def forget(self, customer: str, at: datetime) -> None:
        """Take back one count: it was a repetition, not a message."""
        times = self._seen.get(customer)
        if times and at in times:
            times.remove(at)


class SendLimits:
    """Keeps sends inside what one platform allows: so many at once, and a pause between two to one place."""

    def __init__(self, capabilities: Capabilities, time: TimeSource) -> None:
        self._at_once = asyncio.Semaphore(capabilities.sends_at_once)
        self._pause = capabilities.per_place
        self._time = time
        self._free_at: dict[str, datetime] = {}

    @asynccontextmanager
    async def turn(self, place: str) -> AsyncIterator[None]:
        """Wait until a send to ``place`` may start, and hold its slot."""
        async with self._at_once:
            if self._pause:
                await self._wait_for(place)
            yield

    async def _wait_for(self, place: str) -> None:
        now = self._time.now()
        start = max(self._free_at.get(place, now), now)
        self._free_at = {name: at for name, at in self._free_at.items() if at > now}
        self._free_at[place] = start + self._pause
        if start > now:
            await self._time.wait(asyncio.Event(), start)
