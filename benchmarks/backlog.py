"""What staff and deadlines feel while 10,000 messages wait: how soon a claim answers, how late a breach is."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from benchmarks.efficiency import LIST
from benchmarks.program import Running, running
from bot.domain.roles import Role
from bot.web.sign_in import one_time_link

#: Conversations that escalated before the flood came, for commands and deadlines to concern.
BEFORE = 60

#: Messages that wait when the first claim is given.
QUEUED = 10_000

#: Their target: it passes while the messages wait.
TARGET_SECONDS = 6.0


@dataclass(frozen=True)
class Backlog:
    """``queued``: messages that waited when the first command was given, and after the last one."""

    queued: tuple[int, int]
    commands: list[float]
    lateness: list[float]


async def measure(folder: Path, texts: Sequence[str]) -> Backlog:
    """Queue all of ``texts`` and meanwhile claim at the desk, while targets pass."""
    async with running(folder, target=f"{TARGET_SECONDS:.0f}s") as heed, signed_in(heed, folder) as desk:
        conversations = await _escalate(heed)
        await heed.until_idle()
        async with asyncio.TaskGroup() as group:
            group.create_task(_flood(heed, texts))
            await _until_queued(heed, QUEUED)
            queued = heed.queued()
            commands = [await desk.claim(each) for each in conversations[: BEFORE // 2]]
            queued_after = heed.queued()
            await asyncio.sleep(TARGET_SECONDS)
        lateness = _lateness(heed.store)
    return Backlog((queued, queued_after), commands, lateness)


async def _escalate(heed: Running) -> list[str]:
    body = [
        {"id": f"b{n}", "conversation": f"b{n}", "customer": {"id": f"b{n}"}, "text": "it broke again, terrible"}
        for n in range(BEFORE)
    ]
    async with heed.session.post("/api/v1/messages", json=body) as response:
        return [item["conversation"] for item in await response.json()]


async def _flood(heed: Running, texts: Sequence[str]) -> None:
    for start in range(0, len(texts), LIST):
        body = [
            {"id": f"f{n}", "conversation": f"f{n}", "customer": {"id": f"f{n}"}, "text": text}
            for n, text in enumerate(texts[start : start + LIST], start)
        ]
        async with heed.session.post("/api/v1/messages", json=body) as response:
            await response.read()


async def _until_queued(heed: Running, count: int) -> None:
    async with asyncio.timeout(120):
        while heed.queued() < count:  # noqa: ASYNC110  # another process: there is nothing to wait on
            await asyncio.sleep(0.02)


@dataclass(frozen=True)
class Desk:
    """Somebody signed in at the desk."""

    session: aiohttp.ClientSession
    csrf: str

    async def claim(self, conversation: str) -> float:
        """Claim a conversation and return the seconds until the answer."""
        started = time.perf_counter()
        path = f"/desk/conversations/{conversation}/commands"
        headers = {"X-CSRF-Token": self.csrf}
        async with self.session.post(path, json={"command": "claim"}, headers=headers) as response:
            assert response.status == 200, await response.text()
        return time.perf_counter() - started


@asynccontextmanager
async def signed_in(heed: Running, folder: Path) -> AsyncIterator[Desk]:
    """Sign in with a one-time link, as ``heed run`` prints one."""
    base = str(heed.base)
    link = one_time_link((folder / "secret").read_bytes(), base, "bench", Role.AGENT, now=datetime.now(UTC))
    async with aiohttp.ClientSession(base, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(link.removeprefix(base)) as response:
            assert response.status == 200, response.status
        async with session.get("/desk") as response:
            found = re.search(r'name="csrf" content="([^"]+)"', await response.text())
        assert found is not None
        yield Desk(session, found[1])


def _lateness(store: Path) -> list[float]:
    """Return how many seconds after the due time each breach was committed."""
    with closing(sqlite3.connect(store)) as db:
        rows = db.execute("SELECT recorded_at, at, fields FROM log WHERE kind = 'breach'").fetchall()
    return [json.loads(fields)["lateness"] + (recorded - at) / 1e6 for recorded, at, fields in rows]


def report(found: Backlog) -> str:
    """Return the figures in words."""
    before, after = found.queued
    return (
        f"With {before} messages queued ({after} after the last): a claim answers in "
        f"{1000 * max(found.commands):.0f} ms at worst ({len(found.commands)} claims), "
        f"a breach is committed {1000 * max(found.lateness):.0f} ms after it was due at worst "
        f"({len(found.lateness)} breaches)"
    )
