"""What one step stores, at once or not at all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from bot.domain.actions import Deadline, Send, SendState
from bot.domain.conversation import Conversation
from bot.domain.decisions import Decision, Situation
from bot.domain.log import LogEvent
from bot.domain.messages import (
    ActionId,
    AgentId,
    CustomerId,
    MessageId,
)
from bot.domain.prediction import Assessment, Label


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """A decision with all its inputs, so that it can be taken again. ``assessment`` None: unassessed."""

    message: MessageId
    assessment: Assessment | None
    situation: Situation | None
    decision: Decision | None
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRecord:
    """An internal remark of staff."""

    id: str
    agent: AgentId
    text: str
    at: datetime


def note_of(request: str) -> str:
    """Return the id of the note that a request leaves, the same each time it is asked."""
    return f"n{hashlib.blake2b(request.encode(), digest_size=10).hexdigest()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionRecord:
    """What a member of staff says that a message is: the labels that hold, none of them for other."""

    message: MessageId
    labels: tuple[Label, ...]
    agent: AgentId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRecord:
    """A customer whom staff have stopped hearing, or (``lifted``) hear again."""

    customer: CustomerId
    agent: AgentId
    at: datetime
    lifted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOutcome:
    """The new state of a send. ``external_ids``: the platform's ids of what it became there, one for each part."""

    action: ActionId
    state: SendState
    at: datetime
    external_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Everything that one step changes, stored at once or not at all.

    It applies only if the stored version is ``expected_version`` and every inbox item in ``fresh`` is still
    there and not escalated: so a worker and the timekeeper never both handle one message. ``done``: inbox
    items taken off. ``escalated``: inbox items that stay for annotation only. ``cancelled``: keys of deadlines.
    ``corrections``: the newest one of a message replaces those before it. ``blocks``: customers whom staff stop
    hearing, or hear again. ``request``: the wish that this carries out, kept for some days so that it is not
    carried out twice.
    """

    conversation: Conversation
    expected_version: int
    recorded_at: datetime
    log: tuple[LogEvent, ...] = ()
    sends: tuple[Send, ...] = ()
    outcomes: tuple[SendOutcome, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    cancelled: tuple[str, ...] = ()
    decisions: tuple[DecisionRecord, ...] = ()
    notes: tuple[NoteRecord, ...] = ()
    corrections: tuple[CorrectionRecord, ...] = ()
    blocks: tuple[BlockRecord, ...] = ()
    request: str = ""
    fresh: tuple[int, ...] = ()
    done: tuple[int, ...] = ()
    escalated: tuple[int, ...] = ()
