"""From a message to what the customer and the staff see of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.channels import arrivals
from bot.domain import transitions
from bot.domain.conversation import Conversation
from bot.domain.decisions import Reason
from bot.domain.events import CustomerWrote, Reply
from bot.domain.messages import AgentId, ConversationId
from bot.domain.sla import Metric
from bot.domain.staff_rules import MOVED_ON
from bot.domain.states import State
from bot.errors import Overloaded
from bot.records import Outcome
from tests.scenarios.world import ALEX, SAM, T0, sample, world

COVERED = "question order-status where is my parcel"


async def test_a_covered_question_is_answered_and_the_conversation_waits_for_the_customer() -> None:
    async with world() as w:
        conversation = await w.writes(COVERED)
        assert w.said() == ["answer"]
        state = await w.conversation(conversation)
        assert state.state is State.WAITING
        assert state.unanswered == ()


async def test_a_complaint_is_acknowledged_and_waits_for_a_human_with_its_clock_running() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        assert w.said() == ["acknowledgement"]
        state = await w.conversation(conversation)
        assert state.state is State.ESCALATED
        assert state.due_at == T0 + timedelta(minutes=15)


async def test_an_agents_reply_reaches_the_customer_and_stops_the_clock() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        await w.pass_time(timedelta(minutes=4))
        assert await w.commands(conversation, Reply(at=w.time.now(), agent=ALEX, text="I am on it.")) == ""
        await w.settle()
        assert w.platform.taken[-1].send.text == "I am on it."
        fulfilled = await w.log(conversation, "fulfill")
        values = {record.fields["metric"]: record.fields["elapsed"] for record in fulfilled}
        assert values[Metric.FIRST_REPLY] == 240


async def test_silence_opens_nothing_and_starts_no_clock() -> None:
    async with world() as w:
        conversation = await w.writes("chatter about this and that, nothing else")
        state = await w.conversation(conversation)
        assert state.state is State.UNOPENED
        assert w.said() == []
        assert await w.store.next_due() is None


async def test_a_second_delivery_of_the_same_message_changes_nothing() -> None:
    async with world() as w:
        message = w.message("complaint it broke", number=1)
        first, second = await w.heed.intake([message, message])
        assert (first.outcome, second.outcome) == (Outcome.ACCEPTED, Outcome.DUPLICATE)
        await w.settle()
        assert first.conversation is not None
        assert len(await w.log(first.conversation, "message_received")) == 1


async def test_messages_of_one_conversation_are_handled_in_their_order_by_many_workers() -> None:
    async with world() as w:
        batch = [w.message(f"chatter {n}", who=f"v{n % 7}", number=n) for n in range(140)]
        receipts = await w.heed.intake(batch)
        await asyncio.gather(*(worker.drain() for worker in w.heed.workers))
        by_conversation: dict[str, list[str]] = {}
        for receipt in receipts:
            by_conversation.setdefault(str(receipt.conversation), []).append(str(receipt.message))
        for conversation, messages in by_conversation.items():
            records = [r for r in await w.store.of(conversation) if r.kind == "message_received"]
            assert [record.fields["message"] for record in records] == messages


async def test_a_claim_answers_while_the_model_hangs_and_the_message_escalates_unassessed() -> None:
    async with world() as w:
        conversation = await w.writes("complaint first")
        w.model.hold = asyncio.Event()
        await w.arrives("complaint second")
        working = asyncio.ensure_future(w.heed.workers[0].drain())
        await asyncio.sleep(0)
        assert await w.claims(conversation) == ""
        await w.pass_time(timedelta(minutes=3))
        received = await w.log(conversation, "message_received")
        assert [record.fields["reason"] for record in received] == ["complaint", "not_assessed"]
        w.model.hold.set()
        await working
        assert len(await w.log(conversation, "message_received")) == 2
        assert len(await w.log(conversation, "message_annotated")) == 1
        assert await w.store.depth() == 0


async def test_an_edit_may_escalate_and_a_deletion_cancels_the_clock() -> None:
    async with world() as w:
        conversation = await w.writes(COVERED)
        edit = arrivals.edit(
            channel="room", external_id="v1-1", text="complaint it broke", arrived_at=w.time.now()
        )
        assert (await w.heed.intake([edit]))[0].outcome is Outcome.ACCEPTED
        await w.settle()
        state = await w.conversation(conversation)
        assert state.state is State.ESCALATED
        assert state.reason is Reason.EDITED
        gone = arrivals.deletion(channel="room", external_id="v1-1", arrived_at=w.time.now())
        await w.heed.intake([gone])
        await w.settle()
        assert (await w.conversation(conversation)).clock(Metric.FIRST_REPLY) is None


async def test_an_edit_of_a_message_never_seen_is_told_apart() -> None:
    async with world() as w:
        edit = arrivals.edit(channel="room", external_id="never", text="words", arrived_at=w.time.now())
        assert (await w.heed.intake([edit]))[0].outcome is Outcome.NOT_FOUND


async def test_a_message_that_arrives_late_gets_no_automatic_answer() -> None:
    async with world() as w:
        conversation = await w.writes(COVERED, sent_at=T0 - timedelta(minutes=20))
        assert w.said() == []
        state = await w.conversation(conversation)
        assert state.reason is Reason.LATE
        assert state.waiting_since == T0 - timedelta(minutes=20)


async def test_a_flood_is_told_once_and_staff_see_it() -> None:
    async with world(sample(messages_per_minute=3)) as w:
        conversation = None
        for number in range(8):
            conversation = await w.writes(f"chatter {number} and nothing else")
        assert w.said() == ["notice"]
        assert conversation is not None
        state = await w.conversation(conversation)
        assert state.reason in {Reason.FLOOD, Reason.HELD}
        assert state.state is State.ESCALATED


async def test_when_the_queue_is_full_the_sender_is_told_to_repeat_and_nothing_is_lost() -> None:
    async with world(sample(most_queued=100)) as w:
        for number in range(10):
            await w.heed.intake([w.message("chatter", who=f"v{number}-{n}", number=n) for n in range(10)])
        with pytest.raises(Overloaded, match="100 messages wait already"):
            await w.arrives("chatter")
        await w.settle()
        w.time.move(timedelta(seconds=1))
        assert (await w.arrives("chatter")).outcome is Outcome.ACCEPTED


async def test_a_broken_model_hands_every_message_to_a_human() -> None:
    async with world() as w:
        w.model.fails = True
        conversation = await w.writes(COVERED)
        state = await w.conversation(conversation)
        assert state.state is State.ESCALATED
        assert state.reason is Reason.NOT_ASSESSED


async def test_a_message_that_kills_its_worker_three_times_escalates_unassessed() -> None:
    async with world() as w:
        receipt = await w.arrives(COVERED)
        for _ in range(3):
            await w.store.take(10, owner="dies", now=w.time.now(), lease=timedelta(seconds=5))
            w.time.move(timedelta(seconds=6))
        await w.settle()
        assert w.model.seen == []
        assert receipt.conversation is not None
        assert (await w.conversation(receipt.conversation)).reason is Reason.POISON


async def test_a_rule_that_is_missing_ends_with_a_human(monkeypatch: pytest.MonkeyPatch) -> None:
    async with world() as w:
        row = dict(transitions.TABLE[CustomerWrote])
        del row[State.UNOPENED]
        monkeypatch.setitem(transitions.TABLE, CustomerWrote, row)  # type: ignore[arg-type]
        conversation = await w.writes("complaint it broke")
        state = await w.conversation(conversation)
        assert state.state is State.ESCALATED
        assert state.reason is Reason.DEFECT
        assert await w.store.depth() == 0


async def test_a_handler_that_fails_ends_with_a_human_and_a_running_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    async with world() as w:

        def broken(*_args: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(w.heed.workers[0], "_decide", broken)
        conversation = await w.writes("complaint it broke")
        state = await w.conversation(conversation)
        assert state.reason is Reason.DEFECT
        assert state.clock(Metric.FIRST_REPLY) is not None


async def test_a_native_reply_by_an_agent_stops_the_clock_at_the_platforms_time() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        await w.pass_time(timedelta(minutes=9))
        reply = arrivals.reply(
            channel="room",
            external_id="r1",
            text="Here I am.",
            agent="sam",
            arrived_at=w.time.now(),
            sent_at=T0 + timedelta(minutes=5),
            conversation=conversation,
        )
        await w.heed.intake([reply])
        await w.settle()
        state = await w.conversation(conversation)
        assert state.holder == AgentId("sam")
        fulfilled = {r.fields["metric"]: r.fields["elapsed"] for r in await w.log(conversation, "fulfill")}
        assert fulfilled[Metric.FIRST_REPLY] == 300


async def test_a_second_agent_is_refused_with_the_holders_name() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        assert await w.claims(conversation) == ""
        assert await w.claims(conversation, SAM) == "alex holds this conversation."


async def test_many_agents_race_for_one_conversation_and_one_wins() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        refusals = await asyncio.gather(*(w.claims(conversation, agent) for agent in [ALEX, SAM] * 5))
        state = await w.conversation(conversation)
        assert sum(refusal == "" for refusal in refusals) == 5
        assert len(await w.log(conversation, "claimed")) == 1
        assert state.holder in {"alex", "sam"}


async def test_the_warning_and_the_breach_are_noticed_at_their_instant() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        await w.pass_time(timedelta(minutes=20))
        warned = (await w.log(conversation, "warn"))[0]
        breached = (await w.log(conversation, "breach"))[0]
        assert (warned.at, breached.at) == (T0 + timedelta(minutes=12), T0 + timedelta(minutes=15))
        assert (warned.fields["lateness"], breached.fields["lateness"]) == (0, 0)


async def test_every_decision_can_be_taken_again_from_what_is_stored() -> None:
    async with world() as w:
        texts = [COVERED, "complaint it broke", "praise thank you so much", "chatter and nothing else"]
        for number, text in enumerate(texts):
            conversation = await w.writes(text, who=f"v{number}")
            view = await w.store.view(conversation)
            assert view is not None
            record = view.decisions[0]
            assert record.situation is not None
            again = w.heed.brands.decide(text, record.assessment, record.situation)
            assert again == record.decision


async def test_a_conversation_that_cannot_be_read_becomes_a_dead_letter_and_harms_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with world() as w:
        broken = await w.arrives("complaint it broke", who="broken")
        load = w.store.load

        async def refuses(ids: Sequence[ConversationId]) -> dict[ConversationId, Conversation]:
            if broken.conversation in ids:
                raise ValueError("not readable")
            return await load(ids)

        monkeypatch.setattr(w.store, "load", refuses)
        sound = await w.arrives("complaint it broke", who="sound")
        for _ in range(10):
            await w.heed.workers[0].drain()
        facts = await w.store.facts()
        assert (facts.inbox, facts.dead_letters) == (0, 1)
        assert sound.conversation is not None
        assert (await w.conversation(sound.conversation)).state is State.ESCALATED


async def test_what_the_customer_wrote_and_nobody_has_understood_yet_holds_a_reply_back_too() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        seen = (await w.conversation(conversation)).received
        await w.arrives("complaint and now it smokes")  # stored; no worker has taken it
        view = await w.store.view(conversation)
        assert view is not None
        assert (view.unhandled, view.received) == (1, seen + 1)
        held = Reply(at=w.time.now(), agent=ALEX, text="Try again.", seen=seen)
        assert await w.commands(conversation, held) == MOVED_ON
        read = Reply(at=w.time.now(), agent=ALEX, text="Unplug it!", seen=view.received)
        assert await w.commands(conversation, read) == ""
        await w.settle()
        assert (await w.store.view(conversation)).unhandled == 0  # type: ignore[union-attr]  # it is there
