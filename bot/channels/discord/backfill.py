"""Fetches what was written while Heed was away or could not keep up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import discord
import structlog

from bot.channels.discord.incoming import Event
from bot.channels.discord.keys import message_at
from bot.channels.discord.places import PlaceKind, Places, is_id
from bot.channels.discord.reading import Reading
from bot.domain.rooms import RoomRules
from bot.ports import Board, TimeSource

log = structlog.get_logger(__name__)

#: Channels read side by side; the library keeps Discord's own limits besides.
_AT_ONCE = 3
#: The most messages that Discord gives at a time.
_PAGE = 100
#: Messages looked at before the first one of a private chat that is new to Heed.
_BEFORE = 50
_TRIES = 3
_PAUSE = timedelta(seconds=5)

OUTAGES = (discord.HTTPException, OSError, aiohttp.ClientError, TimeoutError)
Take = Callable[[Sequence[Event]], Awaitable[None]]


class BackFill:
    """Reads on from the bookmarks, oldest first. ``take`` returns once intake has a page."""

    def __init__(
        self,
        *,
        client: discord.Client,
        places: Places,
        reading: Reading,
        rules: RoomRules,
        take: Take,
        time: TimeSource,
        board: Board,
    ) -> None:
        self._client = client
        self._places = places
        self._reading = reading
        self._rules = rules
        self._take = take
        self._time = time
        self._board = board
        self._floor = 0
        self._looked_at: set[str] = set()

    async def run(self) -> None:
        """Fetch what is missing, wherever the bot may read. What fails is told and tried again later."""
        self._floor = self._reading.floor
        self._looked_at.clear()
        await self._learn_unknown()
        if self._floor:
            readable = [channel for channel in self._places.with_threads() if self._may_read(channel)]
            await self._side_by_side(self._find_archived, readable)
        due = self._due()
        for room in self._rules.rooms:
            self._may_read(room)
        log.info("discord_back_fill", channels=len(due))
        await self._side_by_side(lambda channel: self._fetch(channel, due[channel]), due)

    async def before(self, channel: str, message: int) -> list[Event]:
        """Return what was missed of a private chat of which Heed learns by this message."""
        if not self._floor:  # nothing was ever heard before: there is nothing that could have been missed
            return []
        try:
            found = await self._ask(channel, before=message, limit=_BEFORE)
        except (*OUTAGES, discord.RateLimited) as error:
            log.warning("discord_not_fetched", place=channel, error=type(error).__name__)
            return []
        return [event for event in self._events(found) if event.message > self._floor]

    async def learn(self, channel: str) -> None:
        """Ask Discord what kind of place an unknown channel is; if it may not be known, it is a room."""
        try:
            self._places.see(dict(await self._client.http.get_channel(int(channel))))
        except (discord.Forbidden, discord.NotFound):
            self._places.take_for_room(channel)
        except (*OUTAGES, discord.RateLimited) as error:
            log.warning("discord_not_fetched", place=channel, error=type(error).__name__)

    async def _learn_unknown(self) -> None:
        """Find out what bookmarks and configured rooms are of which no server tells, as private chats are."""
        wanted = dict.fromkeys([*self._reading.channels(), *self._rules.rooms])
        unknown = [channel for channel in wanted if self._places.get(channel) is None]
        await self._side_by_side(self._look, unknown)

    async def _find_archived(self, channel: str) -> None:
        """Find threads in which something was written meanwhile and which were archived before Heed came back."""
        try:
            found = await self._client.http.get_public_archived_threads(int(channel), limit=_PAGE)
        except (*OUTAGES, discord.RateLimited) as error:
            log.warning("discord_threads_not_fetched", place=channel, error=type(error).__name__)
            return
        for thread in found["threads"]:
            newest = thread.get("last_message_id")
            if is_id(newest) and int(newest) > self._floor:
                self._places.see(dict(thread))

    async def _look(self, channel: str) -> None:
        try:
            self._places.see(dict(await self._client.http.get_channel(int(channel))))
            self._looked_at.add(channel)
        except (discord.NotFound, discord.Forbidden):
            self._reading.forget(channel)
        except (*OUTAGES, discord.RateLimited) as error:
            self._reading.held.add(channel)
            log.warning("discord_not_fetched", place=channel, error=type(error).__name__)

    def _due(self) -> dict[str, int]:
        """Return the channels that hold something newer than their bookmark, with where to read on."""
        private = [each for each in self._reading.channels() if self._kind(each) is PlaceKind.PRIVATE]
        starts = {each: self._start(each) for each in dict.fromkeys([*self._places.with_messages(), *private])}
        return {channel: after for channel, after in starts.items() if self._missing(channel, after)}

    def _start(self, channel: str) -> int:
        """Return the last message read; in a channel that nobody has read yet, what was read everywhere.

        On the very first start that is nothing: then what stands there now counts as read, as it does in a server
        that the bot joined since.
        """
        newest = self._places.newest.get(channel, 0)
        if self._floor:
            self._reading.begin(channel, max(self._floor, self._joined(channel)))
        else:
            self._reading.begin(channel, newest)
        return self._reading.get(channel) or 0

    def _joined(self, channel: str) -> int:
        place = self._places.get(channel)
        with suppress(ValueError):
            return message_at(datetime.fromisoformat(self._places.joined.get(place.server if place else "", "")))
        return 0

    def _missing(self, channel: str, after: int) -> bool:
        # Discord does not tell at the start of a session how far private chats have come.
        private = self._kind(channel) is PlaceKind.PRIVATE and channel not in self._looked_at
        newer = self._places.newest.get(channel, 0) > after
        return (newer or private or channel in self._reading.held) and self._may_read(channel)

    def _kind(self, channel: str) -> PlaceKind | None:
        place = self._places.get(channel)
        return place.kind if place is not None else None

    def _may_read(self, channel: str) -> bool:
        """Tell whether the bot may read a channel, as far as the library knows; Discord decides in the end."""
        found = self._client.get_channel(int(channel))
        if found is None or isinstance(found, discord.abc.PrivateChannel):
            return True
        guild = found.guild
        if guild.me is None or guild.get_role(guild.id) is None:
            return True
        with suppress(discord.ClientException):
            may = found.permissions_for(guild.me)
            if not may.view_channel or not may.read_message_history:
                self._closed(channel)
                return False
            self._board.clear(_topic(channel))
        return True

    def _closed(self, channel: str) -> None:
        """Tell of a channel that cannot be read, if somebody expects it to be."""
        if set(self._places.rooms(channel)) & self._rules.rooms.keys():
            self._board.tell(
                _topic(channel),
                f"Discord: the bot may not read {self._places.name(channel)}. Give its role 'View Channel' and "
                "'Read Message History' there",
            )

    async def _side_by_side(self, work: Callable[[str], Awaitable[None]], channels: Iterable[str]) -> None:
        """Do the same for each of these channels, a few at a time."""
        waiting = iter(channels)

        async def each_in_turn() -> None:
            for channel in waiting:
                try:
                    await work(channel)
                except Exception:  # an answer that is not as documented: the other channels are read all the same
                    log.exception("discord_back_fill_defect", place=channel)

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(each_in_turn())

    async def _fetch(self, channel: str, after: int) -> None:
        """Read one channel to its end. Whatever goes wrong concerns this channel alone."""
        topic = _topic(channel)
        self._reading.held.add(channel)
        try:
            async for page in self._pages(channel, after):
                await self._take(page)
                self._reading.move(channel, page[-1].message, fetched=True)
        except discord.NotFound:
            self._reading.forget(channel)
            self._places.forget(channel)
        except discord.Forbidden:
            self._reading.held.discard(channel)
            self._board.tell(
                topic,
                f"Discord does not let the bot read {self._places.name(channel)}: what was written there "
                "meanwhile is not known. Give its role 'View Channel' and 'Read Message History' there",
            )
        except Exception as error:  # the bookmark stays where it is, so nothing is lost
            log.warning("discord_not_fetched", place=channel, error=type(error).__name__)
            if not isinstance(error, OUTAGES):
                log.exception("discord_back_fill_defect", place=channel)
            self._board.tell(
                topic,
                f"Discord: what was missed in {self._places.name(channel)} cannot be fetched now "
                f"({type(error).__name__}); Heed tries again",
            )
        else:
            self._reading.held.discard(channel)
            self._board.clear(topic)

    async def _pages(self, channel: str, after: int) -> AsyncIterator[list[Event]]:
        """Return what stands behind a message, oldest first."""
        while page := self._events(await self._patiently(channel, after)):
            yield page
            after = page[-1].message
            if len(page) < _PAGE:
                return

    async def _patiently(self, channel: str, after: int) -> list[Mapping[str, Any]]:
        """Ask for a page again where Discord is out of order or asks to wait."""
        tries = 0
        while True:
            try:
                return await self._ask(channel, after=after, limit=_PAGE)
            except discord.RateLimited as limited:
                await self._pause(timedelta(seconds=limited.retry_after))
            except (discord.Forbidden, discord.NotFound):
                raise
            except OUTAGES:
                tries += 1
                if tries == _TRIES:
                    raise
                await self._pause(_PAUSE)

    async def _pause(self, duration: timedelta) -> None:
        await self._time.wait(asyncio.Event(), self._time.now() + duration)

    async def _ask(
        self, channel: str, *, limit: int, after: int | None = None, before: int | None = None
    ) -> list[Mapping[str, Any]]:
        found = await self._client.http.logs_from(int(channel), limit, before=before, after=after)
        place = self._places.get(channel)
        server = {"guild_id": place.server} if place is not None and place.server else {}
        return [{**message, **server} for message in found]

    def _events(self, found: Sequence[Mapping[str, Any]]) -> list[Event]:
        now = self._time.now()
        events = [Event(name="MESSAGE_CREATE", payload=each, arrived_at=now) for each in found]
        return sorted(events, key=lambda event: event.message)


def _topic(channel: str) -> str:
    return f"discord room {channel}"
