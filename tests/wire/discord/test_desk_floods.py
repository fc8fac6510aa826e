"""Floods and growth at the desk on Discord: one busy thread keeps up no other, and nothing grows for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bot.desk.discord import board as board_module
from bot.desk.discord import rooms as rooms_module
from bot.desk.discord.line import Refused
from bot.desk.discord.showing import MOST_A_ROUND
from bot.desk.discord.threads import Thread
from bot.domain.events import Block, Reopen, Resolve, Transfer, Unblock
from bot.domain.messages import Address, AgentId, ConversationId
from bot.domain.roles import Agent, Role
from tests.scenarios.world import ALEX
from tests.wire.discord.desk_hands import ALEX_ID, SAM_ID
from tests.wire.discord.desk_world import DeskWorld, desk_world
from tests.wire.discord.fakes import until
from tests.wire.discord.server import DiscordServer
from tests.wire.discord.showing_world import OTHER, TEXT_ROOM, Shown, shown_on_discord
from tests.wire.discord.test_desk_notices import board

LEAD = Agent(id=AgentId("sam"), role=Role.LEAD)


@pytest.fixture
async def shown(server: DiscordServer) -> AsyncIterator[Shown]:
    async with shown_on_discord(server) as found:
        yield found


def asked_of(shown: Shown) -> list[str]:
    """Return a list of what the desk asks of Discord from now on."""
    asked: list[str] = []
    shown.display._threads._counted = asked.append
    return asked


# --- hearing ------------------------------------------------------------------------------------------------


def hold_up(desk: DeskWorld, thread: str) -> asyncio.Event:
    """Let what is written in a thread wait for what is read back there, until the event is set."""
    gate, real = asyncio.Event(), desk.line.request

    async def request(method: str, path: str, **more: Any) -> Any:
        if method == "GET" and f"/channels/{thread}/messages" in path:
            await gate.wait()
        return await real(method, path, **more)

    desk.line.request = request  # type: ignore[method-assign]  # a line on which one thread is slow
    desk.desk._back.miss(thread)
    return gate


async def test_a_busy_thread_whose_head_waits_keeps_up_no_press_and_no_text_elsewhere() -> None:
    async with desk_world() as desk:
        _, busy = await desk.shown()
        conversation, quiet = await desk.shown(who="v2")
        gate = hold_up(desk, busy)
        for number in range(200):
            desk.desk.hear("MESSAGE_CREATE", desk.hands.say(ALEX_ID, busy, f"chat {number}"))
        desk.desk.hear("MESSAGE_CREATE", desk.hands.say(ALEX_ID, quiet, "a remark"))
        desk.desk.hear("INTERACTION_CREATE", desk.hands.command(SAM_ID, quiet, "claim"))
        await until(lambda: desk.line.callbacks)
        assert (await desk.view(conversation)).conversation.holder == "sam"
        assert await desk.notes(conversation) == ["a remark"]
        gate.set()
        await desk.desk.settle()


async def test_presses_in_the_busy_thread_itself_are_acknowledged_while_they_wait() -> None:
    async with desk_world(acknowledge_within=0.01) as desk:
        conversation, busy = await desk.shown()
        gate = hold_up(desk, busy)
        for number in range(70):
            desk.desk.hear("MESSAGE_CREATE", desk.hands.say(ALEX_ID, busy, f"chat {number}"))
        for _ in range(70):
            desk.desk.hear("INTERACTION_CREATE", desk.hands.command(SAM_ID, busy, "claim"))
        await until(lambda: len(desk.line.callbacks) == 70)
        gate.set()
        await desk.desk.settle()
        assert (await desk.view(conversation)).conversation.holder == "sam"


@pytest.mark.parametrize("late", [False, True], ids=["at once", "late"])
async def test_a_draft_that_discord_does_not_take_whole_is_kept_in_parts(late: bool) -> None:
    draft = "🦊" * 3000
    async with desk_world(acknowledge_within=0.0 if late else 1.5) as desk:
        _, thread = await desk.shown()
        await desk.world.writes("complaint and one more thing")
        real, taken = desk.line.request, list[dict[str, Any]]()

        async def request(method: str, path: str, *, json: Any = None, **more: Any) -> Any:
            if "/callback" in path or "/webhooks/" in path:
                message = json.get("data", json)
                if any(len(each["description"].encode("utf-16-le")) > 8192 for each in message.get("embeds", [])):
                    raise Refused("too long", status=400, code=50035)
                taken.append(message)
            return await real(method, path, json=json, **more)

        desk.line.request = request  # type: ignore[method-assign]  # a line that counts as Discord may
        await desk.does(desk.hands.command(ALEX_ID, thread, "reply", text=draft))
        parts = [each["description"] for message in taken for each in message.get("embeds", [])]
        assert "".join(parts) == draft
        assert any("Nothing was sent" in message.get("content", "") for message in taken)
        assert all(message["flags"] == 64 for message in taken if "flags" in message)
        assert await desk.sent() == []


# --- showing ------------------------------------------------------------------------------------------------


async def test_a_round_posts_a_part_of_a_flood_and_the_next_ones_the_rest(shown: Shown) -> None:
    conversation = await shown.writes()
    await shown.stop()
    for number in range(25):
        await shown.heed.writes(f"complaint number {number}.")
    show, before = shown.display.following._show, len(shown.texts())
    assert not await show(conversation)
    assert len(shown.texts()) - before == MOST_A_ROUND
    for _ in range(10):
        if await show(conversation):
            break
    texts = shown.texts()
    assert [sum(f"number {number}." in text for text in texts) for number in range(25)] == [1] * 25
    assert "⌛ The customer waits" in texts[0]


async def test_what_a_blocked_customer_writes_leaves_a_closed_thread_alone(
    shown: Shown, server: DiscordServer
) -> None:
    conversation = await shown.writes()
    await shown.does(conversation, Block, LEAD)
    assert shown.thread()["thread_metadata"]["archived"]
    asked = asked_of(shown)
    for number in range(5):
        await shown.writes(f"complaint flood {number}")
    assert asked == []
    await shown.does(conversation, Unblock, LEAD)
    texts = shown.texts()
    assert not any("flood" in text for text in texts)
    assert sum("5 messages written while the customer was blocked" in text for text in texts) == 1
    await shown.writes("complaint heard again")
    assert any("complaint heard again" in text for text in shown.texts())


async def test_in_an_open_thread_one_line_counts_what_a_blocked_customer_writes(shown: Shown) -> None:
    conversation = await shown.writes()
    await shown.does(conversation, Block, LEAD)
    await shown.does(conversation, Reopen, ALEX)
    for number in range(3):
        await shown.writes(f"complaint flood {number}")
    lines = [text for text in shown.texts() if "while the customer was blocked" in text]
    assert len(lines) == 1
    assert "3 messages" in lines[0]
    assert not any("flood" in text for text in shown.texts())


# --- boards -------------------------------------------------------------------------------------------------


async def test_a_teams_board_counts_its_own_however_many_wait_elsewhere(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_module, "_PAGE", 2)
    async with shown_on_discord(server, room=TEXT_ROOM, teams={"PR": OTHER, "gone": TEXT_ROOM}) as shown:
        for number in range(5):
            await shown.writes("complaint one", who=f"v{number}")
        last = await shown.writes("complaint for the press", who="v9")
        await shown.does(last, Transfer, ALEX, team="PR")
        await shown.reaches(lambda: "**1 waiting for staff**" in board(shown, OTHER))
        await shown.reaches(lambda: "**5 waiting for staff**" in board(shown, TEXT_ROOM))
        assert "… and 3 more" in board(shown, TEXT_ROOM)


async def test_a_team_that_the_brand_has_no_more_counts_on_the_default_board(
    server: DiscordServer,
) -> None:
    async with shown_on_discord(server, room=TEXT_ROOM, teams={"PR": OTHER}) as shown:
        conversation = await shown.writes()
        await shown.does(conversation, Transfer, ALEX, team="dissolved")
        await shown.reaches(lambda: "**1 waiting for staff**" in board(shown, TEXT_ROOM))


# --- what is gone -------------------------------------------------------------------------------------------


async def test_erasing_works_when_the_desks_channel_was_deleted(server: DiscordServer) -> None:
    async with shown_on_discord(server, room=OTHER) as shown:
        conversation = await shown.writes("complaint my secret words")
        await shown.stop()
        server.delete_channel(OTHER)
        shown.start()
        await shown.heed.store.erase("room", "v1")
        await shown.settle()
        assert await shown.heed.store.posts("discord", conversation) == {}


async def test_how_far_a_thread_was_heard_is_forgotten_with_it(shown: Shown, server: DiscordServer) -> None:
    conversation = await shown.writes()
    other = await shown.writes(who="v2")
    first, second = await shown.thread_of(conversation), await shown.thread_of(other)
    marks = {f"desk:discord:heard:{each}": each for each in (first, second)}
    await shown.heed.store.keep_bookmarks(marks)
    server.delete_thread("7701", first)
    await shown.heed.store.erase("room", "v2")
    await shown.settle()
    await shown.reaches(lambda: len(shown.threads()) == 1)
    await shown.settle()
    assert await shown.heed.store.bookmarks("desk:discord:heard:") == {}


def test_closed_threads_are_not_remembered_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms_module, "_MOST_KNOWN", 100)
    rooms = rooms_module.Rooms(line=None, threads=None, board=None, allowed=None)  # type: ignore[arg-type]  # none is asked
    for number in range(1000):
        payload = {"id": str(number), "thread_metadata": {"archived": number != 7}}
        rooms.hear("THREAD_UPDATE", payload)
    assert len(rooms._known) <= 100
    assert "7" in rooms._known
    rooms.learn(Thread(id="1000", name="", room="", owner="", archived=False, locked=False))
    assert "1000" in rooms._known


@pytest.mark.parametrize("done", [False, True], ids=["open", "resolved"])
async def test_erasing_a_guest_in_anothers_thread_takes_only_their_texts(shown: Shown, *, done: bool) -> None:
    there = Address(channel="room", account="a", place="lobby", thread="t1")
    told = shown.heed.in_room("complaint it broke", who="v1", addressed=True)
    conversation = await shown.heed.takes_in(replace(told, address=there))
    guest = shown.heed.in_room("complaint mine too, my secret number", who="v2", addressed=True)
    assert await shown.heed.takes_in(replace(guest, address=there)) == conversation
    await shown.settle()
    assert any("secret" in text for text in shown.texts())
    if done:
        await shown.does(conversation, Resolve, ALEX)
    await shown.heed.store.erase("room", "v2")
    await shown.settle()
    assert not any("secret" in text for text in shown.texts())
    assert any("complaint it broke" in text for text in shown.texts())
    assert await kept(shown, conversation)


async def kept(shown: Shown, conversation: ConversationId) -> bool:
    return "thread" in await shown.heed.store.posts("discord", conversation)
