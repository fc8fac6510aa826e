"""Cases in which staff and customers cross each other, each of which once went wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.desk.counter import Counter, NoTemplates
from bot.domain.events import Claim, Reopen, Reply, Resolve, Revise
from bot.domain.messages import MessageId
from bot.domain.roles import Agent
from bot.domain.sla import Metric
from bot.domain.states import State
from bot.engine.holders import Holders
from bot.errors import BadMessage
from tests.scenarios.world import ALEX, SAM, World, world

MAY = {"edits_sends": True, "deletes_sends": True}


def counter(w: World) -> Counter:
    return Counter(store=w.store, commands=w.heed.commands, time=w.time, answers=NoTemplates())


async def test_resolving_while_a_change_of_a_reply_is_on_its_way_ends_the_clocks_all_the_same() -> None:
    async with world(may=MAY) as w:
        conversation = await w.writes("complaint it broke")
        await w.commands(conversation, Reply(at=w.time.now(), agent=ALEX, text="On Munday."))
        await w.settle()
        view = await w.store.view(conversation)
        assert view is not None
        reply = MessageId(view.transcript[-1].message)
        await w.writes("complaint when exactly")
        assert not await w.commands(
            conversation, Revise(at=w.time.now(), agent=ALEX, message=reply, text="On Monday.")
        )
        assert not await w.commands(conversation, Resolve(at=w.time.now(), agent=ALEX))
        await w.settle()
        state = await w.conversation(conversation)
        assert (state.state, state.unanswered, state.clock(Metric.NEXT_REPLY)) == (State.RESOLVED, (), None)
        await w.pass_time(timedelta(hours=1))
        assert await w.log(conversation, "breach") == []


async def test_an_old_matter_is_not_reopened_beside_the_customers_newer_one() -> None:
    async with world() as w:
        old = await w.writes("complaint it broke")
        await w.commands(old, Resolve(at=w.time.now(), agent=ALEX))
        await w.pass_time(timedelta(days=9))
        new = await w.writes("complaint it broke again")
        assert new != old
        assert new in await w.commands(old, Reopen(at=w.time.now(), agent=ALEX))
        assert (await w.conversation(old)).state is State.RESOLVED


async def test_who_answers_through_another_systems_api_keeps_the_conversation() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        elsewhere = Agent(id=SAM.id, outside=True)
        await w.commands(conversation, Reply(at=w.time.now(), agent=elsewhere, text="We look into it."))

        async def nobody(_name: str) -> None:
            return None

        await Holders(store=w.store, commands=w.heed.commands, agent=nobody, time=w.time).step()
        assert (await w.conversation(conversation)).holder == "sam"


async def test_nothing_is_done_any_more_with_a_customer_who_was_erased() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        await w.store.erase("room", "v1")
        at = w.time.now()
        for command in (
            Claim(at=at, agent=ALEX),
            Reopen(at=at, agent=ALEX),
            Reply(at=at, agent=ALEX, text="hello"),
        ):
            assert await w.commands(conversation, command) == (
                "This customer was erased. Nothing can be done here any more."
            )
        assert (await w.conversation(conversation)).state is State.RESOLVED


async def test_of_a_selection_what_nobody_has_read_is_not_resolved_with_the_rest() -> None:
    async with world() as w:
        first, second = await w.writes("complaint one", who="v1"), await w.writes("complaint two", who="v2")
        read = {each: (await w.conversation(each)).received for each in (first, second)}
        await w.writes("complaint and it smokes", who="v2")
        done = await counter(w).perform_all(ALEX, [first, second], "resolve", {"seen": read})
        assert [done[each].accepted for each in (first, second)] == [True, False]
        assert [line.text for line in done[second].meanwhile] == ["complaint and it smokes"]
        assert (await w.conversation(second)).state is State.ESCALATED


async def test_a_selection_is_not_resolved_without_saying_what_was_read() -> None:
    async with world() as w:
        conversation = await w.writes("complaint one")
        with pytest.raises(BadMessage, match="seen"):
            await counter(w).perform_all(ALEX, [conversation], "resolve", {"reason": "answered"})


async def test_what_was_held_back_for_a_message_that_waits_for_the_model_is_sent_on_the_second_wish() -> None:
    async with world() as w:
        conversation = await w.writes("complaint one")
        seen = (await w.conversation(conversation)).received
        await w.arrives("complaint and it smokes")
        held = await counter(w).perform(ALEX, conversation, "reply", {"text": "Unplug it!", "seen": seen})
        assert not held.accepted
        assert held.received == seen + 1
        await w.heed.workers[0].drain()  # understood meanwhile: it is counted once, not twice
        sent = await counter(w).perform(ALEX, conversation, "reply", {"text": "Unplug it!", "seen": held.received})
        assert sent.accepted


async def test_a_remark_is_stored_in_the_same_step_as_what_it_goes_along_with() -> None:
    async with world() as w:
        conversation = await w.writes("complaint one")
        fields = {"reason": "duplicate", "text": "see the other one"}
        assert (await counter(w).perform(ALEX, conversation, "resolve", fields, request="r1")).accepted
        again = await counter(w).perform(ALEX, conversation, "resolve", fields, request="r1")
        assert (again.accepted, again.repeated) == (True, True)
        view = await w.store.view(conversation)
        assert view is not None
        assert [note.text for note in view.notes] == ["see the other one"]
        life = await w.store.of(conversation)
        [noted] = [record for record in life if record.kind == "noted"]
        [done] = [record for record in life if record.kind == "resolved"]
        assert noted.recorded_at == done.recorded_at


@pytest.mark.parametrize(
    ("action", "fields", "told"),
    [
        ("snooze", {"until": "9999-12-31T23:59:59-10:00"}, "is no time"),
        ("snooze", {"until": "0001-01-01T00:00:00+10:00"}, "is no time"),
        ("reply", {"text": "hello", "seen": "1"}, "'seen' is '1'"),
        ("reply", {"text": "hello", "seen": 1.0}, "'seen' is 1.0"),
        ("reply", {"text": "hello", "seen": True}, "'seen' is True"),
    ],
)
async def test_a_field_that_means_nothing_is_named_and_guards_stay_up(
    action: str, fields: dict[str, object], told: str
) -> None:
    async with world() as w:
        conversation = await w.writes("complaint one")
        with pytest.raises(BadMessage, match=told):
            await counter(w).perform(ALEX, conversation, action, fields)
        assert w.said() == ["acknowledgement"]
