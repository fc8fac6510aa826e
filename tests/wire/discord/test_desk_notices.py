"""What staff on Discord are called for, how often, and the board that says what waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from bot.desk.discord.display import AT_ONCE
from bot.desk.discord.line import Unreached
from bot.domain.events import AskFor, Claim, Reply, Resolve
from bot.domain.log import LogKind
from bot.settings import Settings
from tests.scenarios.world import ALEX, SAM
from tests.wire.discord.fakes import sending
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
    await shown.reaches(lambda: not shown.display._boards.calls.waiting)
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


async def minutes_later(shown: Shown, minutes: int) -> None:
    """Let time pass; whoever waits for the log looks at the clock again."""
    shown.heed.time.move(timedelta(minutes=minutes))
    await shown.heed.store.append(LogKind.RESUMED, at=shown.heed.time.now(), fields={"agent": "sam"})


async def killed_at(shown: Shown, name: str, *, before: bool) -> None:
    """Let nothing of this name be stored any more from now on, as if Heed were killed there; wait until it is."""
    real, there = shown.heed.store.keep_bookmarks, asyncio.Event()

    async def keep(places: Mapping[str, str]) -> None:
        ends = [place for each, place in places.items() if each.startswith(name)]
        if any(place.endswith("/") is not before for place in ends):
            there.set()
            await asyncio.Event().wait()
        await real(places)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shown.heed.store, "keep_bookmarks", keep)
        await shown.reaches(there.is_set)
        await shown.stop()


@pytest.mark.parametrize("before", [True, False], ids=["before the call", "after the call"])
async def test_killed_around_a_call_the_team_is_called_once_for_each_thing(shown: Shown, before: bool) -> None:
    await shown.settle()
    first = await shown.heed.writes("complaint one", who="v1")
    await killed_at(shown, "desk:discord:called:", before=before)
    assert len(calls(shown)) == (0 if before else 1)
    second = await shown.heed.writes("complaint two", who="v2")
    shown.start()
    for _ in range(2):
        await shown.settle()
        await minutes_later(shown, 2)
    await shown.reaches(lambda: sum(call.text.count("🔔 new") for call in calls(shown)) == 2)
    await shown.restart()
    await minutes_later(shown, 2)
    await shown.settle()
    for each in (first, second):  # by its thread, or by its id where the call came before the thread
        names = {each, f"<#{await shown.thread_of(each)}>"}
        assert [sum(name in call.text for name in names) for call in calls(shown)].count(1) == 1


async def test_a_call_that_was_cut_off_long_ago_is_not_made_again(shown: Shown) -> None:
    await shown.settle()
    await shown.heed.writes("complaint one")
    await killed_at(shown, "desk:discord:called:", before=False)
    shown.heed.time.move(timedelta(minutes=5))  # Discord has forgotten the key of the call by then
    await shown.restart()
    await shown.reaches(lambda: not shown.display._boards.calls.waiting)
    assert len(calls(shown)) == 1


async def test_a_call_while_discord_cannot_be_reached_is_made_when_it_can(shown: Shown) -> None:
    await shown.settle()
    calls_of = shown.display._boards.calls
    real = calls_of.threads.post
    away = [Unreached("not connected", definite=True)] * 5

    async def post(*args: Any, **more: Any) -> str:
        if away:
            shown.heed.time.move(timedelta(minutes=1))
            raise away.pop()
        return await real(*args, **more)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(calls_of.threads, "post", post)
        await shown.heed.writes("complaint one")
        await shown.reaches(lambda: calls(shown))
    assert len(calls(shown)) == 1


async def test_killed_before_a_board_was_kept_it_is_found_again(shown: Shown) -> None:
    await shown.reaches(lambda: shown.server.messages_in(TEXT_ROOM))
    marks = await shown.heed.store.bookmarks("desk:discord:board:")
    await shown.stop()
    await shown.heed.store.keep_bookmarks(dict.fromkeys(marks, ""))
    shown.start()
    await shown.writes()
    await shown.reaches(lambda: "1 waiting" in board(shown))  # which also says that there is one


async def test_a_customers_reply_does_not_wait_behind_a_rush_of_notices(server: DiscordServer) -> None:
    async with shown_on_discord(server, settings=aimed(), room=TEXT_ROOM, start=False) as shown:
        server.add_channel("4001")
        for number in range(25):
            await shown.heed.writes("complaint and more", who=f"v{number}")
        server.limits.enforce(scale=0.2)
        shown.start()
        await shown.reaches(lambda: len(server.sent) >= 10)
        before = len(server.sent)
        await shown.channel.send(sending("For you.", place="4001"))
        place = next(n for n, each in enumerate(server.sent) if each.channel == "4001")
        assert place - before <= AT_ONCE, "what was under way already, and nothing that waited"
        assert len(shown.threads()) < 25, "there was a rush"
        assert server.limits.refused == 0


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
