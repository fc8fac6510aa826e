"""What every store promises about matters in public rooms: what goes on with them, replies, and threads."""

import pytest

from bot.domain.sla import Clock, Metric
from bot.domain.states import State
from bot.records import ArrivalKind, Outcome
from tests.contracts.rooms import (
    HOLD,
    INSTANT,
    LOBBY,
    MILLISECOND,
    THREAD,
    addressed,
    finish,
    held,
    in_line,
    in_room,
    left,
    unheard,
)
from tests.contracts.stores import (
    MINUTE,
    NOW,
    SECOND,
    accept,
    advance,
    deletion,
    edit,
    place,
    reply,
    said,
    store,
    take,
)

__all__ = ["place", "store"]

# --- going on with a matter ---------------------------------------------------------------------------------


@pytest.mark.parametrize("patience", [None, 5 * MINUTE])
@pytest.mark.parametrize("state", [State.OPEN, State.ESCALATED, State.CLAIMED, State.SNOOZED])
async def test_whoever_goes_on_with_their_open_matter_counts_as_addressed(store, state, patience):
    conversation = await left(store, state=state)
    [receipt] = await accept(store, said("next", patience=patience))
    assert receipt.conversation == conversation.id
    [item] = await take(store)
    assert (item.addressed, item.answered) == (True, False)
    assert await store.next_due() == NOW + 2 * MINUTE


@pytest.mark.parametrize("state", [State.UNOPENED, State.RESOLVED])
async def test_where_no_matter_is_open_nothing_goes_on(store, state):
    await left(store, state=state, updated_at=NOW, resolved_at=NOW)
    [receipt] = await accept(store, unheard("next"))
    assert receipt.outcome is Outcome.OVERHEARD


@pytest.mark.parametrize(("after", "outcome"), [(10 * MINUTE, "accepted"), (10 * MINUTE + SECOND, "overheard")])
async def test_a_matter_that_waits_for_the_customer_goes_on_for_a_while(store, after, outcome):
    await left(store, state=State.WAITING, updated_at=NOW)
    [receipt] = await accept(store, unheard("next", happened_at=NOW + after, arrived_at=NOW + after))
    assert receipt.outcome == outcome


async def test_a_matter_without_a_last_word_does_not_go_on(store):
    await left(store, state=State.WAITING)
    [receipt] = await accept(store, unheard("next"))
    assert receipt.outcome is Outcome.OVERHEARD


async def test_somebody_else_in_the_thread_does_not_go_on_with_the_matter(store):
    await left(store, addressed("first", address=THREAD), state=State.OPEN)
    [receipt] = await accept(store, unheard("next", who="bob", address=THREAD))
    assert receipt.outcome is Outcome.OVERHEARD


async def test_a_message_counts_as_addressed_while_one_that_is_addressed_waits_in_the_inbox(store):
    first, second = await accept(store, addressed("1"), unheard("2"))
    assert first.conversation == second.conversation
    assert [item.addressed for item in await in_line(store, NOW)] == [True, True]


async def test_somebody_elses_addressed_message_in_the_thread_helps_only_them(store):
    receipts = await accept(store, addressed("1", address=THREAD), unheard("2", who="bob", address=THREAD))
    assert [receipt.outcome for receipt in receipts] == [Outcome.ACCEPTED, Outcome.OVERHEARD]


async def test_what_waits_for_others_makes_nothing_else_addressed(store):
    receipts = await accept(store, said("1"), unheard("2"))
    assert [receipt.outcome for receipt in receipts] == [Outcome.ACCEPTED, Outcome.OVERHEARD]


@pytest.mark.parametrize(("before", "outcome"), [(0, "accepted"), (1, "accepted"), (2, "overheard")])
async def test_what_was_written_before_the_matter_began_does_not_go_on_with_it(store, before, outcome):
    began = NOW + 500 * MILLISECOND  # platforms that count in whole seconds would say NOW
    clock = Clock(metric=Metric.RESOLUTION, instance=1, started_at=began, running_since=began)
    await left(store, state=State.OPEN, clocks=(clock,), opened_at=NOW + MINUTE)
    at = began - before * 500 * MILLISECOND
    [receipt] = await accept(store, unheard("earlier", happened_at=at, arrived_at=NOW + MINUTE))
    assert receipt.outcome == outcome


async def test_what_was_written_before_an_addressed_message_does_not_go_on_with_it_while_that_waits(store):
    _, earlier = await accept(store, addressed("1"), unheard("2", happened_at=NOW - SECOND))
    assert earlier.outcome is Outcome.OVERHEARD


