"""Taking updates that Telegram brings: it repeats each until it is answered with 200, so storing comes first."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from telegram import Bot

from bot.channels.telegram.api import ALLOWED_UPDATES, BotApi
from bot.channels.telegram.polling import STORE_TOPIC, waiting
from bot.channels.telegram.reception import Reception
from bot.channels.telegram.trouble import Patience
from bot.channels.text import clean_name, lenient_json
from bot.errors import Overloaded, SettingsError, StoreError
from bot.ports import Board, TimeSource

log = structlog.get_logger(__name__)

PATH = "/webhooks/telegram"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of the header
#: An update is a few kilobytes; one that quotes a long message and its quotes, some more.
LARGEST_BODY = 1024 * 1024
#: Telegram brings what concerns one chat one after the other, whatever is allowed here.
MOST_AT_ONCE = 20
LOOK_AGAIN = timedelta(minutes=5)
TOPIC = "telegram.webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where Telegram brings updates, and what it shows so that nobody else can. The secret never shows."""

    url: str
    secret: str

    def __post_init__(self) -> None:
        if re.fullmatch(r"[A-Za-z0-9_-]{16,256}", self.secret) is None:
            raise SettingsError("the webhook's secret (not shown here) is 16 to 256 letters, digits, '_' and '-'")

    def __repr__(self) -> str:
        return f"Webhook(url={self.url!r})"


class WebhookDoor:
    """The route. Closed until the channel listens; while it cannot store, Telegram comes again."""

    def __init__(self, *, secret: str, board: Board, time: TimeSource) -> None:
        self._secret = secret.encode()
        self._board = board
        self._time = time
        self.reception: Reception | None = None

    async def take(self, request: web.Request) -> web.Response:
        """Answer one delivery."""
        offered = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(offered, self._secret):
            log.warning("telegram_webhook_refused")
            return web.Response(status=HTTPStatus.FORBIDDEN)
        if self.reception is None:
            return _later()
        body = await _body(request)
        if body is None:
            return web.Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            update = lenient_json(body)
        except (ValueError, RecursionError):
            return web.Response(status=HTTPStatus.BAD_REQUEST, text="send one update as JSON")
        return await self._store(self.reception, update)

    async def _store(self, reception: Reception, update: Any) -> web.Response:  # noqa: ANN401 - JSON is anything
        try:
            await reception.take([update], arrived_at=self._time.now())
        except (Overloaded, StoreError) as problem:
            self._board.tell(STORE_TOPIC, waiting(problem))
            return _later()
        self._board.clear(STORE_TOPIC)
        return web.Response()


class WebhookKeeper:
    """Tells Telegram where to bring updates, and looks now and then whether it still does."""

    def __init__(
        self, *, api: BotApi, webhook: Webhook, patience: Patience, board: Board, time: TimeSource
    ) -> None:
        self._api = api
        self._webhook = webhook
        self._patience = patience
        self._board = board
        self._time = time

    async def run(self) -> None:
        """Set the webhook and keep it. It stays when this is cancelled: what comes meanwhile waits at Telegram."""
        await self._patience.until_well(self._set)
        while True:
            await self._patience.pause(LOOK_AGAIN)
            await self._patience.until_well(self._look)

    async def _set(self) -> None:
        await self._api.bot.set_webhook(
            self._webhook.url,
            secret_token=self._webhook.secret,
            allowed_updates=list(ALLOWED_UPDATES),
            max_connections=MOST_AT_ONCE,
            drop_pending_updates=False,
        )
        log.info("telegram_webhook_set", host=urlsplit(self._webhook.url).hostname)

    async def _look(self) -> None:
        told = await self._wrong(self._api.bot)
        if told is None:
            self._board.clear(TOPIC)
        else:
            self._board.tell(TOPIC, told)

    async def _wrong(self, bot: Bot) -> str | None:
        """Return what is wrong with the webhook; one that somebody has changed is set again."""
        info = await bot.get_webhook_info()
        if info.url != self._webhook.url:
            await self._set()
            return (
                "Another program with the same token has changed where Telegram brings this bot's messages; Heed "
                "has changed it back. Stop the other one; each program needs a bot of its own"
            )
        if info.last_error_date is None or self._time.now() - info.last_error_date > LOOK_AGAIN:
            return None
        return (
            f"Telegram could not bring messages to {urlsplit(info.url).hostname}: "
            f"{clean_name(info.last_error_message)}; {info.pending_update_count} wait there"
        )


async def _body(request: web.Request) -> bytes | None:
    """Return the body, None if it is too large."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LARGEST_BODY:
            return None
    return bytes(body)


def _later() -> web.Response:
    return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "1"})
