"""The read database: fed by cursor, safe against crashes, rebuilt when damaged."""

from __future__ import annotations

import sqlite3
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.calendar import read_calendar
from bot.domain.log import LogKind
from bot.domain.sla import Metric
from bot.errors import StoreError, StoreUnavailable
from bot.figures import Summary
from bot.reports.asked import Asked
from bot.reports.business import Calendars
from bot.reports.feed import Feeder
from bot.reports.figures import summarise
from bot.reports.instants import micros
from bot.reports.read_database import ReportDatabase
from bot.reports.service import ReportService
from bot.reports.storage import Storage
from tests.reports.contents import contents
from tests.reports.written_log import DAY, NOON, StandingTime, WrittenLog

PERIOD = Asked(since=micros(NOON - DAY), until=micros(NOON + DAY), now=micros(NOON + DAY))
WHOLE = {"since": NOON - DAY, "until": NOON + DAY}


def a_small_log() -> WrittenLog:
    log = WrittenLog()
    for number in range(40):
        conversation = f"c{number}"
        log.message(number, conversation=conversation, decision="escalate")
        log.write("opened", number, conversation, channel="web")
        log.case(conversation, number, number if number % 3 else None)
    return log


def whole_period(connection: sqlite3.Connection, calendars: Calendars) -> Summary:
    return summarise(connection, calendars, PERIOD)


def damage(path: Path, offset: int) -> None:
    content = bytearray(path.read_bytes())
    content[offset:] = b"\x5a" * (len(content) - offset)
    path.write_bytes(content)


# --- incremental is the same as from the beginning

HOUR = timedelta(hours=1)
OFFICE = read_calendar(
    '{"name": "office", "zone": "America/St_Johns", "days": {}, "week": ['
    + ", ".join(['["08:20-08:50", "09:00-17:00"]'] * 7)
    + "]}"
)
labels = st.sampled_from(["question", "complaint", None])
fields = st.fixed_dictionaries(
    {
        "message": st.sampled_from(["m1", "m2", "m3"]),
        "channel": st.sampled_from(["web", "discord"]),
        "label": labels,
        "decision": st.sampled_from(["answer", "escalate", "greet", "silence", "dance"]),
        "metric": st.sampled_from([*(metric.value for metric in Metric), "patience_time"]),
        "instance": st.integers(1, 2),
        "by": st.sampled_from(["bot", "agent", "resolution", 900.0, -5.0]),
        "reason": st.sampled_from(["complaint", "rejected"]),
        "elapsed": st.integers(0, 500),
        "target": st.integers(1, 500),
        "lateness": st.floats(0, 2),
        "since": st.sampled_from([None, NOON.isoformat()]),
        "due": st.sampled_from([None, NOON.isoformat()]),
        "started": st.sampled_from([None, (NOON - HOUR).isoformat()]),
        "ended": st.sampled_from([None, (NOON + HOUR).isoformat()]),
        "because": st.sampled_from(["earlier_message", "link", "late_fact", "earlier_reply"]),
        "counted": st.booleans(),
        "breached": st.booleans(),
        "warnings": st.integers(0, 2),
        "team": st.sampled_from(["", "support", "press"]),
        "tier": st.sampled_from(["gold", "silver"]),
        "agent": st.sampled_from(["alex", "sam", None]),
        "from": st.sampled_from(["open", "claimed", "question", "complaint+question"]),
        "to": st.sampled_from(["open", "escalated", "claimed", "waiting", "complaint", "other"]),
        "calendar": st.sampled_from(["", OFFICE.id]),
        "source": st.just(OFFICE.source()),
        "policy": st.sampled_from(["standard", "press"]),
    }
)
kinds = st.sampled_from([*(kind.value for kind in LogKind), "teleported"])
entries = st.tuples(kinds, st.integers(-3600, 7200), st.sampled_from(["c1", "c2"]), fields)


@given(st.lists(entries, max_size=60), st.lists(st.integers(1, 9), max_size=30))
@settings(max_examples=150, deadline=None)
def test_figures_do_not_depend_on_where_one_batch_ends(entries, sizes) -> None:
    log = WrittenLog()
    for kind, seconds, conversation, values in entries:
        log.write(kind, seconds, conversation, **values)
    at_once, by_and_by = Storage(":memory:"), Storage(":memory:")
    at_once.open()
    by_and_by.open()
    try:
        at_once.apply(log.records)
        rest = log.records
        for size in sizes:
            by_and_by.apply(rest[:size])
            rest = rest[size:]
        by_and_by.apply(rest)
        assert contents(at_once) == contents(by_and_by)
        summaries = [
            storage.read(lambda c, known: summarise(c, known, PERIOD)) for storage in (at_once, by_and_by)
        ]
        assert summaries[0] == summaries[1]
    finally:
        at_once.close()
        by_and_by.close()


def test_records_fed_a_second_time_change_nothing() -> None:
    storage, log = Storage(":memory:"), a_small_log()
    storage.open()
    storage.apply(log.records)
    once = contents(storage)
    assert storage.apply(log.records[:50]) == len(log.records)
    assert contents(storage) == once
    storage.close()


