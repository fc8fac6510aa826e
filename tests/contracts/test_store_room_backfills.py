"""What every store promises about what is fetched of a public room after it was written."""

from dataclasses import replace

import pytest

from bot.domain.states import State
from bot.records import ArrivalKind
from tests.contracts.rooms import (
    CAME,
    COMPLETE,
    HOLD,
    INSTANT,
    LOBBY,
    THREAD,
    addressed,
    back_filled,
    in_line,
    in_room,
    left,
    unheard,
)
from tests.contracts.stores import (
    MINUTE,
    NOW,
    accept,
    deletion,
    edit,
    message,
    place,
    reply,
    said,
    store,
    take,
    talk,
)

__all__ = ["place", "store"]


async def test_a_back_filled_message_to_the_brand_waits_half_a_minute_for_the_answer_on_the_next_page(store):
    await accept(store, back_filled())
    await accept(store, in_room(reply(address=LOBBY, in_reply_to="1")))
    assert await take(store, now=COMPLETE - INSTANT) == []
    assert await store.next_due() == COMPLETE + 2 * MINUTE
    [item] = await take(store, now=COMPLETE)
    assert (item.addressed, item.answered, item.replied, item.held_until) == (True, False, True, COMPLETE)


@pytest.mark.parametrize(("late", "waits"), [(MINUTE, False), (MINUTE + INSTANT, True)])
async def test_only_what_comes_in_more_than_a_minute_late_is_back_filled(store, late, waits):
    await accept(store, addressed(arrived_at=NOW + late))
    assert (await take(store, now=NOW + late) == []) is waits


async def test_in_private_nothing_that_comes_in_late_is_kept_waiting(store):
    await accept(store, replace(message(), arrived_at=CAME))
    assert len(await take(store, now=CAME)) == 1


async def test_no_word_in_the_room_is_an_answer_to_what_is_addressed_and_back_filled(store):
    await accept(store, back_filled("1"), back_filled("2", who="bob"), talk(), talk(in_reply_to="2"))
    assert [item.answered for item in await take(store, now=COMPLETE)] == [False, False]


async def test_a_back_filled_message_brings_forward_what_lies_before_it_no_further_than_itself(store):
    await accept(store, said("1", arrived_at=CAME, patience=30 * MINUTE), back_filled("2"))
    assert await take(store, now=COMPLETE - INSTANT) == []
    assert [item.addressed for item in await in_line(store, COMPLETE)] == [True, True]


async def test_one_back_filled_message_does_not_end_the_wait_of_another(store):
    await accept(store, back_filled("1"), back_filled("2"))
    assert await take(store, now=COMPLETE - INSTANT) == []
    assert len(await in_line(store, COMPLETE)) == 2


async def test_what_goes_on_with_a_matter_waits_too_where_it_is_back_filled(store):
    await left(store, state=State.OPEN)
    await accept(store, unheard("next", arrived_at=CAME))
    assert await take(store, now=COMPLETE - INSTANT) == []
    [item] = await take(store, now=COMPLETE)
    assert item.addressed


async def test_an_edit_of_what_is_back_filled_waits_with_it(store):
    await accept(store, back_filled(), in_room(edit(text="two", at=CAME)))
    assert await take(store, now=COMPLETE - INSTANT) == []
    [item] = await in_line(store, COMPLETE)
    assert (item.kind, item.text, item.addressed) == (ArrivalKind.MESSAGE, "two", True)


async def test_no_reply_passes_what_somebody_else_in_the_thread_asked_in_a_back_fill(store):
    await left(store, addressed("0", address=THREAD), state=State.OPEN)
    await accept(store, back_filled("1", who="bob", address=THREAD), in_room(reply(in_reply_to="1")))
    assert await take(store, now=COMPLETE - INSTANT) == []
    [item] = await take(store, now=COMPLETE)
    assert (item.kind, item.own, item.replied) == (ArrivalKind.MESSAGE, False, True)


async def test_what_is_deleted_while_its_back_fill_is_completed_is_left_alone(store):
    await accept(store, back_filled(), deletion(at=CAME))
    items = await in_line(store, CAME)
    assert [(item.kind, item.addressed, item.answered) for item in items] == [
        (ArrivalKind.MESSAGE, False, True),
        (ArrivalKind.DELETION, True, False),
    ]


async def test_behind_a_longer_wait_the_deadline_for_assessment_of_what_is_back_filled_counts_from_then(store):
    late = NOW + 2 * MINUTE
    await accept(store, said("1", address=THREAD), back_filled("2", who="bob", address=THREAD, arrived_at=late))
    assert await take(store, now=HOLD - INSTANT) == []
    assert await store.next_due() == HOLD + 2 * MINUTE
