"""The business calendars."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from bot.domain.calendar import WEEKDAYS, DaySpan, parse_day, parse_spans, read_zone
from bot.settings.section import Section
from bot.settings.values import NamedFile


def _zone(value: object) -> object:
    if not isinstance(value, str) or not value:
        raise ValueError("write the IANA name of its time zone, as in Europe/Berlin")
    return read_zone(value).key


def _spans(value: object) -> object:
    if not isinstance(value, list | tuple | None):
        right = "must be a list of spans, as in ['09:00-12:30', '13:30-18:00'], or [] for a closed day"
        raise ValueError(right)  # noqa: TRY004  # pydantic reports ValueErrors
    return value if value and isinstance(value[0], DaySpan) else parse_spans(value or ())


def _weekdays(value: object) -> object:
    for day in value if isinstance(value, dict) else ():
        if day not in WEEKDAYS:
            raise ValueError(f"{day!r} is no day of the week; write {', '.join(WEEKDAYS)}")
    return value


def _dated(value: object) -> object:
    """Write the days of a mapping in one way, so that a mistake below one is told with its line."""
    return {str(parse_day(day)): spans for day, spans in value.items()} if isinstance(value, dict) else value


def _calendar_names(value: object) -> object:
    for name in value if isinstance(value, dict) else ():
        if not isinstance(name, str) or re.fullmatch(r"[\w-]{1,60}", name) is None:
            raise ValueError(f"{name!r} is no name for a calendar; write letters, digits, '-' and '_', up to 60")
    return value


Zone = Annotated[str, BeforeValidator(_zone)]
Day = Annotated[date, BeforeValidator(parse_day)]
DaySpans = Annotated[tuple[DaySpan, ...], BeforeValidator(_spans)]


class CalendarSettings(Section):
    """When the brand's time counts. ``days`` beats ``holidays`` and ``ical``, and these beat the ``week``."""

    zone: Zone = Field(default="", validate_default=True)
    week: Annotated[Mapping[str, DaySpans], BeforeValidator(_weekdays)] = Field(default_factory=dict)
    holidays: tuple[Day, ...] = ()
    ical: tuple[NamedFile, ...] = ()
    days: Annotated[Mapping[date, DaySpans], BeforeValidator(_dated)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _opens(self) -> CalendarSettings:
        if not any(self.week.values()):
            raise ValueError("never opens; give its week at least one span, as in  week: {mon: ['09:00-17:00']}")
        return self


CalendarsByName = Annotated[Mapping[str, CalendarSettings], BeforeValidator(_calendar_names)]
