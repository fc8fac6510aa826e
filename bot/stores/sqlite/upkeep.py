"""What operators do: copy the store while it runs, and remove a person for good."""

from __future__ import annotations

import os
import re
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from bot.domain.calendar import read_calendar
from bot.domain.conversation import Conversation, Rules
from bot.domain.log import LogEvent, LogKind
from bot.domain.messages import Address, ConversationId
from bot.domain.states import State
from bot.domain.turn import Turn
from bot.errors import StoreError, StoreUnavailable
from bot.stores.sqlite import accounts, blocks, conversations, corrections, enclosures, inbox, log
from bot.stores.sqlite.codec import decode_conversation, decode_decision, encode
from bot.stores.sqlite.transaction import Transaction

# --- backup -----------------------------------------------------------------------------------------------


def backup(connection: sqlite3.Connection, target: Path) -> None:
    """Write a consistent, checked copy. A target that exists is left alone; a half copy never has its name."""
    if target.exists():
        raise StoreError(f"{target} exists already: a backup overwrites nothing, name another file")
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(connection, partial)
        os.link(partial, target)  # unlike a rename, this refuses to overwrite
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"no backup was written to {target}: {error}") from error
    finally:
        with suppress(OSError):
            partial.unlink()


def _copy(connection: sqlite3.Connection, partial: Path) -> None:
    with closing(sqlite3.connect(partial, isolation_level=None)) as copy:
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, complete in itself
        verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        raise StoreError(f"the store is damaged, the copy was thrown away: {verdict}")
    with partial.open("rb") as file:
        os.fsync(file.fileno())


# --- erasing a person -------------------------------------------------------------------------------------

_DELETE_BODIES = """
DELETE FROM bodies WHERE message IN (
    SELECT id FROM messages WHERE customer = ? OR conversation IN (SELECT value FROM json_each(?)))"""
_DELETE_REVISIONS = """
DELETE FROM bodies WHERE message IN (
    SELECT message FROM outbox WHERE revises IS NOT NULL AND conversation IN (SELECT value FROM json_each(?)))"""
_BLANK_SENDS = """
UPDATE outbox SET external_ids = NULL
WHERE external_ids IS NOT NULL AND conversation IN (SELECT value FROM json_each(?))"""
# Conversations of others in which they wrote.
_OTHERS = """
SELECT DISTINCT conversation FROM messages
WHERE customer = ? AND author = 'customer' AND conversation NOT IN (SELECT value FROM json_each(?))"""
_DELETE_NOTES = """
DELETE FROM note_bodies WHERE note IN (
    SELECT id FROM notes WHERE conversation IN (SELECT value FROM json_each(?)))"""
_BLANK_MESSAGES = """
UPDATE messages SET erased = 1, external_id = '', digest = NULL, quick_replies = NULL
WHERE customer = ? OR conversation IN (SELECT value FROM json_each(?))"""
# What somebody wrote in the thread of another is theirs too.
_DECISIONS = """
SELECT number, record FROM decisions
WHERE conversation IN (SELECT value FROM json_each(?2))
   OR (conversation IN (SELECT conversation FROM messages WHERE customer = ?1)
       AND json_extract(CAST(record AS TEXT), '$.message') IN (SELECT id FROM messages WHERE customer = ?1))"""
_WAITING = """
SELECT seq FROM inbox
WHERE conversation IN (SELECT value FROM json_each(?2))
   OR message IN (SELECT id FROM messages WHERE customer = ?1)"""
_WITHDRAW = """
UPDATE outbox SET state = CASE WHEN doubtful THEN 'unknown' ELSE 'withdrawn' END, head = 0
WHERE state = 'new' AND conversation IN (SELECT value FROM json_each(?)) RETURNING action, state"""
_DELETE_DEADLINES = "DELETE FROM deadlines WHERE conversation IN (SELECT value FROM json_each(?))"
_DELETE_ALIASES = "DELETE FROM aliases WHERE conversation IN (SELECT value FROM json_each(?))"


# Names of bookmarks are put together of ids with one of these between them.
_PARTS = re.compile(r"[:/|\x1f]")


def erase(tx: Transaction, channel: str, customer: str, *, at: datetime) -> int:
    """Remove a customer's texts, names and platform ids, and end their open cases.

    Figures, decisions without words and log stay.
    """
    who = _customer(tx, channel, customer)
    if who is None:
        return 0
    snapshots = tx.execute("SELECT snapshot FROM conversations WHERE customer = ?", (who,)).fetchall()
    theirs = [decode_conversation(snapshot) for (snapshot,) in snapshots]
    ids = encode([conversation.id for conversation in theirs]).decode()
    others = tx.execute(_OTHERS, (who, ids)).fetchall()
    gone = _erase_texts(tx, who, ids)
    _erase_decisions(tx, who, ids)
    corrections.erase(tx, who, ids)
    blocks.erase(tx, who)
    enclosures.erase(tx, ids)
    ended = _stop(tx, who, ids)
    _erase_identity(tx, who, ids)
    _erase_bookmarks(tx, channel, {conversation.address.place for conversation in theirs if conversation.private})
    _end(tx, ids, theirs, ended, at)
    _tell_others(tx, others, at)
    return gone


def _customer(tx: Transaction, channel: str, customer: str) -> str | None:
    """Return the id of a customer named by the platform's id or by Heed's."""
    query = "SELECT id FROM customers WHERE channel = ? AND (external_id = ? OR id = ?) ORDER BY external_id <> ?"
    row = tx.execute(query, (channel, customer, customer, customer)).fetchone()
    return None if row is None else str(row[0])


