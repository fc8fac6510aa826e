"""What a store of version 4 knows once it has climbed to the tables that desks need, and how those are read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.actions import SendState
from bot.domain.conversation import Conversation
from bot.domain.decisions import Wording
from bot.domain.messages import ActionId, Address, AgentId, ConversationId, CustomerId, MessageId
from bot.domain.prediction import Label
from bot.domain.states import State
from bot.records import ActQuery, BlockRecord, Post, QueueQuery, SendOutcome
from bot.stores.sqlite import SqliteStore, restore_file, schema
from bot.stores.sqlite.codec import encode, micros
from tests.contracts.stores import NOW, advance, agent_text, begun, take_sends
from tests.stores.files import raw

THEN = datetime(2026, 2, 1, tzinfo=UTC)
OLD = Conversation(
    id=ConversationId("c-old"),
    address=Address(channel="shop-app", account="shop", place="ann"),
    customer=CustomerId("u-old"),
    state=State.CLAIMED,
    version=7,
    team="press",
    label=Label.COMPLAINT,
    priority="high",
    updated_at=THEN,
)
BARE = replace(OLD, id=ConversationId("c-bare"), team="", label=None, priority="")
LOGGED = (
    ("claimed", {"agent": "kim", "role": "agent"}),
    ("replied", {"agent": "kim", "role": "agent", "native": False, "holder": None}),
    ("released", {"agent": "kim", "by": "expiry"}),
    ("released", {"agent": "kim", "by": "agent"}),
    ("resolved", {"agent": None, "by": "silence"}),
    ("resolved", {"agent": "lee", "by": "agent"}),
    ("state_changed", {"from": "open", "to": "resolved"}),
)


@pytest.fixture
def climbing(path):
    """Lend the place of a store as version 4 left it."""
    path.parent.mkdir(parents=True)
    with raw(path) as db:
        schema.migrate(db, path=str(path), steps=schema.STEPS[:4])
        for each in (OLD, BARE):
            known = (each.id, each.version, each.state.value, each.address.key(), each.customer, 0)
            times = (schema.NEVER, schema.NEVER, micros(THEN), encode(each))
            db.execute(
                "INSERT INTO conversations (id, version, state, address, customer, hold_epoch, due_at, "
                "waiting_since, updated_at, snapshot) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                known + times,
            )
        for kind, fields in LOGGED:
            values = (OLD.id, kind, micros(THEN), micros(THEN), encode(fields))
            db.execute(
                "INSERT INTO log (conversation, kind, at, recorded_at, fields) VALUES (?, ?, ?, ?, ?)", values
            )
        for number, channel in enumerate(("shop-app", "discord"), start=1):
            db.execute(
                "INSERT INTO messages (id, conversation, customer, author, at, agent, wording, action) "
                "VALUES (?, ?, 'u-old', 'agent', ?, 'kim', 'reply', ?)",
                (f"s{number}", OLD.id, micros(THEN), f"a{number}"),
            )
            db.execute(
                "INSERT INTO outbox (action, conversation, message, channel, pulled, rank, answers_to, state, "
                "created_at, head) VALUES (?, ?, ?, ?, 0, 0, 1, 'sent', ?, 0)",
                (f"a{number}", OLD.id, f"s{number}", channel, micros(THEN)),
            )
    return path


async def test_lists_ask_for_team_label_priority_and_channel_of_what_was_there(climbing):
    store = await SqliteStore.open(climbing)
    for asked in ({"teams": ("press",)}, {"labels": ("complaint",)}, {"priorities": ("high",)}):
        assert [row.conversation for row in (await store.queue(QueueQuery(**asked))).rows] == [OLD]
    assert (await store.queue(QueueQuery(channels=("shop-app",)))).total == 2
    assert [row.conversation for row in (await store.queue(QueueQuery(teams=("",)))).rows] == [BARE]
    await store.close()


async def test_the_audit_trail_reaches_back_to_what_was_logged_before(climbing):
    store = await SqliteStore.open(climbing)
    acts = [(record.kind, record.fields["agent"]) for record in await store.acts(ActQuery())]
    assert acts == [("resolved", "lee"), ("released", "kim"), ("replied", "kim"), ("claimed", "kim")]
    await store.close()


@pytest.mark.parametrize(("revised", "ids"), [("s1", ("a1",)), ("s2", ())])
async def test_what_another_system_has_got_is_known_by_its_actions_id_and_else_by_nothing(climbing, revised, ids):
    store = await SqliteStore.open(climbing)
    change = agent_text(OLD, "change", wording=Wording.REVISION, revises=MessageId(revised))
    await advance(store, OLD, sends=(change,))
    [sending] = (await take_sends(store)).sendings
    assert sending.revised_ids == ids
    await store.close()


async def test_a_copy_carries_blocks_posts_and_the_ids_of_what_was_sent(path, tmp_path):
    store = await SqliteStore.open(path)
    conversation = await begun(store)
    reply = agent_text(conversation, "reply")
    block = BlockRecord(customer=conversation.customer, agent=AgentId("lee"), at=NOW)
    conversation = await advance(store, conversation, sends=(reply,), blocks=(block,), request="click")
    await take_sends(store)
    done = SendOutcome(action=ActionId("reply"), state=SendState.SENT, at=NOW, external_ids=("p1",))
    conversation = await advance(store, conversation, outcomes=(done,))
    post = Post(key="card", place="t1", external_id="m1", digest="d")
    await store.keep_posts("discord", conversation.id, [post])
    await store.backup(tmp_path / "copy.db")
    await store.close()
    restore_file(tmp_path / "copy.db", path)
    store = await SqliteStore.open(path)
    view = await store.view(conversation.id)
    assert view.blocked == block
    assert await store.posts("discord", conversation.id) == {"card": post}
    assert await store.requested("click")
    change = agent_text(conversation, "change", wording=Wording.REVISION, revises=reply.message)
    await advance(store, conversation, sends=(change,))
    assert (await take_sends(store)).sendings[0].revised_ids == ("p1",)
    await store.close()


async def test_lists_and_the_audit_trail_are_read_from_indexes_alone(path):
    await (await SqliteStore.open(path)).close()
    with raw(path) as db:
        for also, index in (
            ("", "log_acts"),
            ("AND agent = 'kim'", "log_by_agent"),
            ("AND conversation = 'c'", "log_by_conversation"),
        ):
            asked = f"EXPLAIN QUERY PLAN SELECT * FROM log WHERE agent IS NOT NULL AND seq < 9 {also}"
            plan = " ".join(row[3] for row in db.execute(f"{asked} ORDER BY seq DESC LIMIT 5"))
            assert index in plan
            assert "TEMP B-TREE" not in plan
        listed = "SELECT count(*) FROM conversations WHERE state = 'open' AND team IN ('a') AND label = ''"
        plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {listed}"))
        assert "COVERING INDEX conversations_by_urgency" in plan
