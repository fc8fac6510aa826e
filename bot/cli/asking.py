"""From the words of a command to the question that reports answer: a period, what to keep, what to tell apart."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.domain.prediction import Label
from bot.errors import SettingsError
from bot.figures import Dimension
from bot.settings import parse_duration

USUAL_PERIOD = timedelta(days=7)

_ONE_DAY = timedelta(days=1)
_HOURS = 24
_RIGHT = "write a day as in 2026-03-01, or a time as in 2026-03-01T09:00"

#: Dimensions whose values are all known.
_VALUES: Mapping[Dimension, tuple[str, ...]] = {Dimension.LABEL: (*(label.value for label in Label), "unassessed")}


def read_period(
    *, now: datetime, zone: tzinfo, period: str | None, since: str | None, until: str | None
) -> tuple[datetime, datetime]:
    """Return beginning and end of a period from any two of its parts; what is missing is "until now" and 7 days.

    A day without a time begins at its midnight, as ``until`` it belongs to the period whole; times without an
    offset are the zone's. Raises SettingsError naming the option that is wrong.
    """
    length = _length(period)
    if length is not None and since is not None and until is not None:
        raise SettingsError("--period, --since and --until together say too much; leave one of them out")
    start = None if since is None else _instant("--since", since, zone)
    end = None if until is None else _instant("--until", until, zone, whole_day=True)
    if start is not None:
        stop = end or (start + length if length is not None else now)
    else:
        stop = end or now
        start = _before("--period" if period else "--until", stop, length or USUAL_PERIOD)
    _check(start, stop, now)
    return start, stop


def read_since(since: str | None, *, now: datetime, zone: tzinfo) -> datetime | None:
    """Return the beginning of what is asked for, None for the beginning of all. Raises SettingsError."""
    return None if since is None else read_period(now=now, zone=zone, period=None, since=since, until=None)[0]


def _length(period: str | None) -> timedelta | None:
    if period is None:
        return None
    try:
        length = parse_duration(period)
    except ValueError as error:
        raise SettingsError(f"--period: {error}") from None
    if not length:
        raise SettingsError(f"--period: {period!r} is no time at all; write one longer than zero, as in 24h or 7d")
    return length


def _before(option: str, end: datetime, length: timedelta) -> datetime:
    try:
        return end - length
    except OverflowError:
        raise SettingsError(f"{option}: the period would begin before the year 1; {_RIGHT}") from None


def _instant(option: str, text: str, zone: tzinfo, *, whole_day: bool = False) -> datetime:
    try:
        day = _day(text)
        if day is not None:
            midnight = datetime.combine(day + _ONE_DAY if whole_day else day, time())
            return midnight.replace(tzinfo=zone).astimezone(UTC)
        at = datetime.fromisoformat(text.strip())
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise SettingsError(f"{option}: {text!r} is no date; {_RIGHT}") from None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _check(start: datetime, stop: datetime, now: datetime) -> None:
    if start >= stop:
        raise SettingsError(f"the period ends {stop:%Y-%m-%d %H:%M} UTC, before it begins; write --until later")
    if start > now:
        raise SettingsError(f"--since: {start:%Y-%m-%d %H:%M} UTC is still to come; write a day that has begun")


def read_where(where: Iterable[str], *, channel: str | None, label: str | None) -> dict[Dimension, str]:
    """Return which cases to keep, from ``dimension=value``. ``channel`` and ``label`` are short for two of them.

    Raises SettingsError for an unknown dimension or value, with the nearest known one, and for one asked twice.
    """
    kept: dict[Dimension, str] = {}
    for text in where:
        name, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(f"--where: {text!r} keeps nothing; write dimension=value, as in team=billing")
        _keep(kept, "--where", _dimension(name.strip()), value.strip())
    for option, dimension, short in (
        ("--channel", Dimension.CHANNEL, channel),
        ("--label", Dimension.LABEL, label),
    ):
        if short is not None:
            _keep(kept, option, dimension, short)
    return kept


def _keep(kept: dict[Dimension, str], option: str, dimension: Dimension, value: str) -> None:
    if kept.get(dimension, value) != value:
        raise SettingsError(
            f"{option}: {dimension.value} cannot be {kept[dimension]!r} and {value!r} at once; ask for one of them"
        )
    if dimension is Dimension.HOUR and not (value.isdecimal() and len(value) <= 2 and int(value) < _HOURS):
        raise SettingsError(f"{option}: {value[:20]!r} is no hour of the day; write 0 to 23")
    known = _VALUES.get(dimension)
    if known is not None and value not in known:
        raise SettingsError(f"{option}: there is no {dimension.value} {value!r}; {_near(value, known)}")
    kept[dimension] = value


def _dimension(name: str) -> Dimension:
    known = tuple(dimension.value for dimension in Dimension)
    if name not in known:
        raise SettingsError(f"--where: there is no dimension {name!r}; {_near(name, known)}")
    return Dimension(name)


def _near(text: str, known: Iterable[str]) -> str:
    names = tuple(known)
    near = difflib.get_close_matches(text, names, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
