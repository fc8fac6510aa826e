"""Sends a transcript's messages through the real pipeline on virtual time; nothing leaves the machine.

The transcript's own agents drive the human clocks; its bots are left out. What members write in a room is
addressed to nobody and waits for the room's patience. What is measured of the machine is measured, not virtual.
"""

from __future__ import annotations

import json
import time as machine
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from bot.channels.transcript import CUSTOMERS, MEMBER, Line, arrivals_of
from bot.domain.decisions import Decision, DecisionKind, Reason, Situation
from bot.domain.messages import Address, MessageId
from bot.domain.prediction import UNDETERMINED, Assessment, Label
from bot.domain.rooms import Room
from bot.engine.board import NoticeBoard
from bot.engine.guard import GuardedAssessor
from bot.engine.time import VirtualTime
from bot.figures import Summary
from bot.ports import Assessor, Capabilities, Intake
from bot.records import Arrival, Sending, Sent
from bot.reports.read_database import ReportDatabase
from bot.reports.service import ReportService
from bot.rulebook import Hours
from bot.settings import Settings
from bot.stores.sqlite import SqliteStore
from bot.wiring import Heed, join

#: How long others have the first word in a room, as in the settings.
PATIENCE = Room().patience

#: The least that a message waits for others, whatever the patience: see ``bot.ports.Inbox.take``.
LEAST_HOLD = timedelta(seconds=30)

#: Messages read ahead, so that the model's threads are busy while the pipeline takes them one by one.
AHEAD = 64

#: Assessments kept: in a busy room so many messages wait for its patience.
KEPT = 4096


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
    """What a replay found. ``unreadable`` lines hold nothing to read; ``seconds`` are the machine's.

    ``members``: decided messages of members, all of them addressed to nobody. ``unasked`` of them got an answer or
    another text of the bot all the same; ``quiet`` came before a human without a word to the room, and ``joined``
    are what those members wrote while their case was open.
    """

    lines: int = 0
    conversations: int = 0
    decided: int = 0
    by_label: dict[str, Counter[str]] = field(default_factory=dict)
    by_reason: Counter[str] = field(default_factory=Counter)
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    unreadable: int = 0
    members: int = 0
    unasked: int = 0
    quiet: int = 0
    joined: int = 0
    summary: Summary | None = None

    def count(self, decided: Decided) -> None:
        """Add one decision to the table."""
        label = decided.assessment.prediction.label.value if decided.assessment else "unassessed"
        self.by_label.setdefault(label, Counter())[decided.decision.kind.value] += 1
        self.by_reason[f"{decided.decision.kind.value}: {decided.decision.reason.value}"] += 1
        self.decided += 1
        if decided.line.role == MEMBER:
            self._count_member(decided.decision)

    def _count_member(self, decision: Decision) -> None:
        self.members += 1
        self.unasked += decision.rendered is not None
        silently = decision.rendered is None and decision.kind is DecisionKind.ESCALATE
        self.quiet += silently and decision.reason is not Reason.HELD
        self.joined += silently and decision.reason is Reason.HELD


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

    async def send(self, sending: Sending) -> Sent:
        """Confirm at once."""
        del sending
        return Sent(at=self._time.now())

    async def typing(self, address: Address) -> None:
        """Show nobody anything."""


#: A text, and whether it is addressed to the brand.
Said = tuple[str, bool]


class AheadAssessor:
    """Reads ahead in the transcript, so that all of the model's threads work. Results are the same."""

    def __init__(self, assessor: Assessor, said: Sequence[Said]) -> None:
        self._assessor = assessor
        self._said = said
        self._next = 0
        self._known: dict[Said, Assessment | None] = {}

    async def assess(
        self,
        texts: Sequence[str],
        *,
        usual: Sequence[str] | None = None,
        addressed: Sequence[bool] | None = None,
    ) -> Sequence[Assessment | None]:
        """Return one assessment for each text, in order; what is known ahead knows nothing of its writer."""
        said = list(zip(texts, addressed or [True] * len(texts), strict=True))
        found = list(await self._ahead(said))
        told = usual or [UNDETERMINED] * len(texts)
        leaning = [place for place, made in enumerate(found) if _leans(made, told[place])]
        if leaning:
            made_again = await self._assessor.assess(
                [texts[place] for place in leaning],
                usual=[told[place] for place in leaning],
                addressed=[said[place][1] for place in leaning],
            )
            for place, made in zip(leaning, made_again, strict=True):
                found[place] = made
        return found

    async def _ahead(self, said: Sequence[Said]) -> Sequence[Assessment | None]:
        while any(one not in self._known for one in said):
            ahead = list(dict.fromkeys([*said, *self._said[self._next : self._next + AHEAD]]))
            self._next += AHEAD
            fresh = [one for one in ahead if one not in self._known]
            texts, addressed = [text for text, _ in fresh], [meant for _, meant in fresh]
            found = await self._assessor.assess(texts, addressed=addressed)
            self._keep(said, dict(zip(fresh, found, strict=True)))
        return [self._known[one] for one in said]

    def _keep(self, said: Sequence[Said], found: Mapping[Said, Assessment | None]) -> None:
        """Add what was found and forget the oldest, but nothing of what is asked for now."""
        asked = {one: self._known[one] for one in said if one in self._known}
        self._known = dict([*self._known.items(), *found.items()][-KEPT:]) | asked

    async def index(self, examples: Mapping[str, Sequence[str]], *, version: str) -> None:
        """Take the templates to choose from."""
        await self._assessor.index(examples, version=version)

    async def close(self) -> None:
        """Leave the assessor to whoever made it."""


