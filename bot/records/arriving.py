"""What comes in: what a channel tells, what intake makes of it, and what waits for a worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.messages import (
    Address,
    AgentId,
    Attachment,
    ConversationId,
    Customer,
    MessageId,
)


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
