"""A small Heed in memory: honest about ids, repetitions and order, without model, threads or files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from aiohttp import web

from bot.domain.actions import Send, SendState
from bot.domain.conversation import Conversation
from bot.domain.decisions import Wording
from bot.domain.events import Command, Reply
from bot.domain.log import LogKind, LogRecord
from bot.domain.messages import ActionId, Address, AgentId, Author, ConversationId, CustomerId, MessageId
from bot.domain.roles import Role
from bot.errors import BadMessage, HeedError, NotFound, Overloaded, StoreError
from bot.ports import CommandResult
from bot.records import (
    Arrival,
    ArrivalKind,
    ConversationView,
    Outcome,
    Receipt,
    Sending,
    StaffAccount,
    TranscriptEntry,
)

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class FakeTime:
    """Time that stands still until a test moves it."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at
        self._moved = asyncio.Condition()
        self.waiting = asyncio.Event()

    def now(self) -> datetime:
        return self.at

    async def advance(self, by: timedelta) -> None:
        async with self._moved:
            self.at += by
            self._moved.notify_all()

    async def reached(self, until: datetime) -> None:
        async with self._moved:
            self.waiting.set()
            await self._moved.wait_for(lambda: self.at >= until)

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        waits = [asyncio.ensure_future(event.wait())]
        if until is not None:
            waits.append(asyncio.ensure_future(self.reached(until)))
        await first_of(waits)


async def first_of(waits: list[asyncio.Future]) -> None:
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


