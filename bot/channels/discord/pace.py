"""Keeps all requests to Discord together below what it takes from one bot: 50 a second, whatever they are for."""

from __future__ import annotations

import asyncio

#: The least time between two requests, in seconds: 40 a second, so that some may be late without one too many.
APART = 0.025
#: Requests that wait for their turn, from which on nothing is asked that can be left out.
_CROWD = 4


class Pace:
    """Gives each request its turn, in the order in which they came.

    The library looks after the limits of single routes, of which Discord's answers tell it; of this one it learns
    only by exceeding it, and each excess counts towards a ban.
    """

    def __init__(self) -> None:
        self._turns = asyncio.Lock()
        self._waiting = 0
        self._started = 0.0

    @property
    def crowded(self) -> bool:
        """Tell whether requests have to wait for others."""
        return self._waiting > _CROWD

    async def turn(self) -> None:
        """Return when the next request may start: counted from when the last one did, however late that was.

        Times given out beforehand would let all start at once that a busy machine has held up.
        """
        loop = asyncio.get_running_loop()
        self._waiting += 1
        try:
            async with self._turns:
                await asyncio.sleep(self._started + APART - loop.time())
                self._started = loop.time()
        finally:
            self._waiting -= 1
