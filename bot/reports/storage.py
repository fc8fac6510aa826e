"""The read database as one thread sees it: opening, damage, and the one transaction that feeds it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bot.domain.log import LogRecord
from bot.errors import StoreError, StoreUnavailable
from bot.reports.business import Calendars
from bot.reports.instants import micros
from bot.reports.schema import APPLICATION_ID, TABLES, VERSION
from bot.reports.tables import fold, save

T = TypeVar("T")

MEMORY = ":memory:"

_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class DamagedReports(StoreError):
    """The read database cannot be read. It is rebuilt from the log; nobody outside ``bot.reports`` sees this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the log has been read. ``mark`` tells the last record read from one of another log.

    ``calendar`` is the brand's default as the newest clock named it.
    """

    cursor: int
    mark: str
    unknown: int
    calendar: str = ""


class Storage:
    """One connection, used by one thread."""

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self.rebuilt_because = ""
        self._connection: sqlite3.Connection | None = None
        self._kept = Calendars()

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
        self._kept = Calendars()
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

    def read(self, query: Callable[[sqlite3.Connection, Calendars], T]) -> T:
        """Run a query that sees one moment of the database, with the calendars kept in it."""
        with self._transaction("BEGIN") as connection:
            return query(connection, self._calendars(connection))

    def progress(self) -> Progress:
        """Return how far the log has been read."""
        return self.read(lambda connection, _: read_progress(connection))

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
            batch = fold(connection, new, self._calendars(connection), before.calendar)
            save(connection, batch)
            connection.execute(
                "UPDATE progress SET cursor = ?, mark = ?, unknown = unknown + ?, calendar = ?",
                (new[-1].seq, mark_of(new[-1]), batch.unknown, batch.calendar),
            )
            return new[-1].seq

    def _calendars(self, connection: sqlite3.Connection) -> Calendars:
        """Return the kept calendars: the same objects each time, for what they have worked out already."""
        for name, source in connection.execute("SELECT id, source FROM calendars"):
            self._kept.keep(name, source)
        return self._kept

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
                self._kept = Calendars()  # one of them may stand in the batch that is taken back
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise


def read_progress(connection: sqlite3.Connection) -> Progress:
    """Return how far the log has been read, inside a transaction."""
    row = connection.execute("SELECT cursor, mark, unknown, calendar FROM progress").fetchone()
    if row is None:
        raise DamagedReports("the report database has lost its cursor")
    return Progress(cursor=row[0], mark=row[1], unknown=row[2], calendar=row[3])


def mark_of(record: LogRecord) -> str:
    """Return what tells a record from the one with the same number in another log."""
    return f"{record.conversation} {record.kind} {micros(record.recorded_at)}"


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
