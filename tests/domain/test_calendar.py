"""What holds for every business calendar, whatever its hours, its zone and the season."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.domain.calendar import (
    ALWAYS_OPEN,
    BusinessCalendar,
    DaySpan,
    parse_day,
    parse_span,
    parse_spans,
    read_calendar,
    read_zone,
)
from bot.errors import SettingsError

ZONES = [
    "UTC",
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Havana",
    "America/New_York",
    "America/Santiago",
    "America/St_Johns",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
    "Pacific/Chatham",
]

#: When clocks change somewhere: most random instants lie near one of these, or near a year's end.
CHANGES = [
    datetime(2026, 2, 15, 2, tzinfo=UTC),
    datetime(2026, 3, 8, 6, tzinfo=UTC),
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2026, 4, 23, 22, tzinfo=UTC),
    datetime(2026, 10, 3, 16, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 11, 1, 5, tzinfo=UTC),
    datetime(2026, 12, 31, 23, tzinfo=UTC),
    datetime(2010, 11, 7, 2, tzinfo=UTC),
    datetime(2011, 12, 30, 10, tzinfo=UTC),
]
EDGES = [0, 60, 90, 120, 150, 180, 540, 750, 1080, 1440]
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ZERO = timedelta(0)


@st.composite
def hours_of_a_day(draw: st.DrawFn) -> tuple[DaySpan, ...]:
    """Draw no span, one, or several; some touch each other, some begin at 00:00 or end at 24:00."""
    edges = sorted(draw(st.sets(st.sampled_from(EDGES) | st.integers(0, 1440), max_size=5)))
    spans = [DaySpan(start, end) for start, end in pairwise(edges)]
    return tuple(span for span in spans if draw(st.integers(0, 3)))


@st.composite
def calendars(draw: st.DrawFn) -> BusinessCalendar:
    week = tuple(draw(hours_of_a_day()) for _ in range(7))
    assume(any(week))
    near = draw(st.sampled_from(CHANGES)).date()
    days = draw(st.dictionaries(st.integers(-4, 4).map(lambda n: near + n * DAY), hours_of_a_day(), max_size=4))
    return BusinessCalendar(name="any", zone=draw(st.sampled_from(ZONES)), week=week, days=days)


def _near(change: datetime) -> st.SearchStrategy[datetime]:
    return st.integers(-4 * 86_400_000_000, 4 * 86_400_000_000).map(lambda us: change + timedelta(microseconds=us))


INSTANTS = st.sampled_from(CHANGES).flatmap(_near)
MINUTES = INSTANTS.map(lambda at: at.replace(second=0, microsecond=0))
DURATIONS = st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=60))
many = settings(max_examples=80, deadline=None)


@many
@given(calendars(), INSTANTS, DURATIONS)
def test_the_time_between_is_the_time_that_was_added(
    calendar: BusinessCalendar, at: datetime, d: timedelta
) -> None:
    assert calendar.between(at, calendar.add(at, d)) == d


@many
@given(calendars(), INSTANTS, DURATIONS)
def test_the_time_back_is_the_time_that_was_taken(calendar: BusinessCalendar, at: datetime, d: timedelta) -> None:
    assert calendar.between(calendar.add(at, -d), at) == d


@many
@given(calendars(), INSTANTS, DURATIONS.filter(bool))
def test_nothing_is_due_later_than_it_must_be(calendar: BusinessCalendar, at: datetime, d: timedelta) -> None:
    due = calendar.add(at, d)
    assert calendar.between(at, due - timedelta(microseconds=1)) < d


@many
@given(calendars(), INSTANTS, INSTANTS, INSTANTS)
def test_business_time_adds_up(calendar: BusinessCalendar, a: datetime, b: datetime, c: datetime) -> None:
    a, b, c = sorted((a, b, c))
    assert calendar.between(a, b) + calendar.between(b, c) == calendar.between(a, c)


@many
@given(calendars(), INSTANTS, DURATIONS, DURATIONS)
def test_two_times_added_one_after_the_other_are_due_like_their_sum(
    calendar: BusinessCalendar, at: datetime, one: timedelta, other: timedelta
) -> None:
    assume(other)
    assert calendar.add(calendar.add(at, one), other) == calendar.add(at, one + other)


@many
@given(calendars(), INSTANTS, INSTANTS, DURATIONS, DURATIONS)
def test_what_starts_later_or_takes_longer_is_never_due_earlier(
    calendar: BusinessCalendar, at: datetime, then: datetime, one: timedelta, other: timedelta
) -> None:
    first, last = sorted((at, then))
    short, long = sorted((one, other))
    assert calendar.add(first, short) <= calendar.add(last, short)
    assert calendar.add(first, short) <= calendar.add(first, long)
    assert calendar.add(first, -long) <= calendar.add(first, -short)


@many
@given(calendars(), INSTANTS, INSTANTS)
def test_business_time_is_never_longer_than_the_time_that_passed(
    calendar: BusinessCalendar, at: datetime, then: datetime
) -> None:
    assert ZERO <= calendar.between(at, then) <= max(then - at, ZERO)


@many
@given(calendars(), INSTANTS, INSTANTS)
def test_always_open_never_counts_less(calendar: BusinessCalendar, at: datetime, then: datetime) -> None:
    assert calendar.between(at, then) <= ALWAYS_OPEN.between(at, then)


@many
@given(calendars(), INSTANTS, INSTANTS)
def test_a_span_cut_in_two_that_touch_changes_nothing(
    calendar: BusinessCalendar, at: datetime, then: datetime
) -> None:
    def cut(spans: tuple[DaySpan, ...]) -> tuple[DaySpan, ...]:
        halves = [(s.start, (s.start + s.end) // 2, s.end) for s in spans]
        return tuple(DaySpan(a, b) for s, m, e in halves for a, b in ((s, m), (m, e)) if a < b)

    other = BusinessCalendar(
        name="cut",
        zone=calendar.zone,
        week=tuple(cut(spans) for spans in calendar.week),
        days={day: cut(spans) for day, spans in calendar.days.items()},
    )
    assert other.between(at, then) == calendar.between(at, then)
    assert other.add(at, timedelta(hours=5)) == calendar.add(at, timedelta(hours=5))


def is_open(calendar: BusinessCalendar, at: datetime) -> bool:
    """Look at the clock on the wall, as somebody in the office would."""
    wall = at.astimezone(ZoneInfo(calendar.zone))
    hours = calendar.days.get(wall.date(), calendar.week[wall.weekday()])
    return any(span.start <= wall.hour * 60 + wall.minute < span.end for span in hours)


@settings(max_examples=60, deadline=None)
@given(calendars(), MINUTES, st.integers(0, 3 * 1440))
def test_looking_at_the_clock_every_minute_finds_the_same(
    calendar: BusinessCalendar, at: datetime, minutes: int
) -> None:
    looks = [is_open(calendar, at + n * MINUTE) for n in range(minutes)]
    assert calendar.between(at, at + minutes * MINUTE) == sum(looks) * MINUTE


@settings(max_examples=60, deadline=None)
@given(calendars(), MINUTES, st.integers(1, 600))
def test_waiting_minute_by_minute_ends_at_the_same_instant(
    calendar: BusinessCalendar, at: datetime, minutes: int
) -> None:
    left, now = minutes, at
    for _ in range(5 * 1440):
        if not left:
            assert calendar.add(at, minutes * MINUTE) == now
            return
        left -= is_open(calendar, now)
        now += MINUTE
    assert calendar.add(at, minutes * MINUTE) >= now


@many
@given(calendars())
def test_what_is_written_down_is_read_back(calendar: BusinessCalendar) -> None:
    again = read_calendar(calendar.source())
    assert again == calendar
    assert again.id == calendar.id
    assert again.source() == calendar.source()


@many
@given(calendars(), calendars())
def test_two_calendars_share_an_id_only_if_they_are_equal(one: BusinessCalendar, other: BusinessCalendar) -> None:
    assert (one.id == other.id) == (one == other)


OFFICE = BusinessCalendar(name="office", zone="Europe/Berlin", week=((parse_span("09:00-17:00"),),) * 5 + ((), ()))


def test_an_id_is_the_name_and_a_digest_that_stays_the_same() -> None:
    assert OFFICE.id == "office@7dd999cba641"


def test_the_source_is_the_same_in_whatever_order_the_days_were_given() -> None:
    days = {date(2026, 12, 25): (), date(2026, 1, 1): ()}
    one = BusinessCalendar(name="a", zone="UTC", week=OFFICE.week, days=days)
    other = BusinessCalendar(name="a", zone="UTC", week=OFFICE.week, days=dict(reversed(days.items())))
    assert one.source() == other.source()
    assert hash(one) == hash(other)


def test_the_calendar_that_is_always_open_counts_all_time_and_has_no_name() -> None:
    at = datetime(2026, 3, 29, tzinfo=UTC)
    assert ALWAYS_OPEN.id == ""
    assert ALWAYS_OPEN.add(at, DAY) == at + DAY
    assert ALWAYS_OPEN.between(at, at + DAY) == DAY
    assert ALWAYS_OPEN.between(at, at - DAY) == ZERO


def test_a_calendar_that_never_opens_says_so_and_does_not_search_for_ever() -> None:
    shut = BusinessCalendar(name="shut", zone="UTC", week=((),) * 7)
    for duration in (MINUTE, -MINUTE):
        with pytest.raises(SettingsError, match="'shut' has no 0:01:00 of business time within 100 years of 2026"):
            shut.add(datetime(2026, 6, 1, tzinfo=UTC), duration)
    assert shut.between(datetime(2026, 6, 1, tzinfo=UTC), datetime(2030, 6, 1, tzinfo=UTC)) == ZERO
    assert shut.add(datetime(2026, 6, 1, tzinfo=UTC), ZERO) == datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("9-17", "'9-17' is no span; write when it begins and ends, as in '09:00-17:00'"),
        (720, "720 is no span; write when it begins and ends, as in '09:00-17:00'"),
        (None, "None is no span; write when it begins and ends, as in '09:00-17:00'"),
        ("09:00-17:00:00", "'09:00-17:00:00' is no span; write when it begins and ends, as in '09:00-17:00'"),
        ("09:00-25:00", "'25:00' is no time of day; they go from 00:00 to 24:00"),
        ("09:00-24:01", "'24:01' is no time of day; they go from 00:00 to 24:00"),
        ("09:60-10:00", "'09:60' is no time of day; they go from 00:00 to 24:00"),
        ("09:00-09:00", "'09:00-09:00' is empty; a closed day is [], a whole one ['00:00-24:00']"),
        (
            "22:00-6:00",
            (
                "'22:00-6:00' ends before it begins; hours over midnight are '22:00-24:00' and, on the next day, "
                "'00:00-06:00'"
            ),
        ),
        (
            "17:00-00:00",
            "'17:00-00:00' ends before it begins; until midnight is '17:00-24:00'",
        ),
    ],
)
def test_a_wrong_span_is_told_with_what_would_be_right(text: object, told: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011  # the whole text is compared
        parse_span(text)
    assert str(raised.value) == told


def test_spans_are_put_in_order_and_may_touch() -> None:
    assert parse_spans([" 13:30 - 18:00", "9:00-13:30"]) == (DaySpan(540, 810), DaySpan(810, 1080))
    assert [str(span) for span in parse_spans(["00:00-24:00"])] == ["00:00-24:00"]


def test_spans_that_overlap_are_told_both() -> None:
    with pytest.raises(ValueError, match="'09:00-12:00' and '11:59-17:00' overlap; let one end before the other"):
        parse_spans(["11:59-17:00", "09:00-12:00"])


@pytest.mark.parametrize("day", ["2026-02-30", "25.12.2026", "2026-12-25T10:00", 20261225, None, "20261225"])
def test_a_date_that_is_none_is_told(day: object) -> None:
    with pytest.raises(ValueError, match="is no date; write year, month and day, as in 2026-12-25"):
        parse_day(day)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Europe/Berlni", "'Europe/Berlni' is no time zone; did you mean 'Europe/Berlin'?"),
        ("europe", "'europe' is no time zone; did you mean 'Europe/Rome'?"),
        ("CEST+2", "is no time zone"),
        ("../../etc/passwd", "is no time zone; write its IANA name, as in Europe/Berlin"),
        ("", "'' is no time zone; write its IANA name"),
        ("localtime", "'localtime' is no time zone; write its IANA name"),
        ("right/Europe/Berlin", "'right/Europe/Berlin' is no time zone; did you mean 'Europe/Berlin'?"),
        ("Europe/Berlin\0", "is no time zone"),
    ],
)
def test_an_unknown_zone_is_told_with_the_nearest_that_is_known(name: str, told: str) -> None:
    with pytest.raises(ValueError, match=r"is no time zone") as raised:
        read_zone(name)
    assert told in str(raised.value)


def test_a_calendar_refuses_a_week_that_is_none_and_spans_in_disorder() -> None:
    with pytest.raises(ValueError, match="a week has 7 days, not 6"):
        BusinessCalendar(name="a", zone="UTC", week=((),) * 6)
    with pytest.raises(ValueError, match="overlap"):
        BusinessCalendar(name="a", zone="UTC", week=((DaySpan(60, 120), DaySpan(0, 61)),) * 7)
    with pytest.raises(ValueError, match="minutes 60 to 60 are no part of a day"):
        DaySpan(60, 60)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "[]",
        "{}",
        '{"name":"a","zone":"Nowhere","week":[[],[],[],[],[],[],[]],"days":{}}',
        '{"name":"a","zone":"UTC","week":[[],[]],"days":{}}',
        '{"name":"a","zone":"UTC","week":[["17:00-09:00"],[],[],[],[],[],[]],"days":{}}',
        '{"name":"a","zone":"UTC","week":[[],[],[],[],[],[],[]],"days":[]}',
    ],
)
def test_a_stored_text_that_is_no_calendar_is_refused(source: str) -> None:
    with pytest.raises(SettingsError, match="a stored calendar cannot be read"):
        read_calendar(source)
