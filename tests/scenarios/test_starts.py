"""Each start stands in the log, holds nothing up, and lets figures tell apart what had to wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from bot.domain.log import LogKind, LogRecord, Scalar
from bot.errors import StoreUnavailable
from bot.figures import Question
from bot.reports.read_database import ReportDatabase
from bot.reports.service import ReportService
from bot.wiring import join
from tests.scenarios.world import T0, World, sample, world

SECOND = timedelta(seconds=1)
TARGET = timedelta(minutes=15)
NIGHT = timedelta(hours=9)
COMPLAINT = "complaint it broke"


@asynccontextmanager
async def running(w: World) -> AsyncIterator[None]:
    """Let a new process drive the store, as ``heed run`` does."""
    heed = join(sample(), store=w.store, assessor=w.model, channels=[w.platform], time=w.time)
    engine = asyncio.create_task(heed.engine.run())
    try:
        yield
    finally:
        engine.cancel()
        await asyncio.gather(engine, return_exceptions=True)


async def logged(w: World, kind: str, count: int = 1) -> list[LogRecord]:
    """Return the records of a kind once there are so many; seconds pass meanwhile."""
    async with asyncio.timeout(20):
        while len(found := [r for r in await w.store.changes(0, 10_000) if r.kind == kind]) < count:
            w.time.move(SECOND)
        return found


async def test_each_start_is_logged_once_at_its_instant() -> None:
    async with world() as w:
        async with running(w):
            [first] = await logged(w, "started")
        w.time.move(NIGHT)
        again = w.time.now()
        async with running(w):
            starts = await logged(w, "started", 2)
        assert [record.at for record in starts] == [T0, again]
        assert (first.conversation, dict(first.fields)) == ("", {})


async def test_a_locked_store_delays_the_record_and_not_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    async with world() as w:
        append, locked = w.store.append, True
        tries = 0

        async def locked_at_first(kind: LogKind, *, at: datetime, fields: Mapping[str, Scalar]) -> None:
            nonlocal tries
            tries += 1
            if locked:
                raise StoreUnavailable("locked")
            await append(kind, at=at, fields=fields)

        monkeypatch.setattr(w.store, "append", locked_at_first)
        conversation = await w.writes(COMPLAINT)
        w.time.move(TARGET + SECOND)
        started = w.time.now()
        async with running(w):
            [breach] = await logged(w, "breach")
            assert (breach.conversation, tries > 0) == (conversation, True)
            locked = False
            [start] = await logged(w, "started")
        assert start.at == started
        assert start.seq > breach.seq


async def test_what_fell_due_while_heed_was_down_is_late_and_told_apart() -> None:
    async with world() as w:
        reports = ReportService(w.store, await ReportDatabase.open(":memory:"), time=w.time)
        try:
            async with running(w):
                await w.writes(COMPLAINT, who="evening")
                await logged(w, "breach")
                evening = len(await logged(w, "warn")) + 1
                await w.writes(COMPLAINT, who="night")
            w.time.move(NIGHT)
            async with running(w):
                await logged(w, "breach", 2)
            now = w.time.now()
            late = (await reports.summary(Question(since=T0, until=now + SECOND))).lateness
        finally:
            await reports.close()
        assert late.noticed - late.after_downtime == evening
        assert late.after_downtime >= 1
        assert late.after_downtime_worst == late.worst
        assert late.worst is not None
        assert late.running_worst is not None
        assert late.worst >= (NIGHT - TARGET).total_seconds()
        assert late.running_worst < 300  # seconds pass here as fast as this test asks
