"""Reading the fields of what Telegram sends: each is what is documented, or BadMessage names it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.channels.text import shortened
from bot.errors import BadMessage

#: Telegram's ids fit into 52 bits, its times into far fewer.
LARGEST = 2**53

Fields = Mapping[str, Any]


def part(of: Fields, field: str) -> Fields | None:
    """Return an inner object, None if it is not there."""
    value = of.get(field)
    if value is None or isinstance(value, Mapping):
        return value
    raise _wrong(field, value, "an object")


def needed_part(of: Fields, field: str) -> Fields:
    """Return an inner object that is always there."""
    value = part(of, field)
    if value is None:
        raise _wrong(field, value, "an object")
    return value


def parts(of: Fields, field: str) -> Sequence[Fields]:
    """Return the objects of a list, none if it is not there."""
    value = of.get(field)
    if value is None:
        return ()
    if isinstance(value, list) and all(isinstance(each, Mapping) for each in value):
        return value
    raise _wrong(field, value, "a list of objects")


def words(of: Fields, field: str) -> str:
    """Return a text, "" if it is not there."""
    value = of.get(field)
    if value is None or isinstance(value, str):
        return value or ""
    raise _wrong(field, value, "a text")


def number(of: Fields, field: str) -> int | None:
    """Return a whole number, None if it is not there."""
    value = of.get(field)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and -LARGEST < value < LARGEST:
        return value
    raise _wrong(field, value, "a whole number of Telegram's")


def needed_number(of: Fields, field: str) -> int:
    """Return a whole number that is always there."""
    value = number(of, field)
    if value is None:
        raise _wrong(field, value, "a whole number of Telegram's")
    return value


def moment(of: Fields, field: str) -> datetime | None:
    """Return a time given in seconds since 1970, None if it is not there or 0, which means unknown."""
    value = number(of, field)
    if not value:
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise _wrong(field, value, "a time in seconds since 1970") from None


def _wrong(field: str, value: object, right: str) -> BadMessage:
    kind = type(value).__name__ if isinstance(value, Mapping | list) else shortened(value)[:100]
    return BadMessage(f"{field}: {kind} is not {right}")
