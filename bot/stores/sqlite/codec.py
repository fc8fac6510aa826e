"""Values to bytes and back: JSON by msgspec with encoders made once, times as integer microseconds."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec

from bot.domain.calendar import ALWAYS_OPEN
from bot.domain.conversation import Conversation
from bot.domain.log import Scalar
from bot.domain.messages import Address, Attachment, ConversationId, CustomerId, MessageId
from bot.domain.sla import Aim, Clock
from bot.records import DecisionRecord

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SEPARATOR = "\x1f"

encode = msgspec.json.Encoder().encode
_decode_conversation = msgspec.json.Decoder(Conversation).decode
decode_decision = msgspec.json.Decoder(DecisionRecord).decode
decode_texts = msgspec.json.Decoder(tuple[str, ...]).decode
decode_fields = msgspec.json.Decoder(dict[str, Scalar]).decode
_decode_attachments = msgspec.json.Decoder(tuple[Attachment, ...]).decode
decode_sources = msgspec.json.Decoder(dict[str, str]).decode


class _ClockBefore(msgspec.Struct, frozen=True):
    """What a clock's snapshot said of its target before clocks had calendars. New ones have no ``warn_at``."""

    target: timedelta | None = None
    warn_at: float | msgspec.UnsetType = msgspec.UNSET
    warned: bool = False


class _PolicyBefore(msgspec.Struct, frozen=True):
    """What a copied policy said of its warning then."""

    warn_at: float | msgspec.UnsetType = msgspec.UNSET


class _Before(msgspec.Struct, frozen=True):
    clocks: tuple[_ClockBefore, ...] = ()
    policy: _PolicyBefore | None = None


_decode_before = msgspec.json.Decoder(_Before).decode


def decode_conversation(snapshot: bytes) -> Conversation:
    """Return a stored conversation; one of an older version with its policy and targets as they were."""
    conversation = _decode_conversation(snapshot)
    if b'"warn_at"' not in snapshot:  # only a hint: names may hold it too
        return conversation
    before = _decode_before(snapshot)
    policy = conversation.policy
    if policy is not None and before.policy is not None and isinstance(before.policy.warn_at, float):
        policy = replace(policy, shares=(before.policy.warn_at,))
    named = "" if policy is None else policy.name
    pairs = zip(conversation.clocks, before.clocks, strict=True)
    clocks = tuple(_with_aim(clock, then, policy=named) for clock, then in pairs)
    return replace(conversation, policy=policy, clocks=clocks)


def _with_aim(clock: Clock, before: _ClockBefore, *, policy: str) -> Clock:
    """Return a clock of an older version with what it aimed at: it counted all time, and warned once."""
    if not isinstance(before.warn_at, float):
        return clock
    clock = replace(clock, summed=clock.elapsed, waited=clock.waited or (clock.started_at,))
    if before.target is None:
        return clock
    aim = Aim(policy=policy, target=before.target, shares=(before.warn_at,))
    return replace(clock, aim=aim, warnings=int(before.warned)).aimed(ALWAYS_OPEN)


def micros(at: datetime) -> int:
    """Return an aware instant as microseconds since 1970. A naive one raises TypeError."""
    return (at - _EPOCH) // _MICROSECOND


def span(duration: timedelta) -> int:
    """Return a duration in microseconds."""
    return duration // _MICROSECOND


def moment(us: int) -> datetime:
    """Return microseconds since 1970 as aware UTC."""
    return _EPOCH + timedelta(microseconds=us)


def moment_or_none(us: int | None) -> datetime | None:
    """Return an instant, or None for a NULL."""
    return None if us is None else moment(us)


def address_of(key: str) -> Address:
    """Return the address of which ``Address.key`` made this string."""
    channel, account, place, thread = key.split(_SEPARATOR)
    return Address(channel=channel, account=account, place=place, thread=thread)


def message_id(channel: str, external_id: str) -> MessageId:
    """Return the id of a platform's message: the same for the same message, whenever it comes."""
    joined = f"{channel}{_SEPARATOR}{external_id}".encode()
    return MessageId("m" + hashlib.blake2b(joined, digest_size=12).hexdigest())


def new_conversation_id() -> ConversationId:
    """Return an id that nobody can guess."""
    return ConversationId("c" + secrets.token_hex(8))


def new_customer_id() -> CustomerId:
    """Return an id that tells nothing about the person."""
    return CustomerId("u" + secrets.token_hex(8))


def digest_of(*parts: str) -> bytes:
    """Return a fingerprint that tells two contents apart."""
    return hashlib.blake2b(_SEPARATOR.join(parts).encode(), digest_size=16).digest()


def attachments_json(attachments: Sequence[Attachment]) -> str | None:
    """Return what a message brings along as JSON, None for nothing."""
    return encode(attachments).decode() if attachments else None


def attachments_of(kept: str | None) -> tuple[Attachment, ...]:
    """Return what ``attachments_json`` made a text of."""
    return () if kept is None else _decode_attachments(kept)


def likeness(attachments: Sequence[Attachment]) -> list[tuple[str, str, int | None, str]]:
    """Return by what attachments are told apart: not by their links, which platforms sign anew each time."""
    return [(each.kind.value, each.name, each.size, each.reference) for each in attachments]


def encode_fields(fields: Mapping[str, Scalar]) -> bytes:
    """Return the fields of a log event as JSON."""
    return encode(fields)
