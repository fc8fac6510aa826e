"""The state of each conversation: created by intake, read by workers, replaced by commits."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from bot.domain.conversation import Conversation
from bot.domain.messages import Address, ConversationId, CustomerId
from bot.stores.sqlite.codec import decode_conversation, encode, micros, new_conversation_id
from bot.stores.sqlite.schema import NEVER
from bot.stores.sqlite.transaction import Transaction

_ADD = """
INSERT INTO conversations (id, version, state, address, customer, holder, hold_epoch, due_at, waiting_since,
                           updated_at, resolved_at, snapshot, channel, team, label, priority, private)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_REPLACE = """
UPDATE conversations SET version = ?, state = ?, address = ?, customer = ?, holder = ?, hold_epoch = ?, due_at = ?,
                         waiting_since = ?, updated_at = ?, resolved_at = ?, snapshot = ?,
                         channel = ?, team = ?, label = ?, priority = ?
WHERE id = ?"""
_LOAD = "SELECT snapshot FROM conversations WHERE id IN (SELECT value FROM json_each(?))"
_VERSIONS = "SELECT id, version FROM conversations WHERE id IN (SELECT value FROM json_each(?))"


def create(tx: Transaction, address: Address, customer: CustomerId, *, private: bool) -> ConversationId:
    """Add a conversation in which nothing has happened yet."""
    conversation = Conversation(id=new_conversation_id(), address=address, customer=customer, private=private)
    tx.execute(_ADD, (conversation.id, *_columns(conversation), int(private)))
    return conversation.id


def load(connection: sqlite3.Connection, ids: Sequence[ConversationId]) -> dict[ConversationId, Conversation]:
    """Return the conversations that exist among these."""
    rows = connection.execute(_LOAD, (encode(ids).decode(),))
    return {found.id: found for found in (decode_conversation(snapshot) for (snapshot,) in rows)}


def versions(tx: Transaction, ids: Sequence[ConversationId]) -> dict[ConversationId, int]:
    """Return the stored versions of those that exist among these."""
    return dict(tx.execute(_VERSIONS, (encode(ids).decode(),)))


def replace(tx: Transaction, conversations: Sequence[Conversation]) -> None:
    """Put these in the place of what is stored."""
    tx.executemany(_REPLACE, [(*_columns(conversation), conversation.id) for conversation in conversations])


def _columns(c: Conversation) -> tuple[object, ...]:
    due_at, waiting_since = c.due_at, c.waiting_since
    return (
        c.version,
        c.state.value,
        c.address.key(),
        c.customer,
        c.holder,
        c.hold_epoch,
        NEVER if due_at is None else micros(due_at),
        NEVER if waiting_since is None else micros(waiting_since),
        0 if c.updated_at is None else micros(c.updated_at),
        None if c.resolved_at is None else micros(c.resolved_at),
        encode(c),
        c.address.channel,
        c.team,
        "" if c.label is None else c.label.value,
        c.priority,
    )
