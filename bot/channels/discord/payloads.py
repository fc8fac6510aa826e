"""What Heed reads of a message as Discord sends it: the fields that matter, each checked once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bot.channels.text import shortened
from bot.errors import BadMessage


class Member(msgspec.Struct, frozen=True):
    """What a server knows of a user."""

    nick: str | None = None


class User(msgspec.Struct, frozen=True):
    """Somebody on Discord; in a list of mentions with what the server knows of them."""

    id: str
    username: str | None = None
    global_name: str | None = None
    bot: bool | None = None
    member: Member | None = None


class Reference(msgspec.Struct, frozen=True):
    """The message to which this one points: as a reply (0) or a forward (1)."""

    message_id: str | None = None
    type: int | None = 0


class Answered(msgspec.Struct, frozen=True):
    """The message to which a reply replies."""

    id: str
    author: User | None = None
    mentions: list[User] | None = None
    message_reference: Reference | None = None


class Attached(msgspec.Struct, frozen=True):
    """A file."""

    id: str | None = None
    url: str | None = None
    filename: str | None = None
    title: str | None = None
    content_type: str | None = None
    size: int | None = None


class Sticker(msgspec.Struct, frozen=True):
    """A sticker."""

    name: str | None = None


class Question(msgspec.Struct, frozen=True):
    """What a poll asks."""

    text: str | None = None


class Poll(msgspec.Struct, frozen=True):
    """A poll."""

    question: Question | None = None


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What was said, here or in a message that was passed on."""

    content: str | None = None
    flags: int | None = 0
    mentions: list[User] | None = None
    mention_roles: list[str] | None = None
    attachments: list[Attached] | None = None
    sticker_items: list[Sticker] | None = None
    poll: Poll | None = None


class Snapshot(msgspec.Struct, frozen=True):
    """A message as it was when somebody passed it on."""

    message: Said | None = None


class Message(Said, frozen=True, kw_only=True):
    """One message."""

    id: str
    channel_id: str
    author: User
    guild_id: str | None = None
    member: Member | None = None
    timestamp: str | None = None
    edited_timestamp: str | None = None
    message_reference: Reference | None = None
    referenced_message: Answered | None = None
    message_snapshots: list[Snapshot] | None = None
    embeds: Any = None
    components: Any = None
    activity: Any = None


def read_message(payload: Mapping[str, Any]) -> Message:
    """Return the message. Raises BadMessage naming the field that is not as Discord documents it."""
    try:
        return msgspec.convert(dict(payload), Message)
    except (msgspec.ValidationError, UnicodeError, RecursionError) as problem:
        raise BadMessage(f"message: {shortened(str(problem))}") from None
