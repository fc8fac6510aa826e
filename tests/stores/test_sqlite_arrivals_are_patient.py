"""What comes in lets everything else pass: a crowd of arrivals holds up no deadline and no agent."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.stores.sqlite.transaction import Transaction
from bot.stores.sqlite.writer import Writer


class Held:
    """A writer whose thread stands still until it is let go, and what it did in which transaction."""

    def __init__(self, path: Path) -> None:
        connection = sqlite3.connect(path / "any.db", isolation_level=None, check_same_thread=False)
        self.writer = Writer(connection, path, lambda _changed: None, limit=1000)
        self.done: list[tuple[str, Transaction]] = []
        self.go = threading.Event()

    async def hold(self) -> asyncio.Task[None]:
        began = threading.Event()

        def wait(_tx: Transaction) -> None:
            began.set()
            assert self.go.wait(10)

        task = asyncio.create_task(self.writer.run(wait))
        await asyncio.to_thread(began.wait, 10)
        return task

    def put(self, name: str, *, rows: int = 1, patient: bool = False) -> asyncio.Task[None]:
        return asyncio.create_task(
            self.writer.run(lambda tx: self.done.append((name, tx)), rows=rows, patient=patient)
        )


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[Held]:
    made = Held(tmp_path)
    yield made
    await made.writer.close()


async def test_arrivals_let_a_commit_pass_and_share_transactions_of_bounded_size(held: Held) -> None:
    tasks = [await held.hold()]
    tasks += [held.put(f"arrivals {n}", rows=50, patient=True) for n in range(6)]
    await asyncio.sleep(0)
    tasks.append(held.put("commit"))
    await asyncio.sleep(0)
    held.go.set()
    await asyncio.gather(*tasks)
    assert [name for name, _ in held.done] == ["commit", *(f"arrivals {n}" for n in range(6))]
    sizes = [sum(other is tx for _, other in held.done) for tx in {id(tx): tx for _, tx in held.done}.values()]
    assert sizes == [3, 2, 2]


async def test_any_number_of_commits_leave_room_for_an_arrival(held: Held) -> None:
    tasks = [await held.hold(), held.put("arrivals", rows=100, patient=True)]
    tasks += [held.put(f"commit {n}", rows=200) for n in range(6)]
    await asyncio.sleep(0)
    held.go.set()
    await asyncio.gather(*tasks)
    assert [name for name, _ in held.done].index("arrivals") == 2


async def test_what_waits_is_finished_before_the_end(tmp_path: Path) -> None:
    held = Held(tmp_path)
    tasks = [await held.hold(), *(held.put(f"arrivals {n}", rows=300, patient=True) for n in range(4))]
    await asyncio.sleep(0)
    closing = asyncio.create_task(held.writer.close())
    await asyncio.sleep(0)
    held.go.set()
    await asyncio.gather(closing, *tasks)
    assert len(held.done) == 4
