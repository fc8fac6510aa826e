"""How far each channel has been read. What lies behind is fetched when Heed comes back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog

from bot.channels.discord.keys import earlier, message_at
from bot.channels.discord.places import is_id
from bot.errors import StoreError
from bot.ports import Bookmarks

log = structlog.get_logger(__name__)

#: Messages of different channels may overtake each other on their way by this much.
SLACK = timedelta(minutes=1)
_FLOOR, _BEGAN = "floor", "began"


class Reading:
    """Bookmarks of one bot, kept in memory and stored every few seconds.

    A bookmark moves only after intake has taken what it passes, so what was not stored is fetched again: Heed
    recognises what it knows already. A channel that is ``held`` has a gap, and its bookmark stays before it.

    Two more bookmarks are for places that have none. ``floor`` is the end of the last hearing that was
    ``settled``, in which no place was left to look at: up to there all rooms were heard. ``began`` is when Heed
    listened for the first time: from there on a private chat is read, as Discord tells of none before somebody
    writes.
    """

    def __init__(self, marks: Bookmarks, account: str) -> None:
        self._marks = marks
        self._prefix = f"discord:{account}:"
        self._read: dict[str, int] = {}
        self._changed: set[str] = set()
        self._newest = 0
        self._first = False
        self.floor = 0
        self.began = 0
        self.settled = False
        self.has_begun = False
        self.held: set[str] = set()

    async def load(self, now: datetime) -> None:
        """Read what was stored; nothing at all is a beginning at this moment. Raises StoreError."""
        stored = await self._marks.bookmarks(self._prefix)
        numbers = {name.removeprefix(self._prefix): value for name, value in stored.items()}
        self._read = {channel: int(value) for channel, value in numbers.items() if is_id(channel) and is_id(value)}
        self._newest = max(self._read.values(), default=0)
        # a store of an earlier version has none of the two: then all was heard, but for a little
        self.floor = _number(numbers.get(_FLOOR)) or earlier(self._newest, SLACK)
        self.began = _number(numbers.get(_BEGAN)) or self.floor
        self._first = not self.began
        self.began = self.began or earlier(message_at(now), SLACK)
        self._changed |= {_BEGAN} - numbers.keys()

    def get(self, channel: str) -> int | None:
        """Return the last message read there, None for a channel in which none was."""
        return self._read.get(channel)

    def begin(self, channel: str, message: int) -> None:
        """Take that a channel was read up to here where nothing is known of it. Never moves a bookmark."""
        if channel not in self._read:
            self.has_begun = True
            self._set(channel, message)

    def move(self, channel: str, message: int, *, fetched: bool = False) -> None:
        """Take that intake has all up to this message; what came live does not move a held bookmark."""
        self._newest = max(self._newest, message)
        if self._first and not fetched and message < self.began:  # this machine's clock is fast
            self.began = message
            self._changed.add(_BEGAN)
        if message > self._read.get(channel, -1) and (fetched or channel not in self.held):
            self._set(channel, message)

    def forget(self, channel: str) -> None:
        """Take that a channel is gone for good."""
        self.held.discard(channel)
        if self._read.pop(channel, None) is not None:
            self._changed.add(channel)

    def channels(self) -> Iterator[str]:
        """Return all channels that have a bookmark."""
        yield from list(self._read)

    async def store(self) -> None:
        """Store what has moved since the last time; what cannot be stored now is stored next time."""
        if self.settled and earlier(self._newest, SLACK) > self.floor:
            self.floor = earlier(self._newest, SLACK)
            self._changed.add(_FLOOR)
        self.has_begun = False
        changed, self._changed = self._changed, set()
        if not changed:
            return
        places = {self._prefix + each: self._value(each) for each in changed}
        try:
            await self._marks.keep_bookmarks(places)
        except StoreError as error:
            self._changed |= changed
            log.warning("bookmarks_not_stored", channel="discord", why=str(error))
        except BaseException:
            self._changed |= changed
            raise

    def _value(self, name: str) -> str:
        if name in {_FLOOR, _BEGAN}:
            return str(self.floor if name == _FLOOR else self.began)
        return str(self._read[name]) if name in self._read else ""

    def _set(self, channel: str, message: int) -> None:
        self._read[channel] = message
        self._newest = max(self._newest, message)
        self._changed.add(channel)


def _number(value: str | None) -> int:
    return int(value) if is_id(value) else 0
