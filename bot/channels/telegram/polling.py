"""Fetching updates: each batch is stored before Telegram is told that it has arrived."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import structlog

from bot.channels.telegram.api import BotApi
from bot.channels.telegram.reception import Reception
from bot.channels.telegram.trouble import Patience
from bot.errors import Overloaded, StoreError
from bot.ports import Board, TimeSource

log = structlog.get_logger(__name__)

STORE_TOPIC = "telegram.store"
AGAIN = timedelta(seconds=1)


class Poller:
    """Asks for updates until it is cancelled. The next question acknowledges what is stored, and nothing else."""

    def __init__(
        self, *, api: BotApi, reception: Reception, patience: Patience, board: Board, time: TimeSource
    ) -> None:
        self._api = api
        self._reception = reception
        self._patience = patience
        self._board = board
        self._time = time

    async def run(self) -> None:
        """Fetch and store."""
        await self._patience.until_well(self._take_over)
        offset: int | None = None
        while True:
            asked_at = self._time.now()
            updates = await self._patience.until_well(partial(self._api.updates, offset))
            if updates:
                await self._store(updates)
            following = _following(updates, offset)
            if following == offset and self._time.now() - asked_at < AGAIN:
                await self._patience.pause(AGAIN)  # it does not hold requests open, or gives no numbers
            offset = following

    async def _take_over(self) -> None:
        """Take down a webhook, in whose presence Telegram lets nobody fetch. Nothing that waits is dropped."""
        info = await self._api.bot.get_webhook_info()
        if info.url:
            await self._api.bot.delete_webhook(drop_pending_updates=False)
            log.warning(
                "telegram_webhook_removed", host=urlsplit(info.url).hostname, waiting=info.pending_update_count
            )

    async def _store(self, updates: Sequence[Any]) -> None:
        """Store these, however long that takes; meanwhile the rest waits at Telegram."""
        arrived_at = self._time.now()
        while True:
            try:
                await self._reception.take(updates, arrived_at=arrived_at)
            except (Overloaded, StoreError) as problem:
                log.warning("telegram_updates_wait", updates=len(updates), why=type(problem).__name__)
                self._board.tell(STORE_TOPIC, waiting(problem))
                await self._patience.pause(AGAIN)
            else:
                self._board.clear(STORE_TOPIC)
                return


def waiting(problem: Overloaded | StoreError) -> str:
    """Return what to tell operations while messages cannot be stored."""
    why = "too many wait already" if isinstance(problem, Overloaded) else "the store does not take them"
    return f"Messages wait at Telegram, because {why}; Heed tries again, and they are kept there for 24 hours"


def _following(updates: Sequence[Any], offset: int | None) -> int | None:
    """Return from which number to ask on: an empty answer means that all before it is acknowledged."""
    ids = [update.get("update_id") for update in updates if isinstance(update, dict)]
    numbers = [number for number in ids if type(number) is int]
    if numbers:
        return max(numbers) + 1
    return offset if updates else None
