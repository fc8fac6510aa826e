"""The library's client as Heed uses it: for the gateway's raw events and the HTTP interface, nothing else."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket, KeepAliveHandler
from discord.http import Route

from bot.channels.discord.pace import Pace, Rank

log = structlog.get_logger(__name__)

#: The least that the library allows: what Discord asks to wait longer for is told, not waited for.
_LONGEST_RATE_LIMIT = 30.0
#: How long a connection may take to say goodbye, in seconds.
_GOODBYE = 5.0


class GatewayClient(discord.Client):
    """Hands on each message of the gateway as it came, in order.

    The library's own reading of messages and interactions is switched off: nobody asks for it, and one that it
    does not understand would end the connection. What it does not understand of servers and channels is passed
    over likewise.
    """

    def __init__(self, *, heard: Callable[[str], None], lost: Callable[[], None], gateway: str) -> None:
        # The library's own log has a traceback for each attempt; Heed tells of an outage in a sentence, once.
        logging.getLogger("discord").setLevel(logging.CRITICAL)
        # Heed neither talks nor listens by voice: no word about what that would need.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=True),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            allowed_mentions=discord.AllowedMentions.none(),
            enable_debug_events=True,
            guild_ready_timeout=0,  # Heed sees itself which servers have told of themselves
            max_ratelimit_timeout=_LONGEST_RATE_LIMIT,
        )
        self._heard = heard
        self._lost = lost
        self._gateway = yarl.URL(gateway)
        self.pace = Pace()
        self._request = self.http.request
        self.http.request = self._paced  # type: ignore[method-assign]  # the one way that all requests go
        parsers = self._connection.parsers
        for name in [name for name in parsers if name not in {"READY", "RESUMED"}]:
            parser = parsers.pop(name)
            if not name.startswith(("MESSAGE_", "INTERACTION_")):
                parsers[name] = _guarded(name, parser)

    async def _paced(self, *args: Any, **more: Any) -> Any:  # noqa: ANN401 - handed on as they come
        await self.pace.turn()
        return await self._request(*args, **more)

    async def ask(self, route: Route, rank: Rank, **more: Any) -> Any:  # noqa: ANN401 - handed on as they come
        """Ask Discord when it is the turn of those of this rank."""
        await self.pace.turn(rank)
        return await self._request(route, **more)

    async def on_socket_raw_receive(self, frame: str) -> None:
        """Hand on one message of the gateway. Nothing is awaited here, so their order stays."""
        self._heard(frame)

    async def on_disconnect(self) -> None:
        """Tell that the connection is gone; the library connects again by itself."""
        self._lost()

    async def on_connect(self) -> None:
        """Keep a new session on the configured gateway: Discord's own would lead past a proxy when it resumes."""
        if self._gateway != _DISCORDS_GATEWAY:
            self.ws.gateway = self._gateway


def _guarded(name: str, parser: Callable[[Any], None]) -> Callable[[Any], None]:
    def parse(payload: Any) -> None:  # noqa: ANN401 - JSON is anything
        try:
            parser(payload)
        except Exception as error:  # noqa: BLE001 - the library raises whatever it stumbles over
            log.warning("discord_event_not_understood", name=name, error=type(error).__name__)

    return parse


_DISCORDS_GATEWAY = yarl.URL("wss://gateway.discord.gg/")


def point_at(api: str, gateway: str) -> None:
    """Let the library speak to these addresses.

    It keeps them in class attributes, one for the whole process and nowhere else to be set; they are touched only
    where they differ, so that an ordinary installation leaves the library as it is.
    """
    if api.rstrip("/") != Route.BASE:
        Route.BASE = api.rstrip("/")
    if yarl.URL(gateway) != DiscordWebSocket.DEFAULT_GATEWAY:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)


@asynccontextmanager
async def open_client(client: GatewayClient) -> AsyncIterator[None]:
    """Close a client at the end, whatever happens, with all that it has started."""
    try:
        yield
    finally:
        try:
            async with asyncio.timeout(_GOODBYE):
                await client.close()
        except Exception as error:  # noqa: BLE001 - a connection that does not close cleanly is closed all the same
            log.debug("discord_goodbye_failed", error=type(error).__name__)
            await client.http.close()
        finally:
            _stop_heartbeats(client)


def _stop_heartbeats(client: GatewayClient) -> None:
    """End what ``close`` leaves behind: the heartbeat of a connection that was still being made."""
    for thread in threading.enumerate():
        if isinstance(thread, KeepAliveHandler) and thread.ws._connection is client._connection:  # noqa: SLF001
            thread.stop()
