"""Public rooms and back-filled messages, from what the platform tells to what members and staff see of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.decisions import Reason
from bot.domain.events import Resolve
from bot.domain.messages import Attachment, AttachmentKind, ConversationId
from bot.domain.sla import Metric
from bot.domain.states import State
from bot.engine.auditor import Auditor
from bot.records import Arrival, ArrivalKind, Outcome
from tests.scenarios.world import ALEX, T0, World, world

COVERED = "question order-status where is my parcel"
MIN = timedelta(minutes=1)
IMAGE = (Attachment(kind=AttachmentKind.IMAGE, name="leaf.png"),)


async def after(w: World, time: timedelta) -> None:
    """Let time pass while Heed works, as it does: what has waited long enough is taken within half a minute."""
    until = w.time.now() + time
    while w.time.now() < until:
        await w.pass_time(min(MIN / 2, until - w.time.now()))
        await w.settle()


async def decided(w: World, conversation: ConversationId) -> list[tuple[object, object]]:
    received = await w.log(conversation, "message_received")
    return [(record.fields["decision"], record.fields["reason"]) for record in received]


async def elapsed(w: World, conversation: ConversationId) -> dict[object, object]:
    fulfilled = await w.log(conversation, "fulfill")
    return {record.fields["metric"]: record.fields["elapsed"] for record in fulfilled}


async def test_a_sure_question_that_nobody_answers_is_answered_after_the_rooms_patience_and_not_before() -> None:
    async with world() as w:
        conversation = await w.takes_in(w.in_room(COVERED))
        await after(w, 5 * MIN - timedelta(seconds=1))
        assert w.said() == []
        await after(w, timedelta(seconds=1))
        assert w.said() == ["answer"]
        state = await w.conversation(conversation)
        assert (state.state, state.unanswered) == (State.WAITING, ())


async def test_what_another_member_answers_is_left_to_the_members() -> None:
    async with world() as w:
        conversation = await w.takes_in(w.in_room(COVERED))
        await after(w, MIN)
        await w.takes_in(w.in_room("chatter look at the orders page", who="v2"))
        await after(w, 10 * MIN)
        assert w.said() == []
        assert await decided(w, conversation) == [("silence", "between_members")]
        assert (await w.conversation(conversation)).state is State.UNOPENED


async def test_a_word_that_expressly_answers_somebody_else_does_not_count() -> None:
    async with world() as w:
        other = w.in_room("chatter here we are", who="v3")
        await w.takes_in(other)
        await w.takes_in(w.in_room(COVERED))
        await after(w, MIN)
        await w.takes_in(w.in_room("chatter welcome", who="v2", in_reply_to=other.external_id))
        await after(w, 10 * MIN)
        assert w.said() == ["answer"]


async def test_what_no_template_covers_comes_before_a_human_without_a_word_to_the_room() -> None:
    async with world() as w:
        question = await w.takes_in(w.in_room("question no-such-template who knows"))
        complaint = await w.takes_in(w.in_room("complaint it broke", who="v2", room="other"))
        await after(w, 6 * MIN)
        assert w.said() == []
        for conversation in (question, complaint):
            state = await w.conversation(conversation)
            assert (state.state, state.reason) == (State.ESCALATED, Reason.UNANSWERED)
            assert state.clock(Metric.FIRST_REPLY) is not None
            assert state.waiting_since == T0


async def test_a_greeting_and_praise_to_the_room_get_no_word_but_one_to_the_bot_does() -> None:
    async with world() as w:
        for number, text in enumerate(("hi everybody", "praise you all")):
            await w.takes_in(w.in_room(text, who=f"v{number}", room=f"r{number}"))
        await after(w, 6 * MIN)
        assert w.said() == []
        await w.takes_in(w.in_room("@shop", who="v7", addressed=True, patience=timedelta(0)))
        assert w.said() == ["greeting"]


async def test_what_a_member_goes_on_with_after_the_bots_answer_needs_no_mention() -> None:
    async with world() as w:
        conversation = await w.takes_in(w.in_room(COVERED, addressed=True, patience=timedelta(0)))
        assert w.said() == ["answer"]
        await after(w, 2 * MIN)
        assert await w.takes_in(w.in_room("that didn't help")) == conversation
        assert w.said() == ["answer", "acknowledgement"]
        assert (await w.conversation(conversation)).reason is Reason.REJECTED


async def test_what_a_member_says_to_another_after_the_bots_answer_is_left_alone() -> None:
    async with world() as w:
        conversation = await w.takes_in(w.in_room(COVERED, addressed=True, patience=timedelta(0)))
        await after(w, 2 * MIN)
        for text in ("question store-hours when are you home", "that didn't help"):
            to_bob = w.in_room(text, to_others=True, patience=None, in_reply_to="bobs")
            (receipt,) = await w.heed.intake([to_bob])
            assert receipt.outcome is Outcome.OVERHEARD
        await after(w, 6 * MIN)
        assert w.said() == ["answer"]
        assert (await w.conversation(conversation)).state is State.WAITING


async def test_what_a_member_says_to_another_while_a_human_is_called_is_not_kept() -> None:
    async with world() as w:
        conversation = await w.takes_in(w.in_room("complaint it broke", addressed=True, patience=timedelta(0)))
        await after(w, 10 * MIN)
        await w.heed.intake([w.in_room("chatter see you", to_others=True, patience=None, in_reply_to="bobs")])
        await w.settle()
        assert len((await w.store.view(conversation)).transcript) == 2
        assert w.said() == ["acknowledgement"]


async def test_talk_from_before_the_matter_that_is_read_again_does_not_join_it() -> None:
    async with world() as w:
        early = w.in_room("question store-hours where do you meet", patience=None)
        await w.heed.intake([early])
        await after(w, 4 * MIN)
        await w.takes_in(w.in_room(COVERED, addressed=True, patience=timedelta(0)))
        await after(w, MIN)
        (again,) = await w.heed.intake([replace(early, arrived_at=w.time.now())])
        await w.settle()
        assert (again.outcome, w.said()) == (Outcome.OVERHEARD, ["answer"])


async def test_what_a_member_sends_while_the_model_reads_goes_on_with_the_matter() -> None:
    async with world() as w:
        await w.heed.intake([w.in_room(COVERED, addressed=True, patience=timedelta(0))])
        written = w.time.now() + timedelta(seconds=2)
        w.time.move_to(written + timedelta(seconds=3))
        await w.settle()
        (receipt,) = await w.heed.intake([w.in_room("that didn't help", patience=None, sent_at=written)])
        await w.settle()
        assert (receipt.outcome, w.said()) == (Outcome.ACCEPTED, ["answer", "acknowledgement"])


def mended(w: World, said: Arrival, text: str, **parts: Any) -> Arrival:
    now = w.time.now()
    changed = {"kind": ArrivalKind.EDIT, "text": text, "happened_at": now, "arrived_at": now}
    return replace(said, **{**changed, "revision": f"at {now}", **parts})


async def test_a_typo_mended_while_it_waits_does_not_end_the_question() -> None:
    async with world() as w:
        question = w.in_room("chatter it brok")
        conversation = await w.takes_in(question)
        await after(w, MIN)
        await w.takes_in(mended(w, question, "complaint it broke"))
        await after(w, 3 * MIN)
        assert await decided(w, conversation) == []
        await after(w, 2 * MIN)
        state = await w.conversation(conversation)
        assert (state.state, state.reason, state.waiting_since) == (State.ESCALATED, Reason.UNANSWERED, T0)
        assert w.said() == []
        assert w.model.seen == ["complaint it broke"]


async def test_naming_the_bot_by_an_edit_is_heard_in_a_room_that_is_not_listened_to() -> None:
    async with world() as w:
        question = w.in_room("complaint it broke", patience=None)
        await w.heed.intake([question])
        await after(w, MIN)
        edit = mended(w, question, "complaint it broke", addressed=True)
        conversation = await w.takes_in(edit)
        assert w.said() == ["acknowledgement"]
        assert (await w.conversation(conversation)).waiting_since == T0 + MIN
        (again,) = await w.heed.intake([edit])
        assert again.outcome is Outcome.DUPLICATE


async def test_naming_the_bot_by_an_edit_is_heard_after_the_talk_was_left_to_the_members() -> None:
    async with world() as w:
        question = w.in_room(COVERED)
        conversation = await w.takes_in(question)
        await w.takes_in(w.in_room("chatter look there", who="v2"))
        await after(w, 6 * MIN)
        assert await decided(w, conversation) == [("silence", "between_members")]
        edit = mended(w, question, COVERED, addressed=True)  # the bot's name is left out of the text
        await w.takes_in(edit)
        await after(w, MIN)
        assert w.said() == ["answer"]
        (again,) = await w.heed.intake([mended(w, question, COVERED, addressed=True)])
        assert again.outcome is Outcome.DUPLICATE


async def test_long_after_the_bots_answer_talk_is_the_members_again() -> None:
    async with world() as w:
        conversation = await w.takes_in(w.in_room(COVERED, addressed=True, patience=timedelta(0)))
        await after(w, 30 * MIN)
        await w.takes_in(w.in_room("chatter that was a nice one"))
        await after(w, 6 * MIN)
        assert (await decided(w, conversation))[-1] == ("silence", "between_members")


async def test_an_agents_answer_in_the_room_stops_the_clock_and_claims() -> None:
    async with world() as w:
        question = w.in_room("complaint it broke", addressed=True, patience=timedelta(0))
        conversation = await w.takes_in(question)
        assert w.said() == ["acknowledgement"]
        await after(w, 3 * MIN)
        await w.takes_in(w.agent_in_room("I am on it.", to="v1", in_reply_to=question.external_id))
        state = await w.conversation(conversation)
        assert (state.state, state.holder) == (State.CLAIMED, "sam")
        assert (await elapsed(w, conversation))[Metric.FIRST_REPLY] == 180


async def test_what_an_agent_takes_up_of_the_rooms_talk_is_recorded_with_its_clocks() -> None:
    async with world() as w:
        question = w.in_room("question no-such-template who knows")
        conversation = await w.takes_in(question)
        await after(w, 2 * MIN)
        await w.heed.intake([w.agent_in_room("I do.", to="v1", in_reply_to=question.external_id)])
        await after(w, 6 * MIN)
        assert await decided(w, conversation) == [("record", "answered")]
        state = await w.conversation(conversation)
        assert (state.state, state.holder, state.unanswered) == (State.CLAIMED, "sam", ())
        assert (await elapsed(w, conversation))[Metric.FIRST_REPLY] == 120
        assert await w.log(conversation, "escalated") == []
        assert w.said() == []


async def test_a_picture_comes_before_a_human_whatever_is_written_beside_it() -> None:
    async with world() as w:
        addressed = {"addressed": True, "patience": timedelta(0)}
        conversation = await w.takes_in(w.in_room(COVERED, attachments=IMAGE, **addressed))
        assert w.said() == ["acknowledgement"]
        assert (await w.conversation(conversation)).reason is Reason.ATTACHMENT
        sticker = (Attachment(kind=AttachmentKind.STICKER),)
        other = await w.takes_in(w.in_room("[sticker]", who="v2", attachments=sticker, **addressed))
        assert (await w.conversation(other)).state is State.UNOPENED


@pytest.mark.parametrize("next_page", [False, True])
async def test_18_a_back_filled_message_with_an_agents_answer_is_recorded_with_its_clocks_not_escalated(
    next_page: bool,
) -> None:
    async with world() as w:
        asked = w.in_room(COVERED, sent_at=T0 - 60 * MIN, addressed=True, patience=timedelta(0))
        answered = w.agent_in_room("Here it is.", to="v1", sent_at=T0 - 53 * MIN, in_reply_to=asked.external_id)
        conversation = await w.takes_in(asked, *(() if next_page else (answered,)))
        if next_page:
            await w.heed.intake([answered])
        await after(w, MIN)
        assert w.said() == []
        assert await decided(w, conversation) == [("record", "answered")]
        assert await w.log(conversation, "escalated") == []
        values = await elapsed(w, conversation)
        assert (values[Metric.FIRST_REPLY], values[Metric.FIRST_RESPONSE]) == (420, 420)
        state = await w.conversation(conversation)
        assert (state.state, state.holder, state.unanswered) == (State.CLAIMED, "sam", ())


async def test_18_a_back_filled_question_without_an_answer_escalates_and_back_filled_talk_is_left_alone() -> None:
    async with world() as w:
        early = T0 - 60 * MIN
        to_bot = await w.takes_in(
            w.in_room(COVERED, who="v1", sent_at=early, room="a", addressed=True, patience=timedelta(0))
        )
        unasked = await w.takes_in(w.in_room(COVERED, who="v2", sent_at=early, room="b"))
        talk = await w.takes_in(w.in_room("chatter", who="v3", sent_at=early, room="c"))
        assert await decided(w, unasked) == [], "a back-fill has half a minute to be complete"
        await after(w, MIN)
        assert w.said() == []
        assert (await w.conversation(to_bot)).reason is Reason.LATE
        assert (await w.conversation(unasked)).reason is Reason.LATE
        assert (await w.conversation(talk)).state is State.UNOPENED


async def test_while_paused_talk_is_left_alone_and_a_sure_question_comes_before_a_human() -> None:
    async with world() as w:
        await w.heed.commands.pause(by="alex")
        question = await w.takes_in(w.in_room(COVERED))
        talk = await w.takes_in(w.in_room("chatter", who="v2", room="other"))
        await after(w, 6 * MIN)
        assert w.said() == []
        assert (await w.conversation(question)).reason is Reason.PAUSED
        assert (await w.conversation(talk)).state is State.UNOPENED


async def test_the_patience_of_a_slow_room_makes_no_message_too_old() -> None:
    async with world() as w:
        await w.takes_in(w.in_room(COVERED, patience=30 * MIN))
        await after(w, 30 * MIN)
        assert w.said() == ["answer"]


async def test_a_room_that_is_not_listened_to_keeps_nothing() -> None:
    async with world() as w:
        (receipt,) = await w.heed.intake([w.in_room(COVERED, patience=None)])
        assert receipt.outcome is Outcome.OVERHEARD
        await after(w, 10 * MIN)
        assert (w.said(), (await w.store.facts()).conversations) == ([], {})


async def test_after_all_that_the_auditor_finds_nobody_forgotten() -> None:
    async with world() as w:
        asked = w.in_room(COVERED, sent_at=T0 - 60 * MIN)
        await w.takes_in(asked, w.agent_in_room("Here.", to="v1", sent_at=T0 - MIN, in_reply_to=asked.external_id))
        escalated = await w.takes_in(w.in_room("complaint it broke", who="v2", room="b"))
        await w.takes_in(w.in_room(COVERED, who="v3", room="c"))
        auditor = Auditor(store=w.store, road=w.heed.road, time=w.time)
        for _ in range(8):
            await after(w, MIN)
            assert await auditor.audit() == ()
        await w.commands(escalated, Resolve(at=w.time.now(), agent=ALEX))
        assert await auditor.audit() == ()


async def test_what_nobody_addressed_to_the_brand_is_read_as_talk() -> None:
    async with world() as w:
        await w.takes_in(w.in_room(COVERED))
        await after(w, 6 * MIN)
        assert w.model.addressed == [False]
        await w.writes("question order-status where is it")
        assert w.model.addressed == [False, True]
