"""From the settings to the calendars, with a copy of each iCal file kept for the day on which it is broken."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from bot.calendars.ical import Closure, read_ical
from bot.domain.calendar import WEEKDAYS, BusinessCalendar, DaySpan, read_zone
from bot.errors import SettingsError
from bot.settings import CalendarSettings, Settings

#: How many calendar years around the present one the events of an iCal file are looked up, before and after.
YEARS_AROUND = 5

#: A calendar has to open once within this time from now.
_SOON = timedelta(days=2 * 365)

Days = Mapping[date, tuple[DaySpan, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendars:
    """The calendars as they stand now, by the names that the settings give them.

    ``problems`` tells, in a sentence each, what is wrong all the same: a file that is broken and whose last good
    copy counts, a copy that cannot be kept.
    """

    by_name: Mapping[str, BusinessCalendar] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def read_calendars(settings: Settings, kept: Path | None, *, today: date) -> Calendars:
    """Return the calendars that the settings describe.

    ``kept`` is the folder with the last good copy of each iCal file, made when it is needed; None neither uses nor
    keeps copies. Raises SettingsError for a file that cannot be used and has no good copy, and for a calendar that
    does not open once in the next two years.
    """
    files = _Files(kept, range(today.year - YEARS_AROUND, today.year + YEARS_AROUND + 1))
    by_name = {name: _calendar(name, section, files) for name, section in settings.calendars.items()}
    for calendar in by_name.values():
        _refuse_closed(calendar, today)
    files.keep()
    return Calendars(by_name=by_name, problems=tuple(dict.fromkeys(files.problems)))


def _refuse_closed(calendar: BusinessCalendar, today: date) -> None:
    now = datetime.combine(today, time(), tzinfo=UTC)
    if not calendar.between(now, now + _SOON):
        raise SettingsError(
            f"calendars.{calendar.name}: does not open once in the two years from {today}; "
            "its holidays and iCal files may not close every day of its week"
        )


def _calendar(name: str, section: CalendarSettings, files: _Files) -> BusinessCalendar:
    week = tuple(section.week.get(day, ()) for day in WEEKDAYS)
    closures = [closure for path in section.ical for closure in files.read(path, name, section.zone)]
    days = {**closed_days(week, closures), **dict.fromkeys(section.holidays, ()), **section.days}
    return BusinessCalendar(name=name, zone=section.zone, week=week, days=days)


def closed_days(week: tuple[tuple[DaySpan, ...], ...], closures: Iterable[Closure]) -> Days:
    """Return the days of which these closures take something away, with what is left of their spans."""
    days: dict[date, tuple[DaySpan, ...]] = {}
    for closure in closures:
        for number in range((closure.end - datetime.combine(closure.start, time())).days + 1):
            day = closure.start.date() + timedelta(days=number)
            before = days.get(day, week[day.weekday()])
            left = tuple(piece for span in before for piece in _cut(span, _minutes(day, closure)))
            if left != before:
                days[day] = left
    return days


def _minutes(day: date, closure: Closure) -> tuple[int, int]:
    """Return from which minute of a day until which a closure lasts; not clipped to that day."""
    midnight = datetime.combine(day, time())
    minute = timedelta(minutes=1)
    return (closure.start - midnight) // minute, (closure.end - midnight) // minute


def _cut(span: DaySpan, closed: tuple[int, int]) -> Iterable[DaySpan]:
    start, end = closed
    if start >= span.end or end <= span.start or start == end:
        yield span
        return
    if span.start < start:
        yield DaySpan(span.start, start)
    if end < span.end:
        yield DaySpan(end, span.end)


class _Files:
    """The iCal files of one reading: each as it is, or its last good copy where it is broken."""

    def __init__(self, kept: Path | None, years: range) -> None:
        self.problems: list[str] = []
        self._kept = kept
        self._years = years
        self._good: dict[Path, bytes] = {}

    def read(self, path: Path, calendar: str, zone: str) -> tuple[Closure, ...]:
        """Return what a file closes. Raises SettingsError if neither it nor a copy can be used."""
        try:
            content = path.read_bytes()
            closures = self._parse(content, zone)
        except (OSError, ValueError) as error:
            return self._from_copy(path, calendar, zone, _why(error))
        self._good[path] = content
        return closures

    def _parse(self, content: bytes, zone: str) -> tuple[Closure, ...]:
        return read_ical(content, zone=read_zone(zone), years=self._years)

    def _from_copy(self, path: Path, calendar: str, zone: str, why: str) -> tuple[Closure, ...]:
        try:
            if self._kept is None:
                raise FileNotFoundError
            copy = copy_of(path, self._kept)
            closures = self._parse(copy.read_bytes(), zone)
            since = datetime.fromtimestamp(copy.stat().st_mtime, UTC)
        except (OSError, ValueError):
            raise SettingsError(
                f"calendars.{calendar}.ical: {path}: {why}; put the file right or take it off the list"
            ) from None
        self.problems.append(
            f"{path}: {why}; until it is put right, its copy of {since:%Y-%m-%d %H:%M} UTC counts"
        )
        return closures

    def keep(self) -> None:
        """Keep a copy of each good file. One that cannot be kept is told."""
        if self._kept is None:
            return
        for path, content in self._good.items():
            try:
                _write(copy_of(path, self._kept), content)
            except OSError as error:
                self.problems.append(f"{self._kept}: no copy of {path} can be kept there: {_why(error)}")


def copy_of(path: Path, kept: Path) -> Path:
    """Return where the last good copy of a file lies."""
    name = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
    return kept / f"{path.stem[:40]}-{name}.ics"


def _write(copy: Path, content: bytes) -> None:
    """Put a copy in its place in one step, so that a crash leaves the one before; an equal one stays as it is."""
    if copy.exists() and copy.read_bytes() == content:
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    new = copy.with_suffix(".new")
    new.write_bytes(content)
    new.replace(copy)


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror}"
    return str(error)
