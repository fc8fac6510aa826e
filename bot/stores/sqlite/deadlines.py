"""Stored instants at which something falls due."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from bot.domain.actions import Deadline, DeadlineKind
from bot.domain.messages import ConversationId
from bot.records import Commit
from bot.stores.sqlite.codec import micros, moment, moment_or_none
from bot.stores.sqlite.transaction import Transaction

_PUT = """
INSERT INTO deadlines (conversation, key, kind, due_at) VALUES (?, ?, ?, ?)
ON CONFLICT (conversation, key) DO UPDATE SET kind = excluded.kind, due_at = excluded.due_at"""
_CANCEL = "DELETE FROM deadlines WHERE conversation = ? AND key = ?"
# The aggregate over two one-row subqueries: each is the first entry of an index.
_NEXT = """
SELECT min(at) FROM (SELECT min(due_at) AS at FROM deadlines
                     UNION ALL SELECT min(assess_by) FROM inbox WHERE assess_by IS NOT NULL)"""
_DUE = "SELECT conversation, kind, key, due_at FROM deadlines WHERE due_at <= ? ORDER BY due_at LIMIT ?"


def store(tx: Transaction, commits: Sequence[Commit]) -> None:
    """Cancel and set the deadlines of these commits; the last word on a key counts."""
    last: dict[tuple[str, str], Deadline | None] = {}
    for commit in commits:
        last.update(((commit.conversation.id, key), None) for key in commit.cancelled)
        last.update(((deadline.conversation, deadline.key), deadline) for deadline in commit.deadlines)
    tx.executemany(_CANCEL, [where for where, deadline in last.items() if deadline is None])
    put = [(d.conversation, d.key, d.kind.value, micros(d.due_at)) for d in last.values() if d is not None]
    tx.executemany(_PUT, put)
    if put:
        tx.falls_due(min(due_at for _, _, _, due_at in put))


def next_due(connection: sqlite3.Connection) -> datetime | None:
    """Return the earliest instant of a deadline or of an item that waits for its assessment."""
    return moment_or_none(connection.execute(_NEXT).fetchone()[0])


def due(connection: sqlite3.Connection, now: datetime, limit: int) -> list[Deadline]:
    """Return what has fallen due, oldest first."""
    return [
        Deadline(conversation=ConversationId(conversation), kind=DeadlineKind(kind), key=key, due_at=moment(at))
        for conversation, kind, key, at in connection.execute(_DUE, (micros(now), limit))
    ]
