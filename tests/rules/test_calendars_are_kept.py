"""A calendar stands in the store and in the log before any clock names it, and goes where the store goes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.calendar import BusinessCalendar, DaySpan
from bot.domain.log import LogKind
from bot.engine.board import NoticeBoard
from bot.engine.time import VirtualTime
from bot.errors import StoreUnavailable
from bot.figures import Question
from bot.reports.read_database import ReportDatabase
from bot.reports.service import ReportService
from bot.rulebook import Hours
from bot.settings import Settings, parse_settings
from bot.stores.sqlite import SqliteStore, restore_file
from bot.wiring import join
from tests.rules.test_rulebook import FEAST, OFFICE
from tests.scenarios.world import T0, ScriptedAssessor, ScriptedPlatform, World

HOUR = timedelta(hours=1)
COMPLAINT = "complaint it broke"


@pytest.fixture
def holidays(tmp_path: Path) -> Path:
    """Return the iCal file that the office's calendar reads: far from today, a feast."""
    file = tmp_path / "holidays.ics"
    file.write_text(FEAST.replace("20260302", "20261225"))
    return file


@pytest.fixture
def settings(tmp_path: Path, holidays: Path) -> Settings:
    return parse_settings(
        OFFICE.replace("HOLIDAYS", str(holidays)) + f"store: {{path: {tmp_path / 'heed.sqlite'}}}\n"
        "brand: {variables: {website: a.example, hours: 9 to 5, email: a@a.example, phone: '1'}}\n"
    )


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime(T0)


@pytest.fixture
async def store(settings: Settings, time: VirtualTime) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(settings.store.path, present=time.now)
    yield store
    await store.close()


@pytest.fixture
async def hours(settings: Settings, store: SqliteStore, time: VirtualTime) -> Hours:
    return await Hours.open(settings, store=store, board=NoticeBoard(), time=time)


@pytest.fixture
def here(settings: Settings, store: SqliteStore, hours: Hours, time: VirtualTime) -> World:
    """Return a Heed that counts by the office's calendar, whose file may change."""
    model, platform = ScriptedAssessor(), ScriptedPlatform(time)
    heed = join(settings, store=store, assessor=model, channels=[platform], time=time, hours=hours)
    return World(heed, time, model, platform)


def declare_a_feast(holidays: Path) -> None:
    holidays.write_text(FEAST)


async def test_the_log_has_each_calendar_before_the_first_clock_that_names_it(
    here: World, hours: Hours, store: SqliteStore, holidays: Path
) -> None:
    await here.writes(COMPLAINT, who="v1")
    declare_a_feast(holidays)
    await hours.refresh()
    await here.writes(COMPLAINT, who="v2")
    kept: set[object] = set()
    named: list[object] = []
    for record in await store.changes(0, 1000):
        if record.kind == LogKind.CALENDAR_KEPT:
            kept.add(record.fields["calendar"])
        elif calendar := record.fields.get("calendar"):
            assert calendar in kept
            named.append(calendar)
    assert len(set(named)) == len(kept) == 2


async def test_while_a_new_calendar_is_being_kept_clocks_count_by_the_old_one(
    here: World, hours: Hours, store: SqliteStore, holidays: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, keep = hours.book.rules.calendar, store.keep_calendar
    in_between: list[str] = []

    async def kept(*given: object, **more: object) -> None:
        in_between.append(hours.book.rules.calendar)
        await keep(*given, **more)  # type: ignore[arg-type]  # passed on as they came
        in_between.append(hours.book.rules.calendar)

    monkeypatch.setattr(store, "keep_calendar", kept)
    declare_a_feast(holidays)
    await hours.refresh()
    assert in_between == [before, before]
    assert hours.book.rules.calendar != before


async def test_a_calendar_that_cannot_be_kept_is_adopted_by_nobody_and_tried_again(
    here: World, hours: Hours, store: SqliteStore, holidays: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = hours.book.rules

    async def locked(*_given: object, **_more: object) -> None:
        raise StoreUnavailable("locked")

    declare_a_feast(holidays)
    with monkeypatch.context() as patched:
        patched.setattr(store, "keep_calendar", locked)
        with pytest.raises(StoreUnavailable):
            await hours.refresh()
    assert hours.book.rules is before
    await hours.refresh()
    assert hours.book.rules.calendar != before.calendar
    assert hours.book.rules.calendar in await store.calendars()


async def test_a_restored_copy_has_all_calendars_its_clocks_and_figures_count_by(
    here: World, hours: Hours, settings: Settings, store: SqliteStore, holidays: Path, tmp_path: Path
) -> None:
    await here.writes(COMPLAINT, who="v1")
    declare_a_feast(holidays)
    await hours.refresh()
    conversation = await here.writes(COMPLAINT, who="v2")
    kept = await store.calendars()
    here.time.move(30 * HOUR)
    before = await _values(store, here.time)

    await store.backup(tmp_path / "copy.db")
    await store.close()
    restore_file(tmp_path / "copy.db", settings.store.path)
    restored = await SqliteStore.open(settings.store.path, present=here.time.now)
    try:
        assert len(kept) == 2
        assert await restored.calendars() == kept
        again = await Hours.open(settings, store=restored, board=NoticeBoard(), time=here.time)
        assert set(kept) <= set(again.book.rules.calendars)
        clocks = (await restored.load([conversation]))[conversation].clocks
        assert {clock.calendar for clock in clocks} == {hours.book.rules.calendar}
        assert await _values(restored, here.time) == before
        assert len(set(before.values())) == 2, "the feast makes the two differ"
    finally:
        await restored.close()


async def _values(store: SqliteStore, time: VirtualTime) -> dict[tuple[str, str], float]:
    """Return what each running clock has counted, read from the store's log anew."""
    reports = ReportService(store, await ReportDatabase.open(":memory:"), time=time)
    try:
        summary = await reports.summary(Question(since=T0 - HOUR, until=time.now()))
    finally:
        await reports.close()
    return {(clock.conversation, clock.metric.value): clock.seconds for clock in summary.running}


async def test_a_calendar_that_another_process_kept_is_known_after_the_next_look(
    hours: Hours, settings: Settings, store: SqliteStore, holidays: Path, time: VirtualTime
) -> None:
    before = hours.book.rules
    declare_a_feast(holidays)
    other = await Hours.open(settings, store=store, board=NoticeBoard(), time=time)
    holidays.write_text(FEAST.replace("20260302", "20261225"))
    name = other.book.rules.calendar
    assert name not in before.calendars
    await hours.refresh()
    assert hours.book.calendar_of(name) == other.book.calendar_of(name)
    assert hours.book.rules.calendar == before.calendar, "new clocks count by the own calendar all the same"


async def test_a_look_that_finds_nothing_leaves_the_rules_as_they_are(hours: Hours) -> None:
    before = hours.book.rules
    await hours.refresh()
    assert hours.book.rules is before


async def test_a_calendar_of_another_process_stays_known_when_the_own_one_changes(
    hours: Hours, store: SqliteStore, time: VirtualTime, holidays: Path
) -> None:
    week = ((DaySpan(start=540, end=600),), *((),) * 6)
    foreign = BusinessCalendar(name="foreign", zone="UTC", week=week)
    await store.keep_calendar(foreign.id, foreign.source(), at=time.now())
    await hours.refresh()
    declare_a_feast(holidays)
    await hours.refresh()
    assert hours.book.calendar_of(foreign.id) == foreign