@dataclass
class FakeHeed:
    """Intake, log, views, feed, commands and accounts over plain dictionaries."""

    time: FakeTime = field(default_factory=FakeTime)
    full: bool = False
    broken: bool = False
    refusal: str = ""
    intake_calls: list[list[Arrival]] = field(default_factory=list)
    commands_given: list[Command] = field(default_factory=list)
    arrivals: dict[tuple[str, str], Arrival] = field(default_factory=dict)
    entries: list[TranscriptEntry] = field(default_factory=list)
    owners: dict[str, tuple[str, str]] = field(default_factory=dict)
    sendings: list[Sending] = field(default_factory=list)
    records: list[LogRecord] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    accounts: dict[str, StaffAccount] = field(default_factory=dict)
    looked_up: list[str] = field(default_factory=list)
    views_of: dict[str, ConversationView] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._logged = asyncio.Condition()
        self.tailed = asyncio.Event()

    # --- intake -------------------------------------------------------------------------------------------

    async def intake(self, arrivals: Sequence[Arrival]) -> list[Receipt]:
        self.intake_calls.append(list(arrivals))
        if self.full:
            raise Overloaded("1000 messages wait already")
        self._check()
        receipts = [self._accept(arrival) for arrival in arrivals]
        for receipt in receipts:
            if receipt.outcome is Outcome.ACCEPTED:
                await self.log(receipt.conversation, LogKind.MESSAGE_RECEIVED)
        return receipts

    def _accept(self, arrival: Arrival) -> Receipt:
        key = (arrival.channel, arrival.external_id)
        known = self.arrivals.get(key)
        if arrival.kind in {ArrivalKind.EDIT, ArrivalKind.DELETION}:
            return self._change(arrival, known)
        if known is not None:
            same = (known.text, known.address, known.customer) == (arrival.text, arrival.address, arrival.customer)
            outcome = Outcome.DUPLICATE if same else Outcome.CONFLICT
            return Receipt(outcome=outcome, conversation=self._home(known), message=message_id(known))
        conversation = self._home(arrival)
        if arrival.kind is ArrivalKind.REPLY and conversation not in self.owners:
            return Receipt(outcome=Outcome.NOT_FOUND)
        self.arrivals[key] = arrival
        if arrival.customer is not None:
            self.owners[conversation] = (arrival.channel, arrival.customer.external_id)
        author = Author.AGENT if arrival.kind is ArrivalKind.REPLY else Author.CUSTOMER
        self.write(
            conversation,
            author,
            arrival.text,
            message=message_id(arrival),
            external_id=arrival.external_id,
            at=arrival.happened_at,
            agent=arrival.agent,
        )
        return Receipt(outcome=Outcome.ACCEPTED, conversation=conversation, message=message_id(arrival))

    def _change(self, arrival: Arrival, known: Arrival | None) -> Receipt:
        if known is None:
            return Receipt(outcome=Outcome.NOT_FOUND)
        for index, entry in enumerate(self.entries):
            if entry.message != message_id(known):
                continue
            if arrival.kind is ArrivalKind.DELETION:
                self.entries[index] = replace(entry, text="", deleted_at=arrival.happened_at)
            else:
                self.entries[index] = replace(entry, text=arrival.text, edited_at=arrival.happened_at)
        return Receipt(outcome=Outcome.ACCEPTED, conversation=self._home(known), message=message_id(known))

    def _home(self, arrival: Arrival) -> ConversationId:
        if arrival.conversation is not None:
            return arrival.conversation
        assert arrival.address is not None
        return ConversationId("c-" + arrival.address.key().replace("\x1f", "-"))

    def write(self, conversation: str, author: Author, text: str, **more: object) -> TranscriptEntry:
        number = max((entry.number for entry in self.entries), default=0) + 1
        values = {"message": MessageId(f"m{number}"), "at": self.time.now(), **more}
        entry = TranscriptEntry(
            conversation=ConversationId(conversation), author=author, text=text, number=number, **values
        )
        self.entries.append(entry)
        return entry

    def _check(self) -> None:
        if self.broken:
            raise StoreError("the store is locked")

    # --- what Heed says -----------------------------------------------------------------------------------

    async def say(self, conversation: str, text: str, *, author: Author = Author.BOT, **more: object) -> None:
        """Write to the customer: visible at once, as on a channel whose platform is the store."""
        wording = Wording.REPLY if author is Author.AGENT else Wording.ANSWER
        self.write(conversation, author, text, **{"wording": wording, "send_state": SendState.SENT, **more})
        await self.log(conversation, LogKind.SEND_CONFIRMED)

    async def queue(self, sending: Sending) -> None:
        """Put an answer into the feed."""
        self.sendings.append(sending)
        await self.log(sending.send.conversation, LogKind.SEND_QUEUED)

    async def fetch(self, channel: str, *, after: int, limit: int) -> list[Sending]:
        self._check()
        return [one for one in self.sendings if one.address.channel == channel and one.seq > after][:limit]

    # --- the log ------------------------------------------------------------------------------------------

    async def log(self, conversation: str | None, kind: LogKind) -> None:
        at = self.time.now()
        async with self._logged:
            self.records.append(
                LogRecord(
                    seq=len(self.records) + 1,
                    conversation=ConversationId(conversation or ""),
                    kind=kind,
                    at=at,
                    recorded_at=at,
                    fields={},
                )
            )
            self._logged.notify_all()

    async def last(self) -> int:
        return len(self.records)

    async def changes(self, after: int, limit: int) -> list[LogRecord]:
        self._check()
        return self.records[after : after + limit]

    async def wait(self, after: int, until: datetime | None) -> None:
        waits = [asyncio.ensure_future(self._grown(after))]
        if until is not None:
            waits.append(asyncio.ensure_future(self.time.reached(until)))
        self.tailed.set()
        await first_of(waits)

    async def _grown(self, after: int) -> None:
        async with self._logged:
            await self._logged.wait_for(lambda: len(self.records) > after)

    async def append(self, kind: LogKind, *, at: datetime, fields: object) -> None:
        await self.log(None, kind)

    async def of(self, conversation: ConversationId) -> list[LogRecord]:
        return [record for record in self.records if record.conversation == conversation]

    # --- views --------------------------------------------------------------------------------------------

    async def history(
        self, channel: str, customer: str, *, after: int = 0, limit: int = 200
    ) -> list[TranscriptEntry]:
        self._check()
        self.looked_up.append(customer)
        own = [e for e in self.entries if self.owners.get(e.conversation) == (channel, customer)]
        return [entry for entry in own if entry.number > after][:limit]

    async def view(self, conversation: ConversationId) -> ConversationView | None:
        self._check()
        if conversation in self.views_of:
            found = self.views_of[conversation]
            lines = tuple(entry for entry in self.entries if entry.conversation == conversation)
            return replace(found, transcript=lines or found.transcript)
        known = next((a for a in self.arrivals.values() if a.address and self._home(a) == conversation), None)
        if known is None or known.address is None or known.customer is None:
            return None
        return ConversationView(
            conversation=Conversation(
                id=conversation, address=known.address, customer=CustomerId("k-" + known.customer.external_id)
            ),
            customer=known.customer,
            transcript=tuple(entry for entry in self.entries if entry.conversation == conversation),
            notes=(),
            decisions=(),
        )

    # --- commands and accounts ----------------------------------------------------------------------------

    async def perform(self, conversation: ConversationId, command: Command) -> CommandResult:
        if conversation not in self.owners:
            raise NotFound(f"no conversation {conversation!r}")
        if self.refusal:
            return CommandResult(accepted=False, conversation=None, refusal=self.refusal)
        self.commands_given.append(command)
        if isinstance(command, Reply):
            self.write(conversation, Author.AGENT, command.text, agent=command.agent.id, send_state=SendState.NEW)
        return CommandResult(accepted=True, conversation=None)

    async def redeem(self, token: str, *, now: datetime) -> bool:
        fresh = token not in self.used
        self.used.add(token)
        return fresh

    async def staff(self, name: str) -> StaffAccount | None:
        return self.accounts.get(name)

    def add_lead(self, name: str) -> None:
        self.accounts[name] = StaffAccount(name=name, role=Role.LEAD)


def message_id(arrival: Arrival) -> MessageId:
    return MessageId(f"{arrival.channel}/{arrival.external_id}")


def sending(
    number: int = 1, *, text: str = "Your order is on its way.", channel: str = "api", **more: object
) -> Sending:
    """Return an answer on its way to a customer."""

    values = {
        "author": Author.BOT,
        "wording": Wording.ANSWER,
        "template": "order-status",
        "quick_replies": ("Talk to a person",),
        **more,
    }
    return Sending(
        seq=number,
        send=Send(
            id=ActionId(f"a{number}"),
            conversation=ConversationId("c1"),
            message=MessageId(f"s{number}"),
            text=text,
            answers_to=1,
            **values,
        ),
        address=Address(channel=channel, account="api", place="shop-77", thread="u1"),
        customer_external_id="u1",
        state=SendState.SENDING,
        created_at=START + timedelta(seconds=number),
    )


@web.middleware
async def errors(request: web.Request, handler) -> web.StreamResponse:
    """What the web application does with what passes with time."""
    try:
        return await handler(request)
    except (Overloaded, StoreError):
        return web.json_response({"status": 503}, status=503, headers={"Retry-After": "1"})
    except BadMessage as problem:
        return web.json_response({"detail": str(problem)}, status=400)
    except HeedError:
        return web.json_response({"status": 500}, status=500)


AGENT = AgentId("anna")
