"""What a team is told of, grouped so that it is called once a minute at most; and what waits, by urgency. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.desk.wording import clock_title
from bot.domain.conversation import Conversation
from bot.domain.log import LogKind, LogRecord
from bot.domain.messages import AgentId, ConversationId
from bot.domain.sla import Clock
from bot.domain.states import State
from bot.records import QueueRow

#: A team is called no more often than this.
APART = timedelta(minutes=1)
#: What comes within this time of the first notice comes together with it.
TOGETHER = timedelta(seconds=5)
#: What happened longer ago calls nobody any more: the board shows it all the same.
STALE = timedelta(minutes=10)


class NoticeKind(StrEnum):
    """What a team may be told of."""

    ESCALATION = "escalation"
    WARNING = "warning"
    BREACH = "breach"


_KINDS = {
    LogKind.ESCALATED: NoticeKind.ESCALATION,
    LogKind.WARN: NoticeKind.WARNING,
    LogKind.BREACH: NoticeKind.BREACH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that concerns a team. ``seq`` is its record's."""

    kind: NoticeKind
    conversation: ConversationId
    seq: int
    at: datetime
    metric: str = ""


def notice_of(record: LogRecord, kinds: Collection[str]) -> Notice | None:
    """Return what a record tells a team, if anything of the ``kinds`` that are wanted."""
    kind = _KINDS.get(LogKind(record.kind)) if record.kind in set(LogKind) else None
    if kind is None or kind not in kinds or not record.conversation:
        return None
    metric = record.fields.get("metric")
    title = clock_title(str(metric)) if metric else ""
    return Notice(kind=kind, conversation=record.conversation, seq=record.seq, at=record.recorded_at, metric=title)


@dataclass(slots=True)
class Grouping:
    """Notices that wait for their team's turn."""

    _waiting: dict[str, list[Notice]] = field(default_factory=dict)
    _told: dict[str, datetime] = field(default_factory=dict)

    def add(self, team: str, notice: Notice) -> None:
        """Let a notice wait; of one conversation each kind counts once."""
        waiting = self._waiting.setdefault(team, [])
        if not any((each.conversation, each.kind) == (notice.conversation, notice.kind) for each in waiting):
            waiting.append(notice)

    def due(self, now: datetime) -> Iterator[tuple[str, Sequence[Notice]]]:
        """Yield the teams whose turn it is, with all that has come together for them."""
        for team in list(self._waiting):
            if now >= self._due_at(team):
                yield team, tuple(self._waiting[team])

    def _due_at(self, team: str) -> datetime:
        together = self._waiting[team][0].at + TOGETHER
        return max(together, self._told[team] + APART) if team in self._told else together

    def tell(self, team: str, now: datetime) -> None:
        """Take that a team has been told of all that waited."""
        self._waiting.pop(team, None)
        self._told[team] = now

    def drop(self, team: str) -> None:
        """Take that nothing of what waited concerns the team any more."""
        self._waiting.pop(team, None)

    def next_due(self) -> datetime | None:
        """Return when the next team may be told, None where nothing waits."""
        return min((self._due_at(team) for team in self._waiting), default=None)

    @property
    def oldest(self) -> int | None:
        """Return the record of the oldest notice that waits."""
        return min((each.seq for waiting in self._waiting.values() for each in waiting), default=None)


def is_anybodys(conversation: Conversation) -> bool:
    """Tell whether a conversation is the whole team's: it waits, and nobody holds it."""
    return conversation.state is State.ESCALATED and conversation.holder is None


# --- the board ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One line of the board. ``clock`` is what falls due first, or has been missed."""

    conversation: ConversationId
    customer: str
    team: str
    holder: AgentId | None
    since: datetime | None
    clock: str = ""
    due_at: datetime | None = None
    breached: bool = False
    warned: bool = False


def waiting(rows: Sequence[QueueRow]) -> tuple[Waiting, ...]:
    """Return what waits for staff, the most urgent first: missed, due, without a target."""
    found = [_line(row) for row in rows if _waits(row.conversation)]
    return tuple(sorted(found, key=_urgency))


def _waits(conversation: Conversation) -> bool:
    """Tell whether it is staff's turn: nobody holds it, or who holds it owes the customer an answer."""
    held = conversation.state is State.CLAIMED and bool(conversation.unanswered)
    return conversation.state is State.ESCALATED or held


def _line(row: QueueRow) -> Waiting:
    c = row.conversation
    urgent = min((clock for clock in c.clocks if clock.due_at), key=_due, default=None)
    return Waiting(
        conversation=c.id,
        customer=row.customer_name,
        team=c.team,
        holder=c.holder if c.state is State.CLAIMED else None,
        since=c.waiting_since or c.escalated_at,
        clock=clock_title(urgent.metric) if urgent else "",
        due_at=urgent.due_at if urgent else None,
        breached=urgent.breached if urgent else False,
        warned=urgent.warned if urgent else False,
    )


def _due(clock: Clock) -> datetime:
    assert clock.due_at is not None  # who calls has looked
    return clock.due_at


def _urgency(each: Waiting) -> tuple[bool, float, float, str]:
    due = each.due_at.timestamp() if each.due_at else 0.0
    since = each.since.timestamp() if each.since else 0.0
    return each.due_at is None, due, since, each.conversation
