"""The ``Reports`` port: figures of a period up to the newest event, and the feeder that keeps them near."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from bot.errors import Overloaded, StoreError
from bot.figures import Dimension, Question, Summary
from bot.ports import EventLog, TimeSource
from bot.reports.asked import Asked, asked
from bot.reports.feed import Feeder
from bot.reports.figures import summarise
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
        self,
        question: Question | None = None,
        /,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        channel: str | None = None,
        label: str | None = None,
    ) -> Summary:
        """Return what a question asks for, up to the newest event; its period alone may be given instead.

        What is open now (``running``, ``waiting_now``) does not depend on the period. Raises StoreUnavailable if
        log or database cannot be used now, ValueError for instants without a zone and an hour that is none.
        """
        if question is None:
            question = _question(since, until, channel=channel, label=label)
        wanted = asked(question, micros(self._time.now()))
        await self.feed()
        try:
            return await self._read(question, wanted)
        except DamagedReports as damage:
            await self._feeder.rebuild(str(damage))
            self._tell()
            return await self._read(question, wanted)

    async def _read(self, question: Question, wanted: Asked) -> Summary:
        return await self._database.read(
            lambda connection, calendars: summarise(connection, calendars, wanted, question)
        )

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


def _question(
    since: datetime | None, until: datetime | None, *, channel: str | None, label: str | None
) -> Question:
    if since is None or until is None:
        raise ValueError("a summary needs a question, or since and until")
    where = {Dimension.CHANNEL: channel, Dimension.LABEL: label}
    return Question(since=since, until=until, where={name: value for name, value in where.items() if value})
