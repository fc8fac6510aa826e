"""Who writes, where, and what: the values that every other part passes around."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

ConversationId = NewType("ConversationId", str)
MessageId = NewType("MessageId", str)
CustomerId = NewType("CustomerId", str)
AgentId = NewType("AgentId", str)
ActionId = NewType("ActionId", str)


class Author(StrEnum):
    """Whose words a message carries."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"


class AttachmentKind(StrEnum):
    """What a message brings along besides its text."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    FILE = "file"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    POLL = "poll"
    FORWARDED = "forwarded"  # the text is somebody else's, passed on
    OTHER = "other"  # something that Heed does not know yet

    @property
    def matters(self) -> bool:
        """Tell whether a human has to look at it: the model reads text alone. A sticker is but a mood."""
        return self is not AttachmentKind.STICKER


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """Something beside the text. ``size`` in bytes, None if the platform does not say.

    ``url`` opens for anybody on staff; ``reference`` is the platform's handle where only Heed may fetch it.
    """

    kind: AttachmentKind
    name: str = ""
    media_type: str = ""
    size: int | None = None
    url: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a conversation lives on a platform.

    ``place`` is the private chat or the room; ``thread`` is the platform's thread,
    or in a room without threads the customer, so that two customers never share an address.
    """

    channel: str
    account: str
    place: str
    thread: str = ""

    def key(self) -> str:
        """Return one string for this address, the same for equal addresses and no others."""
        return "\x1f".join((self.channel, self.account, self.place, self.thread))


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who writes, as the platform names them. ``external_id`` is the platform's own id."""

    channel: str
    external_id: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a customer, cleaned and timed. ``sent_at`` is never later than ``arrived_at``."""

    id: MessageId
    external_id: str
    text: str
    sent_at: datetime
    arrived_at: datetime
    private: bool = True
