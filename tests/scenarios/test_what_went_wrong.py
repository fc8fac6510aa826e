"""Defects that were found once, each with the history that shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.channels import arrivals
from bot.domain.actions import DeadlineKind, SendState
from bot.domain.conversation import Conversation
from bot.domain.decisions import Reason
from bot.domain.events import Reply
from bot.domain.messages import ActionId, ConversationId
from bot.domain.sla import Metric
from bot.domain.states import State
from bot.engine.auditor import Auditor
from bot.errors import SendRefused, StoreUnavailable
from bot.records import Commit, Outcome
from tests.scenarios.world import ALEX, T0, World, sample, world

COVERED = "question order-status where is my parcel"


async def audited(w: World, times: int) -> int:
    auditor = Auditor(store=w.store, road=w.heed.road, time=w.time)
    found = 0
    for _ in range(times):
        found = len(await auditor.audit())
    return found


async def test_a_store_that_is_locked_when_a_refused_send_goes_back_loses_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with world() as w:
        w.platform.failures = [SendRefused("slow down", retry_after=timedelta(seconds=1))]
        put_back, locked = w.store.put_back, [True]

        async def refuses(action: ActionId, **how: object) -> None:
            if locked:
                locked.clear()
                raise StoreUnavailable("locked")
            await put_back(action, **how)  # type: ignore[arg-type]

        monkeypatch.setattr(w.store, "put_back", refuses)
        await w.arrives(COVERED)
        await w.heed.workers[0].drain()
        with pytest.raises(StoreUnavailable):
            await w.heed.delivery.drain()
        await w.heed.delivery.drain()
        w.time.move(timedelta(seconds=2))
        await w.heed.delivery.drain()
        assert w.said() == ["answer"]


async def test_a_deadline_that_came_too_late_leaves_its_successor_alone() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        await w.claims(conversation)
        w.time.move(timedelta(minutes=29))
        due = await w.store.due(T0 + timedelta(hours=1), 50)
        stale = next(deadline for deadline in due if deadline.kind is DeadlineKind.CLAIM_EXPIRY)
        await w.claims(conversation)
        w.time.move(timedelta(minutes=2))
        await w.heed.road.drive([w.heed.timekeeper._fall_due(stale)])
        rows = await w.store.due(T0 + timedelta(hours=2), 50)
        kept = [deadline for deadline in rows if deadline.kind is DeadlineKind.CLAIM_EXPIRY]
        assert [deadline.due_at for deadline in kept] == [T0 + timedelta(minutes=59)]
        assert (await w.conversation(conversation)).state is State.CLAIMED


async def test_the_auditor_mends_a_missing_deadline() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        state = await w.conversation(conversation)
        broken = Commit(
            conversation=Conversation(**{**_fields(state), "version": state.version + 1}),
            expected_version=state.version,
            recorded_at=w.time.now(),
            cancelled=("breach:first_reply_time:1",),
        )
        await w.store.commit([broken])
        assert await audited(w, 2) == 1
        assert await audited(w, 2) == 0


def _fields(state: Conversation) -> dict[str, object]:
    return {name: getattr(state, name) for name in Conversation.__dataclass_fields__}


async def test_the_auditor_reports_a_text_whose_end_nobody_has_told() -> None:
    async with world() as w:
        receipt = await w.arrives(COVERED)
        await w.heed.workers[0].drain()
        assert receipt.conversation is not None
        await w.claims(receipt.conversation)
        taken = await w.store.take_sends(None, now=w.time.now(), limit=10, lease=timedelta(minutes=2))
        assert len(taken.withdrawn) == 1
        assert await audited(w, 2) == 1
        assert (await w.conversation(receipt.conversation)).pending == ()
        assert await audited(w, 2) == 0


async def test_any_number_of_texts_to_one_customer_come_home() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        for number in range(60):
            reply = Reply(at=w.time.now(), agent=ALEX, text=f"part {number}")
            assert await w.commands(conversation, reply) == ""
        await w.heed.delivery.drain()
        assert (await w.conversation(conversation)).pending == ()
        assert [sending.send.text for sending in w.platform.taken[1:]] == [f"part {n}" for n in range(60)]


async def test_what_lay_in_the_queue_while_heed_was_down_is_not_answered_hours_later() -> None:
    async with world() as w:
        receipt = await w.arrives(COVERED)
        w.time.move(timedelta(hours=5))
        await w.settle()
        assert receipt.conversation is not None
        assert w.said() == []
        assert (await w.conversation(receipt.conversation)).reason is Reason.LATE


async def test_repetitions_of_one_message_are_no_flood() -> None:
    async with world(sample(messages_per_minute=3)) as w:
        message = w.message(COVERED, number=1)
        for _ in range(20):
            receipts = await w.heed.intake([message])
        assert receipts[0].outcome is Outcome.DUPLICATE
        conversation = await w.writes("complaint it broke")
        assert (await w.conversation(conversation)).reason is not Reason.FLOOD


async def test_a_native_reply_from_before_the_question_stops_no_clock() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        early = arrivals.reply(
            channel="room",
            external_id="r1",
            text="from long ago",
            agent="sam",
            arrived_at=w.time.now(),
            sent_at=T0 - timedelta(days=1),
            conversation=conversation,
        )
        await w.heed.intake([early])
        await w.settle()
        assert await w.log(conversation, "fulfill") == []
        assert (await w.conversation(conversation)).clock(Metric.FIRST_REPLY) is not None


async def test_nobody_is_greeted_twice_within_the_hour() -> None:
    async with world() as w:
        await w.writes("hi")
        await w.writes("hello")
        assert w.said() == ["greeting"]
        w.time.move(timedelta(hours=2))
        await w.writes("hi")
        assert w.said() == ["greeting", "greeting"]


async def test_one_unreadable_conversation_stops_no_other_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    async with world() as w:
        broken = await w.writes("complaint it broke", who="broken")
        sound = await w.writes("complaint it broke", who="sound")
        load = w.store.load

        async def refuses(ids: Sequence[ConversationId]) -> dict[ConversationId, Conversation]:
            if broken in ids:
                raise ValueError("not readable")
            return await load(ids)

        monkeypatch.setattr(w.store, "load", refuses)
        w.time.move(timedelta(minutes=16))
        await w.heed.timekeeper.step()
        assert len(await w.log(sound, "breach")) == 1


async def test_what_is_on_its_way_when_heed_is_told_to_stop_arrives_and_counts() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        await w.commands(conversation, Reply(at=w.time.now(), agent=ALEX, text="I am on it."))
        async with asyncio.TaskGroup() as group:
            await w.heed.delivery.step(group)
            await w.heed.delivery.stop(timedelta(seconds=2))
        view = await w.store.view(conversation)
        assert view is not None
        assert view.transcript[-1].send_state is SendState.SENT
