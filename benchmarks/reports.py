"""How long figures take with a long event log: building the read database, and answering from it.

The log is made of a few dozen conversations that went through the engine's own rules, repeated with other times,
channels, teams and agents until it is as long as asked for. Nothing of it is kept in memory.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.domain.actions import SendState
from bot.domain.calendar import read_calendar
from bot.domain.conversation import Conversation, Rules
from bot.domain.decisions import Decision, DecisionKind, Reason, Rendered, Wording
from bot.domain.events import (
    Claim,
    CustomerWrote,
    Event,
    Reply,
    Resolve,
    SendReported,
    SilencePassed,
    Transfer,
)
from bot.domain.log import LogKind, LogRecord, Scalar
from bot.domain.messages import Address, AgentId, ConversationId, CustomerId, MessageId
from bot.domain.policies import Match, Policy, Route
from bot.domain.prediction import Label
from bot.domain.roles import Agent
from bot.domain.sla import Metric
from bot.domain.transitions import advance
from bot.engine.time import SystemTime
from bot.figures import Counting, Dimension, Question, Summary
from bot.reports.read_database import ReportDatabase
from bot.reports.service import ReportService

DAYS = 90
START = datetime(2026, 1, 5, tzinfo=UTC)
CHANNELS, AGENTS, TEAMS = ("webchat", "telegram", "discord", "api"), 25, ("support", "press", "orders")
OFFICE = read_calendar(
    '{"name": "office", "zone": "Europe/Berlin", "days": {}, "week": ['
    + ", ".join(['["08:00-20:00"]'] * 5 + ['["10:00-16:00"]', "[]"])
    + "]}"
)
TARGETS = {
    Metric.FIRST_RESPONSE: timedelta(minutes=10),
    Metric.FIRST_REPLY: timedelta(minutes=30),
    Metric.NEXT_REPLY: timedelta(minutes=30),
    Metric.RESOLUTION: timedelta(hours=8),
}
COMPLAINTS = Policy(
    name="complaints", targets=TARGETS, match=Match(among={"label": ("complaint",)}), calendar=OFFICE.id
)
RULES = Rules(
    policies=(Policy(name="standard", targets=TARGETS), COMPLAINTS),
    calendars={OFFICE.id: OFFICE},
    calendar=OFFICE.id,
    routes=tuple(
        Route(match=Match(among={"channel": (channel,)}), fields={"team": team, "tier": tier})
        for channel, team, tier in zip(CHANNELS, (*TEAMS, TEAMS[0]), ("", "gold", "", "gold"), strict=True)
    ),
)
_INSTANTS = ("due", "since", "started", "ended")


class _Life:
    """One conversation led through the rules; ``records`` is the log that it wrote."""

    def __init__(self, number: int, draw: random.Random) -> None:
        address = Address(channel=CHANNELS[number % len(CHANNELS)], account="", place=f"v{number}")
        self.conversation = Conversation(id=ConversationId("c"), address=address, customer=CustomerId("u"))
        self.agent = Agent(id=AgentId(f"agent{number % AGENTS}"))
        self.at = START + timedelta(hours=draw.uniform(7, 16))
        self.draw = draw
        self.records: list[LogRecord] = []

    def apply(self, event: Event) -> None:
        """Let one event take effect."""
        step = advance(self.conversation, event, RULES)
        self.conversation = step.conversation
        self.records += [
            LogRecord(
                seq=0,
                conversation=step.conversation.id,
                kind=logged.kind.value,
                at=logged.at,
                recorded_at=self.at,
                fields=logged.fields,
            )
            for logged in step.log
        ]

    def wait(self, median: float) -> datetime:
        """Let some time pass: half of the waits are shorter than ``median`` seconds."""
        self.at += timedelta(seconds=self.draw.lognormvariate(0, 1.1) * median)
        return self.at

    def ask(self, message: str, label: Label, decision: Decision) -> None:
        """Let the customer write."""
        at = self.wait(60)
        self.apply(
            CustomerWrote(
                at=at,
                sent_at=at,
                message=MessageId(message),
                decision=decision,
                label=label,
                language=self.draw.choice(("en", "en", "de")),
            )
        )

    def sent(self) -> None:
        """Let the platform confirm what is on its way."""
        for send in self.conversation.pending:
            at = self.wait(0.8)
            self.apply(SendReported(at=at, action=send.action, outcome=SendState.SENT, sent_at=at))


def _answer() -> Decision:
    text = Rendered(text="…", template="hours", wording=Wording.ANSWER)
    return Decision(kind=DecisionKind.ANSWER, reason=Reason.TEMPLATE, rendered=text)


def _escalate() -> Decision:
    return Decision(kind=DecisionKind.ESCALATE, reason=Reason.COMPLAINT)


def _answered_by_the_bot(life: _Life) -> None:
    life.ask("m1", Label.QUESTION, _answer())
    life.sent()
    life.at += timedelta(hours=24)
    spoke = life.conversation.spoke_at
    if spoke is not None:
        life.apply(SilencePassed(at=life.at, due_at=spoke + timedelta(hours=24)))


def _answered_by_staff(life: _Life) -> None:
    life.ask("m1", Label.COMPLAINT, _escalate())
    if life.draw.random() < 0.1:
        life.apply(Transfer(at=life.wait(300), agent=life.agent, team="second line"))
    life.apply(Claim(at=life.wait(400), agent=life.agent))
    for number in range(life.draw.choice((1, 1, 2, 3))):
        life.apply(Reply(at=life.wait(300), agent=life.agent, text="…"))
        life.sent()
        life.ask(f"n{number}", Label.QUESTION, _escalate())
    life.apply(Reply(at=life.wait(300), agent=life.agent, text="…"))
    life.sent()
    life.apply(Resolve(at=life.wait(300), agent=life.agent))


def _left_waiting(life: _Life) -> None:
    life.ask("m1", Label.COMPLAINT, _escalate())


def _lives() -> tuple[list[list[LogRecord]], list[list[LogRecord]]]:
    """Return the logs of conversations that ended, and of some that wait."""
    draw = random.Random(7)
    done, waiting = [], []
    for number in range(120):
        life = _Life(number, draw)
        (_answered_by_the_bot if draw.random() < 0.6 else _answered_by_staff)(life)
        done.append(life.records)
    for number in range(12):
        life = _Life(number, draw)
        _left_waiting(life)
        waiting.append(life.records)
    return done, waiting


class LongLog:
    """An ``EventLog`` of so many records over three months; it is read once, from the beginning to the end."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._records = self._made()
        self._read = 0
        self.end = START + timedelta(days=DAYS)

    def _made(self) -> Iterator[LogRecord]:
        done, waiting = _lives()
        draw = random.Random(11)
        yield LogRecord(
            seq=1,
            conversation=ConversationId(""),
            kind=LogKind.CALENDAR_KEPT.value,
            at=START,
            recorded_at=START,
            fields={"calendar": OFFICE.id, "source": OFFICE.source()},
        )
        seq, conversation = 1, 0
        while seq < self._length:
            conversation += 1
            passed = seq / self._length
            life = draw.choice(waiting if passed > 0.985 and draw.random() < 0.5 else done)
            moved = timedelta(days=DAYS * passed, seconds=draw.uniform(0, 86_400))
            for record in life:
                seq += 1
                yield _moved(record, seq, f"c{conversation}", moved)

    async def changes(self, after: int, limit: int) -> list[LogRecord]:
        """Return the records after one: after the last that was returned."""
        assert after == self._read, "this log is read from its beginning to its end"
        batch: list[LogRecord] = []
        for record in self._records:
            batch.append(record)
            if len(batch) == limit or record.seq >= self._length:
                break
        self._read += len(batch)
        return batch

    async def last(self) -> int:
        """Return how many there are."""
        return self._length

    async def append(self, kind: LogKind, *, at: datetime, fields: Mapping[str, Scalar]) -> None:
        """Refuse: figures never write to the log."""
        raise NotImplementedError

    async def wait(self, after: int, until: datetime | None) -> None:  # noqa: ARG002 — the port's signature
        """Wait for ever: nothing is added."""
        await asyncio.Event().wait()

    async def of(self, conversation: ConversationId) -> list[LogRecord]:  # noqa: ARG002 — the port's signature
        """Return nothing: no single conversation is asked for."""
        return []


