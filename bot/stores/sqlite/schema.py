"""The tables, and the road from each version of them to the next.

Times are integer microseconds since 1970 in UTC. Texts, names and platform ids live in ``bodies``,
``note_bodies``, ``customers``, ``messages``, ``outbox``, ``aliases``, ``decisions``, ``enclosures`` and addresses
alone, so that a person can be erased; ``posts`` hold ids of staff's own places. ``head`` marks the first open row
of each conversation in ``inbox`` and ``outbox``: taking work never scans what waits behind it. In ``inbox`` it is
2 while that first row still waits for others to speak in its room, and ``aside`` marks what others than the
conversation's customer said there: it lets everything else pass.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from bot.errors import StoreTooNew

#: Stands in the sort columns where there is no instant, so that an index gives the order of the queue.
NEVER = 1 << 62

_FIRST = """
CREATE TABLE conversations (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, state TEXT NOT NULL, address TEXT NOT NULL,
    customer TEXT NOT NULL, holder TEXT, hold_epoch INTEGER NOT NULL, due_at INTEGER NOT NULL,
    waiting_since INTEGER NOT NULL, updated_at INTEGER NOT NULL, resolved_at INTEGER, snapshot BLOB NOT NULL);
CREATE INDEX conversations_by_urgency ON conversations (state, due_at, waiting_since, updated_at DESC);
CREATE INDEX conversations_by_customer ON conversations (customer);

CREATE TABLE aliases (address TEXT PRIMARY KEY, conversation TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX aliases_by_conversation ON aliases (conversation);

CREATE TABLE customers (
    id TEXT PRIMARY KEY, channel TEXT NOT NULL, external_id TEXT NOT NULL, name TEXT NOT NULL,
    UNIQUE (channel, external_id));

CREATE TABLE messages (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, conversation TEXT NOT NULL, customer TEXT NOT NULL,
    author TEXT NOT NULL, at INTEGER NOT NULL, external_id TEXT NOT NULL DEFAULT '', digest BLOB,
    agent TEXT, wording TEXT, template TEXT, quick_replies TEXT, action TEXT,
    revision INTEGER NOT NULL DEFAULT 0, edited_at INTEGER, deleted_at INTEGER, erased INTEGER NOT NULL DEFAULT 0);
CREATE INDEX messages_by_conversation ON messages (conversation);
CREATE INDEX messages_by_customer ON messages (customer);

CREATE TABLE bodies (
    message TEXT NOT NULL, revision INTEGER NOT NULL, text TEXT NOT NULL, edit_key TEXT,
    PRIMARY KEY (message, revision)) WITHOUT ROWID;

CREATE TABLE inbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, conversation TEXT NOT NULL, message TEXT NOT NULL,
    revision INTEGER NOT NULL, channel TEXT NOT NULL, happened_at INTEGER NOT NULL, arrived_at INTEGER NOT NULL,
    agent TEXT, flooding INTEGER NOT NULL, escalated INTEGER NOT NULL DEFAULT 0, assess_by INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0, owner TEXT, lease_until INTEGER NOT NULL DEFAULT 0,
    head INTEGER NOT NULL);
CREATE INDEX inbox_by_conversation ON inbox (conversation);
CREATE INDEX inbox_heads ON inbox (seq, lease_until) WHERE head = 1;
CREATE INDEX inbox_by_deadline ON inbox (assess_by) WHERE assess_by IS NOT NULL;

CREATE TABLE dead_letters (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, conversation TEXT NOT NULL, message TEXT NOT NULL,
    channel TEXT NOT NULL, attempts INTEGER NOT NULL, reason TEXT NOT NULL, rejected_at INTEGER NOT NULL);

CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY, action TEXT NOT NULL UNIQUE, conversation TEXT NOT NULL, message TEXT NOT NULL,
    channel TEXT NOT NULL, pulled INTEGER NOT NULL, rank INTEGER NOT NULL, answers_to INTEGER NOT NULL,
    hold_epoch INTEGER, state TEXT NOT NULL, created_at INTEGER NOT NULL, not_before INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, sent_at INTEGER,
    head INTEGER NOT NULL);
