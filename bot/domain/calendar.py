"""When a brand's time runs: always, or by a business calendar.

**The rule**: an instant is business time if the clock on the wall in the calendar's zone then shows a time within
one of that day's spans. Nothing is left to guess when the clocks change: a time that is skipped is never shown and
counts nothing, a time that is shown twice counts both times.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, chain, islice, pairwise
from typing import Protocol
from zoneinfo import ZoneInfo, available_timezones

from bot.errors import SettingsError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

#: Further away than this ``add`` does not look: such a deadline concerns nobody, and the search has to end.
FARTHEST_YEARS = 100

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()

# Instants are counted in whole microseconds since the epoch: exact, and quick to search.
_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_DAY = 24 * 60 * _MINUTE

_LAST_MINUTE = 24 * 60
_SPAN = re.compile(r"\s*([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})\s*")

#: Names in the zone database that mean something else on each machine, or count leap seconds.
_NO_ZONES = {"localtime", "posixrules", "Factory", "posix", "right"}


class Calendar(Protocol):
    """Counts a brand's time. Its verbs agree.

    ``between(t, add(t, d)) == d`` for every ``d`` from zero. From ``t`` until ``next_change(t)`` all time counts
    if ``is_open(t)``, none if not.
    """

    @property
    def id(self) -> str:
        """Name this calendar and its whole content; empty for the one that is always open."""
        ...

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """Return the first instant at which ``duration`` of this calendar's time has passed since ``start``.

        Nothing is due at ``start`` itself, open or not. A negative duration leads back in the same way.
        """
        ...

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much of this calendar's time lies between two instants; zero if end is not later."""
        ...

    def is_open(self, at: datetime) -> bool:
        """Tell whether time counts from this instant on."""
        ...

    def next_change(self, at: datetime) -> datetime | None:
        """Return when it next opens or closes after ``at``; None if that is not in sight."""
        ...


@dataclass(frozen=True, slots=True)
class AlwaysOpen:
    """The calendar of a brand that never closes."""

    @property
    def id(self) -> str:
        """Return the empty text: there is nothing to tell apart."""
        return ""

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """Return ``start + duration``."""
        return start + duration

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the time between, never negative."""
        return max(end - start, timedelta(0))

    def is_open(self, at: datetime) -> bool:  # noqa: ARG002 - whenever it is
        """Return True."""
        return True

    def next_change(self, at: datetime) -> datetime | None:  # noqa: ARG002 - there is none
        """Return None: it never closes."""
        return None


ALWAYS_OPEN = AlwaysOpen()


@dataclass(frozen=True, slots=True, order=True)
class DaySpan:
    """Hours within one day: from ``start`` until before ``end``, in minutes on the wall clock, 0 to 1440."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= _LAST_MINUTE:
            raise ValueError(f"minutes {self.start} to {self.end} are no part of a day")

    def __str__(self) -> str:
        return f"{_clock(self.start)}-{_clock(self.end)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def parse_span(text: object) -> DaySpan:
    """Return the hours written as ``09:00-12:30``. Raises ValueError saying what would be right."""
    found = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"{text!r} is no span; write when it begins and ends, as in '09:00-17:00'")
    start, end = _minute(found[1], found[2]), _minute(found[3], found[4])
    if start == end:
        raise ValueError(f"{text!r} is empty; a closed day is [], a whole one ['00:00-24:00']")
    if start > end == 0:
        raise ValueError(f"{text!r} ends before it begins; until midnight is '{_clock(start)}-24:00'")
    if start > end:
        night = f"'{_clock(start)}-24:00' and, on the next day, '00:00-{_clock(end)}'"
        raise ValueError(f"{text!r} ends before it begins; hours over midnight are {night}")
    return DaySpan(start, end)


def _minute(hours: str, minutes: str) -> int:
    minute = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or minute > _LAST_MINUTE:
        raise ValueError(f"'{hours}:{minutes}' is no time of day; they go from 00:00 to 24:00")
    return minute


def parse_spans(texts: Iterable[object]) -> tuple[DaySpan, ...]:
    """Return the hours of one day in order. Raises ValueError for one that is wrong, and for two that overlap."""
    spans = tuple(sorted(parse_span(text) for text in texts))
    _refuse_overlaps(spans)
    return spans


def _refuse_overlaps(spans: tuple[DaySpan, ...]) -> None:
    for one, other in pairwise(spans):
        if one.end > other.start:
            raise ValueError(f"'{one}' and '{other}' overlap; let one end before the other begins, or join them")