def _moved(record: LogRecord, seq: int, conversation: str, later: timedelta) -> LogRecord:
    fields = dict(record.fields)
    for name in _INSTANTS:
        if (at := fields.get(name)) is not None:
            fields[name] = (datetime.fromisoformat(str(at)) + later).isoformat()
    return replace(
        record,
        seq=seq,
        conversation=ConversationId(conversation),
        at=record.at + later,
        recorded_at=record.recorded_at + later,
        fields=fields,
    )


class _At(SystemTime):
    """The time at which the log ends."""

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self._now = now

    def now(self) -> datetime:
        return self._now


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One question, and how long its answer took, in seconds: the median and the slowest."""

    asked: str
    median: float
    slowest: float
    cases: int
    scanned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was measured. ``records``: length of the log; ``built``: seconds to read all of it."""

    records: int
    built: float
    size: int
    answers: tuple[Answer, ...]


async def measure(folder: Path, *, records: int, repeats: int = 5) -> Found:
    """Build the read database of a log of so many records, and ask it."""
    log = LongLog(records)
    path = folder / "reports.db"
    service = ReportService(log, await ReportDatabase.open(path), time=_At(log.end))
    try:
        began = time.perf_counter()
        await service.feed()
        built = time.perf_counter() - began
        answers = [await _timed(service, name, question, repeats) for name, question in questions(log.end)]
    finally:
        await service.close()
    return Found(records=records, built=built, size=path.stat().st_size, answers=tuple(answers))


