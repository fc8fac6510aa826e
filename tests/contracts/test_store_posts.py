"""What desks show of conversations, and which wishes of theirs were carried out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.messages import ConversationId
from bot.ports import Store
from bot.records import Post
from tests.contracts.stores import DAY, NOW, Place, advance, begun, place, step, store

__all__ = ["place", "store"]

HERE, THERE = ConversationId("c1"), ConversationId("c2")


def post(key: str, external_id: str, *, digest: str = "d1", place: str = "t1") -> Post:
    return Post(key=key, place=place, external_id=external_id, digest=digest)


async def test_what_is_kept_comes_back_by_key_for_its_desk_and_conversation_alone(store: Store) -> None:
    card, thread = post("card", "m1"), post("thread", "t1", digest="")
    await store.keep_posts("discord", HERE, [card, thread])
    assert await store.posts("discord", HERE) == {"card": card, "thread": thread}
    assert await store.posts("discord", THERE) == {}
    assert await store.posts("telegram", HERE) == {}


async def test_a_piece_that_is_shown_anew_takes_the_place_of_the_old(store: Store) -> None:
    await store.keep_posts("discord", HERE, [post("card", "m1"), post("s1", "m2")])
    await store.keep_posts("discord", HERE, [post("card", "m3", digest="d2")], gone=["s1"])
    assert await store.posts("discord", HERE) == {"card": post("card", "m3", digest="d2")}
    assert await store.posted("discord", "m1") is None
    assert await store.posted("discord", "m2") is None


async def test_a_key_that_is_gone_and_there_again_is_there(store: Store) -> None:
    await store.keep_posts("discord", HERE, [post("card", "m1")])
    await store.keep_posts("discord", HERE, [post("card", "m2")], gone=["card"])
    assert (await store.posts("discord", HERE))["card"].external_id == "m2"


async def test_a_message_leads_to_the_piece_that_it_shows(store: Store) -> None:
    await store.keep_posts("discord", HERE, [post("card", "m1")])
    await store.keep_posts("discord", THERE, [post("s9", "m2")])
    assert await store.posted("discord", "m1") == (HERE, "card")
    assert await store.posted("discord", "m2") == (THERE, "s9")
    assert await store.posted("telegram", "m1") is None
    assert await store.posted("discord", "m3") is None


async def test_a_thread_that_bears_the_id_of_its_first_message_is_the_thread(store: Store) -> None:
    await store.keep_posts("discord", HERE, [post("card", "5001"), post("thread", "5001")])
    assert await store.posted("discord", "5001") == (HERE, "thread")


async def test_posts_outlive_a_restart_and_the_erasing_of_a_customer(place: Place) -> None:
    store = await place.open()
    conversation = await begun(store)
    await store.keep_posts("discord", conversation.id, [post("card", "m1")])
    await store.close()
    store = await place.open()
    await store.erase("api", "ann")
    assert await store.posts("discord", conversation.id) == {"card": post("card", "m1")}


async def test_a_request_is_known_once_a_commit_has_carried_it_out(place: Place) -> None:
    store = await place.open()
    conversation = await begun(store)
    late = step(conversation, request="click-2")
    conversation = await advance(store, conversation, request="click-1")
    assert await store.commit([late]) == [False]
    assert await store.requested("click-1")
    assert not await store.requested("click-2")
    await store.close()
    store = await place.open()
    assert await store.requested("click-1")


async def test_a_request_of_long_ago_is_forgotten(store: Store) -> None:
    conversation = await begun(store)
    for number, later in enumerate((timedelta(0), 6 * DAY, 8 * DAY)):
        commit = replace(step(conversation, request=f"click-{number}"), recorded_at=NOW + later)
        assert await store.commit([commit]) == [True]
        conversation = commit.conversation
    assert [await store.requested(f"click-{number}") for number in range(3)] == [False, True, True]
