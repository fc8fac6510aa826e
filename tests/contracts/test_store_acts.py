"""The audit trail: what staff did, by whom and where, read from the log."""

from __future__ import annotations

import pytest

from bot.domain.log import LogKind
from bot.domain.messages import AgentId, ConversationId
from bot.ports import Store
from bot.records import ActQuery
from tests.contracts.stores import NOW, advance, begun, logged, place, store

__all__ = ["place", "store"]

K = LogKind
#: What is always an act where it names an agent.
ACTS = (
    K.CLAIMED, K.TAKEN_OVER, K.ASKED_FOR, K.REPLIED, K.REVISED, K.NOTED, K.SNOOZED, K.ASKED, K.TRANSFERRED,
    K.HANDED_BACK, K.LABEL_CORRECTED, K.BLOCKED, K.UNBLOCKED, K.REOPENED, K.WENT_AWAY, K.CAME_BACK,
)  # fmt: skip


async def kinds(store: Store, **asked: object) -> list[str]:
    return [record.kind for record in await store.acts(ActQuery(**asked))]


async def test_every_act_of_staff_is_listed_newest_first(store: Store) -> None:
    conversation = await begun(store)
    await advance(store, conversation, log=tuple(logged(kind, agent="kim") for kind in ACTS))
    for switch in (K.PAUSED, K.RESUMED):
        await store.append(switch, at=NOW, fields={"agent": "kim"})
    assert await kinds(store) == [*reversed([*ACTS, K.PAUSED, K.RESUMED])]


@pytest.mark.parametrize(
    "event",
    [
        logged(K.OPENED),
        logged(K.ESCALATED, reason="low_confidence"),
        logged(K.REOPENED, agent=None),
        logged(K.RELEASED, agent="kim", by="expiry"),
        logged(K.RELEASED, agent="kim", by="snooze"),
        logged(K.RESOLVED, agent=None, by="silence"),
        logged(K.RESOLVED, agent=None, by="bot"),
        logged(K.CLAIM_ENDING, agent="kim"),
        logged(K.SEND_QUEUED, action="a1", by="agent"),
        logged(K.FIELDS_SET, by="api", team="support"),
    ],
    ids=lambda event: f"{event.kind}-{event.fields.get('by', '')}",
)
async def test_what_comes_about_by_itself_is_no_act(store: Store, event) -> None:
    conversation = await begun(store)
    await advance(store, conversation, log=(event,))
    assert await kinds(store) == []


async def test_letting_go_and_resolving_are_acts_where_an_agent_did_it(store: Store) -> None:
    conversation = await begun(store)
    mine = (logged(K.RELEASED, agent="kim", by="agent"), logged(K.RESOLVED, agent="kim", by="agent"))
    await advance(store, conversation, log=mine)
    assert await kinds(store) == [K.RESOLVED, K.RELEASED]


async def test_acts_of_one_agent_of_one_conversation_and_of_both(store: Store) -> None:
    first, second = await begun(store, "ann"), await begun(store, "bo")
    for conversation in (first, second):
        acts = (logged(K.CLAIMED, agent="kim"), logged(K.NOTED, agent="lee"))
        await advance(store, conversation, log=acts)
    kim = ActQuery(agent=AgentId("kim"))
    assert [(act.conversation, act.kind) for act in await store.acts(kim)] == [
        (second.id, K.CLAIMED),
        (first.id, K.CLAIMED),
    ]
    assert await kinds(store, conversation=first.id) == [K.NOTED, K.CLAIMED]
    assert await kinds(store, conversation=second.id, agent=AgentId("lee")) == [K.NOTED]
    assert await kinds(store, conversation=ConversationId("elsewhere")) == []


async def test_pages_lead_on_from_one_another_and_leave_nothing_out(store: Store) -> None:
    conversation = await begun(store)
    events = tuple(logged(K.NOTED if number % 3 else K.OPENED, agent="kim", number=number) for number in range(30))
    await advance(store, conversation, log=events)
    seen: list[object] = []
    before = 0
    while page := await store.acts(ActQuery(before=before, limit=7)):
        seen += [record.fields["number"] for record in page]
        before = page[-1].seq
    assert seen == [number for number in reversed(range(30)) if number % 3]


async def test_switches_are_read_by_how_their_names_begin(store: Store) -> None:
    for name in ("away:kim", "away:lee", "awake", "paused"):
        await store.set_switch(name, "yes")
    await store.set_switch("away:lee", None)
    assert await store.switches("away:") == {"away:kim": "yes"}
    assert await store.switches("") == {"away:kim": "yes", "awake": "yes", "paused": "yes"}
