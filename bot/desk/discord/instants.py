"""Times as people type them: "30m", "2h", "tomorrow 9:00", "monday", or ISO 8601. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

from bot.errors import BadMessage

#: What staff are told can be written.
EXAMPLES = "30m, 2h, 3d, 17:30, tomorrow 9:00, monday, or 2026-11-23T09:00"

#: When a day begins for whoever names only the day.
MORNING = time(9, 0)

_SPAN = re.compile(r"(?:in )?([0-9]{1,5}) ?(m|min|minutes?|h|hours?|d|days?|w|weeks?)")
_DAY = re.compile(r"(today|tomorrow|mon|tue|wed|thu|fri|sat|sun)[a-z]*(?: (?:at )?(.+))?")
_CLOCK = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))? ?(am|pm)?")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def read_until(typed: str, *, now: datetime, zone: tzinfo) -> str:
    """Return the instant that somebody means, as ISO 8601 in UTC. Raises BadMessage with what can be written.

    A time without a day is the next one; a time without a zone is meant in ``zone``.
    """
    said = " ".join(typed.lower().split())
    try:
        at = (
            _span(said, now)
            or _day(said, now.astimezone(zone))
            or _next(said, now.astimezone(zone))
            or _iso(typed, zone)
        )
    except (ValueError, OverflowError):
        at = None
    if at is None:
        raise BadMessage(f"{typed.strip()[:60]!r} is no time; write one like {EXAMPLES}.")
    return at.astimezone(UTC).isoformat()


def _span(said: str, now: datetime) -> datetime | None:
    found = _SPAN.fullmatch(said)
    return now + int(found[1]) * _UNITS[found[2][0]] if found else None


def _day(said: str, here: datetime) -> datetime | None:
    found = _DAY.fullmatch(said)
    if found is None:
        return None
    clock = MORNING if found[2] is None else _clock(found[2])
    if clock is None:
        return None
    if found[1] in _WEEKDAYS:
        days = (_WEEKDAYS.index(found[1]) - here.weekday()) % 7 or 7
    else:
        days = int(found[1] == "tomorrow")
    return _at(here, days, clock)


def _next(said: str, here: datetime) -> datetime | None:
    """Return the next time that a clock shows this; a number alone is none, it could be anything."""
    clock = _clock(said) if not said.isdigit() else None
    if clock is None:
        return None
    today = _at(here, 0, clock)
    return today if today > here else _at(here, 1, clock)


def _clock(said: str) -> time | None:
    found = _CLOCK.fullmatch(said)
    if found is None:
        return None
    hour = int(found[1])
    if found[3] and not 1 <= hour <= 12:
        return None
    return time(hour % 12 + 12 * (found[3] == "pm") if found[3] else hour, int(found[2] or 0))


def _at(here: datetime, days: int, clock: time) -> datetime:
    return datetime.combine(here.date() + timedelta(days=days), clock, tzinfo=here.tzinfo)


def _iso(typed: str, zone: tzinfo) -> datetime | None:
    at = datetime.fromisoformat(typed.strip())
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)
