"""What is said now does not wait for what is fetched, and what cannot be fetched now is fetched later."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.channels.discord import backfill
from bot.channels.discord.incoming import Incoming
from tests.wire.discord.fakes import Heed, until
from tests.wire.discord.faults import Broken, Cut, Slow, TooMany
from tests.wire.discord.server import NAMED, DiscordServer
from tests.wire.discord.test_catching_up import heard_once

ROOMS = [str(4001 + number) for number in range(12)]
MINUTE = timedelta(minutes=1)
BUDGET = backfill._BUDGET  # before the tests make it longer


@pytest.fixture
def heed(server: DiscordServer) -> Heed:
    server.add_guild()
    for room in ROOMS:
        server.add_channel(room)
    server.dm()
    return Heed(server)


def missed_everywhere(heed: Heed) -> None:
    for room in ROOMS:
        heed.server.says("2001", room, f"{NAMED} missed in {room}")


def heard(heed: Heed, text: str) -> bool:
    return any(text in each for each in heed.intake.texts)


@pytest.mark.parametrize("fault", [Slow(60), Broken(503)], ids=str)
async def test_what_is_said_elsewhere_goes_on_at_once_while_history_is_slow_or_out_of_order(
    heed: Heed, fault: Slow | Broken
) -> None:
    await heard_once(heed, *ROOMS)
    missed_everywhere(heed)
    heed.server.add_channel("4900")
    heed.server.faults.next("history", fault, times=3 if isinstance(fault, Slow) else 1000)
    async with heed.listening():
        await until(lambda: heed.server.limits.asked["history"] >= 3)
        heed.server.says("2001", "4900", f"{NAMED} my house is on fire")
        await until(lambda: heard(heed, "on fire"))
        assert not any(heard(heed, f"missed in {room}") for room in ROOMS[:3])
        heed.server.faults.clear()
        heed.server.rest.closing.set()  # what is slow is answered now
        await until(lambda: all(heard(heed, f"missed in {room}") for room in ROOMS), seconds=20)


async def test_nobody_waits_for_history_that_does_not_come(heed: Heed, monkeypatch: pytest.MonkeyPatch) -> None:
    assert BUDGET <= MINUTE
    monkeypatch.setattr(backfill, "_BUDGET", BUDGET)
    await heard_once(heed, "4001")
    heed.server.says("2001", "4001", f"{NAMED} missed")
    heed.server.faults.next("history", Slow(60), times=1)  # the budget of a run is 1.2 s on this clock
    async with heed.listening():
        await until(lambda: heed.server.faults.left("history") == 0)
        heed.server.says("2001", "4001", f"{NAMED} now")
        await until(lambda: heard(heed, "now"))
        assert not heard(heed, "missed")
        heed.server.rest.closing.set()  # it is answered after all
        await until(lambda: heard(heed, "missed"))


async def test_an_outage_is_told_and_asked_about_less_and_less_until_it_is_over(heed: Heed) -> None:
    await heard_once(heed, *ROOMS)
    missed_everywhere(heed)
    heed.server.faults.next("history", Broken(503), times=1000)
    heed.server.limits.asked.clear()
    async with heed.listening():
        await until(lambda: heed.board.says("cannot be fetched now"))
        await asyncio.sleep(1.0)  # fifty seconds of Heed's: four runs of at most three requests each
        assert heed.server.limits.asked["history"] <= 15
        heed.server.faults.clear()
        await until(lambda: all(heard(heed, f"missed in {room}") for room in ROOMS), seconds=20)
        await until(lambda: not heed.board.shown)


async def test_one_broken_room_stops_no_other_and_is_all_that_is_asked_for_again(
    heed: Heed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.discord.backfill._AT_ONCE", 1)  # so that the broken one is the first of all
    await heard_once(heed, "1001", *ROOMS)
    missed_everywhere(heed)
    heed.server.faults.next("history", Cut.BEFORE)
    async with heed.listening():
        await until(lambda: heed.server.limits.asked["history"] > len(ROOMS))
        await until(lambda: sum(heard(heed, f"missed in {room}") for room in ROOMS) >= len(ROOMS) - 1, seconds=20)
        await until(lambda: heed.server.limits.asked["archived"] >= len(ROOMS), seconds=20)
        await until(lambda: all(heard(heed, f"missed in {room}") for room in ROOMS), seconds=20)
        heed.server.limits.asked.clear()
        await asyncio.sleep(0.3)
        assert not heed.server.limits.asked, "private chats and threads are looked at once in a session"


async def test_a_limit_that_lasts_for_hours_is_not_slept_through(heed: Heed) -> None:
    await heard_once(heed, "4001", "4002")
    for room in ("4001", "4002"):
        heed.server.says("2001", room, f"{NAMED} missed in {room}")
    heed.server.faults.next("history", TooMany(3600.0))
    async with heed.listening():
        await until(lambda: heard(heed, "missed in 4001") and heard(heed, "missed in 4002"), seconds=20)


async def test_the_first_private_word_of_a_customer_is_not_lost_while_the_queue_is_full(
    heed: Heed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Incoming.__init__, "__defaults__", (5,))
    async with heed.listening():
        heed.server.says("2001", "4001", f"{NAMED} first")
        await until(lambda: heed.intake.taken)
        heed.intake.room = 0
        for number in range(120):
            heed.server.says("2001", "4001", f"{NAMED} {number}")
        await until(lambda: heed.intake.refused)
        heed.server.dm("2050", "1050")
        heed.server.says("2050", "1050", "my first word, in private")
        await asyncio.sleep(0.1)
        heed.intake.room = None
        await until(lambda: heard(heed, "my first word, in private"))


async def test_a_private_chat_begun_while_heed_was_away_is_whole_even_after_heed_has_heard_others(
    heed: Heed,
) -> None:
    now = heed.server.world.now()
    async with heed.listening():
        heed.server.says("2001", "4001", f"{NAMED} long ago", at=now - 60 * MINUTE)
        await until(lambda: heed.intake.taken)
    heed.server.dm("2050", "1050")
    heed.server.says("2050", "1050", "my refund?", at=now - 30 * MINUTE)
    async with heed.listening():
        heed.server.says("2001", "4001", f"{NAMED} now")
        await until(lambda: len(heed.intake.taken) >= 2)
    async with heed.listening():
        heed.server.says("2050", "1050", "hello??")
        await until(lambda: heard(heed, "hello??"))
    assert heed.intake.texts_in("1050") == ["my refund?", "hello??"]


async def test_a_clock_that_is_fast_at_the_very_first_start_loses_no_private_message(heed: Heed) -> None:
    now = heed.server.world.now()
    async with heed.listening():
        heed.server.says("2001", "1001", "hello", at=now - 30 * MINUTE)
        await until(lambda: heed.intake.taken)
    heed.server.says("2001", "1001", "anybody there?", at=now - 11 * MINUTE)
    async with heed.listening():
        await until(lambda: heard(heed, "anybody there?"))


async def test_a_private_chat_whose_beginning_cannot_be_fetched_is_heard_and_fetched_later(heed: Heed) -> None:
    await heard_once(heed, "4001")
    heed.server.dm("2050", "1050")
    heed.server.says("2050", "1050", "my refund?")
    heed.server.faults.next("history", Broken(503), times=1000)
    async with heed.listening():
        heed.server.says("2050", "1050", "hello??")
        await until(lambda: heard(heed, "hello??"))
        assert heed.intake.texts_in("1050") == ["hello??"]
    heed.server.faults.clear()
    async with heed.listening():  # nobody writes there again: its bookmark stands before the gap
        await until(lambda: heard(heed, "my refund?"))


async def test_what_finds_no_room_while_it_waits_is_fetched_in_order(
    heed: Heed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.discord.waiting.Waiting.__init__.__defaults__", (5,))
    await heard_once(heed, "4001")
    heed.server.says("2001", "4001", f"{NAMED} 0")
    heed.server.faults.next("history", Slow(0.3))
    async with heed.listening():
        await until(lambda: heed.server.faults.left("history") == 0)
        for number in range(1, 30):
            heed.server.says("2001", "4001", f"{NAMED} {number}")
        await until(lambda: len(heed.intake.texts) >= 30, told=lambda: heed.intake.texts)
    assert [text.removeprefix(NAMED).strip() for text in heed.intake.texts] == [str(n) for n in range(30)]
