"""Frames of the page's WebSocket. Pure: a frame in, a value or an arrival out.

A visitor's messages carry the visitor in their id, so nobody can name the message of somebody else.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import msgspec

from bot.channels import arrivals
from bot.channels.text import clean_id, clean_time, lenient_json, shortened
from bot.channels.webchat.visitors import IdentityIn, Visitor
from bot.domain.messages import Address, Customer
from bot.errors import BadMessage
from bot.records import Arrival

CHANNEL = "webchat"
#: A page's clock is not trusted beyond this: a visitor could date a message back and so break a target.
OLDEST_SENT_AT = timedelta(minutes=5)

_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


class Hello(msgspec.Struct, tag="hello", frozen=True):
    """The first frame: who is there, and the number of the last entry that the page has."""

    token: str | None = None
    identity: IdentityIn | None = None
    after: int = 0


class Message(msgspec.Struct, tag="message", frozen=True):
    """The visitor wrote. ``id`` is the page's own; a repetition carries the same."""

    id: str
    text: str
    sent_at: str | None = None


class Edit(msgspec.Struct, tag="edit", frozen=True):
    """The visitor changed a message. ``revision`` tells a repetition from a second edit."""

    id: str
    text: str
    revision: str = ""


class Delete(msgspec.Struct, tag="delete", frozen=True):
    """The visitor took a message back."""

    id: str


class Typing(msgspec.Struct, tag="typing", frozen=True):
    """The visitor is typing. Not used yet."""


class CatchUp(msgspec.Struct, tag="catch_up", frozen=True):
    """The page has been asleep and wants to know what it missed."""

    after: int = 0


Written = Message | Edit | Delete
Frame = Hello | Written | Typing | CatchUp
_FRAMES: msgspec.json.Decoder[Frame] = msgspec.json.Decoder(Hello | Message | Edit | Delete | Typing | CatchUp)


def parse_frame(data: str | bytes) -> Frame:
    """Return the frame. Raises BadMessage for anything else."""
    try:
        return _FRAMES.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        pass  # perhaps a browser cut an emoji in half: that is repaired, not refused
    try:
        return msgspec.convert(lenient_json(data), Hello | Message | Edit | Delete | Typing | CatchUp)
    except (msgspec.ValidationError, ValueError, RecursionError) as problem:
        raise BadMessage(f"frame: {shortened(str(problem))}") from None


def arrival_of(frame: Written, *, visitor: Visitor, arrived_at: datetime, longest: int) -> Arrival:
    """Return what a frame tells intake. Raises BadMessage naming the field that is wrong."""
    external_id = external_id_of(visitor, frame.id)
    address = Address(channel=CHANNEL, account=CHANNEL, place=visitor.external_id)
    customer = Customer(channel=CHANNEL, external_id=visitor.external_id, name=visitor.name)
    match frame:
        case Message():
            return arrivals.message(
                external_id=external_id,
                text=frame.text,
                sent_at=_trusted(frame.sent_at, arrived_at),
                arrived_at=arrived_at,
                address=address,
                customer=customer,
                longest=longest,
            )
        case Edit():
            return arrivals.edit(
                channel=CHANNEL,
                external_id=external_id,
                text=frame.text,
                arrived_at=arrived_at,
                revision=frame.revision and clean_id(frame.revision, field="revision", longest=64),
                address=address,
                customer=customer,
                longest=longest,
            )
        case Delete():
            return arrivals.deletion(
                channel=CHANNEL,
                external_id=external_id,
                arrived_at=arrived_at,
                address=address,
                customer=customer,
            )


def external_id_of(visitor: Visitor, client_id: str) -> str:
    """Return intake's id of a page's message. Raises BadMessage for an id that is none."""
    if _CLIENT_ID.fullmatch(client_id) is None:
        raise BadMessage(f"id: {shortened(client_id)}; send 8 to 64 of A-Z, a-z, 0-9, _ and -")
    return f"{visitor.external_id}:{client_id}"


def client_id_of(visitor: Visitor, external_id: str) -> str:
    """Return the page's own id of a message, empty for what the page did not write."""
    prefix = f"{visitor.external_id}:"
    return external_id.removeprefix(prefix) if external_id.startswith(prefix) else ""


def _trusted(sent_at: str | None, arrived_at: datetime) -> datetime:
    return max(clean_time(sent_at, arrived_at=arrived_at), arrived_at - OLDEST_SENT_AT)