CREATE INDEX outbox_open ON outbox (conversation, seq) WHERE state IN ('new', 'sending');
CREATE INDEX outbox_ready ON outbox (rank, seq, not_before, channel)
    WHERE head = 1 AND state = 'new' AND pulled = 0;
CREATE INDEX outbox_sending ON outbox (lease_until) WHERE state = 'sending' AND pulled = 0;
CREATE INDEX outbox_withdrawable ON outbox (seq) WHERE state = 'new' AND hold_epoch IS NOT NULL;
CREATE INDEX outbox_feed ON outbox (channel, seq) WHERE pulled = 1;

CREATE TABLE deadlines (
    conversation TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, due_at INTEGER NOT NULL,
    PRIMARY KEY (conversation, key)) WITHOUT ROWID;
CREATE INDEX deadlines_by_time ON deadlines (due_at);

CREATE TABLE log (
    seq INTEGER PRIMARY KEY, conversation TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL, fields BLOB NOT NULL);
CREATE INDEX log_by_conversation ON log (conversation);

CREATE TABLE decisions (number INTEGER PRIMARY KEY, conversation TEXT NOT NULL, record BLOB NOT NULL);
CREATE INDEX decisions_by_conversation ON decisions (conversation);

CREATE TABLE notes (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, conversation TEXT NOT NULL, agent TEXT NOT NULL,
    at INTEGER NOT NULL);
