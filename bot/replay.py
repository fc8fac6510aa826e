"""Sends a transcript's messages through the real pipeline on virtual time; nothing leaves the machine.

The transcript's own agents drive the human clocks; its bots are left out. What is measured of the machine is
measured, not virtual.
"""

from __future__ import annotations

import gzip
import json
import time as machine
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from bot.channels import arrivals
from bot.domain.decisions import Decision, Situation
from bot.domain.messages import Address
from bot.domain.prediction import Assessment, Label
from bot.engine.time import VirtualTime
from bot.errors import BadMessage
from bot.figures import Summary
from bot.ports import Assessor, Capabilities, Intake
from bot.records import Arrival, Sending
from bot.reports.read_database import ReportDatabase
from bot.reports.service import ReportService
from bot.settings import Settings
from bot.stores.sqlite import SqliteStore
from bot.wiring import Heed, join

#: Roles whose messages are a customer's; a member writes in a room where many talk.
CUSTOMERS = {"customer", "member"}
ROLES = {*CUSTOMERS, "agent", "bot"}

#: Times that a message can have.
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

#: Messages read ahead, so that the model's threads are busy while the pipeline takes them one by one.
AHEAD = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message of a transcript."""

    number: int
    conversation: str
    channel: str
    author: str
    role: str
    sent_at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was decided about one line."""

    line: Line
    assessment: Assessment | None
    decision: Decision

    def as_json(self) -> str:
        """Return one line of the decisions file."""
        prediction = self.assessment.prediction if self.assessment else None
        rendered = self.decision.rendered
        return json.dumps(
            {
                "line": self.line.number,
                "conversation": self.line.conversation,
                "channel": self.line.channel,
                "author": self.line.author,
                "sent_at": self.line.sent_at.isoformat(),
                "text": self.line.text,
                "label": prediction.label if prediction else None,
                "probabilities": _rounded(prediction.probabilities) if prediction else None,
                "language": prediction.language if prediction else None,
                "decision": self.decision.kind,
                "reason": self.decision.reason,
                "template": rendered.template if rendered else None,
                "answer": rendered.text if rendered else None,
            },
            ensure_ascii=False,
        )


@dataclass(slots=True, kw_only=True)
class Replay:
    """What a replay found. ``unreadable`` lines hold nothing to read; ``seconds`` are the machine's."""

    lines: int = 0
    conversations: int = 0
    decided: int = 0
    by_label: dict[str, Counter[str]] = field(default_factory=dict)
    by_reason: Counter[str] = field(default_factory=Counter)
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    unreadable: int = 0
    summary: Summary | None = None

    def count(self, decided: Decided) -> None:
        """Add one decision to the table."""
        label = decided.assessment.prediction.label.value if decided.assessment else "unassessed"
        self.by_label.setdefault(label, Counter())[decided.decision.kind.value] += 1
        self.by_reason[f"{decided.decision.kind.value}: {decided.decision.reason.value}"] += 1
        self.decided += 1


def read_transcript(path: Path) -> list[Line]:
    """Read a transcript, plain or gzipped. Raises BadMessage naming file and line of what is wrong."""
    try:
        with _open(path) as file:
            lines = [_line(text, number, path) for number, text in enumerate(file, 1) if text.strip()]
    except FileNotFoundError:
        raise BadMessage(f"{path}: there is no such file") from None
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadMessage(f"{path}: cannot be read: {error}") from None
    if not lines:
        raise BadMessage(f"{path}: there is no message in it; see examples/transcript.jsonl")
    return sorted(lines, key=lambda line: line.sent_at)


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def _line(text: str, number: int, path: Path) -> Line:
    where = f"{path}:{number}"
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise BadMessage(f"{where}: no JSON: {error}") from None
    names = ("conversation", "channel", "author", "role", "sent_at", "text")
    missing = [name for name in names if not isinstance(fields, dict) or not isinstance(fields.get(name), str)]
    if missing:
        raise BadMessage(f"{where}: the text field {missing[0]!r} is missing")
    if fields["role"] not in ROLES:
        raise BadMessage(f"{where}: role {fields['role']!r} is none of {', '.join(sorted(ROLES))}")
    sent_at = _time(fields["sent_at"], where)
    return Line(
        number=number,
        conversation=fields["conversation"],
        channel=fields["channel"],
        author=fields["author"],
        role=fields["role"],
        sent_at=sent_at,
        text=fields["text"],
    )


def _time(text: str, where: str) -> datetime:
    """Return a time; one without an offset is in UTC, wherever this machine stands."""
    try:
        told = datetime.fromisoformat(text)
        moment = told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadMessage(f"{where}: sent_at {text!r} is no time; write one like 2026-03-02T09:00:00Z") from None
    if not EARLIEST <= moment <= LATEST:
        raise BadMessage(f"{where}: sent_at {text!r} is no time of a message: before 2000 or after 2100")
    return moment


class Sink:
    """A channel that takes every text and keeps it: nothing leaves the machine."""

    def __init__(self, time: VirtualTime) -> None:
        self._time = time

    @property
    def capabilities(self) -> Capabilities:
        """Return what a place can do where everything arrives at once."""
        return Capabilities(name="replay", idempotent_sends=True)

    def serves(self, channel: str) -> bool:
        """Take every channel's texts."""
        return bool(channel)

    async def listen(self, intake: Intake) -> None:
        """Bring nothing in: the replay does."""

    async def send(self, sending: Sending) -> datetime:
        """Confirm at once."""
        del sending
        return self._time.now()


