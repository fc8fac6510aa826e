"""A whole Heed on virtual time: real store, handlers and engine; the model and the platform are scripted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channels import arrivals
from bot.domain.conversation import Conversation
from bot.domain.events import Claim, Command
from bot.domain.log import LogRecord
from bot.domain.messages import Address, AgentId, ConversationId
from bot.domain.prediction import Assessment, Candidate, Label, Prediction, Versions
from bot.domain.roles import Agent
from bot.engine.time import VirtualTime
from bot.ports import Capabilities, Intake
from bot.records import Arrival, Receipt, Sending, Sent
from bot.settings import Settings
from bot.stores.sqlite import SqliteStore
from bot.wiring import Heed, join

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ALEX = Agent(id=AgentId("alex"))
SAM = Agent(id=AgentId("sam"))

WORDS = {
    "question": (0.97, 0.02, 0.01),
    "complaint": (0.05, 0.97, 0.01),
    "praise": (0.01, 0.01, 0.97),
    "chatter": (0.01, 0.01, 0.01),
}


def reading(text: str) -> Assessment:
    """Read a text by its first word: question, complaint, praise, or chatter."""
    scores = WORDS.get(text.split(" ", maxsplit=1)[0], WORDS["chatter"])
    probabilities = dict(zip((Label.QUESTION, Label.COMPLAINT, Label.PRAISE), scores, strict=True))
    label = max(probabilities, key=lambda each: probabilities[each]) if max(scores) > 0.5 else Label.OTHER
    template = text.split(" ")[1] if text.startswith("question ") else ""
    return Assessment(
        prediction=Prediction(label=label, probabilities=probabilities, language="en"),
        candidates=(Candidate(template=template, score=0.95),) if template else (),
        versions=Versions(model="scripted", calibration="none", templates="1"),
    )


@dataclass
class ScriptedAssessor:
    """A model whose answers a test knows; it can fail, or hang until it is let go."""

    read: Callable[[str], Assessment] = reading
    hold: asyncio.Event | None = None
    seen: list[str] = field(default_factory=list)
    usual: list[Sequence[str] | None] = field(default_factory=list)
    addressed: list[bool] = field(default_factory=list)
    fails: bool = False

    async def assess(
        self,
        texts: Sequence[str],
        *,
        usual: Sequence[str] | None = None,
        addressed: Sequence[bool] | None = None,
    ) -> Sequence[Assessment]:
        if self.hold is not None:
            await self.hold.wait()
        if self.fails:
            raise RuntimeError("the model broke")
        self.seen += texts
        self.usual.append(usual)
        self.addressed += addressed or [True] * len(texts)
        return [self.read(text) for text in texts]

    async def index(self, examples: Mapping[str, Sequence[str]], *, version: str) -> None:
        del examples, version

    async def close(self) -> None:
        pass


@dataclass
class ScriptedPlatform:
    """A platform that takes what it is sent, or fails as a test wants."""

    time: VirtualTime
    idempotent: bool = False
    failures: list[Exception] = field(default_factory=list)
    taken: list[Sending] = field(default_factory=list)
    typed: list[Address] = field(default_factory=list)
    may: Mapping[str, object] = field(default_factory=dict)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(name="room", idempotent_sends=self.idempotent, **self.may)  # type: ignore[arg-type]

    def serves(self, channel: str) -> bool:
        return channel == "room"

    async def listen(self, intake: Intake) -> None:
        del intake
        await asyncio.Event().wait()

    async def send(self, sending: Sending) -> Sent:
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(sending)
        return Sent(at=self.time.now(), external_ids=sending.revised_ids or (f"p-{sending.send.id}",))

    async def typing(self, address: Address) -> None:
        self.typed.append(address)


class World:
    """What a test does to a Heed, and what it sees of it."""

    def __init__(self, heed: Heed, time: VirtualTime, model: ScriptedAssessor, platform: ScriptedPlatform) -> None:
        self.heed = heed
        self.time = time
        self.model = model
        self.platform = platform
        self.store = heed.store
        self._count = 0

    async def arrives(self, text: str, *, who: str = "v1", sent_at: datetime | None = None) -> Receipt:
        self._count += 1
        return (await self.heed.intake([self.message(text, who=who, number=self._count, sent_at=sent_at)]))[0]

    def message(self, text: str, *, who: str = "v1", number: int, sent_at: datetime | None = None) -> Arrival:
        now = self.time.now()
        return arrivals.message(
            external_id=f"{who}-{number}",
            text=text,
            address=Address(channel="room", account="a", place=who),
            customer=arrivals.customer("room", who, who),
            arrived_at=now,
            sent_at=sent_at or now,
        )

    def in_room(self, text: str, *, who: str = "v1", sent_at: datetime | None = None, **parts: Any) -> Arrival:
        """Return what a member says in the lobby: to nobody, and others have the first word for five minutes."""
        self._count += 1
        now = self.time.now()
        said = arrivals.message(
            external_id=f"{who}-{self._count}",
            text=text,
            address=Address(channel="room", account="a", place="lobby", thread=f"u:{who}"),
            customer=arrivals.customer("room", who, who),
            arrived_at=now,
            sent_at=sent_at or now,
            private=False,
        )
        return replace(said, **{"room": "lobby", "addressed": False, "patience": timedelta(minutes=5), **parts})

    def agent_in_room(self, text: str, *, to: str, agent: str = "sam", **parts: Any) -> Arrival:
        """Return what an agent answers a member in the lobby."""
        self._count += 1
        now = self.time.now()
        said = arrivals.reply(
            channel="room",
            external_id=f"{agent}-{self._count}",
            text=text,
            agent=agent,
            arrived_at=now,
            sent_at=parts.pop("sent_at", now),
            address=Address(channel="room", account="a", place="lobby", thread=f"u:{to}"),
            private=False,
        )
        return replace(said, **{"room": "lobby", **parts})

    async def takes_in(self, *told: Arrival) -> ConversationId:
        """Take these in together and return the conversation of the first."""
        first, *_ = await self.heed.intake(told)
        await self.settle()
        assert first.conversation is not None
        return first.conversation

    async def writes(self, text: str, *, who: str = "v1", sent_at: datetime | None = None) -> ConversationId:
        receipt = await self.arrives(text, who=who, sent_at=sent_at)
        await self.settle()
        assert receipt.conversation is not None
        return receipt.conversation

    async def settle(self) -> None:
        await self.heed.workers[0].drain()
        await self.heed.delivery.drain()

    async def pass_time(self, duration: timedelta) -> None:
        until = self.time.now() + duration
        while (due := await self.store.next_due()) is not None and due <= until:
            self.time.move_to(due)
            await self.heed.timekeeper.drain()
            await self.heed.delivery.drain()
        self.time.move_to(until)

    async def commands(self, conversation: ConversationId, command: Command) -> str:
        return (await self.heed.commands.perform(conversation, command)).refusal

    async def claims(self, conversation: ConversationId, agent: Agent = ALEX) -> str:
        return await self.commands(conversation, Claim(at=self.time.now(), agent=agent))

    async def conversation(self, conversation: ConversationId) -> Conversation:
        return (await self.store.load([conversation]))[conversation]

    async def log(self, conversation: ConversationId, kind: str) -> list[LogRecord]:
        return [record for record in await self.store.of(conversation) if record.kind == kind]

    def said(self) -> list[str]:
        return [sending.send.wording.value for sending in self.platform.taken]


@asynccontextmanager
async def world(
    settings: Settings | None = None, *, idempotent: bool = False, may: Mapping[str, object] | None = None
) -> AsyncIterator[World]:
    time = VirtualTime(T0)
    store = await SqliteStore.open(memory=True, present=time.now)
    try:
        model, platform = ScriptedAssessor(), ScriptedPlatform(time, idempotent=idempotent, may=may or {})
        heed = join(settings or sample(), store=store, assessor=model, channels=[platform], time=time)
        await heed.brands.adopt()
        yield World(heed, time, model, platform)
    finally:
        await store.close()


def sample(**limits: object) -> Settings:
    brand = {"variables": {"website": "shop.example", "hours": "9 to 6", "email": "a@shop.example", "phone": "1"}}
    return Settings.model_validate({"brand": brand, "limits": limits})
