"""Reading the fields of a log record. What is not as it should be raises, and the record then changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.domain.log import LogRecord, Scalar
from bot.reports.instants import MICROS, micros

Fields = Mapping[str, Scalar]

_LONGEST = 1e10  # seconds, some 300 years: what a row can hold with room to spare


def key_of(record: LogRecord) -> tuple[str, str, int]:
    """Return which clock a record is about: conversation, metric, instance."""
    instance = count(record.fields, "instance")
    return (record.conversation, text(record.fields, "metric"), instance)


def text(fields: Fields, name: str) -> str:
    """Return a text that must be there."""
    value = fields[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} {value!r} is not a text")
    return value


def text_or(fields: Fields, name: str, otherwise: str) -> str:
    """Return a text, or something else where there is none."""
    value = fields.get(name)
    return value if isinstance(value, str) else otherwise


def count(fields: Fields, name: str) -> int:
    """Return a whole number that must be there."""
    value = fields[name]
    if not isinstance(value, int) or not 0 <= value < 2**31:
        raise TypeError(f"{name} {value!r} is not a count")
    return value


def flag(fields: Fields, name: str) -> bool:
    """Return yes or no, which must be there."""
    value = fields[name]
    if not isinstance(value, bool):
        raise TypeError(f"{name} {value!r} is neither true nor false")
    return value


def duration(fields: Fields, name: str) -> int:
    """Return a duration that must be there: seconds in the log, microseconds here."""
    value = fields[name]
    if not isinstance(value, (int, float)):
        raise TypeError(f"{name} {value!r} is not a number of seconds")
    if abs(value) > _LONGEST:
        raise ValueError(f"{name} {value!r} is longer than {_LONGEST:.0e} s")
    return round(value * MICROS)


def moment(fields: Fields, name: str) -> int:
    """Return an instant that must be there."""
    return micros(datetime.fromisoformat(text(fields, name)))


def moment_or_none(fields: Fields, name: str) -> int | None:
    """Return an instant, or None where there is none."""
    return moment(fields, name) if isinstance(fields.get(name), str) else None
