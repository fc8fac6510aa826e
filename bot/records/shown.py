"""What pages and desks show, and what they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.actions import SendState
from bot.domain.conversation import Conversation
from bot.domain.decisions import Wording
from bot.domain.messages import (
    AgentId,
    Attachment,
    Author,
    ConversationId,
    Customer,
    CustomerId,
    MessageId,
)
from bot.domain.prediction import Label
from bot.domain.roles import Role
from bot.records.stored import BlockRecord, CorrectionRecord, DecisionRecord, NoteRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptEntry:
    """One line of a conversation as it is shown. ``number`` rises within the conversation."""

    message: MessageId
    conversation: ConversationId
    author: Author
    text: str
    at: datetime
    number: int
    name: str = ""
    agent: AgentId | None = None
    wording: Wording | None = None
    template: str | None = None
    send_state: SendState | None = None
    quick_replies: tuple[str, ...] = ()
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    earlier_texts: tuple[str, ...] = ()
    external_id: str = ""
    attachments: tuple[Attachment, ...] = ()

    @property
    def enclosed(self) -> bool:
        """Tell whether Heed sent it, so that its attachments are enclosures of the store, not the platform's."""
        return self.send_state is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueQuery:
    """What a list of conversations is asked for. ``text`` searches names, ids and messages.

    ``teams``, ``labels``, ``channels`` and ``priorities``: one of these values; empty asks for nothing.
    """

    states: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    text: str = ""
    holder: AgentId | None = None
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One conversation of a list, with the customer's last message."""

    conversation: Conversation
    customer_name: str
    preview: str
    last_message_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """A page of a list, most urgent first, and how many there are in all."""

    rows: tuple[QueueRow, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierMatter:
    """Another conversation of the same customer, in a line."""

    conversation: ConversationId
    state: str
    label: Label | None
    opened_at: datetime | None
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationView:
    """A conversation with everything that staff may see. ``earlier``: the customer's others, newest first.

    ``blocked``: who has stopped hearing this customer, and when. ``unhandled``: how many of the customer's
    messages stand in the transcript and wait to be understood. ``newer``: what the customer writes at this
    conversation's address goes there.
    """

    conversation: Conversation
    customer: Customer
    transcript: tuple[TranscriptEntry, ...]
    notes: tuple[NoteRecord, ...]
    decisions: tuple[DecisionRecord, ...]
    corrections: tuple[CorrectionRecord, ...] = ()
    earlier: tuple[EarlierMatter, ...] = ()
    blocked: BlockRecord | None = None
    unhandled: int = 0
    newer: ConversationId | None = None

    @property
    def received(self) -> int:
        """Return how many messages of the customer's there are: what whoever reads all of this has read."""
        return self.conversation.received + self.unhandled


@dataclass(frozen=True, slots=True, kw_only=True)
class ActQuery:
    """Which of staff's acts are asked for: behind ``before`` (0: the newest first), of one agent or of all."""

    before: int = 0
    agent: AgentId | None = None
    conversation: ConversationId | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What a desk shows of one piece of a conversation: where, as which message there, and a mark of its content.

    ``key`` names the piece within the conversation (``card``, a message's id, a note's id); ``place`` is the
    desk's thread. The key ``thread`` stands for the thread itself.
    """

    key: str
    place: str
    external_id: str
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedMessage:
    """A customer's message as it now stands, with the labels that staff gave it: an example to train on."""

    message: MessageId
    text: str
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAccount:
    """Somebody who may sign in. ``password_hash`` is argon2's, or empty: one-time links only."""

    name: str
    role: Role
    password_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """How much lies where, for health, metrics and the operations page."""

    inbox: int
    outbox: int
    deadlines: int
    dead_letters: int
    conversations: Mapping[str, int]
    schema_version: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that the auditor found wrong in the store."""

    conversation: ConversationId
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """What the auditor reads of one conversation, straight from the store's rows."""

    conversation: Conversation
    customer: CustomerId
    inbox: int
    unsent: int
    deadline_keys: tuple[str, ...]
