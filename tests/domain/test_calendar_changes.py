"""When a calendar opens and closes next: what a page needs so as to count only while it is open."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.calendar import ALWAYS_OPEN, WEEKDAYS, BusinessCalendar, DaySpan, parse_spans
from tests.domain.test_calendar import CHANGES, DAY, calendars, is_open

OFFICE_DAY = parse_spans(["09:00-12:30", "13:30-18:00"])
OFFICE = BusinessCalendar(
    name="office",
    zone="Europe/Berlin",
    week=(*[OFFICE_DAY] * 4, parse_spans(["09:00-15:00"]), (), ()),
    days={date(2026, 12, 25): (), date(2026, 12, 31): parse_spans(["20:00-24:00"])},
)
instants = st.builds(
    lambda change, us: change + timedelta(microseconds=us),
    st.sampled_from(CHANGES),
    st.integers(-4 * 86_400_000_000, 4 * 86_400_000_000),
)


def every_day(*spans: str, **days: tuple[DaySpan, ...]) -> BusinessCalendar:
    """Return a calendar with the same hours every day, but for those days."""
    unlike = {date.fromisoformat(day.removeprefix("on_").replace("_", "-")): hours for day, hours in days.items()}
    week = (parse_spans(spans),) * len(WEEKDAYS)
    return BusinessCalendar(name="daily", zone="Europe/Berlin", week=week, days=unlike)


@pytest.mark.parametrize(
    ("at", "opens", "change"),
    [
        ("2026-06-01T07:00", True, "2026-06-01T10:30"),  # an opening belongs to the hours
        ("2026-06-01T06:59:59.999999", False, "2026-06-01T07:00"),
        ("2026-06-01T10:30", False, "2026-06-01T11:30"),  # a closing does not
        ("2026-06-01T16:00", False, "2026-06-02T07:00"),
        ("2026-06-05T13:00", False, "2026-06-08T07:00"),  # Friday afternoon until Monday
        ("2026-03-28T12:00", False, "2026-03-30T07:00"),  # over a weekend in which clocks change
        ("2026-12-24T17:00", False, "2026-12-28T08:00"),  # over a holiday
        ("2026-12-31T19:30", True, "2026-12-31T23:00"),  # midnight in Berlin, still the old year in UTC
    ],
)
def test_a_calendar_tells_whether_it_is_open_and_when_that_changes(at: str, opens: bool, change: str) -> None:
    instant = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert OFFICE.is_open(instant) is opens
    assert OFFICE.next_change(instant) == datetime.fromisoformat(change).replace(tzinfo=UTC)


@settings(max_examples=300, deadline=None)
@given(calendars(), instants)
def test_until_it_changes_a_calendar_counts_all_time_or_none(calendar: BusinessCalendar, at: datetime) -> None:
    change = calendar.next_change(at)
    opens = calendar.is_open(at)
    assert opens is is_open(calendar, at)
    if change is not None:
        assert change > at
        assert calendar.between(at, change) == (change - at if opens else timedelta(0))
        assert calendar.is_open(change) is not opens
    else:
        assert calendar.between(at, at + 365 * DAY) == (365 * DAY if opens else timedelta(0))


def test_hours_that_touch_at_midnight_or_at_new_year_are_one() -> None:
    night = every_day("00:00-06:00", "22:00-24:00")
    assert night.next_change(datetime(2026, 12, 31, 22, 30, tzinfo=UTC)) == datetime(2027, 1, 1, 5, tzinfo=UTC)


def test_one_closed_day_ends_hours_that_never_ended_before() -> None:
    calendar = every_day("00:00-24:00", on_2027_12_25=())
    assert calendar.next_change(datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2027, 12, 24, 23, tzinfo=UTC)


@pytest.mark.parametrize("spans", [(), ("00:00-24:00",)])
def test_a_calendar_that_never_changes_names_no_instant(spans: tuple[str, ...]) -> None:
    at = datetime(2026, 6, 1, tzinfo=UTC)
    assert (every_day(*spans).is_open(at), every_day(*spans).next_change(at)) == (bool(spans), None)


def test_the_calendar_that_is_always_open_never_changes() -> None:
    at = datetime(2026, 6, 1, tzinfo=UTC)
    assert ALWAYS_OPEN.is_open(at)
    assert ALWAYS_OPEN.next_change(at) is None
