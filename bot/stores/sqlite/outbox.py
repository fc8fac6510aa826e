"""Texts on their way to customers: handed out in order, checked against hold and pause at the last moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from bot.domain.actions import Send, SendState
from bot.domain.conversation import Conversation
from bot.domain.messages import ActionId, Author, MessageId
from bot.records import Sending, SendOutcome, Taken
from bot.stores.sqlite import enclosures, revisions
from bot.stores.sqlite.codec import attachments_json, encode, micros, span
from bot.stores.sqlite.sendings import SENDING, Row, ended_state, is_new, is_outdated, is_unsent_answer, sending
from bot.stores.sqlite.transaction import Transaction

_VISIBLE = {SendState.SENDING, SendState.SENT, SendState.UNKNOWN}

_ADD = """
INSERT INTO outbox (action, conversation, message, channel, pulled, rank, answers_to, hold_epoch, state,
                    created_at, revises, agent, reply_to, head)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'new', ?9, ?11, ?12,
        coalesce(?10, (SELECT id FROM messages WHERE conversation = ?2 AND author = 'customer'
                           AND id NOT IN (SELECT message FROM inbox
                                          WHERE conversation = ?2 AND kind = 'message' AND escalated = 0)
                       ORDER BY number DESC LIMIT 1)),
        NOT EXISTS (SELECT 1 FROM outbox WHERE conversation = ?2 AND state IN ('new', 'sending')))"""
_ADD_MESSAGE = """
INSERT INTO messages (id, conversation, customer, author, at, agent, wording, template, quick_replies, action)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_ADD_BODY = "INSERT INTO bodies (message, revision, text, attachments) VALUES (?, 0, ?, ?)"

_READY = (
    SENDING
    + """
WHERE o.head = 1 AND o.state = 'new' AND o.pulled = 0 AND o.not_before <= ?{channels}
ORDER BY o.rank, o.seq LIMIT ?"""
)
_READY_ANYWHERE = _READY.format(channels=" AND o.channel NOT IN (SELECT value FROM json_each(?))")
_READY_AMONG = _READY.format(channels=" AND o.channel IN (SELECT value FROM json_each(?))")
_FEED = (
    SENDING
    + """
WHERE o.channel = ? AND o.pulled = 1 AND o.seq > ? AND o.state IN ('new', 'sending', 'sent') AND m.erased = 0
ORDER BY o.seq LIMIT ?"""
)
_STRANDED = (
    SENDING
    + """
WHERE o.state = 'sending' AND o.pulled = 0 AND o.lease_until <= ? ORDER BY o.lease_until, o.seq LIMIT ?"""
)
_UNSENT_ANSWERS = SENDING + "WHERE o.state = 'new' AND o.hold_epoch IS NOT NULL ORDER BY o.seq LIMIT ?"

_START = "UPDATE outbox SET state = 'sending', lease_until = ? WHERE seq = ?"
_END = "UPDATE outbox SET state = ?, head = 0 WHERE seq = ?"
# A text gets its number in the transcript when the customer can see it, so that a reader's cursor misses nothing.
_APPEAR = "UPDATE messages SET number = (SELECT max(number) + 1 FROM messages) WHERE id = ?"
_APPEAR_LATE = """
UPDATE messages SET number = (SELECT max(number) + 1 FROM messages)
WHERE id = (SELECT message FROM outbox WHERE action = ? AND state NOT IN ('sending', 'sent', 'unknown'))"""
# A text that was erased meanwhile is not sent again.
_PUT_BACK = """
UPDATE outbox SET lease_until = 0, not_before = ?1, attempts = attempts + ?4, head = 0, doubtful = doubtful OR ?2,
    state = CASE WHEN EXISTS (SELECT 1 FROM bodies b WHERE b.message = outbox.message) THEN 'new'
            WHEN doubtful OR ?2 THEN 'unknown' ELSE 'withdrawn' END
WHERE action = ?3 AND state = 'sending' RETURNING conversation"""
# What has started out cannot be withdrawn any more.
_REPORT = """
UPDATE outbox SET state = ?1, sent_at = ?2, lease_until = 0, external_ids = coalesce(?4, external_ids),
                  head = CASE WHEN ?1 IN ('new', 'sending') THEN head ELSE 0 END
WHERE action = ?3 AND (?1 <> 'withdrawn' OR state = 'new')"""
_PROMOTE = """
UPDATE outbox SET head = 1
WHERE seq = (SELECT min(seq) FROM outbox WHERE conversation = ? AND state IN ('new', 'sending')) AND head = 0"""


