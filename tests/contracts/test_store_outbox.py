"""What every store promises about texts on their way to customers."""

import asyncio

import pytest

from bot.domain.actions import SendState
from bot.domain.decisions import Wording
from tests.contracts.stores import (
    DAY,
    MINUTE,
    NOW,
    PULLED,
    SECOND,
    accept,
    actions,
    address,
    advance,
    agent_text,
    answer,
    begun,
    message,
    outcome,
    place,
    store,
    take_sends,
)

__all__ = ["place", "store"]


async def test_a_send_is_handed_out_as_it_was_committed_with_where_it_goes(store):
    conversation = await begun(store)
    send = answer(conversation, quick_replies=("Yes", "No"))
    await advance(store, conversation, sends=(send,))
    [sending] = (await take_sends(store)).sendings
    assert sending.send == send
    assert (sending.address, sending.customer_external_id) == (address(), "ann")
    assert (sending.state, sending.created_at, sending.attempts) == (SendState.SENDING, NOW, 0)


async def test_a_send_is_handed_out_once(store):
    conversation = await begun(store)
    await advance(store, conversation, sends=(answer(conversation),))
    taken = await asyncio.gather(*(take_sends(store) for _ in range(20)))
    assert sum(len(each.sendings) for each in taken) == 1


@pytest.mark.parametrize("end", [SendState.SENT, SendState.UNKNOWN, SendState.FAILED])
async def test_sends_of_one_conversation_leave_one_at_a_time_in_their_order(store, end):
    conversation = await begun(store)
    first, second = answer(conversation, "first"), answer(conversation, "second")
    conversation = await advance(store, conversation, sends=(first, second))
    assert actions(await take_sends(store)) == ["first"]
    assert actions(await take_sends(store)) == []
    await outcome(store, conversation, first, end)
    assert actions(await take_sends(store)) == ["second"]


async def test_conversations_do_not_wait_for_each_other(store):
    ann, bob = await begun(store, "ann"), await begun(store, "bob")
    await advance(store, ann, sends=(answer(ann, "a1"), answer(ann, "a2")))
    await advance(store, bob, sends=(answer(bob, "b1"),))
    assert actions(await take_sends(store)) == ["a1", "b1"]


async def test_answers_leave_before_notices(store):
    ann, bob, cid = [await begun(store, who) for who in ("ann", "bob", "cid")]
    await advance(store, ann, sends=(answer(ann, "notice", wording=Wording.NOTICE, hold_epoch=None),))
    await advance(store, bob, sends=(answer(bob, "answer"),))
    await advance(store, cid, sends=(agent_text(cid, "reply"),))
    assert actions(await take_sends(store)) == ["answer", "reply", "notice"]


async def test_a_limit_is_kept(store):
    for who in ("ann", "bob", "cid"):
        conversation = await begun(store, who)
        await advance(store, conversation, sends=(answer(conversation, who),))
    assert actions(await take_sends(store, limit=2)) == ["ann", "bob"]
    assert actions(await take_sends(store, limit=2)) == ["cid"]


async def test_channels_are_handed_out_apart(store):
    api, chat = await begun(store, "ann"), await begun(store, "bob", channel="chat")
    await advance(store, api, sends=(answer(api, "api"),))
    await advance(store, chat, sends=(answer(chat, "chat"),))
    assert actions(await take_sends(store, ["chat"])) == ["chat"]
    assert actions(await take_sends(store, ["api", "other"])) == ["api"]


async def test_an_answer_from_before_a_claim_is_withdrawn_and_what_waits_behind_it_goes(store):
    conversation = await begun(store)
    stale, human = answer(conversation, "stale"), agent_text(conversation, "human")
    conversation = await advance(store, conversation, sends=(stale, human))
    await advance(store, conversation, after={"hold_epoch": 1})
    taken = await take_sends(store)
    assert [(sending.send.id, sending.state) for sending in taken.withdrawn] == [("stale", SendState.WITHDRAWN)]
    assert actions(taken) == ["human"]
    again = await take_sends(store)
    assert (again.sendings, again.withdrawn) == ((), ())


async def test_a_notice_without_an_epoch_starts_out_during_a_claim(store):
    conversation = await begun(store)
    notice = answer(conversation, "notice", wording=Wording.ACKNOWLEDGEMENT, hold_epoch=None)
    conversation = await advance(store, conversation, sends=(notice,))
    await advance(store, conversation, after={"hold_epoch": 1})
    assert actions(await take_sends(store)) == ["notice"]


