"""The embedded store's writing: groups, a store that cannot write, and what each query reads."""

import asyncio
import sqlite3

import pytest

from bot.errors import Overloaded, StoreUnavailable
from bot.stores.sqlite import (
    SqliteStore,
    conversations,
    deadlines,
    inbox,
    intake,
    log,
    origins,
    outbox,
    rooms,
    schema,
)
from tests.contracts.stores import accept, begun, message
from tests.stores.files import raw

# --- groups, and a store that cannot write -----------------------------------------------------------------


async def test_an_operation_that_raises_hurts_none_of_its_group(store):
    def broken(tx):
        tx.execute("INSERT INTO switches VALUES ('broken', 'x')")
        raise ZeroDivisionError

    tasks = [store._writer.run(broken) if n % 7 == 3 else store.set_switch(f"s{n}", "on") for n in range(40)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(result, ZeroDivisionError) for result in results] == [n % 7 == 3 for n in range(40)]
    assert await store.switch("broken") is None
    assert [await store.switch(f"s{n}") for n in range(40) if n % 7 != 3] == ["on"] * 34


async def test_more_callers_than_fit_in_one_group_are_all_served(store):
    receipts = await asyncio.gather(*(accept(store, message(str(n), who=f"p{n}")) for n in range(1000)))
    assert len({receipt.conversation for [receipt] in receipts}) == 1000


async def test_a_caller_who_is_cancelled_disturbs_nobody(store):
    tasks = [asyncio.create_task(store.set_switch(f"s{n}", "on")) for n in range(10)]
    await asyncio.sleep(0)
    tasks[4].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result).__name__ for result in results].count("CancelledError") == 1
    assert await store.switch("s9") == "on"


async def test_a_full_queue_says_so_at_once(path):
    store = await SqliteStore.open(path, limit=5)
    results = await asyncio.gather(*(store.set_switch(f"s{n}", "on") for n in range(8)), return_exceptions=True)
    assert [isinstance(result, Overloaded) for result in results] == [False] * 5 + [True] * 3
    await store.set_switch("later", "on")
    await store.close()


async def test_a_full_disk_is_unavailable_with_nothing_half_done_and_recovers(store):
    conversation = await begun(store)

    def only(pages):
        return lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()[0]

    await store._writer.run_alone(only(1))  # no fewer than there are: the disk is full now
    with pytest.raises(StoreUnavailable, match="no room"):
        await accept(store, *(message(str(n), who=f"p{n}", text="x" * 2000) for n in range(50)))
    assert (await store.facts()).inbox == 0
    assert await store.load([conversation.id]) == {conversation.id: conversation}
    await store._writer.run_alone(only(1 << 30))
    receipts = await accept(store, *(message(str(n), who=f"p{n}", text="x" * 2000) for n in range(50)))
    assert {receipt.outcome.value for receipt in receipts} == {"accepted"}


async def test_a_store_locked_by_somebody_else_is_unavailable_for_all_who_wait_and_recovers(store, path):
    await store._writer.run_alone(lambda connection: connection.execute("PRAGMA busy_timeout = 1"))
    with raw(path) as other:
        other.execute("BEGIN IMMEDIATE")
        results = await asyncio.gather(*(accept(store, message(str(n))) for n in range(5)), return_exceptions=True)
        assert {type(result) for result in results} == {StoreUnavailable}
        assert (await store.facts()).inbox == 0  # readers go on
        other.execute("ROLLBACK")
    assert (await accept(store, message()))[0].outcome.value == "accepted"


# --- speed, as plans rather than times ----------------------------------------------------------------------


def test_no_query_of_the_busy_road_scans_a_table_or_sorts():
    with raw(":memory:") as connection:
        schema.migrate(connection, path="x")
        queries = {
            value
            for module in (conversations, deadlines, inbox, intake, origins, outbox, rooms)
            for name, value in vars(module).items()
            if name.startswith("_") and name.isupper() and isinstance(value, str) and "{" not in value
        } - {inbox._ITEM}
        queries.add(log._RECORD + "WHERE seq > ? ORDER BY seq LIMIT ?")
        for query in queries:
            parameters = (0,) * max(query.count("?"), 1)
            plan = [row[3] for row in explained(connection, query, parameters)]
            bad = [line for line in plan if line.startswith("USE TEMP B-TREE") or is_scan(line)]
            assert not bad, (query, plan)


def explained(connection, query, parameters):
    for count in range(len(parameters), -1, -1):
        try:
            return connection.execute("EXPLAIN QUERY PLAN " + query, parameters[:count]).fetchall()
        except sqlite3.ProgrammingError:
            continue
    raise AssertionError(query)


def is_scan(line):
    """Tell whether this reads a whole table: not a partial index made for the query, nor given values."""
    made_for_it = ("inbox_heads", "outbox_ready", "outbox_withdrawable", "json_each", "CONSTANT ROW")
    return line.startswith("SCAN") and not any(word in line for word in made_for_it)
