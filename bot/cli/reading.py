"""The figures at the command line: the log is read first, which is shown where it takes long."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.cli.words import progress
from bot.domain.log import LogKind, LogRecord, Scalar
from bot.domain.messages import ConversationId
from bot.engine.time import SystemTime
from bot.ports import EventLog
from bot.reports.service import ReportService
from bot.settings import Settings
from bot.stores.sqlite import SqliteStore
from bot.wiring import open_reports


class WatchedLog:
    """An event log that tells how far somebody has read on in it."""

    def __init__(self, log: EventLog, tell: Callable[[int], None]) -> None:
        self._log = log
        self._tell = tell

    async def changes(self, after: int, limit: int) -> list[LogRecord]:
        """Return records behind a cursor."""
        self._tell(after)
        return await self._log.changes(after, limit)

    async def last(self) -> int:
        """Return the cursor of the newest record."""
        return await self._log.last()

    async def append(self, kind: LogKind, *, at: datetime, fields: Mapping[str, Scalar]) -> None:
        """Log something that concerns no conversation."""
        await self._log.append(kind, at=at, fields=fields)

    async def wait(self, after: int, until: datetime | None) -> None:
        """Return once there is a record behind ``after``, or at ``until``."""
        await self._log.wait(after, until)

    async def of(self, conversation: ConversationId) -> list[LogRecord]:
        """Return the whole life of one conversation."""
        return await self._log.of(conversation)


async def read_log(store: SqliteStore, settings: Settings, time: SystemTime) -> ReportService:
    """Return the figures, read up to the log's newest record. Whoever calls closes them."""
    with progress("Reading the log", await store.last()) as (bar, task):
        watched = WatchedLog(store, lambda cursor: bar.update(task, completed=cursor))
        reports = await open_reports(watched, settings, time)
        try:
            await reports.feed()
        except BaseException:
            await reports.close()
            raise
    return reports
