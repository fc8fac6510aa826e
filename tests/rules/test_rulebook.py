"""From settings to rules: what contradicts itself is refused with both names; files may change while Heed runs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.calendars import read_calendars
from bot.domain.log import LogKind
from bot.domain.sla import Metric
from bot.engine.board import NoticeBoard
from bot.errors import SettingsError
from bot.rulebook import Hours, rules_of
from bot.settings import Settings, parse_settings
from bot.stores.sqlite import SqliteStore

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)

OFFICE = """
calendars:
  office: {zone: Europe/Berlin, week: {mon: ["09:00-17:00"], tue: ["09:00-17:00"]}, ical: [HOLIDAYS]}
calendar: office
"""

FEAST = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//heed//test//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20260302
SUMMARY:Feast
END:VEVENT
END:VCALENDAR
"""


class Standing:
    """A time that stands still."""

    def now(self) -> datetime:
        return NOW

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        raise NotImplementedError


def settings_of(policies: str) -> Settings:
    return parse_settings(policies)


def test_two_policies_that_match_equally_are_refused_with_both_names() -> None:
    settings = settings_of(
        "policies:\n"
        "  - {name: loud, when: {label: complaint}, targets: {first_reply_time: 5m}}\n"
        "  - {name: room, when: {channel: discord}, targets: {first_reply_time: 9m}}\n"
    )
    with pytest.raises(SettingsError, match=r"'loud' \(label: complaint\) and 'room' \(channel: discord\)"):
        rules_of(settings, named={})


def test_a_third_policy_for_what_both_match_settles_it() -> None:
    settings = settings_of(
        "policies:\n"
        "  - {name: loud, when: {label: complaint}}\n"
        "  - {name: room, when: {channel: discord}}\n"
        "  - {name: loud room, when: {channel: discord, label: complaint}}\n"
    )
    assert len(rules_of(settings, named={}).policies) == 4


def test_a_policy_that_names_no_criterion_is_told_where_it_belongs() -> None:
    with pytest.raises(SettingsError, match="stands under 'policy'"):
        settings_of("policies: [{name: all, when: {}}]")


def test_a_name_that_stands_there_twice_is_refused() -> None:
    settings = settings_of("policies: [{name: standard, when: {label: praise}}]")
    with pytest.raises(SettingsError, match="'standard' stands there twice"):
        rules_of(settings, named={})


def test_a_calendar_that_is_not_there_is_named_with_the_policy_that_wants_it() -> None:
    settings = settings_of("policy: {calendar: ofice}")
    with pytest.raises(SettingsError, match="policy 'standard': there is no calendar 'ofice'"):
        rules_of(settings, named={})


@pytest.mark.parametrize("wrong", ["0", "1", "1.2", "true", "[0.5, 2]", "soon"])
def test_a_warning_share_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(SettingsError, match="no share of a target"):
        settings_of(f"policy: {{warn_at: {wrong}}}")


def test_warnings_are_given_in_the_order_of_their_shares() -> None:
    [policy] = rules_of(settings_of("policy: {warn_at: [0.9, 0.5]}"), named={}).policies
    assert policy.shares == (0.5, 0.9)


async def test_a_calendars_file_that_changes_counts_for_new_clocks_and_the_old_one_is_kept(tmp_path) -> None:
    file = tmp_path / "holidays.ics"
    file.write_text(FEAST)
    settings = settings_of(OFFICE.replace("HOLIDAYS", str(file)) + f"store: {{path: {tmp_path / 'heed.sqlite'}}}")
    store = await SqliteStore.open(tmp_path / "heed.sqlite")
    board = NoticeBoard()
    try:
        hours = await Hours.open(settings, store=store, board=board, time=Standing())
        before = hours.book.rules
        await hours.refresh()
        assert hours.book.rules is before

        file.write_text(FEAST.replace("20260302", "20260303"))
        await hours.refresh()
        after = hours.book.rules
        assert after.calendar != before.calendar
        assert before.calendar in after.calendars  # clocks that run by it go on
        hour = timedelta(hours=1)
        assert before.calendar_of(before.calendar).add(NOW, hour) == datetime(2026, 3, 3, 9, tzinfo=UTC)
        assert after.calendar_of(after.calendar).add(NOW, hour) == NOW + hour

        file.write_text("no calendar at all")
        await hours.refresh()
        assert hours.book.rules is after
        assert any(str(file) in sentence for sentence in board.sentences())

        again = await Hours.open(settings, store=store, board=board, time=Standing())
        assert before.calendar in again.book.rules.calendars
        kept = [record for record in await store.changes(0, 100) if record.kind == LogKind.CALENDAR_KEPT]
        assert {record.fields["calendar"] for record in kept} == {before.calendar, after.calendar}
    finally:
        await store.close()


def test_a_target_longer_than_a_calendar_can_count_is_refused_at_start(tmp_path) -> None:
    settings = settings_of(
        "calendars: {rare: {zone: Europe/Berlin, week: {mon: ['09:00-09:01']}}}\n"
        f"policy: {{calendar: rare, targets: {{{Metric.RESOLUTION}: 30d}}}}\n"
    )
    named = read_calendars(settings, None, today=NOW.date()).by_name
    with pytest.raises(SettingsError, match="policy 'standard', resolution_time"):
        rules_of(settings, named=named)
