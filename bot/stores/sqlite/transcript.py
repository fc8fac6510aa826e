"""What was said: all of it for staff, and what one customer may see."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from bot.domain.actions import SendState
from bot.domain.decisions import Wording
from bot.domain.messages import AgentId, Author, ConversationId, MessageId
from bot.records import TranscriptEntry
from bot.stores.sqlite.codec import attachments_of, decode_texts, moment, moment_or_none

_ENTRY = """
SELECT m.id, m.conversation, m.author, coalesce(b.text, ''), coalesce(o.sent_at, m.at), m.number,
       CASE WHEN m.author = 'customer' THEN coalesce(u.name, '') ELSE '' END, m.agent, m.wording, m.template,
       o.state, m.quick_replies, m.edited_at, m.deleted_at, m.external_id, b.attachments
FROM messages m
LEFT JOIN bodies b ON b.message = m.id AND b.revision = m.revision
LEFT JOIN customers u ON u.id = m.customer
LEFT JOIN outbox o ON o.action = m.action
"""
_OF = _ENTRY + "WHERE m.conversation = ? ORDER BY m.number"
_SEEN = """
WHERE m.customer = (SELECT id FROM customers WHERE channel = ? AND external_id = ?) AND m.number > ?
  AND (o.state IS NULL OR o.state IN ('sending', 'sent', 'unknown'))
ORDER BY m.number LIMIT ?"""
_HISTORY = _ENTRY + _SEEN
_EARLIER = """
SELECT b.message, b.text FROM bodies b JOIN messages m ON m.id = b.message
WHERE m.conversation = ? AND m.revision > 0 AND b.revision < m.revision ORDER BY b.message, b.revision"""


def transcript(connection: sqlite3.Connection, conversation: ConversationId) -> tuple[TranscriptEntry, ...]:
    """Return everything that was said, with earlier texts of what was edited."""
    earlier: dict[str, list[str]] = {}
    for message, text in connection.execute(_EARLIER, (conversation,)):
        earlier.setdefault(message, []).append(text)
    return tuple(_entry(row, earlier.get(row[0], ())) for row in connection.execute(_OF, (conversation,)))


def history(
    connection: sqlite3.Connection, channel: str, customer: str, *, after: int, limit: int
) -> list[TranscriptEntry]:
    """Return what a customer wrote and what was sent to them. What they deleted is empty."""
    rows = connection.execute(_HISTORY, (channel, customer, after, limit))
    return [_entry(_emptied(row) if row[13] else row) for row in rows]


def _emptied(row: Sequence[Any]) -> Sequence[Any]:
    return (*row[:3], "", *row[4:15], None)


def _entry(row: Sequence[Any], earlier: Sequence[str] = ()) -> TranscriptEntry:
    return TranscriptEntry(
        message=MessageId(row[0]),
        conversation=ConversationId(row[1]),
        author=Author(row[2]),
        text=row[3],
        at=moment(row[4]),
        number=row[5],
        name=row[6],
        agent=None if row[7] is None else AgentId(row[7]),
        wording=None if row[8] is None else Wording(row[8]),
        template=row[9],
        send_state=None if row[10] is None else SendState(row[10]),
        quick_replies=() if row[11] is None else decode_texts(row[11]),
        edited_at=moment_or_none(row[12]),
        deleted_at=moment_or_none(row[13]),
        earlier_texts=tuple(earlier),
        external_id=row[14],
        attachments=attachments_of(row[15]),
    )
