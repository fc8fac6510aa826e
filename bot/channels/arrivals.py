"""The four things that a channel can tell, built so that the rules for texts, ids and times hold on every channel.

Each function is pure and raises BadMessage naming the field that is wrong.
"""

from __future__ import annotations

from datetime import datetime

from bot.channels.text import LONGEST_TEXT, clean_id, clean_name, clean_text, clean_time, revision_of
from bot.domain.messages import Address, AgentId, ConversationId, Customer
from bot.records import Arrival, ArrivalKind

Time = str | datetime | None


def customer(channel: str, external_id: str, name: str | None = None, *, field: str = "customer.id") -> Customer:
    """Return who writes, with a clean id and name."""
    return Customer(channel=channel, external_id=clean_id(external_id, field=field), name=clean_name(name))


def message(
    *,
    external_id: str,
    text: str,
    address: Address,
    customer: Customer,
    arrived_at: datetime,
    sent_at: Time = None,
    private: bool = True,
    longest: int = LONGEST_TEXT,
) -> Arrival:
    """Return a customer's message."""
    return Arrival(
        kind=ArrivalKind.MESSAGE,
        channel=address.channel,
        external_id=clean_id(external_id, field="id"),
        text=clean_text(text, longest=longest),
        happened_at=clean_time(sent_at, arrived_at=arrived_at),
        arrived_at=arrived_at,
        address=address,
        customer=customer,
        private=private,
    )


def edit(
    *,
    channel: str,
    external_id: str,
    text: str,
    arrived_at: datetime,
    edited_at: Time = None,
    revision: str = "",
    address: Address | None = None,
    customer: Customer | None = None,
    private: bool = True,
    longest: int = LONGEST_TEXT,
) -> Arrival:
    """Return a customer's change of a message.

    ``revision`` is the platform's own mark of this edit. Without one it follows from the time and the text, so
    an edit delivered twice is told from a second edit as long as the platform gives the time.
    """
    cleaned = clean_text(text, longest=longest)
    happened_at = clean_time(edited_at, arrived_at=arrived_at, field="edited_at")
    return Arrival(
        kind=ArrivalKind.EDIT,
        channel=channel,
        external_id=clean_id(external_id, field="id"),
        text=cleaned,
        happened_at=happened_at,
        arrived_at=arrived_at,
        address=address,
        customer=customer,
        private=private,
        revision=revision or revision_of(edited_at, cleaned),
    )


def deletion(
    *,
    channel: str,
    external_id: str,
    arrived_at: datetime,
    deleted_at: Time = None,
    address: Address | None = None,
    customer: Customer | None = None,
    private: bool = True,
) -> Arrival:
    """Return that a customer took a message back."""
    return Arrival(
        kind=ArrivalKind.DELETION,
        channel=channel,
        external_id=clean_id(external_id, field="id"),
        happened_at=clean_time(deleted_at, arrived_at=arrived_at, field="deleted_at"),
        arrived_at=arrived_at,
        address=address,
        customer=customer,
        private=private,
    )


def reply(
    *,
    channel: str,
    external_id: str,
    text: str,
    agent: str,
    arrived_at: datetime,
    sent_at: Time = None,
    conversation: ConversationId | None = None,
    address: Address | None = None,
    customer: Customer | None = None,
    private: bool = True,
) -> Arrival:
    """Return a human's answer that has already reached the customer."""
    return Arrival(
        kind=ArrivalKind.REPLY,
        channel=channel,
        external_id=clean_id(external_id, field="id"),
        text=clean_text(text),
        happened_at=clean_time(sent_at, arrived_at=arrived_at),
        arrived_at=arrived_at,
        conversation=conversation,
        agent=AgentId(clean_id(agent, field="agent")),
        address=address,
        customer=customer,
        private=private,
    )
