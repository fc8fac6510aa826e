"""A conversation as a staff chat shows it: a card that stands on top, and pieces in their order. Pure.

Each piece has a key that stays the same whatever happens to it, so that a desk knows what it has shown already.
Which words, marks and buttons are made of it is the desk's own affair.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.desk.wording import clock_title, reason_text, sentence
from bot.domain.actions import SendState, message_of
from bot.domain.decisions import Wording
from bot.domain.log import LogKind, LogRecord
from bot.domain.messages import ActionId, AgentId, Attachment, Author, ConversationId, MessageId
from bot.domain.prediction import Assessment, Candidate, Prediction
from bot.domain.sla import Clock
from bot.domain.states import HUMAN_STATES, State
from bot.records import BlockRecord, ConversationView, DecisionRecord, EarlierMatter, NoteRecord, TranscriptEntry

#: States in which a conversation is begun to be shown to staff; what was shown once is kept up in all of them.
SHOWN_STATES = HUMAN_STATES


class PieceKind(StrEnum):
    """What a piece tells."""

    CUSTOMER = "customer"
    BOT = "bot"  # what the bot sent: an answer, an acknowledgement, a notice
    REPLY = "reply"  # an agent's text to the customer
    NOTE = "note"  # internal
    EDIT = "edit"  # the customer changed a message: what it said before
    DELETION = "deletion"  # the customer took a message back
    EVENT = "event"  # what else happened


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One thing that staff see below the card.

    ``mark`` is a short name that people can read, unique within the conversation: ``m3``, ``s4-0``, ``n1``,
    ``e120``.
    ``number`` rises with each message, note or record that comes in, each counted by itself. ``changed_at``: when
    what it tells changed after it came in. ``erased``: its text was removed for good. ``message`` is set for what
    tells of one, ``record`` for events. ``why``: what the platform said of a text that it did not take.
    """

    key: str
    mark: str
    kind: PieceKind
    at: datetime
    who: str = ""
    text: str = ""
    number: int = 0
    state: SendState | None = None
    why: str = ""
    wording: Wording | None = None
    template: str | None = None
    edited: bool = False
    deleted: bool = False
    erased: bool = False
    changed_at: datetime | None = None
    attachments: tuple[Attachment, ...] = ()
    message: MessageId | None = None
    record: LogRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticking:
    """A clock that runs: since when, and by when it has to stop, if a policy says so."""

    title: str
    since: datetime
    due_at: datetime | None
    breached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What stands on top: the conversation as it is now, without any time that passes by itself."""

    conversation: ConversationId
    customer: str
    channel: str
    private: bool
    language: str
    state: State
    received: int
    mood: Prediction | None = None
    reason: str = ""
    nearest: Candidate | None = None
    holder: AgentId | None = None
    claim_until: datetime | None = None
    snoozed_until: datetime | None = None
    team: str = ""
    priority: str = ""
    clocks: tuple[Ticking, ...] = ()
    waiting_since: datetime | None = None
    earlier: tuple[EarlierMatter, ...] = ()
    blocked: BlockRecord | None = None
    merged_into: ConversationId | None = None
    resolved: LogRecord | None = None


def card(view: ConversationView, log: Sequence[LogRecord]) -> Card:
    """Return the card of a conversation as it stands now."""
    c = view.conversation
    assessment = _newest_assessment(view.decisions)
    return Card(
        conversation=c.id,
        customer=view.customer.name,
        channel=view.customer.channel,
        private=c.private,
        language=c.language,
        state=c.state,
        received=view.received,
        mood=assessment.prediction if assessment else None,
        reason=reason_text(c.reason),
        nearest=next(iter(assessment.candidates), None) if assessment else None,
        holder=c.holder,
        claim_until=c.claim_until if c.state is State.CLAIMED else None,
        snoozed_until=c.snoozed_until,
        team=c.team,
        priority=c.priority,
        clocks=tuple(_ticking(clock) for clock in c.clocks if clock.running_since is not None),
        waiting_since=c.waiting_since,
        earlier=view.earlier,
        blocked=view.blocked,
        merged_into=c.merged_into,
        resolved=_last(log, LogKind.RESOLVED) if c.state is State.RESOLVED else None,
    )


def pieces(view: ConversationView, log: Sequence[LogRecord]) -> tuple[Piece, ...]:
    """Return all pieces of a conversation in the order in which they are read."""
    why = {message_of(ActionId(action)): reason for action, reason in _failures(log)}
    found = [
        *((each.at, 1, each.number, each) for entry in view.transcript for each in _of_entry(entry, why)),
        *((note.at, 2, number, _of_note(note, number)) for number, note in enumerate(view.notes, 1)),
        *((record.at, 3, record.seq, _of_record(record)) for record in log if sentence(record)),
    ]
    return tuple(piece for *_, piece in sorted(found, key=lambda each: each[:3]))


def _failures(log: Sequence[LogRecord]) -> Iterator[tuple[str, str]]:
    """Yield which sends have not reached the customer, and why."""
    for record in log:
        if record.kind == LogKind.SEND_FAILED:
            yield str(record.fields.get("action") or ""), str(record.fields.get("reason") or "")


def _of_entry(entry: TranscriptEntry, why: Mapping[MessageId, str]) -> Iterator[Piece]:
    yield _said(entry, why.get(entry.message, ""))
    if entry.author is Author.CUSTOMER:
        yield from _edits(entry)
        if entry.deleted_at is not None:
            yield _deletion(entry, entry.deleted_at)


def _said(entry: TranscriptEntry, why: str) -> Piece:
    kinds = {Author.CUSTOMER: PieceKind.CUSTOMER, Author.BOT: PieceKind.BOT, Author.AGENT: PieceKind.REPLY}
    return Piece(
        key=entry.message,
        mark=_mark(entry),
        kind=kinds[entry.author],
        at=entry.at,
        who=entry.agent or entry.name,
        text=entry.text,
        number=entry.number,
        state=entry.send_state,
        why=why,
        wording=entry.wording,
        template=entry.template,
        edited=entry.edited_at is not None,
        deleted=entry.deleted_at is not None,
        erased=not (entry.text or entry.attachments or entry.deleted_at),
        changed_at=entry.deleted_at or entry.edited_at,
        attachments=entry.attachments,
        message=entry.message,
    )


def _mark(entry: TranscriptEntry) -> str:
    """Return a message's mark. A text to the customer gets a number when it leaves: its own id tells it apart."""
    serial = entry.message.partition("-")[2]
    return f"s{serial}" if entry.author is not Author.CUSTOMER and "-" in serial else f"m{entry.number}"


