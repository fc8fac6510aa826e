"""A connected Discord channel and what the customer has received, for the contract suite of all channels."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.contracts.channel_case import Platform
from tests.wire.discord.fakes import Heed
from tests.wire.discord.server import discord_server


@asynccontextmanager
async def discord_platform() -> AsyncIterator[Platform]:
    """Run a local Discord on which somebody has a private chat with the bot."""
    async with discord_server() as server:
        server.dm("2001", "1001")
        async with Heed(server).listening() as channel:
            yield Platform(
                channel=channel,
                received=lambda: server.texts,
                shown=lambda: [message["content"] for message in server.world.messages["1001"]],
                files=lambda: list(server.files.contents.values()),
            )
