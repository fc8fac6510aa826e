"""Frames that go to the page. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from bot.channels.webchat.entries import Entry

_encode = msgspec.json.Encoder().encode


def welcome(*, token: str, identified: bool) -> str:
    """Say who the page is from now on. An identified visitor's token is not for keeping."""
    return _frame("welcome", token=token, identified=identified)


def shown(entries: Sequence[Entry], *, complete: bool = True) -> str:
    """Show lines, new or changed. ``complete``: nothing older is on its way."""
    return _frame("entries", entries=entries, complete=complete)


def ack(client_id: str, *, message: str | None) -> str:
    """Say that a message, an edit or a deletion is stored for good."""
    return _frame("ack", id=client_id, message=message)


def error(code: str, text: str, *, client_id: str | None = None, retry_after: timedelta | None = None) -> str:
    """Say that something was not done, whether to repeat it, and when."""
    seconds = None if retry_after is None else retry_after.total_seconds()
    return _frame("error", code=code, message=text, id=client_id, retry_after=seconds)


def _frame(kind: str, **fields: object) -> str:
    return _encode({"type": kind, **fields}).decode()
