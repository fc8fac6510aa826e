"""What a customer who goes to a human is told of the wait, and who is not heard any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.channels import arrivals
from bot.domain.calendar import BusinessCalendar, DaySpan
from bot.domain.conversation import Rules
from bot.domain.decisions import Decision, DecisionKind, Reason, Situation
from bot.domain.events import Block, Reply, Unblock
from bot.domain.messages import AgentId, ConversationId
from bot.domain.prediction import Assessment
from bot.domain.roles import Agent, Role
from bot.domain.states import State
from bot.engine.waiting import FEWEST_ENDED, Waiting
from bot.engine.worker import Worker, WorkerLimits
from bot.stores.sqlite.codec import decode_decision, encode
from tests.scenarios.world import ALEX, World, world

MINUTE = timedelta(minutes=1)
LEAD = Agent(id=AgentId("sam"), role=Role.LEAD)
OFFICE = BusinessCalendar(name="office", zone="Europe/Berlin", week=((DaySpan(600, 1080),),) * 5 + ((), ()))


class Shop:
    """A Heed whose worker knows how long customers wait."""

    def __init__(self, w: World, rules: Rules, zone: str) -> None:
        self.w = w
        self.waiting = Waiting(log=w.store, rules=lambda: rules, time=w.time, zone=zone)
        self.decided: list[tuple[Situation, Decision]] = []
        self.worker = Worker(
            store=w.store,
            road=w.heed.road,
            assessor=w.model,
            decide=w.heed.brands.decide,
            time=w.time,
            owner="knowing",
            limits=WorkerLimits(),
            waiting=self.waiting,
        )
        self.worker.watch(self._watch)

    def _watch(self, _message: str, _assessed: Assessment | None, where: Situation, decision: Decision) -> None:
        self.decided.append((where, decision))

    async def hears(self, text: str, who: str) -> ConversationId:
        receipt = await self.w.arrives(text, who=who)
        await self.settle()
        assert receipt.conversation is not None
        return receipt.conversation

    async def settle(self) -> None:
        while await self.waiting.step():
            pass
        await self.worker.drain()
        await self.w.heed.delivery.drain()

    async def blocks(self, conversation: ConversationId) -> None:
        assert await self.w.commands(conversation, Block(at=self.w.time.now(), agent=LEAD)) == ""

    async def said_to(self, who: str, text: str = "complaint it came broken") -> str:
        await self.hears(text, who)
        return self.w.platform.taken[-1].send.text

    async def replies(self, conversation: ConversationId) -> None:
        refusal = await self.w.commands(
            conversation, Reply(at=self.w.time.now(), agent=ALEX, text="We send another one.")
        )
        assert refusal == ""
        await self.settle()

    async def serves(self, customers: int, *, after: timedelta, name: str) -> None:
        """Let so many customers complain, and have a reply after this time."""
        came = [await self.hears("complaint it came broken", f"{name}{number}") for number in range(customers)]
        self.w.time.move(after)
        for conversation in came:
            await self.replies(conversation)


@asynccontextmanager
async def shop(calendar: BusinessCalendar | None = None) -> AsyncIterator[Shop]:
    rules = Rules() if calendar is None else Rules(calendars={calendar.id: calendar}, calendar=calendar.id)
    async with world() as w:
        yield Shop(w, rules, "UTC" if calendar is None else calendar.zone)


async def test_without_history_no_time_is_named() -> None:
    async with shop() as s:
        for number in range(FEWEST_ENDED):
            said = await s.said_to(f"v{number}")
            assert "minute" not in said
            assert "hour" not in said


async def test_with_history_the_customer_is_told_what_is_usual() -> None:
    async with shop() as s:
        await s.serves(FEWEST_ENDED, after=9 * MINUTE, name="before")
        assert "about 10 minutes" in await s.said_to("v1")
        assert "about 10 minutes" in await s.said_to("v2", "can I talk to a human")


async def test_while_the_shop_is_closed_the_customer_is_told_when_it_opens() -> None:
    async with shop(OFFICE) as s:
        await s.serves(FEWEST_ENDED, after=9 * MINUTE, name="before")
        s.w.time.move_to(datetime(2026, 3, 6, 21, 0, tzinfo=UTC))
        said = await s.said_to("v1")
        assert "on Monday at 10:00 (CET)" in said
        assert "minutes" not in said


async def test_a_rush_makes_the_estimate_grow_and_while_it_lasts_nothing_is_named() -> None:
    async with shop() as s:
        await s.serves(FEWEST_ENDED, after=4 * MINUTE, name="calm")
        assert "about 5 minutes" in await s.said_to("v1")
        rush = [await s.hears("complaint it came broken", f"rush{number}") for number in range(20)]
        s.w.time.move(40 * MINUTE)
        await s.settle()
        assert "minutes" not in await s.said_to("v2"), "too many wait to tell"
        for conversation in rush:
            await s.replies(conversation)
        assert "about 45 minutes" in await s.said_to("v3")


async def test_an_acknowledgement_is_decided_again_from_what_is_stored() -> None:
    async with shop() as s:
        await s.serves(FEWEST_ENDED, after=9 * MINUTE, name="before")
        conversation = await s.hears("complaint it came broken", "v1")
        view = await s.w.store.view(conversation)
        assert view is not None
        kept = view.decisions[-1]
        assert kept.situation is not None
        assert kept.situation.expected_wait == 9 * MINUTE
        again = s.w.heed.brands.decide(view.transcript[0].text, kept.assessment, kept.situation)
        assert again == kept.decision


async def test_a_decision_that_an_older_version_stored_can_be_read() -> None:
    async with shop() as s:
        conversation = await s.hears("complaint it came broken", "v1")
        view = await s.w.store.view(conversation)
        assert view is not None
        kept = view.decisions[-1]
        written = encode(kept).replace(b',"expected_wait":null,"opens_at":null,"zone":""', b"")
        assert b"expected_wait" not in written
        assert decode_decision(written) == kept
        assert kept.situation is not None
        told = replace(kept, situation=replace(kept.situation, expected_wait=9 * MINUTE, opens_at=s.w.time.now()))
        assert decode_decision(encode(told)) == told


# --- customers who are not heard


async def test_what_a_blocked_customer_writes_is_not_read_and_reopens_nothing() -> None:
    async with shop() as s:
        conversation = await s.hears("complaint it came broken", "v1")
        await s.blocks(conversation)
        before, read = await s.w.conversation(conversation), list(s.w.model.seen)
        for text in ("complaint again", "question order-status where is it", "praise lovely", "a human please"):
            assert await s.hears(text, "v1") == conversation
            assert s.decided[-1][1] == Decision(kind=DecisionKind.SILENCE, reason=Reason.BLOCKED)
        after = await s.w.conversation(conversation)
        assert (after.state, after.clocks, after.unanswered) == (State.RESOLVED, before.clocks, ())
        assert s.w.model.seen == read
        assert s.w.said() == ["acknowledgement"]
        assert await s.w.store.depth() == 0


async def test_what_a_blocked_customer_changes_escalates_nothing() -> None:
    async with shop() as s:
        conversation = await s.hears("praise lovely", "v1")
        await s.blocks(conversation)
        changed = arrivals.edit(
            channel="room", external_id="v1-1", text="complaint it came broken", arrived_at=s.w.time.now()
        )
        await s.w.heed.intake([changed])
        await s.settle()
        assert s.decided[-1][1].reason is Reason.BLOCKED
        assert (await s.w.conversation(conversation)).state is State.RESOLVED


async def test_a_blocked_customer_in_a_new_matter_opens_none() -> None:
    async with shop() as s:
        await s.blocks(await s.hears("complaint it came broken", "v1"))
        s.w.time.move(timedelta(days=30))
        conversation = await s.hears("complaint it came broken", "v1")
        found = await s.w.conversation(conversation)
        assert (found.clocks, found.unanswered) == ((), ())
        assert found.state in {State.UNOPENED, State.RESOLVED}


async def test_others_are_heard_beside_a_blocked_customer_and_who_is_heard_again_too() -> None:
    async with shop() as s:
        conversation = await s.hears("complaint it came broken", "v1")
        await s.blocks(conversation)
        await s.w.arrives("complaint it came broken", who="v2")
        await s.hears("complaint it came broken", "v1")
        assert sorted(decision.reason for _, decision in s.decided[1:]) == [Reason.BLOCKED, Reason.COMPLAINT]
        assert await s.w.commands(conversation, Unblock(at=s.w.time.now(), agent=LEAD)) == ""
        await s.hears("complaint it came broken", "v1")
        assert (await s.w.conversation(conversation)).state is State.ESCALATED
