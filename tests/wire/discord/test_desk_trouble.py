"""What only a person can mend at the desk's channels: told by name, at the start and by ``heed check``."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.channels.discord.permissions import INVITED_WITH, NEEDED, NEEDED_AT_A_DESK, allowed, invitation
from bot.checking import check_everything
from bot.desk.discord import setup
from bot.desk.discord.setup import inspect
from bot.domain.events import Note, Transfer
from bot.records import Severity
from bot.settings import Environment, Settings
from tests.scenarios.world import ALEX
from tests.wire.discord.payloads import (
    CREATE_PUBLIC_THREADS,
    MANAGE_THREADS,
    SEND_MESSAGES_IN_THREADS,
    VIEW_CHANNEL,
    VOICE,
)
from tests.wire.discord.server import DiscordServer
from tests.wire.discord.showing_world import FORUM, OTHER, TEXT_ROOM, shown_on_discord


@pytest.mark.parametrize(
    ("denied", "name"),
    [(CREATE_PUBLIC_THREADS, "Create Public Threads"), (SEND_MESSAGES_IN_THREADS, "Send Messages in Threads")],
)
async def test_a_missing_permission_is_told_by_name_until_it_is_given(
    server: DiscordServer, denied: int, name: str
) -> None:
    async with shown_on_discord(server, room=TEXT_ROOM, start=False) as shown:
        server.permit(TEXT_ROOM, deny=denied)
        shown.start()
        await shown.heed.writes("complaint hear me")
        await shown.reaches(lambda: shown.board.says(name), told=lambda: shown.board.shown)
        server.permit(TEXT_ROOM)
        await shown.reaches(lambda: not shown.board.shown, told=lambda: shown.board.shown)
        await shown.settle()
        assert any("hear me" in text for text in shown.texts())


async def test_a_channel_that_cannot_be_seen_or_is_gone_is_told_at_the_start(server: DiscordServer) -> None:
    async with shown_on_discord(server, start=False) as shown:
        server.permit(FORUM, deny=VIEW_CHANNEL)
        server.delete_channel(OTHER)
        shown.start()
        await shown.reaches(lambda: shown.board.says("'View Channel' is missing"), told=lambda: shown.board.shown)
        await shown.reaches(lambda: shown.board.says("does not exist"), told=lambda: shown.board.shown)


async def test_one_room_in_trouble_keeps_up_no_other(server: DiscordServer) -> None:
    async with shown_on_discord(server, teams={"PR": OTHER}, start=False) as shown:
        server.permit(FORUM, deny=VIEW_CHANNEL)
        first = await shown.heed.writes("complaint here", who="v1")
        second = await shown.heed.writes("complaint there", who="v2")
        await shown.heed.commands(second, Transfer(at=shown.heed.time.now(), agent=ALEX, team="PR"))
        shown.start()
        await shown.reaches(lambda: shown.threads(OTHER) and any("there" in each for each in shown.texts(OTHER)))
        await shown.heed.commands(first, Note(at=shown.heed.time.now(), agent=ALEX, note="still"))
        bookmark, newest = shown.display.following.bookmark, await shown.heed.store.last()
        assert bookmark < newest, "what is not shown is not passed"


# --- heed check ---------------------------------------------------------------------------------------------


async def looked(server: DiscordServer, *desks: str) -> list[tuple[Severity, str]]:
    named = dict.fromkeys(desks, "desk.discord.channel")
    found = await inspect(token=server.token, desks=named, allowed=allowed, api=server.api)
    return [(each.severity, each.text) for each in found]


async def test_heed_check_names_what_is_missing_at_each_desk(server: DiscordServer) -> None:
    server.add_guild()
    server.add_forum(FORUM)
    server.add_channel(TEXT_ROOM, deny=MANAGE_THREADS | CREATE_PUBLIC_THREADS)
    server.add_channel(OTHER, deny=VIEW_CHANNEL)
    server.add_channel("6004", kind=VOICE)
    fine, lacks, unseen, voice, gone = await looked(server, FORUM, TEXT_ROOM, OTHER, "6004", "6005")
    assert fine[0] is Severity.OK
    assert lacks[0] is unseen[0] is voice[0] is gone[0] is Severity.PROBLEM
    assert "the bot lacks: Manage Threads, Create Public Threads." in lacks[1]
    assert "'View Channel' is missing" in unseen[1]
    assert "neither a text channel nor a forum" in voice[1]
    assert "does not exist" in gone[1]


async def test_heed_check_as_a_whole_names_the_setting_the_channel_and_what_is_missing(
    server: DiscordServer, tmp_path: Path
) -> None:
    server.add_guild()
    server.add_forum(FORUM, deny=SEND_MESSAGES_IN_THREADS)
    server.add_channel(OTHER, deny=VIEW_CHANNEL)
    settings = Settings.model_validate(
        {
            "brand": {
                "variables": {"website": "shop.example", "hours": "9", "email": "a@shop.example", "phone": "1"}
            },
            "store": {"path": str(tmp_path / "heed.sqlite")},
            "channels": {"discord": {"api": server.api, "gateway": server.gateway_url}},
            "agents": [{"name": "alex", "discord": "7701"}],
            "teams": {"PR": {"members": ["alex"], "discord": OTHER}},
            "desk": {"discord": {"channel": FORUM}},
        }
    )
    environment = Environment(discord_token=SecretStr(server.token))
    found = await check_everything(environment, lambda: settings)
    told = [(each.text, each.remedy) for each in found if each.severity is Severity.PROBLEM]
    [lacks] = [text for text, _ in told if FORUM in text]
    [unseen] = [text for text, _ in told if OTHER in text]
    assert lacks.startswith("desk.discord.channel: in #")
    assert "the bot lacks: Send Messages in Threads." in lacks
    assert unseen.startswith("teams.PR.discord: ")
    assert "'View Channel' is missing" in unseen
    assert all(remedy for _, remedy in told)
    assert server.token not in str(found)


async def test_heed_check_says_so_where_discord_cannot_be_asked() -> None:
    found = await inspect(token="t", desks={"1": "x"}, allowed=allowed, api="http://127.0.0.1:9/api")
    assert [each.severity for each in found] == [Severity.NOTE]


def test_the_invitation_gives_what_a_desk_needs_and_else_no_more() -> None:
    granted = int(invitation("1", desk=True).rpartition("permissions=")[2])
    assert granted == sum({**NEEDED, **NEEDED_AT_A_DESK}.values())
    assert dict(setup.NEEDED) == {**NEEDED, **NEEDED_AT_A_DESK}
    assert int(invitation("1").rpartition("permissions=")[2]) == INVITED_WITH
