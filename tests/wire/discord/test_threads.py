"""Threads on the local Discord, as discord.py opens, hears of and changes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import discord
import pytest

from tests.wire.discord import payloads
from tests.wire.discord.payloads import FORUM, PUBLIC_THREAD
from tests.wire.discord.plain import Plain, plain, until
from tests.wire.discord.server import DiscordServer


@pytest.fixture
def desk(server: DiscordServer) -> DiscordServer:
    server.add_guild()
    server.add_channel("4001")
    server.add_forum("4010", tags=["open", "closed"])
    return server


@pytest.fixture
async def client(desk: DiscordServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Plain]:
    async with plain(desk, monkeypatch) as running:
        yield running


async def test_a_post_in_a_forum_is_a_thread_whose_first_message_bears_its_id(
    desk: DiscordServer, client: Plain
) -> None:
    body = {
        "name": "visitor 2001",
        "auto_archive_duration": 10080,
        "applied_tags": ["40101"],
        "message": {"content": "card", "embeds": [{"title": "who", "fields": [{"name": "a", "value": "b"}]}]},
    }
    made = await client.asks("POST", "/channels/4010/threads", json=body)
    await until(lambda: client.of("thread_create") and client.of("message"))
    thread, message = client.of("thread_create")[0], client.of("message")[0]
    assert (str(thread.id), thread.name, str(thread.parent_id)) == (made["id"], "visitor 2001", "4010")
    assert [tag.name for tag in thread.applied_tags] == ["open"]
    assert made["message"]["id"] == made["id"] == str(message.id)
    assert (message.content, message.embeds[0].title, message.channel) == ("card", "who", thread)
    assert [each["id"] for each in desk.threads_in("4010")] == [made["id"]]
    assert await client.is_refused("POST", "/channels/4010/messages", json={"content": "x"}) == (400, 50008)


@pytest.mark.parametrize(("change", "code"), [
    ({"name": ""}, 50035),
    ({"name": "x" * 101}, 50035),
    ({"applied_tags": ["7"]}, 50035),
    ({"auto_archive_duration": 5}, 50035),
    ({"message": None}, 50035),
    ({"message": {"content": " "}}, 50006),
])  # fmt: skip
async def test_a_post_that_is_not_as_it_should_be_is_refused(
    client: Plain, desk: DiscordServer, change: dict[str, object], code: int
) -> None:
    body = {"name": "n", "message": {"content": "x"}, **change}
    assert await client.is_refused("POST", "/channels/4010/threads", json=body) == (400, code)
    assert desk.threads_in("4010") == []


async def test_a_thread_at_a_message_bears_its_id_and_cannot_be_opened_twice(
    desk: DiscordServer, client: Plain
) -> None:
    start = await client.asks("POST", "/channels/4001/messages", json={"content": "card"})
    path = f"/channels/4001/messages/{start['id']}/threads"
    made = await client.asks("POST", path, json={"name": "n", "auto_archive_duration": 1440})
    assert made["id"] == start["id"]
    assert await client.is_refused("POST", path, json={"name": "n"}) == (400, 160004)
    desk.delete_thread("2", made["id"])
    await until(lambda: client.of("thread_delete"))
    # that a deleted one leaves its mark is an assumption: whoever posts anew is right either way
    assert await client.is_refused("POST", path, json={"name": "n"}) == (400, 160004)


async def test_a_thread_without_a_message_is_told_of_in_its_channel(desk: DiscordServer, client: Plain) -> None:
    made = await client.asks("POST", "/channels/4001/threads", json={"name": "n", "type": PUBLIC_THREAD})
    await until(lambda: client.of("message"))
    assert client.of("message")[0].type is discord.MessageType.thread_created
    assert client.of("thread_create")[0].id == int(made["id"])


async def test_a_thread_is_renamed_tagged_archived_locked_and_deleted(desk: DiscordServer, client: Plain) -> None:
    body = {"name": "n", "message": {"content": "card"}}
    made = (await client.asks("POST", "/channels/4010/threads", json=body))["id"]
    await client.asks("PATCH", f"/channels/{made}", json={"name": "m", "applied_tags": ["40102"]})
    await until(lambda: client.of("thread_update"))
    thread = client.of("thread_create")[0]
    assert (thread.name, [tag.name for tag in thread.applied_tags]) == ("m", ["closed"])
    await until(lambda: len(client.of("message")) == 2)
    assert client.of("message")[1].type is discord.MessageType.channel_name_change
    done = await client.asks("PATCH", f"/channels/{made}", json={"archived": True, "locked": True})
    assert done["thread_metadata"]["archived"] is done["thread_metadata"]["locked"] is True
    assert await client.is_refused("PATCH", f"/channels/{made}", json={"name": "o"}) == (400, 50083)
    await client.asks("DELETE", f"/channels/{made}")
    assert await client.is_refused("GET", f"/channels/{made}") == (404, 10003)
    assert await client.is_refused("DELETE", "/channels/4010") == (403, 50013)


async def test_what_the_bot_says_opens_an_archived_thread_again_unless_it_is_locked(
    desk: DiscordServer, client: Plain
) -> None:
    desk.add_thread("5001", "4001")
    send = ("POST", "/channels/5001/messages")
    said = await client.asks(*send, json={"content": "one"})
    desk.archive_thread("2", "5001")
    edit = ("PATCH", f"/channels/5001/messages/{said['id']}")
    assert await client.is_refused(*edit, json={"content": "changed"}) == (400, 50083)
    await client.asks(*send, json={"content": "two"})
    assert desk.world.channels["5001"]["thread_metadata"]["archived"] is False
    desk.archive_thread("2", "5001", locked=True)
    assert await client.is_refused(*send, json={"content": "three"}) == (400, 50083)
    await client.asks("PATCH", "/channels/5001", json={"archived": False, "locked": False})
    await client.asks(*send, json={"content": "four"})
    assert desk.texts == ["one", "two", "four"]


async def test_what_staff_do_to_a_thread_by_hand_is_told(desk: DiscordServer, client: Plain) -> None:
    desk.add_thread("5001", "4010")
    desk.rename_thread("2", "5001", "renamed")
    desk.tag_thread("2", "5001", "closed")
    desk.lock_thread("2", "5001")
    await until(lambda: len(client.of("thread_update")) == 3)
    after = client.get_channel(5001)
    assert isinstance(after, discord.Thread)
    assert (after.name, after.locked, after.applied_tags[0].name) == ("renamed", True, "closed")
    desk.delete_thread("2", "5001")
    await until(lambda: client.of("thread_delete"))
    desk.delete_channel("4010")
    await until(lambda: client.of("guild_channel_delete"))


@pytest.mark.parametrize(("deny", "method", "path", "body"), [
    (payloads.CREATE_PUBLIC_THREADS, "POST", "/channels/4002/threads", {"name": "n", "type": PUBLIC_THREAD}),
    (payloads.CREATE_PRIVATE_THREADS, "POST", "/channels/4002/threads", {"name": "n"}),
    (payloads.SEND_MESSAGES, "POST", "/channels/4020/threads", {"name": "n", "message": {"content": "x"}}),
    (payloads.SEND_MESSAGES_IN_THREADS, "POST", "/channels/5002/messages", {"content": "x"}),
    (payloads.EMBED_LINKS, "POST", "/channels/5002/messages", {"embeds": [{"title": "x"}]}),
    (payloads.EMBED_LINKS, "POST", "/channels/4020/threads", {"name": "n", "message": {"embeds": [{"url": "u"}]}}),
    (payloads.MANAGE_THREADS, "PATCH", "/channels/5002", {"locked": True}),
    (payloads.MANAGE_THREADS, "DELETE", "/channels/5002", None),
])  # fmt: skip
async def test_what_the_bot_has_no_right_to_is_refused(
    desk: DiscordServer, client: Plain, deny: int, method: str, path: str, body: object
) -> None:
    desk.add_channel("4002", deny=deny)
    desk.world.channels["4020"] = {**desk.add_channel("4020", deny=deny), "type": FORUM}
    desk.add_thread("5002", "4002")
    assert await client.is_refused(method, path, json=body) == (403, 50013)
    for channel in ("4002", "4020"):
        desk.permit(channel, deny=payloads.VIEW_CHANNEL)
    assert await client.is_refused(method, path, json=body) == (403, 50001)


async def test_a_file_needs_the_right_to_attach_one(desk: DiscordServer, client: Plain) -> None:
    room = client.get_channel(4001)
    assert isinstance(room, discord.TextChannel)
    desk.permit("4001", deny=payloads.ATTACH_FILES)
    with pytest.raises(discord.Forbidden):
        await room.send("x", file=discord.File(__file__))
    await room.send("x")


async def test_whoever_opened_a_thread_may_archive_it_without_managing_threads(
    desk: DiscordServer, client: Plain
) -> None:
    desk.permit("4001", deny=payloads.MANAGE_THREADS)
    made = await client.asks("POST", "/channels/4001/threads", json={"name": "n", "type": PUBLIC_THREAD})
    await client.asks("PATCH", f"/channels/{made['id']}", json={"archived": True})
    await client.asks("PATCH", f"/channels/{made['id']}", json={"archived": False})
    desk.lock_thread("2", made["id"])
    refusal = await client.is_refused("POST", f"/channels/{made['id']}/messages", json={"content": "x"})
    assert refusal == (403, 160005)


async def test_a_thread_is_renamed_twice_in_ten_minutes_and_no_header_says_so(
    desk: DiscordServer, client: Plain
) -> None:
    desk.add_thread("5001", "4001")
    desk.limits.enforce(scale=0.005)
    begun = asyncio.get_running_loop().time()
    for name in ("a", "b", "c"):
        await client.asks("PATCH", "/channels/5001", json={"name": name})
    took = timedelta(seconds=asyncio.get_running_loop().time() - begun)
    assert took > timedelta(seconds=2.5)  # discord.py waited for the third, as it was told
    assert desk.world.channels["5001"]["name"] == "c"
    assert desk.limits.refused >= 1
