"""Pushing answers, against a receiver on the loopback."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.channels.api.channel import ApiChannel
from bot.channels.api.webhook import Secret, Webhook, waiting_time
from bot.errors import SendError, SendFailed, SendRefused, SendUnknown, SettingsError
from bot.ports import DeliveryMode
from bot.records import Sent
from tests.channels.fakes import START, FakeTime, sending

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()


class Receiver:
    """Another system: it checks signatures and takes an id once."""

    def __init__(self) -> None:
        self.status = 204
        self.headers: dict[str, str] = {}
        self.taken: dict[str, dict] = {}
        self.requests: list[web.Request] = []
        self.hold: asyncio.Event | None = None
        self.cut = False

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.requests.append(request)
        id_, at = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        expected = hmac.digest(KEY, f"{id_}.{at}.".encode() + body, hashlib.sha256)
        assert request.headers["webhook-signature"] == "v1," + base64.b64encode(expected).decode()
        self.taken[id_] = json.loads(body)
        if self.cut:
            request.transport.abort()
        if self.hold:
            await self.hold.wait()
        return web.Response(status=self.status, headers=self.headers)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    return Receiver()


@pytest.fixture
async def server(receiver: Receiver) -> AsyncIterator[TestServer]:
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    async with TestServer(app) as server:
        yield server


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def channel(server: TestServer, session: aiohttp.ClientSession) -> ApiChannel:
    return ApiChannel(webhook=hook(str(server.make_url("/hook")), session))


def hook(url: str, session: aiohttp.ClientSession, timeout: timedelta = timedelta(seconds=30)) -> Webhook:
    return Webhook(url=url, secret=Secret(SECRET), session=session, time=FakeTime(), timeout=timeout)


async def test_a_push_is_signed_and_carries_the_answer_under_its_key(
    channel: ApiChannel, receiver: Receiver
) -> None:
    assert await channel.send(sending(1)) == Sent(at=START, external_ids=("a1",))
    pushed = receiver.taken["a1"]
    assert (pushed["type"], pushed["timestamp"]) == ("answer.created", "2026-11-22T09:00:01.000Z")
    assert (pushed["data"]["conversation"], pushed["data"]["text"]) == ("shop-77", "Your order is on its way.")


async def test_the_signature_is_the_one_of_the_standards_example() -> None:
    secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = secret.sign(id="msg_p5jXN8AQM9LWM0D4loKWxJek", at=1614265330, body=b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_a_repeated_push_carries_the_same_id_so_that_it_is_taken_once(
    channel: ApiChannel, receiver: Receiver
) -> None:
    await channel.send(sending(1))
    await channel.send(sending(1))
    assert (len(receiver.requests), len(receiver.taken)) == (2, 1)
    assert channel.capabilities.idempotent_sends


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, SendFailed),
        (401, SendFailed),
        (404, SendFailed),
        (410, SendFailed),
        (302, SendFailed),
        (429, SendRefused),
        (503, SendRefused),
        (408, SendUnknown),
        (500, SendUnknown),
        (502, SendUnknown),
    ],
)
async def test_each_status_says_what_is_known(
    channel: ApiChannel, receiver: Receiver, status: int, error: type[SendError]
) -> None:
    receiver.status = status
    with pytest.raises(error, match=str(status)):
        await channel.send(sending(1))


async def test_a_busy_receiver_says_when_to_come_again(channel: ApiChannel, receiver: Receiver) -> None:
    receiver.status, receiver.headers = 429, {"Retry-After": "17"}
    with pytest.raises(SendRefused) as refused:
        await channel.send(sending(1))
    assert refused.value.retry_after == timedelta(seconds=17)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 5),
        ("", 5),
        ("soon", 5),
        ("0", 1),
        ("999999999999", 3600),
        ("Sun, 22 Nov 2026 09:01:00 GMT", 60),
        ("Sun, 22 Nov 2020 09:01:00 GMT", 1),
    ],
)
def test_every_retry_after_becomes_a_wait_within_bounds(header: str | None, seconds: int) -> None:
    assert waiting_time(header, now=START) == timedelta(seconds=seconds)


async def test_nobody_listening_means_definitely_not_sent(session: aiohttp.ClientSession) -> None:
    with socket.socket() as deaf:  # holds the port, so that nobody else listens there, and does not listen itself
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        with pytest.raises(SendRefused, match="no connection"):
            await hook(f"http://127.0.0.1:{port}/", session).push(sending(1))


async def test_a_connection_cut_after_sending_leaves_it_unknown(channel: ApiChannel, receiver: Receiver) -> None:
    receiver.cut = True
    with pytest.raises(SendUnknown, match="cut off"):
        await channel.send(sending(1))
    assert "a1" in receiver.taken


async def test_a_receiver_that_does_not_answer_in_time_leaves_it_unknown(
    server: TestServer, session: aiohttp.ClientSession, receiver: Receiver
) -> None:
    url = str(server.make_url("/hook"))
    await hook(url, session).push(sending(1))  # the line stands: what runs out below is the time for an answer
    receiver.hold = asyncio.Event()
    with pytest.raises(SendUnknown, match="TimeoutError"):
        await hook(url, session, timedelta(milliseconds=60)).push(sending(1))
    receiver.hold.set()


async def test_without_a_webhook_answers_are_fetched_and_never_sent() -> None:
    channel = ApiChannel()
    assert channel.capabilities.mode is DeliveryMode.PULL
    with pytest.raises(SendFailed, match="fetched"):
        await channel.send(sending(1))


@pytest.mark.parametrize(
    "wrong", ["", "abc", "whsec_", "whsec_!!!", "whsec_" + base64.b64encode(b"short").decode()]
)
def test_a_wrong_secret_is_refused_without_showing_it(wrong: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Secret(wrong)
    assert not wrong or wrong not in str(refused.value).replace("whsec_'", "")


def test_a_secret_does_not_show_itself() -> None:
    assert SECRET not in repr(Secret(SECRET))


async def test_an_address_that_is_none_is_refused(session: aiohttp.ClientSession) -> None:
    with pytest.raises(SettingsError, match="https://"):
        hook("ftp://x", session)
