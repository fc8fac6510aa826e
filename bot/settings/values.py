"""The kinds of values in the settings: durations, shares, languages, addresses, files, ids."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*$")

#: The longest duration, in seconds: beyond it a date is no date any more.
_LONGEST = 100 * 365 * 86_400


def parse_duration(value: object) -> timedelta:
    """Return a duration written as ``15m`` (ms, s, m, h or d). Raises ValueError for anything else."""
    if isinstance(value, timedelta):
        return value
    found = _DURATION.match(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{value!r} is no duration; write a number and a unit, as in 30s, 15m, 24h or 7d")
    seconds = float(found[1]) * _UNITS[found[2]]
    if seconds > _LONGEST:
        raise ValueError(f"{value!r} is longer than 100 years")
    return timedelta(seconds=seconds)


def duration_text(duration: timedelta) -> str:
    """Return a duration as settings write it, in the largest unit that gives a whole number: ``90m``."""
    seconds = duration.total_seconds()
    whole = {unit: int(size) for unit, size in reversed(_UNITS.items()) if size >= 1}
    fitting = (f"{seconds / size:.0f}{unit}" for unit, size in whole.items() if not seconds % size)
    return next(fitting, f"{seconds:g}s")


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than zero")
    return value


Positive = Annotated[timedelta, BeforeValidator(lambda value: _positive(parse_duration(value)))]
Share = Annotated[float, Field(ge=0, le=1)]


def _text_or_number(value: object) -> object:
    if not isinstance(value, str | int | float):
        raise ValueError("must be a text, a number, true or false")  # noqa: TRY004  # pydantic reports ValueErrors
    return value


Variable = Annotated[str | int | float | bool, BeforeValidator(_text_or_number)]


def parse_language(value: object) -> object:
    """Return a language's code, as in ``en``. Raises ValueError for anything else."""
    if not isinstance(value, str) or re.fullmatch(r"[a-z]{2,3}", value) is None:
        raise ValueError(f"{value!r} is no language; write its code in small letters, as in en or de")
    return value


def _address(value: object) -> object:
    if not isinstance(value, str) or (value and re.match(r"https?://[^/\s]+", value) is None):
        raise ValueError(f"{value!r} is no address; it begins with https:// or http://")
    return value


def _named(value: object) -> object:
    if not str(value).strip():
        raise ValueError("names no file")
    return value


Language = Annotated[str, BeforeValidator(parse_language)]
Address = Annotated[str, BeforeValidator(_address)]
NamedFile = Annotated[Path, BeforeValidator(_named)]


def _shares(value: object) -> object:
    shares = value if isinstance(value, list | tuple) else (value,)
    for share in shares:
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
            raise ValueError(f"{share!r} is no share of a target; write one between 0 and 1, as in 0.8")
    return tuple(sorted({float(share) for share in shares}))


def one_or_several(value: object) -> object:
    """Take one value for a list of it."""
    return (value,) if isinstance(value, str) else value


Shares = Annotated[tuple[float, ...], BeforeValidator(_shares)]
Values = Annotated[tuple[str, ...], BeforeValidator(one_or_several)]


def _platform_id(value: object) -> object:
    whole = isinstance(value, str | int) and not isinstance(value, bool)
    if not whole or re.fullmatch(r"-?\d{1,20}", str(value)) is None:
        raise ValueError(f"{value!r} is no id of the platform; write its number, as in 1100000000000000001")
    return str(value)


PlatformId = Annotated[str, BeforeValidator(_platform_id)]
