"""The embedded store's rooms: the road from the version before them, and what waiting costs."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.stores.sqlite import SqliteStore, inbox, rooms, schema
from tests.contracts.stores import (
    NOW,
    accept,
    address,
    advance,
    answer,
    begun,
    conversation_of,
    message,
    said,
    take,
    take_sends,
    talk,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "heed.db"


async def test_what_lay_in_a_store_of_version_2_is_handed_out_as_before(path):
    store = await SqliteStore.open(path)
    private = await begun(store, "bob")
    await advance(store, private, sends=(answer(private, "one"),))
    there = replace(address(), thread="t")
    ann, bob = (message(who[0], who=who, private=False) for who in ("ann", "bob"))
    receipt, _ = await accept(store, replace(ann, address=there), replace(bob, address=there))
    public = await conversation_of(store, receipt)
    await advance(store, public, sends=(answer(public, "two"),))
    await store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        as_version_2(connection)
    store = await SqliteStore.open(path)
    assert (await store.facts()).schema_version == len(schema.STEPS)
    sendings = (await take_sends(store)).sendings
    assert [(each.send.id, each.private, each.reply_to) for each in sendings] == [
        ("one", True, ""),
        ("two", False, ""),
    ]
    for own in (True, False):
        [item] = await take(store)
        assert (item.own, item.addressed, item.answered, item.attachments) == (own, True, False, ())
        await advance(store, await conversation_of(store, receipt), done=(item.seq,))
    await store.close()


def as_version_4(connection):
    """Take out of a store what version 5 has brought."""
    for table in ("blocks", "enclosures", "requests", "posts"):
        connection.execute(f"DROP TABLE {table}")
    for index in ("outbox_revisions", "conversations_by_urgency", "log_acts", "log_by_agent"):
        connection.execute(f"DROP INDEX {index}")
    columns = {
        "outbox": ("external_ids", "revises", "agent"),
        "conversations": ("channel", "team", "label", "priority"),
        "log": ("agent",),
    }
    for table, names in columns.items():
        for name in names:
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    connection.execute(
        "CREATE INDEX conversations_by_urgency ON conversations (state, due_at, waiting_since, updated_at DESC)"
    )


def as_version_2(connection):
    """Take out of a store what versions 3 to 5 have brought."""
    as_version_4(connection)
    for table in ("calendars", "corrections"):
        connection.execute(f"DROP TABLE {table}")
    for index in ("by_conversation", "replies", "asleep", "held", "unanswered"):
        connection.execute(f"DROP INDEX inbox_{index}")
    columns = {
        "inbox": ("room", "hold_until", "addressed", "answered", "own", "aside"),
        "bodies": ("attachments",),
        "conversations": ("private",),
        "outbox": ("reply_to",),
    }
    for table, names in columns.items():
        for name in names:
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    connection.execute("DROP TABLE bookmarks")
    connection.execute("CREATE INDEX inbox_by_conversation ON inbox (conversation)")
    connection.execute("PRAGMA user_version = 2")


async def test_what_waits_for_others_is_scanned_neither_by_taking_nor_by_a_word_elsewhere(path):
    store = await SqliteStore.open(path)
    await accept(store, *(said(str(n), who=f"p{n}") for n in range(2_000)))
    await accept(store, message("one"))

    def steps_of(operation):
        def counted(tx):
            steps = 0

            def step():
                nonlocal steps
                steps += 1

            tx.connection.set_progress_handler(step, 100)
            operation(tx)
            tx.connection.set_progress_handler(None, 0)
            return steps

        return store._writer.run(counted)

    lease = timedelta(minutes=1)
    assert await steps_of(lambda tx: inbox.take(tx, 32, owner="w", now=NOW, lease=lease)) < 5
    assert await steps_of(lambda tx: rooms.hear(tx, talk(room="hall"))) < 5
    await store.close()
