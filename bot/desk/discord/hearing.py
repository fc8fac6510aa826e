"""What was heard waits here to be worked on: presses apart from texts, and nobody behind another's thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from bot.desk.discord.lanes import Lanes
from bot.desk.discord.line import Refused, Unreached

log = structlog.get_logger(__name__)

#: What waits to be worked on, of each sort. When it is full, texts are read back later.
MOST_WAITING = 1000
#: What is worked on side by side, of each sort.
MOST_AT_WORK = 64

Work = Callable[[], Awaitable[None]]


class Sort:
    """One sort of what is heard: all of it is begun at once, and what waits for its lane takes nobody's room."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._heard: asyncio.Queue[Work] = asyncio.Queue(MOST_WAITING)
        self._begun = asyncio.Semaphore(MOST_WAITING)
        self._at_work = asyncio.Semaphore(MOST_AT_WORK)

    def put(self, work: Work) -> None:
        """Take something to be done. Raises asyncio.QueueFull."""
        self._heard.put_nowait(work)

    async def run(self) -> None:
        """Do what is heard until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                work = await self._heard.get()
                await self._begun.acquire()
                group.create_task(self._do(work))

    async def _do(self, work: Work) -> None:
        """Do one thing; whatever goes wrong with it harms nothing else."""
        try:
            await work()
        except (Refused, Unreached) as error:
            log.warning("discord_desk_unreached", error=str(error))
        except Exception as error:  # noqa: BLE001 - one act that nobody foresaw must not end the desk
            log.warning("discord_desk_failed", error=type(error).__name__)
        finally:
            self._begun.release()
            self._heard.task_done()

    @asynccontextmanager
    async def turn(self, place: str) -> AsyncIterator[None]:
        """Wait for one's turn in a place, then for room: whoever waits for their turn keeps no room."""
        async with self._lanes.lane(place), self._at_work:
            yield

    async def settle(self) -> None:
        """Return when all that was heard so far has been done."""
        await self._heard.join()
