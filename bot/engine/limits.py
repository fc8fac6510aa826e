"""Bounds: how fast one customer may write, and how fast Heed may send."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from datetime import datetime, timedelta

from bot.ports import Capabilities, TimeSource
from bot.records import Sending

#: Customers remembered at a time; the ones silent for longest are forgotten first.
MOST_CUSTOMERS = 50_000

#: Over how many pauses those are spread who wait for one place: the next looks again soon, whoever went.
SPREAD = 8

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
    """Keeps sends inside what one platform allows: a pause at each place, and one between any two.

    Nothing is reserved: who may not start now comes again, and finds the place free or not.
    """

    def __init__(self, capabilities: Capabilities, time: TimeSource) -> None:
        self._may = capabilities
        self._time = time
        self._free_at: dict[str, datetime] = {}
        self._turned_away: dict[str, int] = {}
        self._account_free_at: datetime | None = None

    def admit(self, sending: Sending) -> datetime | None:
        """Take the turn at this text's place and return None; where it is not free, return when to come again."""
        now, place = self._time.now(), sending.address.place
        pause = self._may.per_place if sending.private else self._may.per_room
        free = self._free_at.get(place, now)
        if free > now:
            return free + pause * self._count(place)
        self._turned_away.pop(place, None)
        if pause:
            self._forget_past(now)
            self._free_at[place] = now + pause * self._parts(sending)
        return None

    def rest(self, sending: Sending, until: datetime) -> None:
        """Let nothing start at a place before ``until``: the platform has asked for it."""
        place = sending.address.place
        self._free_at[place] = max(self._free_at.get(place, until), until)

    async def wait(self, sending: Sending) -> None:
        """Wait for the account's turn: moments, since no more are under way than the platform takes at once."""
        if not self._may.per_account:
            return
        now = self._time.now()
        start = max(self._account_free_at or now, now)
        self._account_free_at = start + self._may.per_account * self._parts(sending)
        if start > now:
            await self._time.wait(asyncio.Event(), start)

    def _parts(self, sending: Sending) -> int:
        """Return as how many messages a text counts: its parts, and each file that goes along."""
        longest = self._may.longest_part
        texts = -(-len(sending.send.text) // longest) if longest and sending.send.text else 1
        return texts + len(sending.send.attachments)

    def _count(self, place: str) -> int:
        """Return after how many pauses to come again, so that not all come at once who were turned away."""
        turned_away = self._turned_away.get(place, 0)
        self._turned_away[place] = turned_away + 1
        return turned_away % SPREAD

    def _forget_past(self, now: datetime) -> None:
        """Drop what no longer holds anybody up, once there is much of it."""
        if len(self._free_at) > MOST_PLACES:
            self._free_at = {place: at for place, at in self._free_at.items() if at > now}
            self._turned_away = {p: count for p, count in self._turned_away.items() if p in self._free_at}
