"""What a step asks for: texts to send and deadlines to keep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.decisions import Wording
from bot.domain.messages import ActionId, AgentId, Attachment, Author, ConversationId, MessageId


class SendState(StrEnum):
    """Where a send stands: ``new → sending → sent | unknown | failed`` and ``new → withdrawn``."""

    NEW = "new"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """A text to the customer. ``id`` is its idempotency key everywhere.

    ``hold_epoch`` is set for the bot's answers alone: they start out only while the conversation's epoch is
    still this one and automatic answers are not paused. ``answers_to`` is the number of the last customer
    message that this text answers. ``message`` is the id under which the text joins the transcript.
    ``revises``: it takes the place of that reply, which has been sent; without ``text`` it takes it back.
    ``attachments``: files that go along, each with its id in the store as ``reference``.
    """

    id: ActionId
    conversation: ConversationId
    message: MessageId
    author: Author
    wording: Wording
    text: str
    answers_to: int
    hold_epoch: int | None = None
    agent: AgentId | None = None
    template: str | None = None
    quick_replies: tuple[str, ...] = ()
    revises: MessageId | None = None
    attachments: tuple[Attachment, ...] = ()


def message_of(action: ActionId) -> MessageId:
    """Return the id under which an action's text joins the transcript."""
    return MessageId(f"s{action}")


class DeadlineKind(StrEnum):
    """What falls due."""

    WARN = "warn"
    BREACH = "breach"
    CLAIM_ENDING = "claim_ending"
    CLAIM_EXPIRY = "claim_expiry"
    SNOOZE_END = "snooze_end"
    SILENCE = "silence"
    SEND_OVERDUE = "send_overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A row, never a sleeping task. ``key`` is unique within its conversation (``breach:first_reply_time:1``)."""

    conversation: ConversationId
    kind: DeadlineKind
    key: str
    due_at: datetime
