"""An event log written by hand, and a time that stands still: what the tests of reports read from."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bot.domain.log import LogEvent, LogKind, LogRecord, Scalar
from bot.domain.messages import ConversationId

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def at(seconds: float) -> datetime:
    """Return that many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


class WrittenLog:
    """An ``EventLog`` in memory."""

    def __init__(self) -> None:
        self.records: list[LogRecord] = []
        self.reads = 0
        self.news = asyncio.Event()

    def write(
        self, kind: str, seconds: float = 0, conversation: str = "c1", *, committed: float = 0, **fields: Scalar
    ) -> None:
        """Add a record of that many seconds after noon, committed ``committed`` seconds later."""
        self.records.append(
            LogRecord(
                seq=len(self.records) + 1,
                conversation=ConversationId(conversation),
                kind=kind,
                at=at(seconds),
                recorded_at=at(seconds + committed),
                fields=fields,
            )
        )
        self.news.set()

    def add(self, event: LogEvent, conversation: ConversationId, *, recorded_at: datetime) -> None:
        """Add an event that the engine's rules logged."""
        self.records.append(
            LogRecord(
                seq=len(self.records) + 1,
                conversation=conversation,
                kind=event.kind.value,
                at=event.at,
                recorded_at=recorded_at,
                fields=event.fields,
            )
        )

    def message(self, seconds: float, message: str = "m1", conversation: str = "c1", **fields: Scalar) -> None:
        usual = {"channel": "web", "label": "question", "decision": "answer", "language": "en"}
        self.write("message_received", seconds, conversation, message=message, **(usual | fields))

    def clock(
        self,
        kind: str,
        seconds: float,
        metric: str = "first_reply_time",
        instance: int = 1,
        conversation: str = "c1",
        **fields: Scalar,
    ) -> None:
        usual: dict[str, Scalar] = {"channel": "web", "label": "question"} if kind == "activate" else {}
        self.write(kind, seconds, conversation, metric=metric, instance=instance, **(usual | fields))

    def case(
        self, conversation: str, start: float, elapsed: float | None, metric: str = "first_reply_time"
    ) -> None:
        """Write a clock that an agent's reply ended after ``elapsed`` seconds, or that still runs."""
        self.clock("activate", start, metric, conversation=conversation)
        if elapsed is not None:
            self.clock("fulfill", start + elapsed, metric, conversation=conversation, by="agent", elapsed=elapsed)

    # --- the EventLog port

    async def changes(self, after: int, limit: int) -> list[LogRecord]:
        self.reads += 1
        return [record for record in self.records if record.seq > after][:limit]

    async def last(self) -> int:
        return self.records[-1].seq if self.records else 0

    async def append(self, kind: LogKind, *, at: datetime, fields: Mapping[str, Scalar]) -> None:
        raise AssertionError("reports never write to the log")

    async def wait(self, after: int, until: datetime | None) -> None:
        while not self.records or self.records[-1].seq <= after:
            self.news.clear()
            await self.news.wait()

    async def of(self, conversation: ConversationId) -> list[LogRecord]:
        return [record for record in self.records if record.conversation == conversation]


class StandingTime:
    """A ``TimeSource`` that the test moves."""

    def __init__(self) -> None:
        self.present = at(1000)
        self.waits: asyncio.Queue[datetime | None] = asyncio.Queue()
        self.go_on = asyncio.Event()

    def now(self) -> datetime:
        return self.present

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        self.waits.put_nowait(until)
        await self.go_on.wait()
        self.go_on.clear()
