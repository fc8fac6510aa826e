"""What the gateway brought and nobody has looked at yet: in order, and bounded."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.channels.discord.places import is_id

#: The gateway cannot be told to wait: more than this many events are not kept but fetched afterwards.
MOST_WAITING = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of the gateway, or a fetched message in the shape of one. ``live``: it came as it happened."""

    name: str
    payload: Mapping[str, Any]
    arrived_at: datetime
    live: bool = False

    @property
    def channel(self) -> str:
        """Return the id of the channel that it concerns, "" if it names none."""
        channel = self.payload.get("channel_id")
        return channel if is_id(channel) else ""

    @property
    def message(self) -> int:
        """Return the id of a new message, 0 for anything else: only those move a bookmark."""
        number = self.payload.get("id")
        return int(number) if self.name == "MESSAGE_CREATE" and is_id(number) else 0

    @property
    def private(self) -> bool:
        """Tell whether it comes from a private chat."""
        return self.payload.get("guild_id") is None


class Incoming:
    """A queue that never blocks whoever fills it. When it is full, all that comes until it is empty is left out.

    What was left out stands in Discord's channels still: an empty batch tells that it has to be fetched now.
    """

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._waiting: deque[Event | None] = deque()
        self._filled = asyncio.Event()
        self.left_out = 0

    def put(self, event: Event) -> int:
        """Add an event, or leave it out where there is no room; return how many are left out."""
        if self.left_out or len(self._waiting) >= self._most:
            self.left_out += 1
        else:
            self._waiting.append(event)
        self._filled.set()
        return self.left_out

    def catch_up(self) -> None:
        """Ask for an empty batch behind all that waits now."""
        if not self._waiting or self._waiting[-1] is not None:
            self._waiting.append(None)
        self._filled.set()

    async def take(self, most: int) -> list[Event]:
        """Return what waits, oldest first; an empty list where missed messages have to be fetched first."""
        while not self._waiting and not self.left_out:
            self._filled.clear()
            await self._filled.wait()
        batch: list[Event] = []
        while self._waiting and len(batch) < most:
            event = self._waiting[0]
            if event is None and batch:
                break
            self._waiting.popleft()
            if event is None:
                return []
            batch.append(event)
        if not batch:
            self.left_out = 0
        return batch
