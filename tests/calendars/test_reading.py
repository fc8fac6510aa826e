"""From settings and files to calendars: what beats what, and what counts when a file is broken."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.calendars import Calendars, read_calendars
from bot.calendars.reading import copy_of
from bot.errors import SettingsError
from bot.settings import Settings
from tests.calendars.files import CHRISTMAS, NEW_YEAR, ical, settings_with

TODAY = date(2026, 6, 1)


def hours(found: Calendars, *days: str) -> list[list[str]]:
    return [[str(span) for span in found.by_name["office"].spans(date.fromisoformat(day))] for day in days]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def saved(tmp_path: Path, *events: str) -> Path:
    path = tmp_path / "holidays.ics"
    path.write_text(ical(*events), encoding="utf-8")
    return path


def read(settings: Settings, kept: Path | None, today: date = TODAY) -> Calendars:
    return read_calendars(settings, kept, today=today)


def test_without_calendars_there_are_none_and_nothing_is_written(kept: Path) -> None:
    assert read(Settings(), kept) == Calendars()
    assert not kept.exists()


def test_a_calendar_has_its_name_and_the_weeks_hours(kept: Path) -> None:
    found = read(settings_with(), kept)
    assert found.by_name["office"].id.startswith("office@")
    assert hours(found, "2026-06-01", "2026-06-06") == [["09:00-17:00"], []]


def test_days_beat_holidays_and_files_and_these_beat_the_week(tmp_path: Path, kept: Path) -> None:
    path = saved(tmp_path, CHRISTMAS, "DTSTART;VALUE=DATE:20261224", "DTSTART:20261223T120000\nDURATION:PT1H")
    more = (
        "    holidays: [2026-12-28, 2026-12-29]\n"
        "    days: {2026-12-24: ['09:00-12:00'], 2026-12-29: ['10:00-11:00'], 2026-12-27: ['12:00-17:00']}\n"
    )
    found = read(settings_with(path, more=more), kept)
    assert hours(found, "2026-12-23", "2026-12-24", "2026-12-25") == [
        ["09:00-12:00", "13:00-17:00"],
        ["09:00-12:00"],
        [],
    ]
    assert hours(found, "2026-12-27", "2026-12-28", "2026-12-29", "2026-12-30") == [
        ["12:00-17:00"],
        [],
        ["10:00-11:00"],
        ["09:00-17:00"],
    ]


@pytest.mark.parametrize(
    ("event", "left"),
    [
        ("DTSTART:20261223T080000\nDTEND:20261223T090000", ["09:00-17:00"]),
        ("DTSTART:20261223T080000\nDTEND:20261223T100000", ["10:00-17:00"]),
        ("DTSTART:20261223T110000\nDTEND:20261223T111500", ["09:00-11:00", "11:15-17:00"]),
        ("DTSTART:20261223T160000\nDTEND:20261223T200000", ["09:00-16:00"]),
        ("DTSTART:20261223T090000\nDTEND:20261223T170000", []),
        ("DTSTART:20261222T120000\nDTEND:20261223T120000", ["12:00-17:00"]),
        ("DTSTART:20261223T120000\nDTEND:20261224T120000", ["09:00-12:00"]),
        ("DTSTART:20261221T120000\nDTEND:20261228T120000", []),
        ("DTSTART:20261224T000000\nDTEND:20261225T000000", ["09:00-17:00"]),
    ],
)
def test_an_event_with_a_time_cuts_it_out_of_the_day(
    event: str, left: list[str], tmp_path: Path, kept: Path
) -> None:
    assert hours(read(settings_with(saved(tmp_path, event)), kept), "2026-12-23") == [left]


def test_events_of_two_files_add_up(tmp_path: Path, kept: Path) -> None:
    one = saved(tmp_path, "DTSTART:20261223T090000\nDURATION:PT1H")
    other = tmp_path / "more.ics"
    other.write_text(ical("DTSTART:20261223T160000\nDURATION:PT1H"), encoding="utf-8")
    assert hours(read(settings_with(one, other), kept), "2026-12-23") == [["10:00-16:00"]]


def test_repeating_events_are_looked_up_five_years_around_this_one(tmp_path: Path, kept: Path) -> None:
    found = read(settings_with(saved(tmp_path, NEW_YEAR)), kept)
    closed = {day.year for day, spans in found.by_name["office"].days.items() if spans == ()}
    # A New Year's Day at the weekend takes nothing away.
    assert closed == {year for year in range(2021, 2032) if date(year, 1, 1).weekday() < 5}


def test_the_calendar_stays_the_same_all_year(tmp_path: Path, kept: Path) -> None:
    settings = settings_with(saved(tmp_path, NEW_YEAR))
    first, last = (read(settings, kept, day) for day in (date(2026, 1, 1), date(2026, 12, 31)))
    assert first.by_name["office"].id == last.by_name["office"].id


def test_a_clock_counts_around_what_a_file_closes(tmp_path: Path, kept: Path) -> None:
    office = read(settings_with(saved(tmp_path, CHRISTMAS)), kept).by_name["office"]
    evening = datetime(2026, 12, 24, 15, 30, tzinfo=UTC)
    assert office.add(evening, timedelta(hours=1)) == datetime(2026, 12, 28, 8, 30, tzinfo=UTC)


BROKEN = {
    "broken off": lambda path: path.write_text(ical(CHRISTMAS)[:60]),
    "emptied": lambda path: path.write_bytes(b""),
    "not UTF-8": lambda path: path.write_bytes(b"\xff\xfe"),
    "gone": Path.unlink,
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("break_it", BROKEN.values(), ids=BROKEN)
def test_the_last_good_copy_of_a_broken_file_counts_and_that_is_told(break_it, tmp_path: Path, kept: Path) -> None:
    path = saved(tmp_path, CHRISTMAS)
    settings = settings_with(path)
    good = read(settings, kept)
    assert good.problems == ()
    os.utime(copy_of(path, kept), (1_780_300_800, 1_780_300_800))
    break_it(path)
    found = read(settings, kept)
    assert found.by_name == good.by_name
    [problem] = found.problems
    assert problem.startswith(f"{path}: ")
    assert problem.endswith("; until it is put right, its copy of 2026-06-01 08:00 UTC counts")


@pytest.mark.parametrize("break_it", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_without_a_good_copy_is_refused(break_it, tmp_path: Path, kept: Path) -> None:
    path = saved(tmp_path, CHRISTMAS)
    break_it(path)
    with pytest.raises(SettingsError) as raised:
        read(settings_with(path), kept)
    assert str(raised.value).startswith(f"calendars.office.ical: {path}: ")
    assert str(raised.value).endswith("; put the file right or take it off the list")
    assert not kept.exists()


def test_a_missing_file_is_told_as_missing(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none.ics: cannot be read: No such file or directory; put the file"):
        read(settings_with(tmp_path / "none.ics"), None)


def test_without_a_folder_for_copies_none_is_used_or_kept(tmp_path: Path, kept: Path) -> None:
    path = saved(tmp_path, CHRISTMAS)
    read(settings_with(path), None)
    assert [entry.name for entry in tmp_path.iterdir()] == ["holidays.ics"]
    read(settings_with(path), kept)
    path.unlink()
    with pytest.raises(SettingsError):
        read(settings_with(path), None)


def test_a_broken_copy_does_not_hide_what_is_wrong_with_the_file(tmp_path: Path, kept: Path) -> None:
    path = saved(tmp_path, CHRISTMAS)
    read(settings_with(path), kept)
    copy_of(path, kept).write_bytes(b"")
    path.write_text(ical(CHRISTMAS)[:60])
    with pytest.raises(SettingsError, match="it breaks off"):
        read(settings_with(path), kept)


def test_a_new_good_file_replaces_the_copy(tmp_path: Path, kept: Path) -> None:
    path = saved(tmp_path, CHRISTMAS)
    settings = settings_with(path)
    read(settings, kept)
    saved(tmp_path, "DTSTART;VALUE=DATE:20261228")
    later = read(settings, kept)
    path.unlink()
    assert read(settings, kept).by_name == later.by_name
    assert len(list(kept.iterdir())) == 1


def test_two_files_of_one_name_have_a_copy_each(tmp_path: Path, kept: Path) -> None:
    paths = []
    for folder, event in (("a", CHRISTMAS), ("b", NEW_YEAR)):
        (tmp_path / folder).mkdir()
        paths.append(saved(tmp_path / folder, event))
    settings = settings_with(*paths)
    good = read(settings, kept)
    for path in paths:
        path.unlink()
    found = read(settings, kept)
    assert found.by_name == good.by_name
    assert len(found.problems) == 2


def test_a_copy_that_cannot_be_kept_is_told_and_stops_nothing(tmp_path: Path, kept: Path) -> None:
    kept.write_text("a file where the folder should be")
    path = saved(tmp_path, CHRISTMAS)
    found = read(settings_with(path), kept)
    assert hours(found, "2026-12-25") == [[]]
    [problem] = found.problems
    assert problem.startswith(f"{kept}: no copy of {path} can be kept there: ")


def test_a_file_that_closes_every_day_is_refused_with_the_calendars_name(tmp_path: Path, kept: Path) -> None:
    path = saved(tmp_path, "DTSTART;VALUE=DATE:20200101\nRRULE:FREQ=DAILY")
    with pytest.raises(SettingsError) as raised:
        read(settings_with(path), kept)
    assert str(raised.value).startswith(
        "calendars.office: does not open once in the two years from 2026-06-01; its holidays and iCal files"
    )
    assert not kept.exists()
