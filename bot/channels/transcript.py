"""A transcript as a channel: messages of a file, told as their platform would have told them.

What members write in a room is addressed to nobody, for transcripts say nothing of a bot, and waits for the room's
patience. The transcript's own bots say nothing.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from bot.channels import arrivals
from bot.domain.messages import Address
from bot.errors import BadMessage
from bot.records import Arrival

#: Roles whose messages are a customer's; a member writes in a room where many talk.
MEMBER = "member"
CUSTOMERS = {"customer", MEMBER}
ROLES = {*CUSTOMERS, "agent", "bot"}

#: Times that a message can have.
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message of a transcript. ``reply_to`` names messages of its conversation by their ``index``."""

    number: int
    conversation: str
    channel: str
    author: str
    role: str
    sent_at: datetime
    text: str
    index: int | None = None
    reply_to: tuple[int, ...] = ()


def read_transcript(path: Path) -> list[Line]:
    """Read a transcript, plain or gzipped. Raises BadMessage naming file and line of what is wrong."""
    try:
        with _open(path) as file:
            lines = [_line(text, number, path) for number, text in enumerate(file, 1) if text.strip()]
    except FileNotFoundError:
        raise BadMessage(f"{path}: there is no such file") from None
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadMessage(f"{path}: cannot be read: {error}") from None
    if not lines:
        raise BadMessage(f"{path}: there is no message in it; see examples/transcript.jsonl")
    return sorted(lines, key=lambda line: line.sent_at)


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def _line(text: str, number: int, path: Path) -> Line:
    where = f"{path}:{number}"
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise BadMessage(f"{where}: no JSON: {error}") from None
    names = ("conversation", "channel", "author", "role", "sent_at", "text")
    missing = [name for name in names if not isinstance(fields, dict) or not isinstance(fields.get(name), str)]
    if missing:
        raise BadMessage(f"{where}: the text field {missing[0]!r} is missing")
    if fields["role"] not in ROLES:
        raise BadMessage(f"{where}: role {fields['role']!r} is none of {', '.join(sorted(ROLES))}")
    sent_at = _time(fields["sent_at"], where)
    return Line(
        number=number,
        conversation=fields["conversation"],
        channel=fields["channel"],
        author=fields["author"],
        role=fields["role"],
        sent_at=sent_at,
        text=fields["text"],
        index=_index(fields.get("index")),
        reply_to=tuple(index for each in _list(fields.get("reply_to")) if (index := _index(each)) is not None),
    )


def _index(value: object) -> int | None:
    return value if type(value) is int else None


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _time(text: str, where: str) -> datetime:
    """Return a time; one without an offset is in UTC, wherever this machine stands."""
    try:
        told = datetime.fromisoformat(text)
        moment = told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadMessage(f"{where}: sent_at {text!r} is no time; write one like 2026-03-02T09:00:00Z") from None
    if not EARLIEST <= moment <= LATEST:
        raise BadMessage(f"{where}: sent_at {text!r} is no time of a message: before 2000 or after 2100")
    return moment


def arrivals_of(lines: Sequence[Line], patience: timedelta) -> dict[int, Arrival]:
    """Return what the platform would have told of each line; nothing of bots and of lines with nothing to read."""
    ids: dict[tuple[str, str, int], str] = {}
    for line in lines:
        if line.index is not None:
            ids.setdefault((line.channel, line.conversation, line.index), _id(line))
    rooms = {(line.channel, line.conversation) for line in lines if line.role == MEMBER}
    found: dict[int, Arrival] = {}
    for line in (line for line in lines if line.role != "bot"):
        named = (ids.get((line.channel, line.conversation, index), "") for index in line.reply_to)
        try:
            told = _told(line, patience)
        except BadMessage:
            continue
        told = replace(told, in_reply_to=next(filter(None, named), ""))
        in_room = (line.channel, line.conversation) in rooms
        found[line.number] = replace(told, room=line.conversation, private=False) if in_room else told
    return found


def _id(line: Line) -> str:
    return f"{line.conversation}/{line.number}"


def _told(line: Line, patience: timedelta) -> Arrival:
    """Return a line as an arrival. In a room each member is a customer at an address of their own."""
    room = line.role == MEMBER
    address = Address(
        channel=line.channel,
        account="replay",
        place=line.conversation,
        thread=line.author if room else "",
    )
    external_id = _id(line)
    if line.role == "agent":
        return arrivals.reply(
            channel=line.channel,
            external_id=external_id,
            text=line.text,
            agent=line.author,
            arrived_at=line.sent_at,
            sent_at=line.sent_at,
            address=address,
        )
    message = arrivals.message(
        external_id=external_id,
        text=line.text,
        address=address,
        customer=arrivals.customer(line.channel, f"{line.conversation}/{line.author}", line.author),
        arrived_at=line.sent_at,
        sent_at=line.sent_at,
        private=not room,
    )
    return replace(message, addressed=False, patience=patience) if room else message
