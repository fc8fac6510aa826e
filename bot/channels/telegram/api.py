"""The Bot API by the library's bot, kept open while somebody uses it, and quiet: its addresses hold the token."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import httpx
from telegram import Bot
from telegram.error import BadRequest, TelegramError
from telegram.request import BaseRequest, HTTPXRequest, RequestData

from bot.errors import SettingsError

OFFICIAL = "https://api.telegram.org"
#: What Heed asks Telegram for. The rest (reactions, votes, payments) stays there.
ALLOWED_UPDATES = ("message", "edited_message", "my_chat_member")
#: How long Telegram holds a request for updates open while there are none.
LONG_POLL = timedelta(seconds=25)
#: The most updates that Telegram hands out at once.
MOST_UPDATES = 100
#: How long an answer of Telegram's may take, beyond the holding open of a request for updates.
ANSWER_WITHIN = 15.0
CONNECT_WITHIN = 5.0
#: Refusals that the library tells apart; any other of the client's faults is one of them.
_TOLD_APART = frozenset({400, 401, 403, 404, 409, 429})
USUAL_WAIT = timedelta(seconds=5)
LONGEST_WAIT = 24 * 3600


class AskedToWait(TelegramError):
    """Telegram has carried nothing out and asks to come again later. The library's own error warns of itself."""

    __slots__ = ("wait",)

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"wait {wait.total_seconds():.0f} s")
        self.wait = wait


class QuietRequest(HTTPXRequest):
    """The library's HTTP that never logs an answer's text, and tells every refusal from an accident."""

    __slots__ = ()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Return an answer. Raises TelegramError for what is none, without a word of it."""
        try:
            answer = json.loads(payload.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise TelegramError("what answered is not the Bot API") from None
        return answer

    async def do_request(  # noqa: PLR0917 - the library's signature
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ANN401 - the library's own mark for "not given"
        write_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ANN401
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ANN401
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ANN401
    ) -> tuple[int, bytes]:
        """Send a request and return the status and the answer."""
        code, payload = await super().do_request(
            url, method, request_data, read_timeout, write_timeout, connect_timeout, pool_timeout
        )
        if code == HTTPStatus.TOO_MANY_REQUESTS:
            raise AskedToWait(_asked(payload))
        if 400 <= code < 500 and code not in _TOLD_APART:
            raise BadRequest(f"status {code}")
        return code, payload


class BotApi:
    """The bot's account. Connections stay open from the first ``open`` to the end of the last."""

    def __init__(self, *, token: str, api: str, long_poll: timedelta = LONG_POLL) -> None:
        if re.fullmatch(r"\d{1,20}:[A-Za-z0-9_-]{3,}", token) is None:
            raise SettingsError(
                "TELEGRAM_TOKEN is not a bot's token (not shown here); @BotFather gives one like '123456:ABC-DEF'"
            )
        hush()
        self.account = token.partition(":")[0]
        self._long_poll = long_poll
        read = long_poll.total_seconds() + ANSWER_WITHIN
        trust = httpx.create_ssl_context()  # once: reading all certificates takes a while
        self._polls = _request(trust, connections=2, read=read)
        self._calls = _request(trust, connections=32, read=ANSWER_WITHIN)
        base = api.rstrip("/")
        self.bot = Bot(
            token,
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=self._calls,
            get_updates_request=self._polls,
        )
        self._users = 0
        self._changing = asyncio.Lock()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Bot]:
        """Give the bot, whose connections are closed after the last who uses it."""
        self._users += 1
        try:
            async with self._changing:
                await asyncio.gather(self._polls.initialize(), self._calls.initialize())
            yield self.bot
        finally:
            self._users -= 1
            await self._close_unless_used()

    async def _close_unless_used(self) -> None:
        async with self._changing:
            if not self._users:
                await asyncio.gather(self._polls.shutdown(), self._calls.shutdown())

    async def updates(self, offset: int | None) -> list[Any]:
        """Return what has happened since ``offset``, as Telegram sent it; waits a while if nothing has.

        The library's own call would make objects of them, which loses what it does not know.
        """
        query: dict[str, Any] = {
            "timeout": int(self._long_poll.total_seconds()),
            "limit": MOST_UPDATES,
            "allowed_updates": json.dumps(ALLOWED_UPDATES),
        }
        if offset is not None:
            query["offset"] = offset
        found: Any = await self._polls.post(f"{self.bot.base_url}/getUpdates?{urlencode(query)}")
        if not isinstance(found, list):
            raise TelegramError("what answered is not the Bot API")
        return found


def _asked(payload: bytes) -> timedelta:
    """Return how long Telegram asks to wait."""
    try:
        seconds = QuietRequest.parse_json_payload(payload)["parameters"]["retry_after"]
    except (TelegramError, KeyError, TypeError):
        return USUAL_WAIT
    return timedelta(seconds=min(max(seconds, 1), LONGEST_WAIT)) if type(seconds) is int else USUAL_WAIT


def hush() -> None:
    """Keep the HTTP client from logging addresses: they hold the token."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.WARNING)  # at DEBUG it logs texts


def _request(trust: ssl.SSLContext, *, connections: int, read: float) -> QuietRequest:
    return QuietRequest(
        connection_pool_size=connections,
        read_timeout=read,
        write_timeout=ANSWER_WITHIN,
        connect_timeout=CONNECT_WITHIN,
        pool_timeout=CONNECT_WITHIN,
        httpx_kwargs={"verify": trust},
    )
