"""Cleaning of what comes in from outside. Pure: the same value always gives the same result.

Text is repaired where that loses nothing a reader would miss; ids and times are refused when they are wrong.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

from bot.errors import BadMessage

#: The longest text of one message, in characters, after cleaning.
LONGEST_TEXT = 16_000
#: The longest id of another system, in characters.
LONGEST_ID = 200
#: Longer names are cut, never refused: a message matters more than how its author is called.
LONGEST_NAME = 200
#: A platform's time before this is a mistake (0 for "unknown"), not a time.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")
#: C0 and C1 controls but tab and newline, bidirectional embeddings, overrides and isolates, byte order mark.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_SHOWN = 60


def clean_text(value: str, *, field: str = "text", longest: int = LONGEST_TEXT) -> str:
    """Return the text repaired and trimmed. Raises BadMessage if nothing is left or it is too long."""
    if len(value) > 4 * longest:  # never spend time on what cannot be right
        raise _too_long(field, len(value), longest)
    cleaned = _repair(value).strip()
    if _unseen(cleaned):
        raise BadMessage(f"{field}: {shortened(value)} holds nothing to read; send at least one character")
    if len(cleaned) > longest:
        raise _too_long(field, len(cleaned), longest)
    return cleaned


def is_readable(value: str) -> bool:
    """Tell whether cleaning leaves anything of a text that a person can see."""
    return not _unseen(_repair(value).strip())


def clean_name(value: str | None) -> str:
    """Return a name on one line, cut to its limit, or an empty one."""
    if not value:
        return ""
    return " ".join(_repair(value[: 4 * LONGEST_NAME]).split())[:LONGEST_NAME].rstrip()


def clean_id(value: str, *, field: str, longest: int = LONGEST_ID) -> str:
    """Return another system's id unchanged. Raises BadMessage unless it is printable and not too long."""
    whole = value.isprintable() and not value.isspace() and "\ufffd" not in value  # where a character was lost
    if 0 < len(value) <= longest and whole:
        return value
    raise BadMessage(
        f"{field}: {shortened(value)} ({len(value):,} characters) is not an id; "
        f"send 1 to {longest} printable characters"
    )


def clean_time(value: str | datetime | None, *, arrived_at: datetime, field: str = "sent_at") -> datetime:
    """Return the platform's time in UTC, never later than ``arrived_at``, which also stands in for None."""
    if value is None:
        return arrived_at
    moment = _utc(value, field)
    if moment < EARLIEST:
        raise BadMessage(f"{field}: {shortened(str(value))} lies before {EARLIEST.year}; leave it out if unknown")
    return min(moment, arrived_at)


def revision_of(edited_at: str | datetime | None, text: str) -> str:
    """Return a mark of an edit, made from its time and text where the platform gives none of its own."""
    moment = "" if edited_at is None else str(edited_at)
    return hashlib.sha256(f"{moment}\x1f{text}".encode()).hexdigest()[:32]


def lenient_json(raw: bytes | str) -> Any:  # noqa: ANN401 - JSON is anything
    """Return decoded JSON in which broken characters (half an emoji, wrong bytes) are replaced, not refused.

    Raises ValueError for what is no JSON, RecursionError for what is nested too deeply.
    """
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return _whole_characters(json.loads(text, strict=False))


def _whole_characters(value: Any) -> Any:  # noqa: ANN401 - JSON is anything
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {_whole_characters(name): _whole_characters(inner) for name, inner in value.items()}
        case list():
            return [_whole_characters(inner) for inner in value]
        case _:
            return value


def shortened(value: object) -> str:
    """Return a value as an error shows it: quoted, in ASCII, never long."""
    text = value if isinstance(value, str) else repr(value)
    shown = ascii(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
    if len(shown) > 5 * _SHOWN:  # an emoji is written out in ten characters
        shown = ascii(text[: _SHOWN // 2] + "...")
    return shown if isinstance(value, str) else shown[1:-1]


def _repair(value: str) -> str:
    if value.isascii() and value.isprintable():
        return value
    lined = _LINE_ENDS.sub("\n", value)
    visible = _INVISIBLE.sub("", _SURROGATES.sub("\ufffd", lined))
    return unicodedata.normalize("NFC", visible)


def _unseen(text: str) -> bool:
    """Tell whether a text is made of format characters and spaces alone, such as zero-width joiners, or empty."""
    if text.isascii():
        return not text
    return all(char.isspace() or unicodedata.category(char) == "Cf" for char in text)


def _utc(value: str | datetime, field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadMessage(
        f"{field}: {shortened(str(value))} is not a time with its offset; send one like '2026-11-22T09:30:00Z'"
    )


def _too_long(field: str, length: int, longest: int) -> BadMessage:
    return BadMessage(f"{field}: {length:,} characters are too many; the limit is {longest:,}")