def _leans(made: Assessment | None, usual: str) -> bool:
    return made is not None and made.prediction.language == UNDETERMINED != usual


async def replay(
    settings: Settings,
    lines: Sequence[Line],
    *,
    assessor: Assessor,
    record: Callable[[Decided], None],
    progress: Callable[[int], None],
    patience: timedelta = PATIENCE,
) -> Replay:
    """Send the lines through the pipeline, in the order of their times, and say what was decided.

    ``patience``: how long others have the first word in a room.
    """
    result = Replay(lines=len(lines), conversations=len({(line.channel, line.conversation) for line in lines}))
    time = VirtualTime(lines[0].sent_at - timedelta(seconds=1))
    window = settings.conversation.reopen_window
    store = await SqliteStore.open(memory=True, present=time.now, reopen_window=window)
    reports = ReportService(store, await ReportDatabase.open(":memory:"), time=time)
    arriving = arrivals_of(lines, patience)
    heard = [arriving[line.number] for line in lines if line.role in CUSTOMERS and line.number in arriving]
    said = [(arrival.text, arrival.addressed) for arrival in heard]
    result.unreadable = sum(line.role != "bot" and line.number not in arriving for line in lines)
    board = NoticeBoard()
    try:
        heed = join(
            settings,
            store=store,
            assessor=AheadAssessor(GuardedAssessor(assessor, board=board), said),
            channels=[Sink(time)],
            time=time,
            hours=await Hours.open(settings, store=store, board=board, time=time, copies=False),
        )
        await heed.brands.adopt()
        started, cpu = machine.perf_counter(), machine.process_time()
        player = _Player(heed, time, result, record)
        for number, line in enumerate(lines, 1):
            if line.number in arriving:
                await player.play(line, arriving[line.number])
            progress(number)
        await player.end()
        result.wall_seconds = machine.perf_counter() - started
        result.cpu_seconds = machine.process_time() - cpu
        result.summary = await reports.summary(since=lines[0].sent_at, until=time.now() + timedelta(seconds=1))
    finally:
        await reports.close()
        await store.close()
    return result


class _Player:
    """Plays one line after the other; between them fires what falls due, and takes what has waited long enough."""

    def __init__(self, heed: Heed, time: VirtualTime, result: Replay, record: Callable[[Decided], None]) -> None:
        self._heed = heed
        self._time = time
        self._result = result
        self._record = record
        self._lines: dict[MessageId, Line] = {}
        self._holds: deque[datetime] = deque()
        for worker in heed.workers:
            worker.watch(self._decided)

    async def play(self, line: Line, arrival: Arrival) -> None:
        """Move to the line's time and send it."""
        await self._pass_time(line.sent_at)
        (receipt,) = await self._heed.intake([arrival])
        if receipt.message is not None:
            self._lines[receipt.message] = line
        if not arrival.addressed and arrival.patience is not None:
            self._hold(arrival.happened_at + max(arrival.patience, LEAST_HOLD))
        await self._settle()

    async def end(self) -> None:
        """Go on until nothing waits for its room any more."""
        if self._holds:
            await self._pass_time(self._holds[-1])

    def _hold(self, until: datetime) -> None:
        """Come back at this time. Lines come in the order of their times, and all wait equally long."""
        if not self._holds or self._holds[-1] != until:
            self._holds.append(until)

    async def _pass_time(self, until: datetime) -> None:
        while (then := await self._next()) is not None and then <= until:
            self._time.move_to(then)
            while self._holds and self._holds[0] <= then:
                self._holds.popleft()
            await self._heed.timekeeper.drain()
            await self._settle()
        self._time.move_to(until)

    async def _next(self) -> datetime | None:
        """Return when something falls due next, or has waited long enough for others in its room."""
        due = await self._heed.store.next_due()
        return min((then for then in (due, *islice(self._holds, 1)) if then is not None), default=None)

    async def _settle(self) -> None:
        await self._heed.workers[0].drain()
        await self._heed.delivery.drain()

    def _decided(
        self, message: MessageId, assessment: Assessment | None, situation: Situation, decision: Decision
    ) -> None:
        del situation
        decided = Decided(line=self._lines[message], assessment=assessment, decision=decision)
        self._result.count(decided)
        self._record(decided)


def _rounded(probabilities: Mapping[Label, float]) -> dict[str, float]:
    return {label.value: round(value, 4) for label, value in probabilities.items()}
