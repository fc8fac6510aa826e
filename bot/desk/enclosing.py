"""Files that staff send along with a reply: what is taken, under which name, and how a reply names them. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from bot.domain.messages import Attachment, AttachmentKind
from bot.errors import BadMessage
from bot.records import Enclosure

_MB = 1024 * 1024

#: Files that go along with one reply, the bytes of one, and of all together.
MOST_FILES = 10
LARGEST_FILE = 8 * _MB
LARGEST_TOGETHER = 20 * _MB

#: The longest name of a file, in characters; a longer one is cut before its ending.
LONGEST_NAME = 100
_LONGEST_ENDING = 10

UNKNOWN = "application/octet-stream"
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}")
_KINDS = {
    "image": AttachmentKind.IMAGE,
    "video": AttachmentKind.VIDEO,
    "audio": AttachmentKind.AUDIO,
}


def cleaned(files: Sequence[Enclosure]) -> tuple[Enclosure, ...]:
    """Return these under harmless names. Raises BadMessage for what is too much, naming what is allowed."""
    if len(files) > MOST_FILES:
        raise BadMessage(f"{len(files)} files are too many: send at most {MOST_FILES} with one reply.")
    found = tuple(replace(each, name=_name(each.name), media_type=_media_type(each.media_type)) for each in files)
    for each in found:
        if not each.content:
            raise BadMessage(f"{each.name} is empty: choose another file.")
        if len(each.content) > LARGEST_FILE:
            raise BadMessage(f"{each.name} has {_size(len(each.content))}; {_size(LARGEST_FILE)} is the most.")
    together = sum(len(each.content) for each in found)
    if together > LARGEST_TOGETHER:
        raise BadMessage(
            f"The files have {_size(together)} together; {_size(LARGEST_TOGETHER)} is the most for one reply."
        )
    return found


def attachment_of(enclosure: Enclosure, reference: str) -> Attachment:
    """Return how a reply names a file that is kept under ``reference``."""
    return Attachment(
        kind=_KINDS.get(enclosure.media_type.partition("/")[0], AttachmentKind.FILE),
        name=enclosure.name,
        media_type=enclosure.media_type,
        size=len(enclosure.content),
        reference=reference,
    )


def _name(given: str) -> str:
    """Return the last part of a path, without what cannot be seen."""
    last = given.replace("\\", "/").rpartition("/")[2]
    seen = "".join(char for char in last if not unicodedata.category(char).startswith(("C", "Zl", "Zp")))
    name = " ".join(seen.split()).strip(". ")
    if len(name) <= LONGEST_NAME:
        return name or "file"
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > _LONGEST_ENDING:
        return name[:LONGEST_NAME].rstrip(". ")
    return stem[: LONGEST_NAME - len(ending) - 1].rstrip(". ") + dot + ending


def _media_type(given: str) -> str:
    """Return a media type without its parameters, an unknown one for what is none."""
    plain = given.partition(";")[0].strip().lower()
    return plain if _MEDIA_TYPE.fullmatch(plain) else UNKNOWN


def _size(count: int) -> str:
    return f"{count / _MB:.1f} MB".replace(".0 MB", " MB")
