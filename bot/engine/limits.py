"""Bounds: how fast one customer may write, and how fast Heed may send."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from bot.domain.messages import ActionId
from bot.ports import Capabilities, TimeSource
from bot.records import Sending

#: Customers remembered at a time; the ones silent for longest are forgotten first.
MOST_CUSTOMERS = 50_000

#: Places remembered before those that are free again are forgotten.
MOST_PLACES = 10_000

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
    """Keeps sends inside what one platform allows: so many at once, and pauses by place and by account.

    Each text gets a slot at its place, the next free one; whoever has to wait long for it comes again then, and
    holds nothing up meanwhile.
    """

    def __init__(self, capabilities: Capabilities, time: TimeSource) -> None:
        self._may = capabilities
        self._at_once = asyncio.Semaphore(capabilities.sends_at_once)
        self._time = time
        self._slots: dict[ActionId, tuple[str, datetime]] = {}
        self._free_at: dict[str, datetime] = {}
        self._account_free_at: datetime | None = None

    def slot(self, sending: Sending) -> datetime:
        """Return when this text may start; asked again it keeps its slot, unless its place had to rest since."""
        now, place, pause = self._time.now(), sending.address.place, self._pause(sending)
        if not pause and place not in self._free_at:
            return now
        kept = self._slots.get(sending.send.id)
        if kept is not None:
            return max(kept[1], now)
        self._forget_past(now)
        start = max(self._free_at.get(place, now), now)
        self._slots[sending.send.id] = place, start
        self._free_at[place] = start + pause
        return start

    def rest(self, sending: Sending, until: datetime) -> None:
        """Let nothing start at a place before ``until``: the platform has asked for it."""
        place = sending.address.place
        self._slots = {action: slot for action, slot in self._slots.items() if slot[0] != place}
        self._free_at[place] = until

    @asynccontextmanager
    async def turn(self, sending: Sending) -> AsyncIterator[None]:
        """Wait until this text may start, and hold its place among those under way."""
        await self._until(self.slot(sending))
        self._slots.pop(sending.send.id, None)
        async with self._at_once:
            if self._may.per_account:
                await self._until(self._next_of_account())
            yield

    def _pause(self, sending: Sending) -> timedelta:
        return self._may.per_place if sending.private else self._may.per_room

    def _next_of_account(self) -> datetime:
        now = self._time.now()
        start = max(self._account_free_at or now, now)
        self._account_free_at = start + self._may.per_account
        return start

    def _forget_past(self, now: datetime) -> None:
        """Drop what no longer holds anybody up, once there is much of it."""
        if len(self._free_at) > MOST_PLACES:
            self._free_at = {place: at for place, at in self._free_at.items() if at > now}
        if len(self._slots) > MOST_PLACES:
            self._slots = {action: slot for action, slot in self._slots.items() if slot[1] > now - MINUTE}

    async def _until(self, start: datetime) -> None:
        if start > self._time.now():
            await self._time.wait(asyncio.Event(), start)
