"""The chat page's WebSocket: frames that are none, what is too much, and how it ends."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta

import pytest
from aiohttp.test_utils import TestClient

from bot.channels.webchat.chat import LARGEST_FRAME, Chat
from tests.channels.chatting import chat, chat_of, client, opened, serving
from tests.channels.fakes import FakeHeed

__all__ = ["chat", "client"]


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '{"type": "nonsense"}',
        '{"type": 5}',
        '{"type": "message"}',
        '{"type": "message", "id": 5, "text": "x"}',
        "[" * 10_000,
        b"\xff\xfe\x00",
        b"\x00" * 100,
    ],
)
async def test_a_frame_that_is_none_is_told_and_counted_and_the_page_lives_on(
    client: TestClient, chat: Chat, frame: str | bytes
) -> None:
    page = await opened(client)
    await page.hello()
    await (page.socket.send_str(frame) if isinstance(frame, str) else page.socket.send_bytes(frame))
    assert (await page.hear())["code"] == "frame"
    assert chat.counts.bad_frames == 1
    assert (await page.write("message-1", "Still here"))["type"] == "ack"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"id": "short", "text": "x"}, "id:"),
        ({"id": "message:1", "text": "x"}, "id:"),
        ({"id": "message-1", "text": " \u0000 "}, "text:"),
        ({"id": "message-1", "text": "x" * 4001}, "4,001"),
        ({"id": "message-1", "text": "x", "sent_at": "soon"}, "sent_at:"),
    ],
)
async def test_a_message_that_cannot_be_right_is_refused_by_name(
    client: TestClient, heed: FakeHeed, fields: dict[str, str], named: str
) -> None:
    page = await opened(client)
    await page.hello()
    await page.say("message", **fields)
    error = await page.hear()
    assert (error["code"], error["id"], error.get("retry_after")) == ("refused", fields["id"], None)
    assert named in error["message"]
    assert heed.intake_calls == []


async def test_zero_bytes_and_direction_tricks_are_taken_out_of_a_message(
    client: TestClient, heed: FakeHeed
) -> None:
    page = await opened(client)
    await page.hello()
    await page.write("message-1", "a\u0000b\u202ec")
    assert heed.entries[0].text == "abc"


async def test_a_frame_of_a_megabyte_ends_the_connection(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    with contextlib.suppress(ConnectionError):  # Heed may hang up before all of it has left
        await page.socket.send_str(json.dumps({"type": "message", "id": "message-1", "text": "x" * 1_000_000}))
    assert await page.closed() == 1009
    assert heed.intake_calls == []
    assert LARGEST_FRAME < 1_000_000


async def test_the_longest_message_fits_into_a_frame_however_it_is_written(heed: FakeHeed) -> None:
    async with serving(heed, chat_of(heed)) as client:
        page = await opened(client)
        await page.hello()
        assert (await page.write("message-1", "👩" * 4000))["type"] == "ack"


async def test_a_visitor_who_writes_too_fast_is_slowed_down_and_loses_nothing(
    client: TestClient, chat: Chat, heed: FakeHeed
) -> None:
    page = await opened(client)
    await page.hello()
    for number in range(20):
        await page.say("message", id=f"message-{number:02}", text="spam")
    answers = [await page.hear_of("ack", "error") for _ in range(20)]
    slowed = [one for one in answers if one["type"] == "error"]
    assert {one["code"] for one in slowed} == {"slow_down"}
    assert len(heed.entries) + len(slowed) == 20
    assert chat.counts.too_fast == len(slowed) == 8
    await heed.time.advance(timedelta(seconds=slowed[0]["retry_after"]))
    assert (await page.write(slowed[0]["id"], "spam"))["type"] == "ack"


async def test_two_pages_of_one_visitor_share_the_limit(client: TestClient, heed: FakeHeed) -> None:
    page, other = await opened(client), await opened(client)
    await page.hello()
    await other.hello(token=page.token)
    for number in range(12):
        await page.write(f"message-{number:02}", "spam")
    await other.say("message", id="message-99", text="spam")
    assert (await other.hear_of("ack", "error"))["code"] == "slow_down"


async def test_a_flood_of_frames_ends_the_connection(client: TestClient) -> None:
    page = await opened(client)
    await page.hello()
    for _ in range(61):
        await page.say("typing")
    assert (await page.hear())["code"] == "slow_down"
    assert await page.closed() == 4429


async def test_typing_is_no_message(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    await page.say("typing")
    await page.write("message-1", "done")
    assert len(heed.intake_calls) == 1


async def test_pages_are_sent_away_when_heed_stops(heed: FakeHeed, chat: Chat) -> None:
    async with serving(heed, chat) as client:
        page = await opened(client)
        await page.hello()
        await chat.close()
        assert await page.closed() == 1001
    assert chat.counts.open == 0


async def test_nothing_is_remembered_of_visitors_who_have_gone(
    client: TestClient, chat: Chat, heed: FakeHeed
) -> None:
    page = await opened(client)
    await page.hello()
    await page.write("message-1", "Hello?")
    await page.socket.close()
    await client.server.close()
    assert chat.counts.open == 0
    assert (chat._hub._rooms, chat._hub._homes) == ({}, {})


async def test_half_an_emoji_is_repaired_and_never_blocks_the_page(client: TestClient) -> None:
    page = await opened(client)
    await page.hello()
    await page.socket.send_str('{"type": "message", "id": "message-1", "text": "so nice \\ud83d"}')
    assert (await page.hear())["type"] == "ack"
