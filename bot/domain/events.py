"""What happens to a conversation. Facts are named in the past tense, commands of staff as imperatives.

Each event carries ``at``: when Heed learned of it. Where the platform gives a time of its own it stands beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.actions import SendState
from bot.domain.decisions import Decision, Reason
from bot.domain.messages import ActionId, AgentId, Attachment, ConversationId, MessageId
from bot.domain.prediction import UNDETERMINED, Label
from bot.domain.roles import Agent
from bot.domain.sla import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerWrote(Fact):
    """A customer's message, with what the brand decided about it. ``label`` is None if it was not assessed."""

    message: MessageId
    sent_at: datetime
    decision: Decision
    label: Label | None = None
    confidence: float | None = None
    language: str = UNDETERMINED


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerEdited(Fact):
    """The customer changed a message; it was assessed again."""

    message: MessageId
    decision: Decision
    label: Label | None = None
    confidence: float | None = None
    language: str = UNDETERMINED


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerDeleted(Fact):
    """The customer took a message back."""

    message: MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAnnotated(Fact):
    """A message that had been escalated unassessed was assessed after all; None where that failed again."""

    message: MessageId
    label: Label | None
    confidence: float | None
    language: str = UNDETERMINED


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReplied(Fact):
    """An agent has answered in the customer's place or through another system: it has already reached them."""

    agent: Agent
    message: MessageId
    replied_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReported(Fact):
    """What became of a send. ``sent_at`` is the platform's time, when it was sent.

    ``detail`` says to staff why it did not arrive; it names nobody and quotes nothing.
    """

    action: ActionId
    outcome: SendState
    sent_at: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationForced(Fact):
    """Something went wrong that only a human can mend."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWarned(Fact):
    """The warning share of a clock's target has passed. ``key`` names the clock, ``due_at`` the instant."""

    key: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockBreached(Fact):
    """A clock's target has passed."""

    key: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimNearsEnd(Fact):
    """The holder has not acted for most of the claim's lifetime."""

    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderLeft(Fact):
    """Whoever holds the conversation is not on staff any more, or may not handle conversations any more."""

    holder: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimExpired(Fact):
    """The holder has not acted for the claim's lifetime."""

    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SnoozeEnded(Fact):
    """The stated time has come."""

    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SilencePassed(Fact):
    """The customer has not written since the bot's answer for the stated time."""

    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOverdue(Fact):
    """A text to the customer has neither left nor failed for the stated time."""

    action: ActionId
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldsSet(Fact):
    """Another system or somebody says whose the conversation is, and how urgent; what is None stays.

    ``by``: ``api``, or an agent's id.
    """

    by: str
    team: str | None = None
    priority: str | None = None
    tier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequested(Fact):
    """The matter goes on in another conversation: the first step of linking two."""

    into: ConversationId
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked(Fact):
    """Another conversation's matter came in, with what waited there: the second step."""

    other: ConversationId
    clocks: tuple[Clock, ...] = ()
    unanswered: tuple[tuple[MessageId, datetime], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a member of staff wants, with the role held at this moment."""

    at: datetime
    agent: Agent


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Command):
    """Hold the conversation: nobody else answers it, the bot least of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver(Command):
    """Hold a conversation that somebody else holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskFor(Command):
    """Ask whoever holds the conversation to hand it over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Command):
    """Let go of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Command):
    """Send ``text`` to the customer. On a free conversation this claims it in the same step.

    ``seen``: how many of the customer's messages its writer had read; refused if there are more by now.
    ``enclosures``: files that go along, each with its id in the store as ``reference``: then there may be no text.
    """

    text: str
    seen: int | None = None
    enclosures: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Revise(Command):
    """Change a reply that has reached the customer to ``text``, or take it back where that is empty.

    ``wrote``: who had written it; None where there is no such reply.
    """

    message: MessageId
    text: str = ""
    wrote: AgentId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Command):
    """Leave an internal remark, stored under ``note``. Its text never comes near the customer."""

    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze(Command):
    """Put it away until a stated time, with an internal ``remark`` if there is one. Reply clocks go on."""

    until: datetime
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Command):
    """The customer has to act: resolution stands still until they write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(Command):
    """Give it to another team, with an internal ``remark`` if there is one. Whoever holds it lets go."""

    team: str
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandBack(Command):
    """Let the bot answer what the customer writes next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectLabel(Command):
    """Say what a message is, where the model was wrong. ``labels``: those that hold; none of them is other.

    ``was`` are the labels that the model gave, ``decided`` what was done about the message.
    """

    message: MessageId
    labels: tuple[Label, ...]
    was: tuple[Label, ...] = ()
    decided: str = ""


class ResolveReason(StrEnum):
    """Why an agent calls a conversation done."""

    ANSWERED = "answered"
    NO_REPLY_NEEDED = "no_reply_needed"
    GONE_QUIET = "gone_quiet"  # the customer does not come back
    DUPLICATE = "duplicate"  # the same matter goes on elsewhere
    SPAM = "spam"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve(Command):
    """Call it done, with an internal ``remark`` if there is one. ``seen`` as for a reply."""

    reason: ResolveReason = ResolveReason.ANSWERED
    seen: int | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen(Command):
    """Take up a resolved conversation again, held by whoever does it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Command):
    """Stop hearing a customer who floods: the conversation is resolved, and what they write starts nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unblock(Command):
    """Hear the customer again."""


Event = Fact | Command
