"""What staff on Discord are called for, how often, and the board that says what waits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.domain.events import AskFor, Claim, Reply, Resolve
from bot.settings import Settings
from tests.scenarios.world import ALEX, SAM
from tests.wire.discord.faults import Cut
from tests.wire.discord.posting import Posted
from tests.wire.discord.server import DiscordServer
from tests.wire.discord.showing_world import FORUM, TEXT_ROOM, Shown, shown_on_discord

ALEX_ID, SAM_ID = "7701", "7702"


def aimed() -> Settings:
    """Return settings by which a first reply is due in an hour."""
    variables = {"website": "shop.example", "hours": "9 to 6", "email": "a@shop.example", "phone": "1"}
    return Settings.model_validate(
        {
            "brand": {"variables": variables},
            "policy": {"targets": {"first_reply_time": "1h"}},
        }
    )


@pytest.fixture
async def shown(server: DiscordServer) -> AsyncIterator[Shown]:
    async with shown_on_discord(server, settings=aimed(), room=TEXT_ROOM) as found:
        yield found


def calls(shown: Shown) -> list[Posted]:
    """Return the messages that called a whole team: they stand below the board."""
    return [each for each in shown.server.sent if each.pinged and each.channel == TEXT_ROOM]


def board(shown: Shown, room: str = TEXT_ROOM) -> str:
    [found] = [
        each["content"]
        for each in shown.server.messages_in(room)
        if each["type"] == 0 and ("waiting for staff" in each["content"] or "Nothing waits" in each["content"])
    ]
    return str(found)


async def test_a_new_escalation_calls_the_team_once_and_names_the_thread(shown: Shown) -> None:
    conversation = await shown.writes()
    await shown.reaches(lambda: calls(shown))
    [call] = calls(shown)
    assert call.pinged == {ALEX_ID, SAM_ID}
    assert f"<#{await shown.thread_of(conversation)}>" in call.text
    assert "🔔 new" in call.text


async def test_a_rush_calls_a_team_once_a_minute_with_all_that_came(shown: Shown) -> None:
    begun = shown.heed.time.now()
    for number in range(12):
        await shown.heed.writes("complaint and more", who=f"v{number}")
    await shown.reaches(lambda: sum(call.text.count("🔔 new") for call in calls(shown)) >= 12)
    await shown.settle()
    minutes = (shown.heed.time.now() - begun) / timedelta(minutes=1)
    assert len(calls(shown)) <= 1 + minutes


async def test_nobody_is_called_for_what_was_claimed_meanwhile(shown: Shown) -> None:
    conversation = await shown.heed.writes("complaint it is broken")
    await shown.heed.claims(conversation)
    await shown.settle()
    await shown.reaches(lambda: shown.display._boards._grouping.oldest is None)
    assert calls(shown) == []


async def test_only_those_who_are_there_are_called(server: DiscordServer) -> None:
    async with shown_on_discord(server, room=TEXT_ROOM, start=False) as shown:
        shown.present = ("sam",)
        shown.start()
        await shown.writes()
        await shown.reaches(lambda: calls(shown))
        assert calls(shown)[0].pinged == {SAM_ID}


async def test_warning_and_breach_call_the_holder_in_the_thread(shown: Shown) -> None:
    conversation = await shown.writes()
    await shown.does(conversation, Claim, ALEX)
    thread = await shown.thread_of(conversation)
    for minutes in (20, 20):  # claimed anew in between: a claim lasts half an hour
        await shown.heed.pass_time(timedelta(minutes=minutes))
        await shown.does(conversation, Claim, ALEX)
    for minutes in (10, 12):  # the warning comes after 48, the breach after 60
        await shown.heed.pass_time(timedelta(minutes=minutes))
        await shown.settle()
    called = [each for each in shown.server.sent if each.channel == thread and each.pinged]
    assert [each.pinged for each in called] == [{ALEX_ID}] * 2, [each.text for each in called]
    assert "target is near" in called[0].text
    assert "target missed" in called[1].text
    assert "**missed** <t:" in shown.card()["content"]


async def test_a_claim_that_ends_soon_and_somebody_who_asks_call_the_holder(shown: Shown) -> None:
    conversation = await shown.writes()
    await shown.does(conversation, Claim, ALEX)
    await shown.does(conversation, AskFor, SAM)
    await shown.heed.pass_time(timedelta(minutes=26))
    await shown.settle()
    thread = await shown.thread_of(conversation)
    called = [each for each in shown.server.sent if each.channel == thread and each.pinged]
    assert [each.pinged for each in called] == [{ALEX_ID}] * 2
    assert "sam asks alex for this conversation" in called[0].text
    assert "claim of alex ends" in called[1].text


@pytest.mark.parametrize("room", [TEXT_ROOM, FORUM], ids=["text channel", "forum"])
async def test_the_board_says_what_waits_and_is_edited_in_place(server: DiscordServer, room: str) -> None:
    async with shown_on_discord(server, settings=aimed(), room=room) as shown:

        def where() -> str:
            if room == TEXT_ROOM:
                return room
            return next(each["id"] for each in server.threads_in(room) if each["name"] == "Now")

        conversation = await shown.writes()
        link = f"<#{await shown.thread_of(conversation)}>"
        await shown.reaches(lambda: link in board(shown, where()))
        assert "**1 waiting for staff**" in board(shown, where())
        assert "First reply due <t:" in board(shown, where())
        await shown.does(conversation, Reply, ALEX, text="On its way.")
        await shown.does(conversation, Resolve, ALEX)
        await shown.reaches(lambda: "Nothing waits" in board(shown, where()))


async def test_a_board_deleted_by_hand_comes_again(shown: Shown) -> None:
    await shown.reaches(lambda: shown.server.messages_in(TEXT_ROOM))
    shown.server.delete("7701", shown.server.messages_in(TEXT_ROOM)[0])
    await shown.writes()
    await shown.reaches(
        lambda: any("1 waiting" in each["content"] for each in shown.server.messages_in(TEXT_ROOM))
    )


async def test_a_restart_keeps_the_board_and_calls_nobody_again(shown: Shown) -> None:
    await shown.writes()
    await shown.reaches(lambda: calls(shown))
    await shown.reaches(lambda: "1 waiting" in board(shown))
    before = len(calls(shown))
    await shown.restart()
    shown.heed.time.move(timedelta(minutes=2))
    await shown.settle()
    assert len(calls(shown)) == before
    assert "1 waiting" in board(shown), "there is one board"


async def test_a_forum_has_one_board_whatever_breaks_while_it_is_opened(server: DiscordServer) -> None:
    async with shown_on_discord(server, start=False) as shown:
        server.faults.next("thread", Cut.AFTER)
        shown.start()
        await shown.settle()
        await shown.writes()
        boards = [each for each in server.threads_in(FORUM) if each["name"] == "Now"]
        await shown.reaches(lambda: boards and "1 waiting" in board(shown, boards[0]["id"]))
        assert len([each for each in server.threads_in(FORUM) if each["name"] == "Now"]) == 1
