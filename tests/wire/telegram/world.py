"""Heed's side for the wire tests: an intake that can be full, a board, bookmarks, and waiting for what happens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channels.telegram.channel import TelegramChannel
from bot.domain.actions import Send, SendState
from bot.domain.decisions import Wording
from bot.domain.messages import ActionId, Address, Author, ConversationId, MessageId
from bot.domain.rooms import RoomRules
from bot.records import Arrival, Outcome, Receipt, Sending
from tests.channels.telegram.payloads import ME
from tests.wire.telegram.server import TOKEN, BotApiServer


class HastyTime:
    """The machine's clock, but whoever waits does so for a moment only. ``waited`` says how long it should be."""

    def __init__(self) -> None:
        self.waited: list[float] = []
        self.shift = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        if until is None:
            await event.wait()
            return
        self.waited.append(round((until - self.now()).total_seconds(), 1))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.01):
                await event.wait()


class Words:
    """A board. ``told`` is all that was ever said, ``shown`` what stands there now."""

    def __init__(self) -> None:
        self.shown: dict[str, str] = {}
        self.told: list[str] = []

    def tell(self, topic: str, sentence: str) -> None:
        self.shown[topic] = sentence
        self.told.append(sentence)

    def clear(self, topic: str) -> None:
        self.shown.pop(topic, None)


class Marks:
    """Bookmarks in memory. ``broken`` is raised instead of keeping any."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.broken: Exception | None = None

    async def bookmarks(self, prefix: str) -> Mapping[str, str]:
        return {name: value for name, value in self.kept.items() if name.startswith(prefix)}

    async def keep_bookmarks(self, places: Mapping[str, str]) -> None:
        if self.broken is not None:
            raise self.broken
        self.kept.update(places)


class Intake:
    """Stores arrivals by their ids. ``broken`` is raised instead, ``hung`` lets it never return."""

    def __init__(self) -> None:
        self.seen: list[Arrival] = []
        self.stored: dict[str, Arrival] = {}
        self.broken: Exception | None = None
        self.hung = False
        self.entered = asyncio.Event()

    async def __call__(self, arrivals: Sequence[Arrival]) -> Sequence[Receipt]:
        self.seen.extend(arrivals)
        self.entered.set()
        if self.hung:
            await asyncio.Event().wait()
        if self.broken is not None:
            raise self.broken
        self.stored.update({arrival.external_id + arrival.revision: arrival for arrival in arrivals})
        return [Receipt(outcome=Outcome.ACCEPTED) for _ in arrivals]

    @property
    def texts(self) -> list[str]:
        return [arrival.text for arrival in self.stored.values()]


class Side:
    """One Heed before the server."""

    def __init__(
        self, server: BotApiServer, *, rules: RoomRules | None = None, marks: Marks | None = None, **more: Any
    ) -> None:
        self.server = server
        self.time, self.board, self.marks, self.intake = HastyTime(), Words(), marks or Marks(), Intake()
        self.channel = TelegramChannel(
            token=more.pop("token", TOKEN),
            rules=rules or RoomRules(),
            time=self.time,
            marks=self.marks,
            board=self.board,
            api=more.pop("api", server.url),
            long_poll=timedelta(seconds=1),
            **more,
        )

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen until the end of the block."""
        task = asyncio.create_task(self.channel.listen(self.intake))
        try:
            yield
        finally:
            ended = task.done()
            task.cancel()
            result = await asyncio.gather(task, return_exceptions=True)
            assert not ended, f"it stopped listening: {result}"
            assert isinstance(result[0], asyncio.CancelledError), result

    async def stores(self, *texts: str) -> None:
        """Return once exactly these texts are stored, in this order."""
        await until(lambda: self.intake.texts == list(texts), lambda: f"stored: {self.intake.texts}")

    async def tells(self, part: str, topic: str = "telegram") -> None:
        await until(lambda: part in self.board.shown.get(topic, ""), lambda: f"shown: {self.board.shown}")

    async def quiet(self, topic: str = "telegram") -> None:
        await until(lambda: topic not in self.board.shown, lambda: f"shown: {self.board.shown}")


async def until(true: Callable[[], object], otherwise: Callable[[], str] = lambda: "it never came") -> None:
    """Return once something is so, within twenty seconds."""
    for _ in range(4000):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError(otherwise())


def sending(text: str = "On its way.", place: str = "1001", **more: Any) -> Sending:
    """Return an answer on its way to a private chat, or where ``thread`` and ``private`` say."""
    send = Send(
        id=ActionId("a1"),
        conversation=ConversationId("c1"),
        message=MessageId("s1"),
        author=Author.BOT,
        wording=Wording.ANSWER,
        text=text,
        answers_to=1,
        quick_replies=more.pop("quick_replies", ()),
    )
    made = Sending(
        seq=1,
        send=send,
        address=Address(channel="telegram", account=ME.account, place=place, thread=more.pop("thread", "")),
        customer_external_id="1001",
        state=SendState.SENDING,
        created_at=datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
    )
    return replace(made, **more)
