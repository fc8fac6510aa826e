"""Reading on in the event log: in batches, from the stored cursor, as often as anybody likes."""

from __future__ import annotations

import asyncio

from bot.ports import EventLog
from bot.reports.read_database import ReportDatabase
from bot.reports.storage import DamagedReports, Progress, mark_of

#: Records in one transaction: enough to make its cost small, few enough to let others in between.
BATCH = 1000


class Feeder:
    """Brings the read database up to the newest record of the log. One at a time, however many ask."""

    def __init__(self, log: EventLog, database: ReportDatabase) -> None:
        self._log = log
        self._database = database
        self._turn = asyncio.Lock()
        self._recognised = False
        self.cursor = 0

    async def catch_up(self) -> None:
        """Read on to what is the newest record now. A damaged database is rebuilt from the beginning.

        Raises StoreUnavailable if log or database cannot be used now; repeating is safe.
        """
        async with self._turn:
            try:
                await self._read_on()
            except DamagedReports as damage:
                await self._database.start_over(str(damage))
                await self._read_on()

    async def rebuild(self, because: str) -> None:
        """Forget everything and read the log from its beginning."""
        async with self._turn:
            await self._database.start_over(because)
            await self._read_on()

    async def _read_on(self) -> None:
        newest = await self._log.last()
        self.cursor = await self._start(newest)
        while self.cursor < newest:
            records = await self._log.changes(self.cursor, BATCH)
            if not records:
                break
            self.cursor = await self._database.apply(records)
            self._recognised = True

    async def _start(self, newest: int) -> int:
        """Return the cursor to read on from: 0 if the database was fed from another log, a restored one say."""
        progress = await self._database.progress()
        if progress.cursor > newest or not await self._same_log(progress):
            await self._database.start_over("the event log is not the one that these figures were read from")
            return 0
        return progress.cursor

    async def _same_log(self, progress: Progress) -> bool:
        if self._recognised or progress.cursor == 0:
            return True
        records = await self._log.changes(progress.cursor - 1, 1)
        last = records[0] if records else None
        self._recognised = last is None or last.seq != progress.cursor or mark_of(last) == progress.mark
        return self._recognised
