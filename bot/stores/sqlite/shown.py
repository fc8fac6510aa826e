"""What each desk shows of conversations: ids and fingerprints, no text."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from bot.domain.messages import ConversationId
from bot.records import Post
from bot.stores.sqlite.transaction import Transaction

_OF = "SELECT key, place, external_id, digest FROM posts WHERE desk = ? AND conversation = ? ORDER BY key"
_KEEP = """
INSERT OR REPLACE INTO posts (desk, conversation, key, place, external_id, digest) VALUES (?, ?, ?, ?, ?, ?)"""
_DROP = "DELETE FROM posts WHERE desk = ? AND conversation = ? AND key = ?"
# A thread may bear the id of the message that it grew from: the thread is the conversation's.
_FIND = """
SELECT conversation, key FROM posts WHERE desk = ? AND external_id = ? ORDER BY key <> 'thread' LIMIT 1"""


def of(connection: sqlite3.Connection, desk: str, conversation: ConversationId) -> dict[str, Post]:
    """Return by key what a desk shows of one conversation."""
    rows = connection.execute(_OF, (desk, conversation))
    return {
        key: Post(key=key, place=place, external_id=external_id, digest=digest)
        for key, place, external_id, digest in rows
    }


def keep(
    tx: Transaction, desk: str, conversation: ConversationId, posts: Sequence[Post], gone: Sequence[str]
) -> None:
    """Take out what is gone, then store these in the place of what their keys stood for."""
    tx.executemany(_DROP, [(desk, conversation, key) for key in gone])
    rows = [(desk, conversation, post.key, post.place, post.external_id, post.digest) for post in posts]
    tx.executemany(_KEEP, rows)


def find(connection: sqlite3.Connection, desk: str, external_id: str) -> tuple[ConversationId, str] | None:
    """Return which piece of which conversation this shows."""
    row = connection.execute(_FIND, (desk, external_id)).fetchone()
    return None if row is None else (ConversationId(row[0]), row[1])
