"""What every store promises about the one commit, deadlines, the log and the notices of change."""

import asyncio
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.log import LogKind
from bot.domain.messages import ConversationId
from bot.domain.states import State
from bot.records import Outcome
from tests.contracts.stores import (
    DAY,
    MINUTE,
    NOW,
    SECOND,
    accept,
    advance,
    answer,
    begun,
    conversation_of,
    deadline,
    decided,
    deletion,
    edit,
    logged,
    message,
    note,
    place,
    step,
    store,
    take,
    take_sends,
)

__all__ = ["place", "store"]


async def test_what_was_committed_is_loaded_as_it_was(store):
    conversation = await begun(store)
    after = await advance(store, conversation, after={"state": State.OPEN, "received": 3, "updated_at": NOW})
    assert await store.load([after.id, ConversationId("c-none")]) == {after.id: after}


async def test_a_commit_on_another_version_changes_nothing_at_all(store):
    conversation = await begun(store)
    await accept(store, message("more"))
    [item] = await take(store)
    await advance(store, conversation)
    late = step(
        conversation,
        after={"state": State.RESOLVED},
        log=(logged(),),
        sends=(answer(conversation),),
        deadlines=(deadline(conversation, at=NOW - DAY),),
        notes=(note(),),
        decisions=(decided(),),
        done=(item.seq,),
    )
    last = await store.last()
    assert await store.commit([late]) == [False]
    view = await store.view(conversation.id)
    assert view.conversation.state is State.UNOPENED
    assert (view.notes, view.decisions, len(view.transcript)) == ((), (), 2)
    assert await store.last() == last
    assert await store.due(NOW, 10) == []
    facts = await store.facts()
    assert (facts.inbox, facts.outbox, facts.deadlines) == (1, 0, 0)


async def test_one_late_commit_hurts_none_beside_it(store):
    ann, bob = await begun(store, "ann"), await begun(store, "bob")
    await advance(store, ann)
    assert await store.commit([step(ann), step(bob), step(ann)]) == [False, True, False]


async def test_two_steps_of_one_conversation_may_come_in_one_call(store):
    conversation = await begun(store)
    first = step(conversation, deadlines=(deadline(conversation, "a"),))
    second = step(first.conversation, cancelled=("a",), deadlines=(deadline(conversation, "b"),))
    third = step(second.conversation, deadlines=(deadline(conversation, "a", NOW - MINUTE),))
    assert await store.commit([first, second, third]) == [True, True, True]
    assert [due.key for due in await store.due(NOW, 10)] == ["a", "b"]


async def test_of_racing_commits_one_wins(store):
    conversation = await begun(store)
    won = await asyncio.gather(*(store.commit([step(conversation, log=(logged(),))]) for _ in range(50)))
    assert won.count([True]) == 1
    assert len(await store.of(conversation.id)) == 1


async def test_a_commit_for_an_unknown_conversation_does_not_apply(store):
    conversation = await begun(store)
    assert await store.commit([step(replace(conversation, id=ConversationId("c-none")))]) == [False]


async def test_what_was_committed_outlives_a_restart(place):
    store = await place.open()
    conversation = await begun(store)
    send = answer(conversation)
    conversation = await advance(
        store, conversation, sends=(send,), deadlines=(deadline(conversation),), log=(logged(a=1),)
    )
    await store.close()
    store = await place.open()
    assert await store.load([conversation.id]) == {conversation.id: conversation}
    assert [due.key for due in await store.due(NOW, 9)] == ["breach:first_reply_time:1"]
    assert [sending.send for sending in (await take_sends(store)).sendings] == [send]
    assert (await store.of(conversation.id))[-1].fields == {"a": 1}


async def test_decisions_are_kept_with_all_their_inputs(store):
    conversation = await begun(store)
    record = decided()
    await advance(store, conversation, decisions=(record,))
    assert (await store.view(conversation.id)).decisions == (record,)


async def test_notes_are_kept_in_their_order_and_never_join_what_a_customer_sees(store):
    conversation = await begun(store)
    first, second = note("one"), note("two")
    conversation = await advance(store, conversation, notes=(first,))
    await advance(store, conversation, notes=(second,))
    assert (await store.view(conversation.id)).notes == (first, second)
    assert all("one" not in entry.text for entry in await store.history("api", "ann"))


# --- deadlines --------------------------------------------------------------------------------------------


async def test_an_empty_store_has_nothing_due(store):
    assert await store.next_due() is None
    assert await store.due(NOW, 10) == []


async def test_the_earliest_deadline_is_told_whichever_kind_it_is(store):
    conversation = await begun(store)
    conversation = await advance(store, conversation, deadlines=(deadline(conversation, at=NOW + DAY),))
    assert await store.next_due() == NOW + DAY
    await accept(store, message("2"))
    assert await store.next_due() == NOW + 2 * MINUTE
    await advance(store, conversation, deadlines=(deadline(conversation, at=NOW + SECOND),))
    assert await store.next_due() == NOW + SECOND


