"""Replies that are changed or taken back after they were sent: in the outbox alone, then in the reply's place."""

from __future__ import annotations

from bot.domain.actions import Send, SendState
from bot.domain.conversation import Conversation
from bot.domain.decisions import Wording
from bot.domain.messages import AgentId, Author, MessageId
from bot.domain.states import State
from bot.ports import Store
from bot.records import QueueQuery, SendOutcome, TranscriptEntry
from tests.contracts.stores import (
    MINUTE,
    NOW,
    PULLED,
    SECOND,
    Place,
    actions,
    advance,
    agent_text,
    begun,
    outcome,
    place,
    store,
    take_sends,
)

__all__ = ["place", "store"]


def revision(of: Send, conversation: Conversation, action: str, text: str) -> Send:
    """Return a lead's change of a reply; without a text it is taken back."""
    return agent_text(
        conversation, action, text=text, agent=AgentId("lee"), wording=Wording.REVISION, revises=of.message
    )


async def sent(
    store: Store, who: str = "ann", *, channel: str = "api", ids: tuple[str, ...] = ("p1", "p2")
) -> tuple[Conversation, Send]:
    """Return a conversation with a reply that its platform has taken as these messages."""
    conversation = await begun(store, who, channel=channel)
    reply = agent_text(conversation, f"reply-{who}", text="On Monday.")
    conversation = await advance(store, conversation, sends=(reply,))
    await take_sends(store)
    done = SendOutcome(action=reply.id, state=SendState.SENT, at=NOW, external_ids=ids)
    return await advance(store, conversation, outcomes=(done,)), reply


async def said(store: Store, conversation: Conversation) -> list[TranscriptEntry]:
    view = await store.view(conversation.id)
    assert view is not None
    return list(view.transcript)


async def test_it_is_handed_out_with_the_ids_of_what_it_changes_and_with_who_changes_it(store: Store) -> None:
    conversation, reply = await sent(store)
    change = revision(reply, conversation, "change", "On Tuesday.")
    await advance(store, conversation, sends=(change,))
    [sending] = (await take_sends(store)).sendings
    assert sending.send == change
    assert sending.revised_ids == ("p1", "p2")
    assert sending.address == conversation.address


async def test_a_text_that_changes_nothing_has_no_such_ids(store: Store) -> None:
    conversation, _ = await sent(store)
    await advance(store, conversation, sends=(agent_text(conversation, "second"),))
    [sending] = (await take_sends(store)).sendings
    assert (sending.send.revises, sending.revised_ids) == (None, ())


async def test_it_is_no_line_of_its_own_and_changes_nothing_before_it_was_sent(store: Store) -> None:
    conversation, reply = await sent(store)
    before = await said(store, conversation)
    change = revision(reply, conversation, "change", "On Tuesday.")
    conversation = await advance(store, conversation, sends=(change,))
    assert await said(store, conversation) == before
    await take_sends(store)
    assert await said(store, conversation) == before
    for state in (SendState.UNKNOWN, SendState.FAILED):
        conversation = await outcome(store, conversation, change, state)
        assert await said(store, conversation) == before
    assert [line.text for line in await store.history("api", "ann")] == ["Where is it?", "On Monday."]


async def test_once_sent_it_stands_in_the_replys_place_with_the_earlier_text(store: Store) -> None:
    conversation, reply = await sent(store)
    for number, text in enumerate(("On Tuesday.", "On Wednesday."), start=1):
        change = revision(reply, conversation, f"change-{number}", text)
        conversation = await advance(store, conversation, sends=(change,))
        assert actions(await take_sends(store)) == [change.id]
        conversation = await outcome(store, conversation, change, at=NOW + number * MINUTE)
    question, line = await said(store, conversation)
    assert question.edited_at is None
    assert (line.message, line.text, line.edited_at) == (reply.message, "On Wednesday.", NOW + 2 * MINUTE)
    assert line.earlier_texts == ("On Monday.", "On Tuesday.")
    assert (line.agent, line.wording, line.send_state) == ("kim", Wording.REPLY, SendState.SENT)
    assert line.at == NOW
    [_, seen] = await store.history("api", "ann")
    assert (seen.text, seen.edited_at) == ("On Wednesday.", NOW + 2 * MINUTE)


async def test_an_outcome_that_is_told_twice_changes_it_once(store: Store) -> None:
    conversation, reply = await sent(store)
    change = revision(reply, conversation, "change", "On Tuesday.")
    conversation = await advance(store, conversation, sends=(change,))
    await take_sends(store)
    done = SendOutcome(action=change.id, state=SendState.SENT, at=NOW)
    conversation = await advance(store, conversation, outcomes=(done, done))
    conversation = await advance(store, conversation, outcomes=(done,))
    assert (await said(store, conversation))[1].earlier_texts == ("On Monday.",)


async def test_a_reply_that_was_taken_back_shows_nothing_to_the_customer_and_all_to_staff(store: Store) -> None:
    conversation, reply = await sent(store)
    away = revision(reply, conversation, "away", "")
    conversation = await advance(store, conversation, sends=(away,))
    [sending] = (await take_sends(store)).sendings
    assert (sending.send.text, sending.send.revises) == ("", reply.message)
    conversation = await outcome(store, conversation, away, at=NOW + SECOND)
    line = (await said(store, conversation))[1]
    assert (line.text, line.deleted_at, line.edited_at) == ("On Monday.", NOW + SECOND, None)
    [_, seen] = await store.history("api", "ann")
    assert (seen.text, seen.deleted_at) == ("", NOW + SECOND)


