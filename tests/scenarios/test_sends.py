"""What becomes of texts on their way to the customer."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.actions import SendState
from bot.domain.decisions import Reason
from bot.domain.states import State
from bot.errors import SendFailed, SendRefused, SendUnknown
from tests.scenarios.world import World, world

COVERED = "question order-status where is my parcel"


async def sent_states(w: World, conversation: str) -> list[SendState | None]:
    view = await w.store.view(conversation)  # type: ignore[arg-type]
    assert view is not None
    return [entry.send_state for entry in view.transcript if entry.send_state is not None]


async def test_no_answer_starts_out_after_a_claim() -> None:
    async with world() as w:
        receipt = await w.arrives(COVERED)
        await w.heed.workers[0].drain()
        assert receipt.conversation is not None
        assert await w.claims(receipt.conversation) == ""
        await w.heed.delivery.drain()
        assert w.platform.taken == []
        assert await sent_states(w, receipt.conversation) == [SendState.WITHDRAWN]
        assert (await w.conversation(receipt.conversation)).state is State.CLAIMED


async def test_pausing_takes_back_what_has_not_left_and_hands_it_to_a_human() -> None:
    async with world() as w:
        receipt = await w.arrives(COVERED)
        await w.heed.workers[0].drain()
        await w.heed.commands.pause(by="alex")
        await w.heed.delivery.drain()
        assert receipt.conversation is not None
        assert w.platform.taken == []
        assert (await w.conversation(receipt.conversation)).state is State.ESCALATED


async def test_while_paused_a_covered_question_goes_to_a_human_and_afterwards_it_is_answered() -> None:
    async with world() as w:
        await w.heed.commands.pause(by="alex")
        conversation = await w.writes(COVERED)
        assert (await w.conversation(conversation)).reason is Reason.PAUSED
        await w.heed.commands.resume(by="alex")
        await w.writes(COVERED, who="v2")
        assert w.said() == ["acknowledgement", "answer"]


async def test_a_refused_send_is_repeated_after_the_pause_the_platform_asks_for() -> None:
    async with world() as w:
        w.platform.failures = [SendRefused("slow down", retry_after=timedelta(seconds=20))]
        conversation = await w.writes(COVERED)
        assert w.platform.taken == []
        w.time.move(timedelta(seconds=19))
        await w.settle()
        assert w.platform.taken == []
        w.time.move(timedelta(seconds=1))
        await w.settle()
        assert w.said() == ["answer"]
        assert (await w.conversation(conversation)).state is State.WAITING


async def test_without_a_key_an_unknown_outcome_is_never_repeated_and_a_human_decides() -> None:
    async with world() as w:
        w.platform.failures = [SendUnknown("cut off")]
        conversation = await w.writes(COVERED)
        w.time.move(timedelta(minutes=1))
        await w.settle()
        assert w.platform.taken == []
        state = await w.conversation(conversation)
        assert (state.state, state.reason) == (State.ESCALATED, Reason.SEND_UNKNOWN)


async def test_with_a_key_an_unknown_outcome_is_repeated_under_the_same_key() -> None:
    async with world(idempotent=True) as w:
        w.platform.failures = [SendUnknown("cut off")]
        await w.writes(COVERED)
        w.time.move(timedelta(minutes=1))
        await w.settle()
        assert len({sending.send.id for sending in w.platform.taken}) == 1
        assert w.said() == ["answer"]


async def test_a_refusal_after_an_unknown_outcome_is_still_unknown() -> None:
    async with world(idempotent=True) as w:
        w.platform.failures = [SendUnknown("cut off"), SendFailed("blocked")]
        conversation = await w.writes(COVERED)
        w.time.move(timedelta(minutes=1))
        await w.settle()
        assert await sent_states(w, conversation) == [SendState.UNKNOWN]
        assert (await w.conversation(conversation)).reason is Reason.SEND_UNKNOWN


async def test_a_failed_send_escalates_and_releases_what_waits_behind_it() -> None:
    async with world() as w:
        w.platform.failures = [SendFailed("blocked")]
        receipt = await w.arrives(COVERED)
        await w.arrives("question return-how how do I send it back")
        await w.settle()
        assert receipt.conversation is not None
        state = await w.conversation(receipt.conversation)
        assert state.reason is Reason.SEND_FAILED
        assert state.pending == ()


async def test_a_defect_in_a_channel_ends_with_a_human_and_stops_nothing_else() -> None:
    async with world() as w:
        w.platform.failures = [ZeroDivisionError("a defect")]
        first = await w.writes(COVERED)
        await w.writes(COVERED, who="v2")
        assert (await w.conversation(first)).reason is Reason.SEND_UNKNOWN
        assert len(w.platform.taken) == 1


async def test_what_an_ended_process_left_under_way_is_settled_at_the_next_start() -> None:
    for idempotent, state in ((False, State.ESCALATED), (True, State.WAITING)):
        async with world(idempotent=idempotent) as w:
            receipt = await w.arrives(COVERED)
            await w.heed.workers[0].drain()
            taken = await w.store.take_sends(None, now=w.time.now(), limit=10, lease=timedelta(minutes=2))
            assert len(taken.sendings) == 1
            w.time.move(timedelta(minutes=3))
            await w.heed.delivery.recover()
            w.time.move(timedelta(minutes=1))
            await w.settle()
            assert receipt.conversation is not None
            assert (await w.conversation(receipt.conversation)).state is state


async def test_a_text_that_does_not_leave_in_time_brings_a_human_in() -> None:
    async with world() as w:
        w.platform.failures = [SendRefused("down", retry_after=timedelta(hours=1))]
        conversation = await w.writes(COVERED)
        await w.pass_time(timedelta(minutes=6))
        state = await w.conversation(conversation)
        assert (state.state, state.reason) == (State.ESCALATED, Reason.SEND_OVERDUE)


async def test_an_unknown_outcome_is_never_sent_again_by_a_restart() -> None:
    async with world() as w:
        w.platform.failures = [SendUnknown("cut off")]
        await w.writes(COVERED)
        await w.heed.delivery.recover()
        await w.settle()
        assert w.platform.taken == []