def _erase_texts(tx: Transaction, who: str, ids: str) -> int:
    gone = tx.execute(_DELETE_BODIES, (who, ids)).rowcount
    gone += sum(tx.execute(delete, (ids,)).rowcount for delete in (_DELETE_REVISIONS, _DELETE_NOTES))
    tx.execute(_BLANK_MESSAGES, (who, ids))
    tx.execute(_BLANK_SENDS, (ids,))
    return gone


def _erase_decisions(tx: Transaction, who: str, ids: str) -> None:
    rows = tx.execute(_DECISIONS, (who, ids)).fetchall()
    blank = [(_without_words(record), number) for number, record in rows]
    tx.executemany("UPDATE decisions SET record = ? WHERE number = ?", blank)


def _without_words(record: bytes) -> bytes:
    known = decode_decision(record)
    decision, situation = known.decision, known.situation
    if decision is not None and decision.rendered is not None:
        decision = replace(decision, rendered=replace(decision.rendered, text="", quick_replies=()))
    if situation is not None:
        situation = replace(situation, customer_name="")
    return encode(replace(known, decision=decision, situation=situation))


def _stop(tx: Transaction, who: str, ids: str) -> dict[str, str]:
    """Take what no longer has a text off inbox and outbox; return how each send that waited has ended."""
    inbox.remove(tx, [seq for (seq,) in tx.execute(_WAITING, (who, ids)).fetchall()])
    return dict(tx.execute(_WITHDRAW, (ids,)).fetchall())


def _erase_identity(tx: Transaction, who: str, ids: str) -> None:
    tx.execute(_DELETE_ALIASES, (ids,))
    tx.execute("UPDATE customers SET name = '', external_id = ? WHERE id = ?", (_nobody(), who))
    tx.inbox = tx.outbox = True


def _erase_bookmarks(tx: Transaction, channel: str, chats: set[str]) -> None:
    """Take out how far their private chats were read: such a bookmark names the chat in one of its parts."""
    names = accounts.bookmarks(tx.connection, channel)
    gone = {name: "" for name in names if not chats.isdisjoint(_PARTS.split(name))}
    accounts.keep_bookmarks(tx, gone)


def _end(
    tx: Transaction, ids: str, theirs: Sequence[Conversation], ended: Mapping[str, str], at: datetime
) -> None:
    """Leave these conversations with nothing that could still fall due, in new versions at empty addresses."""
    tx.execute(_DELETE_DEADLINES, (ids,))
    rules = _rules(tx, theirs)
    turns = [_last_turn(conversation, rules, ended, at) for conversation in theirs]
    conversations.replace(tx, [turn.c for turn in turns])
    log.add(tx, [(turn.c.id, event, at) for turn in turns for event in turn.logged])


def _tell_others(tx: Transaction, others: Sequence[tuple[str]], at: datetime) -> None:
    """Log that some texts are gone where they stood in somebody else's conversation, for whoever shows that."""
    gone = LogEvent(kind=LogKind.ERASED, at=at, fields={"part": True})
    log.add(tx, [(ConversationId(conversation), gone, at) for (conversation,) in others])


def _rules(tx: Transaction, theirs: Sequence[Conversation]) -> Rules:
    """Return all that ending these cases asks for: the hours that their clocks count. No target, no term."""
    named = {clock.calendar for conversation in theirs for clock in conversation.clocks}
    kept = accounts.calendars(tx.connection) if named else {}
    return Rules(calendars={name: read_calendar(kept[name]) for name in named & kept.keys()})


def _last_turn(conversation: Conversation, rules: Rules, ended: Mapping[str, str], at: datetime) -> Turn:
    """Return the turn that ends a case. Whoever holds the version before it loads again.

    A text that is under way already is expected no more: should it fail, nobody is left to be helped.
    """
    turn = Turn(conversation, rules, at)
    for send in conversation.pending:
        if send.action in ended:
            turn.log(
                LogKind.SEND_FAILED,
                action=send.action,
                wording=send.wording.value,
                by=send.author.value,
                outcome=ended[send.action],
            )
    turn.change(pending=())
    for clock in turn.c.clocks:
        turn.cancel(clock, by="erased")
    if conversation.state not in {State.UNOPENED, State.RESOLVED}:
        turn.resolve(by="erased")
    updated_at = at if turn.logged else conversation.updated_at
    turn.log(LogKind.ERASED)  # so that whoever shows the conversation elsewhere takes it down there
    version = conversation.version + 1
    turn.change(erased=True, unanswered=(), address=_nowhere(conversation), updated_at=updated_at, version=version)
    return turn


def _nowhere(conversation: Conversation) -> Address:
    """Return an address that leads nowhere."""
    known = conversation.address
    place = _nobody() if conversation.private else known.place
    return Address(channel=known.channel, account=known.account, place=place, thread=known.thread and _nobody())


def _nobody() -> str:
    return "erased-" + secrets.token_hex(8)


def scrub(connection: sqlite3.Connection) -> None:
    """Leave no trace of what was erased in the file or beside it.

    Overwriting deleted rows is not enough: SQLite leaves copies behind where it splits a page.
    """
    connection.execute("VACUUM")
    if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        raise StoreUnavailable(
            "the texts are erased, but somebody reads the store: erase again to clean its files"
        )
