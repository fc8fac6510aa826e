"""What every store promises about erasing a customer: texts and names go, figures stay."""

from dataclasses import replace

import pytest

from bot.domain.actions import SendState
from bot.domain.sla import Metric
from bot.domain.states import State
from bot.records import Outcome
from tests.contracts.stores import (
    DAY,
    NOW,
    accept,
    address,
    advance,
    answer,
    begun,
    clock,
    conversation_of,
    deadline,
    decided,
    edit,
    logged,
    message,
    note,
    opened,
    pending,
    place,
    step,
    store,
    take,
    take_sends,
    unanswered,
)

__all__ = ["place", "store"]


async def test_erasing_a_customer_removes_every_text_and_name_and_leaves_the_figures(store):
    conversation = await begun(store, text="my secret")
    await accept(store, message("2", text="another"), edit("2", text="changed"))
    send = answer(conversation, text="Dear Ann", quick_replies=("Ann!",))
    conversation = await advance(
        store,
        conversation,
        after={"state": State.ESCALATED},
        sends=(send,),
        notes=(note("about Ann"),),
        decisions=(decided(text="Dear Ann"),),
        log=(logged(n=1),),
    )
    other = await begun(store, "bob", text="mine")
    assert await store.erase("api", "ann") == 5
    view = await store.view(conversation.id)
    assert "Ann" not in repr(view)
    assert view.conversation.address.place != "ann"
    assert {entry.text for entry in view.transcript} | {entry.external_id for entry in view.transcript} == {""}
    assert view.customer.name == ""
    assert (await store.of(conversation.id))[0].fields == {"n": 1}
    assert view.decisions[0].assessment == decided().assessment
    assert [entry.text for entry in await store.history("api", "bob")] == ["mine"]
    assert await store.history("api", "ann") == []
    assert await store.load([other.id]) == {other.id: other}


async def test_nothing_of_an_erased_customer_is_handed_to_workers_or_sent(store):
    conversation = await begun(store)
    await advance(store, conversation, sends=(answer(conversation),))
    await accept(store, message("2"))
    await store.erase("api", "ann")
    assert await take(store) == []
    assert (await take_sends(store)).sendings == ()


@pytest.mark.parametrize("state", [State.OPEN, State.ESCALATED, State.CLAIMED, State.WAITING, State.SNOOZED])
async def test_the_open_case_of_an_erased_customer_is_over(store, state):
    due = clock(NOW + 10_000 * DAY)
    conversation = await begun(store)
    conversation = await advance(
        store,
        conversation,
        after={
            "state": state,
            "clocks": (*due, replace(due[0], metric=Metric.RESOLUTION)),
            "unanswered": unanswered(NOW),
            "holder": "kim" if state is State.CLAIMED else None,
            "claim_until": NOW if state is State.CLAIMED else None,
            "snoozed_until": NOW if state is State.SNOOZED else None,
        },
        deadlines=(deadline(conversation), deadline(conversation, "claim_expiry")),
    )
    told = []
    store.on_change(told.append)
    await store.erase("api", "ann")
    [after] = (await store.load([conversation.id])).values()
    assert (after.state, after.clocks, after.unanswered, after.pending) == (State.RESOLVED, (), (), ())
    assert (after.holder, after.claim_until, after.snoozed_until) == (None, None, None)
    assert after.resolved_at is not None
    assert after.updated_at == after.resolved_at
    assert await store.next_due() is None
    assert (await store.facts()).conversations == {"resolved": 1}
    assert [(record.kind, dict(record.fields)) for record in await store.of(conversation.id)] == [
        ("cancel", {"metric": "first_reply_time", "instance": 1, "by": "erased"}),
        ("cancel", {"metric": "resolution_time", "instance": 1, "by": "erased"}),
        ("resolved", {"by": "erased", "agent": None, "role": None, "reason": None}),
        ("state_changed", {"from": state.value, "to": "resolved"}),
        ("erased", {}),
    ]
    assert any(change.log for change in told)


async def test_a_clock_past_its_target_is_breached_before_erasing_ends_it(store):
    conversation = await opened(store, "ann", clocks=clock(NOW - DAY))
    await store.erase("api", "ann")
    assert [record.kind for record in await store.of(conversation.id)][:3] == ["warn", "breach", "cancel"]


