"""What every store promises about what pages read, who may sign in, and upkeep."""

import asyncio

import pytest

from bot.domain.prediction import Label
from bot.domain.roles import Role
from bot.domain.states import State
from bot.errors import StoreError
from bot.records import QueueQuery, StaffAccount
from tests.contracts.stores import (
    DAY,
    MINUTE,
    NOW,
    accept,
    advance,
    agent_text,
    answer,
    begun,
    clock,
    conversation_of,
    deadline,
    decided,
    deletion,
    edit,
    message,
    note,
    opened,
    place,
    reply,
    store,
    unanswered,
)

__all__ = ["place", "store"]


async def shown(store, **query):
    return [row.conversation.id for row in (await store.queue(QueueQuery(**query))).rows]


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


async def test_the_queue_is_filtered_by_team_label_priority_and_channel_each_one_of_several(store):
    press = await opened(store, "a", team="press", label=Label.COMPLAINT, priority="high")
    shop = await opened(store, "b", team="shop", label=Label.QUESTION)
    plain = await opened(store, "c")
    elsewhere = await begun(store, "d", channel="chat")
    elsewhere = await advance(
        store, elsewhere, after={"state": State.ESCALATED, "team": "shop", "updated_at": NOW}
    )
    assert set(await shown(store, teams=("shop",))) == {shop.id, elsewhere.id}
    assert set(await shown(store, teams=("press", "shop"), channels=("api",))) == {press.id, shop.id}
    assert await shown(store, labels=("complaint", "praise")) == [press.id]
    assert await shown(store, priorities=("high",)) == [press.id]
    assert await shown(store, channels=("chat",)) == [elsewhere.id]
    assert await shown(store, teams=("",), channels=("api",)) == [plain.id]
    assert await shown(store, teams=("press",), labels=("question",)) == []
    assert (await store.queue(QueueQuery(teams=("shop",), limit=1))).total == 2
    moved = await advance(store, press, after={"team": "shop", "label": None, "priority": ""})
    assert moved.id in await shown(store, teams=("shop",))
    assert await shown(store, labels=("complaint",)) == []


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


async def test_a_view_names_the_customers_other_conversations_newest_first_and_no_more_than_five(store):
    matters = []
    for number in range(7):
        found = await begun(store)
        over = {"state": State.RESOLVED, "label": Label.QUESTION, "opened_at": NOW, "resolved_at": NOW - 30 * DAY}
        matters.append(await advance(store, found, after=over))
        await begun(store, f"somebody-{number}")
    await begun(store)  # nothing has come of this one yet
    view = await store.view(matters[-1].id)
    assert [each.conversation for each in view.earlier] == [each.id for each in reversed(matters[1:6])]
    first, *_ = view.earlier
    assert (first.state, first.label) == ("resolved", Label.QUESTION)
    assert (first.opened_at, first.resolved_at) == (NOW, NOW - 30 * DAY)
    alone = await begun(store, "zoe")
    assert (await store.view(alone.id)).earlier == ()


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
