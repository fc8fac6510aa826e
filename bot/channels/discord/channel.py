"""Discord as a channel: listens by the gateway, sends by the HTTP interface, and says how it stands."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import aiohttp
import discord
import structlog

from bot.channels.discord import files
from bot.channels.discord.client import GatewayClient, open_client, point_at
from bot.channels.discord.hearing import OUTAGE
from bot.channels.discord.keys import channel_of
from bot.channels.discord.line import ChannelLine
from bot.channels.discord.listening import NO_CONTENT, Listener
from bot.channels.discord.parse import CHANNEL
from bot.channels.discord.sending import Sender
from bot.channels.discord.texts import LONGEST_PART
from bot.channels.text import LONGEST_TEXT
from bot.domain.messages import Address
from bot.domain.rooms import RoomRules
from bot.errors import NotFound, SendError, SendRefused
from bot.ports import Board, Bookmarks, Capabilities, DeliveryMode, Intake, TimeSource
from bot.records import Sending, Sent

log = structlog.get_logger(__name__)

API = "https://discord.com/api/v10"
GATEWAY = "wss://gateway.discord.gg/"

#: Discord takes five messages in five seconds in a channel, and texts of 2,000 characters: longer ones are split.
CAPABILITIES = Capabilities(
    name=CHANNEL,
    mode=DeliveryMode.PUSH,
    idempotent_sends=True,
    sees_edits=True,
    sees_deletions=True,
    edits_sends=True,
    deletes_sends=True,
    shows_typing=True,
    backfills=True,
    longest_text=LONGEST_TEXT,
    longest_part=LONGEST_PART,
    sends_at_once=16,
    per_place=timedelta(seconds=1),
    per_room=timedelta(seconds=1),
    largest_file=10 * 1024 * 1024,
)

_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=5)
_NOT_YET = timedelta(seconds=5)
_PORTAL = "https://discord.com/developers/applications"

#: Codes with which the gateway closes for good, and what to do then.
_FOR_GOOD = {
    4004: f"Discord no longer accepts DISCORD_TOKEN. Reset it on the page 'Bot' at {_PORTAL}, set it and "
    "start Heed again",
    4010: "Discord refuses the connection: the shard is not valid",
    4011: "Discord wants this bot to be split over several connections: it is in more servers than Heed "
    "serves with one",
    4012: "Discord no longer speaks this version of its gateway: a newer discord.py is needed",
    4013: "Discord refuses the intents that Heed asks for: a newer discord.py is needed",
    4014: NO_CONTENT,
}


class DiscordChannel:
    """One bot on Discord. ``api`` and ``gateway`` are Discord's own unless a proxy stands between.

    ``line`` lends the connection to a desk.
    """

    def __init__(
        self,
        *,
        token: str,
        rules: RoomRules,
        time: TimeSource,
        marks: Bookmarks,
        board: Board,
        api: str = API,
        gateway: str = GATEWAY,
        line: ChannelLine | None = None,
    ) -> None:
        self._token = token
        self._rules = rules
        self._time = time
        self._marks = marks
        self._board = board
        self._api = api
        self._gateway = gateway
        self._sender = Sender()
        self._client: GatewayClient | None = None
        self.unreadable = 0
        self.line = line or ChannelLine()

    @property
    def capabilities(self) -> Capabilities:
        """Return what Discord can do."""
        return CAPABILITIES

    def serves(self, channel: str) -> bool:
        """Tell whether this is Discord's name."""
        return channel == CHANNEL

    async def listen(self, intake: Intake) -> None:
        """Hand in what people write until cancelled; what only a person can mend is told and waited for."""
        point_at(self._api, self._gateway)
        pause = _FIRST_PAUSE
        while True:
            try:
                connected = await self._one_life(intake)
            except _Final as final:
                self._board.tell(OUTAGE, str(final))
                await asyncio.Event().wait()
            else:
                pause = _FIRST_PAUSE if connected else pause
                await self._time.wait(asyncio.Event(), self._time.now() + pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def send(self, sending: Sending) -> Sent:
        """Bring a text to its channel, in parts where it is long, as a reply where others talk in between."""
        channel_of(sending.address)
        return await self._sender.send(self._logged_in(), sending, now=self._time.now)

    async def typing(self, address: Address) -> None:
        """Show for ten seconds that an answer is coming. If it cannot be shown, nothing is lost."""
        try:
            client = self._logged_in()
            if not client.pace.crowded:  # texts go first
                await client.http.send_typing(channel_of(address))
        except (SendError, discord.DiscordException, aiohttp.ClientError, OSError, RuntimeError) as error:
            log.debug("discord_typing_failed", error=type(error).__name__)

    async def fetch(self, reference: str) -> bytes:
        """Return a file that a customer sent, by its reference. Raises NotFound where Discord does not give it."""
        if self._client is None:
            raise NotFound("Heed is not connected to Discord now; try again in a minute.")
        return await files.fetch(self._client, reference, api=self._api)

    def _logged_in(self) -> GatewayClient:
        if self._client is None:
            raise SendRefused("not connected to Discord yet", retry_after=_NOT_YET)
        return self._client

    async def _one_life(self, intake: Intake) -> bool:
        """Listen with one client until it gives up; return whether it was ever connected. Raises _Final."""
        listener = Listener(
            gateway=self._gateway,
            rules=self._rules,
            time=self._time,
            marks=self._marks,
            board=self._board,
            intake=intake,
            ready=self._take_client,
            desk=self.line,
            unreadable=self.unreadable,
        )
        try:
            async with open_client(listener.client):
                await listener.run(self._token)
        except Exception as error:  # noqa: BLE001 - whatever it is, a new client may fare better
            self._explain(_first(error))
        finally:
            self._client = None
            self.line.connect(None)
            self.unreadable = listener.unreadable
        return listener.hearing.connected

    def _take_client(self, client: GatewayClient) -> None:
        self._client = client
        self.line.connect(client)

    def _explain(self, error: BaseException) -> None:
        """Tell of an end that Heed tries to overcome; raise _Final for one that it cannot."""
        match error:
            case discord.LoginFailure():
                raise _Final(_FOR_GOOD[4004]) from error
            case discord.PrivilegedIntentsRequired():
                raise _Final(_FOR_GOOD[4014]) from error
            case discord.ConnectionClosed() if error.code in _FOR_GOOD:
                raise _Final(_FOR_GOOD[error.code]) from error
            case _:
                log.warning("discord_connection_lost", error=type(error).__name__)
                self._board.tell(
                    OUTAGE,
                    f"Discord cannot be reached ({type(error).__name__}): nobody there is heard or answered. Heed "
                    "tries again by itself",
                )


class _Final(Exception):
    """Only a person can mend this."""


def _first(error: BaseException) -> BaseException:
    """Return the error itself: tasks beside each other wrap it in a group.

    The library stumbles over a connection that never came about, and so hides why it did not.
    """
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    hidden = error.__context__ if isinstance(error, AttributeError) else None
    return hidden if isinstance(hidden, OSError | aiohttp.ClientError) else error
