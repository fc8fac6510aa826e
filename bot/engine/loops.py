"""How every loop of the engine runs: work while there is any, then wait; survive what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from bot.errors import StoreUnavailable
from bot.ports import TimeSource

log = structlog.get_logger(__name__)

FIRST_PAUSE = timedelta(milliseconds=100)
LONGEST_PAUSE = timedelta(seconds=5)


async def keep_going(
    name: str,
    step: Callable[[], Awaitable[int]],
    *,
    wake: asyncio.Event,
    time: TimeSource,
    until: Callable[[], Awaitable[datetime | None]],
) -> None:
    """Run ``step`` until it finds nothing, then wait for ``wake`` or the instant ``until`` names. For ever.

    A failing step is logged and tried again after a pause that doubles up to 5 s: what it was about stays in
    the store.
    """
    pause = FIRST_PAUSE
    while True:
        try:
            wake.clear()
            if await step():
                await asyncio.sleep(0)
            else:
                await time.wait(wake, await until())
            pause = FIRST_PAUSE
        except StoreUnavailable as error:
            log.warning("store_unavailable", loop=name, why=str(error))
            await time.wait(asyncio.Event(), time.now() + pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        except Exception:  # a loop of the engine never ends by an error
            log.exception("loop_failed", loop=name)
            await time.wait(asyncio.Event(), time.now() + pause)
            pause = min(pause * 2, LONGEST_PAUSE)


def every(time: TimeSource, period: timedelta) -> Callable[[], Awaitable[datetime | None]]:
    """Return an ``until`` that looks again after ``period`` even when nothing woke the loop."""

    async def until() -> datetime | None:
        return time.now() + period

    return until
