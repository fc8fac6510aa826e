"""What every store promises about public rooms: what waits for others, and what counts as an answer."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.records import Outcome
from tests.contracts.rooms import HOLD, INSTANT, LOBBY, THREAD, addressed, held, in_line, in_room, left, unheard
from tests.contracts.stores import (
    MINUTE,
    NOW,
    SECOND,
    accept,
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

# --- waiting ----------------------------------------------------------------------------------------------


async def test_a_message_that_is_not_addressed_is_not_handed_out_before_its_patience_has_passed(store):
    [receipt] = await accept(store, said())
    assert receipt.outcome is Outcome.ACCEPTED
    assert await take(store, now=HOLD - INSTANT) == []
    item = await held(store)
    assert (item.message, item.addressed, item.answered, item.own) == (receipt.message, False, False, True)


async def test_patience_counts_from_when_it_was_written_and_lasts_half_a_minute_from_when_it_came(store):
    late = {"arrived_at": NOW + 4 * MINUTE + 50 * SECOND}
    await accept(store, said(**late))
    assert await take(store, now=HOLD + 20 * SECOND - INSTANT) == []
    assert len(await take(store, now=HOLD + 20 * SECOND)) == 1


async def test_what_waits_for_others_keeps_nobody_else_waiting(store):
    await accept(store, *(said(str(number), who=f"p{number}") for number in range(30)))
    [receipt] = await accept(store, message("a", who="bob"))
    assert [item.message for item in await take(store, 1)] == [receipt.message]
    assert await store.depth() == 1, "who waits for others fills no queue"


async def test_all_that_has_waited_long_enough_is_handed_out_oldest_first(store):
    receipts = await accept(store, *(said(str(number), who=f"p{number}") for number in range(5)))
    taken = [*await take(store, 2, now=HOLD), *await take(store, 10, owner="w2", now=HOLD)]
    assert [item.message for item in taken] == [receipt.message for receipt in receipts]


async def test_later_messages_of_the_same_customer_wait_behind(store):
    await accept(store, said("1"), said("2", happened_at=NOW + MINUTE))
    assert [item.message for item in await in_line(store, HOLD - INSTANT)] == []
    assert [item.happened_at for item in await in_line(store, HOLD)] == [NOW]
    assert [item.happened_at for item in await in_line(store, HOLD + MINUTE)] == [NOW + MINUTE]


async def test_the_deadline_for_assessment_counts_from_the_end_of_the_wait(store):
    await accept(store, said())
    assert await store.next_due() == HOLD + 2 * MINUTE
    assert await store.overdue(HOLD + 2 * MINUTE - INSTANT, 10) == []
    assert len(await store.overdue(HOLD + 2 * MINUTE, 10)) == 1


async def test_what_was_handed_out_after_its_wait_is_leased_and_released_like_any_other(store):
    await accept(store, said())
    first = await held(store)
    assert await take(store, owner="w2", now=HOLD) == []
    await store.release([first])
    again = await held(store)
    assert (again.seq, again.attempts) == (first.seq, 1)


async def test_a_wait_outlives_a_restart(place):
    store = await place.open()
    await accept(store, said())
    await store.close()
    store = await place.open()
    assert await take(store, now=HOLD - INSTANT) == []
    assert len(await take(store, now=HOLD)) == 1


async def test_a_repeated_message_waits_once(store):
    first, again = await accept(store, said(), said())
    assert (first.outcome, again.outcome) == (Outcome.ACCEPTED, Outcome.DUPLICATE)
    assert (await held(store)).message == first.message
    assert await store.depth() == 1


# --- rooms that are not listened to -------------------------------------------------------------------------


async def test_nothing_is_kept_of_a_message_in_a_room_that_is_not_listened_to(store):
    [receipt] = await accept(store, unheard())
    assert (receipt.outcome, receipt.conversation, receipt.message) == (Outcome.OVERHEARD, None, None)
    facts = await store.facts()
    assert (facts.inbox, dict(facts.conversations)) == (0, {})
    assert await store.history("api", "ann") == []
    assert await store.next_due() is None
    [changed] = await accept(store, edit(text="x"))
    assert changed.outcome is Outcome.NOT_FOUND


async def test_a_message_that_is_not_kept_renames_nobody(store):
    conversation = await left(store)
    other = replace(unheard(who="ann"), address=replace(LOBBY, place="hall"))
    await accept(store, replace(other, customer=replace(other.customer, name="Someone")))
    assert (await store.view(conversation.id)).customer.name == "Ann Example"


async def test_a_message_that_is_not_kept_still_counts_as_a_word(store):
    await accept(store, said("1"), unheard("2", who="bob", happened_at=NOW + SECOND))
    assert (await held(store)).answered


# --- brought forward ----------------------------------------------------------------------------------------


async def test_an_addressed_message_brings_forward_what_its_writer_has_waiting_there(store):
    told = []
    store.on_change(told.append)
    later = NOW + MINUTE
    await accept(store, said("1"), said("2"))
    await accept(store, addressed("3", happened_at=later, arrived_at=later))
    assert await store.next_due() == later + 2 * MINUTE
    assert (told[-1].inbox, told[-1].earliest_deadline) == (True, later + 2 * MINUTE)
    items = await in_line(store, later)
    assert [(item.addressed, item.answered) for item in items] == [(True, False)] * 3
    assert [item.seq for item in items] == sorted(item.seq for item in items)


async def test_an_addressed_message_brings_forward_nothing_elsewhere_or_of_others(store):
    hall = replace(LOBBY, place="hall")
    await accept(store, said("1"), said("2", address=THREAD))
    await accept(store, addressed("3", address=hall), addressed("4", who="bob", address=THREAD))
    assert [item.addressed for item in await take(store, now=HOLD - INSTANT)] == [True]
    assert sorted(item.addressed for item in await in_line(store)) == [False, False, True, True]


# --- words in the room --------------------------------------------------------------------------------------

LATER = {"happened_at": NOW + MINUTE, "arrived_at": NOW + MINUTE}
WORDS = {
    "a member's words": said("w", who="bob", **LATER),
    "words to the brand": addressed("w", who="bob", **LATER),
    "words that are not kept": unheard("w", who="bob", **LATER),
    "an agent's talk": talk(),
    "an agent's reply to nothing known": in_room(reply("w")),
    "an agent's reply to somebody else": in_room(reply("w", address=replace(LOBBY, thread="u:cid"))),
    "an agent's reply": in_room(reply("w", address=LOBBY)),
}


@pytest.mark.parametrize("word", WORDS.values(), ids=WORDS)
async def test_anybody_elses_word_in_the_room_counts_as_an_answer(store, word):
    [receipt, *_] = await accept(store, said("1"), addressed("c", who="cid"))
    await accept(store, word)
    answered = {item.message: item.answered for item in await take(store, now=HOLD + 2 * MINUTE)}
    assert answered[receipt.message]


async def test_ones_own_words_are_no_answer(store):
    other = replace(LOBBY, thread="t:9")
    await accept(store, said("1"), said("2"), said("3", address=other), unheard("4", address=other))
    await accept(store, said("5", in_reply_to="1"))
    items = await in_line(store)
    assert [item.answered for item in items] == [False] * 4


async def test_a_word_in_another_room_or_on_another_channel_is_no_answer(store):
    await accept(store, said(), talk(room="hall"), replace(talk(), channel="chat"))
    assert not (await held(store)).answered


async def test_a_word_without_a_room_is_no_answer(store):
    await accept(store, said(), message("2", who="bob"), talk(room=""))
    [_, item] = sorted(await take(store, now=HOLD), key=lambda item: item.addressed, reverse=True)
    assert not item.answered


@pytest.mark.parametrize(("before", "answered"), [(timedelta(0), True), (SECOND, False)])
async def test_only_a_word_that_was_spoken_afterwards_answers(store, before, answered):
    await accept(store, said(), talk(at=NOW - before))
    assert (await held(store)).answered is answered


async def test_a_word_that_expressly_answers_a_message_answers_only_that(store):
    first, second, _ = await accept(store, said("1"), said("2", who="bob", in_reply_to="x"), talk(in_reply_to="2"))
    answered = {item.message: item.answered for item in await take(store, now=HOLD)}
    assert answered == {first.message: False, second.message: True}


async def test_a_word_that_expressly_answers_something_unknown_answers_nothing(store):
    await accept(store, said("1"), talk(in_reply_to="never seen"))
    assert not (await held(store)).answered


async def test_in_a_back_fill_a_later_word_of_the_list_answers_an_earlier_one(store):
    talked = [said(str(n), who=f"p{n}", happened_at=NOW + n * SECOND) for n in range(4)]
    receipts = await accept(store, *talked)
    answered = {item.message: item.answered for item in await take(store, now=HOLD + MINUTE)}
    assert [answered[receipt.message] for receipt in receipts] == [True, True, True, False]


async def test_a_repeated_word_counts_for_what_came_in_between(store):
    word = unheard("w", who="bob", happened_at=NOW + SECOND)
    await accept(store, word, said("1"), word, word)
    assert (await held(store)).answered


async def test_a_kept_word_that_is_read_again_counts_too(store):
    word = addressed("w", who="bob", happened_at=NOW + SECOND)
    await accept(store, word, said("1"))
    [again] = await accept(store, word)
    assert again.outcome is Outcome.DUPLICATE
    assert [item.answered for item in await take(store, now=HOLD) if not item.addressed] == [True]


async def test_talk_enters_no_inbox_and_nothing_of_it_is_kept(store):
    [receipt] = await accept(store, talk())
    assert (receipt.outcome, receipt.conversation, receipt.message) == (Outcome.OVERHEARD, None, None)
    assert await store.depth() == 0


async def test_an_answer_does_not_end_the_wait(store):
    await accept(store, said(), talk())
    assert await take(store, now=HOLD - INSTANT) == []


async def test_an_addressed_message_needs_no_answer_of_others(store):
    await accept(store, addressed("1"), talk())
    [item] = await take(store)
    assert (item.addressed, item.answered) == (True, False)


# --- erasing ------------------------------------------------------------------------------------------------


async def test_what_an_erased_customer_has_waiting_is_handed_to_no_worker(store):
    await accept(store, said("1"), said("2", who="bob", address=LOBBY), said("3", who="cid"))
    await store.erase("api", "ann")
    assert [item.own for item in await take(store, now=HOLD)] == [True]
    assert await store.depth() == 1


async def test_an_erased_message_of_somebody_else_in_a_thread_keeps_nothing_back(store):
    first, _, last = await accept(
        store, addressed("1", address=THREAD), said("2", who="bob", address=THREAD), addressed("3", address=THREAD)
    )
    await store.erase("api", "bob")
    assert [item.message for item in await in_line(store, NOW)] == [first.message, last.message]
