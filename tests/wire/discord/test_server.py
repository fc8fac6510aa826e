"""The local Discord itself, held against discord.py as everybody uses it."""

from __future__ import annotations

import time
from io import BytesIO
from types import SimpleNamespace

import aiohttp
import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.wire.discord import limits
from tests.wire.discord.faults import Broken, Cut, TooMany
from tests.wire.discord.payloads import SEND_MESSAGES, VIEW_CHANNEL, Problem, attachment, blocked
from tests.wire.discord.plain import Plain, plain, until
from tests.wire.discord.server import NAMED, DiscordServer


@pytest.fixture
def guild(server: DiscordServer) -> DiscordServer:
    server.add_guild()
    server.add_channel("4001")
    server.add_channel("4002", deny=VIEW_CHANNEL)
    server.dm()
    return server


async def test_a_client_logs_in_hears_and_answers(guild: DiscordServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plain(guild, monkeypatch) as client:
        assert [each.id for each in client.guilds] == [3001]
        assert [each.id for each in client.guilds[0].text_channels] == [4001]
        guild.says("2001", "4001", f"{NAMED} hello", attachments=[attachment("a.png")])
        guild.says("2001", "1001", "in private")
        guild.says("2001", "4002", "unseen")
        await until(lambda: len(client.texts()) == 2)
        room = client.get_channel(4001)
        assert isinstance(room, discord.TextChannel)
        named, private = (what for name, what in client.seen if name == "message")
        assert isinstance(named, discord.Message)
        assert isinstance(private, discord.Message)
        assert named.mentions[0].id == 9001
        assert named.attachments[0].filename == "a.png"
        assert isinstance(private.channel, discord.DMChannel)
        answer = await named.reply("Yes.", mention_author=False)
        assert guild.sent[0].replies_to == str(named.id)
        assert not guild.sent[0].pinged
        await answer.edit(content="No.")
        await answer.delete()
        await room.send("with a file", file=discord.File(BytesIO(b"x"), "x.txt"))
        async with room.typing():
            pass
        assert guild.typing == ["4001"]
        assert guild.texts == ["No.", "with a file"]


async def test_what_was_missed_is_replayed_to_whoever_resumes(
    guild: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with plain(guild, monkeypatch) as client:
        guild.gateway.cut()
        guild.says("2001", "4001", "while away")
        await until(lambda: client.count("resumed"))
        guild.says("2001", "4001", "and after")
        await until(lambda: len(client.texts()) == 2)
        assert client.texts() == ["while away", "and after"]
        guild.gateway.ask_to_reconnect()
        await until(lambda: client.count("resumed") == 2)
        guild.gateway.invalidate(resumable=True)
        await until(lambda: client.count("resumed") == 3)
        await guild.gateway.close(4009)
        await until(lambda: client.count("resumed") == 4)
        assert (len(guild.gateway.identified), len(guild.gateway.resumed)) == (1, 4)


async def test_a_session_that_is_forgotten_begins_anew_and_its_events_are_lost(
    guild: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with plain(guild, monkeypatch) as client:
        guild.gateway.cut(forget=True)
        guild.says("2001", "4001", "lost")
        await until(lambda: client.count("ready") == 2)
        guild.gateway.invalidate(resumable=False)
        await until(lambda: client.count("ready") == 3)
        assert client.texts() == []
        assert len(guild.gateway.identified) == 3


async def test_a_connection_whose_heartbeats_nobody_answers_is_given_up(
    guild: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild.gateway.heartbeat = 0.1
    guild.gateway.acks = False
    async with plain(guild, monkeypatch, patience=0.5) as client:
        await until(lambda: client.count("resumed"))
        assert guild.gateway.heartbeats


@pytest.mark.parametrize(("token", "flags", "error"), [
    ("wrong", None, discord.LoginFailure),
    (None, 0, discord.PrivilegedIntentsRequired),
])  # fmt: skip
async def test_a_client_that_may_not_is_told_so(
    guild: DiscordServer,
    monkeypatch: pytest.MonkeyPatch,
    token: str | None,
    flags: int | None,
    error: type[Exception],
) -> None:
    monkeypatch.setattr(Route, "BASE", guild.api)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(guild.gateway_url))
    guild.world.application_flags = guild.world.application_flags if flags is None else flags
    async with Plain(discord.Intents(messages=True, message_content=True)) as client:
        with pytest.raises(error):
            await client.start(token or guild.token)


async def test_pages_of_the_history_are_newest_first_and_at_most_a_hundred(guild: DiscordServer) -> None:
    said = [guild.says("2001", "4001", str(number)) for number in range(150)]
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {guild.token}"}) as session:

        async def page(**query: str) -> list[str]:
            async with session.get(f"{guild.api}/channels/4001/messages", params=query) as response:
                return [each["content"] for each in await response.json()]

        assert await page() == [str(number) for number in range(149, 99, -1)]
        assert await page(after=said[9]["id"], limit="3") == ["12", "11", "10"]
        assert await page(before=said[9]["id"], limit="3") == ["8", "7", "6"]
        assert await page(around=said[9]["id"], limit="3") == ["10", "9", "8"]
        async with session.get(f"{guild.api}/channels/4001/messages?limit=101") as response:
            assert response.status == 400


async def test_a_nonce_stores_once_until_it_is_forgotten(guild: DiscordServer) -> None:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {guild.token}"}) as session:

        async def post(nonce: str) -> str:
            body = {"content": "x", "nonce": nonce, "enforce_nonce": True}
            async with session.post(f"{guild.api}/channels/1001/messages", json=body) as response:
                return str((await response.json())["id"])

        assert await post("a") == await post("a") != await post("b")
        guild.posts.nonce_lifetime = 0
        await post("a")
    assert len(guild.sent) == 3


async def test_faults_come_in_their_order_and_a_cut_after_the_work_leaves_it_done(guild: DiscordServer) -> None:
    for fault in (Broken(502), TooMany(7.5), blocked(), Cut.BEFORE, Cut.AFTER):
        guild.faults.next("send", fault)
    met: list[object] = []
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {guild.token}"}) as session:
        for _ in range(6):
            try:
                async with session.post(f"{guild.api}/channels/1001/messages", json={"content": "x"}) as response:
                    met.append((response.status, response.headers.get("Retry-After")))
            except aiohttp.ClientError:
                met.append(len(guild.sent))
    assert met == [(502, None), (429, "8"), (403, None), 0, 1, (200, None)]
    assert (guild.limits.refused, guild.limits.asked["send"]) == (1, 6)


async def test_limits_are_told_in_headers_and_held(guild: DiscordServer, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [time.monotonic()]  # it stands still, however long the requests take
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: clock[0], time=time.time))
    guild.limits.enforce(scale=0.05)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {guild.token}"}) as session:
        told = []
        for _ in range(6):
            async with session.post(f"{guild.api}/channels/1001/messages", json={"content": "x"}) as response:
                told.append((response.status, response.headers["X-RateLimit-Remaining"]))
                pause = (await response.json()).get("retry_after")
        assert told == [(200, "4"), (200, "3"), (200, "2"), (200, "1"), (200, "0"), (429, "0")]
        clock[0] += pause + 0.01
        async with session.post(f"{guild.api}/channels/1001/messages", json={"content": "x"}) as response:
            assert response.status == 200


async def test_what_the_bot_may_not_do_it_cannot_do(guild: DiscordServer) -> None:
    guild.add_channel("4003", deny=SEND_MESSAGES)
    guild.world.closed_to_bot.add("2001")
    for channel, code in (("4002", 50001), ("4003", 50013), ("4009", 10003), ("1001", 50007)):
        with pytest.raises(Problem) as problem:
            guild.posts.post(channel, {"content": "x"})
        assert problem.value.body["code"] == code
