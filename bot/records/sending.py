"""What goes out: texts and files on their way, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.actions import Send, SendState
from bot.domain.messages import (
    Address,
)


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
