"""What was written while Heed was away or had no room is fetched: all of it, in order, inside the limits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest

from bot.channels.discord.incoming import Incoming
from tests.wire.discord.fakes import Heed, until
from tests.wire.discord.faults import Broken, TooMany
from tests.wire.discord.payloads import READ_MESSAGE_HISTORY, Problem
from tests.wire.discord.server import NAMED, DiscordServer

ROOMS = [str(4001 + number) for number in range(20)]


@pytest.fixture
def heed(server: DiscordServer) -> Heed:
    server.add_guild()
    for room in ROOMS:
        server.add_channel(room)
    server.dm()
    return Heed(server)


async def heard_once(heed: Heed, *places: str) -> None:
    """Let Heed listen, hear a word in these places, and end."""
    async with heed.listening():
        for place in places:
            heed.server.says("2001", place, f"{NAMED} hello")
        await until(lambda: len(heed.intake.taken) >= len(places))
    heed.intake.taken.clear()


def five_hundred(heed: Heed) -> Mapping[str, list[str]]:
    """Let customers write 25 messages in each of 20 rooms; return the texts of each room."""
    said: dict[str, list[str]] = {room: [] for room in ROOMS}
    begin = heed.server.world.now()
    for number in range(500):
        room = ROOMS[number % 20]
        text = f"{NAMED} question {number}"
        heed.server.says(f"{2001 + number % 7}", room, text, at=begin + timedelta(milliseconds=number))
        said[room].append(f"question {number}")
    return said


def in_order(heed: Heed, said: Mapping[str, list[str]]) -> None:
    for room, texts in said.items():
        heard = heed.intake.texts_in(room)
        assert [text.removeprefix(NAMED).strip() for text in heard] == texts


async def test_500_missed_messages_in_20_channels_come_in_complete_in_order_and_inside_the_limits(
    heed: Heed,
) -> None:
    await heard_once(heed, *ROOMS)
    said = five_hundred(heed)
    heed.server.limits.enforce()
    heed.server.limits.asked.clear()
    async with heed.listening():
        await until(lambda: len(heed.intake.taken) >= 500, told=lambda: len(heed.intake.taken), seconds=20)
        in_order(heed, said)
    assert heed.server.limits.refused == 0
    assert heed.server.limits.asked["history"] <= 2 * (20 + 1) + 2


async def test_bookmarks_move_only_behind_what_the_intake_has_taken(heed: Heed) -> None:
    await heard_once(heed, *ROOMS)
    said = five_hundred(heed)
    taken_by_then: list[bool] = []

    def compare(places: Mapping[str, str]) -> None:
        last = {message["id"]: room for room in ROOMS for message in heed.server.world.messages[room]}
        known = {arrival.external_id for arrival in heed.intake.taken}
        for value in places.values():
            if value in last:
                missed = (each["id"] for each in heed.server.world.messages[last[value]][1:])
                taken_by_then.append({each for each in missed if int(each) <= int(value)} <= known)

    heed.marks.on_keep = compare
    heed.intake.full = 5
    async with heed.listening():
        await until(lambda: len(heed.intake.taken) >= 500, told=lambda: len(heed.intake.taken), seconds=30)
        in_order(heed, said)
        await until(lambda: taken_by_then)
    assert heed.intake.refused == 5
    assert all(taken_by_then)
    heed.intake.taken.clear()
    heed.intake.known.clear()
    async with heed.listening():  # what was taken is not fetched another time
        heed.server.says("2001", "1001", "the end")
        await until(lambda: "the end" in heed.intake.texts)
        assert len(heed.intake.taken) <= 20


async def test_an_end_in_the_middle_of_catching_up_loses_nothing(heed: Heed) -> None:
    await heard_once(heed, *ROOMS)
    said = five_hundred(heed)
    heed.intake.room = 130
    async with heed.listening():
        await until(lambda: heed.intake.refused, told=lambda: len(heed.intake.taken))
    heed.intake.room = None
    async with heed.listening():
        await until(lambda: len(heed.intake.taken) >= 500, told=lambda: len(heed.intake.taken), seconds=20)
    in_order(heed, said)


async def test_a_kill_soon_after_the_very_first_start_loses_nothing(heed: Heed) -> None:
    async with heed.listening():
        await until(lambda: heed.marks.kept)
        heed.server.says("2001", "4001", f"{NAMED} before")
        await until(lambda: heed.intake.taken)
        stored = dict(heed.marks.places)
    heed.marks.places = stored  # what came after this moment was never stored
    heed.server.says("2001", "4001", f"{NAMED} missed")
    heed.server.says("2001", "4005", f"{NAMED} elsewhere")
    async with heed.listening():
        await until(lambda: len(heed.intake.taken) >= 3, told=lambda: heed.intake.texts)


async def test_where_to_read_on_is_stored_at_once_and_not_only_every_few_seconds(
    heed: Heed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.discord.listening._STORE_EVERY", timedelta(hours=1))
    async with heed.listening():
        await until(lambda: heed.marks.kept)
        heed.server.says("2001", "1001", "the first word of a private chat")
        await until(lambda: "discord:9001:1001" in heed.marks.places)


async def test_more_than_a_page_in_one_room_is_fetched_page_by_page(heed: Heed) -> None:
    await heard_once(heed, "4001", "1001")
    for number in range(250):
        heed.server.says("2001", "4001", f"{NAMED} {number}")
        heed.server.says("2001", "1001", f"{number}")
    async with heed.listening():
        await until(lambda: len(heed.intake.taken) >= 500, told=lambda: len(heed.intake.taken), seconds=20)
    in_order(heed, {"4001": [str(number) for number in range(250)], "1001": [str(n) for n in range(250)]})


async def test_a_room_that_was_silent_all_the_time_is_caught_up_with_too(heed: Heed) -> None:
    await heard_once(heed, "1001")
    heed.server.says("2001", "4007", f"{NAMED} the first word here")
    async with heed.listening():
        await until(lambda: heed.intake.taken)
        assert "the first word here" in heed.intake.texts[0]


async def test_a_thread_that_was_opened_meanwhile_is_caught_up_with(heed: Heed) -> None:
    await heard_once(heed, "4001")
    heed.server.add_thread("5009", "4001")
    heed.server.says("2001", "5009", f"{NAMED} in a new thread")
    async with heed.listening():
        await until(lambda: heed.intake.taken)
        address = heed.intake.taken[0].address
        assert address is not None
        assert (address.place, address.thread) == ("4001", "t:5009")


async def test_a_thread_that_was_opened_and_closed_meanwhile_is_caught_up_with(heed: Heed) -> None:
    """Discord archives a thread after an hour of silence, and then no longer tells of it by itself."""
    await heard_once(heed, "4001")
    heed.server.add_thread("5009", "4001")
    heed.server.says("2001", "5009", f"{NAMED} is anybody there?")
    heed.server.archive("5009")
    async with heed.listening():
        await until(lambda: heed.intake.taken)
        heed.server.says("2001", "5009", f"{NAMED} still?")
        await until(lambda: len(heed.intake.taken) >= 2)
    addresses = {arrival.address for arrival in heed.intake.taken}
    assert [(address.place, address.thread) for address in addresses if address] == [("4001", "t:5009")]


async def test_the_first_start_ever_brings_up_nothing_old(heed: Heed) -> None:
    long_ago = heed.server.world.now() - timedelta(days=9)
    for room in ("4001", "1001"):
        heed.server.says("2001", room, f"{NAMED} years ago", at=long_ago)
    async with heed.listening():
        heed.server.says("2001", "1001", "today")
        await until(lambda: "today" in heed.intake.texts)
        await asyncio.sleep(0.2)
    assert heed.intake.texts == ["today"]


async def test_what_came_in_while_it_caught_up_stands_behind_what_was_missed(heed: Heed) -> None:
    await heard_once(heed, "4001")
    for number in range(150):
        heed.server.says("2001", "4001", f"{NAMED} {number}")
    async with heed.listening():
        for number in range(150, 180):
            heed.server.says("2001", "4001", f"{NAMED} {number}")
            await asyncio.sleep(0.002)
        await until(lambda: len(heed.intake.taken) >= 180, told=lambda: len(heed.intake.taken))
    in_order(heed, {"4001": [str(number) for number in range(180)]})


async def test_rooms_that_cannot_be_read_keep_none_from_being_caught_up_with(heed: Heed) -> None:
    await heard_once(heed, *ROOMS)
    five_hundred(heed)
    heed.server.world.channels["4003"]["permission_overwrites"] = [
        {"id": "9001", "type": 1, "allow": "0", "deny": str(READ_MESSAGE_HISTORY)}
    ]
    heed.server.delete_channel("4004")
    async with heed.listening():
        await until(lambda: len(heed.intake.taken) >= 450, told=lambda: len(heed.intake.taken), seconds=20)


@pytest.mark.parametrize("fault", [Broken(503), TooMany(0.2), TooMany(0.2, everywhere=True)], ids=str)
async def test_failures_while_catching_up_are_overcome(heed: Heed, fault: Broken | TooMany) -> None:
    await heard_once(heed, "4001", "4002", "4003")
    for room in ("4001", "4002", "4003"):
        heed.server.says("2001", room, f"{NAMED} missed in {room}")
    heed.server.faults.next("history", fault, times=2)
    async with heed.listening():
        await until(lambda: len(heed.intake.taken) >= 3, told=lambda: heed.intake.texts, seconds=20)


async def test_a_private_chat_that_is_gone_is_let_go(heed: Heed) -> None:
    await heard_once(heed, "1001", "4001")
    del heed.server.world.channels["1001"]
    heed.server.faults.next("channel", Problem(403, 50001, "Missing Access"))
    heed.server.says("2001", "4002", f"{NAMED} missed")
    async with heed.listening():
        await until(lambda: heed.intake.taken)
        await until(lambda: not any(name.endswith("1001") for name in heed.marks.places))


async def test_messages_that_stream_in_while_the_queue_is_full_come_in_when_there_is_room(heed: Heed) -> None:
    async with heed.listening():
        heed.intake.room = 10
        for number in range(300):
            heed.server.says(f"{2001 + number % 5}", "4001", f"{NAMED} {number}")
            heed.server.says("2001", "1001", f"{number}")
            if number % 20 == 0:
                await asyncio.sleep(0.001)
        await until(lambda: heed.intake.refused)
        heed.intake.room = None
        await until(lambda: len(heed.intake.taken) >= 600, told=lambda: len(heed.intake.taken), seconds=20)
    in_order(heed, {"4001": [str(number) for number in range(300)], "1001": [str(n) for n in range(300)]})


async def test_more_than_can_be_kept_in_memory_is_fetched_when_there_is_room(
    heed: Heed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Incoming.__init__, "__defaults__", (250,))  # 10,000, where there is time for so many
    async with heed.listening():
        heed.server.says("2001", "4001", f"{NAMED} first")
        await until(lambda: heed.intake.taken)
        heed.intake.taken.clear()
        heed.intake.room = 0
        for number in range(1000):
            heed.server.says("2001", "4001", f"{NAMED} {number}")
            heed.server.says("2002", "4002", f"{NAMED} {number}")
            if number % 50 == 0:
                await asyncio.sleep(0.002)
        await until(lambda: heed.intake.refused)
        heed.intake.room = None
        await until(lambda: len(heed.intake.taken) >= 2000, told=lambda: len(heed.intake.taken), seconds=20)
        heed.server.says("2001", "4001", f"{NAMED} 1000")
        await until(lambda: len(heed.intake.taken) >= 2001)
    in_order(heed, {"4001": [str(n) for n in range(1001)], "4002": [str(n) for n in range(1000)]})


async def test_a_private_chat_that_began_while_heed_was_away_is_read_from_its_beginning(heed: Heed) -> None:
    """Discord tells a bot of no private chat before somebody writes there: then all of it comes in."""
    await heard_once(heed, "4001")
    heed.server.dm("2050", "1050")
    for text in ("anybody there?", "hello?"):
        heed.server.says("2050", "1050", text)
    async with heed.listening():
        heed.server.says("2050", "1050", "it is about my order")
        await heed.has("anybody there?", "hello?", "it is about my order")


async def test_one_message_that_the_intake_chokes_on_holds_up_no_other(heed: Heed) -> None:
    await heard_once(heed, "4001")
    heed.intake.chokes_on = "poison"
    for number in range(5):
        heed.server.says("2001", "4001", f"{NAMED} {'poison' if number == 2 else number}")
    async with heed.listening():
        await until(lambda: len(heed.intake.taken) >= 4, told=lambda: heed.intake.texts)
        heed.server.says("2001", "4001", f"{NAMED} poison")
        heed.server.says("2001", "4001", f"{NAMED} 5")
        await until(lambda: len(heed.intake.taken) >= 5, told=lambda: heed.intake.texts)
    in_order(heed, {"4001": ["0", "1", "3", "4", "5"]})


async def test_an_end_while_the_queue_is_full_comes_at_once_and_the_next_start_has_all(heed: Heed) -> None:
    await heard_once(heed, "1001")
    heed.intake.room = 0
    async with heed.listening():
        heed.server.says("2001", "1001", "no room for me")
        await until(lambda: heed.intake.refused)
    heed.intake.room = None
    async with heed.listening():
        await heed.has("no room for me")
