"""The chat page's WebSocket: who may talk, what is taken, what each page is shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError, web
from aiohttp.test_utils import TestClient, TestServer

from bot.channels.webchat.chat import LARGEST_FRAME, Chat, ChatLimits, ChatParts
from bot.channels.webchat.origins import Origins
from bot.channels.webchat.visitors import Visitors, sign_identity
from bot.domain.log import LogKind
from bot.domain.messages import Author
from bot.errors import Overloaded
from bot.records import ArrivalKind
from tests.channels.fakes import START, FakeHeed

SECRET = "a secret of sixteen or more"
HOST_SECRET = b"shared with the host page"


def chat_of(heed: FakeHeed, **more: object) -> Chat:
    visitors = Visitors(secret=SECRET, identity_secret=HOST_SECRET.decode())
    parts = ChatParts(intake=heed.intake, views=heed, log=heed, time=heed.time, visitors=visitors)
    return Chat(replace(parts, **more))


@asynccontextmanager
async def serving(heed: FakeHeed, chat: Chat) -> AsyncIterator[TestClient]:
    app = web.Application()
    app.add_routes(chat.routes())

    async def close(_: web.Application) -> None:
        await chat.close()

    app.on_shutdown.append(close)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(chat.run())
        async with TestClient(TestServer(app)) as client:
            await heed.tailed.wait()
            yield client
        running.cancel()


@pytest.fixture
async def chat(heed: FakeHeed) -> Chat:
    return chat_of(heed, origins=Origins(["https://shop.example"]))


@pytest.fixture
async def client(heed: FakeHeed, chat: Chat) -> AsyncIterator[TestClient]:
    async with serving(heed, chat) as client:
        yield client


class Page:
    """What the browser does, in a few words."""

    def __init__(self, socket) -> None:
        self.socket = socket
        self.token = ""

    async def say(self, kind: str, **fields: object) -> None:
        await self.socket.send_str(json.dumps({"type": kind, **fields}))

    async def hear(self) -> dict:
        async with asyncio.timeout(5):
            return json.loads(await self.socket.receive_str())

    async def closed(self) -> int:
        async with asyncio.timeout(5):
            message = await self.socket.receive()
        assert message.type in {WSMsgType.CLOSE, WSMsgType.CLOSED}
        return self.socket.close_code

    async def hello(self, **fields: object) -> list[dict]:
        """Say hello and return the entries that the page is shown."""
        await self.say("hello", **fields)
        welcome = await self.hear()
        assert welcome["type"] == "welcome", welcome
        self.token = welcome["token"]
        shown: list[dict] = []
        while True:
            frame = await self.hear()
            assert frame["type"] == "entries"
            shown += frame["entries"]
            if frame["complete"]:
                return shown

    async def write(self, id_: str, text: str, **fields: object) -> dict:
        await self.say("message", id=id_, text=text, **fields)
        return await self.hear_of("ack")

    async def hear_of(self, *kinds: str) -> dict:
        while True:
            frame = await self.hear()
            if frame["type"] in kinds:
                return frame

    async def hear_text(self, text: str) -> dict:
        while True:
            frame = await self.hear_of("entries")
            for entry in frame["entries"]:
                if entry["text"] == text:
                    return entry


async def opened(client: TestClient, **headers: str) -> Page:
    return Page(await client.ws_connect("/chat/ws", headers=headers))


def home(heed: FakeHeed) -> str:
    """Return the conversation of the last message."""
    return heed.entries[-1].conversation


# --- the way of a message ---------------------------------------------------------------------------------


async def test_a_message_is_acknowledged_once_it_is_stored(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    assert await page.hello() == []
    ack = await page.write("message-1", "Where is my order?", sent_at="2026-11-22T08:59:30Z")
    [[arrival]] = heed.intake_calls
    assert ack == {"type": "ack", "id": "message-1", "message": f"webchat/{arrival.external_id}"}
    assert (arrival.channel, arrival.kind, arrival.text) == ("webchat", ArrivalKind.MESSAGE, "Where is my order?")
    assert arrival.address.place == arrival.customer.external_id
    assert arrival.external_id == f"{arrival.customer.external_id}:message-1"
    assert (START - arrival.happened_at) == timedelta(seconds=30)


async def test_the_same_message_again_is_acknowledged_again_and_stored_once(
    client: TestClient, heed: FakeHeed
) -> None:
    page = await opened(client)
    await page.hello()
    first = await page.write("message-1", "Hello?")
    assert await page.write("message-1", "Hello?") == first
    assert len(heed.entries) == 1


async def test_the_same_id_with_another_text_is_told(client: TestClient) -> None:
    page = await opened(client)
    await page.hello()
    await page.write("message-1", "Hello?")
    await page.say("message", id="message-1", text="Something else")
    error = await page.hear_of("error")
    assert (error["code"], error["id"]) == ("conflict", "message-1")


async def test_a_time_far_back_is_not_believed(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    await page.write("message-1", "Late!", sent_at="2026-11-01T00:00:00Z")
    assert START - heed.intake_calls[0][0].happened_at == timedelta(minutes=5)


async def test_an_answer_appears_on_all_pages_of_its_visitor(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    other = await opened(client)
    await other.hello(token=page.token)
    await page.write("message-1", "Where is my order?")
    assert (await other.hear_text("Where is my order?"))["author"] == "you"
    await heed.say(home(heed), "On its way.", quick_replies=("Thanks!",))
    for one in (page, other):
        entry = await one.hear_text("On its way.")
        assert (entry["author"], entry["quick_replies"], entry["substantive"]) == ("assistant", ["Thanks!"], True)


async def test_a_person_is_shown_as_support_and_never_by_name(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    await page.write("message-1", "A person, please")
    await heed.say(home(heed), "Anna here.", author=Author.AGENT, agent="anna-the-agent", name="Anna Secret")
    entry = await page.hear_text("Anna here.")
    assert entry["author"] == "support"
    assert "anna-the-agent" not in json.dumps(entry)
    assert "Secret" not in json.dumps(entry)


async def test_coming_back_shows_what_was_missed_and_nothing_twice(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    await page.write("message-1", "Where is my order?")
    await page.socket.close()
    await heed.say(home(heed), "On its way.")
    back = await opened(client)
    shown = await back.hello(token=page.token, after=1)
    assert [(entry["number"], entry["text"]) for entry in shown] == [(2, "On its way.")]
    anew = await opened(client)
    assert [entry["client_id"] for entry in await anew.hello(token=page.token) if "client_id" in entry] == [
        "message-1"
    ]


async def test_a_long_conversation_is_shown_by_its_end_in_parts(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    await page.write("message-1", "first")
    for number in range(450):
        heed.write(home(heed), Author.BOT, f"line {number}")
    back = await opened(client)
    shown = await back.hello(token=page.token)
    assert (len(shown), shown[-1]["text"]) == (200, "line 449")


async def test_an_edit_and_a_deletion_reach_heed_and_every_page(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    await page.write("message-1", "Where is my oder?")
    await page.say("edit", id="message-1", text="Where is my order?", revision="rev-0001")
    assert (await page.hear_of("ack"))["id"] == "message-1"
    await heed.log(home(heed), LogKind.MESSAGE_EDITED)
    assert (await page.hear_text("Where is my order?"))["edited"] is True
    await page.say("delete", id="message-1")
    await page.hear_of("ack")
    await heed.log(home(heed), LogKind.MESSAGE_DELETED)
    entry = await page.hear_text("")
    assert entry["deleted"] is True
    kinds = [call[0].kind for call in heed.intake_calls]
    assert kinds == [ArrivalKind.MESSAGE, ArrivalKind.EDIT, ArrivalKind.DELETION]
    assert heed.intake_calls[1][0].revision == "rev-0001"


async def test_a_full_heed_asks_the_page_to_repeat_and_then_takes_it(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    heed.full = True
    await page.say("message", id="message-1", text="Hello?")
    error = await page.hear_of("error")
    assert (error["code"], error["id"], error["retry_after"]) == ("busy", "message-1", 2.0)
    heed.full = False
    assert (await page.write("message-1", "Hello?"))["id"] == "message-1"


async def test_live_updates_survive_a_store_that_fails_for_a_while(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    await page.write("message-1", "Hello?")
    heed.broken = True
    heed.time.waiting.clear()
    await heed.say(home(heed), "Back again.")
    await heed.time.waiting.wait()
    heed.broken = False
    await heed.time.advance(timedelta(seconds=2))
    assert (await page.hear_text("Back again."))["author"] == "assistant"


async def test_a_page_that_finds_the_store_overloaded_is_asked_to_come_back(
    client: TestClient, heed: FakeHeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def history(*given: object, **more: object) -> None:
        raise Overloaded("10000 operations wait for the store")

    monkeypatch.setattr(heed, "history", history)
    page = await opened(client)
    await page.say("hello")
    assert (await page.hear())["type"] == "welcome"
    assert (await page.hear())["code"] == "busy"
    assert await page.closed() == 1013


async def test_a_change_looks_up_only_the_pages_whose_conversation_changed(
    client: TestClient, heed: FakeHeed
) -> None:
    ann, ben = await opened(client), await opened(client)
    for number, page in enumerate((ann, ben)):
        await page.hello()
        await page.write(f"message-{number}", f"Hello from {number}")
    conversation = home(heed)
    await heed.say(conversation, "settled")
    await ben.hear_text("settled")
    heed.looked_up.clear()
    await heed.log("somebody-else", LogKind.CLAIMED)
    await heed.say(conversation, "Only for Ben.")
    await ben.hear_text("Only for Ben.")
    assert set(heed.looked_up) == {heed.intake_calls[1][0].customer.external_id}


async def test_a_page_that_slept_asks_and_is_shown_what_it_missed(client: TestClient, heed: FakeHeed) -> None:
    page = await opened(client)
    await page.hello()
    await page.write("message-1", "Hello?")
    heed.write(home(heed), Author.BOT, "written without a trace in the log")
    await page.say("catch_up", after=1)
    assert await page.hear_text("written without a trace in the log")


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


# --- what should not be sent ------------------------------------------------------------------------------


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
