"""Updates that Telegram brings to Heed's own route."""

from __future__ import annotations

import contextlib
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.channels.telegram.webhook import LARGEST_BODY, SECRET_HEADER, Webhook
from bot.errors import Overloaded, SettingsError, StoreUnavailable
from tests.wire.telegram.faults import Refuse
from tests.wire.telegram.server import BotApiServer
from tests.wire.telegram.world import Side, until

SECRET = "a-secret_of-64-characters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooked:
    heed: Side
    url: str


@contextlib.asynccontextmanager
async def hooked(telegram: BotApiServer) -> AsyncIterator[Hooked]:
    """Run Heed's web application with the channel's route in it."""

    async def door(request: web.Request) -> web.StreamResponse:
        return await route.handler(request)

    app = web.Application()
    app.router.add_post("/webhooks/telegram", door)
    async with TestServer(app) as served:
        url = str(served.make_url("/webhooks/telegram"))
        heed = Side(telegram, webhook=Webhook(url=url, secret=SECRET))
        [route] = heed.channel.routes()
        assert (route.method, route.path) == ("POST", "/webhooks/telegram")
        yield Hooked(heed=heed, url=url)


async def post(url: str, body: bytes, secret: str | None = SECRET) -> int:
    headers = {} if secret is None else {SECRET_HEADER: secret}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=io.BytesIO(body), headers=headers) as response,
    ):
        return response.status


async def test_telegram_brings_what_customers_write(telegram: BotApiServer) -> None:
    async with hooked(telegram) as served, served.heed.listening():
        telegram.says("Where is my order?")
        telegram.says("It is late")
        await served.heed.stores("Where is my order?", "It is late")
        await until(lambda: not telegram.waiting)
    assert telegram.webhook["url"] == served.url  # it stays: what comes meanwhile waits at Telegram
    assert telegram.webhook["secret_token"] == SECRET
    assert telegram.webhook["allowed_updates"] == '["message", "edited_message", "my_chat_member"]'
    assert telegram.calls["getUpdates"] == 0


@pytest.mark.parametrize("why", [Overloaded("full"), StoreUnavailable("locked")])
async def test_what_cannot_be_stored_is_brought_again(telegram: BotApiServer, why: Exception) -> None:
    async with hooked(telegram) as served, served.heed.listening():
        served.heed.intake.broken = why
        telegram.says("Where is my order?")
        await until(lambda: telegram.webhook_statuses.count(503) >= 3)
        assert "Messages wait at Telegram" in served.heed.board.shown["telegram.store"]
        served.heed.intake.broken = None
        await served.heed.stores("Where is my order?")
        await served.heed.quiet("telegram.store")
    assert {arrival.external_id for arrival in served.heed.intake.seen} == {"1001/1"}


async def test_before_it_listens_and_after_it_telegram_is_told_to_come_again(telegram: BotApiServer) -> None:
    async with hooked(telegram) as served:
        assert await post(served.url, b"{}") == 503
        async with served.heed.listening():
            await until(lambda: telegram.webhook)
            assert await post(served.url, b"{}") == 200
        assert await post(served.url, b"{}") == 503


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", "é"])
async def test_who_does_not_know_the_secret_is_turned_away(telegram: BotApiServer, secret: str | None) -> None:
    async with hooked(telegram) as served, served.heed.listening():
        await until(lambda: telegram.webhook)
        assert await post(served.url, b'{"update_id":1,"message":{}}', secret) == 403
    assert served.heed.channel.tally.unreadable == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"{", 400), (b"[" * 100_000, 400), (b" " * (LARGEST_BODY + 1), 413), (b"[1]", 200), (b"7", 200)],
    ids=["nothing", "half", "deep", "large", "a list", "a number"],
)
async def test_a_body_that_is_no_update_is_answered_and_counted(
    telegram: BotApiServer, body: bytes, status: int
) -> None:
    async with hooked(telegram) as served, served.heed.listening():
        await until(lambda: telegram.webhook)
        assert await post(served.url, body) == status
    assert served.heed.channel.tally.unreadable == (1 if status == 200 else 0)


async def test_an_update_that_cannot_be_read_is_not_brought_again(telegram: BotApiServer) -> None:
    async with hooked(telegram) as served, served.heed.listening():
        telegram.push(message={"chat": 7})
        telegram.says("Hello")
        await served.heed.stores("Hello")
    assert telegram.webhook_statuses == [200, 200]


async def test_a_webhook_that_telegram_refuses_is_told_and_tried_again(telegram: BotApiServer) -> None:
    refused = "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
    telegram.fail("setWebhook", Refuse(status=400, description=refused))
    async with hooked(telegram) as served, served.heed.listening():
        await until(lambda: telegram.webhook)
        assert "an https url must be provided" in served.heed.board.told[0]
        await served.heed.quiet()


async def test_a_webhook_that_somebody_has_changed_is_told_and_set_again(telegram: BotApiServer) -> None:
    async with hooked(telegram) as served, served.heed.listening():
        await until(lambda: telegram.webhook)
        telegram.webhook = {}
        await served.heed.tells("Another program with the same token", "telegram.webhook")
        assert telegram.webhook["url"] == served.url
        await served.heed.quiet("telegram.webhook")
    assert set(served.heed.time.waited) == {timedelta(minutes=5).total_seconds()}


async def test_what_telegram_could_not_bring_is_told(telegram: BotApiServer) -> None:
    async with hooked(telegram) as served, served.heed.listening():
        await until(lambda: telegram.webhook)
        telegram.last_error = {"last_error_date": telegram.date(), "last_error_message": "Connection timed out"}
        await served.heed.tells("Connection timed out", "telegram.webhook")


async def test_without_a_webhook_there_is_no_route(telegram: BotApiServer, heed: Side) -> None:
    assert heed.channel.routes() == []


async def test_a_secret_that_telegram_would_refuse_is_refused_at_once_and_never_shows() -> None:
    with pytest.raises(SettingsError) as refused:
        Webhook(url="https://heed.example/webhooks/telegram", secret="far too short!")
    assert "far too" not in str(refused.value)
    assert SECRET not in repr(Webhook(url="https://heed.example/webhooks/telegram", secret=SECRET))
