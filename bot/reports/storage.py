"""The read database as one thread sees it: opening, damage, and the one transaction that feeds it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bot.domain.log import LogRecord
from bot.errors import StoreError, StoreUnavailable
from bot.reports.fold import Fold
from bot.reports.instants import micros
from bot.reports.rows import ClockRow, ConversationRow, MessageRow
from bot.reports.schema import APPLICATION_ID, TABLES, VERSION

T = TypeVar("T")

MEMORY = ":memory:"

_CLOCK_COLUMNS = (
    "conversation, metric, instance, channel, label, started_at, state, elapsed, running_since,"
    " target, due_at, ended_at, ended_by, warned, breached"
)
_LOAD_CLOCKS = f"""
SELECT {_CLOCK_COLUMNS} FROM clocks WHERE conversation IN (SELECT value FROM json_each(?))
"""  # noqa: S608 — the columns are the constant above
_LOAD_CONVERSATIONS = """
SELECT conversation, channel, label FROM conversations WHERE conversation IN (SELECT value FROM json_each(?))
"""
_LOAD_MESSAGES = """
SELECT m.conversation, m.message, m.at, m.channel, m.label, m.decision
FROM json_each(?) AS asked JOIN messages AS m
  ON m.conversation = json_extract(asked.value, '$[0]') AND m.message = json_extract(asked.value, '$[1]')
