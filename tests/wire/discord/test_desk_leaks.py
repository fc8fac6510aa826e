"""Of thousands of things that staff do in Discord, those meant for the customer reach them, once, and no other."""

from __future__ import annotations

import re
from collections import Counter
from random import Random

import pytest

from bot.desk.discord import acting
from bot.desk.discord.desk import ACKNOWLEDGE_WITHIN
from bot.domain.roles import Agent
from tests.scenarios.world import ALEX, SAM
from tests.wire.discord.desk_hands import ALEX_ID, SAM_ID
from tests.wire.discord.desk_intents import acts_of
from tests.wire.discord.desk_making import LYING, Act, Case, Intent, Making
from tests.wire.discord.desk_world import DeskWorld, desk_world

INPUTS = 10_000
CUSTOMERS = 60
AT_ONCE = 250


async def cases(desk: DeskWorld) -> list[Case]:
    return [await case(desk, number) for number in range(CUSTOMERS)]


async def case(desk: DeskWorld, number: int) -> Case:
    """Let a customer write; somebody holds the conversation and has left a note."""
    holder, other = ((ALEX, SAM), (SAM, ALEX))[number % 2]
    ids: dict[Agent, str] = {ALEX: ALEX_ID, SAM: SAM_ID}
    conversation, thread = await desk.shown(who=f"v{number}")
    await desk.world.claims(conversation, holder)
    await desk.counter.perform(holder, conversation, "note", {"text": "looking into it"})
    await desk.relay(conversation)
    view = await desk.view(conversation)
    return Case(
        customer=f"v{number}",
        conversation=conversation,
        thread=thread,
        holder=ids[holder],
        colleague=ids[other],
        relayed=await desk.post_of(conversation, view.transcript[0].message),
        own=await desk.post_of(conversation, view.notes[0].id),
        note=desk.hands.new_id(),
    )


async def play(desk: DeskWorld, acts: list[Act], random: Random) -> None:
    """Let the desk hear all of it; one in ten events is told twice, as after a lost connection."""
    for start in range(0, len(acts), AT_ONCE):
        for act in acts[start : start + AT_ONCE]:
            desk.desk.hear(act.event, act.payload)
            if random.random() < 0.1:
                desk.desk.hear(act.event, act.payload)
        await desk.desk.settle()
        await desk.world.heed.delivery.drain()


async def leaks(acts_wanted: int, *, by_replying: bool, seed: int) -> tuple[list[str], list[Act]]:
    """Play so many inputs and return what is wrong with what was sent, and the inputs."""
    random = Random(seed)
    may = {"largest_file": 1 << 20}
    async with desk_world(reply_by_replying=by_replying, may=may, acknowledge_within=ACKNOWLEDGE_WITHIN) as desk:
        desk.line.lying[LYING["url"]] = b"png"
        making = Making(desk.hands, random, await cases(desk), by_replying)
        acts = list(acts_of(making, acts_wanted))
        await play(desk, acts, random)
        sent = Counter(await desk.sent())
        meant = Counter((act.case.customer, act.text) for act in acts if act.intent is Intent.MEANT)
        how = {act.text: act.how for act in acts}
        too_much = [f"{how[_own(text)]} reached {who}" for who, text in sent - meant]
        too_little = [f"{how[_own(text)]} never reached {who}" for who, text in meant - sent]
    return sorted(too_much) + sorted(too_little), acts


def _own(sent: str) -> str:
    """Return the text of an input, whatever stands around it."""
    found = re.search(r"text \d+ of [0-9a-f]+", sent)
    assert found is not None, sent
    return found[0]


@pytest.mark.parametrize("by_replying", [True, False])
async def test_exactly_what_is_meant_for_the_customer_reaches_the_customer_once(by_replying: bool) -> None:
    wrong, acts = await leaks(INPUTS // 2, by_replying=by_replying, seed=20261122)
    shares = Counter(act.intent for act in acts)
    assert shares[Intent.NEAR] >= 0.3 * len(acts)
    assert shares[Intent.MEANT] >= 0.2 * len(acts)
    assert wrong == []


async def test_without_the_guard_notes_leak_and_this_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acting, "meant_for_customer", lambda heard, *, answers_customer: True)
    wrong, _ = await leaks(400, by_replying=False, seed=7)
    assert any(line.startswith("typed reached") for line in wrong)
    assert any(line.startswith("noted reached") for line in wrong)
