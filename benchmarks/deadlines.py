"""How late warnings and breaches are: many clocks running, idle and overloaded, across a restart, all at once."""

from __future__ import annotations

import asyncio
import platform
import shutil
import sqlite3
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from benchmarks.messages import texts
from benchmarks.program import Running, running
from benchmarks.standing import TARGET, standing
from benchmarks.watching import Fired, watching
from bot.engine.time import SystemTime
from bot.engine.timekeeper import BATCH
from bot.wiring import Heed

#: Clocks that run while others fall due.
RUNNING = (1_000, 100_000)

#: Deadlines that fall due while it is measured, and over how many seconds they are spread.
DUE = 600
WINDOW = 30.0

#: Deadlines that fall due within a hundredth of a second, or while Heed is down.
AT_ONCE = 10_000

#: Seconds from the preparation to the first deadline: Heed has started by then.
HEAD_START = 25.0

#: What an overloaded Heed is sent: so many messages in each of so many requests a second.
FLOOD_LIST = 100
FLOOD_SENDERS = 8
FLOOD_PAUSE = 0.5

NAME = "heed.sqlite"


@dataclass(frozen=True)
class Rates:
    """Deadlines set, cancelled and fired in a second, and of how many conversations."""

    conversations: int
    put: float
    cancelled: float
    fired: float


@dataclass(frozen=True)
class Late:
    """What was noticed in one situation. ``queued``: messages that waited for the model before and after."""

    situation: str
    running: int
    expected: int
    fired: list[Fired]
    queued: tuple[int, int] | None = None
    started: float | None = None
    ready: float | None = None


async def measure(folder: Path, *, sizes: Sequence[int] = RUNNING) -> AsyncIterator[str]:
    """Measure one after the other and say what was found, in words."""
    yield _versions()
    yield _rates_in_words(await _rates(folder / "rates"))
    for size in sizes:
        base = await _base(folder / f"base-{size}", size)
        for overloaded in (False, True):
            yield _in_words(
                await _steady(base, folder / f"steady-{size}-{overloaded}", size, overloaded=overloaded)
            )
        yield _in_words(await _restart(base, folder / f"restart-{size}", size))
    yield _in_words(await _at_once(base, folder / "at-once", size))


# --- rates -------------------------------------------------------------------------------------------------


async def _rates(folder: Path, count: int = 10_000) -> Rates:
    """Set, cancel and fire deadlines through the real road, each batch one durable commit."""
    folder.mkdir()  # noqa: ASYNC240  # nothing else runs in this loop
    async with standing(folder / NAME, durability="full") as made:
        now = made.time.now()
        due = [now - timedelta(milliseconds=count - n) for n in range(count)]
        before = await _stored(made.heed)
        started = time.perf_counter()
        conversations = await made.escalate(due, name="due")
        put = (await _stored(made.heed) - before) / (time.perf_counter() - started)
        started = time.perf_counter()
        await made.heed.timekeeper.drain()
        fired = count / (time.perf_counter() - started)
        started = time.perf_counter()
        await made.reply(conversations, batch=BATCH)
        cancelled = count / (time.perf_counter() - started)
    return Rates(count, put, cancelled, fired)


async def _stored(heed: Heed) -> int:
    return (await heed.store.facts()).deadlines


def _rates_in_words(found: Rates) -> str:
    return (
        f"{found.conversations} conversations, with all that belongs to it (state, log, synced commits): "
        f"{found.put:.0f} deadlines set a second (by messages that escalate), {found.cancelled:.0f} cancelled "
        f"(by an agent's reply), {found.fired:.0f} fired"
    )


# --- a Heed that runs --------------------------------------------------------------------------------------


async def _base(folder: Path, count: int) -> Path:
    """Make a store of ``count`` conversations, all due tomorrow, whose log has been read by the reports."""
    folder.mkdir()  # noqa: ASYNC240  # nothing else runs in this loop
    async with standing(folder / NAME) as made:
        tomorrow = made.time.now() + timedelta(hours=7)
        await made.escalate([tomorrow + timedelta(milliseconds=n) for n in range(count)], name="standing")
    async with running(folder, target=TARGET) as heed:
        await _until_quiet(heed)
    return folder


async def _until_quiet(heed: Running) -> None:
    """Return once Heed has nothing to do: after the start it reads the log for its figures."""
    quiet = 0
    while quiet < 4:
        before = heed.cpu_seconds()
        await asyncio.sleep(0.5)
        quiet = quiet + 1 if heed.cpu_seconds() - before < 0.05 else 0


async def _prepared(base: Path, folder: Path, due: Sequence[datetime]) -> Path:
    """Copy a store and add conversations that fall due at these instants."""
    shutil.copytree(base, folder)
    async with standing(folder / NAME) as made:
        await made.escalate(due, name="due")
    return folder / NAME


def _spread(count: int, *, over: float, after: float) -> list[datetime]:
    start = SystemTime().now() + timedelta(seconds=after)
    return [start + timedelta(seconds=over * n / count) for n in range(count)]


