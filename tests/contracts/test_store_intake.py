"""What every store promises about arrivals and the work they make."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.messages import Author
from bot.domain.states import State
from bot.errors import BadMessage
from bot.records import Outcome
from tests.contracts.stores import (
    DAY,
    MINUTE,
    NOW,
    SECOND,
    accept,
    address,
    advance,
    begun,
    conversation_of,
    deletion,
    edit,
    message,
    place,
    reply,
    store,
    take,
)

__all__ = ["place", "store"]


async def test_a_message_opens_a_conversation_in_which_nothing_has_happened(store):
    [receipt] = await accept(store, message())
    assert receipt.outcome is Outcome.ACCEPTED
    conversation = await conversation_of(store, receipt)
    assert (conversation.version, conversation.state) == (0, State.UNOPENED)
    assert conversation.address == address()


async def test_a_second_delivery_of_a_message_is_recognised(store):
    [first] = await accept(store, message())
    [second] = await accept(store, message())
    assert second.outcome is Outcome.DUPLICATE
    assert (second.conversation, second.message) == (first.conversation, first.message)
    assert len(await take(store)) == 1


async def test_a_repetition_inside_one_call_is_recognised(store):
    receipts = await accept(store, message(), message(), message(text="something else"))
    assert [receipt.outcome for receipt in receipts] == [Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.CONFLICT]


async def test_the_same_id_with_another_text_is_a_conflict_that_names_the_first_conversation(store):
    [first] = await accept(store, message())
    [second] = await accept(store, message(text="Something else"))
    assert (second.outcome, second.conversation) == (Outcome.CONFLICT, first.conversation)


async def test_the_same_id_from_another_customer_is_a_conflict(store):
    await accept(store, message(who="ann"))
    [second] = await accept(store, message(who="bob"))
    assert second.outcome is Outcome.CONFLICT


async def test_the_same_id_on_another_channel_is_another_message(store):
    [one] = await accept(store, message())
    [other] = await accept(store, message(channel="chat"))
    assert other.outcome is Outcome.ACCEPTED
    assert other.message != one.message


async def test_many_tasks_that_accept_the_same_message_store_it_once(store):
    receipts = await asyncio.gather(*(accept(store, message()) for _ in range(400)))
    outcomes = [receipt.outcome for [receipt] in receipts]
    assert outcomes.count(Outcome.ACCEPTED) == 1
    assert outcomes.count(Outcome.DUPLICATE) == 399
    assert len({receipt.conversation for [receipt] in receipts}) == 1


async def test_messages_from_one_address_join_one_conversation(store):
    one, two = await accept(store, message("1"), message("2"))
    [other] = await accept(store, message("3", who="bob"))
    assert one.conversation == two.conversation != other.conversation


async def test_a_message_after_the_reopen_window_begins_a_new_conversation(store):
    conversation = await begun(store)
    await advance(store, conversation, after={"state": State.RESOLVED, "resolved_at": NOW})
    [inside] = await accept(store, message("in", at=NOW + 7 * DAY))
    [outside] = await accept(store, message("out", at=NOW + 7 * DAY + SECOND))
    [later] = await accept(store, message("later", at=NOW + 8 * DAY))
    assert inside.conversation == conversation.id
    assert outside.conversation == later.conversation != conversation.id


async def test_a_message_without_an_address_is_refused(store):
    with pytest.raises(BadMessage):
        await accept(store, replace(message(), address=None))


async def test_a_newer_name_of_the_customer_is_taken_and_an_empty_one_is_not(store):
    [receipt] = await accept(store, message("1", name="Ann"))
    await accept(store, message("2", name="Ann Lee"), message("3", name=""))
    view = await store.view(receipt.conversation)
    assert view.customer.name == "Ann Lee"


# --- edits, deletions, replies ----------------------------------------------------------------------------


async def test_an_edit_keeps_the_earlier_text(store):
    [receipt] = await accept(store, message(text="one"))
    [edited] = await accept(store, edit(text="two"))
    assert (edited.outcome, edited.conversation, edited.message) == (
        Outcome.ACCEPTED,
        receipt.conversation,
        receipt.message,
    )
    [entry] = (await store.view(receipt.conversation)).transcript
    assert (entry.text, entry.earlier_texts, entry.edited_at) == ("two", ("one",), NOW + MINUTE)


async def test_a_message_and_its_edit_may_come_in_one_call(store):
    receipts = await accept(store, message(text="one"), edit(text="two"), deletion())
    assert {receipt.outcome for receipt in receipts} == {Outcome.ACCEPTED}
    assert len({receipt.message for receipt in receipts}) == 1


@pytest.mark.parametrize("revision", ["", "r7"])
async def test_a_second_delivery_of_an_edit_is_recognised(store, revision):
    await accept(store, message(text="one"), edit(text="two", revision=revision), edit(text="three"))
    [again] = await accept(store, edit(text="two", revision=revision))
    assert again.outcome is Outcome.DUPLICATE


async def test_an_edit_that_changes_no_text_is_a_duplicate(store):
    await accept(store, message(text="one"))
    [same] = await accept(store, edit(text="one"))
    assert same.outcome is Outcome.DUPLICATE


async def test_a_revision_tells_a_return_to_an_earlier_text_from_a_repetition(store):
    await accept(store, message(text="one"), edit(text="two", revision="a"), edit(text="three", revision="b"))
    [back] = await accept(store, edit(text="two", revision="c"))
    assert back.outcome is Outcome.ACCEPTED


async def test_a_message_read_again_after_its_edit_is_a_duplicate(store):
    await accept(store, message(text="one"), edit(text="two"))
    original, current = await accept(store, message(text="one"), message(text="two"))
    assert {original.outcome, current.outcome} == {Outcome.DUPLICATE}


async def test_an_edit_or_deletion_of_something_never_seen_is_not_found(store):
    receipts = await accept(store, edit("never", text="x"), deletion("never"))
    assert [receipt.outcome for receipt in receipts] == [Outcome.NOT_FOUND] * 2


async def test_a_deletion_is_marked_once_and_repeated_as_a_duplicate(store):
    [receipt] = await accept(store, message())
    first, second = await accept(store, deletion(), deletion())
    assert (first.outcome, second.outcome) == (Outcome.ACCEPTED, Outcome.DUPLICATE)
    [entry] = (await store.view(receipt.conversation)).transcript
    assert entry.deleted_at == NOW + MINUTE


async def test_an_edit_after_the_deletion_brings_nothing_back(store):
    receipt, _ = await accept(store, message(text="one"), deletion())
    [late] = await accept(store, edit(text="two"))
    assert late.outcome is Outcome.NOT_FOUND
    [entry] = (await store.view(receipt.conversation)).transcript
    assert (entry.text, entry.earlier_texts) == ("one", ())


async def test_a_reply_joins_the_conversation_it_names_or_the_one_at_its_address(store):
    [receipt] = await accept(store, message())
    named, placed = await accept(
        store, reply("r1", conversation=receipt.conversation), reply("r2", address=address(), text="More.")
    )
    assert named.conversation == placed.conversation == receipt.conversation
    entries = (await store.view(receipt.conversation)).transcript
    assert [(entry.author, entry.agent) for entry in entries[1:]] == [(Author.AGENT, "kim")] * 2


async def test_a_reply_to_nothing_known_is_not_found(store):
    receipts = await accept(store, reply(conversation="c-none"), reply(address=address("nobody")), reply())
    assert [receipt.outcome for receipt in receipts] == [Outcome.NOT_FOUND] * 3


async def test_a_repeated_reply_is_recognised(store):
    [receipt] = await accept(store, message())
    same = reply(conversation=receipt.conversation)
    first, second = await accept(store, same, same)
    assert (first.outcome, second.outcome) == (Outcome.ACCEPTED, Outcome.DUPLICATE)


# --- the inbox --------------------------------------------------------------------------------------------


async def test_an_item_carries_all_that_a_worker_needs(store):
    [receipt] = await accept(store, message(text="Where?", flooding=True))
    [item] = await take(store)
    assert (item.conversation, item.message) == (receipt.conversation, receipt.message)
    assert (item.text, item.customer_name, item.flooding) == ("Where?", "Ann Example", True)
    assert (item.happened_at, item.attempts, item.escalated) == (NOW, 0, False)


async def test_each_item_carries_its_own_text(store):
    [receipt] = await accept(store, message(text="one"))
    await accept(store, edit(text="two"), deletion(), reply(conversation=receipt.conversation, text="three"))
    texts = []
    for _ in range(4):
        [item] = await take(store)
        texts.append((item.kind.value, item.text))
        await advance(store, (await store.load([item.conversation]))[item.conversation], done=(item.seq,))
    assert texts == [("message", "one"), ("edit", "two"), ("deletion", ""), ("reply", "three")]


async def test_items_are_handed_out_oldest_first_and_at_most_the_first_of_each_conversation(store):
    arrivals = (message("1"), message("2"), message("3", who="bob"), message("4", who="cid"))
    receipts = await accept(store, *arrivals)
    taken = [*await take(store, 2), *await take(store, 2, owner="w2")]
    assert [item.seq for item in taken] == sorted(item.seq for item in taken)
    assert [item.message for item in taken] == [receipts[number].message for number in (0, 2, 3)]


async def test_a_conversation_with_a_leased_item_hands_out_no_other_until_the_lease_ends(store):
    await accept(store, message("1"), message("2"))
    [first] = await take(store)
    assert await take(store, owner="w2", now=NOW + 30 * SECOND) == []
    [again] = await take(store, owner="w2", now=NOW + MINUTE)
    assert (again.seq, again.attempts) == (first.seq, 1)


async def test_a_worker_that_could_neither_commit_nor_release_is_handed_its_items_again(store):
    await accept(store, message("1"), message("2", who="bob"), message("3", who="cid"))
    lost = [item.seq for item in await take(store, 2)]
    await take(store, 1, owner="w2")
    assert await take(store, owner="w3") == []
    for seq in lost:
        [again] = await take(store)
        assert (again.seq, again.attempts) == (seq, 1)
        conversation = (await store.load([again.conversation]))[again.conversation]
        await advance(store, conversation, done=(again.seq,))
    assert await take(store) == []


async def test_only_an_item_that_was_really_handed_out_again_counts_as_tried_again(store):
    await accept(store, message("1"), message("2", who="bob"))
    await take(store)
    assert [item.attempts for _ in range(3) for item in await take(store)] == [1, 2, 3]
    behind = (await take(store, owner="w2", now=NOW + DAY))[0]
    assert behind.attempts == 4
    [untouched] = await take(store, owner="w3", now=NOW + DAY)
    assert untouched.attempts == 1


async def test_a_lease_taken_again_by_its_owner_runs_anew(store):
    await accept(store, message())
    await take(store)
    await take(store, now=NOW + 30 * SECOND)
    assert await take(store, owner="w2", now=NOW + MINUTE) == []
    assert len(await take(store, owner="w2", now=NOW + 90 * SECOND)) == 1


async def test_many_takers_never_get_the_same_item(store):
    await accept(store, *(message(str(number), who=f"p{number}") for number in range(50)))
    taken = await asyncio.gather(*(take(store, 5, owner=f"w{number}") for number in range(20)))
    seqs = [item.seq for items in taken for item in items]
    assert len(seqs) == len(set(seqs)) == 50


async def test_an_item_that_was_handed_out_before_comes_alone(store):
    await accept(store, message("1"), message("2", who="bob"), message("3", who="cid"))
    assert len(await take(store)) == 3
    later = NOW + 2 * MINUTE
    alone = [await take(store, owner=f"w{n}", now=later) for n in range(4)]
    assert [len(items) for items in alone] == [1, 1, 1, 0]


async def test_a_suspect_waits_for_its_turn_without_joining_a_batch(store):
    await accept(store, message("1"), message("2", who="bob"), message("3", who="cid"))
    items = await take(store)
    await store.release([items[0], items[2]], blameless=True)
    await store.release([items[1]])
    turns = [[item.attempts for item in await take(store, owner=f"w{n}")] for n in range(3)]
    assert turns == [[0], [1], [0]]


async def test_a_blameless_release_does_not_count_as_an_attempt(store):
    await accept(store, message())
    await store.release(await take(store), blameless=True)
    [item] = await take(store)
    assert item.attempts == 0


async def test_who_lost_the_lease_gives_back_nothing(store):
    await accept(store, message())
    slow = await take(store)
    await take(store, owner="w2", now=NOW + 2 * MINUTE)
    await store.release(slow)
    assert await take(store, owner="w3", now=NOW + 2 * MINUTE) == []


async def test_attempts_outlive_a_restart_and_leases_do_not(place):
    store = await place.open()
    await accept(store, message())
    await take(store)
    await store.close()
    [item] = await take(await place.open())
    assert item.attempts == 1


async def test_a_commit_takes_items_off_and_the_next_of_the_conversation_comes_forward(store):
    [receipt, _] = await accept(store, message("1"), message("2", text="next"))
    [item] = await take(store)
    await advance(store, await conversation_of(store, receipt), done=(item.seq,))
    [following] = await take(store)
    assert following.text == "next"


async def test_rejected_items_are_counted_and_never_handed_out_again(store):
    await accept(store, message("1"), message("2", text="next"))
    await store.reject(await take(store), reason="killed three workers", now=NOW)
    [item] = await take(store, now=NOW + DAY)
    assert item.text == "next"
    assert (await store.facts()).dead_letters == 1


async def test_an_item_not_assessed_in_time_is_overdue_leased_or_not(store):
    await accept(store, message("1"), message("2", who="bob", at=NOW + MINUTE))
    await take(store)
    assert await store.next_due() == NOW + 2 * MINUTE
    assert await store.overdue(NOW + 2 * MINUTE - timedelta(microseconds=1), 10) == []
    assert len(await store.overdue(NOW + 2 * MINUTE, 10)) == 1
    assert len(await store.overdue(NOW + 3 * MINUTE, 10)) == 2
    assert len(await store.overdue(NOW + 3 * MINUTE, 1)) == 1


async def test_an_escalated_item_stays_for_its_annotation_and_is_overdue_no_more(store):
    [receipt] = await accept(store, message())
    [item] = await store.overdue(NOW + DAY, 10)
    await advance(store, await conversation_of(store, receipt), escalated=(item.seq,))
    assert await store.overdue(NOW + DAY, 10) == []
    assert await store.next_due() is None
    [annotated] = await take(store)
    assert annotated.escalated


async def test_deletions_and_replies_have_no_deadline_for_assessment(store):
    [receipt] = await accept(store, message())
    [item] = await take(store)
    await advance(store, await conversation_of(store, receipt), done=(item.seq,))
    await accept(store, deletion(), reply(conversation=receipt.conversation))
    assert await store.next_due() is None
