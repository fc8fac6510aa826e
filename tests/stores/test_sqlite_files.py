"""The embedded store's file: versions, locks, damage, crashes, and what is left of an erased person."""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from bot.domain.actions import SendState
from bot.domain.log import LogKind
from bot.domain.messages import Attachment, AttachmentKind
from bot.errors import Overloaded, StoreError, StoreInUse, StoreTooNew, StoreUnavailable
from bot.stores.sqlite import (
    SqliteStore,
    conversations,
    deadlines,
    inbox,
    intake,
    log,
    origins,
    outbox,
    restore_file,
    rooms,
    schema,
)
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


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "folder" / "heed.db"


@pytest.fixture
async def store(path):
    store = await SqliteStore.open(path)
    yield store
    await store.close()


@pytest.fixture(autouse=True)
def no_thread_outlives_its_test():
    before = set(threading.enumerate())
    yield
    assert {thread for thread in threading.enumerate() if thread.name.startswith("heed-")} <= before


def raw(path):
    return closing(sqlite3.connect(path, isolation_level=None))


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


# --- erasing and backup -----------------------------------------------------------------------------------


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


async def test_a_backup_taken_while_others_write_is_whole(store, tmp_path):
    target = tmp_path / "copy.db"
    writing = asyncio.gather(*(accept(store, message(str(n), who=f"p{n}")) for n in range(300)))
    await store.backup(target)
    await writing
    with raw(target) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        counts = (
            "SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM bodies), (SELECT count(*) FROM inbox)"
        )
        assert len(set(connection.execute(counts).fetchone())) == 1
    copy = await SqliteStore.open(target)
    await accept(copy, message("new"))
    await copy.close()


async def test_a_backup_that_cannot_be_written_names_its_path_and_leaves_nothing(store, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file/copy"):
        await store.backup(tmp_path / "file" / "copy.db")


# --- restoring --------------------------------------------------------------------------------------------


@pytest.fixture
async def copy(tmp_path):
    """Lend a copy of a store in which ann wrote ``from the copy``."""
    store = await SqliteStore.open(tmp_path / "elsewhere" / "heed.db")
    await begun(store, text="from the copy")
    await store.backup(tmp_path / "copy.db")
    await store.close()
    return tmp_path / "copy.db"


async def texts_in(path):
    store = await SqliteStore.open(path)
    texts = [entry.text for entry in await store.history("api", "ann")]
    await store.close()
    return texts


async def keep(path, text="of today"):
    store = await SqliteStore.open(path)
    await begun(store, text=text)
    await store.close()


def beside(path):
    return sorted(each.name for each in path.parent.iterdir() if each.name != path.name + ".lock")


async def test_a_copy_is_restored_where_there_was_no_store(path, copy):
    assert restore_file(copy, path) is None
    assert beside(path) == ["heed.db"]
    assert await texts_in(path) == ["from the copy"]


async def test_a_copy_takes_the_place_of_the_store_and_the_store_is_kept(path, copy):
    await keep(path)
    kept = restore_file(copy, path)
    assert kept.parent == path.parent
    assert beside(path) == ["heed.db", kept.name]
    assert await texts_in(path) == ["from the copy"]
    assert await texts_in(kept) == ["of today"]
    assert copy.exists()


async def test_what_lies_in_the_journal_of_a_killed_run_is_kept_and_never_joins_the_copy(path, tmp_path, copy):
    running = await SqliteStore.open(tmp_path / "running" / "heed.db")
    await begun(running, text="of today")
    shutil.copytree(tmp_path / "running", path.parent)
    await running.close()
    assert path.with_name("heed.db-wal").stat().st_size > 0
    kept = restore_file(copy, path)
    assert beside(path) == ["heed.db", kept.name]
    assert await texts_in(path) == ["from the copy"]
    assert await texts_in(kept) == ["of today"]


async def test_a_copy_takes_the_place_of_a_damaged_store_which_is_kept_as_it_was(path, copy):
    await keep(path)
    damaged = b"damaged" + path.read_bytes()[7:]
    path.write_bytes(damaged)
    path.with_name("heed.db-wal").write_bytes(b"no journal any more")
    kept = restore_file(copy, path)
    assert kept.read_bytes() == damaged
    assert not path.with_name("heed.db-wal").exists()
    assert await texts_in(path) == ["from the copy"]


async def test_a_journal_whose_store_was_moved_away_never_joins_the_copy(path, tmp_path, copy):
    running = await SqliteStore.open(tmp_path / "running" / "heed.db")
    await begun(running, text="of today")
    shutil.copytree(tmp_path / "running", path.parent)
    await running.close()
    path.unlink()
    size = path.with_name("heed.db-wal").stat().st_size
    assert restore_file(copy, path) is None
    assert not path.with_name("heed.db-wal").exists()
    [journal] = path.parent.glob("*.replaced-wal")
    assert journal.stat().st_size == size
    assert await texts_in(path) == ["from the copy"]


async def test_nothing_is_restored_over_a_store_that_runs(store, path, copy):
    await begun(store, text="of today")
    before = beside(path)
    with pytest.raises(StoreInUse, match=str(os.getpid())):
        restore_file(copy, path)
    assert beside(path) == before
    assert [entry.text for entry in await store.history("api", "ann")] == ["of today"]


def cut(copy):
    copy.write_bytes(copy.read_bytes()[:8192])


def scribble(copy):
    copy.write_text("Dear reader, this is no database. " * 100)


def scribble_inside(copy):
    half = copy.stat().st_size // 2
    copy.write_bytes(copy.read_bytes()[:half] + b"x" * half)


def empty(copy):
    copy.write_bytes(b"")


def age(copy):
    with raw(copy) as connection:
        connection.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (Path.unlink, "no such file"),
        (cut, "copy"),
        (scribble, "not a copy of a store"),
        (scribble_inside, "copy"),
        (empty, "not a copy of a store"),
        (age, "schema version 99"),
    ],
)
async def test_a_copy_that_is_missing_damaged_or_too_new_is_refused_and_the_store_left_alone(
    path, copy, spoil, why
):
    await keep(path)
    spoil(copy)
    with pytest.raises(StoreError, match=rf"copy\.db.*{why}"):
        restore_file(copy, path)
    assert beside(path) == ["heed.db"]
    assert await texts_in(path) == ["of today"]


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
