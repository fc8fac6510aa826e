"""A clock that is set, a machine that sleeps, a process that stands still: survived, and told to operations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from bot.domain.log import LogKind, LogRecord, Scalar
from bot.engine import time as engine_time
from bot.engine.board import NoticeBoard
from bot.engine.time import SystemTime, VirtualTime
from bot.engine.time_watch import TOLD_FOR, TimeWatch
from bot.errors import StoreUnavailable
from tests.scenarios.world import T0, World, world

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
TARGET = timedelta(minutes=15)
COMPLAINT = "complaint it broke"


@dataclass
class Events:
    """An event log that remembers, and can be locked."""

    logged: list[tuple[LogKind, datetime, Mapping[str, Scalar]]] = field(default_factory=list)
    locked: bool = False

    async def append(self, kind: LogKind, *, at: datetime, fields: Mapping[str, Scalar]) -> None:
        if self.locked:
            raise StoreUnavailable("locked")
        self.logged.append((kind, at, fields))


class Watched:
    """A time watch on virtual time, looking once a second."""

    def __init__(self) -> None:
        self.time = VirtualTime(T0)
        self.events = Events()
        self.board = NoticeBoard()
        self.watch = TimeWatch(time=self.time, events=self.events, board=self.board, period=SECOND)  # type: ignore[arg-type]

    async def seconds(self, count: int = 1) -> int:
        found = 0
        for _ in range(count):
            self.time.move(SECOND)
            found += await self.watch.look()
        return found

    def causes(self) -> list[tuple[Scalar, Scalar]]:
        return [(fields["cause"], fields["by"]) for _, _, fields in self.events.logged]


@pytest.fixture
async def watched() -> Watched:
    made = Watched()
    await made.watch.look()
    return made


async def test_time_that_goes_on_evenly_is_not_worth_a_word(watched: Watched) -> None:
    assert await watched.seconds(100) == 0
    assert (watched.events.logged, watched.board.sentences()) == ([], [])


@pytest.mark.parametrize("by", [1.5, -1.5])
async def test_what_a_time_server_corrects_is_not_worth_a_word(watched: Watched, by: float) -> None:
    watched.time.jump(timedelta(seconds=by))
    assert await watched.seconds() == 0


@pytest.mark.parametrize(
    ("by", "words"),
    [
        (2 * HOUR + 5 * 60 * SECOND, "The clock jumped forward by 2 h 5 min at 2026-03-02 11:05:01 UTC"),
        (-40 * SECOND, "The clock was set back by 40 s at 2026-03-02 08:59:21 UTC"),
        (-30 * HOUR, "The clock was set back by 30 h 0 min at 2026-03-01 03:00:01 UTC"),
    ],
)
async def test_a_clock_that_was_set_is_told_and_logged(watched: Watched, by: timedelta, words: str) -> None:
    watched.time.jump(by)
    assert await watched.seconds(3) == 1
    [(kind, at, fields)] = watched.events.logged
    assert (kind, at, dict(fields)) == (
        LogKind.TIME_JUMPED,
        T0 + by + SECOND,
        {"by": by.total_seconds(), "cause": "clock"},
    )
    [sentence] = watched.board.sentences()
    assert sentence.startswith(words)


async def test_a_process_that_stood_still_is_told_and_logged(watched: Watched) -> None:
    watched.time.move(45 * SECOND)
    assert await watched.watch.look() == 1
    assert await watched.seconds(3) == 0
    assert watched.causes() == [("standstill", 44.0)]
    assert watched.board.sentences()[0].startswith("Heed stood still for 44 s until 2026-03-02 09:00:45 UTC")


async def test_both_at_once_are_told_apart(watched: Watched) -> None:
    watched.time.move(10 * SECOND)
    watched.time.jump(-HOUR)
    assert await watched.watch.look() == 2
    assert watched.causes() == [("standstill", 9.0), ("clock", -3600.0)]


async def test_what_the_store_cannot_log_now_is_logged_later_with_its_time(watched: Watched) -> None:
    watched.events.locked = True
    watched.time.jump(HOUR)
    assert await watched.seconds(3) == 1
    assert len(watched.board.sentences()) == 1
    watched.events.locked = False
    await watched.seconds()
    assert [(kind, at) for kind, at, _ in watched.events.logged] == [(LogKind.TIME_JUMPED, T0 + HOUR + SECOND)]


async def test_the_sentence_is_taken_down_an_hour_after_the_last_time(watched: Watched) -> None:
    watched.time.jump(HOUR)
    await watched.seconds(60)
    watched.time.jump(HOUR)
    await watched.seconds(int(TOLD_FOR.total_seconds()))
    assert len(watched.board.sentences()) == 1
    await watched.seconds(3)
    assert watched.board.sentences() == []


# --- the engine --------------------------------------------------------------------------------------------


@asynccontextmanager
async def running() -> AsyncIterator[World]:
    """Lend a Heed that drives itself on virtual time."""
    async with world() as w:
        engine = asyncio.create_task(w.heed.engine.run())
        try:
            yield w
        finally:
            engine.cancel()
            await asyncio.gather(engine, return_exceptions=True)


async def logged(w: World, kind: str) -> LogRecord:
    """Return the first such record, once there is one; seconds pass meanwhile."""
    async with asyncio.timeout(20):
        while True:
            for record in await w.store.changes(0, 10_000):
                if record.kind == kind:
                    return record
            w.time.move(SECOND)


async def looked(w: World) -> None:
    """Let the loops settle: each has looked at the clock and waits."""
    for _ in range(20):
        await w.store.depth()
        await asyncio.sleep(0)


async def test_a_clock_set_forward_fires_what_that_brings_and_operations_read_of_it() -> None:
    async with running() as w:
        await w.writes(COMPLAINT)
        await looked(w)
        w.time.jump(3 * HOUR)
        breach = await logged(w, "breach")
        assert 3 * HOUR - TARGET <= timedelta(seconds=float(breach.fields["lateness"])) < 3 * HOUR  # type: ignore[arg-type]
        jumped = await logged(w, "time_jumped")
        assert (jumped.fields["by"], jumped.fields["cause"]) == (10800.0, "clock")
        assert any("jumped forward by 3 h 0 min" in each for each in await w.heed.engine.problems())


async def test_a_clock_set_back_puts_no_loop_to_sleep() -> None:
    async with running() as w:
        await looked(w)
        w.time.jump(-24 * HOUR)
        jumped = await logged(w, "time_jumped")
        assert jumped.fields["by"] == -86400.0
        assert w.time.now() < T0 - 23 * HOUR
        conversation = await w.writes(COMPLAINT)
        breach = await logged(w, "breach")
        assert breach.conversation == conversation
        assert w.time.now() < T0 - 23 * HOUR


async def test_a_clock_set_back_while_a_deadline_runs_fires_it_once_at_its_time() -> None:
    async with world() as w:
        conversation = await w.writes(COMPLAINT)
        await w.pass_time(TARGET - SECOND)
        w.time.jump(-HOUR)
        await w.heed.timekeeper.drain()
        assert await w.log(conversation, "breach") == []
        await w.pass_time(2 * HOUR)
        [breach] = await w.log(conversation, "breach")
        assert (breach.at, breach.fields["lateness"]) == (T0 + TARGET, 0.0)


# --- the machine's clock -----------------------------------------------------------------------------------


class SetTime(SystemTime):
    """The machine's time with a clock that a test sets."""

    def __init__(self) -> None:
        self.by = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.by


