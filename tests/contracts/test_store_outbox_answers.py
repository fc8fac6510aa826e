"""What every store promises about what a text answers, and who sees it."""

from dataclasses import replace

import pytest

from bot.domain.actions import SendState
from bot.domain.conversation import Unanswered
from tests.contracts.stores import (
    NOW,
    SECOND,
    accept,
    advance,
    agent_text,
    answer,
    begun,
    conversation_of,
    deletion,
    message,
    outcome,
    place,
    store,
    take,
    take_sends,
)

__all__ = ["place", "store"]

# --- what the customer sees -------------------------------------------------------------------------------


async def test_a_customer_sees_a_text_once_it_has_started_out(store):
    conversation = await begun(store)
    send = answer(conversation, text="Tomorrow.")
    conversation = await advance(store, conversation, sends=(send,))
    assert len(await store.history("api", "ann")) == 1
    await take_sends(store)
    assert [entry.text for entry in await store.history("api", "ann")][1:] == ["Tomorrow."]
    await outcome(store, conversation, send, at=NOW + SECOND)
    [_, entry] = await store.history("api", "ann")
    assert (entry.send_state, entry.at, entry.template) == (SendState.SENT, NOW + SECOND, "parcel")


@pytest.mark.parametrize("end", [SendState.FAILED, SendState.WITHDRAWN])
async def test_a_customer_never_sees_what_failed_or_was_withdrawn(store, end):
    conversation = await begun(store)
    send = answer(conversation)
    conversation = await advance(store, conversation, sends=(send,))
    await outcome(store, conversation, send, end)
    assert len(await store.history("api", "ann")) == 1
    [_, entry] = (await store.view(conversation.id)).transcript
    assert entry.send_state is end


async def test_a_cursor_into_the_history_misses_no_text_that_started_out_late(store):
    conversation = await begun(store)
    await advance(store, conversation, sends=(answer(conversation, text="late"),))
    await accept(store, message("2", text="Hello?"))
    seen = await store.history("api", "ann")
    await take_sends(store)
    assert [entry.text for entry in await store.history("api", "ann", after=seen[-1].number)] == ["late"]


async def test_a_send_confirmed_without_having_been_seen_to_start_joins_the_history_at_its_end(store):
    conversation = await begun(store)
    send = answer(conversation, text="late")
    conversation = await advance(store, conversation, sends=(send,))
    await accept(store, message("2", text="Hello?"))
    seen = await store.history("api", "ann")
    await outcome(store, conversation, send)
    assert [entry.text for entry in await store.history("api", "ann", after=seen[-1].number)] == ["late"]


# --- what it answers, and who sees it -----------------------------------------------------------------------


async def reply_to(store):
    [sending] = (await take_sends(store)).sendings
    return sending.reply_to


async def test_a_send_names_the_last_message_that_it_answers(store):
    receipts = await accept(store, message("m1"), message("m2"), message("m3"))
    conversation = await conversation_of(store, receipts[0])
    waiting = tuple(
        Unanswered(message=receipt.message, number=number, sent_at=NOW)
        for number, receipt in enumerate(receipts, 1)
    )
    await advance(store, conversation, after={"unanswered": waiting}, sends=(answer(conversation, answers_to=2),))
    assert await reply_to(store) == "m2"


async def test_a_send_that_no_message_waits_for_names_the_last_one_handled(store):
    [receipt, _] = await accept(store, message("m1"), message("m2"))
    [item] = await take(store)
    conversation = await conversation_of(store, receipt)
    await advance(store, conversation, sends=(answer(conversation),), done=(item.seq,))
    await accept(store, message("m3"))
    assert await reply_to(store) == "m1"


async def test_a_notice_about_a_message_that_was_escalated_unread_names_it(store):
    [receipt, _] = await accept(store, message("m1"), message("m2"))
    [item] = await take(store)
    conversation = await conversation_of(store, receipt)
    await advance(store, conversation, sends=(answer(conversation),), escalated=(item.seq,))
    assert await reply_to(store) == "m1"


async def test_a_send_names_no_message_that_was_deleted_meanwhile(store):
    conversation = await left_one(store)
    await advance(store, conversation, sends=(answer(conversation),))
    await accept(store, deletion("m1"))
    assert await reply_to(store) == ""


async def left_one(store):
    """Return a conversation whose only message has been handled."""
    [receipt] = await accept(store, message("m1"))
    [item] = await take(store)
    return await advance(store, await conversation_of(store, receipt), done=(item.seq,))


async def test_a_send_where_nobody_has_written_names_no_message(store):
    conversation = await begun(store)
    await store.erase("api", "ann")
    conversation = (await store.load([conversation.id]))[conversation.id]
    await advance(store, conversation, sends=(agent_text(conversation),))
    assert await reply_to(store) == ""


async def test_an_agents_answer_after_the_bots_names_the_last_message(store):
    conversation = await left_one(store)
    first = answer(conversation, "first")
    conversation = await advance(store, conversation, sends=(first, agent_text(conversation, "second")))
    assert await reply_to(store) == "m1"
    await outcome(store, conversation, first)
    assert await reply_to(store) == "m1"


@pytest.mark.parametrize("private", [True, False])
async def test_a_send_tells_whether_nobody_but_the_customer_sees_it(store, private):
    [receipt] = await accept(store, replace(message(), private=private))
    conversation = await conversation_of(store, receipt)
    assert conversation.private is private
    await advance(store, conversation, sends=(answer(conversation),))
    [sending] = (await take_sends(store)).sendings
    assert sending.private is private
