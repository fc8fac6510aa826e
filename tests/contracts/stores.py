"""What every contract test of a store needs: the table of stores, the fixture, and builders of values."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.actions import Deadline, DeadlineKind, Send, SendState
from bot.domain.calendar import ALWAYS_OPEN
from bot.domain.conversation import Conversation, Pending, Unanswered
from bot.domain.decisions import Decision, DecisionKind, Reason, Rendered, Situation, Wording
from bot.domain.log import LogEvent, LogKind
from bot.domain.messages import ActionId, Address, AgentId, Author, Customer, MessageId
from bot.domain.prediction import Assessment, Candidate, Label, Prediction, Versions
from bot.domain.sla import Aim, Clock, Metric
from bot.domain.states import State
from bot.ports import Store
from bot.records import (
    Arrival,
    ArrivalKind,
    Commit,
    DecisionRecord,
    InboxItem,
    NoteRecord,
    Receipt,
    SendOutcome,
    Taken,
)
from bot.stores.sqlite import SqliteStore

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
PULLED = "fetched"  # the channel that the other side fetches


# --- the stores: a new backend joins this table ------------------------------------------------------------


async def open_sqlite(folder: Path) -> Store:
    """Open the embedded store in ``folder``; opened there again, it holds what it held."""
    return await SqliteStore.open(folder / "heed.db", pulled=PULLED.__eq__, durability="normal")


OPENERS: dict[str, Callable[[Path], Awaitable[Store]]] = {"sqlite": open_sqlite}


@dataclass
class Place:
    """Where a store lives; opening it again stands for a restart of the process."""

    opener: Callable[[Path], Awaitable[Store]]
    folder: Path
    opened: list[Store] = field(default_factory=list)

    async def open(self) -> Store:
        store = await self.opener(self.folder)
        self.opened.append(store)
        return store

    async def close(self) -> None:
        for store in self.opened:
            await store.close()


@pytest.fixture(params=sorted(OPENERS))
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Lend a place for a store of each kind."""
    where = Place(OPENERS[request.param], tmp_path)
    yield where
    await where.close()


@pytest.fixture
async def store(place: Place) -> Store:
    """Lend an open, empty store of each kind."""
    return await place.open()


# --- arrivals ----------------------------------------------------------------------------------------------


def address(who: str = "ann", channel: str = "api") -> Address:
    return Address(channel=channel, account="shop", place=who)


def message(
    external_id: str = "1",
    *,
    who: str = "ann",
    text: str = "Where is my parcel?",
    at: datetime = NOW,
    channel: str = "api",
    name: str = "Ann Example",
    flooding: bool = False,
    **parts: object,
) -> Arrival:
    return Arrival(
        kind=ArrivalKind.MESSAGE,
        channel=channel,
        external_id=external_id,
        happened_at=at,
        arrived_at=at,
        text=text,
        address=address(who, channel),
        customer=Customer(channel=channel, external_id=who, name=name),
        flooding=flooding,
        **parts,
    )


def said(external_id: str = "1", *, who: str = "ann", **parts: object) -> Arrival:
    """Return a customer's words in a room to nobody in particular. Others have five minutes to answer."""
    values = {"addressed": False, "patience": 5 * MINUTE, "room": "lobby", "private": False}
    place = Address(channel="api", account="shop", place="lobby", thread=f"u:{who}")
    return replace(message(external_id, who=who), **{"address": place, **values, **parts})


def talk(*, at: datetime = NOW + MINUTE, room: str = "lobby", in_reply_to: str = "") -> Arrival:
    """Return an agent's words to nobody's conversation."""
    return Arrival(
        kind=ArrivalKind.TALK,
        channel="api",
        external_id=uuid.uuid4().hex,
        happened_at=at,
        arrived_at=at,
        room=room,
        in_reply_to=in_reply_to,
        agent=AgentId("kim"),
    )


def edit(external_id: str = "1", *, text: str, revision: str = "", at: datetime = NOW + MINUTE) -> Arrival:
    return Arrival(
        kind=ArrivalKind.EDIT,
        channel="api",
        external_id=external_id,
        happened_at=at,
        arrived_at=at,
        text=text,
        revision=revision,
    )


def deletion(external_id: str = "1", *, at: datetime = NOW + MINUTE) -> Arrival:
    return Arrival(
        kind=ArrivalKind.DELETION, channel="api", external_id=external_id, happened_at=at, arrived_at=at
    )


def reply(external_id: str = "r1", *, text: str = "It is on its way.", **where: object) -> Arrival:
    return Arrival(
        kind=ArrivalKind.REPLY,
        channel="api",
        external_id=external_id,
        happened_at=NOW + MINUTE,
        arrived_at=NOW + MINUTE,
        text=text,
        agent=AgentId("kim"),
        **where,
    )


async def accept(store: Store, *arrivals: Arrival) -> list[Receipt]:
    return await store.accept(arrivals, assess_within=2 * MINUTE)


async def take(store: Store, limit: int = 10, *, owner: str = "w1", now: datetime = NOW) -> list[InboxItem]:
    return await store.take(limit, owner=owner, now=now, lease=MINUTE)


async def conversation_of(store: Store, receipt: Receipt) -> Conversation:
    assert receipt.conversation is not None
    return (await store.load([receipt.conversation]))[receipt.conversation]


