"""What staff ask for together with files: one form of a stated size, read piece by piece."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from aiohttp import BodyPartReader, web

from bot.errors import BadMessage
from bot.records import Enclosure
from bot.web.parts import Json

FORM = "multipart/form-data"
#: The form's parts: what is wanted, as JSON, and each file.
COMMAND, FILE = "command", "file"
AS_IT_IS = ("binary", "7bit", "8bit")
#: What a form may have besides its files: the text, and the lines between its parts.
_BESIDES = 128 * 1024
_LONGEST_COMMAND = 64 * 1024
#: Far more than can be sent, so that whoever sends a few too many is told how many it may be.
_MOST_PARTS = 50


@dataclass(slots=True)
class _Form:
    """A form as far as it has been read. ``room``: the bytes that may still come."""

    room: int
    wanted: Json | None = None
    files: list[Enclosure] = field(default_factory=list)


async def read_form(request: web.Request, *, largest: int) -> tuple[Json, tuple[Enclosure, ...]]:
    """Return what is wanted, and the files that come along: together at most ``largest`` bytes.

    Raises BadMessage for what is no such form, HTTPRequestEntityTooLarge for one that is too large. Keeps no more
    than that in memory, however much comes.
    """
    if (request.content_length or 0) > largest + _BESIDES:
        raise _too_large(largest, request.content_length or 0)
    form = _Form(room=largest)
    try:
        await _read(request, form, largest)
    except ValueError as error:  # what aiohttp says of a form that is none
        raise BadMessage("The form cannot be read.") from error
    if form.wanted is None:
        raise BadMessage(f"The form has no part {COMMAND!r}: put what is wanted there, as JSON.")
    if not form.files:
        raise BadMessage(f"The form has no part {FILE!r}; without files send application/json.")
    return form.wanted, tuple(form.files)


def decoded(body: bytes) -> Json:
    """Return a JSON object. Raises BadMessage for everything else."""
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage("The body is not a JSON object.") from error


async def _read(request: web.Request, form: _Form, largest: int) -> None:
    reader, count = await request.multipart(), 0
    while (part := await reader.next()) is not None:
        count += 1
        if count > _MOST_PARTS:
            raise BadMessage(f"The form has more than {_MOST_PARTS} parts.")
        if not isinstance(part, BodyPartReader):
            raise BadMessage("A part of the form has parts itself; send each file by itself.")
        await _take(part, form, largest)


async def _take(part: BodyPartReader, form: _Form, largest: int) -> None:
    encoding = part.headers.get("Content-Transfer-Encoding") or part.headers.get("Content-Encoding") or "binary"
    if encoding.lower() not in AS_IT_IS:
        raise BadMessage(f"A part of the form is encoded as {encoding[:40]!r}; send it as it is.")
    match part.name:
        case "command" if form.wanted is None:
            form.wanted = decoded(await _content(part, _LONGEST_COMMAND))
        case "file":
            content = await _content(part, form.room, largest)
            form.room -= len(content)
            media_type = part.headers.get("Content-Type", "")
            form.files.append(Enclosure(name=part.filename or "", media_type=media_type, content=content))
        case name:
            raise BadMessage(f"The form has a part {name!r} too many; it takes {COMMAND!r} once, and {FILE!r}.")


async def _content(part: BodyPartReader, room: int, largest: int | None = None) -> bytes:
    """Return a part as it came. Never keeps more than ``room`` bytes and the piece that was too much."""
    content = bytearray()
    while piece := await part.read_chunk():
        content += piece
        if len(content) > room:
            raise _too_large(largest or room, len(content))
    return bytes(content)


def _too_large(most: int, size: int) -> web.HTTPRequestEntityTooLarge:
    words = f"This is too large: {most / 1024**2:g} MB is the most that can be sent at once."
    return web.HTTPRequestEntityTooLarge(max_size=most, actual_size=size, text=words)