def _edits(entry: TranscriptEntry) -> Iterator[Piece]:
    """Yield one piece for each change, with the text before it. Only of the last is known when it was made."""
    for number, before in enumerate(entry.earlier_texts, 1):
        yield Piece(
            key=f"{entry.message}/edit{number}",
            mark=f"m{entry.number}e{number}",
            kind=PieceKind.EDIT,
            at=entry.edited_at or entry.at,
            who=entry.name,
            text=before,
            number=entry.number,
            erased=not before,
            changed_at=entry.edited_at,
            message=entry.message,
        )


def _deletion(entry: TranscriptEntry, at: datetime) -> Piece:
    return Piece(
        key=f"{entry.message}/deleted",
        mark=f"m{entry.number}d",
        kind=PieceKind.DELETION,
        at=at,
        who=entry.name,
        number=entry.number,
        changed_at=at,
        message=entry.message,
    )


def _of_note(note: NoteRecord, number: int) -> Piece:
    return Piece(
        key=note.id,
        mark=f"n{number}",
        kind=PieceKind.NOTE,
        at=note.at,
        who=note.agent,
        text=note.text,
        number=number,
        erased=not note.text,
    )


def _of_record(record: LogRecord) -> Piece:
    return Piece(
        key=f"event-{record.seq}",
        mark=f"e{record.seq}",
        kind=PieceKind.EVENT,
        at=record.at,
        number=record.seq,
        record=record,
    )


def _ticking(clock: Clock) -> Ticking:
    return Ticking(
        title=clock_title(clock.metric),
        since=clock.started_at,
        due_at=clock.due_at,
        breached=clock.breached,
    )


def _newest_assessment(decisions: Sequence[DecisionRecord]) -> Assessment | None:
    assessed = [record for record in decisions if record.assessment is not None]
    newest = max(assessed, key=lambda record: record.made_at, default=None)
    return newest.assessment if newest else None


def _last(log: Sequence[LogRecord], kind: LogKind) -> LogRecord | None:
    return next((record for record in reversed(log) if record.kind == kind), None)


# --- what is left out when a thread begins late -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Up to where a conversation had come when it began to be shown, so that older pieces are left out for good.

    By what had come in, not by when it was written: what comes in late is shown, however old it is.
    """

    messages: int = 0
    notes: int = 0
    log: int = 0
    at: float = 0.0
    left_out: int = 0

    def passes(self, piece: Piece) -> bool:
        """Tell whether a piece is older and has not changed since."""
        if piece.changed_at is not None and piece.changed_at.timestamp() > self.at:
            return False
        sources = {PieceKind.NOTE: self.notes, PieceKind.EVENT: self.log}
        return piece.number <= sources.get(piece.kind, self.messages)

    def written(self) -> str:
        """Return this as text to be stored."""
        return f"{self.messages}.{self.notes}.{self.log}.{int(self.at)}.{self.left_out}"

    @classmethod
    def read(cls, text: str) -> Begun:
        """Return what was stored; nothing was left out where nothing was."""
        parts = text.split(".")
        if len(parts) != 5 or not all(part.isdigit() for part in parts):
            return cls()
        messages, notes, log, at, left_out = map(int, parts)
        return cls(messages=messages, notes=notes, log=log, at=float(at), left_out=left_out)


def begin(found: Sequence[Piece], most: int, now: datetime) -> Begun:
    """Return what is left out where only the newest ``most`` pieces are shown: all that came in before them.

    A piece that came in before another of its kind is never shown without it.
    """
    old = found[:-most] if most else found
    if not old:
        return Begun()
    last: Mapping[str, int] = {
        kind: max((piece.number for piece in old if _source(piece) == kind), default=0)
        for kind in ("message", "note", "log")
    }
    begun = Begun(messages=last["message"], notes=last["note"], log=last["log"], at=now.timestamp())
    left_out = sum(begun.passes(piece) for piece in found)
    return Begun(messages=begun.messages, notes=begun.notes, log=begun.log, at=begun.at, left_out=left_out)


def _source(piece: Piece) -> str:
    return {PieceKind.NOTE: "note", PieceKind.EVENT: "log"}.get(piece.kind, "message")
