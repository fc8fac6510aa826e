"""The event log: added to, never rewritten, and free of texts and names."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.domain.log import LogEvent, LogRecord
from bot.domain.messages import ConversationId
from bot.records import ActQuery
from bot.stores.sqlite.acts import agent_of
from bot.stores.sqlite.codec import decode_fields, encode, micros, moment
from bot.stores.sqlite.transaction import Transaction

#: Stands for "no conversation" in records that concern the brand as a whole.
NOWHERE = ConversationId("")

_ADD = "INSERT INTO log (conversation, kind, at, recorded_at, fields, agent) VALUES (?, ?, ?, ?, ?, ?)"
_RECORD = "SELECT seq, conversation, kind, at, recorded_at, fields FROM log "
# An index of its own serves each of these questions.
_ACTS = _RECORD + "WHERE agent IS NOT NULL AND seq < :before{also} ORDER BY seq DESC LIMIT :limit"
_BY_AGENT, _IN_CONVERSATION = " AND agent = :agent", " AND conversation = :conversation"
_NEWEST = (1 << 63) - 1


def add(tx: Transaction, events: Sequence[tuple[ConversationId, LogEvent, datetime]]) -> None:
    """Add events, each with the time at which it was recorded."""
    if not events:
        return
    tx.executemany(
        _ADD,
        [
            (where, e.kind.value, micros(e.at), micros(recorded), encode(e.fields), agent_of(e))
            for where, e, recorded in events
        ],
    )
    tx.log = True


def changes(connection: sqlite3.Connection, after: int, limit: int) -> list[LogRecord]:
    """Return records behind a cursor."""
    return [
        _record(row) for row in connection.execute(_RECORD + "WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit))
    ]


def of(connection: sqlite3.Connection, conversation: ConversationId) -> list[LogRecord]:
    """Return all records of one conversation."""
    return [
        _record(row)
        for row in connection.execute(_RECORD + "WHERE conversation = ? ORDER BY seq", (conversation,))
    ]


def acts(connection: sqlite3.Connection, query: ActQuery) -> list[LogRecord]:
    """Return what staff did, newest first."""
    also = _BY_AGENT if query.agent is not None else ""
    also += _IN_CONVERSATION if query.conversation is not None else ""
    asked = {
        "before": query.before or _NEWEST,
        "agent": query.agent,
        "conversation": query.conversation,
        "limit": query.limit,
    }
    return [_record(row) for row in connection.execute(_ACTS.format(also=also), asked)]


def last(connection: sqlite3.Connection) -> int:
    """Return the cursor of the newest record."""
    return int(connection.execute("SELECT coalesce(max(seq), 0) FROM log").fetchone()[0])


def _record(row: Sequence[Any]) -> LogRecord:
    seq, conversation, kind, at, recorded_at, fields = row
    return LogRecord(
        seq=seq,
        conversation=ConversationId(conversation),
        kind=kind,
        at=moment(at),
        recorded_at=moment(recorded_at),
        fields=decode_fields(fields),
    )
