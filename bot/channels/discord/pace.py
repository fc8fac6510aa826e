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
        self._next = 0.0

    @property
    def crowded(self) -> bool:
        """Tell whether requests have to wait for others."""
        return self._next - asyncio.get_running_loop().time() > _CROWD * APART

    async def turn(self) -> None:
        """Return when the next request may start."""
        now = asyncio.get_running_loop().time()
        start = max(self._next, now)
        self._next = start + APART
        if start > now:
            await asyncio.sleep(start - now)
