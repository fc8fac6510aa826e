"""What keeps sends inside a platform's limits, and what happens beyond them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from bot.domain.actions import SendState
from bot.domain.messages import Address
from bot.engine.limits import SendLimits
from bot.engine.time import VirtualTime
from bot.errors import SendRefused
from bot.ports import Capabilities
from bot.records import Sending
from tests.contracts.channels import sending
from tests.scenarios.world import T0, world

SECOND = timedelta(seconds=1)
COVERED = "question order-status where is my parcel"


def to(place: str, key: str, *, private: bool = True) -> Sending:
    plain = sending("room", key)
    return replace(plain, address=replace(plain.address, place=place), private=private)


def limits(**may: object) -> tuple[SendLimits, VirtualTime]:
    time = VirtualTime(T0)
    return SendLimits(Capabilities(name="room", **may), time), time  # type: ignore[arg-type]


def test_texts_to_one_place_get_slots_one_after_the_other() -> None:
    kept, _ = limits(per_place=SECOND)
    assert [kept.slot(to("p", key)) - T0 for key in "abc"] == [SECOND * n for n in range(3)]


def test_a_text_that_comes_again_keeps_its_slot_and_other_places_are_free() -> None:
    kept, time = limits(per_place=SECOND)
    slots = [kept.slot(to("p", key)) for key in "abc"]
    time.move_to(T0 + SECOND)
    assert kept.slot(to("p", "c")) == slots[2]
    assert kept.slot(to("q", "d")) == T0 + SECOND


def test_rooms_have_a_pace_of_their_own() -> None:
    kept, _ = limits(per_place=SECOND, per_room=SECOND * 3)
    slots = [kept.slot(to("p", key, private=False)) for key in "ab"]
    assert slots[1] - slots[0] == SECOND * 3


def test_a_place_that_has_to_rest_gives_new_slots_after_it() -> None:
    kept, _ = limits(per_place=SECOND)
    first, second = to("p", "a"), to("p", "b")
    kept.slot(first)
    kept.slot(second)
    kept.rest(first, T0 + SECOND * 30)
    assert kept.slot(second) == T0 + SECOND * 30
    assert kept.slot(first) == T0 + SECOND * 31


def test_a_platform_without_pauses_has_a_rest_all_the_same() -> None:
    kept, _ = limits()
    kept.rest(to("p", "a"), T0 + SECOND * 9)
    assert kept.slot(to("p", "b")) == T0 + SECOND * 9
    assert kept.slot(to("q", "c")) == T0


async def test_the_accounts_pace_holds_across_places() -> None:
    kept, time = limits(per_account=SECOND)
    started = []

    async def carry(key: str) -> None:
        async with kept.turn(to(key, key)):
            started.append(time.now() - T0)

    carried = [asyncio.ensure_future(carry(key)) for key in "abc"]
    for step in range(1, 4):
        for _ in range(5):
            await asyncio.sleep(0)
        time.move_to(T0 + SECOND * step)
    await asyncio.gather(*carried)
    assert started == [SECOND * n for n in range(3)]


async def test_a_crowded_place_takes_no_room_from_the_others_and_loses_nothing() -> None:
    async with world(may={"per_place": SECOND * 2}) as w:
        for number in range(6):
            plain = w.message(COVERED, who=f"v{number}", number=number)
            place = Address(channel="room", account="a", place="crowded", thread=f"u:v{number}")
            await w.heed.intake([replace(plain, address=place)])
        await w.arrives(COVERED, who="elsewhere")
        await w.heed.workers[0].drain()
        settling = asyncio.ensure_future(w.heed.delivery.drain())
        while not settling.done():
            await asyncio.sleep(0.001)
            w.time.move(SECOND / 10)
        sent = [each.address.place for each in w.platform.taken]
        assert sent.count("elsewhere") == 1
        assert 1 <= sent.count("crowded") < 6
        for _ in range(12):
            await w.pass_time(SECOND)
            await w.settle()
        assert [each.address.place for each in w.platform.taken].count("crowded") == 6
        assert all(each.attempts == 0 for each in w.platform.taken)


async def test_a_refusal_lets_its_place_rest_and_nothing_is_lost() -> None:
    async with world() as w:
        w.platform.failures = [SendRefused("slow down", retry_after=SECOND * 20)]
        await w.writes(COVERED, who="v1")
        assert w.platform.taken == []
        await w.pass_time(SECOND * 21)
        await w.settle()
        [sent] = w.platform.taken
        assert (sent.state, sent.attempts) == (SendState.SENDING, 1)


# --- that an answer is being prepared ---------------------------------------------------------------------


async def test_a_platform_that_can_show_it_shows_that_an_answer_is_prepared_once_in_a_while() -> None:
    async with world(may={"shows_typing": True}) as w:
        for _ in range(2):
            await w.arrives(COVERED)
            await w.heed.workers[0].drain()
        await w.heed.presence.drain()
        assert [address.place for address in w.platform.typed] == ["v1"]


async def test_nothing_is_shown_where_a_human_has_the_word() -> None:
    async with world(may={"shows_typing": True}) as w:
        conversation = await w.writes("complaint it broke")
        await w.claims(conversation)
        await w.heed.presence.drain()
        w.platform.typed.clear()
        w.time.move(timedelta(minutes=1))
        await w.arrives(COVERED)
        await w.heed.workers[0].drain()
        await w.heed.presence.drain()
        assert w.platform.typed == []


async def test_a_sign_that_cannot_be_shown_harms_nobody() -> None:
    async with world(may={"shows_typing": True}) as w:

        async def broken(address: Address) -> None:
            raise OSError("gone")

        w.platform.typing = broken  # type: ignore[method-assign]
        await w.writes(COVERED)
        await w.heed.presence.drain()
        assert w.said() == ["answer"]
