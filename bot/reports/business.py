"""Counting time by the calendars that the event log keeps, in microseconds."""

from __future__ import annotations

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from bot.domain.calendar import BusinessCalendar, read_calendar
from bot.errors import SettingsError
from bot.reports.instants import instant, micros

_MICROSECOND = timedelta(microseconds=1)


class Calendars:
    """The brand's calendars by id. One that is not known counts all time, as it does in the engine."""

    def __init__(self) -> None:
        self._known: dict[str, BusinessCalendar] = {}

    def keep(self, name: str, source: str) -> None:
        """Take in a calendar. Raises ValueError for one that cannot be read, or whose id is another one's."""
        if name in self._known:
            return
        try:
            calendar = read_calendar(source)
        except SettingsError as error:
            raise ValueError(str(error)) from error
        if calendar.id != name:
            raise ValueError(f"calendar {name!r} has the content of {calendar.id!r}")
        self._known[name] = calendar

    def between(self, name: str, start: int, end: int) -> int:
        """Return how much time of a calendar lies between two instants, never negative."""
        if end <= start:
            return 0
        calendar = self._known.get(name)
        return end - start if calendar is None else calendar.between(instant(start), instant(end)) // _MICROSECOND

    def knows(self, name: str) -> bool:
        """Tell whether a calendar differs from calendar time at all."""
        return name in self._known

    def after(self, name: str, start: int, duration: int) -> int | None:
        """Return when so much of a calendar's time has passed, None where that never happens."""
        calendar = self._known.get(name)
        if calendar is None:
            return start + duration
        try:
            return micros(calendar.add(instant(start), timedelta(microseconds=duration)))
        except SettingsError:
            return None

    def hour(self, name: str, at: int) -> int:
        """Return the hour of the day, 0 to 23, in the calendar's zone; UTC for one that is not known."""
        calendar = self._known.get(name)
        zone = UTC if calendar is None else ZoneInfo(calendar.zone)
        return instant(at).astimezone(zone).hour
