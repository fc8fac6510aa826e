"""What is kept beside the state of a conversation: decisions with their inputs, and notes of staff."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from bot.domain.messages import AgentId, ConversationId
from bot.records import DecisionRecord, NoteRecord
from bot.stores.sqlite.codec import decode_decision, encode, micros, moment
from bot.stores.sqlite.transaction import Transaction

_NOTES = """
SELECT n.id, n.agent, coalesce(b.text, ''), n.at FROM notes n LEFT JOIN note_bodies b ON b.note = n.id
WHERE n.conversation = ? ORDER BY n.number"""


def add_decisions(tx: Transaction, decisions: Sequence[tuple[ConversationId, DecisionRecord]]) -> None:
    """Keep decisions. They hold a rendered text and a name: ``erase`` blanks both."""
    rows = [(conversation, encode(record)) for conversation, record in decisions]
    tx.executemany("INSERT INTO decisions (conversation, record) VALUES (?, ?)", rows)


def add_notes(tx: Transaction, notes: Sequence[tuple[ConversationId, NoteRecord]]) -> None:
    """Keep notes, their words apart."""
    rows = [(note.id, conversation, note.agent, micros(note.at)) for conversation, note in notes]
    tx.executemany("INSERT INTO notes (id, conversation, agent, at) VALUES (?, ?, ?, ?)", rows)
    tx.executemany(
        "INSERT INTO note_bodies (note, text) VALUES (?, ?)", [(note.id, note.text) for _, note in notes]
    )


def decisions(connection: sqlite3.Connection, conversation: ConversationId) -> tuple[DecisionRecord, ...]:
    """Return a conversation's decisions in their order."""
    query = "SELECT record FROM decisions WHERE conversation = ? ORDER BY number"
    return tuple(decode_decision(record) for (record,) in connection.execute(query, (conversation,)))


def notes(connection: sqlite3.Connection, conversation: ConversationId) -> tuple[NoteRecord, ...]:
    """Return a conversation's notes in their order."""
    return tuple(
        NoteRecord(id=note, agent=AgentId(agent), text=text, at=moment(at))
        for note, agent, text, at in connection.execute(_NOTES, (conversation,))
    )
