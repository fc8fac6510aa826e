"""Worked cases of business time: each expected instant was worked out by hand, with the offset it has there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.calendar import BusinessCalendar, parse_span, parse_spans

HOURS = ["09:00-12:30", "13:30-18:00"]  # eight hours a day, forty a week


def calendar(zone: str, *week: list[str], **days: list[str]) -> BusinessCalendar:
    """Return a calendar: one day's hours stand for all seven, two for weekdays and weekend. Days as d20261225."""
    hours = {1: week * 7, 2: (week[0],) * 5 + (week[-1],) * 2, 7: week}[len(week)]
    return BusinessCalendar(
        name="case",
        zone=zone,
        week=tuple(parse_spans(day) for day in hours),
        days={date.fromisoformat(day[1:]): parse_spans(spans) for day, spans in days.items()},
    )


def on(zone: str, **week: list[str]) -> BusinessCalendar:
    """Return a calendar that opens on the days named, and on no others."""
    return calendar(zone, *(week.get(day, []) for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")))


PLAIN = calendar("Europe/Berlin", HOURS, [])
BERLIN = calendar(
    "Europe/Berlin",
    HOURS,
    [],
    d20261129=["12:00-17:00"],  # an exceptional Sunday
    d20261224=["09:00-12:00"],  # a half day, a Thursday
    d20261225=[],
    d20270101=[],
)
ALL_DAY = calendar("Europe/Berlin", ["00:00-24:00"])
NIGHT = calendar("Europe/Berlin", ["00:00-06:00"])
CASABLANCA = calendar("Africa/Casablanca", ["00:00-06:00"])
CHATHAM = calendar("Pacific/Chatham", ["00:00-06:00"])
KOLKATA_NIGHT = calendar("Asia/Kolkata", ["00:00-06:00"])
ADELAIDE_NIGHT = calendar("Australia/Adelaide", ["00:00-06:00"])
HOWE_NIGHT = calendar("Australia/Lord_Howe", ["00:00-06:00"])
NEW_YORK_NIGHT = calendar("America/New_York", ["00:00-06:00"])
ST_JOHNS = calendar("America/St_Johns", ["00:00-06:00"])
SKIPPED = calendar("Europe/Berlin", ["02:00-03:00"])  # the very hour that spring skips and autumn repeats
ASTRIDE = calendar("Europe/Berlin", ["01:30-02:30"])
LATE_START = calendar("Europe/Berlin", ["02:30-05:00"])
NEW_YORK = calendar("America/New_York", ["09:00-17:00"], [])
KOLKATA = on("Asia/Kolkata", **{day: ["10:00-19:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat")})
KATHMANDU = on("Asia/Kathmandu", **{day: ["10:00-17:00"] for day in ("sun", "mon", "tue", "wed", "thu", "fri")})
ADELAIDE = calendar("Australia/Adelaide", ["09:00-17:00"], [])
AUCKLAND = calendar("Pacific/Auckland", ["09:00-17:00"], [])
LORD_HOWE = calendar("Australia/Lord_Howe", ["01:00-02:00"])
CAIRO = on("Africa/Cairo", thu=["20:00-24:00"], fri=["00:00-02:00"])
APIA = calendar("Pacific/Apia", ["09:00-17:00"])
SATURDAY_EVENING = on("America/St_Johns", sat=["20:00-24:00"])
OVER_MIDNIGHT = on("Europe/Berlin", mon=["22:00-24:00"], tue=["00:00-06:00"])
FRIDAY_EVENING = on("Europe/Berlin", fri=["18:00-24:00"])
WHOLE_MONDAY = on("Europe/Berlin", mon=["00:00-24:00"])
NO_TUESDAY = on("Europe/Berlin", mon=["09:00-18:00"], wed=["09:00-18:00"])
TOUCHING = calendar("Europe/Berlin", ["09:00-12:00", "12:00-15:00"])

H, M, US = timedelta(hours=1), timedelta(minutes=1), timedelta(microseconds=1)

CASES = [
    # A usual day. 2026-06-01 is a Monday.
    ("within the morning", BERLIN, "2026-06-01T10:00+02:00", 1 * H, "2026-06-01T11:00+02:00"),
    ("before opening", BERLIN, "2026-06-01T07:00+02:00", 1 * H, "2026-06-01T10:00+02:00"),
    ("just after midnight", BERLIN, "2026-06-01T00:00+02:00", 8 * H, "2026-06-01T18:00+02:00"),
    ("over lunch", BERLIN, "2026-06-01T12:00+02:00", 1 * H, "2026-06-01T14:00+02:00"),
    ("from the middle of lunch", BERLIN, "2026-06-01T12:45+02:00", 30 * M, "2026-06-01T14:00+02:00"),
    ("from the beginning of lunch", BERLIN, "2026-06-01T12:30+02:00", 30 * M, "2026-06-01T14:00+02:00"),
    ("due when lunch begins", BERLIN, "2026-06-01T12:00+02:00", 30 * M, "2026-06-01T12:30+02:00"),
    ("due at closing time", BERLIN, "2026-06-01T17:00+02:00", 1 * H, "2026-06-01T18:00+02:00"),
    ("a minute after closing time", BERLIN, "2026-06-01T17:00+02:00", 61 * M, "2026-06-02T09:01+02:00"),
    (
        "a microsecond too long",
        BERLIN,
        "2026-06-01T17:00+02:00",
        H + US,
        "2026-06-02T09:00:00.000001+02:00",
    ),
    ("the last microsecond", BERLIN, "2026-06-01T17:59:59.999999+02:00", US, "2026-06-01T18:00+02:00"),
    ("from closing time", BERLIN, "2026-06-01T18:00+02:00", 15 * M, "2026-06-02T09:15+02:00"),
    ("after closing time", BERLIN, "2026-06-01T20:00+02:00", 15 * M, "2026-06-02T09:15+02:00"),
    ("a whole day from opening", BERLIN, "2026-06-01T09:00+02:00", 8 * H, "2026-06-01T18:00+02:00"),
    ("a whole day from the afternoon", BERLIN, "2026-06-01T15:00+02:00", 8 * H, "2026-06-02T15:00+02:00"),
    ("written elsewhere", BERLIN, "2026-06-01T04:00-04:00", 1 * H, "2026-06-01T11:00+02:00"),
    # Nothing to wait for.
    ("zero while open", BERLIN, "2026-06-01T10:00+02:00", 0 * H, "2026-06-01T10:00+02:00"),
    ("zero while closed", BERLIN, "2026-06-06T12:00+02:00", 0 * H, "2026-06-06T12:00+02:00"),
    ("zero at closing time", BERLIN, "2026-06-05T18:00+02:00", 0 * H, "2026-06-05T18:00+02:00"),
    # Weekends, weeks, years.
    ("over a weekend", BERLIN, "2026-06-05T17:30+02:00", 1 * H, "2026-06-08T09:30+02:00"),
    ("due at the weekend's beginning", BERLIN, "2026-06-05T17:30+02:00", 30 * M, "2026-06-05T18:00+02:00"),
    ("from a Saturday", BERLIN, "2026-06-06T12:00+02:00", 8 * H, "2026-06-08T18:00+02:00"),
    ("a week from opening", BERLIN, "2026-06-01T09:00+02:00", 40 * H, "2026-06-05T18:00+02:00"),
    ("a week from ten o'clock", BERLIN, "2026-06-01T10:00+02:00", 40 * H, "2026-06-08T10:00+02:00"),
    ("52 weeks", PLAIN, "2026-06-01T09:00+02:00", 52 * 40 * H, "2027-05-28T18:00+02:00"),
    ("522 weeks", PLAIN, "2026-06-01T09:00+02:00", 522 * 40 * H, "2036-05-30T18:00+02:00"),
    ("from winter to summer time", PLAIN, "2026-03-27T17:00+01:00", 2 * H, "2026-03-30T10:00+02:00"),
    ("from summer to winter time", PLAIN, "2026-10-23T17:00+02:00", 2 * H, "2026-10-26T10:00+01:00"),
    ("over a leap day", PLAIN, "2028-02-28T17:30+01:00", 9 * H, "2028-03-01T09:30+01:00"),
    ("over New Year, far east", AUCKLAND, "2026-12-31T16:30+13:00", 1 * H, "2027-01-01T09:30+13:00"),
    # Holidays, half days, exceptional openings, days of no length.
    (
        "half day, holiday and weekend",
        BERLIN,
        "2026-12-24T11:00+01:00",
        2 * H,
        "2026-12-28T10:00+01:00",
    ),
    ("due when a half day ends", BERLIN, "2026-12-24T11:00+01:00", 1 * H, "2026-12-24T12:00+01:00"),
    ("on a half day's afternoon", BERLIN, "2026-12-24T15:00+01:00", 1 * H, "2026-12-28T10:00+01:00"),
    ("on a holiday", BERLIN, "2026-12-25T10:00+01:00", 4 * H, "2026-12-28T14:00+01:00"),
    ("over New Year's Day", BERLIN, "2026-12-31T17:00+01:00", 2 * H, "2027-01-04T10:00+01:00"),
    ("an exceptional Sunday", BERLIN, "2026-11-28T10:00+01:00", 1 * H, "2026-11-29T13:00+01:00"),
    ("from an exceptional Sunday on", BERLIN, "2026-11-29T16:30+01:00", 1 * H, "2026-11-30T09:30+01:00"),
    ("over a day of no length", NO_TUESDAY, "2026-06-01T17:30+02:00", 1 * H, "2026-06-03T09:30+02:00"),
    ("from a day of no length", NO_TUESDAY, "2026-06-02T12:00+02:00", 1 * H, "2026-06-03T10:00+02:00"),
    # Midnight.
    ("through midnight", OVER_MIDNIGHT, "2026-06-01T23:00+02:00", 2 * H, "2026-06-02T01:00+02:00"),
    ("due at midnight within a shift", OVER_MIDNIGHT, "2026-06-01T22:00+02:00", 2 * H, "2026-06-02T00:00+02:00"),
    ("past 24:00, closed until next week", FRIDAY_EVENING, "2026-06-05T23:30+02:00", H, "2026-06-12T18:30+02:00"),
    ("due at 24:00", FRIDAY_EVENING, "2026-06-05T23:30+02:00", 30 * M, "2026-06-06T00:00+02:00"),
    ("one whole day a week", WHOLE_MONDAY, "2026-05-31T15:00+02:00", 24 * H, "2026-06-02T00:00+02:00"),
    ("more than the one day", WHOLE_MONDAY, "2026-05-31T15:00+02:00", 25 * H, "2026-06-08T01:00+02:00"),
    ("through spans that touch", TOUCHING, "2026-06-01T11:30+02:00", 1 * H, "2026-06-01T12:30+02:00"),
    # Spring, Berlin: on 2026-03-29 02:00 becomes 03:00.
    ("spring, always open", ALL_DAY, "2026-03-29T01:00+01:00", 2 * H, "2026-03-29T04:00+02:00"),
    (
        "spring, a night of five hours",
        NIGHT,
        "2026-03-29T00:00+01:00",
        5 * H,
        "2026-03-29T06:00+02:00",
    ),
    ("spring, the sixth hour", NIGHT, "2026-03-29T00:00+01:00", 6 * H, "2026-03-30T01:00+02:00"),
    ("spring, only the skipped hour", SKIPPED, "2026-03-29T00:00+01:00", 30 * M, "2026-03-30T02:30+02:00"),
    ("spring, ends in the skipped hour", ASTRIDE, "2026-03-29T01:00+01:00", 30 * M, "2026-03-29T03:00+02:00"),
    ("spring, after what ends in it", ASTRIDE, "2026-03-29T01:00+01:00", 45 * M, "2026-03-30T01:45+02:00"),
    ("spring, begins in the skipped hour", LATE_START, "2026-03-29T00:00+01:00", 1 * H, "2026-03-29T04:00+02:00"),
    # Autumn, Berlin: on 2026-10-25 03:00 becomes 02:00.
    ("autumn, always open", ALL_DAY, "2026-10-25T01:00+02:00", 3 * H, "2026-10-25T03:00+01:00"),
    (
        "autumn, a night of seven hours",
        NIGHT,
        "2026-10-25T00:00+02:00",
        7 * H,
        "2026-10-25T06:00+01:00",
    ),
    ("autumn, the eighth hour", NIGHT, "2026-10-25T00:00+02:00", 8 * H, "2026-10-26T01:00+01:00"),
    ("autumn, the hour both times", SKIPPED, "2026-10-25T00:00+02:00", 90 * M, "2026-10-25T02:30+01:00"),
    ("autumn, due at the hour's second end", SKIPPED, "2026-10-25T00:00+02:00", 2 * H, "2026-10-25T03:00+01:00"),
    ("autumn, from its second beginning", SKIPPED, "2026-10-25T02:00+01:00", 30 * M, "2026-10-25T02:30+01:00"),
    ("autumn, ends in the repeated hour", ASTRIDE, "2026-10-25T01:00+02:00", 60 * M, "2026-10-25T02:30+02:00"),
    ("autumn, opens again when it repeats", ASTRIDE, "2026-10-25T01:00+02:00", 75 * M, "2026-10-25T02:15+01:00"),
    # Other zones.
    ("spring, New York", NEW_YORK_NIGHT, "2026-03-08T00:00-05:00", 5 * H, "2026-03-08T06:00-04:00"),
    ("autumn, New York", NEW_YORK_NIGHT, "2026-11-01T00:00-04:00", 7 * H, "2026-11-01T06:00-05:00"),
    ("New York's office over spring", NEW_YORK, "2026-03-06T16:00-05:00", 2 * H, "2026-03-09T10:00-04:00"),
    ("Kolkata, over a closed Sunday", KOLKATA, "2026-06-06T18:30+05:30", 1 * H, "2026-06-08T10:30+05:30"),
    ("Kolkata, from its closing, in UTC", KOLKATA, "2026-06-06T13:30Z", 10 * M, "2026-06-08T04:40Z"),
    (
        "Kolkata, no spring change",
        KOLKATA_NIGHT,
        "2026-03-29T00:00+05:30",
        6 * H,
        "2026-03-29T06:00+05:30",
    ),
    ("Kathmandu, over a closed Saturday", KATHMANDU, "2026-06-05T16:45+05:45", 30 * M, "2026-06-07T10:15+05:45"),
    ("Kathmandu, before opening, in UTC", KATHMANDU, "2026-06-07T04:00Z", 1 * H, "2026-06-07T05:15Z"),
    ("Adelaide, autumn", ADELAIDE_NIGHT, "2026-04-05T00:00+10:30", 7 * H, "2026-04-05T06:00+09:30"),
    ("Adelaide, spring", ADELAIDE_NIGHT, "2026-10-04T00:00+09:30", 5 * H, "2026-10-04T06:00+10:30"),
    ("Adelaide's office over spring", ADELAIDE, "2026-10-02T16:30+09:30", 1 * H, "2026-10-05T09:30+10:30"),
    ("St. John's, spring", ST_JOHNS, "2026-03-08T00:00-03:30", 5 * H, "2026-03-08T06:00-02:30"),
    ("St. John's, autumn", ST_JOHNS, "2026-11-01T00:00-02:30", 7 * H, "2026-11-01T06:00-03:30"),
    # In 2010 its clocks went back at 00:01 on Sunday, into Saturday once more.
    ("St. John's, Saturday twice", SATURDAY_EVENING, "2010-11-06T20:00-02:30", 270 * M, "2010-11-06T23:31-03:30"),
    ("Chatham, autumn", CHATHAM, "2026-04-05T00:00+13:45", 7 * H, "2026-04-05T06:00+12:45"),
    (
        "Lord Howe, autumn by half an hour",
        HOWE_NIGHT,
        "2026-04-05T00:00+11:00",
        390 * M,
        "2026-04-05T06:00+10:30",
    ),
    (
        "Lord Howe, spring by half an hour",
        HOWE_NIGHT,
        "2026-10-04T00:00+10:30",
        330 * M,
        "2026-10-04T06:00+11:00",
    ),
    (
        "Lord Howe, a long hour",
        LORD_HOWE,
        "2026-04-05T00:00+11:00",
        90 * M,
        "2026-04-05T02:00+10:30",
    ),
    (
        "Casablanca, Ramadan begins",
        CASABLANCA,
        "2026-02-15T00:00+01:00",
        7 * H,
        "2026-02-15T06:00+00:00",
    ),
    (
        "Casablanca, Ramadan has ended",
        CASABLANCA,
        "2026-03-22T00:00+00:00",
        5 * H,
        "2026-03-22T06:00+01:00",
    ),
    # Cairo changes at midnight: Friday 2026-04-24 begins at 01:00, Thursday 2026-10-29 has its last hour twice.
    ("Cairo, spring, no midnight", CAIRO, "2026-04-23T20:00+02:00", 270 * M, "2026-04-24T01:30+03:00"),
    ("Cairo, autumn, the last hour twice", CAIRO, "2026-10-29T20:00+03:00", 5 * H, "2026-10-30T00:00+02:00"),
    ("Cairo, autumn, into Friday", CAIRO, "2026-10-29T20:00+03:00", 6 * H, "2026-10-30T01:00+02:00"),
    ("Apia, over the day that never was", APIA, "2011-12-29T16:00-10:00", 2 * H, "2011-12-31T10:00+14:00"),
    # Overdue: back in time, to the first instant from which no more than that has passed.
    ("back within a day", BERLIN, "2026-06-01T11:00+02:00", -1 * H, "2026-06-01T10:00+02:00"),
    ("back over a weekend", BERLIN, "2026-06-08T09:30+02:00", -1 * H, "2026-06-05T17:30+02:00"),
    ("back to a closing time", BERLIN, "2026-06-08T10:00+02:00", -1 * H, "2026-06-05T18:00+02:00"),
    ("back from a closed day", BERLIN, "2026-06-07T12:00+02:00", -2 * H, "2026-06-05T16:00+02:00"),
    ("back over New Year's Day", BERLIN, "2027-01-04T10:00+01:00", -2 * H, "2026-12-31T17:00+01:00"),
    ("back over autumn", NIGHT, "2026-10-25T06:00+01:00", -8 * H, "2026-10-24T05:00+02:00"),
]


worked_out = pytest.mark.parametrize(
    ("hours", "start", "duration", "due"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_table_has_at_least_sixty_cases_and_each_its_own_name() -> None:
    assert len({name for name, *_ in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize(
    ("hours", "start", "duration", "due"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_business_time_ends_when_it_was_worked_out_to_end(
    hours: BusinessCalendar, start: str, duration: timedelta, due: str
) -> None:
    found = hours.add(instant(start), duration)
    assert found == instant(due)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("hours", "start", "duration", "due"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_the_time_between_is_what_was_added(
    hours: BusinessCalendar, start: str, duration: timedelta, due: str
) -> None:
    first, last = sorted((instant(start), instant(due)))
    assert hours.between(first, last) == abs(duration)


BETWEEN = [
    ("an hour at work", BERLIN, "2026-06-01T10:00+02:00", "2026-06-01T11:00+02:00", 1 * H),
    ("lunch", BERLIN, "2026-06-01T12:30+02:00", "2026-06-01T13:30+02:00", 0 * H),
    ("a night", BERLIN, "2026-06-01T18:00+02:00", "2026-06-02T09:00+02:00", 0 * H),
    ("a day, midnight to midnight", BERLIN, "2026-06-01T00:00+02:00", "2026-06-02T00:00+02:00", 8 * H),
    ("a week", BERLIN, "2026-06-01T00:00+02:00", "2026-06-08T00:00+02:00", 40 * H),
    ("a weekend", BERLIN, "2026-06-05T18:00+02:00", "2026-06-08T09:00+02:00", 0 * H),
    ("the same instant", BERLIN, "2026-06-01T10:00+02:00", "2026-06-01T10:00+02:00", 0 * H),
    ("an end before its beginning", BERLIN, "2026-06-01T11:00+02:00", "2026-06-01T10:00+02:00", 0 * H),
    # 3 hours on the 24th; the 28th to the 31st are four days of 8.
    ("Christmas to New Year", BERLIN, "2026-12-24T00:00+01:00", "2027-01-04T00:00+01:00", 35 * H),
    ("the exceptional Sunday", BERLIN, "2026-11-28T00:00+01:00", "2026-11-30T00:00+01:00", 5 * H),
    # 2026 has 261 days from Monday to Friday: 53 Thursdays, and 52 of each other day.
    ("the year 2026", PLAIN, "2026-01-01T00:00+01:00", "2027-01-01T00:00+01:00", 261 * 8 * H),
    # 521 weeks from Monday 2024-01-01 on, and the five working days from 2033-12-26.
    ("ten years", PLAIN, "2024-01-01T00:00+01:00", "2034-01-01T00:00+01:00", (521 * 5 + 5) * 8 * H),
    ("the shortest day", ALL_DAY, "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 23 * H),
    ("the longest day", ALL_DAY, "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", 25 * H),
    ("a skipped hour", SKIPPED, "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", 0 * H),
    ("a repeated hour", SKIPPED, "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", 2 * H),
]


@pytest.mark.parametrize(
    ("hours", "start", "end", "passed"), [case[1:] for case in BETWEEN], ids=[c[0] for c in BETWEEN]
)
def test_the_time_between_two_instants_is_what_was_worked_out(
    hours: BusinessCalendar, start: str, end: str, passed: timedelta
) -> None:
    assert hours.between(instant(start), instant(end)) == passed


def test_hours_are_the_days_own_where_it_has_some_and_the_weeks_elsewhere() -> None:
    assert BERLIN.spans(date(2026, 12, 24)) == (parse_span("09:00-12:00"),)
    assert BERLIN.spans(date(2026, 12, 25)) == ()
    assert BERLIN.spans(date(2026, 12, 28)) == tuple(parse_span(text) for text in HOURS)