async def test_taking_back_survives_being_put_back(store: Store) -> None:
    conversation, reply = await sent(store)
    await advance(store, conversation, sends=(revision(reply, conversation, "away", ""),))
    [sending] = (await take_sends(store)).sendings
    await store.put_back(sending.send.id, not_before=NOW + SECOND, unknown=True)
    [again] = (await take_sends(store, now=NOW + SECOND)).sendings
    assert (again.send.id, again.attempts, again.doubtful) == ("away", 1, True)
    assert again.revised_ids == ("p1", "p2")


async def test_a_change_that_leaves_fewer_messages_names_those_for_the_next_one(store: Store) -> None:
    conversation, reply = await sent(store)
    change = revision(reply, conversation, "change", "Short.")
    conversation = await advance(store, conversation, sends=(change,))
    await take_sends(store)
    done = SendOutcome(action=change.id, state=SendState.SENT, at=NOW, external_ids=("p1",))
    conversation = await advance(store, conversation, outcomes=(done,))
    await advance(store, conversation, sends=(revision(reply, conversation, "again", "Shorter."),))
    [sending] = (await take_sends(store)).sendings
    assert sending.revised_ids == ("p1",)


async def test_it_waits_for_its_turn_and_outranks_notices(store: Store) -> None:
    conversation, reply = await sent(store)
    other = await begun(store, "bo")
    notice = agent_text(other, "notice", agent=None, wording=Wording.NOTICE, author=Author.BOT)
    await advance(store, other, sends=(notice,))
    first, second = (revision(reply, conversation, f"change-{number}", "Later.") for number in (1, 2))
    conversation = await advance(store, conversation, sends=(first, second))
    assert actions(await take_sends(store, limit=1)) == [first.id]
    assert actions(await take_sends(store)) == ["notice"]
    await outcome(store, conversation, first)
    assert actions(await take_sends(store)) == [second.id]


async def test_nobody_finds_a_conversation_by_a_text_that_was_never_sent(store: Store) -> None:
    conversation, reply = await sent(store)
    conversation = await advance(store, conversation, after={"state": State.CLAIMED})
    await advance(store, conversation, sends=(revision(reply, conversation, "change", "hippopotamus"),))
    assert (await store.queue(QueueQuery(text="hippopotamus"))).total == 0


async def test_whoever_fetches_gets_it_behind_the_reply_under_that_ones_name(store: Store) -> None:
    conversation = await begun(store, channel=PULLED)
    reply = agent_text(conversation, "reply", text="On Monday.")
    conversation = await advance(store, conversation, sends=(reply,))
    await store.offer(PULLED, after=0, limit=10, now=NOW)
    done = SendOutcome(action=reply.id, state=SendState.SENT, at=NOW, external_ids=("reply",))
    conversation = await advance(store, conversation, outcomes=(done,))
    conversation = await advance(store, conversation, sends=(revision(reply, conversation, "change", "Later."),))
    offered = (await store.offer(PULLED, after=0, limit=10, now=NOW)).sendings
    assert [(each.send.text, each.revised_ids) for each in offered] == [("On Monday.", ()), ("Later.", ("reply",))]


async def test_erasing_the_customer_removes_its_text_and_ids_and_it_is_not_sent(place: Place) -> None:
    store = await place.open()
    conversation, reply = await sent(store, ids=("platform-number-77",))
    change = revision(reply, conversation, "change", "hippopotamus")
    conversation = await advance(store, conversation, sends=(change,))
    await take_sends(store)
    conversation = await outcome(store, conversation, change)
    waiting = revision(reply, conversation, "waiting", "rhinoceros")
    await advance(store, conversation, sends=(waiting,))
    assert await store.erase("api", "ann") == 5  # the question, the reply, its new text, and both revisions
    assert (await take_sends(store)).sendings == ()
    await store.close()
    kept = b"".join(file.read_bytes() for file in place.folder.iterdir() if file.is_file())
    assert b"hippopotamus" not in kept
    assert b"rhinoceros" not in kept
    assert b"platform-number-77" not in kept


async def test_a_change_under_way_while_the_customer_is_erased_brings_nothing_back(store: Store) -> None:
    conversation, reply = await sent(store)
    change = revision(reply, conversation, "change", "On Tuesday.")
    await advance(store, conversation, sends=(change,))
    await take_sends(store)
    await store.erase("api", "ann")
    [after] = (await store.load([conversation.id])).values()
    await outcome(store, after, change)
    assert [line.text for line in await said(store, after)] == ["", ""]


async def test_a_change_of_what_no_platform_named_has_no_ids(store: Store) -> None:
    conversation, reply = await sent(store, ids=())
    assert reply.message == MessageId(f"m-{reply.id}")
    await advance(store, conversation, sends=(revision(reply, conversation, "change", "Later."),))
    [sending] = (await take_sends(store)).sendings
    assert sending.revised_ids == ()
