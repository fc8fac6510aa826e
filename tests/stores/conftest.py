"""A store in a file, and nothing left of it."""

import threading

import pytest

from bot.stores.sqlite import SqliteStore


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
