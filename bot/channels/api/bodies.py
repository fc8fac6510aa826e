"""The bodies of the API, in and out. The API's description is generated from these."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from bot.channels.text import LONGEST_TEXT

_LIMITED = {"minLength": 1, "maxLength": 200}

# Described here, checked by the cleaning that all channels share.
Id = Annotated[str, Meta(description="1 to 200 printable characters", extra_json_schema=_LIMITED)]
Field = Annotated[str, Meta(description="Up to 200 printable characters", extra_json_schema={"maxLength": 200})]
Name = Annotated[str, Meta(description="A small letter, then up to 31 of a-z, 0-9, _ and -")]
Time = Annotated[str, Meta(description="RFC 3339 with its offset", examples=["2026-11-22T09:30:00Z"])]
Text = Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": LONGEST_TEXT})]

# --- in ---------------------------------------------------------------------------------------------------


class CustomerIn(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Who writes, by the sender's own id."""

    id: Id
    name: str | None = None


class MessageIn(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A customer's message. ``id`` and ``conversation`` are the sender's own, unique within its channel."""

    id: Id
    conversation: Id
    text: Text
    channel: Name = "api"
    customer: CustomerIn | None = None
    sent_at: Time | None = None


class EditIn(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The new text of a message. Give ``edited_at``: it tells a repetition from a second edit."""

    text: Text
    edited_at: Time | None = None


class ReplyIn(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A human's reply. ``delivered``: it has already reached the customer, so Heed only records it."""

    agent: Id
    text: Text
    id: Id | None = None
    sent_at: Time | None = None
    delivered: bool | None = None


class FieldsIn(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Whose a conversation is and how urgent. What is left out stays as it is; "" takes a field back."""

    team: Field | None = None
    priority: Field | None = None
    tier: Field | None = None


# --- out --------------------------------------------------------------------------------------------------


class Problem(Struct, frozen=True):
    """Why a request was not carried out (RFC 9457); ``detail`` names what was wrong and what would be right."""

    type: str
    title: str
    status: int
    detail: str


class Accepted(Struct, frozen=True, omit_defaults=True):
    """Stored for good. ``conversation`` is Heed's id."""

    conversation: str | None = None


class ItemStatus(Struct, frozen=True, omit_defaults=True):
    """What became of one message of a list."""

    status: int
    conversation: str | None = None
    error: str | None = None


class ReplyAccepted(Struct, frozen=True):
    """The reply is recorded (``delivered``) or on its way to the customer."""

    conversation: str
    delivered: bool
    id: str | None = None


class AttachmentOut(Struct, frozen=True):
    """Something that a message brought along, or that goes along with a reply.

    ``size`` in bytes; ``url`` where it can be opened, if anywhere. One that begins with ``/`` is Heed's own and
    opens with the API's token.
    """

    kind: str
    name: str
    media_type: str
    size: int | None
    url: str | None


class Answer(Struct, frozen=True):
    """A text for a customer. ``id`` is its idempotency key: show a text with a known id once.

    ``conversation`` and ``customer`` are the sender's own ids, ``heed_conversation`` is Heed's. A ``revision``
    is shown in the place of the answer whose id ``revises`` gives; with an empty text that answer is taken back.
    ``attachments`` are files that staff send along; a ``reply`` of files alone has an empty text.
    """

    cursor: str
    id: str
    channel: str
    conversation: str
    heed_conversation: str
    customer: str
    kind: Literal["answer", "acknowledgement", "greeting", "notice", "reply", "revision", "thanks"]
    author: Literal["bot", "agent"]
    agent: str | None
    text: str
    quick_replies: list[str]
    template: str | None
    revises: str | None
    attachments: list[AttachmentOut]
    created_at: str


class Answers(Struct, frozen=True):
    """Answers behind a cursor, oldest first. Pass ``cursor`` as ``after`` of the next request."""

    answers: list[Answer]
    cursor: str


class Pushed(Struct, frozen=True):
    """What a webhook receives, signed after the Standard Webhooks scheme."""

    type: Literal["answer.created", "answer.revised"]
    timestamp: str
    data: Answer


class CustomerOut(Struct, frozen=True):
    """Who writes."""

    id: str
    name: str


class MessageOut(Struct, frozen=True):
    """One line of the conversation."""

    id: str
    external_id: str
    author: Literal["customer", "agent", "bot"]
    agent: str | None
    text: str
    at: str
    kind: str | None
    template: str | None
    send_state: str | None
    edited_at: str | None
    deleted_at: str | None
    attachments: list[AttachmentOut]


class PredictionOut(Struct, frozen=True):
    """What the model said about one message."""

    message: str
    label: Literal["question", "complaint", "praise", "other"]
    probabilities: dict[str, float]
    language: str
    model: str


class CandidateOut(Struct, frozen=True):
    """A template that might answer, with the probability that it does."""

    template: str
    score: float


class DecisionOut(Struct, frozen=True):
    """What was done about one message, and why."""

    message: str
    kind: str | None
    reason: str | None
    reason_text: str | None
    template: str | None
    candidates: list[CandidateOut]
    made_at: str


class ClockOut(Struct, frozen=True):
    """A clock with its value now."""

    metric: str
    instance: int
    seconds: float
    running: bool
    suspended: bool
    started_at: str
    target_seconds: float | None
    due_at: str | None
    warned: bool
    breached: bool
    policy: str | None = None
    calendar: str | None = None


class ConversationOut(Struct, frozen=True):
    """A conversation as it stands now. Notes of staff are internal and not in it."""

    id: str
    channel: str
    conversation: str
    customer: CustomerOut
    state: str
    label: str | None
    language: str
    reason: str | None
    holder: str | None
    team: str | None
    priority: str | None
    tier: str | None
    opened_at: str | None
    escalated_at: str | None
    resolved_at: str | None
    updated_at: str | None
    waiting_since: str | None
    messages: list[MessageOut]
    predictions: list[PredictionOut]
    decisions: list[DecisionOut]
    clocks: list[ClockOut]
