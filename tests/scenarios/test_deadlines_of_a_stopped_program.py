"""A real ``heed run`` that is stopped for a while, as a suspended machine would stop it."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from tests.faults.program import TOKEN, program

#: Long enough that a busy machine has escalated the message, and Heed is stopped, before it has passed.
TARGET_SECONDS = 8

#: Longer than the target, and long enough to be worth a word.
STOPPED_SECONDS = 10.0

#: How long after it goes on it may take to see what fell due meanwhile.
AT_ONCE_SECONDS = 2.0

MESSAGE = {
    "id": "m1",
    "conversation": "k1",
    "customer": {"id": "k1"},
    "text": "this is the third time my parcel is late and nobody answers, terrible",
}


def fields_of(store: Path, kind: str) -> list[dict[str, float | str]]:
    with closing(sqlite3.connect(store)) as db:
        return [json.loads(row) for (row,) in db.execute("SELECT fields FROM log WHERE kind = ?", (kind,))]


async def logged(store: Path, kind: str, *, after: int = 0) -> dict[str, float | str]:
    """Return the first such record, leaving out so many; seconds are far more than it takes."""
    async with asyncio.timeout(60):
        while not (found := fields_of(store, kind)[after:]):
            await asyncio.sleep(0.02)  # a process outside: there is nothing to wait on but its store
    return found[0]


@pytest.mark.faults
async def test_a_program_that_was_stopped_notices_what_fell_due_at_once_and_says_so(tmp_path: Path) -> None:
    store = tmp_path / "heed.sqlite"
    async with program(tmp_path, target=f"{TARGET_SECONDS}s") as heed:
        await heed.start()
        headers = {"Authorization": f"Bearer {TOKEN}"}
        written = time.monotonic()
        async with aiohttp.ClientSession(heed.address, headers=headers) as session:
            async with session.post("/api/v1/messages", json=MESSAGE) as answer:
                assert answer.status == 202
            await logged(store, "escalated")
            assert heed.process is not None
            before, began = len(fields_of(store, "time_jumped")), time.monotonic()  # a slow start is one, too
            heed.process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(STOPPED_SECONDS)  # a stopped process only wakes by the wall
            heed.process.send_signal(signal.SIGCONT)
            woken = time.monotonic()  # a busy machine may come back to this test late
            breach = await logged(store, "breach")
            stood = await logged(store, "time_jumped", after=before)
    assert 0.5 < float(breach["lateness"]) < woken - written - TARGET_SECONDS + AT_ONCE_SECONDS
    assert stood["cause"] == "standstill"
    assert STOPPED_SECONDS - 2 < float(stood["by"]) < woken - began + AT_ONCE_SECONDS
    assert len(fields_of(store, "breach")) == 1
