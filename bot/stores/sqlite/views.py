"""What pages read: the queue by urgency, one conversation whole, what the auditor checks, how much lies where."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from bot.domain.conversation import Conversation
from bot.domain.messages import ConversationId, Customer, CustomerId
from bot.domain.states import State
from bot.records import AuditRow, ConversationView, EarlierMatter, QueuePage, QueueQuery, QueueRow, StoreFacts
from bot.stores.sqlite import blocks, corrections, records
from bot.stores.sqlite.codec import decode_conversation, decode_texts, encode, moment_or_none
from bot.stores.sqlite.schema import version_of
from bot.stores.sqlite.transcript import transcript

_PREVIEW = 200  # characters of the last message that a list shows
_MOST_EARLIER = 5  # of a customer's other conversations

_LISTED = tuple(state.value for state in State if state is not State.UNOPENED)
# A parameter that is NULL asks for nothing; SQLite runs a subquery only where it is reached.
_WHERE = r"""
c.state IN (SELECT value FROM json_each(:states))
AND (:holder IS NULL OR c.holder = :holder)
AND (:channels IS NULL OR c.channel IN (SELECT value FROM json_each(:channels)))
AND (:teams IS NULL OR c.team IN (SELECT value FROM json_each(:teams)))
AND (:labels IS NULL OR c.label IN (SELECT value FROM json_each(:labels)))
AND (:priorities IS NULL OR c.priority IN (SELECT value FROM json_each(:priorities)))
AND (:text IS NULL OR c.id LIKE :text ESCAPE '\'
     OR c.customer IN (SELECT id FROM customers WHERE name LIKE :text ESCAPE '\')
     OR c.id IN (SELECT m.conversation FROM bodies b JOIN messages m ON m.id = b.message
                 WHERE b.text LIKE :text ESCAPE '\'))"""
_TOTAL = "SELECT count(*) FROM conversations c WHERE" + _WHERE  # noqa: S608 - joined from constants
_PAGE = f"""
SELECT c.snapshot, coalesce(u.name, ''), m.at, CASE WHEN m.deleted_at IS NULL THEN b.text END
FROM (SELECT c.rowid AS place, c.due_at, c.waiting_since, c.updated_at, c.id FROM conversations c WHERE {_WHERE}
      ORDER BY c.due_at, c.waiting_since, c.updated_at DESC, c.id LIMIT :limit OFFSET :offset) p
JOIN conversations c ON c.rowid = p.place
LEFT JOIN customers u ON u.id = c.customer
LEFT JOIN messages m ON m.number = (SELECT max(number) FROM messages
                                    WHERE conversation = c.id AND author = 'customer')
LEFT JOIN bodies b ON b.message = m.id AND b.revision = m.revision
ORDER BY p.due_at, p.waiting_since, p.updated_at DESC, p.id"""  # noqa: S608 - joined from constants
_AUDIT = """
SELECT c.snapshot, c.customer,
       (SELECT count(*) FROM inbox i WHERE i.conversation = c.id),
       (SELECT count(*) FROM outbox o WHERE o.conversation = c.id AND o.state IN ('new', 'sending')),
       (SELECT json_group_array(d.key) FROM deadlines d WHERE d.conversation = c.id)
FROM conversations c WHERE c.id > ? AND c.state NOT IN ('unopened', 'resolved') ORDER BY c.id LIMIT ?"""
_AT_ADDRESS = "SELECT conversation FROM aliases WHERE address = ? AND conversation <> ?"
_UNHANDLED = """
SELECT count(*) FROM inbox
WHERE conversation = ? AND kind = 'message' AND own = 1 AND hold_until = 0 AND escalated = 0"""
_VIEW = """
SELECT c.snapshot, u.channel, u.external_id, u.name FROM conversations c JOIN customers u ON u.id = c.customer
WHERE c.id = ?"""
# Rows lie in the order in which conversations began.
_EARLIER = """
SELECT snapshot FROM conversations WHERE customer = ? AND id <> ? AND state <> 'unopened'
ORDER BY rowid DESC LIMIT ?"""
_COUNTS = """
SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM outbox WHERE state IN ('new', 'sending')),
       (SELECT count(*) FROM deadlines), (SELECT count(*) FROM dead_letters)"""


def queue(connection: sqlite3.Connection, query: QueueQuery) -> QueuePage:
    """Return a page of conversations, most urgent first. Without states: all but the unopened."""
    values = {
        "states": _one_of(query.states or _LISTED),
        "channels": _one_of(query.channels),
        "teams": _one_of(query.teams),
        "labels": _one_of(query.labels),
        "priorities": _one_of(query.priorities),
        "holder": query.holder,
        "text": _pattern(query.text) if query.text else None,
    }
    total = connection.execute(_TOTAL, values).fetchone()[0]
    rows = connection.execute(_PAGE, values | {"limit": query.limit, "offset": query.offset})
    return QueuePage(rows=tuple(_row(row) for row in rows), total=total)


def _one_of(values: Sequence[str]) -> str | None:
    """Return values as a parameter that one of them has to meet; None where nothing is asked for."""
    return encode(values).decode() if values else None


def _pattern(text: str) -> str:
    """Return a LIKE pattern that finds this very text, with its percent signs and underscores."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _row(row: Sequence[Any]) -> QueueRow:
    snapshot, name, at, text = row
    return QueueRow(
        conversation=decode_conversation(snapshot),
        customer_name=name,
        preview=(text or "")[:_PREVIEW],
        last_message_at=moment_or_none(at),
    )


def view(connection: sqlite3.Connection, conversation: ConversationId) -> ConversationView | None:
    """Return one conversation with all that staff may see."""
    row = connection.execute(_VIEW, (conversation,)).fetchone()
    if row is None:
        return None
    snapshot, channel, external_id, name = row
    found = decode_conversation(snapshot)
    return ConversationView(
        conversation=found,
        customer=Customer(channel=channel, external_id=external_id, name=name),
        transcript=transcript(connection, conversation),
        notes=records.notes(connection, conversation),
        decisions=records.decisions(connection, conversation),
        corrections=corrections.of(connection, conversation),
        unhandled=unhandled(connection, conversation),
        newer=_newer(connection, decode_conversation(snapshot)),
        earlier=_earlier(connection, found),
        blocked=blocks.of(connection, found.customer),
    )


def _earlier(connection: sqlite3.Connection, conversation: Conversation) -> tuple[EarlierMatter, ...]:
    """Return the customer's other conversations, newest first."""
    rows = connection.execute(_EARLIER, (conversation.customer, conversation.id, _MOST_EARLIER))
    return tuple(_matter(decode_conversation(snapshot)) for (snapshot,) in rows)


def _matter(c: Conversation) -> EarlierMatter:
    return EarlierMatter(
        conversation=c.id, state=c.state.value, label=c.label, opened_at=c.opened_at, resolved_at=c.resolved_at
    )


def _newer(connection: sqlite3.Connection, conversation: Conversation) -> ConversationId | None:
    """Return which conversation has taken this one's place at its address, if one has."""
    row = connection.execute(_AT_ADDRESS, (conversation.address.key(), conversation.id)).fetchone()
    return None if row is None else ConversationId(row[0])


def unhandled(connection: sqlite3.Connection, conversation: ConversationId) -> int:
    """Return how many of the customer's own messages wait for a worker, what a room's patience holds left out."""
    return int(connection.execute(_UNHANDLED, (conversation,)).fetchone()[0])


def audit(connection: sqlite3.Connection, *, after: str, limit: int) -> list[AuditRow]:
    """Return what the auditor holds against the promises, straight from the rows."""
    return [
        AuditRow(
            conversation=decode_conversation(snapshot),
            customer=CustomerId(customer),
            inbox=waiting,
            unsent=unsent,
            deadline_keys=decode_texts(keys),
        )
        for snapshot, customer, waiting, unsent, keys in connection.execute(_AUDIT, (after, limit))
    ]


def facts(connection: sqlite3.Connection) -> StoreFacts:
    """Return how much lies where."""
    inbox, outbox, deadlines, dead_letters = connection.execute(_COUNTS).fetchone()
    size = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    return StoreFacts(
        inbox=inbox,
        outbox=outbox,
        deadlines=deadlines,
        dead_letters=dead_letters,
        conversations=dict(connection.execute("SELECT state, count(*) FROM conversations GROUP BY state")),
        schema_version=version_of(connection),
        size_bytes=connection.execute(size).fetchone()[0],
    )
