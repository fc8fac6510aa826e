"""A store that cannot be written: the sender is told to repeat, and afterwards the message is taken once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from tests.faults.program import TOKEN, program

MESSAGE = {"id": "m1", "conversation": "k1", "customer": {"id": "k1"}, "text": "where is my order"}


@pytest.mark.faults
async def test_while_the_store_is_locked_the_api_says_503_and_the_repetition_is_taken(tmp_path: Path) -> None:
    async with program(tmp_path, target="15m") as heed:
        await heed.start()
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with aiohttp.ClientSession(heed.address, headers=headers) as session:
            with closing(sqlite3.connect(tmp_path / "heed.sqlite", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                async with session.post("/api/v1/messages", json=MESSAGE) as refused:
                    assert refused.status == 503
                    assert int(refused.headers["Retry-After"]) >= 1
                other.execute("ROLLBACK")
            async with session.post("/api/v1/messages", json=MESSAGE) as taken:
                assert taken.status == 202
            async with session.post("/api/v1/messages", json=MESSAGE) as again:
                assert again.status == 202
