"""A mistake in a calendar's settings is refused with its line, its value and what would be right."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.domain.calendar import parse_span
from bot.errors import SettingsError
from bot.settings import parse_settings

HEAD = "calendars:\n  office:\n    zone: Europe/Berlin\n    week:\n      mon: [09:00-12:30, '13:30 - 18:00']\n"
DAYS = "mon, tue, wed, thu, fri, sat, sun"


def test_a_calendar_is_read_as_it_is_written() -> None:
    text = (
        f"{HEAD}      tue: []\n      wed:\n    holidays: [2026-12-25, '2026-12-26']\n    ical: [holidays.ics]\n"
        "    days:\n      2026-12-24: [09:00-12:00]\n      2026-12-31: []\ncalendar: office\n"
    )
    settings = parse_settings(text)
    office = settings.calendars["office"]
    assert settings.calendar == "office"
    assert office.zone == "Europe/Berlin"
    assert office.week == {"mon": (parse_span("09:00-12:30"), parse_span("13:30-18:00")), "tue": (), "wed": ()}
    assert office.holidays == (date(2026, 12, 25), date(2026, 12, 26))
    assert office.ical == (Path("holidays.ics"),)
    assert office.days == {date(2026, 12, 24): (parse_span("09:00-12:00"),), date(2026, 12, 31): ()}


def test_without_calendars_clocks_run_day_and_night() -> None:
    assert parse_settings("").calendars == {}
    assert parse_settings("").calendar is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            HEAD + "      tue: [09:00-12:00, 11:00-13:00]",
            "config.yaml:6: 'calendars.office.week.tue': '09:00-12:00' and '11:00-13:00' overlap; ",
        ),
        (
            HEAD + "      tue: [18:00-09:00]",
            "config.yaml:6: 'calendars.office.week.tue': '18:00-09:00' ends before",
        ),
        (HEAD + "      tue: [12:00]", "config.yaml:6: 'calendars.office.week.tue': 720 is no span; write when"),
        (HEAD + "      tue: 9-17", "config.yaml:6: 'calendars.office.week.tue': must be a list of spans, as in ["),
        (
            HEAD + "      mo: []",
            f"config.yaml:4: 'calendars.office.week': 'mo' is no day of the week; write {DAYS}",
        ),
        (
            HEAD + "      on: []",
            f"config.yaml:4: 'calendars.office.week': True is no day of the week; write {DAYS}",
        ),
        (
            HEAD + "    holidays:\n    - 2026-12-25\n    - 2026-02-30",
            "config.yaml:6: 'calendars.office.holidays.1': '2026-02-30' is no date; write year, month and day",
        ),
        (
            HEAD + "    holidays: [25.12.2026]",
            "config.yaml:6: 'calendars.office.holidays.0': '25.12.2026' is no date; write year, month and day",
        ),
        (HEAD + "    days: {2026-13-01: []}", "config.yaml:6: 'calendars.office.days': '2026-13-01' is no date; "),
        (
            HEAD + "    days:\n      2026-12-24: []\n      2026-12-31: [9:00-8:00]",
            "config.yaml:8: 'calendars.office.days.2026-12-31': '9:00-8:00' ends before it begins; ",
        ),
        (
            HEAD + "    days: [2026-12-24]",
            "config.yaml:6: 'calendars.office.days': must be settings by name (found",
        ),
        (HEAD + "    ical: ['']", "config.yaml:6: 'calendars.office.ical.0': names no file"),
        (
            HEAD.replace("Berlin", "Berlni"),
            "config.yaml:3: 'calendars.office.zone': 'Europe/Berlni' is no time zone; did you mean 'Europe/Berlin",
        ),
        (
            HEAD.replace("zone", "zon"),
            "config.yaml:2: 'calendars.office.zone': write the IANA name of its time zone",
        ),
        (
            "calendars: {office: {zone: UTC, week: {mon: []}}}",
            "config.yaml:1: 'calendars.office': never opens; give its week at least one span",
        ),
        ("calendars: {office: {zone: UTC}}", "config.yaml:1: 'calendars.office': never opens; give its week"),
        ("calendars: {a@b: {}}", "config.yaml:1: 'calendars': 'a@b' is no name for a calendar; write letters"),
        ("calendars: [office]", "config.yaml:1: 'calendars': must be settings by name (found ['office'])"),
        (
            HEAD + "calendar: offic",
            "config.yaml:6: 'calendar': there is no such calendar under 'calendars'; known are office",
        ),
        (
            "calendar: office",
            "config.yaml:1: 'calendar': there is no such calendar under 'calendars'; known are none",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_would_be_right(text: str, told: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse_settings(text)
    assert str(raised.value).startswith(told)


def test_an_unknown_setting_of_a_calendar_is_told_with_the_nearest_that_is_known() -> None:
    with pytest.raises(SettingsError, match=r"'calendars\.office\.holiday'; did you mean 'holidays'"):
        parse_settings(f"{HEAD}    holiday: []")
