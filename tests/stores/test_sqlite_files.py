"""The embedded store's file: versions, locks, damage, crashes, and what is left of an erased person."""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.domain.actions import SendState
from bot.domain.log import LogKind
from bot.domain.messages import Attachment, AttachmentKind
from bot.errors import StoreError, StoreInUse, StoreTooNew, StoreUnavailable
from bot.stores.sqlite import SqliteStore, schema
from tests.contracts.stores import (
    NOW,
    accept,
    advance,
    answer,
    begun,
    decided,
    message,
    note,
    outcome,
    said,
    take,
    take_sends,
)
from tests.stores.files import raw

# --- versions ---------------------------------------------------------------------------------------------


async def test_a_store_of_version_1_is_brought_to_the_newest_with_all_it_holds(path):
    store = await SqliteStore.open(path)
    conversation = await begun(store)
    await store.close()
    with raw(path) as connection:
        connection.execute("PRAGMA user_version = 1")
        steps = (*schema.STEPS[:1], "CREATE TABLE later (x);\nALTER TABLE staff ADD COLUMN y")
        schema.migrate(connection, path=str(path), steps=steps)
        assert schema.version_of(connection) == 2
        assert connection.execute("SELECT count(*) FROM later").fetchone() == (0,)
        assert connection.execute("SELECT id FROM conversations").fetchone() == (conversation.id,)


async def test_a_text_that_waited_in_a_store_of_version_1_goes_out_or_is_withdrawn_as_before(path):
    path.parent.mkdir(parents=True)
    with raw(path) as connection:
        schema.migrate(connection, path=str(path), steps=schema.STEPS[:1])
        assert schema.version_of(connection) == 1
    store = await SqliteStore.open(path)
    assert (await store.facts()).schema_version == len(schema.STEPS)
    conversation = await begun(store)
    conversation = await advance(store, conversation, sends=(answer(conversation, "one"),))
    await advance(store, conversation, after={"hold_epoch": 1})
    assert [sending.state for sending in (await take_sends(store)).withdrawn] == [SendState.WITHDRAWN]
    await store.close()


async def test_a_step_that_fails_leaves_the_version_before_it(path):
    await (await SqliteStore.open(path)).close()
    with raw(path) as connection:
        with pytest.raises(sqlite3.OperationalError):
            schema.migrate(connection, path="x", steps=(*schema.STEPS, "CREATE TABLE half (x);\nNONSENSE"))
        assert schema.version_of(connection) == len(schema.STEPS)
        assert connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'half'").fetchone() is None


async def test_a_store_of_a_later_heed_is_refused_and_left_alone(path):
    await (await SqliteStore.open(path)).close()
    with raw(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreTooNew, match="99"):
        await SqliteStore.open(path)
    with raw(path) as connection:
        assert schema.version_of(connection) == 99


# --- who may open it --------------------------------------------------------------------------------------


async def test_a_second_run_on_one_store_is_refused_by_name_and_process(store, path):
    with pytest.raises(StoreInUse, match=rf"{path}.*{os.getpid()}"):
        await SqliteStore.open(path)


async def test_other_commands_work_beside_a_run_and_leave_its_leases_alone(store, path):
    await accept(store, message())
    await take(store)
    beside = await SqliteStore.open(path, exclusive=False)
    await beside.set_switch("paused", "kim")
    assert await store.switch("paused") == "kim"
    assert await take(beside, owner="other") == []
    await beside.close()


async def test_a_reader_beside_a_run_learns_of_its_records(store, path):
    beside = await SqliteStore.open(path, exclusive=False)
    async with asyncio.timeout(10):
        waiting = asyncio.create_task(beside.wait(0, None))
        await store.append(LogKind.PAUSED, at=NOW, fields={})
        await waiting
    await beside.close()


async def test_after_a_close_the_store_may_be_run_again(path):
    for _ in range(2):
        await (await SqliteStore.open(path)).close()


async def test_a_passing_store_leaves_no_file():
    store = await SqliteStore.open(memory=True)
    await begun(store)
    folder = store._files.folder
    assert folder.exists()
    await store.close()
    assert not folder.exists()


# --- damage -----------------------------------------------------------------------------------------------


async def test_a_file_that_is_no_store_is_named_with_its_remedy(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader, this is no database. " * 100)
    with pytest.raises(StoreError, match=r"letter\.txt.*restore a backup"):
        await SqliteStore.open(path)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="file"):
        await SqliteStore.open(tmp_path / "file" / "heed.db")


# --- channels that are pushed or fetched -------------------------------------------------------------------


def fetched(channel):
    return channel == "api"


async def queued(store, *ids):
    conversation = await begun(store)
    return await advance(store, conversation, sends=tuple(answer(conversation, each) for each in ids))


async def test_answers_left_from_fetching_are_pushed_once_the_channel_has_a_webhook(path):
    store = await SqliteStore.open(path, pulled=fetched)
    await queued(store, "one", "two")
    await store.close()
    store = await SqliteStore.open(path)
    [sending] = (await take_sends(store)).sendings
    assert sending.send.id == "one"
    assert (await store.offer("api", after=0, limit=10, now=NOW)).sendings == ()
    await store.close()


