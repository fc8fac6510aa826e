"""What Discord answers when it is asked: places, archived threads, and what was written in a channel."""

from __future__ import annotations

import discord
import structlog

from bot.channels.discord.incoming import Event
from bot.channels.discord.places import Places, is_id
from bot.ports import TimeSource

log = structlog.get_logger(__name__)

#: The most that Discord gives at a time.
PAGE = 100


class History:
    """Asks Discord, and keeps in ``places`` what it says of them. The library's errors go to who asks."""

    def __init__(self, *, client: discord.Client, places: Places, time: TimeSource) -> None:
        self._client = client
        self._places = places
        self._time = time

    async def see(self, channel: str) -> None:
        """Ask what kind of place a channel is and how far it has come."""
        self._places.see(dict(await self._client.http.get_channel(int(channel))))

    async def learn(self, channel: str) -> None:
        """Ask Discord what kind of place an unknown channel is; if it may not be known, it is a room."""
        try:
            await self.see(channel)
        except (discord.Forbidden, discord.NotFound):
            self._places.take_for_room(channel)

    async def page(self, channel: str, *, after: int) -> list[Event]:
        """Return what was written in a channel after a message, oldest first, as if it came in live."""
        found = await self._client.http.logs_from(int(channel), PAGE, after=after)
        place, now = self._places.get(channel), self._time.now()
        server = {"guild_id": place.server} if place is not None and place.server else {}
        events = [Event(name="MESSAGE_CREATE", payload={**message, **server}, arrived_at=now) for message in found]
        return sorted(events, key=lambda event: event.message)

    async def archived(self, channel: str, *, after: int) -> list[str]:
        """Return the archived threads of a channel in which something was written after a message.

        None where the bot may not look.
        """
        try:
            found = await self._client.http.get_public_archived_threads(int(channel), limit=PAGE)
        except (discord.NotFound, discord.Forbidden) as error:
            log.warning("discord_threads_not_fetched", place=channel, error=type(error).__name__)
            return []
        newer = [thread for thread in found["threads"] if _is_newer(thread.get("last_message_id"), after)]
        for thread in newer:
            self._places.see(dict(thread))
        return [str(thread["id"]) for thread in newer]


def _is_newer(message: object, after: int) -> bool:
    return is_id(message) and int(message) > after
