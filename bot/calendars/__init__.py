"""The settings' business calendars as values of the domain, their iCal files read and watched."""

from bot.calendars.reading import Calendars, read_calendars
from bot.calendars.watching import CalendarWatcher

__all__ = ["CalendarWatcher", "Calendars", "read_calendars"]
