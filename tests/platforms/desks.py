"""A whole Heed with customers on Telegram and in the web chat, and staff on Discord and at the web desk."""

from __future__ import annotations

import re
import secrets
import signal
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.domain.roles import Role
from bot.web.sign_in import one_time_link
from tests.faults.program import Program, free_port
from tests.faults.reader import waiting
from tests.platforms.heed import SECRET
from tests.platforms.sides import OnTelegram, Said
from tests.platforms.visitor import Visitor, visitors
from tests.platforms.waiting import LONGEST, until
from tests.wire.discord.interaction import Answer
from tests.wire.discord.payloads import Payload
from tests.wire.discord.server import DiscordServer, discord_server
from tests.wire.telegram.server import TOKEN, bot_api_server

SUPPORT, PRESS = "6001", "6002"
IDS = {"alex": "7701", "sam": "7702"}
ROLES = {"alex": Role.AGENT, "sam": Role.LEAD}

#: What has stood in a thread for so long counts as read.
LONG_ENOUGH = timedelta(seconds=5)

CONFIG = """
store: {{path: {folder}/heed.sqlite}}
limits: {{messages_per_minute: 100000}}
operations: {{log_level: info}}
agents:
  - {{name: alex, discord: "{alex}"}}
  - {{name: sam, role: lead, discord: "{sam}"}}
teams:
  support: {{members: [alex], discord: "{support}"}}
  press: {{members: [sam], discord: "{press}"}}
routes: [{{team: support}}]
desk: {{discord: {{channel: "{support}"}}}}
channels:
  discord: {{api: "{discord.api}", gateway: "{discord.gateway_url}"}}
  telegram: {{api: "{telegram.url}", updates: poll}}
"""


@dataclass(slots=True)
class AtWeb:
    """Somebody of staff at the web desk; the session outlives a restart."""

    agent: str
    session: aiohttp.ClientSession
    csrf: str = ""

    async def sign_in(self) -> None:
        """Sign in by a one-time link, as ``heed run`` prints one."""
        link = one_time_link(SECRET.encode(), "", self.agent, ROLES[self.agent], now=datetime.now(UTC))
        async with self.session.get(link) as page:
            assert page.status == 200, page.status
            found = re.search(r'name="csrf" content="([^"]+)"', await page.text())
        assert found is not None
        self.csrf = found[1]

    async def sees(self, conversation: str) -> dict[str, Any]:
        """Return a conversation as the page shows it."""
        async with self.session.get(f"/desk/conversations/{conversation}") as answer:
            assert answer.status == 200, await answer.text()
            return dict(await answer.json())

    async def tries(self, conversation: str, command: str, **fields: object) -> dict[str, Any]:
        """Do something; return what became of it, done or not. A lost answer is asked for again."""
        body = {"command": command, "request": secrets.token_hex(8), **fields}
        found: list[dict[str, Any]] = []

        async def answered() -> bool:
            try:
                found.append(await self._post(conversation, body))
            except (aiohttp.ClientError, ConnectionError):
                return False
            return True

        await until(answered, f"the web desk answers {self.agent} about {command}")
        return found[0]

    async def does(self, conversation: str, command: str, **fields: object) -> None:
        """Do something that is expected to be accepted."""
        done = await self.tries(conversation, command, **fields)
        assert done["accepted"], (self.agent, command, done)

    async def _post(self, conversation: str, body: Mapping[str, object]) -> dict[str, Any]:
        headers = {"X-CSRF-Token": self.csrf}
        path = f"/desk/conversations/{conversation}/commands"
        async with self.session.post(path, json=body, headers=headers) as answer:
            assert answer.status in {200, 409}, await answer.text()
            return dict(await answer.json())