@pytest.mark.parametrize("state", [State.UNOPENED, State.OPEN, State.RESOLVED])
async def test_no_text_of_an_erased_customer_is_expected_on_its_way(store, state):
    conversation = await begun(store)
    first, second = answer(conversation, "first"), answer(conversation, "second")
    conversation = await advance(
        store,
        conversation,
        after={"state": state, "pending": tuple(pending(send) for send in (first, second))},
        sends=(first, second),
        deadlines=(deadline(conversation, "send_overdue:first"), deadline(conversation, "send_overdue:second")),
    )
    await take_sends(store)
    await store.erase("api", "ann")
    [after] = (await store.load([conversation.id])).values()
    assert after.pending == ()
    assert after.state is (State.UNOPENED if state is State.UNOPENED else State.RESOLVED)
    assert await store.next_due() is None
    assert await store.audit(after="", limit=10) == []
    [record, *_] = await store.of(conversation.id)
    assert (record.kind, record.fields["action"], record.fields["outcome"]) == (
        "send_failed",
        "second",
        "withdrawn",
    )


@pytest.mark.parametrize(("unknown", "end"), [(False, SendState.WITHDRAWN), (True, SendState.UNKNOWN)])
async def test_an_erased_text_that_may_have_arrived_is_not_called_withdrawn(store, unknown, end):
    conversation = await begun(store)
    send = answer(conversation, "one")
    conversation = await advance(store, conversation, after={"pending": (pending(send),)}, sends=(send,))
    await take_sends(store)
    await store.put_back("one", not_before=NOW, unknown=unknown)
    await store.erase("api", "ann")
    assert (await store.of(conversation.id))[0].fields["outcome"] == end
    assert (await store.view(conversation.id)).transcript[1].send_state is end


async def thread(store):
    """Return a thread of ann's in which bob has written too, with the message of each."""
    place = replace(address(), thread="t")
    receipts = await accept(
        store, replace(message("a"), address=place), replace(message("b", who="bob", name="Bob"), address=place)
    )
    assert receipts[0].conversation == receipts[1].conversation
    return await conversation_of(store, receipts[0]), receipts[0].message, receipts[1].message


async def test_erasing_reaches_decisions_about_a_customer_in_the_thread_of_another(store):
    conversation, of_ann, of_bob = await thread(store)
    records = (decided("Dear Ann", "Ann", of_ann), decided("Dear Bob", "Bob", of_bob))
    conversation = await advance(store, conversation, decisions=records)
    await store.erase("api", "bob")
    hers, his = (await store.view(conversation.id)).decisions
    assert hers == records[0]
    assert (his.message, his.assessment) == (of_bob, records[1].assessment)
    assert "Bob" not in repr(his)
    assert await store.load([conversation.id]) == {conversation.id: conversation}


async def test_an_erased_message_in_the_thread_of_another_is_handed_to_no_worker(store):
    _, of_ann, of_bob = await thread(store)
    await store.erase("api", "bob")
    [item] = await take(store)
    assert item.message == of_ann
    assert (await store.facts()).inbox == 1
    assert of_bob


async def test_an_erased_message_that_comes_again_is_known_and_its_edit_is_not_found(store):
    await accept(store, message("1"))
    await store.erase("api", "ann")
    again, edited, other = await accept(
        store, message("1"), edit("1", text="x"), message("1", text="something else")
    )
    assert [each.outcome for each in (again, edited, other)] == [
        Outcome.DUPLICATE,
        Outcome.NOT_FOUND,
        Outcome.DUPLICATE,
    ]


async def test_an_erased_customer_who_writes_again_begins_anew(store):
    conversation = await begun(store)
    await store.erase("api", "ann")
    again = await begun(store, text="hello")
    assert again.id != conversation.id
    assert again.customer != conversation.customer
    assert [entry.text for entry in await store.history("api", "ann")] == ["hello"]


async def test_who_loaded_a_conversation_before_it_was_erased_cannot_bring_it_back(store):
    conversation = await begun(store)
    await store.erase("api", "ann")
    assert await store.commit([step(conversation)]) == [False]


async def test_erasing_nobody_erases_nothing(store):
    await begun(store)
    assert await store.erase("api", "nobody") == 0
    assert await store.erase("chat", "ann") == 0
    assert len(await store.history("api", "ann")) == 1
