"""What every store promises about how far channels have read."""

from tests.contracts.stores import accept, message, place, store

__all__ = ["place", "store"]


async def test_bookmarks_are_found_by_how_their_names_begin(store):
    kept = {"a:1": "x", "a:2": "y", "a": "z", "b:1": "w", "ab": "v"}
    await store.keep_bookmarks(kept)
    assert await store.bookmarks("a:") == {"a:1": "x", "a:2": "y"}
    assert await store.bookmarks("") == kept
    assert await store.bookmarks("c") == {}


async def test_a_prefix_is_taken_literally(store):
    names = ("a%b", "axb", "a_b", "A%b", "a*", "a?", "a[b]", "é:1", "e:1")
    await store.keep_bookmarks(dict.fromkeys(names, "x"))
    for name in names:
        assert list(await store.bookmarks(name)) == [name]
    assert set(await store.bookmarks("a_")) == {"a_b"}


async def test_a_bookmark_is_moved_and_taken_out_by_an_empty_value(store):
    await store.keep_bookmarks({"a": "1", "b": "1"})
    await store.keep_bookmarks({"a": "2", "b": "", "never": ""})
    assert await store.bookmarks("") == {"a": "2"}
    await store.keep_bookmarks({})
    assert await store.bookmarks("") == {"a": "2"}


async def test_bookmarks_outlive_a_restart(place):
    store = await place.open()
    await store.keep_bookmarks({"a": "1"})
    await store.close()
    assert await (await place.open()).bookmarks("a") == {"a": "1"}


async def test_bookmarks_are_in_a_backup(store, place, tmp_path):
    await store.keep_bookmarks({"a": "1"})
    await store.backup(tmp_path / "copy" / "heed.db")
    place.folder = tmp_path / "copy"
    assert await (await place.open()).bookmarks("a") == {"a": "1"}


async def test_erasing_takes_out_how_far_a_private_chat_was_read(store):
    await accept(store, message(who="ann"), message("2", who="bob"))
    await store.keep_bookmarks({"api:ann": "1", "api:bob": "1", "api:annual": "1", "other:ann": "1"})
    await store.erase("api", "ann")
    assert set(await store.bookmarks("")) == {"api:bob", "api:annual", "other:ann"}