async def test_a_wait_on_a_clock_that_is_set_back_lasts_no_longer_than_was_left() -> None:
    time = SetTime()
    waiting = asyncio.create_task(time.wait(asyncio.Event(), time.now() + timedelta(milliseconds=20)))
    await asyncio.sleep(0)
    time.by = -2 * HOUR
    async with asyncio.timeout(5):
        await waiting


async def test_a_wait_on_a_clock_that_is_set_forward_ends_soon_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_time, "GLANCE_SECONDS", 0.01)
    time = SetTime()
    waiting = asyncio.create_task(time.wait(asyncio.Event(), time.now() + 2 * HOUR))
    await asyncio.sleep(0)
    time.by = 3 * HOUR
    async with asyncio.timeout(5):
        await waiting


async def test_a_wait_ends_when_it_is_woken_and_not_before_its_time() -> None:
    time, event = SystemTime(), asyncio.Event()
    waiting = asyncio.create_task(time.wait(event, time.now() + 2 * HOUR))
    await asyncio.sleep(0)
    assert not waiting.done()
    event.set()
    async with asyncio.timeout(5):
        await waiting
    until = time.now() + timedelta(milliseconds=5)
    await time.wait(asyncio.Event(), until)
    assert time.now() >= until - timedelta(milliseconds=1)
