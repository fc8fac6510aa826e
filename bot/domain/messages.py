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
