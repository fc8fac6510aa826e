"""Accepted arrivals on their way through a worker: leased, given back, put aside, taken off."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from bot.domain.messages import AgentId, ConversationId, MessageId
from bot.records import ArrivalKind, InboxItem
from bot.stores.sqlite.codec import attachments_of, encode, micros, moment, span
from bot.stores.sqlite.transaction import Transaction

_ITEM = """
SELECT i.seq, i.kind, i.conversation, i.message, i.channel, coalesce(b.text, ''), i.happened_at, i.arrived_at,
       coalesce(u.name, ''), i.agent, i.attempts, i.escalated, i.flooding, i.addressed, i.answered, i.own,
       EXISTS (SELECT 1 FROM inbox r WHERE r.conversation = i.conversation AND r.kind = 'reply' AND r.seq > i.seq),
       b.attachments, i.hold_until,
       i.kind <> 'reply' AND EXISTS (SELECT 1 FROM blocks k WHERE k.customer = m.customer)
FROM inbox i
LEFT JOIN messages m ON m.id = i.message
LEFT JOIN customers u ON u.id = m.customer
LEFT JOIN bodies b ON b.message = i.message AND b.revision = i.revision AND i.kind <> 'deletion'
"""
_READY = _ITEM + "WHERE i.head = 1 AND (i.lease_until <= ? OR i.owner = ?) ORDER BY i.seq LIMIT ?"
_OVERDUE = _ITEM + "WHERE i.assess_by <= ? ORDER BY i.assess_by, i.seq LIMIT ?"
_THESE = _ITEM + "WHERE i.seq IN (SELECT value FROM json_each(?)) ORDER BY i.seq"  # noqa: S608  # no text of anybody in it
_FRESH = "SELECT seq FROM inbox WHERE escalated = 0 AND seq IN (SELECT value FROM json_each(?))"
_LEASE = "UPDATE inbox SET attempts = attempts + 1, owner = ?, lease_until = ? WHERE seq = ?"
_RELEASE = """
UPDATE inbox SET owner = NULL, lease_until = 0, attempts = attempts - ? WHERE seq = ? AND attempts = ?"""
_BURY = """
INSERT OR REPLACE INTO dead_letters (seq, kind, conversation, message, channel, attempts, reason, rejected_at)
SELECT seq, kind, conversation, message, channel, attempts, ?, ? FROM inbox WHERE seq = ?"""
_REMOVE = "DELETE FROM inbox WHERE seq IN (SELECT value FROM json_each(?)) RETURNING conversation"
_PROMOTE = """
UPDATE inbox SET head = 1 + (hold_until > 0)
WHERE seq = (SELECT seq FROM inbox WHERE conversation = ?1 AND head = 0 ORDER BY aside, seq LIMIT 1)
  AND NOT EXISTS (SELECT 1 FROM inbox WHERE conversation = ?1 AND head > 0)"""
# What waits for others to speak lies in an index of its own, by the end of its wait.
_WAKE = """
UPDATE inbox SET head = 1
WHERE seq IN (SELECT seq FROM inbox WHERE head = 2 AND hold_until <= ? ORDER BY hold_until LIMIT ?)"""


def take(tx: Transaction, limit: int, *, owner: str, now: datetime, lease: timedelta) -> list[InboxItem]:
    """Lease the oldest first items of conversations. One that failed before comes alone.

    Whoever asks has finished with what it took before: what it could neither commit nor give back comes again.
    """
    at = micros(now)
    tx.execute(_WAKE, (at, limit))
    items = [_item(row) for row in tx.execute(_READY, (at, owner, limit))]
    taken = items[:1] if items and items[0].attempts else list(takewhile(lambda item: not item.attempts, items))
    until = at + span(lease)
    tx.executemany(_LEASE, [(owner, until, item.seq) for item in taken])
    return taken


def overdue(connection: sqlite3.Connection, now: datetime, limit: int) -> list[InboxItem]:
    """Return items that should have been assessed by now."""
    return [_item(row) for row in connection.execute(_OVERDUE, (micros(now), limit))]


def items(connection: sqlite3.Connection, seqs: Sequence[int]) -> list[InboxItem]:
    """Return those of these that are still there."""
    return [_item(row) for row in connection.execute(_THESE, (encode(seqs).decode(),))]


def depth(connection: sqlite3.Connection) -> int:
    """Return how many items wait for a worker."""
    return int(connection.execute("SELECT count(*) FROM inbox WHERE head < 2").fetchone()[0])


def gone(tx: Transaction, seqs: Sequence[int]) -> set[int]:
    """Return those of these that somebody has handled or escalated meanwhile."""
    return set(seqs) - {seq for (seq,) in tx.execute(_FRESH, (encode(seqs).decode(),))}


def release(tx: Transaction, items: Sequence[InboxItem], *, blameless: bool) -> None:
    """Give these back. Whoever lost the lease to somebody else meanwhile gives back nothing."""
    tx.executemany(_RELEASE, [(int(blameless), item.seq, item.attempts + 1) for item in items])
    tx.inbox = True


def reject(tx: Transaction, items: Sequence[InboxItem], *, reason: str, now: datetime) -> None:
    """Move these to the dead letters."""
    tx.executemany(_BURY, [(reason, micros(now), item.seq) for item in items])
    remove(tx, [item.seq for item in items])


def remove(tx: Transaction, seqs: Sequence[int]) -> None:
    """Take these off; what waited behind them in their conversations comes forward."""
    if not seqs:
        return
    promote(tx, {conversation for (conversation,) in tx.execute(_REMOVE, (encode(seqs).decode(),)).fetchall()})


def promote(tx: Transaction, conversations: Iterable[str]) -> None:
    """Mark the first item of each of these conversations."""
    tx.executemany(_PROMOTE, [(conversation,) for conversation in conversations])
    tx.inbox = True


def mark_escalated(tx: Transaction, seqs: Sequence[int]) -> None:
    """Let these wait for their annotation only: they have been escalated."""
    tx.executemany("UPDATE inbox SET escalated = 1, assess_by = NULL WHERE seq = ?", [(seq,) for seq in seqs])


def end_leases(connection: sqlite3.Connection) -> None:
    """Free what a process that ended had leased. Its attempts stay counted."""
    connection.execute("UPDATE inbox SET owner = NULL, lease_until = 0 WHERE lease_until > 0")


def _item(row: Sequence[Any]) -> InboxItem:
    agent = row[9]
    return InboxItem(
        seq=row[0],
        kind=ArrivalKind(row[1]),
        conversation=ConversationId(row[2]),
        message=MessageId(row[3]),
        channel=row[4],
        text=row[5],
        happened_at=moment(row[6]),
        arrived_at=moment(row[7]),
        customer_name=row[8],
        agent=None if agent is None else AgentId(agent),
        attempts=row[10],
        escalated=bool(row[11]),
        flooding=bool(row[12]),
        addressed=bool(row[13]),
        answered=bool(row[14]),
        own=bool(row[15]),
        replied=bool(row[16]),
        attachments=attachments_of(row[17]),
        held_until=moment(row[18]) if row[18] else None,
        blocked=bool(row[19]),
    )
