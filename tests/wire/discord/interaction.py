"""One interaction as the person sees it who began it: what was answered, and what came after."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.wire.discord.message_forms import EPHEMERAL
from tests.wire.discord.payloads import Payload

COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5
MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
FOLLOW_UP = 0  # a message after the answer; Discord has no number for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person sees. ``kind``: the callback's number; ``message`` lives: it tells later changes too."""

    kind: int
    body: Payload
    message: Payload | None = None

    @property
    def text(self) -> str:
        return str(self.message["content"]) if self.message else ""

    @property
    def ephemeral(self) -> bool:
        """Tell whether nobody else sees it."""
        return bool(self.message and self.message["flags"] & EPHEMERAL)

    @property
    def embeds(self) -> list[Payload]:
        return list(self.message["embeds"]) if self.message else []

    @property
    def components(self) -> list[Payload]:
        return list(self.message["components"]) if self.message else []

    @property
    def choices(self) -> list[tuple[str, Any]]:
        """Return what an autocomplete offers: names and values."""
        return [(each["name"], each["value"]) for each in self.body.get("choices", [])]

    @property
    def modal(self) -> Payload:
        """Return the form that opened: its ``title``, ``custom_id`` and ``components``."""
        assert self.kind == MODAL, f"no form has opened, but an answer of kind {self.kind}: {self.text!r}"
        return self.body


@dataclass(slots=True, eq=False, kw_only=True)
class Interaction:
    """What somebody did, and what the bot made of it. ``source``: the message whose button or select it was."""

    id: str
    token: str
    kind: int
    user: str
    channel: str
    told: Payload
    source: Payload | None = None
    answer: Answer | None = None
    original: Payload | None = None
    loading: bool = False  # deferred, and nothing is shown yet
    edits: int = 0  # how often the first answer was changed afterwards
    removed: bool = False  # the first answer was taken back
    followups: list[Answer] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def lapse(self) -> None:
        """Let the time for an answer be over now."""
        self.begun = float("-inf")

    def tell(self) -> None:
        """Wake whoever waits for news of this."""
        self._news.set()
        self._news = asyncio.Event()

    async def acknowledged(self, *, seconds: float = 20.0) -> Answer:
        """Wait until the bot has called back, if only to say that it will answer later."""
        await self._until(lambda: self.answer is not None, seconds, "acknowledged")
        assert self.answer is not None
        return self.answer

    async def answered(self, *, seconds: float = 20.0) -> Answer:
        """Wait until the person sees an answer; of a deferred one, until it is filled."""
        await self._until(lambda: self.answer is not None and not self.loading, seconds, "answered")
        assert self.answer is not None
        return self.answer

    async def followed(self, count: int = 1, *, seconds: float = 20.0) -> list[Answer]:
        """Wait until so many messages came after the answer."""
        await self._until(lambda: len(self.followups) >= count, seconds, f"followed by {count}")
        return self.followups

    async def edited(self, times: int = 1, *, seconds: float = 20.0) -> Answer:
        """Wait until the first answer was changed afterwards so often."""
        await self._until(lambda: self.edits >= times, seconds, f"edited {times} times")
        assert self.answer is not None
        return self.answer

    async def _until(self, true: Callable[[], bool], seconds: float, what: str) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not true():
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"interaction {self.told['data']} was not {what} in {seconds} s") from None
