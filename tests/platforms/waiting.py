"""Waiting for what happens in another process: looked for again and again, never longer than bounded."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable

#: In seconds: far more than anything takes here, also where the processors have much else to do.
LONGEST = 60.0


async def until(true: Callable[[], object | Awaitable[object]], what: str, *, seconds: float = LONGEST) -> None:
    """Return once something is so; ``what`` says what was missing otherwise."""
    try:
        async with asyncio.timeout(seconds):
            while not await _value(true):
                await asyncio.sleep(0.02)  # another process: there is nothing to wait on
    except TimeoutError:
        raise AssertionError(f"within {seconds:.0f} s it did not come about that {what}") from None


async def _value(true: Callable[[], object | Awaitable[object]]) -> object:
    found = true()
    return await found if inspect.isawaitable(found) else found