class AheadAssessor:
    """Reads ahead in the transcript, so that all of the model's threads work. Results are the same."""

    def __init__(self, assessor: Assessor, texts: Sequence[str]) -> None:
        self._assessor = assessor
        self._texts = texts
        self._next = 0
        self._known: dict[str, Assessment] = {}

    async def assess(self, texts: Sequence[str]) -> Sequence[Assessment]:
        """Return one assessment for each text, in order."""
        while any(text not in self._known for text in texts):
            ahead = list(dict.fromkeys([*texts, *self._texts[self._next : self._next + AHEAD]]))
            self._next += AHEAD
            fresh = [text for text in ahead if text not in self._known]
            found = await self._assessor.assess(fresh)
            self._known = {**self._kept(texts), **dict(zip(fresh, found, strict=True))}
        return [self._known[text] for text in texts]

    def _kept(self, texts: Sequence[str]) -> dict[str, Assessment]:
        return {text: self._known[text] for text in texts if text in self._known}

    async def index(self, examples: Mapping[str, Sequence[str]], *, version: str) -> None:
        """Take the templates to choose from."""
        await self._assessor.index(examples, version=version)

    async def close(self) -> None:
        """Leave the assessor to whoever made it."""


async def replay(
    settings: Settings,
    lines: Sequence[Line],
    *,
    assessor: Assessor,
    record: Callable[[Decided], None],
    progress: Callable[[int], None],
) -> Replay:
    """Send the lines through the pipeline, in the order of their times, and say what was decided."""
    result = Replay(lines=len(lines), conversations=len({(line.channel, line.conversation) for line in lines}))
    time = VirtualTime(lines[0].sent_at - timedelta(seconds=1))
    window = settings.conversation.reopen_window
    store = await SqliteStore.open(memory=True, present=time.now, reopen_window=window)
    reports = ReportService(store, await ReportDatabase.open(":memory:"), time=time)
    arriving = {line.number: arrival for line in lines if (arrival := _arrival(line)) is not None}
    texts = [arriving[line.number].text for line in lines if line.role in CUSTOMERS and line.number in arriving]
    result.unreadable = sum(line.role != "bot" and line.number not in arriving for line in lines)
    try:
        heed = join(
            settings,
            store=store,
            assessor=AheadAssessor(assessor, texts),
            channels=[Sink(time)],
            time=time,
        )
        await heed.brands.adopt()
        started, cpu = machine.perf_counter(), machine.process_time()
        player = _Player(heed, time, result, record)
        for number, line in enumerate(lines, 1):
            if line.number in arriving:
                await player.play(line, arriving[line.number])
            progress(number)
        result.wall_seconds = machine.perf_counter() - started
        result.cpu_seconds = machine.process_time() - cpu
        result.summary = await reports.summary(since=lines[0].sent_at, until=time.now() + timedelta(seconds=1))
    finally:
        await reports.close()
        await store.close()
    return result


class _Player:
    """Plays one line after the other, firing what falls due between them."""

    def __init__(self, heed: Heed, time: VirtualTime, result: Replay, record: Callable[[Decided], None]) -> None:
        self._heed = heed
        self._time = time
        self._result = result
        self._record = record
        self._line: Line | None = None
        for worker in heed.workers:
            worker.watch(self._decided)

    async def play(self, line: Line, arrival: Arrival) -> None:
        """Move to the line's time and send it."""
        await self._pass_time(line.sent_at)
        self._line = line
        await self._heed.intake([arrival])
        await self._settle()

    async def _pass_time(self, until: datetime) -> None:
        while (due := await self._heed.store.next_due()) is not None and due <= until:
            self._time.move_to(due)
            await self._heed.timekeeper.drain()
            await self._settle()
        self._time.move_to(until)

    async def _settle(self) -> None:
        await self._heed.workers[0].drain()
        await self._heed.delivery.drain()

    def _decided(self, assessment: Assessment | None, situation: Situation, decision: Decision) -> None:
        del situation
        if self._line is not None:
            decided = Decided(line=self._line, assessment=assessment, decision=decision)
            self._result.count(decided)
            self._record(decided)


def _arrival(line: Line) -> Arrival | None:
    """Return what the platform would have told; None for the transcript's bots and for nothing to read."""
    if line.role == "bot":
        return None
    try:
        return _told(line)
    except BadMessage:
        return None


def _told(line: Line) -> Arrival:
    """Return a line as an arrival. In a room each member is a customer at an address of their own."""
    room = line.role == "member"
    address = Address(
        channel=line.channel,
        account="replay",
        place=line.conversation,
        thread=line.author if room else "",
    )
    external_id = f"{line.conversation}/{line.number}"
    if line.role == "agent":
        return arrivals.reply(
            channel=line.channel,
            external_id=external_id,
            text=line.text,
            agent=line.author,
            arrived_at=line.sent_at,
            sent_at=line.sent_at,
            address=address,
        )
    return arrivals.message(
        external_id=external_id,
        text=line.text,
        address=address,
        customer=arrivals.customer(line.channel, f"{line.conversation}/{line.author}", line.author),
        arrived_at=line.sent_at,
        sent_at=line.sent_at,
        private=not room,
    )


def _rounded(probabilities: Mapping[Label, float]) -> dict[str, float]:
    return {label.value: round(value, 4) for label, value in probabilities.items()}
