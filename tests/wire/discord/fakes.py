"""The other side of the channel: an intake, bookmarks and a board in memory, and a channel that listens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.channels.discord.channel import DiscordChannel
from bot.channels.discord.line import ChannelLine
from bot.domain.actions import Send, SendState
from bot.domain.decisions import Wording
from bot.domain.messages import ActionId, Address, Author, ConversationId, MessageId
from bot.domain.rooms import RoomRules
from bot.engine.time import SystemTime
from bot.errors import Overloaded
from bot.ports import TimeSource
from bot.records import Arrival, ArrivalKind, Outcome, Receipt, Sending
from tests.wire.discord.server import DiscordServer

CHANGES = {ArrivalKind.EDIT, ArrivalKind.DELETION}


class FakeMarks:
    """Bookmarks that remember what was kept, and what the intake had taken by then."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}
        self.kept: list[Mapping[str, str]] = []
        self.on_keep: Callable[[Mapping[str, str]], None] = lambda places: None

    async def bookmarks(self, prefix: str) -> Mapping[str, str]:
        await asyncio.sleep(0)
        return {name: value for name, value in self.places.items() if name.startswith(prefix)}

    async def keep_bookmarks(self, places: Mapping[str, str]) -> None:
        self.on_keep(places)
        await asyncio.sleep(0)
        self.kept.append(dict(places))
        for name, value in places.items():
            if value:
                self.places[name] = value
            else:
                self.places.pop(name, None)


class FakeBoard:
    """What operations are told now, and all that they were ever told."""

    def __init__(self) -> None:
        self.shown: dict[str, str] = {}
        self.ever: list[str] = []

    def tell(self, topic: str, sentence: str) -> None:
        if self.shown.get(topic) != sentence:
            self.ever.append(sentence)
        self.shown[topic] = sentence

    def clear(self, topic: str) -> None:
        self.shown.pop(topic, None)

    def says(self, word: str) -> bool:
        return any(word.lower() in sentence.lower() for sentence in self.shown.values())


@dataclass(slots=True)
class FakeIntake:
    """Stores as the real one does: repetitions are recognised. ``full``: so many more calls find no room."""

    taken: list[Arrival] = field(default_factory=list)
    full: int = 0
    refused: int = 0
    room: int | None = None  # how many may be taken before it is full, None for any
    chokes_on: str = "\x00"  # what stands in a text at which it fails as nobody foresaw
    known: set[tuple[ArrivalKind, str, str]] = field(default_factory=set)

    async def __call__(self, arrivals: Sequence[Arrival]) -> Sequence[Receipt]:
        await asyncio.sleep(0)
        if self.full > 0 or (self.room is not None and self.room < len(arrivals)):
            self.full = max(self.full - 1, 0)
            self.refused += 1
            raise Overloaded("as many messages wait as may")
        if any(self.chokes_on in arrival.text for arrival in arrivals):
            raise ValueError("a defect that nobody foresaw")
        if self.room is not None:
            self.room -= len(arrivals)
        return [self._receipt(arrival) for arrival in arrivals]

    def _receipt(self, arrival: Arrival) -> Receipt:
        key = (arrival.kind, arrival.external_id, arrival.revision)
        if arrival.kind in CHANGES and not any(known[1] == arrival.external_id for known in self.known):
            return Receipt(outcome=Outcome.NOT_FOUND)
        if key in self.known:
            return Receipt(outcome=Outcome.DUPLICATE)
        self.known.add(key)
        self.taken.append(arrival)
        return Receipt(outcome=Outcome.OVERHEARD if arrival.kind is ArrivalKind.TALK else Outcome.ACCEPTED)

    def of(self, kind: ArrivalKind = ArrivalKind.MESSAGE) -> list[Arrival]:
        return [arrival for arrival in self.taken if arrival.kind is kind]

    @property
    def texts(self) -> list[str]:
        return [arrival.text for arrival in self.of()]

    def texts_in(self, place: str) -> list[str]:
        return [each.text for each in self.of() if each.address is not None and each.address.place == place]


class HurriedTime(SystemTime):
    """The machine's clock, on which pauses last a fiftieth of what they should."""

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        if until is not None:
            now = self.now()
            until = now + (until - now) / 50
        await super().wait(event, until)


@dataclass(slots=True)
class Heed:
    """What of Heed a channel meets."""

    server: DiscordServer
    intake: FakeIntake = field(default_factory=FakeIntake)
    marks: FakeMarks = field(default_factory=FakeMarks)
    board: FakeBoard = field(default_factory=FakeBoard)
    time: TimeSource = field(default_factory=HurriedTime)
    rules: RoomRules = field(default_factory=RoomRules)
    token: str = ""
    line: ChannelLine | None = None

    def channel(self) -> DiscordChannel:
        return DiscordChannel(
            token=self.token or self.server.token,
            rules=self.rules,
            time=self.time,
            marks=self.marks,
            board=self.board,
            api=self.server.api,
            gateway=self.server.gateway_url,
            line=self.line,
        )

    @asynccontextmanager
    async def listening(self, *, connected: bool = True) -> AsyncIterator[DiscordChannel]:
        """Let a channel listen; whatever it raises but its cancellation fails the test."""
        channel = self.channel()
        running = asyncio.create_task(channel.listen(self.intake))
        try:
            if connected:
                await until(lambda: self.server.gateway.connected or running.done())
                assert not running.done(), running.result()
            yield channel
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    async def has(self, *texts: str) -> None:
        """Wait until these texts, and no others, have come in, in this order."""
        await until(lambda: len(self.intake.texts) >= len(texts), told=lambda: self.intake.texts)
        assert self.intake.texts == list(texts)


async def until(
    true: Callable[[], object], *, seconds: float = 20.0, told: Callable[[], object] = lambda: None
) -> None:
    """Wait for a real event on loopback, and no longer than this."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds
    while not true():
        assert loop.time() < ends, f"this never came about; meanwhile: {told()}"
        await asyncio.sleep(0.005)


def sending(
    text: str = "On its way.",
    *,
    place: str = "1001",
    thread: str = "",
    customer: str = "2001",
    key: str = "a1",
    attempts: int = 0,
    reply_to: str = "",
) -> Sending:
    """Return an answer of the bot's; one that was tried before is in doubt."""
    return Sending(
        seq=1,
        send=Send(
            id=ActionId(key),
            conversation=ConversationId("c1"),
            message=MessageId("s1"),
            author=Author.BOT,
            wording=Wording.ANSWER,
            text=text,
            answers_to=1,
        ),
        address=Address(channel="discord", account="9001", place=place, thread=thread),
        customer_external_id=customer,
        state=SendState.SENDING,
        created_at=datetime.now(UTC),
        attempts=attempts,
        doubtful=attempts > 0,
        reply_to=reply_to,
        private=not thread,
    )
