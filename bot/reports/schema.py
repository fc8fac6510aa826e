"""The tables of the read database: a copy in another shape, so a change needs a rebuild and no migration.

Bump ``VERSION`` with every change of a table or of what ``fold`` does; a file of another version is rebuilt.
"""

from __future__ import annotations

from bot.reports.rollups import COUNTS

VERSION = 5

#: "heed" in ASCII: tells this file from a store given by mistake.
APPLICATION_ID = 0x68656564

#: What cases, messages and happenings are told apart by, as columns.
_TOLD = """
  channel TEXT NOT NULL,
  label TEXT NOT NULL,
  language TEXT NOT NULL,
  team TEXT NOT NULL,
  priority TEXT NOT NULL,
  tier TEXT NOT NULL,
"""

TABLES = f"""
CREATE TABLE progress (
  cursor INTEGER NOT NULL,  -- the last record of the log whose effects are here
  mark TEXT NOT NULL,       -- what that record was, so that another log is told from this one
  unknown INTEGER NOT NULL, -- records skipped because this version could not read them
  calendar TEXT NOT NULL    -- the brand's default as the newest clock named it
) STRICT;
INSERT INTO progress VALUES (0, '', 0, '');

CREATE TABLE calendars (id TEXT PRIMARY KEY, source TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE clocks (
  id INTEGER PRIMARY KEY,
  conversation TEXT NOT NULL,
  metric TEXT NOT NULL,
  instance INTEGER NOT NULL,
  {_TOLD}
  policy TEXT NOT NULL,
  agent TEXT NOT NULL,
  hour INTEGER NOT NULL,        -- of the day in which it started
  started_at INTEGER NOT NULL,  -- microseconds, like all instants and durations
  state TEXT NOT NULL,
  calendar TEXT NOT NULL,
  elapsed INTEGER NOT NULL,     -- in the calendar's time
  wall INTEGER NOT NULL,        -- in calendar time
  running_since INTEGER,
  spans TEXT NOT NULL,
  summed INTEGER NOT NULL,
  walled INTEGER NOT NULL,
  handovers TEXT NOT NULL,
  states TEXT NOT NULL,
  target INTEGER,
  due_at INTEGER,
  ended_at INTEGER,
  ended_by TEXT,
  warnings INTEGER NOT NULL,
  warned_at INTEGER,
  breached INTEGER NOT NULL,
  breached_at INTEGER,
  part INTEGER NOT NULL,
  owner TEXT NOT NULL,
  UNIQUE (conversation, metric, instance)
) STRICT;
CREATE INDEX clocks_by_start ON clocks (started_at);
CREATE INDEX clocks_by_end ON clocks (ended_at);
CREATE INDEX clocks_open ON clocks (metric) WHERE ended_at IS NULL;
CREATE INDEX clocks_running ON clocks (due_at IS NULL, due_at, started_at) WHERE state = 'running';

CREATE TABLE parts (
  conversation TEXT NOT NULL,
  metric TEXT NOT NULL,
  instance INTEGER NOT NULL,
  team TEXT NOT NULL,
  state TEXT NOT NULL,
  elapsed INTEGER NOT NULL,
  wall INTEGER NOT NULL,
  running_since INTEGER,
  warned INTEGER NOT NULL,
  breached INTEGER NOT NULL,
  judged INTEGER NOT NULL,
  PRIMARY KEY (conversation, metric, instance, team)
) STRICT, WITHOUT ROWID;

CREATE TABLE cells (
  counting TEXT NOT NULL,
  length INTEGER NOT NULL,
  begins INTEGER NOT NULL,
  metric TEXT NOT NULL,
  part INTEGER NOT NULL,
  channel TEXT NOT NULL,
  team TEXT NOT NULL,
  agent TEXT NOT NULL,
  label TEXT NOT NULL,
  policy TEXT NOT NULL,
  hour INTEGER NOT NULL,
  {"".join(f"{name} INTEGER NOT NULL, " for name in COUNTS)}
  ended_durations BLOB NOT NULL,
  left_durations BLOB NOT NULL,
  PRIMARY KEY (counting, length, begins, metric, part, channel, team, agent, label, policy, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
  conversation TEXT NOT NULL,
  message TEXT NOT NULL,
  at INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  {_TOLD}
  decision TEXT NOT NULL,
  checked INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  relabelled INTEGER NOT NULL,
  PRIMARY KEY (conversation, message)
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_by_time ON messages (at);

CREATE TABLE volumes (
  begins INTEGER NOT NULL,  -- an hour
  hour INTEGER NOT NULL,    -- which one of the day
  channel TEXT NOT NULL,
  label TEXT NOT NULL,
  team TEXT NOT NULL,
  received INTEGER NOT NULL,
  silent INTEGER NOT NULL,
  greeted INTEGER NOT NULL,
  answered INTEGER NOT NULL,
  recorded INTEGER NOT NULL,
  escalated INTEGER NOT NULL,
  automatic INTEGER NOT NULL,
  checked INTEGER NOT NULL,
  wrong INTEGER NOT NULL,
  PRIMARY KEY (begins, hour, channel, label, team)
) STRICT, WITHOUT ROWID;

CREATE TABLE conversations (
  conversation TEXT PRIMARY KEY,
  {_TOLD}
  holder TEXT NOT NULL,
  asked TEXT NOT NULL,
  asked_in INTEGER NOT NULL,
  answered TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE happenings (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  at INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  detail TEXT NOT NULL,
  {_TOLD.rstrip().rstrip(",")}
) STRICT;
CREATE INDEX happenings_by_time ON happenings (at);

CREATE TABLE notices (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  at INTEGER NOT NULL,
  noticed INTEGER NOT NULL,
  lateness INTEGER NOT NULL,
  conversation TEXT NOT NULL,
  metric TEXT NOT NULL,
  instance INTEGER NOT NULL,
  team TEXT NOT NULL,
  after_downtime INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX notices_by_time ON notices (at);
CREATE INDEX notices_by_commit ON notices (noticed);

CREATE TABLE stops (
  seq INTEGER PRIMARY KEY,
  since INTEGER NOT NULL,
  until INTEGER NOT NULL,
  after INTEGER NOT NULL
) STRICT;
CREATE INDEX stops_by_end ON stops (until);
"""  # noqa: S608 — constants