async def test_while_paused_no_answer_of_the_bot_starts_out_and_staff_do(store):
    ann, bob = await begun(store, "ann"), await begun(store, "bob")
    await advance(store, ann, sends=(answer(ann, "bot"),))
    await advance(store, bob, sends=(agent_text(bob, "human"),))
    await store.set_switch("paused", "kim")
    taken = await take_sends(store)
    assert [sending.send.id for sending in taken.withdrawn] == ["bot"]
    assert actions(taken) == ["human"]


async def test_withdraw_takes_back_only_answers_that_have_not_started_out(store):
    ann, bob, cid = [await begun(store, who) for who in ("ann", "bob", "cid")]
    await advance(store, ann, sends=(answer(ann, "started"), answer(ann, "behind")))
    assert actions(await take_sends(store)) == ["started"]
    await advance(store, bob, sends=(answer(bob, "new"), agent_text(bob, "human")))
    await advance(store, cid, sends=(agent_text(cid, "staff"),))
    gone = await store.withdraw(now=NOW, limit=10)
    assert [(sending.send.id, sending.state.value) for sending in gone] == [
        ("behind", "withdrawn"),
        ("new", "withdrawn"),
    ]
    assert await store.withdraw(now=NOW, limit=10) == []
    assert actions(await take_sends(store)) == ["human", "staff"]


async def test_what_has_started_out_cannot_be_withdrawn(store):
    conversation = await begun(store)
    send = answer(conversation)
    conversation = await advance(store, conversation, sends=(send,))
    await take_sends(store)
    await outcome(store, conversation, send, SendState.WITHDRAWN)
    [entry] = (await store.history("api", "ann"))[1:]
    assert entry.send_state is SendState.SENDING


async def test_a_send_put_back_is_taken_again_after_its_instant_and_keeps_its_place(store):
    conversation = await begun(store)
    await advance(store, conversation, sends=(answer(conversation, "one"), answer(conversation, "two")))
    await take_sends(store)
    await store.put_back("one", not_before=NOW + MINUTE)
    assert actions(await take_sends(store, now=NOW + MINUTE - SECOND)) == []
    [again] = (await take_sends(store, now=NOW + MINUTE)).sendings
    assert (again.send.id, again.attempts) == ("one", 1)


async def test_a_send_put_back_is_checked_against_a_claim_again(store):
    conversation = await begun(store)
    conversation = await advance(store, conversation, sends=(answer(conversation, "one"),))
    await take_sends(store)
    await store.put_back("one", not_before=NOW)
    await advance(store, conversation, after={"hold_epoch": 1})
    assert [sending.send.id for sending in (await take_sends(store)).withdrawn] == ["one"]


@pytest.mark.parametrize(("tried", "attempts"), [(True, 1), (False, 0)])
async def test_a_send_put_back_before_anything_was_sent_does_not_count_as_tried(store, tried, attempts):
    conversation = await begun(store)
    await advance(store, conversation, sends=(answer(conversation, "one"),))
    await take_sends(store)
    await store.put_back("one", not_before=NOW, tried=tried)
    [sending] = (await take_sends(store)).sendings
    assert sending.attempts == attempts


@pytest.fixture
async def doubtful(store):
    """Lend a conversation whose answer ``one`` may have reached the customer, and waits to be sent again."""
    conversation = await begun(store)
    conversation = await advance(store, conversation, sends=(answer(conversation, "one"),))
    await take_sends(store)
    await store.put_back("one", not_before=NOW, unknown=True)
    return conversation


def ended(sendings):
    return [(sending.send.id, sending.state) for sending in sendings]


async def test_a_send_that_may_have_arrived_is_taken_again_while_nothing_forbids_it(store, doubtful):
    [again] = (await take_sends(store)).sendings
    assert (again.send.id, again.attempts, again.state) == ("one", 1, SendState.SENDING)


async def test_a_send_that_may_have_arrived_ends_as_unknown_where_a_claim_forbids_it(store, doubtful):
    behind = agent_text(doubtful, "human")
    await advance(store, doubtful, after={"hold_epoch": 1}, sends=(behind,))
    taken = await take_sends(store)
    assert ended(taken.withdrawn) == [("one", SendState.UNKNOWN)]
    assert actions(taken) == ["human"]
    states = [entry.send_state for entry in (await store.view(doubtful.id)).transcript]
    assert states == [None, SendState.UNKNOWN, SendState.SENDING]
    assert (await store.facts()).outbox == 1


async def test_a_send_that_may_have_arrived_ends_as_unknown_where_a_pause_forbids_it(store, doubtful):
    await store.set_switch("paused", "kim")
    assert ended(await store.withdraw(now=NOW, limit=10)) == [("one", SendState.UNKNOWN)]
    assert await store.withdraw(now=NOW, limit=10) == []


