"""Every channel, as the contract suite meets it. A new channel adds one case here and changes nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
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
from bot.channels.discord.channel import DiscordChannel
from bot.channels.webchat.channel import WebChat
from bot.channels.webchat.parse import CatchUp, Hello, Typing, arrival_of, parse_frame
from bot.channels.webchat.visitors import Visitor
from bot.domain.messages import ConversationId
from bot.domain.rooms import RoomRules
from bot.errors import BadMessage
from bot.records import Arrival, ArrivalKind
from tests.channels.discord import case as discord
from tests.channels.telegram import case as telegram
from tests.contracts.channel_case import (
    ANY_JSON,
    FILES,
    NOW,
    ChannelCase,
    Platform,
    StandingTime,
    revision,
    sending,
    spoiled,
    with_files,
)
from tests.wire.discord.platform import discord_platform
from tests.wire.telegram.world import Marks, Words

__all__ = ["CASES", "FILES", "LATER", "NOW", "ChannelCase", "revision", "sending", "with_files"]

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
    shown: dict[str, str] = {}

    async def take(request: web.Request) -> web.Response:
        pushed = await request.json()
        answer = pushed["data"]
        if request.headers["webhook-id"] not in taken:
            taken[request.headers["webhook-id"]] = answer["text"]
            shown[answer["revises"] or answer["id"]] = answer["text"]
        assert pushed["type"] == ("answer.revised" if answer["revises"] else "answer.created")
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", take)
    secret = Secret("whsec_" + base64.b64encode(bytes(32)).decode())
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        hook = Webhook(url=str(server.make_url("/")), secret=secret, session=session, time=StandingTime())
        yield Platform(
            channel=ApiChannel(webhook=hook),
            received=lambda: list(taken.values()),
            shown=lambda: [text for text in shown.values() if text],
        )


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
    yield Platform(channel=WebChat(time=StandingTime()), received=lambda: ["On its way."], shown=None)


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

# --- Discord and Telegram ---------------------------------------------------------------------------------

DISCORD = ChannelCase(
    name="discord",
    served="discord",
    channel=lambda: DiscordChannel(
        token="t", rules=RoomRules(), time=StandingTime(), marks=Marks(), board=Words(), api="http://127.0.0.1:9"
    ),
    parse=discord.parsed,
    payloads=discord.PAYLOADS,
    message=discord.message,
    like_ours=discord.like_ours,
    platform=discord_platform,
)

TELEGRAM = ChannelCase(
    name="telegram",
    served="telegram",
    channel=telegram.channel,
    parse=telegram.parse,
    payloads={
        ArrivalKind.MESSAGE: telegram.MESSAGE,
        ArrivalKind.EDIT: telegram.EDIT,
        ArrivalKind.REPLY: telegram.REPLY,
    },
    message=telegram.text_message,
    like_ours=telegram.like_ours(spoiled, ANY_JSON),
    platform=telegram.platform,
)

CASES = (API, CHAT, DISCORD, TELEGRAM)
LATER = NOW + timedelta(days=400)
