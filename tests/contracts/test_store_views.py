"""What every store promises about what pages read, who may sign in, and upkeep."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.actions import SendState
from bot.domain.calendar import ALWAYS_OPEN
from bot.domain.roles import Role
from bot.domain.sla import Aim, Clock, Metric
from bot.domain.states import State
from bot.errors import StoreError
from bot.records import Outcome, QueueQuery, StaffAccount
from tests.contracts.stores import (
    DAY,
    MINUTE,
    NOW,
    accept,
    address,
    advance,
    agent_text,
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
    pending,
    place,
    reply,
    step,
    store,
    take,
    take_sends,
    unanswered,
)

__all__ = ["place", "store"]


async def shown(store, **query):
    return [row.conversation.id for row in (await store.queue(QueueQuery(**query))).rows]


async def opened(store, who, **after):
    conversation = await begun(store, who)
    return await advance(store, conversation, after={"state": State.ESCALATED, "updated_at": NOW, **after})


def clock(due_at):
    start = due_at - DAY
    made = Clock(metric=Metric.FIRST_REPLY, instance=1, started_at=start, running_since=start)
    return (made.aimed_at(Aim(policy="standard", target=DAY), ALWAYS_OPEN, at=start),)


async def test_the_queue_shows_the_first_due_then_the_longest_waiting_then_the_newest(store):
    newest = await opened(store, "a", updated_at=NOW + MINUTE)
    oldest = await opened(store, "b", updated_at=NOW)
    waiting = await opened(store, "c", unanswered=unanswered(NOW))
    longer = await opened(store, "d", unanswered=unanswered(NOW - DAY))
    due_later = await opened(store, "e", clocks=clock(NOW + 2 * DAY))
    due = await opened(store, "f", clocks=clock(NOW + DAY))
    expected = [each.id for each in (due, due_later, longer, waiting, newest, oldest)]
    assert await shown(store) == expected
    assert await shown(store, limit=2, offset=1) == expected[1:3]
    assert (await store.queue(QueueQuery(limit=2))).total == 6


async def test_the_queue_lists_no_unopened_conversation_unless_asked(store):
    unopened = await begun(store, "a")
    resolved = await opened(store, "b", state=State.RESOLVED)
    assert await shown(store) == [resolved.id]
    assert await shown(store, states=("unopened",)) == [unopened.id]


async def test_the_queue_is_filtered_by_state_and_holder(store):
    mine = await opened(store, "a", state=State.CLAIMED, holder="kim")
    other = await opened(store, "b", state=State.CLAIMED, holder="lee")
    free = await opened(store, "c")
    assert await shown(store, holder="kim") == [mine.id]
    assert set(await shown(store, states=("claimed",))) == {mine.id, other.id}
    assert await shown(store, states=("escalated",)) == [free.id]


async def test_the_queue_is_searched_by_name_id_and_text(store):
    [receipt] = await accept(store, message("1", text="100% wool_coat", name="Zoe Quartz"))
    found = await advance(store, await conversation_of(store, receipt), after={"state": State.OPEN})
    await opened(store, "bob")
    for text in ("quartz", found.id, "100% wool_", "WOOL"):
        assert await shown(store, text=text) == [found.id]
    for text in ("%", "100%wool", "wool-coat"):
        assert set(await shown(store, text=text)) == ({found.id} if text == "%" else set())
    assert (await store.queue(QueueQuery(text="quartz"))).total == 1


async def test_a_row_shows_the_customers_last_message_and_never_a_deleted_text(store):
    [receipt] = await accept(store, message("1", text="first"))
    conversation = await advance(store, await conversation_of(store, receipt), after={"state": State.OPEN})
    await accept(store, message("2", text="second", at=NOW + MINUTE))
    await advance(store, conversation, sends=(answer(conversation, text="bot"),))
    [row] = (await store.queue(QueueQuery())).rows
    assert (row.customer_name, row.preview, row.last_message_at) == ("Ann Example", "second", NOW + MINUTE)
    await accept(store, edit("2", text="second thought"))
    assert (await store.queue(QueueQuery())).rows[0].preview == "second thought"
    await accept(store, deletion("2"))
    assert (await store.queue(QueueQuery())).rows[0].preview == ""


async def test_a_view_shows_all_of_one_conversation(store):
    conversation = await begun(store, text="Where?")
    written, record = note(), decided()
    conversation = await advance(
        store, conversation, sends=(agent_text(conversation, text="Here."),), notes=(written,), decisions=(record,)
    )
    view = await store.view(conversation.id)
    assert view.conversation == conversation
    assert (view.notes, view.decisions) == ((written,), (record,))
    assert [(entry.author.value, entry.text, entry.name) for entry in view.transcript] == [
        ("customer", "Where?", "Ann Example"),
        ("agent", "Here.", ""),
    ]
    numbers = [entry.number for entry in view.transcript]
    assert numbers == sorted(set(numbers))
    assert await store.view("c-none") is None


async def test_the_history_spans_a_customers_conversations_and_nobody_elses(store):
    old = await begun(store, text="long ago")
    await advance(store, old, after={"state": State.RESOLVED, "resolved_at": NOW - 30 * DAY})
    new = await begun(store, text="today")
    await begun(store, "bob", text="secret")
    await begun(store, channel="chat", text="elsewhere")
    entries = await store.history("api", "ann")
    assert [(entry.conversation, entry.text) for entry in entries] == [(old.id, "long ago"), (new.id, "today")]
    assert await store.history("api", "ann", after=entries[0].number) == entries[1:]
    assert await store.history("api", "ann", limit=1) == entries[:1]
    assert await store.history("api", "nobody") == []


async def test_the_history_shows_a_human_reply_from_elsewhere_and_no_deleted_text(store):
    [receipt] = await accept(store, message(text="oops"))
    await accept(store, deletion(), reply(conversation=receipt.conversation, text="Hello"))
    assert [entry.text for entry in await store.history("api", "ann")] == ["", "Hello"]


async def test_the_auditor_reads_what_lies_beside_each_open_conversation(store):
    conversation = await opened(store, "ann")
    conversation = await advance(
        store, conversation, sends=(answer(conversation),), deadlines=(deadline(conversation, "breach:x"),)
    )
    await accept(store, message("more"))
    await begun(store, "bob")
    await opened(store, "cid", state=State.RESOLVED)
    [row] = await store.audit(after="", limit=10)
    assert (row.conversation, row.customer) == (conversation, conversation.customer)
    assert (row.inbox, row.unsent, row.deadline_keys) == (1, 1, ("breach:x",))


async def test_the_auditor_reads_on_by_id(store):
    ids = sorted([(await opened(store, f"p{number}")).id for number in range(5)])
    first = await store.audit(after="", limit=2)
    rest = await store.audit(after=first[-1].conversation.id, limit=10)
    assert [row.conversation.id for row in [*first, *rest]] == ids


async def test_facts_count_what_lies_where(store):
    conversation = await opened(store, "ann")
    await advance(store, conversation, sends=(answer(conversation),), deadlines=(deadline(conversation),))
    await accept(store, message("1", who="bob"))
    facts = await store.facts()
    assert (facts.inbox, facts.outbox, facts.deadlines, facts.dead_letters) == (1, 1, 1, 0)
    assert dict(facts.conversations) == {"escalated": 1, "unopened": 1}
    assert facts.size_bytes > 0
    assert facts.schema_version >= 1


# --- accounts ---------------------------------------------------------------------------------------------


async def test_staff_are_added_and_replaced(store):
    assert await store.staff("kim") is None
    await store.put_staff(StaffAccount(name="kim", role=Role.AGENT))
    await store.put_staff(StaffAccount(name="kim", role=Role.LEAD, password_hash="x"))
    assert await store.staff("kim") == StaffAccount(name="kim", role=Role.LEAD, password_hash="x")


async def test_a_token_is_redeemed_once_however_many_try(store):
    tried = await asyncio.gather(*(store.redeem("token", now=NOW) for _ in range(20)))
    assert tried.count(True) == 1
    assert await store.redeem("another", now=NOW)


async def test_a_switch_is_set_and_cleared(store):
    assert await store.switch("paused") is None
    await store.set_switch("paused", "kim")
    assert await store.switch("paused") == "kim"
    await store.set_switch("paused", None)
    assert await store.switch("paused") is None


async def test_a_lease_belongs_to_one_owner_until_it_ends(store):
    async def acquire(owner, now=NOW):
        return await store.acquire("auditor", owner=owner, now=now, lease=MINUTE)

    assert sorted(await asyncio.gather(acquire("a"), acquire("b"))) == [False, True]
    assert await acquire("a") != await acquire("b")
    assert await acquire("c", NOW + MINUTE)
    assert not await acquire("a", NOW + MINUTE)
    assert await acquire("c", NOW + 2 * MINUTE)


async def test_versions_of_the_templates_are_kept(store):
    await store.keep_templates("v1", {"parcel.md": "Tomorrow."})
    await store.keep_templates("v1", {"parcel.md": "Tomorrow."})
    assert dict(await store.templates("v1")) == {"parcel.md": "Tomorrow."}
    assert await store.templates("v2") is None


# --- upkeep -----------------------------------------------------------------------------------------------


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
        ("resolved", {"by": "erased", "agent": None}),
        ("state_changed", {"from": state.value, "to": "resolved"}),
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


async def test_a_backup_holds_the_store_and_overwrites_nothing(store, tmp_path):
    await begun(store)
    target = tmp_path / "backups" / "heed.backup"
    await store.backup(target)
    before = target.read_bytes()
    assert before
    with pytest.raises(StoreError, match=r"heed\.backup"):
        await store.backup(target)
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == ["heed.backup"]


async def test_a_closed_store_refuses_and_may_be_closed_again(store):
    await store.close()
    await store.close()
    with pytest.raises(StoreError):
        await accept(store, message())
    with pytest.raises(StoreError):
        await store.last()