async def test_due_deadlines_come_oldest_first_and_stay_until_a_commit_takes_them_off(store):
    conversation = await begun(store)
    rows = tuple(deadline(conversation, f"k{n}", NOW - n * SECOND) for n in range(5))
    conversation = await advance(store, conversation, deadlines=rows)
    assert [due.key for due in await store.due(NOW - SECOND, 3)] == ["k4", "k3", "k2"]
    assert await store.due(NOW - SECOND, 3) == await store.due(NOW - SECOND, 3)
    await advance(store, conversation, cancelled=("k4", "k3"))
    assert [due.key for due in await store.due(NOW, 10)] == ["k2", "k1", "k0"]


async def test_a_deadline_set_again_under_its_key_moves(store):
    conversation = await begun(store)
    conversation = await advance(store, conversation, deadlines=(deadline(conversation, at=NOW),))
    await advance(store, conversation, deadlines=(deadline(conversation, at=NOW + DAY),))
    assert await store.due(NOW, 10) == []
    assert await store.next_due() == NOW + DAY


# --- the event log ----------------------------------------------------------------------------------------


async def test_the_log_is_read_on_from_a_cursor_in_order(store):
    conversation = await begun(store)
    events = tuple(logged(LogKind.ACTIVATE, metric="first_reply_time", instance=n) for n in range(5))
    await advance(store, conversation, log=events)
    records = await store.changes(0, 3)
    records += await store.changes(records[-1].seq, 10)
    assert [record.fields["instance"] for record in records] == [0, 1, 2, 3, 4]
    assert [record.seq for record in records] == sorted({record.seq for record in records})
    assert await store.last() == records[-1].seq
    assert {(record.at, record.recorded_at, record.conversation) for record in records} == {
        (NOW, NOW, conversation.id)
    }


async def test_an_event_of_the_brand_concerns_no_conversation(store):
    await store.append(LogKind.PAUSED, at=NOW, fields={"by": "kim", "count": 2, "ok": True, "x": None, "f": 0.5})
    [record] = await store.changes(0, 10)
    assert (record.kind, record.conversation) == ("paused", "")
    assert record.fields == {"by": "kim", "count": 2, "ok": True, "x": None, "f": 0.5}


async def test_of_returns_the_life_of_one_conversation_alone(store):
    ann, bob = await begun(store, "ann"), await begun(store, "bob")
    await store.commit([step(ann, log=(logged(n=1), logged(n=2))), step(bob, log=(logged(n=3),))])
    assert [record.fields["n"] for record in await store.of(ann.id)] == [1, 2]


async def test_wait_returns_when_there_is_a_newer_record(store):
    async with asyncio.timeout(10):
        waiting = asyncio.create_task(store.wait(0, None))
        await asyncio.sleep(0)
        assert not waiting.done()
        await store.append(LogKind.PAUSED, at=NOW, fields={})
        await waiting
        await store.wait(0, None)


async def test_wait_returns_at_its_instant(store):
    async with asyncio.timeout(10):
        await store.wait(0, NOW - 1000 * DAY)


# --- notices ----------------------------------------------------------------------------------------------


async def test_a_change_is_told_after_it_is_durable(store):
    told = []
    store.on_change(told.append)
    [receipt] = await accept(store, message())
    await asyncio.sleep(0)
    assert [(change.inbox, change.earliest_deadline) for change in told] == [(True, NOW + 2 * MINUTE)]
    conversation = await conversation_of(store, receipt)
    parts = {"log": (logged(),), "sends": (answer(conversation),), "deadlines": (deadline(conversation),)}
    await advance(store, conversation, **parts)
    await asyncio.sleep(0)
    assert (told[-1].log, told[-1].outbox, told[-1].earliest_deadline) == (True, True, NOW)


async def test_a_repetition_tells_nobody(store):
    await accept(store, message())
    told = []
    store.on_change(told.append)
    await accept(store, message())
    await asyncio.sleep(0)
    assert told == []


# --- properties -------------------------------------------------------------------------------------------

_ARRIVALS = st.lists(
    st.tuples(st.sampled_from(["message", "edit", "deletion"]), st.integers(0, 3), st.sampled_from("ab")),
    max_size=12,
)


_UNHURRIED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=25, deadline=None, suppress_health_check=_UNHURRIED)
@given(arrivals=_ARRIVALS, cut=st.integers(0, 12))
async def test_however_arrivals_are_cut_into_calls_what_was_accepted_is_a_duplicate_later(store, arrivals, cut):
    salt = uuid.uuid4()  # each example writes as another customer

    def made(kind, number, text):
        number = f"{salt}-{number}"
        if kind == "message":
            return message(number, text=text, who=str(salt))
        return edit(number, text=text) if kind == "edit" else deletion(number)

    events = [made(*arrival) for arrival in arrivals]
    first = [*await accept(store, *events[:cut]), *await accept(store, *events[cut:])]
    again = await accept(store, *events)
    accepted = [number for number, receipt in enumerate(first) if receipt.outcome is Outcome.ACCEPTED]
    assert {again[number].outcome for number in accepted} <= {Outcome.DUPLICATE}
    assert {first[number].message for number in accepted} == {again[number].message for number in accepted}
    assert len({first[number].conversation for number in accepted}) <= 1


@pytest.mark.parametrize("late", [timedelta(0), timedelta(microseconds=1)])
async def test_times_keep_their_microseconds(store, late):
    conversation = await begun(store)
    await advance(store, conversation, deadlines=(deadline(conversation, at=NOW + late),))
    assert await store.next_due() == NOW + late