def queue(
    tx: Transaction, sends: Sequence[tuple[Conversation, Send]], at: Sequence[int], pulled: Callable[[str], bool]
) -> None:
    """Add texts to send, each at its commit's time, to transcript and outbox.

    What revises another text is no line of its own: it changes the other once it has been sent.
    """
    said = [(c, send, us) for (c, send), us in zip(sends, at, strict=True) if send.revises is None]
    tx.executemany(_ADD_MESSAGE, [_message(c, send, us) for c, send, us in said])
    tx.executemany(_ADD_BODY, [_body(send) for _, send in sends])
    tx.executemany(_ADD, [_row(c, send, us, pulled) for (c, send), us in zip(sends, at, strict=True)])
    enclosures.take_along(tx, [(c.id, send) for c, send in sends], at=max(at, default=0))
    tx.outbox = True


def _body(send: Send) -> tuple[object, ...]:
    return send.message, send.text, attachments_json(send.attachments)


def _message(conversation: Conversation, send: Send, at: int) -> tuple[object, ...]:
    replies = encode(send.quick_replies).decode() if send.quick_replies else None
    return (
        send.message,
        conversation.id,
        conversation.customer,
        send.author.value,
        at,
        send.agent,
        send.wording.value,
        send.template,
        replies,
        send.id,
    )


def _row(conversation: Conversation, send: Send, at: int, pulled: Callable[[str], bool]) -> tuple[object, ...]:
    channel = conversation.address.channel
    rank = 0 if send.author is Author.AGENT or send.wording.substantive else 1
    return (
        send.id,
        conversation.id,
        send.message,
        channel,
        int(pulled(channel)),
        rank,
        send.answers_to,
        send.hold_epoch,
        at,
        _answered(conversation, send),
        send.revises,
        None if send.revises is None else send.agent,
    )


def _answered(conversation: Conversation, send: Send) -> MessageId | None:
    """Return the last of the messages that wait for this answer. None: for no message, so the last one handled."""
    waiting = [each for each in conversation.unanswered if each.number <= send.answers_to]
    return max(waiting, key=lambda each: each.number).message if waiting else None


def take(
    tx: Transaction,
    channels: Sequence[str] | None,
    *,
    without: Sequence[str] = (),
    now: datetime,
    limit: int,
    lease: timedelta,
) -> Taken:
    """Start the first open send of each conversation, or withdraw it; what comes forward then is looked at too."""
    at, going, withdrawn = micros(now), list[Sending](), list[Sending]()
    while room := limit - len(going):
        fit, stale = _parted(tx, _ready(tx, channels, without, at, room))
        going += _start(tx, fit, until=at + span(lease))
        withdrawn += _withdraw(tx, stale)
        if not stale:
            break
    return Taken(sendings=tuple(going), withdrawn=tuple(withdrawn))


def offer(tx: Transaction, channel: str, *, after: int, limit: int) -> Taken:
    """Return what lies behind a reader's cursor; what is new starts out with this, or is withdrawn."""
    offered, withdrawn = list[Sending](), list[Sending]()
    while room := limit - len(offered):
        rows = tx.execute(_FEED, (channel, after, room)).fetchall()
        fit, stale = _parted(tx, rows)
        _start(tx, [row for row in fit if is_new(row)], until=0)
        offered += [sending(row, SendState.SENDING if is_new(row) else None) for row in fit]
        withdrawn += _withdraw(tx, stale)
        if not stale:
            break
        after = rows[-1][0]
    return Taken(sendings=tuple(offered), withdrawn=tuple(withdrawn))


def put_back(tx: Transaction, action: ActionId, *, not_before: datetime, unknown: bool, tried: bool) -> None:
    """Return a send to ``new``. It stays the first of its conversation, and what may have arrived stays so."""
    rows = tx.execute(_PUT_BACK, (micros(not_before), int(unknown), action, int(tried))).fetchall()
    promote(tx, [conversation for (conversation,) in rows])


