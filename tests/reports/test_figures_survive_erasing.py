"""Erasing a customer takes texts and names, and changes no figure; reading the log again gives the same rows."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.log import LogEvent, LogKind
from bot.figures import Dimension, Question
from bot.reports.read_database import ReportDatabase
from bot.reports.service import ReportService
from bot.reports.storage import Storage
from tests.contracts.stores import advance, begun, place, store
from tests.domain.builders import T0, Walk, answer, escalate
from tests.reports.contents import contents
from tests.reports.written_log import DAY, StandingTime

__all__ = ["place", "store"]

QUESTION = Question(since=T0 - DAY, until=T0 + DAY, by=Dimension.CHANNEL)


def a_life() -> list[LogEvent]:
    """Lead a conversation from a bot's answer over a complaint to an agent's reply."""
    walk = Walk()
    walk.wrote(0, answer())
    walk.report(1)
    walk.wrote(5, escalate(), "m2")
    walk.claim(8)
    walk.reply(40)
    walk.report(41)
    return [event for step in walk.steps for event in step.log]


async def lived(store, who: str) -> None:
    conversation = await begun(store, who, text=f"{who}: my secret")
    await advance(store, conversation, log=tuple(a_life()))


async def test_figures_survive_erasing_a_customer_unchanged(store, tmp_path) -> None:
    await lived(store, "ann")
    await lived(store, "bob")
    time = StandingTime()
    service = ReportService(store, await ReportDatabase.open(tmp_path / "reports.db"), time=time)
    try:
        before = await service.summary(QUESTION)
        await store.erase("api", "ann")
        after = await service.summary(QUESTION)
        await service.rebuild()
        again = await service.summary(QUESTION)
    finally:
        await service.close()
    assert before.metrics[1].ended == 2
    assert (before.groups, before.metrics, before.volumes) == (after.groups, after.metrics, after.volumes)
    assert replace(again, cursor=0) == replace(after, cursor=0)


async def test_reading_a_log_again_gives_identical_rows(store) -> None:
    for who in ("ann", "bob"):
        await lived(store, who)
    assert await store.append(LogKind.PAUSED, at=T0, fields={}) is None
    records = await store.changes(0, 1000)
    found = []
    for size in (1, 7, len(records)):
        storage = Storage(":memory:")
        storage.open()
        for start in range(0, len(records), size):
            storage.apply(records[start : start + size])
        found.append(contents(storage))
        storage.close()
    assert found[0] == found[1] == found[2]
    assert len(found[0]["clocks"]) > 8
