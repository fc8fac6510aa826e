"""How long the wait for a person is, in words of a text's own language; nothing, where it is in another one.

Durations are rounded up: who is told ten minutes and waits eight has not been told too little. They are worded as
what something takes ("it takes about an hour", "es dauert etwa eine Stunde", "tardamos una hora").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.decisions import Situation

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)

#: So long is "a few minutes".
_FEW = 3 * _MINUTE

#: To these minutes a wait is rounded up; behind the last one hours begin, and behind so many of them days.
_STEPS = (5, 10, 15, 20, 30, 45)
_MOST_HOURS = 20

#: So much more than a whole hour, or a whole day, is still told as one.
_HOURS_GRACE = 10 * _MINUTE
_DAYS_GRACE = 4 * _HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What a text may say of the wait: ``about`` how long it is, or when the brand ``opens``; else neither."""

    about: str = ""
    opens: str = ""

    def facts(self) -> Mapping[str, str | bool]:
        """Return what texts may say as ``waiting.…``. What is not known is not there, so no text can name it."""
        worded = {"about": self.about, "opens": self.opens}
        known = {"known": bool(self.about), "closed": bool(self.opens)}
        return known | {name: words for name, words in worded.items() if words}


#: Nothing is said of time.
NOTHING_KNOWN = Waiting()

#: The names that texts may use, those that are words first.
WORDS = ("about", "opens")
NAMES = (*WORDS, "known", "closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tongue:
    """One language's words. ``{}`` stands for a number, a time of day, a weekday, a date.

    ``at`` and ``at_one``: a time of day, and one between one and two.
    """

    few: str
    minutes: str
    hour: str
    hours: str
    day: str
    days: str
    at: str
    at_one: str
    tomorrow: str
    weekday: str
    date: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]


_TONGUES: Mapping[str, _Tongue] = {
    "en": _Tongue(
        few="a few minutes",
        minutes="about {} minutes",
        hour="about an hour",
        hours="about {} hours",
        day="about a day",
        days="about {} days",
        at="at {}",
        at_one="at {}",
        tomorrow="tomorrow {}",
        weekday="on {} {}",
        date="on {day} {month} {at}",
        weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        months=(
            "January", "February", "March", "April", "May", "June",
            "July", "August", "September", "October", "November", "December",
        ),
    ),
    "de": _Tongue(
        few="ein paar Minuten",
        minutes="etwa {} Minuten",
        hour="etwa eine Stunde",
        hours="etwa {} Stunden",
        day="etwa einen Tag",
        days="etwa {} Tage",
        at="um {} Uhr",
        at_one="um {} Uhr",
        tomorrow="morgen {}",
        weekday="am {} {}",
        date="am {day}. {month} {at}",
        weekdays=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
        months=(
            "Januar", "Februar", "März", "April", "Mai", "Juni",
            "Juli", "August", "September", "Oktober", "November", "Dezember",
        ),
    ),
    "es": _Tongue(
        few="unos minutos",
        minutes="unos {} minutos",
        hour="alrededor de una hora",
        hours="unas {} horas",
        day="alrededor de un día",
        days="unos {} días",
        at="a las {}",
        at_one="a la {}",
        tomorrow="mañana {}",
        weekday="el {} {}",
        date="el {day} de {month} {at}",
        weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
        months=(
            "enero", "febrero", "marzo", "abril", "mayo", "junio",
            "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
        ),
    ),
}  # fmt: skip

#: The languages in which something is said of time.
LANGUAGES = frozenset(_TONGUES)


def waiting_of(situation: Situation, language: str) -> Waiting:
    """Return what a text in this language may say of the wait for a person."""
    tongue = _TONGUES.get(language)
    if tongue is None:
        return NOTHING_KNOWN
    if situation.opens_at is not None:
        return Waiting(opens=_opening(tongue, situation.opens_at, now=situation.at, zone=situation.zone))
    if situation.expected_wait is not None:
        return Waiting(about=_duration(tongue, situation.expected_wait))
    return NOTHING_KNOWN


def _duration(tongue: _Tongue, wait: timedelta) -> str:
    """Return a wait in words, rounded up."""
    if wait <= _FEW:
        return tongue.few
    minutes = next((step for step in _STEPS if wait <= step * _MINUTE), None)
    if minutes is not None:
        return tongue.minutes.format(minutes)
    hours = _up(wait - _HOURS_GRACE, _HOUR)
    if hours <= _MOST_HOURS:
        return tongue.hours.format(hours) if hours > 1 else tongue.hour
    days = _up(wait - _DAYS_GRACE, _DAY)
    return tongue.days.format(days) if days > 1 else tongue.day


def _up(wait: timedelta, unit: timedelta) -> int:
    """Return how many units cover a wait, never none."""
    return max(-(-wait // unit), 1)


def _opening(tongue: _Tongue, opens_at: datetime, *, now: datetime, zone: str) -> str:
    """Return when the brand opens as its own clock on the wall shows it, with that clock named."""
    rules = ZoneInfo(zone or "UTC")
    opens, today = opens_at.astimezone(rules), now.astimezone(rules).date()
    days = (opens.date() - today).days
    at = (tongue.at_one if opens.hour == 1 else tongue.at).format(f"{opens:%H:%M}")
    return f"{_on_day(tongue, opens, days=days, at=at)} ({_zone_name(opens)})"


def _on_day(tongue: _Tongue, opens: datetime, *, days: int, at: str) -> str:
    """Name the day before the time, the nearer the shorter."""
    if days <= 0:
        return at
    if days == 1:
        return tongue.tomorrow.format(at)
    if days < 7:
        return tongue.weekday.format(tongue.weekdays[opens.weekday()], at)
    return tongue.date.format(day=opens.day, month=tongue.months[opens.month - 1], at=at)


def _zone_name(at: datetime) -> str:
    """Return the zone's short name; where it has none but figures, those as they are read everywhere."""
    name, offset = at.tzname() or "", at.strftime("%z")
    return name if name.isalpha() else f"UTC{offset[:3]}:{offset[3:5]}"
