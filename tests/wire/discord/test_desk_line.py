"""The connection that the channel lends to the desk: what staff say is no customer's, and customers go first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from bot.channels.discord.line import ChannelLine, route
from bot.channels.discord.pace import Pace, Rank
from bot.desk.discord.line import Line, Refused, Unreached, Upload
from bot.domain.rooms import Attention, Room, RoomRules
from tests.wire.discord.fakes import Heed, sending, until
from tests.wire.discord.faults import Broken, Cut, TooMany
from tests.wire.discord.payloads import SEND_MESSAGES
from tests.wire.discord.server import NAMED, DiscordServer

DESK, LOBBY = "6002", "4001"
Told = list[tuple[str, Mapping[str, Any]]]


def a_line() -> ChannelLine:
    return ChannelLine(desks=(DESK,), refused=Refused, unreached=Unreached)


@pytest.fixture
def heed(server: DiscordServer) -> Heed:
    server.add_guild()
    server.add_channel(DESK)
    server.add_channel(LOBBY)
    everywhere = {DESK: Room(attention=Attention.EVERYTHING), LOBBY: Room(attention=Attention.EVERYTHING)}
    return Heed(server, line=a_line(), rules=RoomRules(rooms=everywhere))


def line_of(heed: Heed) -> ChannelLine:
    assert heed.line is not None
    return heed.line


# --- what staff say -----------------------------------------------------------------------------------------


async def test_nothing_said_at_a_desk_is_ever_a_customers(heed: Heed, server: DiscordServer) -> None:
    told: Told = []
    line_of(heed).watch(lambda room: room == DESK, lambda name, payload: told.append((name, payload)))
    server.add_thread("6102", DESK)
    async with heed.listening():
        await until(lambda: any(name == "GUILD_CREATE" for name, _ in told))
        server.says("2001", DESK, f"{NAMED} is this a customer?")
        server.says("2001", "6102", f"{NAMED} or this?")
        server.says("2001", LOBBY, f"{NAMED} but this is")
        await heed.has("but this is")
    said = [payload["content"] for name, payload in told if name == "MESSAGE_CREATE"]
    assert said == [f"{NAMED} is this a customer?", f"{NAMED} or this?"]


async def test_what_was_said_at_a_desk_while_heed_was_away_is_no_customers(
    heed: Heed, server: DiscordServer
) -> None:
    server.add_thread("6102", DESK)
    async with heed.listening():
        server.says("2001", LOBBY, f"{NAMED} before")
        await heed.has("before")
        await until(lambda: any("floor" in name for name in heed.marks.places), told=lambda: heed.marks.places)
    server.says("2001", DESK, f"{NAMED} staff were alone")
    server.says("2001", "6102", f"{NAMED} in a thread too")
    server.archive("6102")
    server.says("2001", LOBBY, f"{NAMED} after")
    async with heed.listening():
        await heed.has("before", "after")
        await until(lambda: not heed.board.shown)
        server.says("2001", "6102", f"{NAMED} back again")
        server.says("2001", LOBBY, f"{NAMED} the end")
        await heed.has("before", "after", "the end")


async def test_a_desk_is_told_of_threads_and_buttons_and_not_of_other_rooms(
    heed: Heed, server: DiscordServer
) -> None:
    told: Told = []
    line_of(heed).watch(lambda room: room == DESK, lambda name, payload: told.append((name, payload)))
    async with heed.listening():
        await until(lambda: any(name == "GUILD_CREATE" for name, _ in told))
        told.clear()
        server.add_thread("6101", LOBBY)
        server.add_thread("6102", DESK)
        server.archive_thread("7701", "6102")
        server.delete_thread("7701", "6102")
        server.delete_channel(DESK)
        await until(lambda: any(name == "CHANNEL_DELETE" for name, _ in told), told=lambda: told)
    names = [name for name, _ in told]
    assert names == ["THREAD_CREATE", "THREAD_UPDATE", "THREAD_DELETE", "CHANNEL_DELETE"]


async def test_a_defect_of_the_desk_stops_no_customer(heed: Heed, server: DiscordServer) -> None:
    def broken(name: str, payload: Mapping[str, Any]) -> None:
        raise RuntimeError(name)

    line_of(heed).watch(lambda room: room == DESK, broken)
    async with heed.listening():
        server.says("2001", LOBBY, f"{NAMED} all the same")
        await heed.has("all the same")


# --- requests -----------------------------------------------------------------------------------------------


async def test_before_it_is_connected_a_line_says_when_to_come_again() -> None:
    with pytest.raises(Unreached):
        await a_line().request("GET", "/channels/1")


async def test_who_the_bot_is_is_known_once_it_is_connected(heed: Heed) -> None:
    async with heed.listening() as channel:
        line: Line = channel.line
        assert (line.me, line.application) == ("9001", "9000")


async def test_requests_carry_json_and_files_and_their_answers_come_back(
    heed: Heed, server: DiscordServer
) -> None:
    async with heed.listening():
        line = line_of(heed)
        posted = await line.request("POST", f"/channels/{DESK}/messages", json={"content": "as it is"})
        assert posted["content"] == "as it is"
        file = Upload(name="a.txt", content=b"inside", media_type="text/plain")
        sent = await line.request("POST", f"/channels/{DESK}/messages", json={"content": "x"}, uploads=[file])
        assert [each["filename"] for each in sent["attachments"]] == ["a.txt"]
        found = await line.request("GET", f"/channels/{DESK}/messages?limit=1")
        assert [each["content"] for each in found] == ["x"]
        assert await line.request("DELETE", f"/channels/{DESK}/messages/{posted['id']}") is None
        assert await line.request("GET", f"/channels/{LOBBY}/messages") == []


async def test_a_refusal_tells_discords_number_and_no_text(heed: Heed, server: DiscordServer) -> None:
    server.permit(DESK, deny=SEND_MESSAGES)
    async with heed.listening():
        with pytest.raises(Refused) as refused:
            await line_of(heed).request("POST", f"/channels/{DESK}/messages", json={"content": "secret"})
    assert (refused.value.status, refused.value.code) == (403, 50013)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("fault", [Cut.AFTER, Broken(501), TooMany(60.0)], ids=["cut", "broken", "too many"])
async def test_what_nobody_knows_or_has_to_wait_may_be_repeated(
    heed: Heed, server: DiscordServer, fault: Cut | Broken | TooMany
) -> None:
    async with heed.listening():
        server.faults.next("send", fault)
        with pytest.raises(Unreached) as error:
            await line_of(heed).request("POST", f"/channels/{DESK}/messages", json={"content": "x"})
    assert error.value.seconds >= 1


@pytest.mark.parametrize(
    ("path", "pattern", "major"),
    [
        ("/channels/1/messages/2", "/channels/{channel_id}/messages/{id_3}", "1"),
        ("/channels/1/messages?limit=2", "/channels/{channel_id}/messages", "1"),
        ("/guilds/3/threads/active", "/guilds/{guild_id}/threads/active", "3"),
        ("/applications/4/guilds/3/commands", "/applications/{id_1}/guilds/{guild_id}/commands", "3"),
        (
            "/webhooks/4/to-ken/messages/@original",
            "/webhooks/{webhook_id}/{webhook_token}/messages/@original",
            "4+to-ken",
        ),
        ("/interactions/5/to-ken/callback", "/interactions/{webhook_id}/{webhook_token}/callback", "5+to-ken"),
    ],
)
def test_limits_are_counted_by_what_is_asked_and_whose_it_is(path: str, pattern: str, major: str) -> None:
    found = route("GET", path)
    assert (found.path, found.major_parameters) == (pattern, major)
    assert found.url.endswith(path)


async def test_urgent_requests_go_first_and_the_desks_last() -> None:
    pace, order = Pace(), list[str]()

    async def ask(name: str, rank: Rank) -> None:
        await pace.turn(rank)
        order.append(name)

    async with asyncio.TaskGroup() as group:
        for name, rank in (
            ("first", Rank.DESK),
            ("desk", Rank.DESK),
            ("customer", Rank.CUSTOMERS),
            ("second customer", Rank.CUSTOMERS),
            ("button", Rank.URGENT),
        ):
            group.create_task(ask(name, rank))
    assert order == ["first", "button", "customer", "second customer", "desk"]


async def test_whoever_gives_up_waiting_holds_up_nobody() -> None:
    pace = Pace()
    waiting = [asyncio.create_task(pace.turn()) for _ in range(5)]
    await asyncio.sleep(0)
    for each in waiting[:4]:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert not waiting[4].cancelled()
    await pace.turn()
    assert not pace.crowded


async def test_a_customers_text_overtakes_what_the_desk_shows(heed: Heed, server: DiscordServer) -> None:
    server.dm()
    async with heed.listening() as channel:
        line = line_of(heed)
        posts = [line.request("GET", f"/channels/{DESK}") for _ in range(12)]
        asked = [asyncio.ensure_future(each) for each in posts]
        await asyncio.sleep(0)
        await channel.send(sending())
        assert not all(each.done() for each in asked), "the desk still waits"
        await asyncio.gather(*asked)
