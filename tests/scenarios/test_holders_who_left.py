"""Somebody who is not on staff any more holds nothing: what they held goes back to the others at once."""

from __future__ import annotations

from bot.channels import arrivals
from bot.domain.messages import Address
from bot.domain.roles import Agent
from bot.domain.states import State
from bot.engine.holders import Holders
from tests.scenarios.world import ALEX, World, world


def holders(w: World, *staff: Agent) -> Holders:
    async def agent(name: str) -> Agent | None:
        return next((each for each in staff if each.id == name), None)

    return Holders(store=w.store, commands=w.heed.commands, agent=agent, time=w.time)


async def test_what_somebody_held_who_left_waits_for_the_others() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        await w.claims(conversation, ALEX)
        await holders(w).step()
        state = await w.conversation(conversation)
        assert (state.state, state.holder) == (State.ESCALATED, None)
        [released] = await w.log(conversation, "released")
        assert (released.fields["agent"], released.fields["by"]) == ("alex", "left")


async def test_who_is_on_staff_keeps_what_they_hold() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        await w.claims(conversation, ALEX)
        await holders(w, ALEX).step()
        assert (await w.conversation(conversation)).holder == "alex"


async def test_who_answers_through_another_system_is_not_known_here_and_keeps_the_conversation() -> None:
    async with world() as w:
        conversation = await w.writes("complaint it broke")
        told = arrivals.reply(
            channel="room",
            external_id="r1",
            text="We are on it.",
            agent="jo@crm",
            arrived_at=w.time.now(),
            sent_at=w.time.now(),
            address=Address(channel="room", account="a", place="v1"),
        )
        await w.takes_in(told)
        assert (await w.conversation(conversation)).holder == "jo@crm"
        await holders(w).step()
        assert (await w.conversation(conversation)).holder == "jo@crm"
