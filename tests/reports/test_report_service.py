"""The service: lazy in the background, complete when asked."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.errors import Overloaded, StoreUnavailable
from bot.reports import feed
from bot.reports.service import FEED_EVERY
from tests.reports.written_log import DAY, NOON, at

WHOLE = {"since": NOON - DAY, "until": NOON + DAY}


async def test_a_summary_holds_the_newest_event(service, log) -> None:
    log.case("c1", 0, 10)
    assert (await service.summary(**WHOLE)).metrics[1].ended == 1
    log.case("c2", 0, 20)
    assert (await service.summary(**WHOLE)).metrics[1].ended == 2


async def test_a_long_log_is_read_in_batches(service, log, monkeypatch) -> None:
    monkeypatch.setattr(feed, "BATCH", 10)
    for number in range(95):
        log.write("opened", number, f"c{number}", channel="web")
    summary = await service.summary(**WHOLE)
    assert (summary.opened, summary.cursor, log.reads) == (95, 95, 10)


async def test_the_background_reads_on_at_most_once_a_second(service, log, time) -> None:
    running = asyncio.create_task(service.run())
    log.case("c1", 0, 10)
    assert await time.waits.get() == time.present + FEED_EVERY
    reads = log.reads
    for number in range(50):
        log.write("opened", number, f"c{number}", channel="web")
    await asyncio.sleep(0)
    assert log.reads == reads  # not before the second has passed
    time.present += timedelta(seconds=1)
    time.go_on.set()
    await time.waits.get()
    assert log.reads == reads + 1
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_store_that_fails_once_does_not_end_the_background(service, log, time, monkeypatch) -> None:
    async def refuse() -> int:
        raise StoreUnavailable("the store is locked")

    log.case("c1", 0, 10)
    async with asyncio.TaskGroup() as tasks:
        with monkeypatch.context() as outage:
            outage.setattr(log, "last", refuse)
            running = tasks.create_task(service.run())
            await time.waits.get()
        time.go_on.set()
        await time.waits.get()
        running.cancel()
    assert service._feeder.cursor == 2


@pytest.mark.parametrize("error", [Overloaded("10000 operations wait for the store"), RuntimeError("unforeseen")])
async def test_no_error_of_the_log_ends_the_background(service, log, time, monkeypatch, error) -> None:
    async def refuse(after: int, until: object) -> None:
        raise error

    log.case("c1", 0, 10)
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        with monkeypatch.context() as outage:
            outage.setattr(log, "wait", refuse)
            running = tasks.create_task(service.run())
            await time.waits.get()
        time.go_on.set()
        await time.waits.get()
        running.cancel()
    assert service._feeder.cursor == 2


async def test_many_who_ask_at_once_are_all_answered_alike(service, log) -> None:
    for number in range(30):
        log.case(f"c{number}", 0, number)
    answers = await asyncio.gather(*(service.summary(**WHOLE) for _ in range(5)))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].metrics[1].ended == 30


async def test_a_cancelled_question_leaves_the_figures_whole(service, log) -> None:
    for number in range(30):
        log.case(f"c{number}", 0, number)
    asking = asyncio.create_task(service.summary(**WHOLE))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await service.summary(**WHOLE)).metrics[1].ended == 30


async def test_a_rebuild_gives_the_same_figures(service, log) -> None:
    for number in range(30):
        log.case(f"c{number}", 0, number if number % 2 else None)
    before = await service.summary(**WHOLE)
    await service.rebuild()
    assert await service.summary(**WHOLE) == before


async def test_a_period_without_a_time_zone_is_refused(service) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        await service.summary(since=at(0).replace(tzinfo=None), until=at(1))
