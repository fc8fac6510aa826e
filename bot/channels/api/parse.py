"""Bodies of requests into arrivals. Pure."""

from __future__ import annotations

from datetime import datetime

import msgspec

from bot.channels import arrivals
from bot.channels.api.bodies import EditIn, MessageIn, ReplyIn
from bot.channels.api.names import ChannelNames
from bot.channels.api.reading import convert, read_body, read_json
from bot.channels.text import clean_id
from bot.domain.messages import Address, ConversationId
from bot.errors import BadMessage
from bot.records import Arrival

#: The most messages of one list.
LONGEST_LIST = 1_000
ACCOUNT = "api"

Parsed = Arrival | BadMessage

_messages = msgspec.json.Decoder(list[MessageIn])


def is_list(body: bytes) -> bool:
    """Tell whether a body holds a list, by its first character."""
    return body[:64].lstrip()[:1] == b"["


def parse_message(body: bytes, *, names: ChannelNames, arrived_at: datetime) -> Arrival:
    """Return the one message of a body. Raises BadMessage."""
    return _arrival(read_body(body, MessageIn), names, arrived_at)


def parse_messages(body: bytes, *, names: ChannelNames, arrived_at: datetime) -> list[Parsed]:
    """Return for each message of a list its arrival or what is wrong with it, in order.

    Raises BadMessage if the body is no list or too long a one.
    """
    try:
        found: list[MessageIn | BadMessage] = list(_messages.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = _items(body)
    _check_length(len(found))
    return [_arrival_or_problem(item, names, arrived_at) for item in found]


def parse_edit(
    body: bytes, *, channel: str, external_id: str, names: ChannelNames, arrived_at: datetime
) -> Arrival:
    """Return the edit of a message. Raises BadMessage."""
    edit = read_body(body, EditIn)
    return arrivals.edit(
        channel=names.check(channel),
        external_id=external_id,
        text=edit.text,
        edited_at=edit.edited_at,
        arrived_at=arrived_at,
    )


def parse_deletion(*, channel: str, external_id: str, names: ChannelNames, arrived_at: datetime) -> Arrival:
    """Return the deletion of a message. Raises BadMessage."""
    return arrivals.deletion(channel=names.check(channel), external_id=external_id, arrived_at=arrived_at)


def delivered_reply(
    reply: ReplyIn, *, own_id: str, channel: str, conversation: ConversationId, arrived_at: datetime
) -> Arrival:
    """Return a reply that has already reached the customer. Its id cannot meet a message's."""
    return arrivals.reply(
        channel=channel,
        external_id=f"reply:{clean_id(own_id, field='id', longest=190)}",
        text=reply.text,
        agent=reply.agent,
        sent_at=reply.sent_at,
        conversation=conversation,
        arrived_at=arrived_at,
    )


def _arrival(message: MessageIn, names: ChannelNames, arrived_at: datetime) -> Arrival:
    channel = names.check(message.channel)
    place = clean_id(message.conversation, field="conversation")
    who = message.customer
    customer = arrivals.customer(channel, who.id if who else place, who.name if who else None)
    return arrivals.message(
        external_id=message.id,
        text=message.text,
        sent_at=message.sent_at,
        arrived_at=arrived_at,
        # two customers in one conversation of the sender's never share an address
        address=Address(channel=channel, account=ACCOUNT, place=place, thread=customer.external_id),
        customer=customer,
    )


def _arrival_or_problem(item: MessageIn | BadMessage, names: ChannelNames, arrived_at: datetime) -> Parsed:
    if isinstance(item, BadMessage):
        return item
    try:
        return _arrival(item, names, arrived_at)
    except BadMessage as problem:
        return problem


def _items(body: bytes) -> list[MessageIn | BadMessage]:
    """Return each item by itself, so that a wrong one spoils no other."""
    values = read_json(body)
    if not isinstance(values, list):
        raise BadMessage("body: send one message or a list of messages")
    _check_length(len(values))
    return [_item(value) for value in values]


def _item(value: object) -> MessageIn | BadMessage:
    try:
        return convert(value, MessageIn)
    except BadMessage as problem:
        return problem


def _check_length(length: int) -> None:
    if length > LONGEST_LIST:
        raise BadMessage(f"body: a list of {length:,} messages is too long; the limit is {LONGEST_LIST:,}")
