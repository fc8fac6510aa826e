"""What iCal files close, and what is said about those that are broken."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.calendars.ical import MOST_BYTES, read_ical
from tests.calendars.files import CHRISTMAS, NEW_YEAR, ical

BERLIN = ZoneInfo("Europe/Berlin")
YEARS = range(2021, 2032)


def closed(text: str | bytes, zone: ZoneInfo = BERLIN) -> list[str]:
    """Return each closure as ``start/end`` on the wall clock."""
    content = text if isinstance(text, bytes) else text.encode()
    closures = read_ical(content, zone=zone, years=YEARS)
    return [f"{one.start:%Y-%m-%d %H:%M}/{one.end:%Y-%m-%d %H:%M}" for one in closures]


DAY = ["2026-12-25 00:00/2026-12-26 00:00"]
NOON = ["2026-12-25 10:00/2026-12-25 12:00"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ical(CHRISTMAS), DAY),
        (ical(CHRISTMAS).replace("\r\n", "\n"), DAY),
        ("\ufeff" + ical(CHRISTMAS), DAY),
        (ical("DTSTART:20261225"), DAY),
        (ical("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225"), DAY),
        (ical("DTSTART;VALUE=DATE:20261225\nDURATION:P1D"), DAY),
        (ical("DTST\n ART;VALUE=DA\n TE:20261225\nSUMMARY:a name that is fol\n ded"), DAY),
        (ical("DTSTART;VALUE=DATE:20261225\nTRANSP:TRANSPARENT"), DAY),
        (ical("DTSTART;VALUE=DATE:20261225\nGEO:nowhere"), DAY),
        (ical("DTSTART;VALUE=DATE:20261225\nSTATUS:CANCELLED"), []),
        (ical(), []),
        (ical(CHRISTMAS).replace("VEVENT", "VTODO"), []),
        (ical("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20270102"), ["2026-12-24 00:00/2027-01-02 00:00"]),
        (ical("DTSTART:20261225T100000\nDTEND:20261225T120000"), NOON),
        (ical("DTSTART:20261225T090000Z\nDURATION:PT2H"), NOON),
        (ical("DTSTART;TZID=Europe/Berlin:20261225T100000\nDURATION:PT2H"), NOON),
        (ical("DTSTART;TZID=America/New_York:20261225T040000\nDURATION:PT2H"), NOON),
        (ical("DTSTART;TZID=W. Europe Standard Time:20261225T100000\nDURATION:PT2H"), NOON),
        (ical("DTSTART:20261225T100059\nDTEND:20261225T115901"), NOON),
        (ical("DTSTART:20261225T100000"), []),
        (ical("DTSTART:20261224T160000\nDTEND:20261226T093000"), ["2026-12-24 16:00/2026-12-26 09:30"]),
        (ical("DTSTART;VALUE=DATE:20101225"), []),
        (ical("DTSTART;VALUE=DATE:20201225\nDTEND;VALUE=DATE:20210103"), ["2021-01-01 00:00/2021-01-03 00:00"]),
    ],
)
def test_an_event_closes_the_time_it_takes(text: str, expected: list[str]) -> None:
    assert closed(text) == expected


def test_an_all_day_event_closes_the_day_in_the_calendars_own_zone() -> None:
    assert closed(ical(CHRISTMAS), ZoneInfo("Asia/Kathmandu")) == DAY
    assert closed(ical("DTSTART:20261225T100000Z\nDURATION:PT1H"), ZoneInfo("Asia/Kathmandu")) == [
        "2026-12-25 15:45/2026-12-25 16:45"
    ]


def test_an_event_every_year_closes_its_day_in_each_year_looked_at() -> None:
    assert [text[:10] for text in closed(ical(NEW_YEAR))] == [f"{year}-01-01" for year in YEARS]


def test_repetitions_leave_out_what_is_excepted_and_move_what_is_moved() -> None:
    weekly = "DTSTART:20260105T120000\nDTEND:20260105T130000\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE:20260112T120000"
    moved = "RECURRENCE-ID:20260119T120000\nDTSTART:20260119T140000\nDTEND:20260119T150000"
    text = ical(weekly, moved).replace("UID:1", "UID:0")
    assert closed(text) == ["2026-01-05 12:00/2026-01-05 13:00", "2026-01-19 14:00/2026-01-19 15:00"]


def test_a_weekly_meeting_keeps_its_local_time_when_the_clocks_change() -> None:
    weekly = "DTSTART;TZID=Europe/Berlin:20260325T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=2"
    assert [text[11:16] for text in closed(ical(weekly))] == ["10:00", "10:00"]


def test_an_event_within_the_repeated_hour_closes_that_time_both_times() -> None:
    assert closed(ical("DTSTART:20261025T005000Z\nDTEND:20261025T011000Z")) == [
        "2026-10-25 02:10/2026-10-25 02:50"
    ]


def test_a_zone_that_the_file_describes_itself_counts() -> None:
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
        "TZOFFSETFROM:+0300\nTZOFFSETTO:+0300\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    assert closed(ical("DTSTART;TZID=Ours:20261225T120000\nDURATION:PT2H", head=zone)) == NOON


def test_a_file_may_hold_several_calendars() -> None:
    assert closed(ical(CHRISTMAS) + ical("DTSTART;VALUE=DATE:20261226")) == [
        *DAY,
        "2026-12-26 00:00/2026-12-27 00:00",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it holds no calendar; an iCal file begins with BEGIN:VCALENDAR"),
        ("<html><body>Not found</body></html>", "it holds no calendar; an iCal file begins with BEGIN:VCALENDAR"),
        (b"\xff\xfeB\x00E\x00", "it is not UTF-8 (byte 0); save it as UTF-8"),
        (ical("SUMMARY:No\u00ebl\nDTSTART:20261225").encode("latin-1"), "it is not UTF-8 (byte"),
        (b" " * (MOST_BYTES + 1), "it has 4,194,305 bytes; a calendar has at most 4,194,304"),
        (ical(CHRISTMAS)[:-20], "it breaks off: END:VCALENDAR is missing"),
        (ical(CHRISTMAS)[:70], "it breaks off: END:VCALENDAR is missing"),
        (ical(CHRISTMAS).replace("END:VEVENT\r\n", ""), "it breaks off: END:VCALENDAR is missing"),
        (ical(CHRISTMAS) + "rubbish", "it is no iCal file: "),
        (ical(CHRISTMAS + "\nrubbish"), "the event 'Christmas': "),
        (ical("SUMMARY:X"), "the event 'X' has no beginning (DTSTART)"),
        (ical("SUMMARY:X\nDTSTART;VALUE=DATE:20261332"), "the event 'X': "),
        (ical("DTSTART:tomorrow"), "the event '0': "),
        (ical("DTSTART:20261225\nDTSTART:20261226"), "the event '0' has a DTSTART that is no date"),
        (ical("DTSTART:20261225\nDTEND:20261224"), "the event '0' ends before it begins (DTEND)"),
        (ical("DTSTART:20261225T100000Z\nDTEND:20261225T090000"), "the event '0' ends before it begins (DTEND)"),
        (
            ical("DTSTART;TZID=Nowhere/Else:20261225T100000\nDURATION:PT2H"),
            "the event '0' has a DTSTART in the unknown time zone 'Nowhere/Else'",
        ),
        (ical("DTSTART:20261225\nRRULE:FREQ=SOMETIMES"), "the event '0': "),
        (ical("DTSTART:20261225\nRRULE:every year"), "the event '0' does not repeat by days"),
        (ical("DTSTART:20261225T100000Z\nRRULE:FREQ=SECONDLY"), "the event '0' does not repeat by days"),
        (ical("DTSTART:20261225T100000Z\nRRULE:FREQ=DAILY;BYSECOND=1,2"), "the event '0' does not repeat by days"),
        (ical("DTSTART:20261225\nRRULE:FREQ=YEARLY\nEXDATE:never"), "the event '0': "),
        (ical(CHRISTMAS, head="CALSCALE:HEBREW"), "its events cannot be expanded: Only Gregorian calendars"),
    ],
)
def test_a_broken_file_is_refused_with_its_reason(text: str | bytes, told: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011  # the text is compared
        closed(text)
    assert str(raised.value).startswith(told)


def test_the_result_is_in_order() -> None:
    starts = [one.start for one in read_ical(ical(NEW_YEAR, CHRISTMAS).encode(), zone=BERLIN, years=YEARS)]
    assert starts == sorted(starts)
    assert datetime(2026, 12, 25) in starts  # noqa: DTZ001  # on the wall clock
