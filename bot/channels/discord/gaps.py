"""Which channels hold something that Heed has not read, and from where on."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import discord

from bot.channels.discord.keys import message_at
from bot.channels.discord.places import PlaceKind, Places
from bot.channels.discord.reading import Reading
from bot.domain.rooms import RoomRules
from bot.ports import Board


class Gaps:
    """Compares how far a channel has come with how far it was read."""

    def __init__(
        self, *, client: discord.Client, places: Places, reading: Reading, rules: RoomRules, board: Board
    ) -> None:
        self._client = client
        self._places = places
        self._reading = reading
        self._rules = rules
        self._board = board

    def is_due(self, channel: str) -> bool:
        """Tell whether a channel holds something newer than its bookmark; of an unknown one nobody knows."""
        place = self._places.get(channel)
        if place is None:
            return True
        if place.kind is PlaceKind.SHELF:
            return False
        return self._places.newest.get(channel, 0) > self.start(channel) and self.may_read(channel)

    def start(self, channel: str) -> int:
        """Return the last message read; in a channel that nobody has read yet, what was read everywhere.

        On the very first start that is nothing in rooms: then what stands there now counts as read, as it does in
        a server that the bot joined since. Private chats are read from that start on.
        """
        if self._is_private(channel):
            self._reading.begin(channel, self._reading.began)
        elif self._reading.floor:
            self._reading.begin(channel, max(self._reading.floor, self._joined(channel)))
        else:
            self._reading.begin(channel, self._places.newest.get(channel, 0))
        return self._reading.get(channel) or 0

    def meet(self, channel: str, message: int) -> None:
        """Take that this came in live: no private chat counts as read behind it, however the clocks are."""
        if self._is_private(channel):
            self._reading.begin(channel, min(self._reading.began, message - 1))

    def _is_private(self, channel: str) -> bool:
        place = self._places.get(channel)
        return place is not None and place.kind is PlaceKind.PRIVATE

    def _joined(self, channel: str) -> int:
        place = self._places.get(channel)
        with suppress(ValueError):
            return message_at(datetime.fromisoformat(self._places.joined.get(place.server if place else "", "")))
        return 0

    def may_read(self, channel: str) -> bool:
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
            self._board.clear(topic(channel))
        return True

    def _closed(self, channel: str) -> None:
        """Tell of a channel that cannot be read, if somebody expects it to be."""
        if set(self._places.rooms(channel)) & self._rules.rooms.keys():
            self._board.tell(
                topic(channel),
                f"Discord: the bot may not read {self._places.name(channel)}. Give its role 'View Channel' and "
                "'Read Message History' there",
            )


def topic(channel: str) -> str:
    """Return how ``/ops`` is told of one channel."""
    return f"discord room {channel}"