def test_a_crash_before_the_commit_leaves_no_trace_of_the_batch(tmp_path, monkeypatch) -> None:
    log, storage = a_small_log(), Storage(tmp_path / "reports.db")
    storage.open()
    storage.apply(log.records[:30])
    before = contents(storage)
    with monkeypatch.context() as crash:
        crash.setattr("bot.reports.storage.mark_of", lambda record: 1 / 0)  # after all rows, before the cursor
        with pytest.raises(ZeroDivisionError):
            storage.apply(log.records[30:])
    storage.close()
    storage.open()
    assert contents(storage) == before
    storage.apply(log.records[30:])
    afresh = Storage(":memory:")
    afresh.open()
    afresh.apply(log.records)
    assert contents(storage) == contents(afresh)
    storage.close()
    afresh.close()


def test_two_feeders_on_one_file_count_each_record_once(tmp_path) -> None:
    log, first, second = a_small_log(), Storage(tmp_path / "reports.db"), Storage(tmp_path / "reports.db")
    first.open()
    second.open()
    first.apply(log.records[:50])
    second.apply(log.records)
    first.apply(log.records[20:])
    assert len(contents(first)["happenings"]) == 40
    first.close()
    second.close()


# --- files


async def test_figures_outlive_the_process(tmp_path) -> None:
    log, path = a_small_log(), tmp_path / "reports.db"
    first = ReportService(log, await ReportDatabase.open(path), time=StandingTime())
    before = await first.summary(**WHOLE)
    await first.close()
    log.reads = 0
    second = ReportService(log, await ReportDatabase.open(path), time=StandingTime())
    assert await second.summary(**WHOLE) == before
    assert log.reads == 1  # one look at the last record, to see that it is the same log
    await second.close()


@pytest.mark.parametrize("offset", [0, 4096])
async def test_a_damaged_file_is_rebuilt_from_the_log_and_told(tmp_path, offset) -> None:
    log, path = a_small_log(), tmp_path / "reports.db"
    service = ReportService(log, await ReportDatabase.open(path), time=StandingTime())
    before = await service.summary(**WHOLE)
    await service.close()
    damage(path, offset)
    database = await ReportDatabase.open(path)
    service = ReportService(log, database, time=StandingTime())
    assert await service.summary(**WHOLE) == before
    assert "reports.db" in database.rebuilt_because
    assert (tmp_path / "reports.db.replaced").exists()
    await service.close()


async def test_damage_under_a_running_service_is_mended_before_it_answers(tmp_path) -> None:
    log, path = a_small_log(), tmp_path / "reports.db"
    database = await ReportDatabase.open(path)
    service = ReportService(log, database, time=StandingTime())
    before = await service.summary(**WHOLE)
    await database.read(lambda c, _: c.execute("SELECT 1"))
    await database._call(lambda: database._storage._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)"))
    await database._call(lambda: database._storage._connection.execute("PRAGMA cache_size = 0"))
    damage(path, 2 * 4096)
    assert await service.summary(**WHOLE) == before
    assert "damaged" in database.rebuilt_because
    await service.close()


async def test_a_file_of_another_version_is_rebuilt(tmp_path) -> None:
    path = tmp_path / "reports.db"
    await (await ReportDatabase.open(path)).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    database = await ReportDatabase.open(path)
    assert "version 99" in database.rebuilt_because
    assert (await database.progress()).cursor == 0
    await database.close()


async def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path) -> None:
    path = tmp_path / "store.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE conversations (id TEXT)")
    connection.close()
    with pytest.raises(StoreError, match="something else"):
        await ReportDatabase.open(path)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("conversations",)]
    connection.close()


async def test_a_path_that_cannot_be_opened_says_so(tmp_path) -> None:
    with pytest.raises(StoreUnavailable, match="nowhere"):
        await ReportDatabase.open(tmp_path / "nowhere" / "reports.db")


async def test_a_closed_database_refuses_in_words_and_closes_twice() -> None:
    database = await ReportDatabase.open(":memory:")
    await database.close()
    await database.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await database.progress()


# --- another log


async def test_figures_of_a_log_that_was_set_back_are_read_again() -> None:
    log = a_small_log()
    service = ReportService(log, await ReportDatabase.open(":memory:"), time=StandingTime())
    await service.summary(**WHOLE)
    del log.records[20:]
    summary = await service.summary(**WHOLE)
    assert (summary.cursor, summary.opened) == (20, 6)
    await service.close()


async def test_a_log_with_the_same_numbers_and_other_records_is_recognised() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reports.db"
        first = await ReportDatabase.open(path)
        await Feeder(a_small_log(), first).catch_up()
        await first.close()
        other = WrittenLog()
        for number in range(200):
            other.write("opened", number, f"other{number}", channel="web")
        service = ReportService(other, await ReportDatabase.open(path), time=StandingTime())
        assert (await service.summary(**WHOLE)).opened == 200
        await service.close()
