"""The values that cross the store's border, and that channels, engine and pages exchange."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.actions import Deadline, Send, SendState
from bot.domain.conversation import Conversation
from bot.domain.decisions import Decision, Situation, Wording
from bot.domain.log import LogEvent
from bot.domain.messages import (
    ActionId,
    Address,
    AgentId,
    Attachment,
    Author,
    ConversationId,
    Customer,
    CustomerId,
    MessageId,
)
from bot.domain.prediction import Assessment, Label
from bot.domain.roles import Role

# --- what comes in ---------------------------------------------------------------------------------------


class ArrivalKind(StrEnum):
    """What a channel can tell."""

    MESSAGE = "message"
    EDIT = "edit"
    DELETION = "deletion"
    REPLY = "reply"  # a human has answered in the customer's place, or through another system
    TALK = "talk"  # somebody spoke in a room, to nobody's conversation: others may count it as an answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One event of a platform, parsed. ``external_id`` is the platform's id of the message concerned.

    ``address`` and ``customer`` are None where the platform names the message alone (edits, deletions and
    replies of the API): the store knows whose it is, or answers NOT_FOUND. ``conversation`` names it for a
    REPLY of the API. ``happened_at`` is the platform's time, never later than ``arrived_at``.

    In a public room ``room`` names the place in which all who are there see each other (a room, one of its
    threads or topics); ``in_reply_to`` is the platform's id of the message that this one expressly answers.

    A message that is not ``addressed`` to the brand waits for ``patience`` before it is looked at: anybody else's
    word in the same room counts as an answer to it, unless that word expressly answers another message. With
    ``patience`` None the room is not listened to, and such a message is not stored at all. Either way it counts
    as addressed if it goes on with its customer's matter at this address: see ``rooms.goes_on``; so it does while
    one that is addressed, and written no later, waits in the inbox. A message that is addressed brings forward,
    as addressed, what the same customer has waiting at the same address. In a room it is itself held for half a
    minute if it comes in more than a minute late: by then its back-fill has brought what agents answered to it.

    ``to_others``: it expressly goes to another member. Such a message, if it is not addressed too, is never the
    brand's, whatever the room and whatever its writer has open: it is a word in ``room``, and not stored.

    An EDIT of a message that still waits changes what will be read, not the wait; one that is addressed brings
    it forward, one ``to_others`` leaves it to them. An EDIT of something unknown that is addressed and brings
    ``address`` and ``customer`` is taken as a new message, written when it was edited.

    A REPLY belongs to the conversation of ``in_reply_to`` where that is known, else to ``address``. TALK only
    counts as a word in ``room``, and so do a message that is not stored and a REPLY to nothing known: it needs
    neither address nor customer, enters no inbox, and its receipt says OVERHEARD.
    """

    kind: ArrivalKind
    channel: str
    external_id: str
    happened_at: datetime
    arrived_at: datetime
    text: str = ""
    address: Address | None = None
    customer: Customer | None = None
    conversation: ConversationId | None = None
    agent: AgentId | None = None
    private: bool = True
    flooding: bool = False
    revision: str = ""  # tells repeated deliveries of one edit from a second edit
    addressed: bool = True
    to_others: bool = False
    patience: timedelta | None = timedelta(0)
    room: str = ""
    in_reply_to: str = ""
    attachments: tuple[Attachment, ...] = ()


class Outcome(StrEnum):
    """What intake did with an arrival."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"  # the same id and content again: nothing to do
    CONFLICT = "conflict"  # the same id with other content
    NOT_FOUND = "not_found"  # an edit, deletion or reply to something never seen, that cannot stand alone
    OVERHEARD = "overheard"  # talk in a room: it counts as a word there, and nothing of it is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The store's answer to one arrival. For CONFLICT it names the conversation of the first."""

    outcome: Outcome
    conversation: ConversationId | None = None
    message: MessageId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxItem:
    """An accepted arrival on its way to a worker. ``attempts`` counts how often it was handed out before.

    ``escalated``: it has been escalated unassessed already; a later assessment only annotates it. ``addressed``,
    ``attachments``: see ``Arrival``; for an edit they are the message's, as the edit tells them. ``answered``:
    it is not addressed, and somebody else has spoken in the room since, or it was taken back while it waited.
    ``own``: its writer is the conversation's customer. ``replied``: a REPLY to its conversation waits behind it.
    ``held_until``: when the room's patience with it ends, None if it did not have to wait. ``text``: what was
    edited while it waited is told in its newest wording, and its edit not apart. ``blocked``: staff have stopped
    hearing its writer.
    """

    seq: int
    kind: ArrivalKind
    conversation: ConversationId
    message: MessageId
    channel: str
    text: str
    happened_at: datetime
    arrived_at: datetime
    customer_name: str = ""
    agent: AgentId | None = None
    attempts: int = 0
    escalated: bool = False
    flooding: bool = False
    addressed: bool = True
    answered: bool = False
    own: bool = True
    replied: bool = False
    held_until: datetime | None = None
    attachments: tuple[Attachment, ...] = ()
    blocked: bool = False


# --- what a step stores ----------------------------------------------------------------------------------


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


# --- what goes out ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file that goes to the customer along with a reply."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A send handed to delivery, with where it goes. ``seq`` is its place in the outbox, a feed's cursor.

    ``doubtful``: an earlier try may have reached the customer, so it never counts as definitely not sent.
    ``reply_to`` is the platform's id of the customer's message that it answers, "" where there is none.
    ``private``: nobody but the customer sees it. ``revised_ids``: where ``send`` revises a text that was sent, the
    platform's ids of that text's parts; the channel changes those, and sends nothing new. ``enclosures``: the
    files of ``send.attachments``, in their order; delivery brings them when it hands the text to its channel.
    """

    seq: int
    send: Send
    address: Address
    customer_external_id: str
    state: SendState
    created_at: datetime
    attempts: int = 0
    doubtful: bool = False
    external_conversation: str = ""
    reply_to: str = ""
    private: bool = True
    revised_ids: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A text that has reached its platform: when, by the platform's clock, and as which of its messages."""

    at: datetime
    external_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What delivery may send now (marked ``sending``), and what it must report as withdrawn."""

    sendings: tuple[Sending, ...] = ()
    withdrawn: tuple[Sending, ...] = ()


# --- what pages show -------------------------------------------------------------------------------------


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


# --- what was looked at -----------------------------------------------------------------------------------


class Severity(StrEnum):
    """How much a finding matters. A PROBLEM keeps Heed from running well."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One thing that was looked at, and for all but OK what to do about it."""

    severity: Severity
    text: str
    remedy: str = ""
