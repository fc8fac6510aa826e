"""The reports' own database: a file and a thread of its own, so that the event loop never waits for it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from bot.domain.log import LogRecord
from bot.errors import StoreUnavailable
from bot.reports.business import Calendars
from bot.reports.storage import Progress, Storage

T = TypeVar("T")


class ReportDatabase:
    """What ``bot.reports`` keeps of the event log. It can be thrown away and rebuilt at any time.

    One process, one file: several processes each keep their own.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reports")

    @classmethod
    async def open(cls, path: str | Path) -> ReportDatabase:
        """Open or make the database; ``:memory:`` keeps none. ``rebuilt_because`` tells if it had to start over.

        Raises StoreUnavailable if the file cannot be opened, StoreError if it belongs to something else.
        """
        database = cls(Storage(path))
        try:
            await database._call(database._storage.open)
        except BaseException:
            await database.close()
            raise
        return database

    @property
    def rebuilt_because(self) -> str:
        """Return why the database last started over, empty if it did not."""
        return self._storage.rebuilt_because

    async def progress(self) -> Progress:
        """Return how far the log has been read."""
        return await self._call(self._storage.progress)

    async def apply(self, records: Sequence[LogRecord]) -> int:
        """Store what these records change, with the cursor, at once; return the new cursor."""
        return await self._call(lambda: self._storage.apply(records))

    async def read(self, query: Callable[[sqlite3.Connection, Calendars], T]) -> T:
        """Run a query that sees one moment of the database, with the calendars kept in it."""
        return await self._call(lambda: self._storage.read(query))

    async def start_over(self, because: str) -> None:
        """Empty the database, so that the log is read from its beginning."""
        await self._call(lambda: self._storage.start_over(because))

    async def close(self) -> None:
        """Finish what was begun; give back file and thread. May be called twice."""
        try:
            closing = self._thread.submit(self._storage.close)
        except RuntimeError:  # closed before
            return
        self._thread.shutdown(wait=False)
        await asyncio.shield(asyncio.wrap_future(closing))
        self._thread.shutdown()  # nothing is left to do: the thread ends at once

    async def _call(self, work: Callable[[], T]) -> T:
        try:
            working = asyncio.get_running_loop().run_in_executor(self._thread, work)
        except RuntimeError as error:
            raise StoreUnavailable(f"the report database {self._storage.path} is closed") from error
        return await working
