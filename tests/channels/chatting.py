"""A chat that is served, and a page that talks to it, for the tests of the chat page's WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer

from bot.channels.webchat.chat import Chat, ChatParts
from bot.channels.webchat.origins import Origins
from bot.channels.webchat.visitors import Visitors
from tests.channels.fakes import FakeHeed

SECRET = "a secret of sixteen or more"
HOST_SECRET = b"shared with the host page"
PATIENCE = 30  # seconds, which only end a hang


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
        async with asyncio.timeout(PATIENCE):
            return json.loads(await self.socket.receive_str())

    async def closed(self) -> int:
        """Return the code with which Heed ended the line, though the line may be gone before that is answered."""
        async with asyncio.timeout(PATIENCE):
            message = await self.socket.receive()
        assert message.type in {WSMsgType.CLOSE, WSMsgType.CLOSED}
        return message.data if message.type is WSMsgType.CLOSE else self.socket.close_code

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