"""
_SAVE_CLOCK = f"""
INSERT INTO clocks ({_CLOCK_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
ON CONFLICT (conversation, metric, instance) DO UPDATE SET
  label = excluded.label, state = excluded.state, elapsed = excluded.elapsed,
  running_since = excluded.running_since, target = excluded.target, due_at = excluded.due_at,
  ended_at = excluded.ended_at, ended_by = excluded.ended_by,
  warned = excluded.warned, breached = excluded.breached
"""  # noqa: S608 — the columns are the constant above
_SAVE_VOLUME = """
INSERT INTO volumes (hour, channel, label, received, silent, greeted, answered, recorded, escalated)
VALUES (?,?,?,?,?,?,?,?,?)
ON CONFLICT (hour, channel, label) DO UPDATE SET
  received = received + excluded.received, silent = silent + excluded.silent,
  greeted = greeted + excluded.greeted, answered = answered + excluded.answered,
  recorded = recorded + excluded.recorded, escalated = escalated + excluded.escalated
"""
_SAVE_MESSAGE = "INSERT OR REPLACE INTO messages VALUES (?,?,?,?,?,?)"
_SAVE_CONVERSATION = "INSERT OR REPLACE INTO conversations VALUES (?,?,?)"
_SAVE_HAPPENING = "INSERT INTO happenings VALUES (?,?,?,?,?,?)"
_SAVE_NOTICE = "INSERT INTO notices VALUES (?,?,?,?,?,?)"

_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class DamagedReports(StoreError):
    """The read database cannot be read. It is rebuilt from the log; nobody outside ``bot.reports`` sees this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the log has been read. ``mark`` tells the last record read from one of another log."""

    cursor: int
    mark: str
    unknown: int


class Storage:
    """One connection, used by one thread."""

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self.rebuilt_because = ""
        self._connection: sqlite3.Connection | None = None

    # --- opening and starting over

    def open(self) -> None:
        """Open the file, or make it. A damaged one or one of another version is replaced by an empty one.

        Raises StoreError if the file is a database of something else: that one is left alone.
        """
        try:
            self._connect()
        except DamagedReports as damage:
            self.start_over(str(damage))

    def start_over(self, because: str) -> None:
        """Empty the database. The old file, if any, is kept beside it as ``….replaced`` until the next time."""
        self.close()
        if self.path != MEMORY:
            _move_aside(Path(self.path))
        self._connect()
        self.rebuilt_because = because

    def close(self) -> None:
        """Give the file back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> None:
        with _named_errors(self.path):
            self._connection = sqlite3.connect(self.path, isolation_level=None, timeout=5)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA temp_store = MEMORY")
            self._connection.execute("PRAGMA cache_size = -16000")  # KiB
            self._connection.execute("PRAGMA wal_autocheckpoint = 4000")  # pages: fewer, longer checkpoints
            self._recognise(self._connection)

    def _recognise(self, connection: sqlite3.Connection) -> None:
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            connection.executescript(
                f"BEGIN; {TABLES}"
                f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
            )
            return
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            self.close()
            raise StoreError(f"{self.path} is a database of something else; reports need a file of their own")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version != VERSION:
            raise DamagedReports(f"{self.path} has version {version}; this Heed reads version {VERSION}")

    # --- reading

    def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query that sees one moment of the database."""
        with self._transaction("BEGIN") as connection:
            return query(connection)

    def progress(self) -> Progress:
        """Return how far the log has been read."""
        return self.read(read_progress)

    # --- feeding

    def apply(self, records: Sequence[LogRecord]) -> int:
        """Store what these records change, with the cursor, at once. Records known already are skipped.

        Returns the new cursor. A crash at any instant leaves either all of it or nothing.
        """
        with self._transaction("BEGIN IMMEDIATE") as connection:
            before = read_progress(connection)
            new = [record for record in records if record.seq > before.cursor]
            if not new:
                return before.cursor
            fold = _fold(connection, new)
            _save(connection, fold)
            connection.execute(
                "UPDATE progress SET cursor = ?, mark = ?, unknown = unknown + ?",
                (new[-1].seq, mark_of(new[-1]), fold.unknown),
            )
            return new[-1].seq

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        if self._connection is None:
            raise StoreUnavailable(f"the report database {self.path} is closed")
        with _named_errors(self.path):
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise


def read_progress(connection: sqlite3.Connection) -> Progress:
    """Return how far the log has been read, inside a transaction."""
    row = connection.execute("SELECT cursor, mark, unknown FROM progress").fetchone()
    if row is None:
        raise DamagedReports("the report database has lost its cursor")
    return Progress(cursor=row[0], mark=row[1], unknown=row[2])


def mark_of(record: LogRecord) -> str:
    """Return what tells a record from the one with the same number in another log."""
    return f"{record.conversation} {record.kind} {micros(record.recorded_at)}"


def _fold(connection: sqlite3.Connection, records: Sequence[LogRecord]) -> Fold:
    conversations = json.dumps(list({record.conversation for record in records}))
    messages = {(record.conversation, record.fields.get("message")) for record in records}
    asked = json.dumps([pair for pair in messages if pair[1] is not None])
    fold = Fold(
        clocks=map(_clock, connection.execute(_LOAD_CLOCKS, (conversations,))),
        messages=map(_message, connection.execute(_LOAD_MESSAGES, (asked,))),
        conversations=map(_conversation, connection.execute(_LOAD_CONVERSATIONS, (conversations,))),
    )
    for record in records:
        fold.apply(record)
    return fold


def _save(connection: sqlite3.Connection, fold: Fold) -> None:
    clocks = (_clock_values(fold.clock(key)) for key in sorted(fold.changed_clocks))
    connection.executemany(_SAVE_CLOCK, clocks)
    messages = (fold.messages[key] for key in sorted(fold.changed_messages))
    connection.executemany(
        _SAVE_MESSAGE,
        ((row.conversation, row.message, row.at, row.channel, row.label, row.decision) for row in messages),
    )
    connection.executemany(_SAVE_VOLUME, ((*key, *counts) for key, counts in fold.volumes.items() if any(counts)))
    conversations = (fold.conversations[key] for key in sorted(fold.changed_conversations))
    connection.executemany(
        _SAVE_CONVERSATION, ((row.conversation, row.channel, row.label) for row in conversations)
    )
    connection.executemany(
        _SAVE_HAPPENING, ((h.seq, h.kind, h.at, h.channel, h.label, h.detail) for h in fold.happenings)
    )
    connection.executemany(
        _SAVE_NOTICE, ((n.seq, n.kind, n.at, n.lateness, n.channel, n.label) for n in fold.notices)
    )


def _clock(row: sqlite3.Row) -> ClockRow:
    return ClockRow(
        conversation=row[0],
        metric=row[1],
        instance=row[2],
        channel=row[3],
        label=row[4],
        started_at=row[5],
        state=row[6],
        elapsed=row[7],
        running_since=row[8],
        target=row[9],
        due_at=row[10],
        ended_at=row[11],
        ended_by=row[12],
        warned=bool(row[13]),
        breached=bool(row[14]),
    )


def _clock_values(clock: ClockRow) -> tuple[object, ...]:
    return (
        clock.conversation,
        clock.metric,
        clock.instance,
        clock.channel,
        clock.label,
        clock.started_at,
        clock.state,
        clock.elapsed,
        clock.running_since,
        clock.target,
        clock.due_at,
        clock.ended_at,
        clock.ended_by,
        clock.warned,
        clock.breached,
    )


def _message(row: sqlite3.Row) -> MessageRow:
    return MessageRow(
        conversation=row[0], message=row[1], at=row[2], channel=row[3], label=row[4], decision=row[5]
    )


def _conversation(row: sqlite3.Row) -> ConversationRow:
    return ConversationRow(conversation=row[0], channel=row[1], label=row[2])


@contextmanager
def _named_errors(path: str) -> Iterator[None]:
    """Turn SQLite's errors into Heed's: damage, or what passes."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _DAMAGE:
            raise DamagedReports(f"{path} is damaged: {error}") from error
        raise StoreUnavailable(f"the report database {path} cannot be used now: {error}") from error


def _move_aside(path: Path) -> None:
    try:
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        if path.exists():
            path.replace(path.with_name(path.name + ".replaced"))
    except OSError as error:
        raise StoreUnavailable(f"the damaged report database {path} cannot be replaced: {error}") from error
