"""The store's file: opened as the store needs it, and locked so that one process at a time runs on it."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

from bot.errors import StoreInUse, StoreUnavailable
from bot.stores.sqlite import inbox, outbox
from bot.stores.sqlite.failures import translated
from bot.stores.sqlite.schema import migrate

Durability = Literal["full", "normal", "off"]

_BUSY_MS = 5_000  # how long to wait for another process that writes
_CACHE_KIB = 32_768
_CHECKPOINT_PAGES = 4_000  # 16 MB of log: hot pages are written back once instead of often


class RunLock:
    """Held while a process runs on a store; the operating system lets go of it if the process is killed."""

    def __init__(self, store: Path) -> None:
        self._path = store.with_name(store.name + ".lock")
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock. Raises StoreInUse naming the path and, if known, who holds it."""
        try:
            file = self._path.open("a+")
        except OSError as error:
            raise StoreUnavailable(f"cannot write {self._path}: {error}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(file)
            file.close()
            raise StoreInUse(
                f"another heed runs on {self._path.with_suffix('')}{holder}: stop it first"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let go. The file stays: removing it would let two processes lock two files of one name."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _holder(file: IO[str]) -> str:
    file.seek(0)
    pid = file.read().strip()
    return f" (process {pid})" if pid else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Everything that an open store holds of the operating system."""

    path: Path
    writer: sqlite3.Connection
    readers: tuple[sqlite3.Connection, ...]
    lock: RunLock | None
    folder: Path | None

    def give_back(self) -> None:
        """Let go of the lock, and of a passing store's folder. The connections are closed by their threads."""
        if self.lock is not None:
            self.lock.release()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def open_files(
    path: Path,
    *,
    durability: Durability,
    exclusive: bool,
    readers: int,
    pulled: Callable[[str], bool] | None = None,
) -> Files:
    """Open a store's file, creating it and its folder. Raises StoreError for a file that is no store.

    ``pulled`` tells which channels are fetched from now on; an ``exclusive`` opening goes by it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(f"cannot create the folder {path.parent}: {error}") from error
    with ExitStack() as undo:
        lock = RunLock(path) if exclusive else None
        if lock is not None:
            lock.acquire()
            undo.callback(lock.release)
        writer = _open_for_writing(path, durability, pulled, exclusive=exclusive)
        undo.callback(writer.close)
        connections = tuple(_open_for_reading(path) for _ in range(readers))
        undo.pop_all()
    return Files(path=path, writer=writer, readers=connections, lock=lock, folder=None)


def open_passing_files(*, readers: int) -> Files:
    """Open a store that is gone when it is given back: for tests and replays."""
    shared = Path("/dev/shm")  # noqa: S108 - a fresh folder in it, made for this process alone
    folder = Path(tempfile.mkdtemp(prefix="heed-", dir=shared if os.access(shared, os.W_OK) else None))
    try:
        files = open_files(folder / "heed.db", durability="off", exclusive=False, readers=readers)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return replace(files, folder=folder)


def _open_for_writing(
    path: Path, durability: Durability, pulled: Callable[[str], bool] | None, *, exclusive: bool
) -> sqlite3.Connection:
    connection: sqlite3.Connection | None = None
    try:
        connection = _connect(path)
        _prepare(connection, path, durability)
        if exclusive:
            _take_over(connection, pulled)
    except BaseException as error:
        if connection is not None:
            connection.close()
        raise translated(error, path) from error
    return connection


def _open_for_reading(path: Path) -> sqlite3.Connection:
    """Return a connection that cannot change anything."""
    connection = _connect(path)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, durability: Durability) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {durability}")
    connection.execute(
        "PRAGMA secure_delete = OFF"
    )  # it leaves traces all the same: erasing cleans the whole file
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    migrate(connection, path=str(path))


def _take_over(connection: sqlite3.Connection, pulled: Callable[[str], bool] | None) -> None:
    """End the leases of whoever ran before, and let texts that wait follow how their channel works now."""
    if pulled is not None:
        outbox.follow(connection, pulled)
    inbox.end_leases(connection)
    outbox.end_leases(connection)
