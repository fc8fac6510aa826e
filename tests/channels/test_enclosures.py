"""Files that staff send along, from the counter to the customer, over the real store."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.channels.api.answers import answer_of
from bot.channels.api.channel import ApiChannel
from bot.channels.api.routes import ApiParts, api_routes
from bot.channels.webchat.channel import WebChat
from bot.channels.webchat.files import FileDoor
from bot.channels.webchat.hub import Room
from bot.channels.webchat.visitors import Visitor, Visitors
from bot.desk.counter import Counter, NoTemplates, Result
from bot.domain.actions import SendState
from bot.domain.conversation import Conversation, Rules
from bot.domain.messages import AgentId
from bot.domain.roles import Agent
from bot.domain.staff_rules import Refusal
from bot.domain.states import State
from bot.engine.commands import StaffCommands
from bot.engine.delivery import AnswerFeed, Delivery, DeliveryLimits
from bot.engine.road import Road
from bot.engine.time import VirtualTime
from bot.errors import BadMessage, NotFound, SendRefused, StoreUnavailable
from bot.ports import Capabilities, Channel
from bot.records import Enclosure, TranscriptEntry
from bot.serving import fetch_enclosed
from bot.stores.sqlite import SqliteStore
from tests.contracts.stores import NOW, PULLED, advance, begun, unanswered
from tests.scenarios.world import ScriptedPlatform

KIM = Agent(id=AgentId("kim"))
LABEL = Enclosure(name="../label.pdf", media_type="application/pdf", content=b"%PDF " + bytes(3000))
PHOTO = Enclosure(name="box.png", media_type="image/png", content=bytes(range(256)))
TAKES = {"largest_file": 1024 * 1024, "deletes_sends": True, "edits_sends": True}
SECRET = "a secret of sixteen or more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """One member of staff at the counter, with one conversation."""

    store: SqliteStore
    time: VirtualTime
    road: Road
    delivery: Delivery
    counter: Counter
    conversation: Conversation

    async def act(self, action: str, *files: Enclosure, request: str = "", **fields: object) -> Result:
        done = await self.counter.perform(KIM, self.conversation.id, action, fields, files=files, request=request)
        await self.delivery.drain()
        return done

    async def line(self) -> TranscriptEntry:
        return (await self.counter.view(self.conversation.id)).transcript[-1]


async def staff(
    store: SqliteStore, time: VirtualTime, name: str, *channels: Channel, may: dict[str, object] = TAKES
) -> Staff:
    found = await begun(store, channel=name)
    waiting = {"state": State.ESCALATED, "unanswered": unanswered(NOW), "received": 1, "opened_at": NOW}
    conversation = await advance(store, found, after=waiting)
    road = Road(store=store, rules=Rules, time=time)
    commands = StaffCommands(
        store=store,
        road=road,
        time=time,
        revises=lambda _: Capabilities(name=name, **may),  # type: ignore[arg-type]
    )
    return Staff(
        store=store,
        time=time,
        road=road,
        delivery=Delivery(store=store, road=road, channels=channels, time=time, limits=DeliveryLimits()),
        counter=Counter(store=store, commands=commands, time=time, answers=NoTemplates()),
        conversation=conversation,
    )


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime(NOW)


@pytest.fixture
async def store(time: VirtualTime) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(memory=True, present=time.now, pulled=PULLED.__eq__)
    yield opened
    await opened.close()


async def test_a_channel_is_handed_the_files_themselves_and_staff_see_which_went(
    store: SqliteStore, time: VirtualTime
) -> None:
    platform = ScriptedPlatform(time)
    kim = await staff(store, time, "room", platform)
    assert (await kim.act("reply", LABEL, PHOTO, text="Here they are.")).accepted
    [taken] = platform.taken
    assert taken.enclosures == (replace(LABEL, name="label.pdf"), PHOTO)
    line = await kim.line()
    assert [(each.name, each.size) for each in line.attachments] == [("label.pdf", 3005), ("box.png", 256)]
    assert (line.text, line.send_state) == ("Here they are.", SendState.SENT)
    [told] = [event for event in await store.of(kim.conversation.id) if event.kind == "replied"]
    assert told.fields["files"] == 2
    assert "label" not in repr(told)


async def test_files_may_go_without_a_text_but_a_reply_of_nothing_may_not(
    store: SqliteStore, time: VirtualTime
) -> None:
    platform = ScriptedPlatform(time)
    kim = await staff(store, time, "room", platform)
    assert (await kim.act("reply", PHOTO)).accepted
    assert [(taken.send.text, taken.enclosures) for taken in platform.taken] == [("", (PHOTO,))]
    with pytest.raises(BadMessage, match="The reply is empty"):
        await kim.act("reply")


@pytest.mark.parametrize(
    ("action", "fields"),
    [("note", {"text": "Look at this."}), ("resolve", {}), ("claim", {}), ("delete", {"message": "s1"})],
)
async def test_nothing_but_a_reply_takes_files(
    store: SqliteStore, time: VirtualTime, action: str, fields: dict[str, object]
) -> None:
    platform = ScriptedPlatform(time)
    kim = await staff(store, time, "room", platform)
    with pytest.raises(BadMessage, match="takes no files"):
        await kim.act(action, PHOTO, **fields)
    assert platform.taken == []


async def test_no_desk_hands_in_files_among_the_fields(store: SqliteStore, time: VirtualTime) -> None:
    kim = await staff(store, time, "room")
    with pytest.raises(BadMessage, match="Reply takes no 'files'"):
        await kim.counter.perform(
            KIM, kim.conversation.id, "reply", {"text": "Here.", "files": ({"reference": "e1"},)}
        )


@pytest.mark.parametrize(
    ("may", "why"),
    [
        ({}, "On room no files can be sent: send the text alone."),
        ({"largest_file": 1024 * 1024}, "label.pdf is too large for room: at most 1 MB."),
        ({"instead": {"largest_file": "Put a link there."}}, "Put a link there."),
    ],
)
async def test_a_channel_that_cannot_take_them_is_named_and_nothing_is_sent(
    store: SqliteStore, time: VirtualTime, may: dict[str, object], why: str
) -> None:
    platform = ScriptedPlatform(time)
    kim = await staff(store, time, "room", platform, may=may)
    refused = await kim.act("reply", replace(LABEL, content=bytes(1024 * 1024 + 1)), text="Here.")
    assert (refused.accepted, refused.kind, refused.refusal) == (False, Refusal.NOT_NOW, why)
    assert platform.taken == []


async def test_the_same_wish_twice_sends_its_files_once(store: SqliteStore, time: VirtualTime) -> None:
    platform = ScriptedPlatform(time)
    kim = await staff(store, time, "room", platform)
    for _ in range(2):
        assert (await kim.act("reply", PHOTO, text="Here.", request="r1")).accepted
    assert len(platform.taken) == 1


async def test_files_come_along_again_when_the_platform_was_busy(store: SqliteStore, time: VirtualTime) -> None:
    platform = ScriptedPlatform(time, failures=[SendRefused("busy", retry_after=timedelta(seconds=1))])
    kim = await staff(store, time, "room", platform)
    await kim.act("reply", PHOTO)
    time.move_to(NOW + timedelta(seconds=5))
    await kim.delivery.drain()
    assert [taken.enclosures for taken in platform.taken] == [(PHOTO,)]


async def test_a_store_that_cannot_read_a_file_now_only_delays_it(
    store: SqliteStore, time: VirtualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = ScriptedPlatform(time)
    kim = await staff(store, time, "room", platform)

    async def unavailable(_: str) -> None:
        raise StoreUnavailable("locked")

    with monkeypatch.context() as broken:
        broken.setattr(store, "enclosure", unavailable)
        await kim.act("reply", PHOTO)
    assert ((await kim.line()).send_state, platform.taken) == (SendState.NEW, [])
    time.move_to(NOW + timedelta(seconds=5))
    await kim.delivery.drain()
    assert (await kim.line()).send_state is SendState.SENT


# --- the chat page ----------------------------------------------------------------------------------------


@pytest.fixture
def visitors() -> Visitors:
    return Visitors(secret=SECRET)


async def test_the_visitor_opens_a_file_with_their_token_and_nobody_else_does(
    store: SqliteStore, time: VirtualTime, visitors: Visitors
) -> None:
    kim = await staff(store, time, "webchat", WebChat(time=time))
    page = web.Application()
    page.add_routes(FileDoor(enclosures=store, visitors=visitors, time=time).routes())
    ann, bob = Visitor(external_id="ann"), Visitor(external_id="bob")
    await kim.act("reply", replace(LABEL, media_type="text/html"), text="Here.")
    frames: list[str] = []
    await Room(ann, store, at=NOW).enter(frames.append, after=0)
    [file] = json.loads(frames[0])["entries"][-1]["files"]
    assert (file["name"], file["size"]) == ("label.pdf", 3005)
    path = f"/chat/files/{file['id']}"
    async with TestClient(TestServer(page)) as client:

        async def opened(token: str) -> int:
            return (await client.get(path, headers={"Authorization": f"Bearer {token}"})).status

        response = await client.get(path, headers={"Authorization": f"Bearer {visitors.token(ann, now=NOW)}"})
        assert await response.read() == LABEL.content
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"] == 'attachment; filename="label.pdf"'
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert await opened(visitors.token(bob, now=NOW)) == 404
        assert await opened("forged") == 401
        assert (await client.get(path)).status == 401
        await kim.act("delete", message=(await kim.line()).message)
        assert await opened(visitors.token(ann, now=NOW)) == 404
    frames.clear()
    await Room(ann, store, at=NOW).enter(frames.append, after=0)
    assert "files" not in json.loads(frames[0])["entries"][-1]


# --- other systems ----------------------------------------------------------------------------------------


async def test_whoever_fetches_answers_is_told_where_a_file_opens(store: SqliteStore, time: VirtualTime) -> None:
    kim = await staff(store, time, PULLED)
    feed = AnswerFeed(store=store, road=kim.road, time=time)
    await kim.act("reply", LABEL)
    [told] = map(answer_of, await feed.fetch(PULLED, after=0, limit=10))
    [file] = told.attachments
    assert (told.kind, told.text, file.name, file.media_type, file.size) == (
        "reply",
        "",
        "label.pdf",
        "application/pdf",
        3005,
    )
    parts = ApiParts(
        channel=ApiChannel(),
        intake=unused,
        commands=None,  # type: ignore[arg-type]  # no route under test asks for it
        feed=feed,
        views=store,
        log=store,
        accounts=store,
        time=time,
        token="secret",
        enclosures=store,
    )
    app = web.Application()
    app.add_routes(api_routes(parts))
    async with TestClient(TestServer(app)) as client:
        mine = {"Authorization": "Bearer secret"}
        response = await client.get(file.url, headers=mine)
        assert (response.content_type, await response.read()) == ("application/pdf", LABEL.content)
        assert response.headers["Content-Disposition"] == 'attachment; filename="label.pdf"'
        assert (await client.get(file.url)).status == 401
        assert (await client.get("/api/v1/files/e0", headers=mine)).status == 404
        shown = await (await client.get(f"/api/v1/conversations/{kim.conversation.id}", headers=mine)).json()
        assert shown["messages"][-1]["attachments"][0]["url"] == file.url


async def unused(arrivals: object) -> list[object]:
    raise AssertionError(arrivals)


# --- staff ------------------------------------------------------------------------------------------------


async def test_desks_fetch_what_staff_sent_from_the_store(store: SqliteStore) -> None:
    fetch = fetch_enclosed(store)
    conversation = await begun(store)
    assert await fetch(await store.keep_enclosure(conversation.id, PHOTO)) == PHOTO.content
    with pytest.raises(NotFound, match="not kept any more"):
        await fetch("e0")