async def test_an_edit_of_what_was_written_before_the_matter_began_does_not_go_on_with_it(store):
    conversation = await left(store, said("first"), now=HOLD)
    clock = Clock(metric=Metric.RESOLUTION, instance=1, started_at=HOLD, running_since=HOLD)
    await advance(store, conversation, after={"state": State.OPEN, "clocks": (clock,)})
    await accept(store, in_room(edit("first", text="Nice.", at=HOLD + MINUTE), addressed=False))
    [item] = await take(store, now=HOLD + MINUTE)
    assert not item.addressed


# --- replies ------------------------------------------------------------------------------------------------


async def test_a_reply_belongs_to_the_conversation_of_the_message_that_it_answers(store):
    bob, ann = await accept(store, addressed("b", who="bob"), addressed("a"))
    answered, unknown = await accept(
        store,
        in_room(reply("r1", address=LOBBY, in_reply_to="b")),
        in_room(reply("r2", address=LOBBY, in_reply_to="never seen")),
    )
    assert (answered.conversation, unknown.conversation) == (bob.conversation, ann.conversation)


async def test_a_reply_to_an_erased_message_belongs_to_its_place(store):
    await accept(store, addressed("b", who="bob"))
    [ann] = await accept(store, addressed("a"))
    await store.erase("api", "bob")
    [answered] = await accept(store, in_room(reply(address=LOBBY, in_reply_to="b")))
    assert answered.conversation == ann.conversation


async def test_a_reply_to_nothing_known_is_overheard_in_a_room(store):
    receipts = await accept(store, in_room(reply("r1", address=LOBBY)), reply("r2", address=LOBBY))
    assert [receipt.outcome for receipt in receipts] == [Outcome.OVERHEARD, Outcome.NOT_FOUND]


async def test_an_item_tells_whether_a_reply_to_its_conversation_lies_behind_it(store):
    await accept(store, addressed("1"), addressed("2"), in_room(reply(address=LOBBY)), addressed("3"))
    await accept(store, addressed("b", who="bob"))
    [of_ann, of_bob] = await take(store)
    assert (of_ann.replied, of_bob.replied) == (True, False)
    await finish(store, of_ann)
    assert [item.replied for item in await in_line(store, NOW)] == [True, False, False, False]


async def test_a_reply_lies_behind_what_its_customer_has_waiting(store):
    await accept(store, said(), in_room(reply(address=LOBBY)))
    assert [(item.kind.value, item.answered, item.replied) for item in await in_line(store)] == [
        ("message", True, True),
        ("reply", False, False),
    ]


# --- threads ------------------------------------------------------------------------------------------------


async def test_an_item_tells_whether_its_writer_is_the_conversations_customer(store):
    await accept(store, addressed("1", address=THREAD), addressed("2", who="bob", address=THREAD))
    await accept(store, deletion("2"), in_room(reply(in_reply_to="2")))
    assert [item.own for item in await in_line(store, NOW)] == [True, False, False, True]


async def test_what_others_said_in_a_thread_lets_everything_else_pass_while_it_waits(store):
    await left(store, addressed("0", address=THREAD), state=State.OPEN)
    receipts = await accept(
        store,
        said("1", who="bob", address=THREAD),
        said("2", address=THREAD),
        in_room(reply("r", in_reply_to="0")),
    )
    now = await in_line(store, NOW)
    assert [item.message for item in now] == [receipts[1].message, receipts[2].message]
    assert [item.message for item in await in_line(store)] == [receipts[0].message]


async def test_a_change_of_what_waits_in_a_thread_never_passes_it(store):
    await left(store, addressed("0", address=THREAD), state=State.OPEN)
    await accept(store, said("1", who="bob", address=THREAD), said("2", address=THREAD), deletion("1"))
    kinds = [(item.own, item.kind) for item in await in_line(store, NOW + MINUTE)]
    of_bob = [kind for own, kind in kinds if not own]
    assert of_bob == [ArrivalKind.MESSAGE, ArrivalKind.DELETION]
    assert (True, ArrivalKind.MESSAGE) in kinds


async def test_one_conversation_never_has_two_items_with_workers(store):
    await left(store, addressed("0", address=THREAD), state=State.OPEN)
    await accept(store, said("1", who="bob", address=THREAD))
    of_bob = await held(store)
    await accept(store, said("2", address=THREAD), said("3", address=THREAD))
    assert await take(store, owner="w2", now=HOLD) == []
    await finish(store, of_bob)
    assert len(await take(store, owner="w2", now=HOLD)) == 1
    assert await take(store, owner="w3", now=HOLD) == []


async def test_behind_what_its_customer_has_waiting_the_deadline_for_assessment_counts_from_then(store):
    await accept(store, said("1", address=THREAD), addressed("2", who="bob", address=THREAD))
    assert await take(store, now=HOLD - INSTANT) == []
    assert await store.next_due() == HOLD + 2 * MINUTE