@dataclass(slots=True)
class Desks:
    """Everything together.

    ``sent`` are the replies that were accepted: to whom, and what; ``typed`` is what staff wrote in threads.
    """

    program: Program
    discord: DiscordServer
    telegram: OnTelegram
    visitors: dict[str, Visitor]
    web: dict[str, AtWeb]
    sent: list[tuple[int | str, str]] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)

    @property
    def store(self) -> Path:
        return self.program.folder / "heed.sqlite"

    # --- the program ------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start Heed, until it hears Discord and staff sit at the web desk."""
        await self.program.start()
        await until(lambda: self.discord.gateway.connected, "Heed connects to Discord")
        for each in self.web.values():
            if not each.csrf:
                await each.sign_in()

    async def kill(self) -> None:
        """Let it end without a word."""
        assert await self.program.end(signal.SIGKILL) == -signal.SIGKILL
        self.discord.gateway.forget()  # as Discord does after a while: what is said now is told to nobody

    async def stop(self) -> None:
        """Ask it to end, which it does cleanly."""
        assert await self.program.end(signal.SIGTERM) == 0, self.log()

    def log(self) -> str:
        """Return the end of what Heed has printed."""
        return (self.program.folder / "heed.log").read_text(encoding="utf-8")[-3000:]

    async def idle(self) -> None:
        """Return once nothing waits that is due now, on any way."""
        await until(lambda: all(each.heard for each in self.visitors.values()), "all visitors are heard")
        await until(lambda: not waiting(self.store), "all work is done", seconds=60)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as db:
            return db.execute(query, values).fetchall()

    # --- customers --------------------------------------------------------------------------------------------

    def conversation_of(self, said: Said | str) -> str:
        """Return where a message lies, "" while Heed does not know it. A visitor's is known by the page's id."""
        end = said if isinstance(said, str) else said.id
        found = self.rows(
            "SELECT DISTINCT conversation FROM messages WHERE author = 'customer' "
            "AND (external_id = ? OR external_id LIKE ?)",
            end,
            f"%:{end}",
        )
        return str(found[0][0]) if found else ""

    async def opened(self, said: Said | str, *, forum: str = SUPPORT) -> tuple[str, str]:
        """Return the conversation of a message and its thread, once it has one."""
        what = f"{said!r} is shown in a thread"
        await until(lambda: self.thread_of(self.conversation_of(said), forum), what)
        conversation = self.conversation_of(said)
        thread = self.thread_of(conversation, forum)
        await self.shows(thread, "Escalated.")
        return conversation, thread

    def received(self, who: int | str) -> list[str]:
        """Return what a customer has been sent, as it stands with them now."""
        return self.visitors[who].received() if isinstance(who, str) else self.telegram.server.shown.texts(who)

    # --- staff on Discord -------------------------------------------------------------------------------------

    def thread_of(self, conversation: str, forum: str) -> str:
        """Return a conversation's thread in a forum, "" for none; one that it has left is none."""
        threads = self.discord.threads_in(forum) if conversation else []
        found = [each["id"] for each in threads if self.is_of(each["id"], conversation)]
        assert len(found) <= 1, f"{conversation} has {len(found)} threads in {forum}"
        return found[0] if found else ""

    def is_of(self, thread: str, conversation: str) -> bool:
        """Tell whether a thread is this conversation's, and has not been left."""
        texts = self.texts(thread)
        locked = self.discord.world.channels[thread]["thread_metadata"]["locked"]
        left = locked and any("it goes on in <#" in text for text in texts)  # unlocked where it came back
        return not left and any(f"-# heed {conversation}" in text.splitlines() for text in texts)

    def texts(self, thread: str) -> list[str]:
        """Return what the bot has written in a thread, oldest first."""
        messages = self.discord.messages_in(thread)
        return [each["content"] for each in messages if each["author"]["id"] not in IDS.values()]

    def message(self, thread: str, part: str) -> Payload:
        """Return the message in a thread in which this stands."""
        return next(each for each in self.discord.messages_in(thread) if part in each["content"])

    async def shows(self, thread: str, *parts: str) -> None:
        """Wait until one message of a thread has all these parts."""
        try:
            await until(
                lambda: any(all(part in text for part in parts) for text in self.texts(thread)), f"{parts}"
            )
        except AssertionError as error:
            stands = "\n\n".join(self.texts(thread))
            raise AssertionError(f"{error}; in the thread stands\n{stands}") from None

    def types(self, agent: str, thread: str, text: str) -> None:
        """Let somebody write plain words in a thread."""
        self.typed.append(text)
        self.discord.say(IDS[agent], thread, text)

    def read(self) -> None:
        """Let staff have read all that stands in threads now."""
        self.discord.world.clock_off += LONG_ENOUGH

    async def command(self, agent: str, thread: str, name: str, **options: Any) -> Answer:
        """Give a slash command in a thread, and return what is answered."""
        return await self.discord.command(IDS[agent], thread, name, **options).answered(seconds=LONGEST)

    async def noted(self, conversation: str, text: str) -> None:
        """Wait until a note is stored, once."""
        query = "SELECT 1 FROM notes n JOIN note_bodies b ON b.note = n.id WHERE n.conversation = ? AND text = ?"
        await until(lambda: self.rows(query, conversation, text) == [(1,)], f"{text!r} is kept as a note")

    async def arrived(self, who: int | str, text: str) -> None:
        """Wait until a reply, from now on among those that were sent, stands with its customer."""
        self.sent.append((who, text))
        await until(lambda: text in self.received(who), f"{text!r} reaches {who}")


@asynccontextmanager
async def desks(folder: Path, monkeypatch: pytest.MonkeyPatch, *names: str) -> AsyncIterator[Desks]:
    """Run the platforms, let visitors of these names have the chat open, and prepare a Heed."""
    async with AsyncExitStack() as stack:
        discord = await stack.enter_async_context(discord_server())
        discord.add_guild()
        discord.add_forum(SUPPORT)
        discord.add_forum(PRESS)
        telegram = OnTelegram(await stack.enter_async_context(bot_api_server()))
        program = Program(folder=folder, port=free_port())
        text = CONFIG.format(
            folder=folder, discord=discord, telegram=telegram.server, support=SUPPORT, press=PRESS, **IDS
        )
        (folder / "config.yaml").write_text(text, encoding="utf-8")
        for name, value in _environment(discord, program).items():
            monkeypatch.setenv(name, value)
        web = {agent: AtWeb(agent, await stack.enter_async_context(_browser(program))) for agent in IDS}
        there = await stack.enter_async_context(visitors(program.address, *names))
        try:
            yield Desks(program, discord, telegram, {each.name: each for each in there}, web)
        finally:
            if program.process is not None:
                await program.end(signal.SIGKILL)


def _browser(program: Program) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(program.address, cookie_jar=aiohttp.CookieJar(unsafe=True))


def _environment(discord: DiscordServer, program: Program) -> Mapping[str, str]:
    return {
        "DISCORD_TOKEN": discord.token,
        "TELEGRAM_TOKEN": TOKEN,
        "HEED_SECRET": SECRET,
        "HEED_PUBLIC_URL": program.address,
        "NO_PROXY": "127.0.0.1",
    }