async def test_a_refusal_after_a_doubt_does_not_take_the_doubt_away(store, doubtful):
    await take_sends(store)
    await store.put_back("one", not_before=NOW)
    await advance(store, doubtful, after={"hold_epoch": 1})
    assert ended((await take_sends(store)).withdrawn) == [("one", SendState.UNKNOWN)]


async def test_a_send_that_was_refused_each_time_is_withdrawn(store):
    conversation = await begun(store)
    conversation = await advance(store, conversation, sends=(answer(conversation, "one"),))
    for _ in range(3):
        await take_sends(store)
        await store.put_back("one", not_before=NOW)
    await advance(store, conversation, after={"hold_epoch": 1})
    assert ended((await take_sends(store)).withdrawn) == [("one", SendState.WITHDRAWN)]


async def test_a_cursor_into_the_history_misses_no_text_that_ended_in_doubt(store, doubtful):
    await accept(store, message("2", text="Hello?"))
    seen = await store.history("api", "ann")
    await advance(store, doubtful, after={"hold_epoch": 1})
    await take_sends(store)
    [entry] = await store.history("api", "ann", after=seen[-1].number)
    assert (entry.text, entry.send_state) == ("Tomorrow.", SendState.UNKNOWN)


async def test_a_send_whose_lease_has_passed_is_stranded_until_its_outcome_is_known(store):
    conversation = await begun(store)
    send = answer(conversation)
    conversation = await advance(store, conversation, sends=(send,))
    await take_sends(store)
    assert await store.stranded(now=NOW + MINUTE - SECOND, limit=10) == []
    assert [sending.send for sending in await store.stranded(now=NOW + MINUTE, limit=10)] == [send]
    await outcome(store, conversation, send, SendState.UNKNOWN)
    assert await store.stranded(now=NOW + DAY, limit=10) == []


async def test_what_a_process_that_ended_was_sending_is_stranded_at_once(place):
    store = await place.open()
    conversation = await begun(store)
    await advance(store, conversation, sends=(answer(conversation, "one"),))
    await take_sends(store)
    await store.close()
    store = await place.open()
    assert [sending.send.id for sending in await store.stranded(now=NOW, limit=10)] == ["one"]
    assert actions(await take_sends(store)) == []


async def test_a_refused_send_whose_text_was_erased_meanwhile_is_not_sent_again(store):
    conversation = await begun(store)
    await advance(store, conversation, sends=(answer(conversation, "one"),))
    await take_sends(store)
    await store.erase("api", "ann")
    await store.put_back("one", not_before=NOW)
    taken = await take_sends(store)
    assert (taken.sendings, taken.withdrawn) == ((), ())


# --- feeds ------------------------------------------------------------------------------------------------


async def fed(store, *ids, who="ann"):
    conversation = await begun(store, who, channel=PULLED)
    return await advance(store, conversation, sends=tuple(answer(conversation, each) for each in ids))


async def offer(store, after=0, limit=10):
    return await store.offer(PULLED, after=after, limit=limit, now=NOW)


async def test_a_fetched_channel_is_not_pushed(store):
    await fed(store, "one")
    assert actions(await take_sends(store)) == []
    assert actions(await take_sends(store, [PULLED])) == []


async def test_a_feed_offers_all_in_order_behind_its_cursor(store):
    await fed(store, "one", "two")
    await fed(store, "three", who="bob")
    offered = await offer(store, limit=2)
    assert actions(offered) == ["one", "two"]
    assert {sending.state for sending in offered.sendings} == {SendState.SENDING}
    rest = await offer(store, offered.sendings[-1].seq)
    assert actions(rest) == ["three"]


async def test_a_feed_read_again_from_an_old_cursor_offers_the_same(store):
    conversation = await fed(store, "one", "two")
    first = await offer(store)
    await outcome(store, conversation, first.sendings[0].send)
    assert actions(await offer(store)) == ["one", "two"]
    assert [sending.state.value for sending in (await offer(store)).sendings] == ["sent", "sending"]


async def test_a_feed_withdraws_what_a_claim_or_pause_forbids_and_fills_its_page(store):
    conversation = await fed(store, "stale", "stale too")
    conversation = await advance(store, conversation, after={"hold_epoch": 1})
    await advance(store, conversation, sends=(answer(conversation, "fresh"),))
    offered = await offer(store, limit=1)
    assert [sending.send.id for sending in offered.withdrawn] == ["stale", "stale too"]
    assert actions(offered) == ["fresh"]
    await fed(store, "paused", who="bob")
    await store.set_switch("paused", "kim")
    offered = await offer(store)
    assert [sending.send.id for sending in offered.withdrawn] == ["paused"]
    assert actions(offered) == ["fresh"]
