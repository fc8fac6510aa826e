"""Conversations that wait for a human, made in bulk through the store and the real road, before Heed starts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.program import CONFIG
from bot.channels import arrivals
from bot.domain.decisions import Decision, DecisionKind, Reason
from bot.domain.events import AgentReplied, CustomerWrote, Event
from bot.domain.messages import Address, AgentId, ConversationId, MessageId
from bot.domain.roles import Agent
from bot.engine.road import Passage, Trip
from bot.engine.time import SystemTime
from bot.records import Arrival, InboxItem
from bot.settings import Settings, parse_settings
from bot.stores.sqlite import SqliteStore
from bot.stores.sqlite.files import Durability
from bot.wiring import Heed, join

#: Long enough that of each conversation only the warning falls due while it is measured.
TARGET = "10h"

#: Conversations in one call of the store.
TOGETHER = 1000

ALEX = Agent(id=AgentId("alex"))
ESCALATED = Decision(kind=DecisionKind.ESCALATE, reason=Reason.NOT_ASSESSED)


class NoModel:
    """Stands where a model would: nothing is read here."""

    async def assess(
        self,
        texts: Sequence[str],
        *,
        usual: Sequence[str] | None = None,
        addressed: Sequence[bool] | None = None,
    ) -> Sequence[None]:
        """Read nothing."""
        del usual, addressed
        return [None for _ in texts]

    async def index(self, examples: Mapping[str, Sequence[str]], *, version: str) -> None:
        """Choose from nothing."""
        del examples, version

    async def close(self) -> None:
        """Hold nothing."""


@dataclass(frozen=True)
class Standing:
    """A store and the road to it. ``ahead``: how long after a customer's message its first deadline is due."""

    heed: Heed
    time: SystemTime
    ahead: timedelta

    async def escalate(self, due: Sequence[datetime], *, name: str) -> list[ConversationId]:
        """Let a conversation come before a human for each of these instants, its first deadline due then."""
        made = []
        for start in range(0, len(due), TOGETHER):
            made += await self._escalate(due[start : start + TOGETHER], name=f"{name}-{start}")
        return made

    async def _escalate(self, due: Sequence[datetime], *, name: str) -> list[ConversationId]:
        now, store = self.time.now(), self.heed.store
        came = [_message(f"{name}-{n}", now, at - self.ahead) for n, at in enumerate(due)]
        await store.accept(came, assess_within=timedelta(hours=1))
        items = await store.take(len(came), owner="benchmark", now=now, lease=timedelta(hours=1))
        await self.heed.road.drive([self._trip(item) for item in items])
        return [item.conversation for item in items]

    def _trip(self, item: InboxItem) -> Trip:
        event = CustomerWrote(
            at=self.time.now(), message=item.message, sent_at=item.happened_at, decision=ESCALATED
        )
        passage = Passage(event=event, fresh=(item.seq,), done=(item.seq,))
        return Trip(conversation=item.conversation, make=lambda _conversation, _item: passage, item=item)

    async def reply(self, conversations: Sequence[ConversationId], *, batch: int) -> None:
        """Let an agent answer each in the customer's place, which stops its reply clocks."""
        for start in range(0, len(conversations), batch):
            trips = [
                Trip(conversation=each, make=_once(self._replied(each)))
                for each in conversations[start : start + batch]
            ]
            await self.heed.road.drive(trips)

    def _replied(self, conversation: ConversationId) -> Event:
        now = self.time.now()
        return AgentReplied(at=now, agent=ALEX, message=MessageId(f"r{conversation}"), replied_at=now)


def _once(event: Event) -> Callable[[object, object], Passage]:
    return lambda _conversation, _item: Passage(event=event)


def _message(name: str, now: datetime, sent_at: datetime) -> Arrival:
    return arrivals.message(
        external_id=name,
        text="It broke again, and nobody answers.",
        address=Address(channel="api", account="", place=name),
        customer=arrivals.customer("api", name, name),
        arrived_at=now,
        sent_at=sent_at,
    )


@asynccontextmanager
async def standing(path: Path, *, durability: Durability = "normal") -> AsyncIterator[Standing]:
    """Open the store of a Heed that does not run."""
    settings = parse_settings(CONFIG.format(folder=path.parent, webhook="", target=TARGET))
    ahead = await _first_deadline_after(settings)
    store = await SqliteStore.open(path, durability=durability)
    try:
        time = SystemTime()
        heed = join(settings, store=store, assessor=NoModel(), channels=[], time=time)
        yield Standing(heed, time, ahead)
    finally:
        await store.close()


async def _first_deadline_after(settings: Settings) -> timedelta:
    """Return how long after a message its first deadline is due, whatever the settings make of the target."""
    store = await SqliteStore.open(memory=True)
    try:
        time = SystemTime()
        heed = join(settings, store=store, assessor=NoModel(), channels=[], time=time)
        written = time.now()
        await Standing(heed, time, timedelta(0)).escalate([written], name="one")
        due = await store.next_due()
        assert due is not None
        return due - written
    finally:
        await store.close()