def questions(now: datetime) -> Iterator[tuple[str, Question]]:
    """Yield what people ask, in words and as a question."""
    week = Question(since=now - timedelta(days=7), until=now)
    ever = Question(since=START - timedelta(days=1), until=now)
    yield "/ops, 1 hour", replace(week, since=now - timedelta(hours=1))
    yield "/ops, 24 hours", replace(week, since=now - timedelta(hours=24))
    yield "/ops, 7 days", week
    yield "/ops, 30 days", replace(week, since=now - timedelta(days=30))
    yield "report, 7 days, by team", replace(week, by=Dimension.TEAM)
    yield "report, all", ever
    yield "report, all, by the end of each case", replace(ever, counting=Counting.ENDED)
    for dimension in (Dimension.CHANNEL, Dimension.TEAM, Dimension.AGENT, Dimension.LABEL, Dimension.HOUR):
        yield f"report, all, by {dimension}", replace(ever, by=dimension)
    yield "report, all, one agent", replace(ever, where={Dimension.AGENT: "agent3"})
    yield "report, all, one language", replace(ever, where={Dimension.LANGUAGE: "de"})
    yield "report, all, by language", replace(ever, by=Dimension.LANGUAGE)


async def _timed(service: ReportService, name: str, question: Question, repeats: int) -> Answer:
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        summary = await service.summary(question)
        times.append(time.perf_counter() - began)
    return Answer(
        asked=name,
        median=statistics.median(times),
        slowest=max(times),
        cases=_cases(summary),
        scanned=any(text.startswith("clocks") for text in summary.scanned),
    )


def _cases(summary: Summary) -> int:
    return sum(figure.ended + figure.running for figure in summary.metrics)


def report(found: Found) -> str:
    """Return what was measured as a table."""
    speed, size = found.records / found.built, found.size / 2**20
    lines = [
        f"An event log of {found.records:,} records over {DAYS} days, read in {found.built:.0f} s,",
        f"{speed:,.0f} records a second. The read database takes {size:.0f} MiB.",
        f"{'question':40} {'median':>10} {'slowest':>10} {'cases':>10}",
    ]
    lines += [
        f"{answer.asked:40} {answer.median * 1000:7.0f} ms {answer.slowest * 1000:7.0f} ms {answer.cases:10,}"
        + ("  read one by one" if answer.scanned else "")
        for answer in found.answers
    ]
    return "\n".join(lines)
