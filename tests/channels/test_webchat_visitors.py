"""The chat page's WebSocket: who may talk, from where, and as whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from aiohttp import WSServerHandshakeError
from aiohttp.test_utils import TestClient

from bot.channels.webchat.chat import Chat, ChatLimits
from bot.channels.webchat.visitors import Visitors, sign_identity
from tests.channels.chatting import HOST_SECRET, chat, chat_of, client, opened, serving
from tests.channels.fakes import START, FakeHeed

__all__ = ["chat", "client"]

# --- others' conversations --------------------------------------------------------------------------------


async def test_nobody_sees_or_changes_what_is_not_theirs(client: TestClient, heed: FakeHeed) -> None:
    ben = await opened(client)
    await ben.hello()
    await ben.write("bens-message", "My card number is secret")
    ann = await opened(client)
    assert await ann.hello(after=0) == []
    for kind in ("edit", "delete"):
        fields = {"text": "stolen"} if kind == "edit" else {}
        await ann.say(kind, id="bens-message", **fields)
        error = await ann.hear_of("error", "ack")
        assert (error["type"], error["code"]) == ("error", "not_found")
        await ann.say(kind, id=heed.intake_calls[0][0].external_id, **fields)
        assert (await ann.hear_of("error"))["code"] == "refused"
    assert heed.entries[0].text == "My card number is secret"


async def test_the_same_page_id_of_two_visitors_is_two_messages(client: TestClient, heed: FakeHeed) -> None:
    for text in ("from Ann", "from Ben"):
        page = await opened(client)
        await page.hello()
        assert (await page.write("message-1", text))["type"] == "ack"
    assert [entry.text for entry in heed.entries] == ["from Ann", "from Ben"]


@pytest.mark.parametrize("forge", ["swap", "cut", "other secret", "nonsense", "surrogate", "expired"])
async def test_a_forged_or_old_token_is_refused_without_a_word_about_its_owner(
    client: TestClient, chat: Chat, heed: FakeHeed, forge: str
) -> None:
    page = await opened(client)
    await page.hello()
    token = page.token
    match forge:
        case "swap":
            token = token[:5] + ("A" if token[5] != "A" else "B") + token[6:]
        case "cut":
            token = token[:-1]
        case "other secret":
            other = Visitors(secret="another secret, as long")
            token = other.token(other.new(), now=START)
        case "nonsense":
            token = "é.\x00"
        case "surrogate":
            token = "\ud800"
        case "expired":
            await heed.time.advance(timedelta(days=366))
    thief = await opened(client)
    await thief.say("hello", token=token)
    frame = await thief.hear_of("error")
    assert frame["code"] in {"token", "frame"}
    if frame["code"] == "token":
        assert await thief.closed() == 4401
        assert chat.counts.refused_tokens == 1


async def test_a_page_must_say_hello_before_anything_else(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.say("message", id="message-1", text="Hello?")
    assert (await page.hear())["code"] == "hello"
    assert await page.closed() == 4401
    assert heed.intake_calls == []


# --- users whom the host page vouches for -----------------------------------------------------------------


def identity(**changes: object) -> dict[str, object]:
    issued = int(START.timestamp())
    signed = sign_identity(HOST_SECRET, user="77", name="Ann Lee", issued_at=issued)
    return {"id": "77", "name": "Ann Lee", "issued_at": issued, "signature": signed, **changes}


async def test_a_signed_user_is_the_same_person_on_every_device(client: TestClient, heed: FakeHeed) -> None:
    phone, desk = await opened(client), await opened(client)
    await phone.hello(identity=identity())
    await phone.write("message-1", "Hello from my phone")
    shown = await desk.hello(identity=identity())
    assert [entry["text"] for entry in shown] == ["Hello from my phone"]
    assert heed.intake_calls[0][0].customer.external_id == "user:77"
    assert heed.intake_calls[0][0].customer.name == "Ann Lee"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "78"},
        {"name": "Ben"},
        {"issued_at": int(START.timestamp()) + 1},
        {"signature": ""},
        {"signature": "é"},
        {"issued_at": 10**30},
    ],
)
async def test_a_user_with_a_wrong_signature_is_refused(client: TestClient, changes: dict[str, object]) -> None:
    page = await opened(client)
    await page.say("hello", identity=identity(**changes))
    assert (await page.hear())["code"] in {"identity", "frame"}


@pytest.mark.parametrize("age", [timedelta(hours=2), timedelta(hours=-1)])
async def test_a_signature_of_another_time_is_refused(client: TestClient, heed: FakeHeed, age: timedelta) -> None:
    await heed.time.advance(age)
    page = await opened(client)
    await page.say("hello", identity=identity())
    error = await page.hear()
    assert (error["code"], "issued_at" in error["message"]) == ("identity", True)


def test_the_signature_is_what_the_manual_says() -> None:
    signed = sign_identity(b"secret", user="77", name="Ann Lee", issued_at=1795338000)
    assert signed == "96ae0504ca825531f7951968182cf7eae568a91097b27fec473799371329b25f"


# --- where the page is ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://shop.example.evil.example", "http://[", "x"]
)
async def test_another_origin_is_refused(client: TestClient, chat: Chat, origin: str) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await opened(client, Origin=origin)
    assert refused.value.status == 403
    assert chat.counts.refused_origins == 1


async def test_the_own_origin_and_those_on_the_list_are_let_in(client: TestClient) -> None:
    own = f"http://{client.host}:{client.port}"
    for origin in (own, "https://shop.example"):
        page = await opened(client, Origin=origin)
        assert await page.hello() == []


async def test_more_pages_than_the_limit_are_asked_to_come_later(heed: FakeHeed) -> None:
    async with serving(heed, chat_of(heed, limits=ChatLimits(open_pages=1))) as client:
        await opened(client)
        with pytest.raises(WSServerHandshakeError) as refused:
            await opened(client)
        assert (refused.value.status, refused.value.headers["Retry-After"]) == (503, "10")
