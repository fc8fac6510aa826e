"""iCal texts and settings for the tests of calendars."""

from __future__ import annotations

from pathlib import Path

from bot.settings import Settings, parse_settings


def ical(*events: str, head: str = "") -> str:
    """Return an iCal text; each event is its lines."""
    bodies = "".join(
        f"BEGIN:VEVENT\r\nUID:{number}\r\n{_crlf(event)}END:VEVENT\r\n" for number, event in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//tests//EN\r\n{_crlf(head)}{bodies}END:VCALENDAR\r\n"


def _crlf(lines: str) -> str:
    return "".join(f"{line}\r\n" for line in lines.splitlines())


CHRISTMAS = "SUMMARY:Christmas\nDTSTART;VALUE=DATE:20261225"
NEW_YEAR = "SUMMARY:New Year\nDTSTART;VALUE=DATE:20100101\nRRULE:FREQ=YEARLY"


def settings_with(*paths: Path, more: str = "") -> Settings:
    """Return settings with one calendar, Monday to Friday 9 to 17 in Berlin, that these files close."""
    week = ", ".join(f"{day}: ['09:00-17:00']" for day in ("mon", "tue", "wed", "thu", "fri"))
    files = ", ".join(f"'{path}'" for path in paths)
    return parse_settings(
        f"calendars:\n  office:\n    zone: Europe/Berlin\n    week: {{{week}}}\n    ical: [{files}]\n{more}"
    )
