"""The local Discord for each test, and discord.py with its pauses shortened: the pauses alone, nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import discord
import pytest

from tests.wire.discord.server import DiscordServer, discord_server


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with discord_server() as running:
        yield running


@pytest.fixture(autouse=True)
def no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten what the library waits for before it connects again, out of courtesy to the real Discord."""

    async def at_once(self: object, shard_id: int | None, *, initial: bool = False) -> None:
        return None

    # five seconds before each IDENTIFY but the first
    monkeypatch.setattr(discord.Client, "before_identify_hook", at_once)
    # up to two, then four, … seconds before a connection that was refused is tried again
    monkeypatch.setattr(discord.backoff.ExponentialBackoff, "delay", lambda self: 0.01)


@pytest.fixture(autouse=True)
def patience_with_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what comes in live wait for history as long as a busy machine takes: the minute is 1.2 s when hurried.

    Past it, what comes in live goes first, as it should, and no test could tell in which order all comes in.
    """
    monkeypatch.setattr("bot.channels.discord.backfill._BUDGET", timedelta(hours=1))
