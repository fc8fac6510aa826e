"""Notices that an iCal file changed, or that the year did, while Heed runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from bot.calendars.reading import Calendars, read_calendars
from bot.domain.calendar import BusinessCalendar
from bot.errors import SettingsError
from bot.settings import Settings

_Fingerprint = tuple[object, ...]


class CalendarWatcher:
    """Looks at the calendars' iCal files whenever it is asked; cheap enough for once a second, but off the loop.

    A file that breaks or vanishes never closes or opens anything: the calendars stay as they were, and ``problem``
    says what is wrong (None when all is well). ``today`` tells the date, for repeating events are looked up for
    some years around it.
    """

    def __init__(
        self, settings: Settings, kept: Path | None, *, current: Calendars, today: Callable[[], date]
    ) -> None:
        self.current: Mapping[str, BusinessCalendar] = current.by_name
        self.problem: str | None = _told(current)
        self._settings = settings
        self._kept = kept
        self._today = today
        self._paths = sorted({path for section in settings.calendars.values() for path in section.ical})
        self._seen: _Fingerprint | None = None
        self._untold = False

    def check(self) -> Mapping[str, BusinessCalendar] | None:
        """Return all calendars by name if one of them changed, else None."""
        if self._untold:
            self._untold = False
            return self.current
        today = self._today()
        before = self._fingerprint(today)
        if before == self._seen:
            return None
        return self._read(before, today)

    def forget(self) -> None:
        """Tell the present calendars again at the next check: whoever was told could not adopt them."""
        self._untold = True

    def _read(self, before: _Fingerprint, today: date) -> Mapping[str, BusinessCalendar] | None:
        try:
            found = read_calendars(self._settings, self._kept, today=today)
        except SettingsError as error:
            self.problem, self._seen = str(error), before
            return None
        if self._fingerprint(today) != before:  # someone is saving just now
            return None
        self.problem, self._seen = _told(found), before
        if found.by_name == self.current:
            return None
        self.current = found.by_name
        return self.current

    def _fingerprint(self, today: date) -> _Fingerprint:
        return (today.year, *(_look(path) for path in self._paths))


def _told(calendars: Calendars) -> str | None:
    return "; ".join(calendars.problems) or None


def _look(path: Path) -> tuple[int, ...] | str:
    """Return what changes when a file does; its times of change include that of its permissions."""
    try:
        stat = path.stat()
    except OSError as error:
        return str(error.strerror)
    return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino
