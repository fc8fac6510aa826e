"""Customers whom staff have stopped hearing: told with what they write, until somebody hears them again."""

from __future__ import annotations

from bot.domain.messages import AgentId, CustomerId
from bot.ports import Store
from bot.records import BlockRecord
from tests.contracts.stores import (
    NOW,
    SECOND,
    Place,
    accept,
    advance,
    begun,
    conversation_of,
    message,
    place,
    reply,
    said,
    step,
    store,
    take,
)

__all__ = ["place", "store"]


def block(customer: CustomerId, *, lifted: bool = False) -> BlockRecord:
    return BlockRecord(customer=customer, agent=AgentId("lee"), at=NOW, lifted=lifted)


async def test_what_a_blocked_customer_writes_is_told_as_such_wherever_it_is_read(store: Store) -> None:
    conversation = await begun(store)
    await advance(store, conversation, blocks=(block(conversation.customer),))
    await accept(store, message("2"), message("3", who="bo"))
    items = {item.customer_name: item for item in await store.overdue(NOW + 3600 * SECOND, 10)}
    assert len(items) == 1  # both write under the same name
    taken = await take(store)
    assert [(item.blocked, item.conversation == conversation.id) for item in taken] == [
        (True, True),
        (False, False),
    ]
    assert [item.blocked for item in await store.items([item.seq for item in taken])] == [True, False]
    assert [item.blocked for item in await store.overdue(NOW + 3600 * SECOND, 10)] == [True, False]


async def test_staff_see_who_has_blocked_a_customer_and_when(store: Store) -> None:
    conversation = await begun(store)
    assert (await seen(store, conversation)) is None
    conversation = await advance(store, conversation, blocks=(block(conversation.customer),))
    assert (await seen(store, conversation)) == block(conversation.customer)
    conversation = await advance(store, conversation, blocks=(block(conversation.customer, lifted=True),))
    assert (await seen(store, conversation)) is None
    await accept(store, message("2"))
    assert [item.blocked for item in await take(store)] == [False]


async def seen(store: Store, conversation) -> BlockRecord | None:
    view = await store.view(conversation.id)
    assert view is not None
    return view.blocked


async def test_the_last_word_on_a_customer_counts(store: Store) -> None:
    conversation = await begun(store)
    whose = conversation.customer
    conversation = await advance(store, conversation, blocks=(block(whose), block(whose, lifted=True)))
    assert (await seen(store, conversation)) is None
    conversation = await advance(store, conversation, blocks=(block(whose, lifted=True), block(whose)))
    assert (await seen(store, conversation)) == block(whose)


async def test_a_commit_that_came_too_late_blocks_nobody(store: Store) -> None:
    conversation = await begun(store)
    late = step(conversation, blocks=(block(conversation.customer),))
    await advance(store, conversation)
    assert await store.commit([late]) == [False]
    assert (await seen(store, conversation)) is None


async def test_in_a_room_it_is_the_writer_who_is_blocked_and_not_their_place(store: Store) -> None:
    conversation = await begun(store, "bo")
    await advance(store, conversation, blocks=(block(conversation.customer),))
    thread = {"addressed": True, "address": said("x").address}
    [first] = await accept(store, said("1", who="ann", **thread))
    await accept(store, said("2", who="bo", **thread))
    asked = await conversation_of(store, first)
    [mine] = await take(store, now=NOW + 60 * SECOND)
    assert (mine.conversation, mine.blocked) == (asked.id, False)
    await advance(store, asked, done=(mine.seq,))
    [theirs] = await take(store, now=NOW + 60 * SECOND)
    assert (theirs.conversation, theirs.own, theirs.blocked) == (asked.id, False, True)


async def test_what_an_agent_answers_to_a_blocked_customer_is_heard(store: Store) -> None:
    conversation = await begun(store)
    await advance(store, conversation, blocks=(block(conversation.customer),))
    await accept(store, reply(conversation=conversation.id))
    assert [item.blocked for item in await take(store)] == [False]


async def test_a_block_outlives_a_restart_and_goes_with_an_erased_customer(place: Place) -> None:
    store = await place.open()
    conversation = await begun(store)
    conversation = await advance(store, conversation, blocks=(block(conversation.customer),))
    await store.close()
    store = await place.open()
    assert (await seen(store, conversation)) == block(conversation.customer)
    await store.erase("api", "ann")
    assert (await seen(store, conversation)) is None
    await accept(store, message("9"))
    assert [item.blocked for item in await take(store)] == [False]
