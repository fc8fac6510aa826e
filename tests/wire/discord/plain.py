"""discord.py as everybody uses it, against the local Discord: a client that keeps what it sees."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.wire.discord.server import DiscordServer


class Plain(discord.Client):
    """A client that keeps what it sees."""

    def __init__(self, intents: discord.Intents, *, patience: float = 60.0) -> None:
        super().__init__(intents=intents, guild_ready_timeout=0.05, heartbeat_timeout=patience)
        self.seen: list[tuple[str, object]] = []

    def dispatch(self, event: str, /, *args: object, **kwargs: object) -> None:
        self.seen.append((event, args[0] if args else None))
        super().dispatch(event, *args, **kwargs)

    async def asks(self, method: str, path: str, **asked: Any) -> Any:
        """Send a request through the library's own client, as the desk does."""
        return await self.http.request(Route(method, path), **asked)

    async def is_refused(self, method: str, path: str, **asked: Any) -> tuple[int, int]:
        """Send a request that must fail; return the HTTP status and Discord's own code."""
        with pytest.raises(discord.HTTPException) as error:
            await self.asks(method, path, **asked)
        return error.value.status, error.value.code

    def of(self, event: str) -> list[Any]:
        """Return what came with each event of this name."""
        return [what for name, what in self.seen if name == event]

    def count(self, event: str) -> int:
        return [name for name, _ in self.seen].count(event)

    def texts(self) -> list[str]:
        return [what.content for name, what in self.seen if name == "message"]  # type: ignore[attr-defined]


async def until(true: Callable[[], object], *, seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def plain(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch, *, patience: float = 60.0
) -> AsyncIterator[Plain]:
    """Run a client; ``patience``: seconds of silence after which it gives a connection up."""
    monkeypatch.setattr(Route, "BASE", server.api)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
    client = Plain(discord.Intents(guilds=True, messages=True, message_content=True), patience=patience)
    running = asyncio.create_task(client.start(server.token))
    try:
        await until(lambda: client.count("ready") or running.done())
        yield client
    finally:
        await client.close()
        await asyncio.wait([running])
        for task in client_tasks():
            task.cancel()
            await asyncio.wait([task])


def client_tasks() -> list[asyncio.Task[object]]:
    return [task for task in asyncio.all_tasks() if task.get_name().startswith("discord.py")]
