"""Puts a copy in a store's place, while nobody runs on it."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import StoreError
from bot.stores.sqlite.files import RunLock
from bot.stores.sqlite.schema import STEPS, version_of


def restore_file(copy: Path, target: Path) -> Path | None:
    """Put ``copy`` in the place of ``target`` and return where the earlier store is kept, if there was one.

    Raises StoreInUse while somebody runs on the store, StoreError if the copy is missing, damaged or too new.
    """
    _check(copy)
    target.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        lock = RunLock(target)
        lock.acquire()
        stack.callback(lock.release)
        partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
        try:
            shutil.copyfile(copy, partial)
            kept = _put_aside(target)
            os.replace(partial, target)  # noqa: PTH105  # the atomic step, named as such
        except OSError as error:
            raise StoreError(f"{copy} was not restored to {target}: {error}") from error
        finally:
            partial.unlink(missing_ok=True)
    return kept


def _check(copy: Path) -> None:
    if not copy.is_file():
        raise StoreError(f"{copy}: there is no such file; name one that 'heed backup' wrote")
    try:
        with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
            version = version_of(connection)
    except sqlite3.Error as error:
        raise StoreError(
            f"{copy} is not a copy of a store ({error}); name one that 'heed backup' wrote"
        ) from error
    if verdict != "ok" or not version:
        raise StoreError(f"{copy} is damaged or not a copy of a store ({verdict}); name another one")
    if version > len(STEPS):
        raise StoreError(f"{copy} has schema version {version}, this Heed knows up to {len(STEPS)}")


def _put_aside(target: Path) -> Path | None:
    """Move the present store away, with what its journal holds, so that nothing is ever lost by restoring.

    A journal whose store is gone moves too: beside the copy it would be taken for the copy's own.
    """
    present = target.exists()
    if present:  # opening what is not there would make an empty store and throw its journal away
        with suppress(sqlite3.Error), closing(sqlite3.connect(target)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # a damaged store is kept as it is
    kept = target.with_name(f"{target.name}.{datetime.now(UTC):%Y%m%dT%H%M%S%f}.replaced")
    for suffix in ("-wal", "-shm", ""):
        part = target.with_name(target.name + suffix)
        if part.exists():
            os.replace(part, kept.with_name(kept.name + suffix))  # noqa: PTH105  # the atomic step, named as such
    return kept if present else None