async def _steady(base: Path, folder: Path, size: int, *, overloaded: bool) -> Late:
    """Let deadlines fall due one after the other."""
    due = _spread(DUE, over=WINDOW, after=HEAD_START)
    store = await _prepared(base, folder, due)
    queued = None
    async with running(folder, target=TARGET) as heed:
        with watching(store) as watch:
            if overloaded:
                queued = await _under_flood(heed, due)
            await _until(due[-1] + timedelta(seconds=3))
    situation = "overloaded" if overloaded else "idle"
    return Late(situation, size, len(due), watch.between(due[0], due[-1]), queued)


async def _under_flood(heed: Running, due: Sequence[datetime]) -> tuple[int, int]:
    """Send more messages than can be read while these fall due; return how many waited at first and at last."""
    await _until(due[0] - timedelta(seconds=5))
    async with asyncio.TaskGroup() as group:
        senders = [group.create_task(_send_on(heed, f"s{number}")) for number in range(FLOOD_SENDERS)]
        await _until(due[0])
        before = heed.queued()
        await _until(due[-1] + timedelta(seconds=1))
        after = heed.queued()
        for sender in senders:
            sender.cancel()
    return before, after


async def _send_on(heed: Running, name: str) -> None:
    said = texts(FLOOD_LIST, transcript=None)
    count = 0
    while True:
        body = [
            {
                "id": f"{name}-{count}-{n}",
                "conversation": f"{name}-{count}-{n}",
                "customer": {"id": name},
                "text": text,
            }
            for n, text in enumerate(said)
        ]
        async with heed.session.post("/api/v1/messages", json=body) as response:
            await response.read()
        count += 1
        await asyncio.sleep(FLOOD_PAUSE)


async def _restart(base: Path, folder: Path, size: int) -> Late:
    """Kill Heed, let deadlines fall due while it is down, and start it again."""
    due = _spread(DUE, over=2.0, after=HEAD_START)
    store = await _prepared(base, folder, due)
    with suppress(ProcessLookupError):  # it is gone before the block that ends it
        async with running(folder, target=TARGET) as heed:
            heed.process.kill()
    await _until(due[-1] + timedelta(seconds=1))
    with watching(store) as watch:
        started = time.time()
        async with running(folder, target=TARGET):
            ready = time.time()
            await _until_fired(watch.fired, len(due))
    return Late("restart", size, len(due), watch.between(due[0], due[-1]), started=started, ready=ready)


async def _at_once(base: Path, folder: Path, size: int) -> Late:
    """Let thousands fall due within a hundredth of a second."""
    due = _spread(AT_ONCE, over=0.01, after=HEAD_START + AT_ONCE / 1000)
    store = await _prepared(base, folder, due)
    async with running(folder, target=TARGET):
        with watching(store) as watch:
            await _until_fired(watch.fired, len(due))
    return Late("at once", size, len(due), watch.between(due[0], due[-1]))


async def _until(instant: datetime) -> None:
    await asyncio.sleep(max((instant - SystemTime().now()).total_seconds(), 0))


async def _until_fired(fired: Sequence[Fired], count: int) -> None:
    """Wait for as many; a minute at most, so that what is missing shows in the figures."""
    with suppress(TimeoutError):
        async with asyncio.timeout(60 + HEAD_START + AT_ONCE / 1000):
            while len(fired) < count:  # noqa: ASYNC110  # another process: there is nothing to wait on
                await asyncio.sleep(0.05)


# --- in words ----------------------------------------------------------------------------------------------


def _in_words(found: Late) -> str:
    head = f"{found.running} clocks running, {found.situation}: {len(found.fired)} of {found.expected} fell due"
    if not found.fired:
        return head
    parts = [head + _lateness(found)]
    if found.queued is not None:
        parts.append(
            f"  meanwhile {found.queued[0]} messages waited for the model at first, {found.queued[1]} at last"
        )
    if found.started is not None and found.ready is not None:
        parts.append(_after_start(found, found.started, found.ready))
    if found.situation == "at once":
        parts.append(_drain(found.fired))
    return "\n".join(parts)


def _lateness(found: Late) -> str:
    if found.situation == "restart":
        return " while Heed was down"
    late = sorted(1000 * each.late for each in found.fired)
    cuts = statistics.quantiles(late, n=100)
    logged = max(1000 * (each.logged - each.due) for each in found.fired)
    return (
        f", committed and seen from outside {cuts[49]:.0f} ms late (p50), {cuts[98]:.0f} ms (p99), "
        f"{late[-1]:.0f} ms (worst); by Heed's own log {logged:.0f} ms at worst"
    )


def _after_start(found: Late, started: float, ready: float) -> str:
    seen = sorted(each.seen for each in found.fired)
    return (
        f"  committed {seen[0] - started:.1f} s to {seen[-1] - started:.1f} s after the program was "
        f"called again; it answered after {ready - started:.1f} s"
    )


def _drain(fired: Sequence[Fired]) -> str:
    took = fired[-1].seen - fired[0].due
    behind = sum(1 for one, other in pairwise(fired) if other.due < one.due)
    return f"  the last after {took:.1f} s, {len(fired) / took:.0f} a second; {behind} before an older one"


def _versions() -> str:
    return f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.machine()}"
