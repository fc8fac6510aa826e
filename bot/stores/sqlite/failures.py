"""What an error of SQLite means for whoever asked the store."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bot.errors import StoreError, StoreUnavailable

_PRIMARY = 0xFF  # the low byte of an extended result code

_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY: "is locked by another process",
    sqlite3.SQLITE_LOCKED: "is locked",
    sqlite3.SQLITE_READONLY: "is read-only",
    sqlite3.SQLITE_IOERR: "cannot be read or written (I/O error)",
    sqlite3.SQLITE_FULL: "has no room left: free disk space",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: check that the folder exists and may be written",
    sqlite3.SQLITE_PERM: "may not be opened: check the file's permissions",
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def translated(error: BaseException, path: Path) -> BaseException:
    """Return the error to raise instead of SQLite's own; any other error comes back as it is."""
    if not isinstance(error, sqlite3.Error):
        return error
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY
    if code in _UNAVAILABLE:
        return StoreUnavailable(f"the store {path} {_UNAVAILABLE[code]} ({error})")
    if code in _DAMAGED:
        return StoreError(f"{path} is damaged or not a store of Heed ({error}): restore a backup, or move it away")
    return StoreError(f"the store {path} failed: {error}")
