"""``heed check`` looks at the set-up on Discord's side and says what to do about what is missing."""

from __future__ import annotations

import pytest

from bot.channels.discord.setup import inspect
from bot.domain.rooms import Attention, Room, RoomRules
from bot.records import Found, Severity
from tests.wire.discord.faults import Slow
from tests.wire.discord.payloads import APPLICATION_ID, READ_MESSAGE_HISTORY, SEND_MESSAGES, VIEW_CHANNEL
from tests.wire.discord.server import DiscordServer

RULES = RoomRules(rooms={"4001": Room(attention=Attention.EVERYTHING)})


@pytest.fixture
def sound(server: DiscordServer) -> DiscordServer:
    server.add_guild()
    server.add_channel("4001")
    return server


async def look(server: DiscordServer, *, rules: RoomRules = RULES, token: str = "") -> list[Found]:
    found = await inspect(token=token or server.token, rules=rules, api=server.api)
    assert server.token not in str(found)
    assert all(each.remedy for each in found if each.severity is not Severity.OK)
    assert all(each.text.endswith((".", "!", ")")) or "http" in each.text for each in found)
    return found


def problems(found: list[Found]) -> list[Found]:
    return [each for each in found if each.severity is Severity.PROBLEM]


async def test_a_sound_set_up_has_no_problem_and_tells_the_invitation(sound: DiscordServer) -> None:
    found = await look(sound)
    assert found
    assert not problems(found)
    told = " ".join(f"{each.text} {each.remedy}" for each in found)
    assert f"client_id={APPLICATION_ID}" in told
    assert "permissions=" in told
    assert "scope=bot" in told


async def test_a_missing_content_intent_is_a_problem(sound: DiscordServer) -> None:
    sound.world.application_flags = 0
    [problem] = problems(await look(sound))
    assert "intent" in (problem.text + problem.remedy).lower()


@pytest.mark.parametrize(("denied", "name"), [
    (VIEW_CHANNEL, "view"),
    (SEND_MESSAGES, "send messages"),
    (READ_MESSAGE_HISTORY, "read message history"),
])  # fmt: skip
async def test_a_missing_permission_in_a_configured_room_is_a_problem_that_names_both(
    sound: DiscordServer, denied: int, name: str
) -> None:
    sound.add_channel("4002", deny=denied)
    [problem] = problems(await look(sound, rules=RoomRules(rooms={"4001": Room(), "4002": Room()})))
    told = (problem.text + problem.remedy).lower()
    assert "4002" in told
    assert name in told


async def test_a_room_that_does_not_exist_is_a_problem_that_names_it(sound: DiscordServer) -> None:
    [problem] = problems(await look(sound, rules=RoomRules(rooms={"4001": Room(), "4999": Room()})))
    assert "4999" in problem.text


async def test_a_bot_that_nobody_invited_is_told_the_invitation(server: DiscordServer) -> None:
    found = await look(server, rules=RoomRules())
    told = " ".join(each.text + each.remedy for each in found if each.severity is not Severity.OK)
    assert f"client_id={APPLICATION_ID}" in told


async def test_a_wrong_token_is_the_only_problem(sound: DiscordServer) -> None:
    [problem] = problems(await look(sound, token="wrong-one"))
    assert "token" in (problem.text + problem.remedy).lower()
    assert "wrong-one" not in str(problem)


async def test_a_platform_that_cannot_be_reached_is_a_problem(sound: DiscordServer) -> None:
    sound.api = "http://127.0.0.1:9/api/v10"
    [problem] = problems(await look(sound))
    assert "127.0.0.1" in (problem.text + problem.remedy)


async def test_looking_changes_nothing_and_asks_little(sound: DiscordServer) -> None:
    sound.faults.next("me", Slow(0.05))
    await look(sound)
    assert sound.sent == []
    assert sum(sound.limits.asked.values()) <= 12
    assert sound.gateway.connections == 0
