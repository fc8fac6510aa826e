"""The arithmetic of a clock in words: when, how long, of which how much in a calendar's hours, what was closed.

Instants and durations come as the rows have them, in microseconds. Everything here is pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.domain.calendar import BusinessCalendar
from bot.reports.instants import instant
from bot.reports.wording import exactly

#: More closings than this are told as a number.
_MOST_CLOSINGS = 2

#: In a longer time than this, nobody wants to read when it was closed.
_LONGEST = timedelta(days=14)

_ONE_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)

Known = Mapping[str, BusinessCalendar]


def length(micros: int) -> str:
    """Return a duration with all its units."""
    return exactly(micros * _MICROSECOND)


def late(micros: int) -> str:
    """Return how late something was noticed, in milliseconds where these are few: ``20 ms late``, ``at once``."""
    if micros < 500:
        return "at once"
    return f"{micros / 1000:.0f} ms late" if micros < 100_000 else f"{exactly(micros * _MICROSECOND)} late"


def calendar_name(calendar: str) -> str:
    """Return what a brand calls the calendar with this id; empty for the one that is always open."""
    return calendar.partition("@")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """A wall clock to tell times by: bare on ``today``, with the day on any other."""

    zone: tzinfo
    today: date

    @classmethod
    def on_the_day_of(cls, at: int, zone: tzinfo) -> Wall:
        """Return a wall clock that takes the day of an instant for known."""
        return cls(zone=zone, today=instant(at).astimezone(zone).date())

    def time(self, at: int) -> str:
        """Return an instant as this clock shows it."""
        return self.shown(instant(at).astimezone(self.zone).replace(tzinfo=None))

    def shown(self, wall: datetime) -> str:
        """Return a time that stands on this clock already, in the second that has begun."""
        clock = f"{wall:%H:%M:%S}" if wall.second else f"{wall:%H:%M}"
        return clock if wall.date() == self.today else f"{wall:%a %d %b} {clock}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What the sentences about one clock share: its wall clock, its calendar, and all that are known."""

    wall: Wall
    calendar: str
    known: Known

    def hours(self) -> str:
        """Return whose time counts."""
        return f"the hours of {calendar_name(self.calendar)}" if self.calendar else "all hours of all days"

    def stretch(self, start: int, end: int, counted: int) -> str:
        """Return how long a time was, and of which how much counted: ``09:02 to 10:05 is 1 h 3 m, …``."""
        passed = f"{self.wall.time(start)} to {self.wall.time(end)} is {length(end - start)}"
        if not self.calendar:
            return passed
        if counted == end - start:
            return f"{passed}, all in {self.hours()}"
        return f"{passed}, of which {length(counted)} in {self.hours()}{self.closed(start, end)}"

    def closed(self, start: int, end: int) -> str:
        """Return when the calendar was closed between two instants, as `` (closed 12:30 to 13:00)``."""
        calendar = self.known.get(self.calendar)
        if calendar is None or end - start > _LONGEST // _MICROSECOND:
            return ""
        there = Wall(zone=ZoneInfo(calendar.zone), today=self.wall.today)
        gaps = list(_closings(calendar, start, end))
        if not gaps:
            return ""
        if len(gaps) > _MOST_CLOSINGS:
            return f" (closed {len(gaps)} times)"
        abroad = "" if str(there.zone) == str(self.wall.zone) else f" {calendar.zone}"
        told = ", ".join(f"{there.shown(since)} to {there.shown(until)}" for since, until in gaps)
        return f" (closed {told}{abroad})"


def _closings(calendar: BusinessCalendar, start: int, end: int) -> Iterator[tuple[datetime, datetime]]:
    """Yield the times on the calendar's wall clock that lie outside of its hours, between two instants."""
    zone = ZoneInfo(calendar.zone)
    at, last = (instant(one).astimezone(zone).replace(tzinfo=None) for one in (start, end))
    for since, until in _hours(calendar, at.date(), last.date()):
        if at < min(since, last):
            yield at, min(since, last)
        at = max(at, until)
    if at < last:
        yield at, last


def _hours(calendar: BusinessCalendar, first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
    day = first
    while day <= last:
        midnight = datetime.combine(day, datetime.min.time())
        for span in calendar.spans(day):
            yield midnight + timedelta(minutes=span.start), midnight + timedelta(minutes=span.end)
        day += _ONE_DAY
