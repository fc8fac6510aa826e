"""Shows customers that an answer is being prepared, where the platform can show it and the bot has the word."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from bot.domain.conversation import Conversation
from bot.domain.messages import Address, Author
from bot.domain.states import HUMAN_STATES, State
from bot.ports import Channel, Store, TimeSource
from bot.records import ArrivalKind, InboxItem

log = structlog.get_logger(__name__)

#: A sign lasts some seconds on every platform: within this time none is repeated at one place.
LASTS = timedelta(seconds=4)

#: Whoever wrote longer ago does not look any more, and may get no answer from the bot.
OLD = timedelta(minutes=1)

#: How long showing it may take, and how many wait at most: a sign that comes late is worth nothing.
TIMEOUT_SECONDS = 3.0
MOST_WAITING = 32
AT_ONCE = 4


class Presence:
    """Never in the way: a sign that cannot be shown now is left out."""

    def __init__(self, *, store: Store, channels: Sequence[Channel], time: TimeSource) -> None:
        self._store = store
        self._channels = [channel for channel in channels if channel.capabilities.shows_typing]
        self._time = time
        self._shown: dict[str, datetime] = {}
        self._waiting: asyncio.Queue[Address] = asyncio.Queue(MOST_WAITING)

    async def preparing(self, items: Sequence[InboxItem]) -> None:
        """Learn that these are being read now."""
        if not self._channels:
            return
        wanted = [item for item in items if self._may_be_answered(item)]
        if not wanted:
            return
        found = await self._store.load([item.conversation for item in wanted])
        for conversation in found.values():
            if _bot_has_the_word(conversation):
                self._want(conversation.address)

    async def run(self) -> None:
        """Show what is wanted until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._serve())

    async def drain(self) -> None:
        """Show all that is wanted now."""
        while not self._waiting.empty():
            await self._show(self._waiting.get_nowait())

    def _may_be_answered(self, item: InboxItem) -> bool:
        fresh = item.kind is ArrivalKind.MESSAGE and not item.escalated and not item.flooding
        late = self._time.now() - (item.held_until or item.happened_at) > OLD
        heard = item.addressed and not item.blocked
        return fresh and not late and heard and self._channel(item.channel) is not None

    def _want(self, address: Address) -> None:
        key, now = address.key(), self._time.now()
        if now - self._shown.get(key, now - LASTS) < LASTS:
            return
        self._shown = {place: at for place, at in self._shown.items() if now - at < LASTS}
        self._shown[key] = now
        with suppress(asyncio.QueueFull):
            self._waiting.put_nowait(address)

    async def _serve(self) -> None:
        while True:
            await self._show(await self._waiting.get())

    async def _show(self, address: Address) -> None:
        channel = self._channel(address.channel)
        if channel is None:
            return
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await channel.typing(address)
        except Exception as error:  # noqa: BLE001  # a sign that is not shown harms nobody
            log.debug("typing_not_shown", channel=address.channel, why=type(error).__name__)

    def _channel(self, name: str) -> Channel | None:
        return next((channel for channel in self._channels if channel.serves(name)), None)


def _bot_has_the_word(conversation: Conversation) -> bool:
    by_human = conversation.state is State.WAITING and conversation.spoke_last is Author.AGENT
    return conversation.state not in HUMAN_STATES and not by_human
