"""How long the wait for a human is told to be: from the latest waits, and from those who still wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bot.domain.calendar import BusinessCalendar, DaySpan
from bot.domain.conversation import Rules
from bot.domain.log import LogKind, LogRecord, Scalar
from bot.domain.messages import ConversationId
from bot.engine.time import VirtualTime
from bot.engine.waiting import (
    FEWEST_ENDED,
    FRESH_FOR,
    MOST_ENDED,
    PAGE,
    SHARE,
    TAIL,
    WINDOW,
    Outlook,
    Waiting,
    quantile,
)
from bot.reports.kaplan_meier import corrected
from bot.stores.sqlite import SqliteStore

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BERLIN = BusinessCalendar(
    name="office",
    zone="Europe/Berlin",
    week=((DaySpan(9 * 60, 17 * 60),),) * 5 + ((), ()),
    days={date(2026, 3, 4): ()},
)


class WrittenLog:
    """A log in memory, which remembers how it was read."""

    def __init__(self, skipped: int = 0) -> None:
        self.records: list[LogRecord] = []
        self.read: list[int] = []
        self._skipped = skipped

    def write(self, kind: LogKind, who: str, at: datetime, **fields: Scalar) -> None:
        told = {"metric": "handoff_wait_time", "instance": 1, **fields}
        seq = self._skipped + len(self.records) + 1
        self.records.append(
            LogRecord(seq=seq, conversation=ConversationId(who), kind=kind, at=at, recorded_at=at, fields=told)
        )

    def waited(self, who: str, minutes: float, *, at: datetime = MONDAY, by: str = "agent") -> None:
        self.write(LogKind.ACTIVATE, who, at - minutes * MINUTE, calendar="")
        self.write(LogKind.FULFILL, who, at, by=by, elapsed=minutes * 60)

    async def last(self) -> int:
        return self.records[-1].seq if self.records else 0

    async def changes(self, after: int, limit: int) -> list[LogRecord]:
        self.read.append(after)
        return [record for record in self.records if record.seq > after][:limit]

    async def append(self, kind: LogKind, *, at: datetime, fields: Mapping[str, Scalar]) -> None:
        raise NotImplementedError

    async def wait(self, after: int, until: datetime | None) -> None:
        raise NotImplementedError

    async def of(self, conversation: ConversationId) -> list[LogRecord]:
        raise NotImplementedError


def waiting_on(
    log: WrittenLog, *, calendar: BusinessCalendar | None = None, now: datetime = MONDAY
) -> tuple[Waiting, VirtualTime]:
    time = VirtualTime(now)
    rules = Rules() if calendar is None else Rules(calendars={calendar.id: calendar}, calendar=calendar.id)
    zone = "UTC" if calendar is None else calendar.zone
    return Waiting(log=log, rules=lambda: rules, time=time, zone=zone), time


async def expected(log: WrittenLog, *, now: datetime = MONDAY) -> timedelta | None:
    waiting, _ = waiting_on(log, now=now)
    while await waiting.step():
        pass
    return waiting.outlook(now).expected_wait


def five(*, minutes: float = 10, at: datetime = MONDAY) -> WrittenLog:
    log = WrittenLog()
    for number in range(FEWEST_ENDED):
        log.waited(f"c{number}", minutes, at=at)
    return log


durations = some.lists(some.integers(0, 40), max_size=30)


@settings(deadline=None)
@given(ended=durations, running=durations, percentile=some.integers(1, 100))
def test_the_quantile_is_the_one_of_the_reports(ended: list[int], running: list[int], percentile: int) -> None:
    assert quantile(ended, running, percentile / 100) == corrected(ended, running, [percentile])[0]


async def test_nothing_is_told_before_the_log_was_read() -> None:
    waiting, _ = waiting_on(five())
    assert waiting.outlook(MONDAY) == Outlook()


async def test_most_of_the_latest_waits_were_no_longer_than_what_is_told() -> None:
    log = WrittenLog()
    for minutes in (2, 4, 6, 8, 10, 12, 14, 16):
        log.waited(f"c{minutes}", minutes)
    assert await expected(log) == 12 * MINUTE
    assert SHARE == 6 / 8


async def test_too_few_waits_tell_nothing() -> None:
    log = WrittenLog()
    for number in range(FEWEST_ENDED - 1):
        log.waited(f"c{number}", 10)
    assert await expected(log) is None
    log.waited("one-more", 10)
    assert await expected(log) == 10 * MINUTE


async def test_who_still_waits_counts_with_at_least_the_time_waited_so_far() -> None:
    log = WrittenLog()
    for minutes in (5, 5, 5, 5, 5, 20):
        log.waited(f"c{minutes}-{len(log.records)}", minutes)
    assert await expected(log) == 5 * MINUTE
    for number in range(2):
        log.write(LogKind.ACTIVATE, f"w{number}", MONDAY - 15 * MINUTE, calendar="")
    assert await expected(log) == 20 * MINUTE


async def test_where_too_many_still_wait_nothing_is_told() -> None:
    log = five()
    for number in range(5):
        log.write(LogKind.ACTIVATE, f"w{number}", MONDAY - 30 * MINUTE, calendar="")
    assert await expected(log) is None


@pytest.mark.parametrize("by", ["resolution", "bot"])
async def test_a_wait_that_no_reply_ended_tells_nothing(by: str) -> None:
    log = five()
    for number in range(20):
        log.waited(f"resolved-{number}", 300, by=by)
    assert await expected(log) == 10 * MINUTE


async def test_who_took_the_message_back_waits_no_more() -> None:
    log = five()
    for number in range(20):
        log.write(LogKind.ACTIVATE, f"w{number}", MONDAY - 30 * MINUTE, calendar="")
        log.write(LogKind.CANCEL, f"w{number}", MONDAY, by="deleted")
    assert await expected(log) == 10 * MINUTE


async def test_only_the_latest_waits_count_and_none_of_more_than_a_week_ago() -> None:
    log = five(minutes=90)
    for number in range(MOST_ENDED):
        log.waited(f"later-{number}", 10)
    assert await expected(log) == 10 * MINUTE
    assert await expected(five(), now=MONDAY + WINDOW) == 10 * MINUTE
    assert await expected(five(), now=MONDAY + WINDOW + MINUTE) is None


async def test_what_is_learned_late_corrects_the_wait() -> None:
    log = five(minutes=40)
    for number in range(FEWEST_ENDED):
        log.write(LogKind.CORRECT, f"c{number}", MONDAY, because="earlier_reply", by="agent", elapsed=600.0)
    assert await expected(log) == 10 * MINUTE
    log.write(LogKind.CORRECT, "c0", MONDAY, because="earlier_reply", cancelled=True, elapsed=0.0)
    assert await expected(log) is None


async def test_a_wait_that_began_earlier_than_it_seemed_is_as_old_as_that() -> None:
    log = WrittenLog()
    for minutes in (5, 5, 5, 5, 5, 20):
        log.waited(f"c{minutes}-{len(log.records)}", minutes)
    for number in range(2):
        log.write(LogKind.ACTIVATE, f"w{number}", MONDAY, calendar="")
        log.write(LogKind.CORRECT, f"w{number}", MONDAY, since=(MONDAY - 15 * MINUTE).isoformat())
    assert await expected(log) == 20 * MINUTE


async def test_other_clocks_and_odd_records_tell_nothing() -> None:
    log = five()
    for number in range(20):
        log.write(LogKind.FULFILL, f"o{number}", MONDAY, metric="first_reply_time", by="agent", elapsed=9000)
        log.write(LogKind.FULFILL, f"p{number}", MONDAY, by="agent", elapsed="long")
        log.write(LogKind.FULFILL, f"q{number}", MONDAY, by="agent", instance=None)
    assert await expected(log) == 10 * MINUTE


async def test_the_log_is_read_on_from_the_cursor_in_pages_and_only_its_end_at_the_start() -> None:
    log = WrittenLog(skipped=TAIL)
    for number in range(PAGE):
        log.waited(f"c{number}", 10)
    waiting, _ = waiting_on(log)
    assert await waiting.step() == PAGE
    assert waiting.outlook(MONDAY) == Outlook(), "half read"
    assert await waiting.step() == PAGE
    assert await waiting.step() == 0
    assert waiting.outlook(MONDAY).expected_wait == 10 * MINUTE
    start = 2 * PAGE
    assert log.read == [start, TAIL + PAGE, TAIL + 2 * PAGE]


async def test_an_estimate_that_is_not_kept_up_is_told_no_more() -> None:
    waiting, time = waiting_on(five())
    await waiting.step()
    time.move(FRESH_FOR)
    assert waiting.outlook(time.now()).expected_wait == 10 * MINUTE
    time.move(MINUTE)
    assert waiting.outlook(time.now()) == Outlook()


async def test_while_it_is_closed_only_the_opening_is_told() -> None:
    waiting, _ = waiting_on(five(), calendar=BERLIN)
    await waiting.step()
    evening = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
    tuesday = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
    assert waiting.outlook(evening) == Outlook(opens_at=tuesday, zone="Europe/Berlin")


async def test_a_wait_that_lasts_until_the_next_working_day_is_told_as_the_customer_lives_it() -> None:
    log, half_past_four = WrittenLog(), datetime(2026, 3, 3, 15, 30, tzinfo=UTC)
    for number in range(FEWEST_ENDED):
        log.waited(f"c{number}", 60, at=half_past_four)
    waiting, _ = waiting_on(log, calendar=BERLIN, now=half_past_four)
    await waiting.step()
    thursday = datetime(2026, 3, 5, 8, 30, tzinfo=UTC)  # Wednesday is a holiday
    assert waiting.outlook(half_past_four) == Outlook(expected_wait=thursday - half_past_four)


async def test_who_waited_over_night_has_waited_in_opening_hours_only() -> None:
    log, morning = WrittenLog(), datetime(2026, 3, 3, 8, 15, tzinfo=UTC)
    for minutes in (10, 10, 10, 10, 10, 60):
        log.waited(f"c{minutes}-{len(log.records)}", minutes, at=morning)
    for number in range(20):
        log.write(LogKind.ACTIVATE, f"w{number}", datetime(2026, 3, 2, 20, tzinfo=UTC), calendar="")
        log.write(LogKind.APPLY_SLA, f"w{number}", morning, calendar=BERLIN.id)
    waiting, _ = waiting_on(log, calendar=BERLIN, now=morning - 10 * MINUTE)
    await waiting.step()
    assert waiting.outlook(morning - 10 * MINUTE).expected_wait == 10 * MINUTE


async def test_it_reads_the_log_of_a_real_store(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "a.sqlite")
    try:
        for _ in range(FEWEST_ENDED):
            told = {"metric": "handoff_wait_time", "by": "agent", "elapsed": 600.0}
            await store.append(LogKind.FULFILL, at=MONDAY, fields=told | {"instance": await store.last() + 1})
        waiting = Waiting(log=store, rules=Rules, time=VirtualTime(MONDAY))
        assert await waiting.step() == 0
        assert waiting.outlook(MONDAY).expected_wait == 10 * MINUTE
    finally:
        await store.close()
