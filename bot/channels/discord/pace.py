"""Keeps all requests to Discord together below what it takes from one bot: 50 a second, whatever they are for."""

from __future__ import annotations

import asyncio
import heapq
from enum import IntEnum
from itertools import count

#: The least time between two requests, in seconds: 40 a second, so that some may be late without one too many.
APART = 0.025
#: Requests that wait for their turn, from which on nothing is asked that can be left out.
_CROWD = 4


class Rank(IntEnum):
    """Who goes first where several wait."""

    URGENT = 0  # somebody looks at a button that they have pressed: Discord waits three seconds for an answer
    CUSTOMERS = 1
    DESK = 2  # what staff are shown


class Pace:
    """Gives each request its turn: by rank, and within one rank in the order in which they came.

    The library looks after the limits of single routes, of which Discord's answers tell it; of this one it learns
    only by exceeding it, and each excess counts towards a ban.
    """

    def __init__(self) -> None:
        self._taken = False
        self._queue: list[tuple[Rank, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._waiting = 0
        self._started = 0.0

    @property
    def crowded(self) -> bool:
        """Tell whether requests have to wait for others."""
        return self._waiting > _CROWD

    async def turn(self, rank: Rank = Rank.CUSTOMERS) -> None:
        """Return when the next request may start: counted from when the last one did, however late that was.

        Times given out beforehand would let all start at once that a busy machine has held up.
        """
        loop = asyncio.get_running_loop()
        self._waiting += 1
        try:
            await self._be_next(rank)
            try:
                await asyncio.sleep(self._started + APART - loop.time())
                self._started = loop.time()
            finally:
                self._call_next()
        finally:
            self._waiting -= 1

    async def _be_next(self, rank: Rank) -> None:
        if not self._taken:
            self._taken = True
            return
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (rank, next(self._numbers), called))
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():  # called, and gone before it heard
                self._call_next()
            raise

    def _call_next(self) -> None:
        """Call whoever comes first of those who still wait; with nobody there the place is free."""
        while self._queue:
            called = heapq.heappop(self._queue)[2]
            if not called.done():
                called.set_result(None)
                return
        self._taken = False
