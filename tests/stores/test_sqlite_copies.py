"""The embedded store's copies: backups, and what is restored from them."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from bot.errors import StoreError, StoreInUse
from bot.stores.sqlite import SqliteStore, restore_file
from tests.contracts.stores import accept, begun, message
from tests.stores.files import raw

# --- backup ---------------------------------------------------------------------------------------------


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
