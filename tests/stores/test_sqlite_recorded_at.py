"""When a record of the log was written, which is what lateness runs to."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.stores.sqlite import SqliteStore
from tests.contracts.stores import NOW, advance, begun, logged


@pytest.mark.parametrize("waited", [timedelta(0), timedelta(seconds=3)])
async def test_a_record_carries_the_time_at_which_its_commit_was_written(
    tmp_path: Path, waited: timedelta
) -> None:
    store = await SqliteStore.open(tmp_path / "heed.db", stamp=lambda: NOW + waited)
    try:
        conversation = await begun(store, "ann")
        await advance(store, conversation, log=(logged(),))
        [record] = await store.of(conversation.id)
        assert record.recorded_at == NOW + waited
    finally:
        await store.close()


async def test_a_clock_that_was_set_back_makes_no_record_older_than_its_commit(tmp_path: Path) -> None:
    early: datetime = NOW - timedelta(hours=1)
    store = await SqliteStore.open(tmp_path / "heed.db", stamp=lambda: early)
    try:
        conversation = await begun(store, "ann")
        await advance(store, conversation, log=(logged(),))
        [record] = await store.of(conversation.id)
        assert record.recorded_at == NOW
    finally:
        await store.close()
