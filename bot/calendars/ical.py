"""What an iCal file closes: each event, its repetitions included, as a time on the wall clock of a zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import recurring_ical_events  # type: ignore[import-untyped]  # it ships no types
from icalendar import Calendar as ICalendar
from icalendar import Component, vRecur

#: A file of holidays has some kilobytes; one that is larger than this is none.
MOST_BYTES = 4 * 1024 * 1024

#: What decides when an event takes place: a mistake there must not pass for an event less.
_TIMES = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")

#: Whatever repeats more often than daily is no closure, and would take hours to expand.
_FREQUENCIES = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
_WITHIN_A_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A time in which the brand is closed, from ``start`` until before ``end``, on the wall clock (no zone)."""

    start: datetime
    end: datetime


def read_ical(content: bytes, *, zone: ZoneInfo, years: range) -> tuple[Closure, ...]:
    """Return what the events of a file close in these years, in order.

    ``zone`` is where the result's clock hangs, and where events without a zone of their own take place. Cancelled
    events close nothing; whether an event shows its owner as free makes no difference, for lists of holidays do.
    Raises ValueError saying what is wrong with the file.
    """
    found = [closure for calendar in _parse(_text(content)) for closure in _closures(calendar, zone, years)]
    return tuple(sorted(found, key=lambda closure: (closure.start, closure.end)))


def _text(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise ValueError(f"it has {len(content):,} bytes; a calendar has at most {MOST_BYTES:,}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 (byte {error.start}); save it as UTF-8") from None


def _parse(text: str) -> Sequence[Component]:
    begun = sum(line.strip().upper() == "BEGIN:VCALENDAR" for line in text.splitlines())
    if not begun:
        raise ValueError("it holds no calendar; an iCal file begins with BEGIN:VCALENDAR")
    try:
        calendars = ICalendar.from_ical(text, multiple=True)
    except Exception as error:  # what the library raises on a strange text is not stated
        raise ValueError(f"it is no iCal file: {_brief(error)}") from error
    if len(calendars) != begun:
        raise ValueError("it breaks off: END:VCALENDAR is missing")
    for calendar in calendars:
        _check(calendar)
    return calendars


def _check(calendar: Component) -> None:
    """Refuse what the library would pass over in silence."""
    for component in calendar.walk():
        for name, problem in component.errors:
            if name is None or name in _TIMES:
                raise ValueError(f"{_called(component)}: {_brief(problem)}")
    for event in calendar.walk("VEVENT"):
        _check_event(event)


def _check_event(event: Component) -> None:
    start, end = _moment(event, "DTSTART"), _moment(event, "DTEND")
    if start is None:
        raise ValueError(f"{_called(event)} has no beginning (DTSTART)")
    if end is not None and _is_earlier(end, start):
        raise ValueError(f"{_called(event)} ends before it begins (DTEND)")
    if not all(_is_by_days(rule) for rule in _listed(event.get("RRULE"))):
        raise ValueError(f"{_called(event)} does not repeat by days, weeks, months or years (RRULE)")


def _is_by_days(rule: object) -> bool:
    if not isinstance(rule, vRecur):
        return False
    frequency = "".join(map(str, rule.get("FREQ", ()))).upper()
    return frequency in _FREQUENCIES and not any(name in rule for name in _WITHIN_A_DAY)


def _moment(event: Component, name: str) -> date | None:
    value = event.get(name)
    if value is None:
        return None
    try:
        moment = value.dt
    except (ValueError, AttributeError):  # the library keeps what it cannot read, and a list where it stands twice
        moment = None
    if not isinstance(moment, date):
        raise ValueError(f"{_called(event)} has a {name} that is no date")  # noqa: TRY004  # the file is wrong
    zone = value.params.get("TZID")
    if zone and isinstance(moment, datetime) and moment.tzinfo is None:
        raise ValueError(f"{_called(event)} has a {name} in the unknown time zone {zone!r}")
    return moment


def _is_earlier(one: date, other: date) -> bool:
    try:
        return _at_midnight(one) < _at_midnight(other)
    except TypeError:  # one has a zone and the other has none: only the wall clocks compare
        return _at_midnight(one).replace(tzinfo=None) < _at_midnight(other).replace(tzinfo=None)


def _at_midnight(moment: date) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time())


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _called(component: Component) -> str:
    if component.name != "VEVENT":
        return f"its {component.name}"
    name = " ".join(str(component.get("SUMMARY") or component.get("UID") or "without a name").split())
    return f"the event {name[:60]!r}"


def _brief(problem: object) -> str:
    return " ".join(str(problem).split())[:120] or type(problem).__name__


def _closures(calendar: Component, zone: ZoneInfo, years: range) -> list[Closure]:
    first, last = datetime(years.start, 1, 1), datetime(years.stop, 1, 1)  # noqa: DTZ001  # on the wall clock
    try:
        events = recurring_ical_events.of(calendar).between(first, last)
        found = [_closure(event.start, event.end, zone) for event in events if _takes_place(event)]
    except Exception as error:  # what the library raises on a strange event is not stated
        raise ValueError(f"its events cannot be expanded: {_brief(error)}") from error
    clipped = (Closure(start=max(one.start, first), end=min(one.end, last)) for one in found)
    return [closure for closure in clipped if closure.start < closure.end]


def _takes_place(event: Component) -> bool:
    return str(event.get("STATUS", "")).upper() != "CANCELLED"


def _closure(start: date, end: date, zone: ZoneInfo) -> Closure:
    """Return the time that an event closes: whole days, or whole minutes in the zone."""
    if not isinstance(start, datetime) and end <= start:  # some programs end an event of one day on that day
        end = start + timedelta(days=1)
    on, off = sorted((_on_the_wall(start, zone), _on_the_wall(end, zone)))
    return Closure(start=on.replace(second=0, microsecond=0), end=_up_to_the_minute(off))


def _on_the_wall(moment: date, zone: ZoneInfo) -> datetime:
    at = _at_midnight(moment)
    return at if at.tzinfo is None else at.astimezone(UTC).astimezone(zone).replace(tzinfo=None)


def _up_to_the_minute(moment: datetime) -> datetime:
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)
