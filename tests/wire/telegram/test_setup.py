"""What ``heed check`` finds at Telegram."""

from __future__ import annotations

import pytest

from bot.channels.telegram.setup import inspect
from bot.domain.rooms import Attention, Room, RoomRules
from bot.records import Found, Severity
from tests.channels.telegram.payloads import group, supergroup
from tests.wire.telegram.faults import Cut, Garbage, Refuse
from tests.wire.telegram.server import TOKEN, BotApiServer

HERE = "https://heed.example/webhooks/telegram"
ROOM = supergroup(-1001234567890, "Gardeners")


async def look(
    telegram: BotApiServer, *rooms: dict, attention=Attention.UNANSWERED, url=None, **more
) -> list[Found]:
    rules = RoomRules(rooms={str(room["id"]): Room(attention=attention) for room in rooms})
    return await inspect(**{"token": TOKEN, "api": telegram.url, "rules": rules, "webhook_url": url, **more})


def worst(found: list[Found]) -> list[str]:
    assert all(each.remedy for each in found if each.severity is not Severity.OK)
    assert not any(TOKEN in each.text + each.remedy for each in found)
    return [f"{each.severity}: {each.text} {each.remedy}" for each in found if each.severity is not Severity.OK]


async def test_a_bot_that_is_set_up_is_all_right_and_its_links_are_shown(telegram: BotApiServer) -> None:
    telegram.chats[ROOM["id"]] = ROOM
    telegram.says("one that waits")
    found = await look(telegram, ROOM)
    assert worst(found) == []
    told = " ".join(each.text for each in found)
    for part in ("@FernForgeBot", "https://t.me/FernForgeBot?startgroup=heed", "1 updates wait", "'Gardeners'"):
        assert part in told
    assert set(telegram.calls) == {"getMe", "getWebhookInfo", "getChat", "getChatMember"}


async def test_privacy_mode_is_a_problem_where_the_bot_shall_hear_more_than_its_name(
    telegram: BotApiServer,
) -> None:
    telegram.bot["can_read_all_group_messages"] = False
    telegram.chats[ROOM["id"]] = ROOM
    [problem] = worst(await look(telegram, ROOM))
    assert "/setprivacy" in problem
    assert "add it again" in problem
    assert worst(await look(telegram, ROOM, attention=Attention.ADDRESSED)) == []
    assert worst(await look(telegram)) == []
    telegram.members[ROOM["id"]] = "administrator"
    assert worst(await look(telegram, ROOM)) == []


async def test_a_room_that_is_not_reached_and_one_that_moved_are_told(telegram: BotApiServer) -> None:
    [problem] = worst(await look(telegram, ROOM))
    assert "Chat not found" in problem
    assert "startgroup" in problem
    telegram.chats[ROOM["id"]] = ROOM
    telegram.members[ROOM["id"]] = "left"
    [problem] = worst(await look(telegram, ROOM))
    assert "is not in" in problem
    new = telegram.moves_silently(-500)
    [note] = worst(await look(telegram, group(-500)))
    assert str(new) in note


async def test_a_bot_that_may_join_no_group_is_told(telegram: BotApiServer) -> None:
    telegram.bot["can_join_groups"] = False
    assert "/setjoingroups" in worst(await look(telegram))[0]


async def test_a_webhook_in_the_way_of_fetching_is_told(telegram: BotApiServer) -> None:
    telegram.webhook = {"url": "https://elsewhere.example/x"}
    [note] = worst(await look(telegram))
    assert "elsewhere.example" in note
    assert telegram.webhook


async def test_a_webhook_that_is_not_set_yet_or_fails_is_told(telegram: BotApiServer) -> None:
    assert "no webhook is set now" in worst(await look(telegram, url=HERE))[0]
    telegram.webhook = {"url": "https://elsewhere.example/x"}
    assert "elsewhere.example" in worst(await look(telegram, url=HERE))[0]
    telegram.webhook = {"url": HERE}
    assert worst(await look(telegram, url=HERE)) == []
    telegram.last_error = {"last_error_date": telegram.date(), "last_error_message": "Connection refused"}
    assert "Connection refused" in worst(await look(telegram, url=HERE))[0]


@pytest.mark.parametrize("fault", [Refuse(status=401), Refuse(status=502), Cut(after=False), Garbage()], ids=str)
async def test_whatever_telegram_answers_it_is_found_not_raised(telegram: BotApiServer, fault) -> None:
    telegram.fail("getMe", fault)
    [problem] = worst(await look(telegram))
    assert problem.startswith("problem: ")


async def test_no_connection_and_no_token_are_found(telegram: BotApiServer) -> None:
    [problem] = worst(await look(telegram, api="http://127.0.0.1:9"))
    assert "No connection" in problem
    [problem] = worst(await look(telegram, token="nonsense"))
    assert "nonsense" not in problem