def parse_day(value: object) -> date:
    """Return a date written as ``2026-12-25``. Raises ValueError saying what would be right."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError(f"{str(value)!r} is no date; write year, month and day, as in 2026-12-25")


def read_zone(name: str) -> ZoneInfo:
    """Return the rules of a time zone by its IANA name. Raises ValueError with the nearest name that is known."""
    try:
        if name.partition("/")[0] not in _NO_ZONES:
            return ZoneInfo(name)
    except (
        KeyError,
        ValueError,
        OSError,
    ):  # an unknown name, an impossible one, a folder's
        pass
    near = difflib.get_close_matches(name, available_timezones() - _NO_ZONES, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else "write its IANA name, as in Europe/Berlin"
    raise ValueError(f"{name!r} is no time zone; {hint}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Year:
    """The business time of one year in UTC: where each span starts and ends, and how much lies before it.

    ``passed`` has one entry more than there are spans: the business time of the whole year.
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    passed: tuple[int, ...]

    def elapsed(self, at: int) -> int:
        """Return how much business time of this year lies before an instant in it."""
        index = bisect_right(self.starts, at) - 1
        return 0 if index < 0 else self.passed[index] + min(at, self.ends[index]) - self.starts[index]

    def reached(self, elapsed: int) -> int:
        """Return the first instant before which so much of this year's business time lies; more than none."""
        index = bisect_left(self.passed, elapsed) - 1
        return self.starts[index] + elapsed - self.passed[index]

    def spans_after(self, at: int) -> Iterator[tuple[int, int]]:
        """Return this year's spans that end after an instant, in order."""
        first = bisect_right(self.ends, at)
        return zip(self.starts[first:], self.ends[first:], strict=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessCalendar:
    """A brand's opening hours: a usual week, Monday first, and the days that differ from it.

    A day in ``days`` has the spans given there and no others: none on a holiday. Raises ValueError for an unknown
    zone, and for spans of a day that overlap or stand in the wrong order. What a year's days amount to in UTC is
    worked out once, when it is first asked for.
    """

    name: str
    zone: str
    week: tuple[tuple[DaySpan, ...], ...]
    days: Mapping[date, tuple[DaySpan, ...]] = field(default_factory=dict, hash=False)
    id: str = field(init=False, compare=False)
    _rules: ZoneInfo = field(init=False, compare=False, repr=False)
    _years: dict[int, _Year] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.week) != len(WEEKDAYS):
            raise ValueError(f"a week has {len(WEEKDAYS)} days, not {len(self.week)}")
        for spans in (*self.week, *self.days.values()):
            _refuse_overlaps(spans)
        object.__setattr__(self, "_rules", read_zone(self.zone))
        object.__setattr__(self, "_years", {})
        digest = hashlib.sha256(self.source().encode()).hexdigest()
        object.__setattr__(self, "id", f"{self.name}@{digest[:12]}")

    def source(self) -> str:
        """Return the whole content as JSON, the same for the same content. ``read_calendar`` is the inverse."""
        days = {day.isoformat(): [str(span) for span in spans] for day, spans in self.days.items()}
        week = [[str(span) for span in spans] for spans in self.week]
        content = {"name": self.name, "zone": self.zone, "week": week, "days": days}
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def spans(self, day: date) -> tuple[DaySpan, ...]:
        """Return the hours of one day."""
        spans = self.days.get(day)
        return self.week[day.weekday()] if spans is None else spans

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """Return the first instant at which ``duration`` of business time has passed since ``start``.

        What ends with the working day is due at its end, not when the next one begins. A negative duration leads
        back to the first instant from which no more than that lies before ``start``. A zero duration is ``start``
        itself, open or not. Raises SettingsError if that is more than ``FARTHEST_YEARS`` away.
        """
        if duration == timedelta(0):
            return start.astimezone(UTC)
        year, at = _instant(start)
        reached = self._reached(year, self._year(year).elapsed(at) + duration // _MICROSECOND)
        if reached is None:
            raise SettingsError(
                f"calendar {self.name!r} has no {abs(duration)} of business time within {FARTHEST_YEARS} years of "
                f"{start.astimezone(UTC):%Y-%m-%d}; give its week longer hours"
            )
        return _EPOCH + reached * _MICROSECOND

    def _reached(self, year: int, elapsed: int) -> int | None:
        """Return the first instant at which so much has passed since the beginning of a year; None: far away."""
        last, first = year + FARTHEST_YEARS, year - FARTHEST_YEARS
        while elapsed > self._year(year).passed[-1]:
            elapsed -= self._year(year).passed[-1]
            year += 1
            if year > last:
                return None
        while elapsed <= 0:
            year -= 1
            if year < first:
                return None
            elapsed += self._year(year).passed[-1]
        return self._year(year).reached(elapsed)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much business time lies between two instants; zero if end is not later."""
        if end <= start:
            return timedelta(0)
        (first, since), (last, until) = _instant(start), _instant(end)
        whole = sum(self._year(year).passed[-1] for year in range(first, last))
        return (whole + self._year(last).elapsed(until) - self._year(first).elapsed(since)) * _MICROSECOND

    def is_open(self, at: datetime) -> bool:
        """Tell whether time counts from this instant on: an opening belongs to it, a closing does not."""
        year, now = _instant(at)
        return any(start <= now for start, _ in islice(self._year(year).spans_after(now), 1))

    def next_change(self, at: datetime) -> datetime | None:
        """Return when it next opens or closes after ``at``; None if that is not before the end of the next year.

        Where spans touch, at midnight too, nothing changes.
        """
        year, now = _instant(at)
        sight = (date(year + 1, 12, 31).toordinal() + 1 - _EPOCH_DAY) * _DAY
        reached = now
        for start, end in chain(self._year(year).spans_after(now), self._year(year + 1).spans_after(now)):
            if start > reached:
                return _EPOCH + (start if reached == now else reached) * _MICROSECOND
            reached = end
        return None if reached in {now, sight} else _EPOCH + reached * _MICROSECOND

    def _year(self, year: int) -> _Year:
        known = self._years.get(year)
        if known is None:
            known = self._years[year] = self._worked_out(year)
        return known

    def _worked_out(self, year: int) -> _Year:
        start = (date(year, 1, 1).toordinal() - _EPOCH_DAY) * _DAY
        end = (date(year, 12, 31).toordinal() + 1 - _EPOCH_DAY) * _DAY
        pieces = [piece for stretch in _offsets(self._rules, start, end) for piece in self._open(*stretch)]
        return _Year(
            starts=tuple(start for start, _ in pieces),
            ends=tuple(end for _, end in pieces),
            passed=tuple(accumulate((end - start for start, end in pieces), initial=0)),
        )

    def _open(self, since: int, until: int, offset: int) -> Iterator[tuple[int, int]]:
        """Yield the business time in a stretch in which the zone keeps one offset from UTC."""
        for day in range((since + offset) // _DAY, (until + offset - 1) // _DAY + 1):
            midnight = day * _DAY - offset
            for span in self.spans(date.fromordinal(day + _EPOCH_DAY)):
                start = max(midnight + span.start * _MINUTE, since)
                end = min(midnight + span.end * _MINUTE, until)
                if start < end:
                    yield start, end


def read_calendar(source: str) -> BusinessCalendar:
    """Return the calendar that ``BusinessCalendar.source`` wrote. Raises SettingsError for any other text."""
    try:
        content = json.loads(source)
        return BusinessCalendar(
            name=content["name"],
            zone=content["zone"],
            week=tuple(parse_spans(texts) for texts in content["week"]),
            days={parse_day(day): parse_spans(texts) for day, texts in content["days"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"a stored calendar cannot be read: {error}; it begins {source[:60]!r}") from error


def _instant(at: datetime) -> tuple[int, int]:
    """Return an instant's year in UTC, and its microseconds since the epoch."""
    at = at.astimezone(UTC)
    return at.year, (at - _EPOCH) // _MICROSECOND


def _offsets(rules: ZoneInfo, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield the stretches of a time, whole days long, in which a zone keeps its offset: since, until, offset.

    Takes it that no zone changes its offset twice within 24 hours, to and fro: the database has none that does.
    """
    since, offset = start, _offset(rules, start)
    for midnight in range(start + _DAY, end + 1, _DAY):
        if (now := _offset(rules, midnight)) != offset:
            change = _change(rules, midnight - _DAY, midnight)
            yield since, change, offset
            since, offset = change, now
    yield since, end, offset


def _change(rules: ZoneInfo, before: int, after: int) -> int:
    """Return the second at which the offset changes between two instants."""
    old = _offset(rules, before)
    seconds = range(before, after, _SECOND)
    return before + bisect_left(seconds, True, key=lambda at: _offset(rules, at) != old) * _SECOND


def _offset(rules: ZoneInfo, at: int) -> int:
    """Return how far the wall clock is ahead of UTC."""
    ahead = (_EPOCH + at * _MICROSECOND).astimezone(rules).utcoffset()
    assert ahead is not None, "a zone always knows its offset"
    return ahead // _MICROSECOND