async def begun(
    store: Store, who: str = "ann", *, channel: str = "api", text: str = "Where is it?"
) -> Conversation:
    """Return a conversation with one message, which has been taken off the inbox."""
    number = uuid.uuid4().hex
    [receipt] = await accept(store, message(number, who=who, channel=channel, text=text))
    conversation = await conversation_of(store, receipt)
    items = await store.take(1000, owner="begun", now=NOW, lease=MINUTE)
    done = [item.seq for item in items if item.conversation == conversation.id]
    await store.release([item for item in items if item.conversation != conversation.id], blameless=True)
    return await advance(store, conversation, done=tuple(done))


# --- commits -----------------------------------------------------------------------------------------------


def step(conversation: Conversation, *, after: dict[str, object] | None = None, **parts: object) -> Commit:
    """Return a commit that brings this conversation to its next version."""
    changed = replace(conversation, version=conversation.version + 1, **(after or {}))
    return Commit(conversation=changed, expected_version=conversation.version, recorded_at=NOW, **parts)


async def advance(
    store: Store, conversation: Conversation, *, after: dict[str, object] | None = None, **parts: object
) -> Conversation:
    """Commit one step and return the conversation as it is then."""
    commit = step(conversation, after=after, **parts)
    assert await store.commit([commit]) == [True]
    return commit.conversation


def answer(conversation: Conversation, action: str = "", *, text: str = "Tomorrow.", **parts: object) -> Send:
    """Return a bot's answer to this conversation, under its present hold epoch."""
    action = action or uuid.uuid4().hex
    values = {
        "id": ActionId(action),
        "conversation": conversation.id,
        "message": MessageId(f"m-{action}"),
        "author": Author.BOT,
        "wording": Wording.ANSWER,
        "text": text,
        "answers_to": 1,
        "hold_epoch": conversation.hold_epoch,
        "template": "parcel",
    }
    return Send(**{**values, **parts})


def agent_text(
    conversation: Conversation, action: str = "", *, text: str = "A human here.", **parts: object
) -> Send:
    human = {"author": Author.AGENT, "wording": Wording.REPLY, "hold_epoch": None, "agent": AgentId("kim")}
    return answer(conversation, action, text=text, **{**human, "template": None, **parts})


def pending(send: Send) -> Pending:
    """Return what a conversation knows of this text on its way."""
    return Pending(
        action=send.id, author=send.author, wording=send.wording, answers_to=send.answers_to, queued_at=NOW
    )


async def outcome(
    store: Store, conversation: Conversation, send: Send, state: SendState = SendState.SENT, at: datetime = NOW
) -> Conversation:
    return await advance(store, conversation, outcomes=(SendOutcome(action=send.id, state=state, at=at),))


async def take_sends(
    store: Store, channels: list[str] | None = None, *, now: datetime = NOW, limit: int = 10
) -> Taken:
    return await store.take_sends(channels, now=now, limit=limit, lease=MINUTE)


def actions(taken: Taken) -> list[ActionId]:
    return [sending.send.id for sending in taken.sendings]


def logged(kind: LogKind = LogKind.OPENED, **fields: object) -> LogEvent:
    return LogEvent(kind=kind, at=NOW, fields=fields)


def deadline(conversation: Conversation, key: str = "breach:first_reply_time:1", at: datetime = NOW) -> Deadline:
    return Deadline(conversation=conversation.id, kind=DeadlineKind.BREACH, key=key, due_at=at)


def note(text: str = "Be kind to this one.") -> NoteRecord:
    return NoteRecord(id=uuid.uuid4().hex, agent=AgentId("kim"), text=text, at=NOW)


def unanswered(since: datetime) -> tuple[Unanswered, ...]:
    return (Unanswered(message=MessageId("m"), number=1, sent_at=since),)


def decided(text: str = "Tomorrow.", name: str = "Ann Example", of: str = "m1") -> DecisionRecord:
    """Return a decision to answer, with all its inputs."""
    scores = {Label.QUESTION: 0.9, Label.COMPLAINT: 0.1, Label.PRAISE: 0.0}
    return DecisionRecord(
        message=MessageId(of),
        assessment=Assessment(
            prediction=Prediction(label=Label.QUESTION, probabilities=scores, language="en"),
            candidates=(Candidate(template="parcel", score=0.8),),
            versions=Versions(model="m1", calibration="c1", templates="t1"),
        ),
        situation=Situation(
            state=State.UNOPENED,
            channel="api",
            private=True,
            spoke_last=None,
            last_template=None,
            acknowledged=False,
            usual_language="en",
            customer_name=name,
            paused=False,
            late=False,
            flooding=False,
            at=NOW,
        ),
        decision=Decision(
            kind=DecisionKind.ANSWER,
            reason=Reason.TEMPLATE,
            rendered=Rendered(text=text, template="parcel", wording=Wording.ANSWER),
        ),
        made_at=NOW,
    )


async def opened(store: Store, who: str, **after: Any) -> Conversation:
    """Return an escalated conversation; ``after`` sets further fields of it."""
    conversation = await begun(store, who)
    return await advance(store, conversation, after={"state": State.ESCALATED, "updated_at": NOW, **after})


def clock(due_at: datetime) -> tuple[Clock, ...]:
    """Return a running clock, alone, that falls due then: a day after its start."""
    start = due_at - DAY
    made = Clock(metric=Metric.FIRST_REPLY, instance=1, started_at=start, running_since=start)
    return (made.aimed_at(Aim(policy="standard", target=DAY), ALWAYS_OPEN, at=start),)