async def test_answers_left_from_a_webhook_are_offered_once_the_channel_is_fetched(path):
    store = await SqliteStore.open(path)
    await queued(store, "one", "two")
    await take_sends(store)
    await store.close()
    store = await SqliteStore.open(path, pulled=fetched)
    offered = await store.offer("api", after=0, limit=10, now=NOW)
    assert [sending.send.id for sending in offered.sendings] == ["one", "two"]
    assert await store.stranded(now=NOW, limit=10) == []
    assert (await take_sends(store)).sendings == ()
    await store.close()


async def test_an_answer_handed_to_a_fetcher_whose_outcome_was_not_stored_is_stranded_once_there_is_a_webhook(
    path,
):
    store = await SqliteStore.open(path, pulled=fetched)
    await queued(store, "one")
    await store.offer("api", after=0, limit=10, now=NOW)
    await store.close()
    store = await SqliteStore.open(path)
    assert [sending.send.id for sending in await store.stranded(now=NOW, limit=10)] == ["one"]
    await store.close()


async def test_what_was_sent_stays_as_it_was_sent(path):
    store = await SqliteStore.open(path, pulled=fetched)
    conversation = await queued(store, "one")
    [sending] = (await store.offer("api", after=0, limit=10, now=NOW)).sendings
    await outcome(store, conversation, sending.send)
    await store.close()
    await (await SqliteStore.open(path)).close()
    store = await SqliteStore.open(path, pulled=fetched)
    offered = await store.offer("api", after=0, limit=10, now=NOW)
    assert [(each.send.id, each.state) for each in offered.sendings] == [("one", SendState.SENT)]
    await store.close()


async def test_a_command_beside_a_run_leaves_fetched_answers_to_be_fetched(path):
    store = await SqliteStore.open(path, pulled=fetched)
    await queued(store, "one")
    await (await SqliteStore.open(path, exclusive=False)).close()
    assert len((await store.offer("api", after=0, limit=10, now=NOW)).sendings) == 1
    await store.close()


# --- crashes ----------------------------------------------------------------------------------------------


async def test_a_copy_of_the_files_of_a_running_store_holds_all_that_was_acknowledged(store, path, tmp_path):
    await asyncio.gather(*(accept(store, message(str(n), who=f"p{n}")) for n in range(100)))
    await take(store)
    copy = tmp_path / "copy"
    shutil.copytree(path.parent, copy)
    survivor = await SqliteStore.open(copy / "heed.db")
    assert (await survivor.facts()).inbox == 100
    assert (await take(survivor, owner="new"))[0].attempts == 1
    await survivor.close()


_VICTIM = """
import asyncio, sys
from pathlib import Path
from bot.stores.sqlite import SqliteStore
from tests.contracts.stores import accept, message

async def main():
    store = await SqliteStore.open(Path(sys.argv[1]))
    for n in range(100_000):
        await accept(store, message(str(n), who=f"p{n}"))
        print(n, flush=True)

asyncio.run(main())
"""


async def test_what_was_acknowledged_before_a_kill_is_there_after_it(path):
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", _VICTIM, str(path)], cwd=root, stdout=subprocess.PIPE, text=True
    ) as victim:
        acknowledged = [int(victim.stdout.readline()) for _ in range(20)]
        with pytest.raises(StoreInUse, match=str(victim.pid)):
            await SqliteStore.open(path)
        victim.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in victim.stdout]
    store = await SqliteStore.open(path)
    receipts = await accept(store, *(message(str(n), who=f"p{n}") for n in acknowledged))
    assert {receipt.outcome.value for receipt in receipts} == {"duplicate"}
    await store.close()


# --- erasing --------------------------------------------------------------------------------------------


async def test_no_byte_of_an_erased_customer_is_left_in_any_file(store, path):
    for number in range(200):  # enough for pages to split, which leaves copies behind
        who = "VICTIM" if number % 4 == 0 else f"p{number}"
        text = f"{who} wrote " * 20
        await accept(store, message(f"{who}-{number}", who=who, text=text, name=f"Name of {who}"))
    conversation = await begun(store, "VICTIM", text="VICTIM")
    await advance(
        store,
        conversation,
        sends=(answer(conversation, text="Dear VICTIM", quick_replies=("VICTIM",)),),
        notes=(note("VICTIM"),),
        decisions=(decided(text="Dear VICTIM", name="VICTIM"),),
    )
    await take_sends(store)
    attached = (Attachment(kind=AttachmentKind.IMAGE, name="VICTIM.png", url="https://example.com/VICTIM"),)
    await accept(store, said("VICTIM-said", who="VICTIM", attachments=attached))
    await store.keep_bookmarks({"api:VICTIM": "17", "api:lobby": "VICTIMS"[-1]})
    assert await store.erase("api", "VICTIM") == 54
    assert await store.bookmarks("api:") == {"api:lobby": "S"}
    await store.set_switch("after", "x")
    for file in path.parent.iterdir():
        assert b"VICTIM" not in file.read_bytes(), file
    assert len(await store.history("api", "p1")) == 1
