"""What Heed sends reaches the customer on Discord once, as a reply, and pings nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.discord.channel import DiscordChannel
from bot.domain.messages import Address
from bot.errors import SendError, SendFailed, SendRefused, SendUnknown
from tests.wire.discord.fakes import Heed, sending
from tests.wire.discord.faults import WELL, Broken, Cut, TooMany
from tests.wire.discord.payloads import (
    READ_MESSAGE_HISTORY,
    SEND_MESSAGES,
    Problem,
    blocked,
    malformed,
    missing_access,
    unknown_channel,
)
from tests.wire.discord.server import NAMED, DiscordServer

LONG = " ".join(f"This is sentence number {number} of a long answer." for number in range(120))


@pytest.fixture
async def channel(server: DiscordServer) -> AsyncIterator[DiscordChannel]:
    server.add_guild()
    server.add_channel("4001")
    server.add_channel("4002", deny=SEND_MESSAGES)
    server.add_channel("4003", deny=READ_MESSAGE_HISTORY)
    server.add_thread("5001", "4001")
    server.dm()
    async with Heed(server).listening() as channel:
        yield channel


async def test_a_private_answer_arrives_and_the_platforms_time_comes_back(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    sent = await channel.send(sending())
    at = sent.at
    assert server.texts == ["On its way."]
    assert sent.external_ids == (server.sent[0].message["id"],)
    assert at.tzinfo is not None
    told = datetime.fromisoformat(server.sent[0].message["timestamp"])
    assert abs(at - told) < timedelta(milliseconds=1)
    assert abs(datetime.now(UTC) - at) < timedelta(seconds=5)


async def test_an_answer_in_a_room_replies_and_pings_at_most_its_customer(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    asked = server.says("2001", "4001", f"{NAMED} when do you open?")
    await channel.send(sending("At nine.", place="4001", thread="u:2001", reply_to=asked["id"]))
    [posted] = server.sent
    assert (posted.channel, posted.replies_to) == ("4001", asked["id"])
    assert posted.pinged <= {"2001"}


async def test_an_answer_to_a_thread_goes_into_the_thread(channel: DiscordChannel, server: DiscordServer) -> None:
    asked = server.says("2001", "5001", f"{NAMED} when?")
    await channel.send(sending("At nine.", place="4001", thread="t:5001", reply_to=asked["id"]))
    assert [(posted.channel, posted.replies_to) for posted in server.sent] == [("5001", asked["id"])]


async def test_nobody_is_pinged_by_what_stands_in_a_text(channel: DiscordChannel, server: DiscordServer) -> None:
    text = "@everyone @here <@2002> <@!2003> <@&3001> we are open"
    await channel.send(sending(text, place="4001", thread="u:2001"))
    [posted] = server.sent
    assert posted.pinged <= {"2001"}
    assert "we are open" in posted.text


async def test_a_reply_to_a_message_that_is_gone_arrives_all_the_same(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    asked = server.says("2001", "4001", f"{NAMED} when?")
    server.deletes(asked)
    await channel.send(sending("At nine.", place="4001", thread="u:2001", reply_to=asked["id"]))
    assert server.texts == ["At nine."]


async def test_where_replies_are_forbidden_the_answer_comes_without_a_reference(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    asked = server.says("2001", "4003", f"{NAMED} when?")
    await channel.send(sending("At nine.", place="4003", thread="u:2001", reply_to=asked["id"]))
    assert [(posted.text, posted.replies_to) for posted in server.sent] == [("At nine.", "")]


async def test_a_long_answer_comes_in_parts_at_ends_of_sentences_each_with_its_nonce(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    asked = server.says("2001", "4001", f"{NAMED} tell me all")
    await channel.send(sending(LONG, place="4001", thread="u:2001", reply_to=asked["id"]))
    assert len(server.sent) > 2
    assert all(text.endswith(".") and len(text) <= 2000 for text in server.texts)
    assert " ".join(server.texts) == LONG
    nonces = [posted.nonce for posted in server.sent]
    assert all(nonces)
    assert len(set(nonces)) == len(nonces)
    assert [posted.replies_to for posted in server.sent] == [asked["id"], *[""] * (len(nonces) - 1)]


async def test_typing_is_shown_where_the_customer_is(channel: DiscordChannel, server: DiscordServer) -> None:
    await channel.typing(Address(channel="discord", account="9001", place="1001"))
    await channel.typing(Address(channel="discord", account="9001", place="4001", thread="u:2001"))
    await channel.typing(Address(channel="discord", account="9001", place="4001", thread="t:5001"))
    assert server.typing == ["1001", "4001", "5001"]


# --- doubt --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lifetime", [180.0, 0.0], ids=["nonce known", "nonce forgotten"])
@pytest.mark.parametrize("text", ["On its way.", LONG], ids=["short", "long"])
async def test_a_connection_cut_after_the_send_and_the_repeat_leave_one_message(
    channel: DiscordChannel, server: DiscordServer, lifetime: float, text: str
) -> None:
    server.posts.nonce_lifetime = lifetime
    server.faults.next("send", Cut.AFTER)
    with pytest.raises(SendUnknown):
        await channel.send(sending(text))
    assert len(server.sent) == 1
    await channel.send(sending(text, attempts=1))
    assert " ".join(server.texts) == text
    assert len(set(server.texts)) == len(server.texts)


@pytest.mark.parametrize("lifetime", [180.0, 0.0], ids=["nonce known", "nonce forgotten"])
@pytest.mark.parametrize("cut", Cut, ids=["before", "after"])
async def test_a_long_answer_cut_in_its_middle_goes_on_where_it_was(
    channel: DiscordChannel, server: DiscordServer, lifetime: float, cut: Cut
) -> None:
    server.posts.nonce_lifetime = lifetime
    server.faults.next("send", WELL)
    server.faults.next("send", cut)
    with pytest.raises(SendUnknown):
        await channel.send(sending(LONG))
    server.says("2001", "1001", "are you there?")
    await channel.send(sending(LONG, attempts=1))
    assert " ".join(server.texts) == LONG


async def test_the_same_key_again_is_recognised_by_discord_itself(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    for _ in range(2):
        await channel.send(sending(LONG))
    assert " ".join(server.texts) == LONG
    assert server.posts.repeated == len(server.sent)


async def test_the_same_words_under_another_key_are_sent_though_they_stand_there_already(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    await channel.send(sending(key="a1"))
    server.faults.next("send", Cut.BEFORE)
    with pytest.raises(SendUnknown):
        await channel.send(sending(key="a2"))
    await channel.send(sending(key="a2", attempts=1))
    assert server.texts == ["On its way."] * 2


async def test_two_answers_with_the_same_words_are_two_messages(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    await channel.send(sending(key="a1"))
    await channel.send(sending(key="a2"))
    assert server.texts == ["On its way."] * 2


@pytest.mark.parametrize(
    "fault", [Cut.BEFORE, Broken(500), Broken(502), Broken(503), Broken(500, done=True)], ids=str
)
async def test_a_failure_of_the_platform_and_the_repeat_leave_one_message(
    channel: DiscordChannel, server: DiscordServer, fault: object
) -> None:
    server.faults.next("send", fault, times=1)  # type: ignore[arg-type]
    try:
        await channel.send(sending())
    except (SendUnknown, SendRefused):
        await channel.send(sending(attempts=1))
    assert server.texts == ["On its way."]


async def test_many_answers_at_once_stay_inside_the_limits(channel: DiscordChannel, server: DiscordServer) -> None:
    server.limits.enforce(scale=0.05)
    await asyncio.gather(*(channel.send(sending(f"Answer {number}.", key=f"a{number}")) for number in range(23)))
    assert sorted(server.texts) == sorted(f"Answer {number}." for number in range(23))
    assert server.limits.refused == 0


async def test_parts_of_two_long_answers_in_one_room_never_mix(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    texts = [f"{letter} says something here. " * 200 for letter in "AB"]
    await asyncio.gather(*(channel.send(sending(text.strip(), key=text[0])) for text in texts))
    begun = [text[0] for text in server.texts]
    assert len(begun) > 4
    assert begun == sorted(begun)


async def test_answers_to_many_customers_at_once_stay_inside_the_limit_over_all(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    chats = [str(6000 + number) for number in range(80)]
    for chat in chats:
        server.dm(f"2{chat}", chat)
    server.limits.enforce()
    places = [Address(channel="discord", account="9001", place=chat) for chat in chats]
    texts = [channel.send(sending(f"Answer {chat}.", key=f"a{chat}", place=chat)) for chat in chats]
    await asyncio.gather(*texts, *(channel.typing(place) for place in places))
    assert sorted(server.texts) == [f"Answer {chat}." for chat in chats]
    assert server.limits.refused == 0


# --- refusals -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "problem",
    [blocked(), missing_access(), unknown_channel(), malformed(), Problem(403, 50013, "Missing Permissions")],
    ids=str,
)
async def test_what_no_repetition_makes_right_fails(
    channel: DiscordChannel, server: DiscordServer, problem: Problem
) -> None:
    server.faults.next("send", problem)
    with pytest.raises(SendFailed) as failed:
        await channel.send(sending())
    assert "On its way" not in str(failed.value)
    assert server.limits.asked["send"] == 1


async def test_kicked_blocked_deleted_and_forbidden_are_failures(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    with pytest.raises(SendFailed):
        await channel.send(sending(place="4002", thread="u:2001"))
    server.world.closed_to_bot.add("2001")
    with pytest.raises(SendFailed):
        await channel.send(sending())
    server.delete_channel("5001")
    with pytest.raises(SendFailed):
        await channel.send(sending(place="4001", thread="t:5001"))
    server.kick()
    with pytest.raises(SendFailed):
        await channel.send(sending(place="4001", thread="u:2001"))
    assert server.sent == []


@pytest.mark.parametrize("everywhere", [False, True])
async def test_a_long_pause_that_the_platform_asks_for_is_told_and_not_waited_for(
    channel: DiscordChannel, server: DiscordServer, everywhere: bool
) -> None:
    server.faults.next("send", TooMany(120, everywhere=everywhere))
    with pytest.raises(SendRefused) as refused:
        await channel.send(sending())
    assert timedelta(seconds=119) <= refused.value.retry_after <= timedelta(seconds=130)
    assert server.sent == []
    assert server.limits.asked["send"] == 1


async def test_a_repeat_whose_read_back_fails_stays_in_doubt(
    channel: DiscordChannel, server: DiscordServer
) -> None:
    server.posts.nonce_lifetime = 0
    server.faults.next("send", Cut.AFTER)
    with pytest.raises(SendUnknown):
        await channel.send(sending())
    server.faults.next("history", Broken(503), times=9)
    with pytest.raises(SendError):
        await channel.send(sending(attempts=1))
    server.faults.clear()
    await channel.send(sending(attempts=2))
    assert server.texts == ["On its way."]


async def test_a_token_that_was_revoked_refuses_sends(channel: DiscordChannel, server: DiscordServer) -> None:
    server.world.token = "another"
    with pytest.raises((SendFailed, SendRefused)):
        await channel.send(sending())
    assert server.sent == []


async def test_a_platform_that_cannot_be_reached_has_not_sent(server: DiscordServer) -> None:
    server.api = "http://127.0.0.1:9/api/v10"
    channel = Heed(server).channel()
    with pytest.raises(SendRefused):
        await channel.send(sending())
