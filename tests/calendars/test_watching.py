"""iCal files change while Heed runs."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from bot.calendars import CalendarWatcher, read_calendars
from tests.calendars.files import CHRISTMAS, NEW_YEAR, ical, settings_with

TODAY = date(2026, 6, 1)
DAY = date(2026, 12, 25)


class Watched:
    """One file, its watcher, and a date that a test can move."""

    def __init__(self, folder: Path, *, kept: Path | None) -> None:
        self.path = folder / "holidays.ics"
        self.today = TODAY
        self._at = 0
        self.save(ical(CHRISTMAS))
        settings = settings_with(self.path)
        first = read_calendars(settings, kept, today=TODAY)
        self.watcher = CalendarWatcher(settings, kept, current=first, today=lambda: self.today)
        self.first = first.by_name

    def save(self, text: str) -> None:
        self._at += 1
        self.path.write_text(text, encoding="utf-8")
        os.utime(self.path, ns=(self._at, self._at))


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path, kept=tmp_path / "kept")


def test_nothing_is_new_while_nothing_changes(watched: Watched) -> None:
    assert watched.watcher.check() is None
    watched.save(ical(CHRISTMAS))
    assert watched.watcher.check() is None
    assert watched.watcher.current == watched.first
    assert watched.watcher.problem is None


def test_a_sound_change_is_taken_over_once(watched: Watched) -> None:
    watched.save(ical("DTSTART;VALUE=DATE:20261228"))
    new = watched.watcher.check()
    assert new is not None
    assert new["office"].id != watched.first["office"].id
    assert new["office"].spans(DAY) != ()
    assert watched.watcher.current is new
    assert watched.watcher.check() is None


def test_a_change_that_closes_nothing_new_is_no_change(watched: Watched) -> None:
    watched.save(ical(CHRISTMAS, "SUMMARY:a Sunday\nDTSTART;VALUE=DATE:20261227"))
    assert watched.watcher.check() is None


@pytest.mark.parametrize("keeps_copies", [True, False])
def test_a_broken_file_changes_nothing_and_is_told_until_it_is_put_right(
    tmp_path: Path, keeps_copies: bool
) -> None:
    watched = Watched(tmp_path, kept=tmp_path / "kept" if keeps_copies else None)
    watched.save(ical(CHRISTMAS)[:60])
    assert watched.watcher.check() is None
    assert watched.watcher.current == watched.first
    assert watched.watcher.problem is not None
    assert f"{watched.path}: it breaks off" in watched.watcher.problem
    assert watched.watcher.check() is None
    assert watched.watcher.problem is not None
    watched.save(ical(CHRISTMAS))
    assert watched.watcher.check() is None
    assert watched.watcher.problem is None


def test_a_file_that_vanishes_changes_nothing_and_is_told(watched: Watched) -> None:
    watched.path.unlink()
    assert watched.watcher.check() is None
    assert "cannot be read: No such file" in (watched.watcher.problem or "")
    watched.save(ical(NEW_YEAR))
    assert watched.watcher.check() is not None
    assert watched.watcher.problem is None


def test_a_file_that_closes_every_day_changes_nothing_and_is_told(watched: Watched) -> None:
    watched.save(ical("DTSTART;VALUE=DATE:20200101\nRRULE:FREQ=DAILY"))
    assert watched.watcher.check() is None
    assert watched.watcher.current == watched.first
    assert "calendars.office: does not open once" in (watched.watcher.problem or "")


def test_what_was_wrong_at_the_start_is_told_from_the_start(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    watched = Watched(tmp_path, kept=kept)
    watched.path.unlink()
    settings = settings_with(watched.path)
    again = CalendarWatcher(
        settings, kept, current=read_calendars(settings, kept, today=TODAY), today=lambda: TODAY
    )
    assert "cannot be read" in (again.problem or "")


def test_a_new_year_looks_a_year_further(watched: Watched) -> None:
    watched.save(ical(NEW_YEAR))
    watched.watcher.check()
    watched.today = date(2026, 12, 31)
    assert watched.watcher.check() is None
    watched.today = date(2027, 1, 1)
    new = watched.watcher.check()
    assert new is not None
    assert max(new["office"].days) == date(2032, 1, 1)


def test_what_could_not_be_adopted_is_told_again(watched: Watched) -> None:
    watched.save(ical(NEW_YEAR))
    new = watched.watcher.check()
    watched.watcher.forget()
    assert watched.watcher.check() is new
    assert watched.watcher.check() is None


def test_a_file_saved_while_it_is_read_is_read_again(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    read, saves = Path.read_bytes, [ical("DTSTART;VALUE=DATE:20261228")]

    def read_and_save(path: Path) -> bytes:
        content = read(path)
        if path == watched.path and saves:
            watched.save(saves.pop())
        return content

    monkeypatch.setattr(Path, "read_bytes", read_and_save)
    assert watched.watcher.check() is None
    new = watched.watcher.check()
    assert new is not None
    assert date(2026, 12, 28) in new["office"].days


def test_without_files_the_watcher_has_nothing_to_tell() -> None:
    settings = settings_with()
    watcher = CalendarWatcher(
        settings, None, current=read_calendars(settings, None, today=TODAY), today=lambda: TODAY
    )
    assert watcher.check() is None
    assert watcher.problem is None
