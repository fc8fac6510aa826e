"""Files that staff send along with replies: kept before the reply, taken along by it, erased with the customer."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.actions import Send
from bot.domain.messages import ConversationId
from bot.records import Enclosure
from bot.stores.sqlite.codec import micros, span
from bot.stores.sqlite.transaction import Transaction

#: For how long a file is kept that no reply takes along.
LEFT_FOR = timedelta(days=1)

_ADD = """
INSERT INTO enclosures (id, conversation, name, media_type, kept_at, content) VALUES (?, ?, ?, ?, ?, ?)"""
_TAKE_ALONG = "UPDATE enclosures SET message = ? WHERE id = ? AND conversation = ? AND message IS NULL"
_FORGET_LEFT = "DELETE FROM enclosures WHERE message IS NULL AND kept_at < ?"
_GET = "SELECT name, media_type, content FROM enclosures WHERE id = ?"
_GET_FOR = """
SELECT e.name, e.media_type, e.content
FROM enclosures e
JOIN messages m ON m.id = e.message AND m.deleted_at IS NULL AND m.erased = 0
JOIN customers u ON u.id = m.customer
JOIN outbox o ON o.action = m.action
WHERE e.id = ? AND u.channel = ? AND u.external_id = ? AND o.state IN ('sending', 'sent', 'unknown')"""
_ERASE = "DELETE FROM enclosures WHERE conversation IN (SELECT value FROM json_each(?))"


def keep(tx: Transaction, conversation: ConversationId, enclosure: Enclosure, *, at: datetime) -> str:
    """Store a file and return its id, which nobody can guess."""
    forget_left(tx, at=micros(at))
    name = "e" + secrets.token_hex(16)
    row = (name, conversation, enclosure.name, enclosure.media_type, micros(at), enclosure.content)
    tx.execute(_ADD, row)
    return name


def take_along(tx: Transaction, sends: Sequence[tuple[ConversationId, Send]], *, at: int) -> None:
    """Let files belong to the replies that take them along; what was left for a day goes."""
    along = [(send.message, each.reference, where) for where, send in sends for each in send.attachments]
    tx.executemany(_TAKE_ALONG, along)
    forget_left(tx, at=at)


def forget_left(tx: Transaction, *, at: int) -> None:
    """Remove files that no reply has taken along for a day."""
    tx.execute(_FORGET_LEFT, (at - span(LEFT_FOR),))


def of(connection: sqlite3.Connection, enclosure: str) -> Enclosure | None:
    """Return a file, None where there is none of this id."""
    return _enclosure(connection.execute(_GET, (enclosure,)).fetchone())


def of_customer(connection: sqlite3.Connection, channel: str, customer: str, enclosure: str) -> Enclosure | None:
    """Return a file that was sent to this customer and not taken back."""
    return _enclosure(connection.execute(_GET_FOR, (enclosure, channel, customer)).fetchone())


def erase(tx: Transaction, ids: str) -> None:
    """Remove all files of these conversations."""
    tx.execute(_ERASE, (ids,))


def _enclosure(row: Sequence[object] | None) -> Enclosure | None:
    match row:
        case (str(name), str(media_type), bytes(content)):
            return Enclosure(name=name, media_type=media_type, content=content)
        case _:
            return None
