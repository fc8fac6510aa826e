"""One Heed on both platforms: its process to be killed, its desk to be worked at, its store to be looked into."""

from __future__ import annotations

import re
import signal
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.domain.roles import Role
from bot.web.sign_in import one_time_link
from tests.faults.program import Program, free_port
from tests.faults.reader import faults, waiting
from tests.platforms.sides import OnDiscord, OnTelegram, Said, Side
from tests.platforms.waiting import until
from tests.wire.discord.server import discord_server
from tests.wire.telegram.server import TOKEN, bot_api_server

SECRET = "a secret of sixteen and more letters"

#: The store lets nobody wait for less than half a minute in a room, whatever the room's patience.
CONFIG = """
store: {{path: {folder}/heed.sqlite}}
limits: {{messages_per_minute: 100000}}
operations: {{log_level: info}}
channels:
  discord:
    api: {discord.server.api}
    gateway: {discord.server.gateway_url}
    rooms: [{{id: "{discord.lounge}", attention: unanswered, patience: 2s}}]
  telegram:
    api: {telegram.server.url}
    updates: {updates}
    rooms: [{{id: "{telegram.lounge}", attention: unanswered, patience: 2s}}]
"""


@dataclass(slots=True)
class Desk:
    """Somebody signed in at the desk; the session outlives a restart."""

    session: aiohttp.ClientSession
    csrf: str = ""

    async def sign_in(self, base: str) -> None:
        """Sign in by a one-time link, as ``heed run`` prints one."""
        link = one_time_link(SECRET.encode(), "", "alex", Role.AGENT, now=datetime.now(UTC))
        async with self.session.get(base + link) as page:
            assert page.status == 200, page.status
            found = re.search(r'name="csrf" content="([^"]+)"', await page.text())
        assert found is not None
        self.csrf = found[1]

    async def queue(self) -> dict[str, dict[str, Any]]:
        """Return the conversations that need somebody, by id: no test here has more than one page of them."""
        async with self.session.get("/desk/conversations", params={"filter": "needs"}) as answer:
            return {row["id"]: row for row in (await answer.json())["rows"]}

    async def conversation(self, conversation: str) -> dict[str, Any]:
        async with self.session.get(f"/desk/conversations/{conversation}") as answer:
            assert answer.status == 200, answer.status
            return dict(await answer.json())

    async def does(self, conversation: str, command: str, **more: object) -> None:
        """Give a command, which is expected to be accepted."""
        path = f"/desk/conversations/{conversation}/commands"
        headers = {"X-CSRF-Token": self.csrf}
        async with self.session.post(path, json={"command": command, **more}, headers=headers) as answer:
            assert answer.status == 200, await answer.text()


@dataclass(slots=True)
class Both:
    """Everything together."""

    program: Program
    discord: OnDiscord
    telegram: OnTelegram
    desk: Desk

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.discord, self.telegram

    @property
    def store(self) -> Path:
        return self.program.folder / "heed.sqlite"

    async def start(self) -> None:
        """Start Heed, until it hears both platforms and somebody sits at the desk."""
        await self.program.start()
        for side in self.sides:
            await side.connected()
        if not self.desk.csrf:
            await self.desk.sign_in(self.program.address)

    async def kill(self) -> None:
        """Let it end without a word."""
        assert await self.program.end(signal.SIGKILL) == -signal.SIGKILL

    async def stop(self) -> None:
        """Ask it to end, which it does cleanly."""
        assert await self.program.end(signal.SIGTERM) == 0, self.log()

    def log(self) -> str:
        """Return the end of what Heed has printed."""
        return (self.program.folder / "heed.log").read_text(encoding="utf-8")[-3000:]

    def conversation_of(self, side: Side, said: Said) -> str | None:
        """Return where a message lies, None if Heed does not know it."""
        rows = self._rows(
            "SELECT m.conversation FROM messages m JOIN customers c ON c.id = m.customer "
            "WHERE m.external_id = ? AND m.author = 'customer' AND c.channel = ?",
            said.id,
            side.name,
        )
        assert len(rows) <= 1, f"{said.text!r} is stored {len(rows)} times"
        return str(rows[0][0]) if rows else None

    async def shown(self, side: Side, said: Said) -> dict[str, Any]:
        """Return the conversation of a message as the desk shows it."""
        conversation = self.conversation_of(side, said)
        assert conversation is not None, f"{side.name}: {said.text!r} is not known"
        return await self.desk.conversation(conversation)

    async def with_a_human(self, side: Side, said: Said, reason: str) -> str:
        """Return the conversation of a message once it stands in the desk's queue, for this reason."""
        what = f"{side.name}: {said.text!r} comes before a human because of {reason}"
        await until(lambda: self._queued(side, said, reason), what)
        return str(self.conversation_of(side, said))

    async def _queued(self, side: Side, said: Said, reason: str) -> bool:
        row = (await self.desk.queue()).get(self.conversation_of(side, said) or "", {})
        return row.get("state") in {"escalated", "claimed"} and row.get("reason") == reason

    async def idle(self) -> None:
        """Return once nothing waits that is due now."""
        await until(lambda: not waiting(self.store), "all work is done", seconds=60)

    def faults(self) -> list[str]:
        """Return what an independent reader of the store finds wrong once all is done."""
        sent = {action: "" for (action,) in self._rows("SELECT action FROM outbox WHERE state = 'sent'")}
        found = list(faults(self.store, {}, sent, ended_at=0))
        for side in self.sides:
            found += [f"{side.name}: {each.text!r} is lost" for each in side.said if self._times(side, each) == 0]
            found += [f"{side.name}: {each.text!r} twice" for each in side.said if self._times(side, each) > 1]
        return found

    def _times(self, side: Side, said: Said) -> int:
        """Return how often a message was handled."""
        rows = self._rows(
            "SELECT count(*) FROM log l "
            "JOIN messages m ON m.id = json_extract(CAST(l.fields AS TEXT), '$.message') "
            "JOIN customers c ON c.id = m.customer "
            "WHERE l.kind = 'message_received' AND m.external_id = ? AND c.channel = ?",
            said.id,
            side.name,
        )
        return int(rows[0][0])

    def _rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as db:
            return db.execute(query, values).fetchall()


@asynccontextmanager
async def both(folder: Path, monkeypatch: pytest.MonkeyPatch, *, updates: str = "poll") -> AsyncIterator[Both]:
    """Run the two platforms and prepare a Heed for them; nothing of it outlives the block."""
    async with AsyncExitStack() as stack:
        discord = OnDiscord(await stack.enter_async_context(discord_server()))
        telegram = OnTelegram(await stack.enter_async_context(bot_api_server()))
        text = CONFIG.format(folder=folder, discord=discord, telegram=telegram, updates=updates)
        (folder / "config.yaml").write_text(text, encoding="utf-8")
        program = Program(folder=folder, port=free_port())
        for name, value in _environment(discord, program).items():
            monkeypatch.setenv(name, value)
        session = aiohttp.ClientSession(program.address, cookie_jar=aiohttp.CookieJar(unsafe=True))
        await stack.enter_async_context(session)
        try:
            yield Both(program, discord, telegram, Desk(session))
        finally:
            if program.process is not None:
                await program.end(signal.SIGKILL)


def _environment(discord: OnDiscord, program: Program) -> Mapping[str, str]:
    return {
        "DISCORD_TOKEN": discord.server.token,
        "TELEGRAM_TOKEN": TOKEN,
        "HEED_SECRET": SECRET,
        "HEED_PUBLIC_URL": program.address,
        "NO_PROXY": "127.0.0.1",
    }
