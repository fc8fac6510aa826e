"""The tables of the read database: a copy in another shape, so a change needs a rebuild and no migration.

Bump ``VERSION`` with every change of a table or of what ``fold`` does; a file of another version is rebuilt.
"""

from __future__ import annotations

VERSION = 2

#: "heed" in ASCII: tells this file from a store given by mistake.
APPLICATION_ID = 0x68656564

TABLES = """
CREATE TABLE progress (
  cursor INTEGER NOT NULL,  -- the last record of the log whose effects are here
  mark TEXT NOT NULL,       -- what that record was, so that another log is told from this one
  unknown INTEGER NOT NULL  -- records skipped because this version could not read them
) STRICT;
INSERT INTO progress VALUES (0, '', 0);

CREATE TABLE clocks (
  id INTEGER PRIMARY KEY,
  conversation TEXT NOT NULL,
  metric TEXT NOT NULL,
  instance INTEGER NOT NULL,
  channel TEXT NOT NULL,
  label TEXT NOT NULL,
  started_at INTEGER NOT NULL,  -- microseconds, like all instants and durations
  state TEXT NOT NULL,
  elapsed INTEGER NOT NULL,
  running_since INTEGER,
  target INTEGER,
  due_at INTEGER,
  ended_at INTEGER,
  ended_by TEXT,
  warned INTEGER NOT NULL,
  breached INTEGER NOT NULL,
  UNIQUE (conversation, metric, instance)
) STRICT;
CREATE INDEX clocks_by_start ON clocks (metric, started_at);
CREATE INDEX clocks_running ON clocks (metric) WHERE state = 'running';

CREATE TABLE messages (
  conversation TEXT NOT NULL,
  message TEXT NOT NULL,
  at INTEGER NOT NULL,
  channel TEXT NOT NULL,
  label TEXT NOT NULL,
  decision TEXT NOT NULL,
  PRIMARY KEY (conversation, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_by_time ON messages (at);

CREATE TABLE volumes (
  hour INTEGER NOT NULL,
  channel TEXT NOT NULL,
  label TEXT NOT NULL,
  received INTEGER NOT NULL,
  silent INTEGER NOT NULL,
  greeted INTEGER NOT NULL,
  answered INTEGER NOT NULL,
  recorded INTEGER NOT NULL,
  escalated INTEGER NOT NULL,
  PRIMARY KEY (hour, channel, label)
) STRICT, WITHOUT ROWID;

CREATE TABLE conversations (
  conversation TEXT PRIMARY KEY,
  channel TEXT NOT NULL,
  label TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE happenings (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  at INTEGER NOT NULL,
  channel TEXT NOT NULL,
  label TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX happenings_by_time ON happenings (at);

CREATE TABLE notices (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  at INTEGER NOT NULL,
  lateness INTEGER NOT NULL,
  channel TEXT NOT NULL,
  label TEXT NOT NULL
) STRICT;
CREATE INDEX notices_by_time ON notices (at);
"""
