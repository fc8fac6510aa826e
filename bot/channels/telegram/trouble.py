"""What Telegram's refusals and accidents mean: a sentence for operations, and what is known of a send.

No text of a failed connection is ever repeated: it may hold the address, and the address holds the token.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import httpx
import structlog
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
)

from bot.channels.telegram.api import AskedToWait
from bot.channels.text import clean_name
from bot.errors import SendError, SendFailed, SendRefused, SendUnknown
from bot.ports import Board, TimeSource

log = structlog.get_logger(__name__)

T = TypeVar("T")

TOPIC = "telegram"
#: Accidents in a row before operations are told: one now and then is how networks are.
QUIET_FAILURES = 2
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
#: The request has not left: there was no connection for it.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


def said(error: TelegramError) -> str:
    """Return what Telegram said of a request that it refused, short and on one line."""
    return clean_name(error.message)[:160] or type(error).__name__


def send_error(error: Exception) -> SendError:
    """Return what is known of a send that ended so."""
    match error:
        case AskedToWait():
            return SendRefused(f"Telegram asks to {said(error)}", retry_after=error.wait)
        case Forbidden() | BadRequest() | Conflict():
            return SendFailed(f"Telegram refuses it: {said(error)}")
        case InvalidToken():
            return SendFailed("Telegram refuses the token")
        case ChatMigrated():
            return SendFailed("the group has moved again while its text was on its way")
        case _ if isinstance(error.__cause__, NOT_SENT):
            return SendRefused(f"no connection to Telegram ({_named(error)})", retry_after=5 * SECOND)
        case _:
            return SendUnknown(f"cut off before Telegram answered ({_named(error)})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What to make of a call that failed: wait ``first``, doubling up to ``longest``; None: for good.

    ``quietly``: so many of its kind in a row are no news.
    """

    sentence: str
    first: timedelta | None
    longest: timedelta = MINUTE
    quietly: int = 0

    def wait(self, failures: int) -> timedelta | None:
        """Return how long to wait after so many failures in a row."""
        if self.first is None:
            return None
        doubled: timedelta = self.first * 2 ** min(failures - 1, 20)
        return min(doubled, self.longest)


def trouble_of(error: Exception) -> Trouble:
    """Return what a failed call means, other than a send."""
    match error:
        case InvalidToken():
            return Trouble(
                sentence="Telegram refuses the token: it was revoked or is mistyped. Get one from @BotFather, set "
                "TELEGRAM_TOKEN and start Heed again; messages wait at Telegram for 24 hours",
                first=None if "unauthorized" in error.message.lower() else 5 * MINUTE,
                longest=5 * MINUTE,
            )
        case Conflict():
            return Trouble(sentence=_conflict(error), first=5 * SECOND, longest=5 * MINUTE)
        case AskedToWait():
            told = f"Telegram asks Heed to {said(error)} before it asks for messages again"
            return Trouble(sentence=told, first=error.wait, longest=error.wait)
        case BadRequest() | Forbidden():
            return Trouble(sentence=f"Telegram refuses: {said(error)}", first=5 * SECOND, longest=5 * MINUTE)
        case _:
            told = f"No connection to Telegram ({_named(error)}); messages wait there for 24 hours"
            return Trouble(sentence=told, first=SECOND, longest=MINUTE, quietly=QUIET_FAILURES)


def _conflict(error: Conflict) -> str:
    if "webhook" in error.message.lower():
        return (
            "Somebody has set a webhook for this bot, so Telegram gives its messages there and not to Heed. "
            "Stop what sets it, then start Heed again; each program needs a bot of its own"
        )
    return (
        "Another program fetches this bot's messages with the same token, so each gets only some of them. "
        "Stop the other one; each program needs a bot of its own"
    )


def _named(error: Exception) -> str:
    if isinstance(error, NetworkError) and error.__cause__ is None:
        return f"an answer that says {said(error)!r}"
    return type(error.__cause__ or error).__name__


class Patience:
    """Repeats a call to Telegram until it succeeds, never in a tight loop, and tells operations meanwhile."""

    def __init__(self, *, board: Board, time: TimeSource) -> None:
        self._board = board
        self._time = time
        self._failures = 0

    async def until_well(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return what the call gives. With a refused token it waits until it is cancelled."""
        while True:
            try:
                result = await call()
            except Exception as error:  # noqa: BLE001 - whatever a library raises, the next try comes later
                await self._bear(error)
            else:
                self._failures = 0
                self._board.clear(TOPIC)
                return result

    async def pause(self, duration: timedelta) -> None:
        """Wait."""
        await self._time.wait(asyncio.Event(), self._time.now() + duration)

    async def _bear(self, error: Exception) -> None:
        trouble = trouble_of(error)
        self._failures += 1
        wait = trouble.wait(self._failures)
        log.warning("telegram_call_failed", kind=type(error).__name__, failures=self._failures, wait=str(wait))
        if self._failures > trouble.quietly:
            self._board.tell(TOPIC, trouble.sentence)
        if wait is None:
            await asyncio.Event().wait()
        else:
            await self.pause(wait)
