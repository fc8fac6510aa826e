"""Pushing answers to another system, signed after the Standard Webhooks scheme (standardwebhooks.com).

The receiver checks the signature and drops a ``webhook-id`` that it has seen, so a push may be repeated.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp
import msgspec

from bot.channels.api.answers import answer_of, timestamp
from bot.channels.api.bodies import Pushed
from bot.errors import SendFailed, SendRefused, SendUnknown, SettingsError
from bot.ports import TimeSource
from bot.records import Sending, Sent

TIMEOUT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(hours=1)
USUAL_WAIT = timedelta(seconds=5)
#: Answers that say "not taken, come again": the request changed nothing.
_AGAIN = frozenset({425, 429, 503})


class Secret:
    """The key that both sides share. Its text never shows."""

    __slots__ = ("_key",)

    def __init__(self, text: str) -> None:
        self._key = _key_of(text)

    def __repr__(self) -> str:
        return "Secret(…)"

    def sign(self, *, id: str, at: int, body: bytes) -> str:  # noqa: A002 - the scheme's name
        """Return the signature of one push (version 1: HMAC-SHA256, base64)."""
        signed = b".".join((id.encode(), str(at).encode(), body))
        return "v1," + base64.b64encode(hmac.digest(self._key, signed, hashlib.sha256)).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where answers are pushed. ``session`` is opened and closed by whoever wires this."""

    url: str
    secret: Secret
    session: aiohttp.ClientSession
    time: TimeSource
    timeout: timedelta = TIMEOUT

    def __post_init__(self) -> None:
        if not self.url.startswith(("https://", "http://")):
            raise SettingsError(f"webhook: {self.url!r} is no address; it starts with https://")

    async def push(self, sending: Sending) -> Sent:
        """Deliver one answer and return when it was taken. Raises a SendError that says what is known.

        The receiver knows it by its action's id, and a text that was changed by its own.
        """
        body = _body(sending)
        try:
            status, retry_after = await self._post(body, self._headers(sending.send.id, body))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as problem:
            raise SendRefused(f"webhook: no connection ({_named(problem)})", retry_after=USUAL_WAIT) from None
        except aiohttp.InvalidURL:
            raise SendFailed("webhook: its address is malformed") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise SendUnknown(f"webhook: cut off before it answered ({_named(problem)})") from None
        judge(status, retry_after, now=self.time.now())
        ids = sending.revised_ids if sending.send.revises else (sending.send.id,)
        return Sent(at=self.time.now(), external_ids=ids)

    async def _post(self, body: bytes, headers: dict[str, str]) -> tuple[int, str | None]:
        limit = aiohttp.ClientTimeout(total=self.timeout.total_seconds(), connect=5)
        async with self.session.post(
            self.url, data=body, headers=headers, timeout=limit, allow_redirects=False
        ) as answer:
            return answer.status, answer.headers.get("Retry-After")

    def _headers(self, action: str, body: bytes) -> dict[str, str]:
        at = int(self.time.now().timestamp())
        return {
            "Content-Type": "application/json",
            "webhook-id": action,
            "webhook-timestamp": str(at),
            "webhook-signature": self.secret.sign(id=action, at=at, body=body),
        }


def judge(status: int, retry_after: str | None, *, now: datetime) -> None:
    """Return for a taken push; raise the SendError that a status stands for."""
    if 200 <= status < 300:
        return
    if status in _AGAIN:
        raise SendRefused(f"webhook: status {status}", retry_after=waiting_time(retry_after, now=now))
    if status >= 500 or status == 408:
        raise SendUnknown(f"webhook: status {status}")
    raise SendFailed(f"webhook: status {status}; a 2xx status means taken")


def waiting_time(header: str | None, *, now: datetime) -> timedelta:
    """Return how long a Retry-After header asks to wait (seconds or a date), within 1 second and 1 hour."""
    return min(max(_asked(header or "", now), timedelta(seconds=1)), LONGEST_WAIT)


def _asked(header: str, now: datetime) -> timedelta:
    text = header.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), LONGEST_WAIT.total_seconds()))
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return USUAL_WAIT
    return (date if date.tzinfo else date.replace(tzinfo=UTC)) - now


def _body(sending: Sending) -> bytes:
    answer = answer_of(sending)
    pushed = Pushed(
        type="answer.created" if sending.send.revises is None else "answer.revised",
        timestamp=timestamp(sending.created_at),
        data=answer,
    )
    return msgspec.json.encode(pushed)


def _key_of(text: str) -> bytes:
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith("whsec_") or not 24 <= len(key) <= 64:
        raise SettingsError("the webhook's secret is 'whsec_' and 24 to 64 bytes in base64 (not shown here)")
    return key


def _named(problem: BaseException) -> str:
    return type(problem).__name__
