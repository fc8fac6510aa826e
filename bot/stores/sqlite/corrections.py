"""What staff said that messages are. The words stay with the messages, so erasing and taking back reach them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from bot.domain.messages import AgentId, ConversationId, MessageId
from bot.domain.prediction import Label
from bot.records import CorrectedMessage, CorrectionRecord
from bot.stores.sqlite.codec import decode_texts, encode, micros, moment
from bot.stores.sqlite.transaction import Transaction

_KEEP = "INSERT OR REPLACE INTO corrections (message, labels, agent, at) VALUES (?, ?, ?, ?)"
_OF = """
SELECT c.message, c.labels, c.agent, c.at FROM messages m JOIN corrections c ON c.message = m.id
WHERE m.conversation = ? ORDER BY m.number"""
_WITH_TEXTS = """
SELECT c.message, b.text, c.labels FROM corrections c
JOIN messages m ON m.id = c.message
JOIN bodies b ON b.message = m.id AND b.revision = m.revision
WHERE c.message > ? AND m.erased = 0 AND m.deleted_at IS NULL AND coalesce(m.edited_at, 0) <= c.at
  AND trim(b.text) <> ''
ORDER BY c.message LIMIT ?"""
_ERASE = """
DELETE FROM corrections WHERE message IN (
    SELECT id FROM messages WHERE customer = ? OR conversation IN (SELECT value FROM json_each(?)))"""


def keep(tx: Transaction, corrections: Sequence[CorrectionRecord]) -> None:
    """Keep corrections; a later one of the same message takes the place of the one before."""
    rows = [(each.message, encode(each.labels).decode(), each.agent, micros(each.at)) for each in corrections]
    tx.executemany(_KEEP, rows)


def of(connection: sqlite3.Connection, conversation: ConversationId) -> tuple[CorrectionRecord, ...]:
    """Return the corrections of a conversation's messages, in the order of the messages."""
    return tuple(
        CorrectionRecord(message=MessageId(message), labels=_labels(labels), agent=AgentId(agent), at=moment(at))
        for message, labels, agent, at in connection.execute(_OF, (conversation,))
    )


def with_texts(connection: sqlite3.Connection, *, after: str, limit: int) -> list[CorrectedMessage]:
    """Return corrected messages whose text is still what was corrected, by id behind ``after``."""
    return [
        CorrectedMessage(message=MessageId(message), text=text, labels=_labels(labels))
        for message, text, labels in connection.execute(_WITH_TEXTS, (after, limit))
    ]


def erase(tx: Transaction, who: str, ids: str) -> None:
    """Forget what was said of a customer's messages, and of all in their conversations (a JSON list of ids)."""
    tx.execute(_ERASE, (who, ids))


def _labels(kept: str) -> tuple[Label, ...]:
    return tuple(Label(name) for name in decode_texts(kept))