CREATE INDEX notes_by_conversation ON notes (conversation);
CREATE TABLE note_bodies (note TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE staff (name TEXT PRIMARY KEY, role TEXT NOT NULL, password_hash TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE tokens (digest BLOB PRIMARY KEY, used_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE switches (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE leases (name TEXT PRIMARY KEY, owner TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE templates (version TEXT PRIMARY KEY, sources BLOB NOT NULL) WITHOUT ROWID;
"""

# A send that was put back although it may have arrived: whatever ends it, it was not withdrawn.
_DOUBTFUL = "ALTER TABLE outbox ADD COLUMN doubtful INTEGER NOT NULL DEFAULT 0"

# Public rooms, what messages bring along, and how far channels have read. ``reply_to`` is a message's id in Heed.
_ROOMS = """
ALTER TABLE bodies ADD COLUMN attachments TEXT;

ALTER TABLE inbox ADD COLUMN room TEXT NOT NULL DEFAULT '';
ALTER TABLE inbox ADD COLUMN hold_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inbox ADD COLUMN addressed INTEGER NOT NULL DEFAULT 1;
ALTER TABLE inbox ADD COLUMN answered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inbox ADD COLUMN own INTEGER NOT NULL DEFAULT 1;
ALTER TABLE inbox ADD COLUMN aside INTEGER NOT NULL DEFAULT 0;
UPDATE inbox SET own = 0
WHERE (SELECT customer FROM messages WHERE id = inbox.message)
   <> (SELECT customer FROM conversations WHERE id = inbox.conversation);
DROP INDEX inbox_by_conversation;
CREATE INDEX inbox_by_conversation ON inbox (conversation, head, aside);
CREATE INDEX inbox_replies ON inbox (conversation, seq) WHERE kind = 'reply';
CREATE INDEX inbox_asleep ON inbox (hold_until) WHERE head = 2;
CREATE INDEX inbox_held ON inbox (conversation, message) WHERE hold_until > 0;
CREATE INDEX inbox_unanswered ON inbox (channel, room, happened_at) WHERE hold_until > 0 AND answered = 0;

ALTER TABLE conversations ADD COLUMN private INTEGER NOT NULL DEFAULT 1;
UPDATE conversations SET private = coalesce(json_extract(CAST(snapshot AS TEXT), '$.private'), 1);
ALTER TABLE outbox ADD COLUMN reply_to TEXT;

CREATE TABLE bookmarks (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

# Calendars that clocks were counted by, and what staff said that a message is.
_CALENDARS = """
CREATE TABLE calendars (id TEXT PRIMARY KEY, source TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE corrections (
    message TEXT PRIMARY KEY, labels TEXT NOT NULL, agent TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
"""

# Replies that are changed after they were sent, and files that go along with them; customers whom nobody hears,
# wishes that were carried out, what desks show, what lists ask for and who did what. ``agent`` of the log is set
# for acts of staff alone; of the outbox for revisions alone: there ``revises`` is the message that changes, and
# ``messages`` has no row of the revision itself. What other systems fetch or are pushed is known to them by the
# action's id. An enclosure has no ``message`` until a reply takes it along.
_DESK = """
ALTER TABLE outbox ADD COLUMN external_ids TEXT;
ALTER TABLE outbox ADD COLUMN revises TEXT;
ALTER TABLE outbox ADD COLUMN agent TEXT;
CREATE INDEX outbox_revisions ON outbox (conversation) WHERE revises IS NOT NULL;
UPDATE outbox SET external_ids = json_array(action)
WHERE state = 'sent' AND channel NOT IN ('discord', 'telegram', 'webchat');

CREATE TABLE blocks (customer TEXT PRIMARY KEY, agent TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE requests (request TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX requests_by_time ON requests (at);

CREATE TABLE posts (
    desk TEXT NOT NULL, conversation TEXT NOT NULL, key TEXT NOT NULL, place TEXT NOT NULL,
    external_id TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (desk, conversation, key)) WITHOUT ROWID;
CREATE INDEX posts_by_external_id ON posts (desk, external_id);

ALTER TABLE conversations ADD COLUMN channel TEXT NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN team TEXT NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN priority TEXT NOT NULL DEFAULT '';
UPDATE conversations SET
    channel = substr(address, 1, instr(address, char(31)) - 1),
    team = coalesce(json_extract(CAST(snapshot AS TEXT), '$.team'), ''),
    label = coalesce(json_extract(CAST(snapshot AS TEXT), '$.label'), ''),
    priority = coalesce(json_extract(CAST(snapshot AS TEXT), '$.priority'), '');
DROP INDEX conversations_by_urgency;
CREATE INDEX conversations_by_urgency ON conversations
    (state, due_at, waiting_since, updated_at DESC, id, holder, channel, team, label, priority);

ALTER TABLE log ADD COLUMN agent TEXT;
UPDATE log SET agent = json_extract(CAST(fields AS TEXT), '$.agent')
WHERE kind IN ('claimed', 'replied', 'noted', 'snoozed', 'asked', 'transferred', 'handed_back', 'label_corrected',
               'paused', 'resumed')
   OR (kind IN ('released', 'resolved') AND json_extract(CAST(fields AS TEXT), '$.by') = 'agent');
CREATE INDEX log_acts ON log (seq) WHERE agent IS NOT NULL;
CREATE INDEX log_by_agent ON log (agent, seq) WHERE agent IS NOT NULL;

CREATE TABLE enclosures (
    id TEXT PRIMARY KEY, conversation TEXT NOT NULL, message TEXT, name TEXT NOT NULL, media_type TEXT NOT NULL,
    kept_at INTEGER NOT NULL, content BLOB NOT NULL);
CREATE INDEX enclosures_by_conversation ON enclosures (conversation);
CREATE INDEX enclosures_left ON enclosures (kept_at) WHERE message IS NULL;
"""

#: Step ``n`` leads from version ``n`` to ``n + 1``. A step that was released is never changed, only followed.
STEPS: tuple[str, ...] = (_FIRST, _DOUBTFUL, _ROOMS, _CALENDARS, _DESK)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of the tables in this file, 0 for an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, *, path: str, steps: Sequence[str] = STEPS) -> None:
    """Bring the tables to the newest version, whole or not at all. Raises StoreTooNew for a later one."""
    if version_of(connection) == len(steps):
        return
    connection.execute("BEGIN IMMEDIATE")  # two processes may open a new store at once
    try:
        _climb(connection, path, steps)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _climb(connection: sqlite3.Connection, path: str, steps: Sequence[str]) -> None:
    version = version_of(connection)
    if version > len(steps):
        raise StoreTooNew(
            f"{path} has schema version {version}, this Heed knows up to {len(steps)}: run the later Heed"
        )
    for step in steps[version:]:
        for statement in step.split(";\n"):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(steps)}")
