"""The channel against a Bot API server that is not ours: the npm package telegram-test-api.

PyPI's telemelya does not serve: it starts only with an S3 store, and its webhook deliveries carry no secret token,
so Heed turns them away as it must.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.channels.telegram.payloads import group, private, user
from tests.wire.telegram.server import TOKEN, BotApiServer
from tests.wire.telegram.world import Side, sending

HERE = Path(__file__).parent
NODE = shutil.which("node")


def is_installed() -> bool:
    if NODE is None:
        return False
    looked = [NODE, "-e", "require.resolve('telegram-test-api')"]
    return subprocess.run(looked, cwd=HERE, capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(
    not is_installed(), reason="needs telegram-test-api: npm install --no-save telegram-test-api@4.2.1"
)


@pytest.fixture
def independent() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [NODE, "independent.js", str(port)], cwd=HERE, stdout=subprocess.PIPE, text=True
    ) as node:
        try:
            assert node.stdout is not None
            assert node.stdout.readline() == "ready\n"
            yield f"http://127.0.0.1:{port}"
        finally:
            node.terminate()


async def writes(server: str, text: str, **message: object) -> None:
    """Let somebody write to the bot, by the package's own client interface."""
    said = {
        "botToken": TOKEN,
        "from": user(),
        "chat": private(),
        "date": int(time.time()),
        "text": text,
        **message,
    }
    async with aiohttp.ClientSession() as session, session.post(f"{server}/sendMessage", json=said) as answer:
        assert (await answer.json())["ok"]


async def received(server: str) -> list[dict]:
    asked = {"token": TOKEN, "chatId": 1001}
    async with aiohttp.ClientSession() as session, session.post(f"{server}/getUpdates", json=asked) as answer:
        return [each["message"] for each in (await answer.json())["result"]]


async def test_a_customer_is_heard_and_answered_through_a_server_that_is_not_ours(independent: str) -> None:
    heed = Side(BotApiServer(), api=independent)
    async with heed.listening():
        await writes(independent, "Where is my order?")
        await writes(independent, "@FernForgeBot and mine?", chat=group(), entities=[MENTION])
        await heed.stores("Where is my order?", "and mine?")
        await heed.channel.send(sending("On its way.", quick_replies=("Track it",)))
        [answer] = await received(independent)
    assert answer["text"] == "On its way."
    assert answer["reply_markup"]["keyboard"] == [[{"text": "Track it"}]]
    assert heed.board.told == []


MENTION = {"type": "mention", "offset": 0, "length": 13}
