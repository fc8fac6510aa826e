"""The ``Reports`` port: figures of a period up to the newest event, and the feeder that keeps them near."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from bot.errors import Overloaded, StoreError
from bot.figures import Summary
from bot.ports import EventLog, TimeSource
from bot.reports.feed import Feeder
from bot.reports.figures import Period, summarise
from bot.reports.instants import micros
from bot.reports.read_database import ReportDatabase
from bot.reports.storage import DamagedReports

#: The background reads on at most this often; a summary always reads on first.
FEED_EVERY = timedelta(seconds=1)

#: With nothing new, the background looks again after this long, in case a notice was lost.
LOOK_AGAIN = timedelta(minutes=1)

_logger = structlog.get_logger(__name__)


class ReportService:
    """Figures from the event log. Close it after ``run`` has been cancelled."""

    def __init__(self, log: EventLog, database: ReportDatabase, *, time: TimeSource) -> None:
        self._log = log
        self._database = database
        self._time = time
        self._feeder = Feeder(log, database)
        self._told = ""

    async def summary(
        self, *, since: datetime, until: datetime, channel: str | None = None, label: str | None = None
    ) -> Summary:
        """Return the figures of a period, up to the newest event.

        What is open now (``running``, ``waiting_now``) does not depend on the period. ``since`` belongs to
        it, ``until`` does not. Raises StoreUnavailable if log or database cannot be used now.
        """
        await self.feed()
        now = micros(self._time.now())
        period = Period(since=micros(since), until=micros(until), now=now, channel=channel, label=label)
        try:
            return await self._database.read(lambda connection: summarise(connection, period))
        except DamagedReports as damage:
            await self._feeder.rebuild(str(damage))
            self._tell()
            return await self._database.read(lambda connection: summarise(connection, period))

    async def feed(self) -> None:
        """Read the log up to its newest record."""
        await self._feeder.catch_up()
        self._tell()

    async def rebuild(self) -> None:
        """Throw the figures away and compute them again from the log's first record."""
        await self._feeder.rebuild("somebody asked for it")
        self._tell()

    async def run(self) -> None:
        """Keep the figures near the log, at most once a second, until cancelled.

        What fails is logged and tried again: reports never stop the engine.
        """
        never = asyncio.Event()
        while True:
            try:
                await self._log.wait(self._feeder.cursor, self._time.now() + LOOK_AGAIN)
                await self.feed()
            except (StoreError, Overloaded) as error:
                _logger.warning("reports_not_fed", error=str(error))
            except Exception:
                _logger.exception("reports_defect")
            await self._time.wait(never, self._time.now() + FEED_EVERY)

    async def close(self) -> None:
        """Give back the read database."""
        await self._database.close()

    def _tell(self) -> None:
        because = self._database.rebuilt_because
        if because != self._told:
            self._told = because
            _logger.warning("reports_rebuilt", because=because)
