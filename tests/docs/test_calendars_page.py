"""The calendars page shows settings that are read, and due times that come true."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.calendars import read_calendars
from bot.settings import CalendarSettings, parse_duration, parse_settings

PAGE = (Path(__file__).parents[2] / "docs" / "calendars.md").read_text(encoding="utf-8")
[EXAMPLE] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
DUE = re.findall(r"^\| (2026-[\d -]+:\d\d) \| ([\d.]+h) \| (2026-[\d -]+:\d\d) \|$", PAGE, re.MULTILINE)


def test_every_key_of_a_calendar_stands_on_the_page_and_no_other() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == list(CalendarSettings.model_fields)


@pytest.mark.parametrize(("start", "duration", "due"), DUE)
def test_what_the_page_says_is_due_then_is_due_then(start: str, duration: str, due: str) -> None:
    settings = parse_settings(EXAMPLE)
    office = read_calendars(settings, None, today=date(2026, 6, 1)).by_name[settings.calendar or ""]
    zone = ZoneInfo(office.zone)
    begun, expected = (datetime.fromisoformat(text).replace(tzinfo=zone) for text in (start, due))
    assert office.add(begun, parse_duration(duration)) == expected


def test_the_page_shows_due_times() -> None:
    assert len(DUE) == 7
