"""Small honest stand-ins for the ports that the web needs, all in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.log import LogKind, LogRecord, Scalar
from bot.domain.messages import Author, ConversationId
from bot.figures import Lateness, Question, Summary
from bot.records import (
    ActQuery,
    AuditRow,
    ConversationView,
    QueuePage,
    QueueQuery,
    QueueRow,
    StaffAccount,
    StoreFacts,
    TranscriptEntry,
)

START = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


class ManualTime:
    """Time that moves only when a test says so."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        while not event.is_set() and (until is None or self._now < until):
            waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(self._moved.wait())]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in waits:
                    one.cancel()
                await asyncio.gather(*waits, return_exceptions=True)


class RunningTime:
    """Real time, for the preview."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        left = None if until is None else max(0.0, (until - self.now()).total_seconds())
        try:
            await asyncio.wait_for(event.wait(), left)
        except TimeoutError:
            return


class MemoryStore:
    """Views, the event log and accounts."""

    def __init__(self, time: ManualTime | RunningTime) -> None:
        self.time = time
        self.views: dict[ConversationId, ConversationView] = {}
        self.log: list[LogRecord] = []
        self.accounts: dict[str, StaffAccount] = {}
        self.used: set[str] = set()
        self.switches: dict[str, str] = {}
        self.dead_letters = 0
        self._news = asyncio.Event()

    # --- what tests put in

    def put(self, view: ConversationView) -> None:
        self.views[view.conversation.id] = view

    def record(
        self, conversation: str, kind: LogKind, *, at: datetime | None = None, **fields: Scalar
    ) -> LogRecord:
        at = at or self.time.now()
        record = LogRecord(
            seq=len(self.log) + 1,
            conversation=ConversationId(conversation),
            kind=kind,
            at=at,
            recorded_at=self.time.now(),
            fields=fields,
        )
        self.log.append(record)
        news, self._news = self._news, asyncio.Event()
        news.set()
        return record

    # --- EventLog

    async def changes(self, after: int, limit: int) -> list[LogRecord]:
        return self.log[after : after + limit]

    async def last(self) -> int:
        return len(self.log)

    async def append(self, kind: LogKind, *, at: datetime, fields: Mapping[str, Scalar]) -> None:
        self.record("", kind, at=at, **fields)

    async def wait(self, after: int, until: datetime | None) -> None:
        if len(self.log) <= after:
            await self.time.wait(self._news, until)

    async def of(self, conversation: ConversationId) -> list[LogRecord]:
        return [record for record in self.log if record.conversation == conversation]

    # --- Accounts

    async def put_staff(self, account: StaffAccount) -> None:
        self.accounts[account.name] = account

    async def staff(self, name: str) -> StaffAccount | None:
        return self.accounts.get(name)

    async def redeem(self, token: str, *, now: datetime) -> bool:
        fresh = token not in self.used
        self.used.add(token)
        return fresh

    async def switch(self, name: str) -> str | None:
        return self.switches.get(name)

    async def acts(self, query: ActQuery) -> list[LogRecord]:
        """Return what has an agent, newest first."""
        found = [
            record
            for record in reversed(self.log)
            if record.fields.get("agent") is not None
            and (not query.before or record.seq < query.before)
            and query.agent in {None, record.fields["agent"]}
            and query.conversation in {None, record.conversation}
        ]
        return found[: query.limit]

    async def set_switch(self, name: str, value: str | None) -> None:
        if value is None:
            self.switches.pop(name, None)
        else:
            self.switches[name] = value

    # --- Views

    async def queue(self, query: QueueQuery) -> QueuePage:
        found = [row for view in self.views.values() if _fits(view, query) for row in [_row(view)]]
        found.sort(key=_urgency)
        return QueuePage(rows=tuple(found[query.offset : query.offset + query.limit]), total=len(found))

    async def view(self, conversation: ConversationId) -> ConversationView | None:
        return self.views.get(conversation)

    async def history(
        self, channel: str, customer: str, *, after: int = 0, limit: int = 200
    ) -> list[TranscriptEntry]:
        return []

    async def audit(self, *, after: str, limit: int) -> list[AuditRow]:
        return []

    async def facts(self) -> StoreFacts:
        states: dict[str, int] = {}
        for view in self.views.values():
            states[view.conversation.state] = states.get(view.conversation.state, 0) + 1
        return StoreFacts(
            inbox=0,
            outbox=0,
            deadlines=sum(len(view.conversation.clocks) for view in self.views.values()),
            dead_letters=self.dead_letters,
            conversations=states,
            schema_version=1,
            size_bytes=3_400_000,
        )


def _fits(view: ConversationView, query: QueueQuery) -> bool:
    conversation = view.conversation
    texts = (view.customer.name, conversation.id, *(entry.text for entry in view.transcript))
    return (
        (not query.states or conversation.state in query.states)
        and (query.holder is None or conversation.holder == query.holder)
        and (not query.teams or conversation.team in query.teams)
        and (not query.labels or conversation.label in query.labels)
        and (not query.channels or conversation.address.channel in query.channels)
        and (not query.text or any(query.text.lower() in text.lower() for text in texts))
    )


def _row(view: ConversationView) -> QueueRow:
    said = [entry for entry in view.transcript if entry.author is Author.CUSTOMER]
    return QueueRow(
        conversation=view.conversation,
        customer_name=view.customer.name,
        preview=said[-1].text if said else "",
        last_message_at=said[-1].at if said else None,
    )


def _urgency(row: QueueRow) -> tuple[bool, datetime, bool, datetime]:
    due, waiting = row.conversation.due_at, row.conversation.waiting_since
    never = datetime.max.replace(tzinfo=UTC)
    return due is None, due or never, waiting is None, waiting or never


class FakeHealth:
    """An engine that feels as told."""

    def __init__(self) -> None:
        self.states = {"store": "up, writing", "model": "ready, version 1"}
        self.is_ready = True
        self.told: list[str] = []

    async def ready(self) -> tuple[bool, Mapping[str, str]]:
        return self.is_ready, self.states

    async def problems(self) -> Sequence[str]:
        return self.told


class FakeReports:
    """Returns a summary made by ``make(since, until)``."""

    def __init__(self, make: Callable[[datetime, datetime], Summary] | None = None) -> None:
        self._make = make or nothing_happened
        self.asked: list[Question] = []

    async def summary(self, question: Question, /) -> Summary:
        self.asked.append(question)
        return replace(self._make(question.since, question.until), question=question)


def nothing_happened(since: datetime, until: datetime) -> Summary:
    return Summary(
        since=since,
        until=until,
        cursor=0,
        metrics=(),
        volumes=(),
        hours=(),
        waiting_now=0,
        oldest_waiting_seconds=None,
        running=(),
        opened=0,
        resolved_by={},
        escalations={},
        lateness=Lateness(noticed=0, p50=None, p99=None, worst=None),
        unknown_events=0,
    )