def stranded(connection: sqlite3.Connection, *, now: datetime, limit: int) -> list[Sending]:
    """Return sends whose process has ended before it knew what became of them."""
    return [sending(row) for row in connection.execute(_STRANDED, (micros(now), limit))]


def withdraw(tx: Transaction, *, limit: int) -> list[Sending]:
    """Take back the bot's answers that have not started out."""
    return _withdraw(tx, tx.execute(_UNSENT_ANSWERS, (limit,)).fetchall())


def report(tx: Transaction, outcomes: Sequence[SendOutcome]) -> None:
    """Store what became of sends; what waited behind a finished one comes forward."""
    seen = [(o.action,) for o in outcomes if o.state in _VISIBLE]
    tx.executemany(_APPEAR_LATE, seen)
    revisions.apply(tx, outcomes)
    tx.executemany(_REPORT, [_reported(outcome) for outcome in outcomes])
    actions = encode([outcome.action for outcome in outcomes]).decode()
    where = "SELECT DISTINCT conversation FROM outbox WHERE action IN (SELECT value FROM json_each(?))"
    promote(tx, [conversation for (conversation,) in tx.execute(where, (actions,)).fetchall()])


def _reported(outcome: SendOutcome) -> tuple[object, ...]:
    sent = outcome.state is SendState.SENT
    ids = encode(outcome.external_ids).decode() if sent and outcome.external_ids else None
    return outcome.state.value, micros(outcome.at) if sent else None, outcome.action, ids


def promote(tx: Transaction, conversations: Iterable[str]) -> None:
    """Mark the first open send of each of these conversations."""
    tx.executemany(_PROMOTE, [(conversation,) for conversation in conversations])
    tx.outbox = True


def end_leases(connection: sqlite3.Connection) -> None:
    """Show what a process that ended had been sending as stranded, at once."""
    connection.execute("UPDATE outbox SET lease_until = 0 WHERE state = 'sending' AND pulled = 0")


def follow(connection: sqlite3.Connection, pulled: Callable[[str], bool]) -> None:
    """Let texts that are not over go the way their channel works now: pushed, or fetched."""
    still = "state IN ('new', 'sending')"
    channels = connection.execute(f"SELECT DISTINCT channel FROM outbox WHERE {still}").fetchall()  # noqa: S608
    for (channel,) in channels:
        way = int(pulled(channel))
        change = f"UPDATE outbox SET pulled = ? WHERE channel = ? AND pulled <> ? AND {still}"  # noqa: S608
        connection.execute(change, (way, channel, way))


def paused(tx: Transaction) -> bool:
    """Tell whether automatic answers are switched off."""
    return tx.execute("SELECT 1 FROM switches WHERE name = 'paused'").fetchone() is not None


def _ready(
    tx: Transaction, channels: Sequence[str] | None, without: Sequence[str], at: int, limit: int
) -> list[Row]:
    if channels is None:
        return tx.execute(_READY_ANYWHERE, (at, encode(list(without)).decode(), limit)).fetchall()
    return tx.execute(_READY_AMONG, (at, encode(list(channels)).decode(), limit)).fetchall()


def _parted(tx: Transaction, rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Part what may go from what may not: new answers of a bot that has lost the word."""
    answers = [row for row in rows if is_unsent_answer(row)]
    if not answers:
        return list(rows), []
    everything = paused(tx)
    stale = [row for row in answers if everything or is_outdated(row)]
    return [row for row in rows if row not in stale], stale


def _start(tx: Transaction, rows: Sequence[Row], *, until: int) -> list[Sending]:
    started = [sending(row, SendState.SENDING) for row in rows]
    tx.executemany(_START, [(until, each.seq) for each in started])
    tx.executemany(_APPEAR, [(each.send.message,) for each in started])
    return started


def _withdraw(tx: Transaction, rows: Sequence[Row]) -> list[Sending]:
    if not rows:
        return []
    gone = [sending(row, ended_state(row)) for row in rows]
    tx.executemany(_END, [(each.state.value, each.seq) for each in gone])
    tx.executemany(_APPEAR, [(each.send.message,) for each in gone if each.state in _VISIBLE])
    promote(tx, {each.send.conversation for each in gone})
    return gone
