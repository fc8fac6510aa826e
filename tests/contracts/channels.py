"""Every channel, as the contract suite meets it. A new channel adds one case here and changes nothing else."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import strategies as st

from bot.channels.api.bodies import ReplyIn
from bot.channels.api.channel import ApiChannel
from bot.channels.api.names import ChannelNames
from bot.channels.api.parse import delivered_reply, parse_deletion, parse_edit, parse_message, parse_messages
from bot.channels.api.reading import read_body
from bot.channels.api.webhook import Secret, Webhook
from bot.channels.webchat.channel import WebChat
from bot.channels.webchat.parse import CatchUp, Hello, Typing, arrival_of, parse_frame
from bot.channels.webchat.visitors import Visitor
from bot.domain.actions import Send, SendState
from bot.domain.decisions import Wording
from bot.domain.messages import ActionId, Address, Author, ConversationId, MessageId
from bot.errors import BadMessage
from bot.ports import Channel
from bot.records import Arrival, ArrivalKind, Sending

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

Parse = Callable[[Any, datetime], Sequence[Arrival]]


class StandingTime:
    """A time source that stands still."""

    def now(self) -> datetime:
        return NOW

    async def wait(self, event: asyncio.Event, until: datetime | None) -> None:
        await event.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A channel connected to a stand-in of its platform, and what the customer there has received."""

    channel: Channel
    received: Callable[[], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChannelCase:
    """What the suite needs to know of a channel.

    ``payloads``: one as the platform documents it for each kind that the channel can tell. ``message`` builds a
    payload around a text and a time. ``like_ours`` draws payloads that are nearly right. ``platform`` None: the
    other side fetches, nothing is ever sent.
    """

    name: str
    served: str
    channel: Callable[[], Channel]
    parse: Parse
    payloads: Mapping[ArrivalKind, Any]
    message: Callable[[str, datetime | None], Any]
    like_ours: st.SearchStrategy[Any]
    platform: Callable[[], AbstractAsyncContextManager[Platform]] | None

    def __str__(self) -> str:
        return self.name

    __repr__ = __str__


def sending(channel: str, key: str = "a1") -> Sending:
    """Return an answer on its way to a customer of a channel."""
    return Sending(
        seq=1,
        send=Send(
            id=ActionId(key),
            conversation=ConversationId("c1"),
            message=MessageId("s1"),
            author=Author.BOT,
            wording=Wording.ANSWER,
            text="On its way.",
            answers_to=1,
        ),
        address=Address(channel=channel, account="account", place="1001"),
        customer_external_id="1001",
        state=SendState.SENDING,
        created_at=NOW,
    )


#: Any JSON at all, some of it hostile.
ANY_TEXT = st.one_of(
    st.text(alphabet=st.characters(), max_size=30), st.sampled_from(["\x00", "\ud800", "\u202e", "9" * 400])
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=3,
)


def spoiled(good: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw a good payload with some fields replaced, left out or added."""
    changes = st.dictionaries(st.sampled_from([*good, "extra"]), ANY_JSON, max_size=3)
    gone = st.sets(st.sampled_from(sorted(good)), max_size=2)
    return st.builds(
        lambda new, without: {key: value for key, value in {**good, **new}.items() if key not in without},
        changes,
        gone,
    )


# --- the API ----------------------------------------------------------------------------------------------

NAMES = ChannelNames()
API_MESSAGE = {
    "id": "m-1",
    "conversation": "order-77",
    "customer": {"id": "u-1", "name": "Ann"},
    "text": "Where is my order?",
    "sent_at": "2026-11-22T08:59:00Z",
}


def api_payload(method: str, body: Any) -> tuple[str, bytes]:
    return method, json.dumps(body).encode("utf-8", "surrogatepass")


def api_parse(payload: tuple[str, bytes], arrived_at: datetime) -> Sequence[Arrival]:
    """Parse a request as the routes do: by its method and place."""
    method, body = payload
    match method:
        case "list":
            items = parse_messages(body, names=NAMES, arrived_at=arrived_at)
            assert all(isinstance(item, Arrival | BadMessage) for item in items)
            return [item for item in items if isinstance(item, Arrival)]
        case "edit":
            return [parse_edit(body, channel="api", external_id="m-1", names=NAMES, arrived_at=arrived_at)]
        case "delete":
            return [parse_deletion(channel="api", external_id="m-1", names=NAMES, arrived_at=arrived_at)]
        case "reply":
            reply = read_body(body, ReplyIn)
            conversation = ConversationId("c1")
            return [
                delivered_reply(
                    reply, own_id=reply.id or "r", channel="api", conversation=conversation, arrived_at=arrived_at
                )
            ]
        case _:
            return [parse_message(body, names=NAMES, arrived_at=arrived_at)]


def api_message(text: str, at: datetime | None) -> tuple[str, bytes]:
    return api_payload("message", {**API_MESSAGE, "text": text, "sent_at": at.isoformat() if at else None})


@asynccontextmanager
async def webhook_receiver() -> AsyncIterator[Platform]:
    """A system that takes each webhook-id once, as the scheme asks."""
    taken: dict[str, str] = {}

    async def take(request: web.Request) -> web.Response:
        taken.setdefault(request.headers["webhook-id"], (await request.json())["data"]["text"])
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", take)
    secret = Secret("whsec_" + base64.b64encode(bytes(32)).decode())
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        hook = Webhook(url=str(server.make_url("/")), secret=secret, session=session, time=StandingTime())
        yield Platform(channel=ApiChannel(webhook=hook), received=lambda: list(taken.values()))


API = ChannelCase(
    name="api",
    served="api",
    channel=ApiChannel,
    parse=api_parse,
    payloads={
        ArrivalKind.MESSAGE: api_payload("message", API_MESSAGE),
        ArrivalKind.EDIT: api_payload("edit", {"text": "Where is it?", "edited_at": "2026-11-22T08:59:30Z"}),
        ArrivalKind.DELETION: api_payload("delete", None),
        ArrivalKind.REPLY: api_payload("reply", {"id": "r-1", "agent": "anna", "text": "On its way."}),
    },
    message=api_message,
    like_ours=st.one_of(
        st.tuples(st.sampled_from(["message", "list", "edit", "reply"]), st.binary(max_size=60)),
        st.builds(api_payload, st.sampled_from(["message", "edit", "reply", "list"]), spoiled(API_MESSAGE)),
        st.builds(api_payload, st.just("list"), st.lists(spoiled(API_MESSAGE) | ANY_JSON, max_size=4)),
        st.builds(api_payload, st.just("edit"), spoiled({"text": "x", "edited_at": "2026-11-22T08:59:00Z"})),
        st.builds(api_payload, st.just("reply"), spoiled({"id": "r", "agent": "anna", "text": "x"})),
    ),
    platform=webhook_receiver,
)

# --- the chat page ----------------------------------------------------------------------------------------

VISITOR = Visitor(external_id="visitor:" + "0" * 32)
CHAT_MESSAGE = {
    "type": "message",
    "id": "message-1",
    "text": "Where is my order?",
    "sent_at": "2026-11-22T08:59:00Z",
}


def chat_parse(payload: str | bytes, arrived_at: datetime) -> Sequence[Arrival]:
    """Parse a frame of a visitor who has said hello."""
    frame = parse_frame(payload)
    if isinstance(frame, Hello | Typing | CatchUp):
        return []
    return [arrival_of(frame, visitor=VISITOR, arrived_at=arrived_at, longest=16_000)]


def chat_message(text: str, at: datetime | None) -> str:
    sent_at = at.isoformat() if at else None
    return json.dumps({**CHAT_MESSAGE, "text": text, "sent_at": sent_at})


@asynccontextmanager
async def transcript() -> AsyncIterator[Platform]:
    """The store is the platform: what is sent lies in the transcript once, however often it is sent."""
    yield Platform(channel=WebChat(time=StandingTime()), received=lambda: ["On its way."])


CHAT = ChannelCase(
    name="webchat",
    served="webchat",
    channel=lambda: WebChat(time=StandingTime()),
    parse=chat_parse,
    payloads={
        ArrivalKind.MESSAGE: json.dumps(CHAT_MESSAGE),
        ArrivalKind.EDIT: json.dumps({"type": "edit", "id": "message-1", "text": "Where is it?"}),
        ArrivalKind.DELETION: json.dumps({"type": "delete", "id": "message-1"}),
    },
    message=chat_message,
    like_ours=st.one_of(
        st.binary(max_size=60),
        ANY_JSON.map(json.dumps),
        spoiled(CHAT_MESSAGE).map(json.dumps),
        spoiled({"type": "edit", "id": "message-1", "text": "x", "revision": "r"}).map(json.dumps),
        spoiled({"type": "hello", "token": "t", "after": 3, "identity": None}).map(json.dumps),
    ),
    platform=transcript,
)

CASES = (API, CHAT)
LATER = NOW + timedelta(days=400)
