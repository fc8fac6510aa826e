"""What keeps sends inside a platform's limits, and what happens beyond them."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta

from bot.domain.actions import SendState
from bot.domain.messages import Address
from bot.engine.limits import SendLimits
from bot.engine.time import VirtualTime
from bot.errors import SendRefused
from bot.ports import Capabilities
from bot.records import Sending, Sent
from bot.wiring import join
from tests.contracts.channels import sending
from tests.scenarios.world import T0, ScriptedPlatform, sample, world

SECOND = timedelta(seconds=1)
COVERED = "question order-status where is my parcel"


def to(place: str, key: str, *, private: bool = True) -> Sending:
    plain = sending("room", key)
    return replace(plain, address=replace(plain.address, place=place), private=private)


def limits(**may: object) -> tuple[SendLimits, VirtualTime]:
    time = VirtualTime(T0)
    return SendLimits(Capabilities(name="room", **may), time), time  # type: ignore[arg-type]


def test_a_place_takes_one_text_and_then_rests() -> None:
    kept, time = limits(per_place=SECOND)
    assert kept.admit(to("p", "a")) is None
    assert kept.admit(to("p", "b")) == T0 + SECOND
    assert kept.admit(to("q", "c")) is None, "another place is free"
    time.move_to(T0 + SECOND)
    assert kept.admit(to("p", "b")) is None


def test_those_who_wait_for_one_place_do_not_all_come_at_once() -> None:
    kept, _ = limits(per_place=SECOND)
    kept.admit(to("p", "first"))
    again = [kept.admit(to("p", str(number))) for number in range(20)]
    assert again[:3] == [T0 + SECOND, T0 + SECOND * 2, T0 + SECOND * 3]
    assert max(at for at in again if at) <= T0 + SECOND * 8, "whoever goes away, the next looks again soon"


def test_a_text_that_was_withdrawn_keeps_nobody_waiting() -> None:
    kept, time = limits(per_room=SECOND * 3)
    for number in range(100):
        kept.admit(to("group", str(number), private=False))
    time.move_to(T0 + SECOND * 3)
    assert kept.admit(to("group", "reply", private=False)) is None


def test_rooms_have_a_pace_of_their_own() -> None:
    kept, _ = limits(per_place=SECOND, per_room=SECOND * 3)
    kept.admit(to("p", "a", private=False))
    assert kept.admit(to("p", "b", private=False)) == T0 + SECOND * 3


def test_each_part_of_a_long_text_counts() -> None:
    kept, _ = limits(per_room=SECOND * 3, longest_part=5)
    kept.admit(to("p", "a", private=False))  # 11 characters: three parts
    assert kept.admit(to("p", "b", private=False)) == T0 + SECOND * 9


def test_a_place_that_has_to_rest_takes_nothing_until_then() -> None:
    kept, _ = limits()
    kept.rest(to("p", "a"), T0 + SECOND * 9)
    assert kept.admit(to("p", "b")) == T0 + SECOND * 9
    assert kept.admit(to("q", "c")) is None


async def test_the_accounts_pace_holds_across_places() -> None:
    kept, time = limits(per_account=SECOND)
    started = []

    async def carry(key: str) -> None:
        await kept.wait(to(key, key))
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
        await w.settle()
        assert sorted(each.address.place for each in w.platform.taken) == ["crowded", "elsewhere"]
        for _ in range(12):
            await w.pass_time(SECOND)
            await w.settle()
        sent = [each for each in w.platform.taken if each.address.place == "crowded"]
        assert [each.address.thread for each in sent] == [f"u:v{number}" for number in range(6)]
        assert all(each.attempts == 0 for each in w.platform.taken)


class Hanging(ScriptedPlatform):
    """A platform that never answers, at another name."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(name="hanging", sends_at_once=4)

    def serves(self, channel: str) -> bool:
        return channel == "hanging"

    async def send(self, sending: Sending) -> Sent:
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_platform_that_hangs_holds_up_no_other() -> None:
    async with world() as w:
        hanging = Hanging(w.time)
        heed = join(sample(), store=w.store, assessor=w.model, channels=[hanging, w.platform], time=w.time)
        for number in range(300):
            plain = w.message(COVERED, who=f"h{number}", number=number)
            address = Address(channel="hanging", account="a", place=f"h{number}")
            customer = replace(plain.customer, channel="hanging") if plain.customer else None
            await w.heed.intake([replace(plain, channel="hanging", address=address, customer=customer)])
        await w.arrives(COVERED, who="elsewhere")
        await w.heed.workers[0].drain()

        async def deliver() -> None:
            async with asyncio.TaskGroup() as group:
                while not w.platform.taken:
                    await heed.delivery.step(group)
                    await heed.delivery.report_step()
                raise _Done

        with contextlib.suppress(BaseExceptionGroup):
            async with asyncio.timeout(20):
                await deliver()
        assert [each.address.place for each in w.platform.taken] == ["elsewhere"]


class _Done(Exception):
    pass


async def test_a_text_that_has_to_wait_for_its_place_is_sent_after_a_stop() -> None:
    async with world(may={"per_place": SECOND * 3}) as w:
        for number in range(2):
            plain = w.message(COVERED, who=f"v{number}", number=number)
            address = Address(channel="room", account="a", place="group", thread=f"u:v{number}")
            await w.heed.intake([replace(plain, address=address)])
        await w.heed.workers[0].drain()
        async with asyncio.TaskGroup() as group:
            await w.heed.delivery.step(group)
        await w.heed.delivery.stop(SECOND)
        assert len(w.platform.taken) == 1
        again = join(sample(), store=w.store, assessor=w.model, channels=[w.platform], time=w.time)
        w.time.move(timedelta(minutes=3))
        await again.delivery.recover()
        await again.delivery.drain()
        assert len(w.platform.taken) == 2
        assert await w.store.stranded(now=w.time.now(), limit=9) == []


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


async def test_nothing_is_shown_for_a_message_of_long_ago() -> None:
    async with world(may={"shows_typing": True}) as w:
        await w.arrives(COVERED, sent_at=T0 - timedelta(hours=1))
        await w.heed.workers[0].drain()
        await w.heed.presence.drain()
        assert w.platform.typed == []
