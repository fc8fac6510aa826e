"""Who may sign in, one-time links, switches, leases and bookmarks by name, versions of templates and calendars."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import takewhile

from bot.domain.log import LogEvent, LogKind
from bot.domain.roles import Role
from bot.records import StaffAccount
from bot.stores.sqlite import log
from bot.stores.sqlite.codec import decode_sources, digest_of, encode, micros, span
from bot.stores.sqlite.transaction import Transaction

_ACQUIRE = """
INSERT INTO leases (name, owner, until) VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
WHERE leases.owner = excluded.owner OR leases.until <= ?"""


def put_staff(tx: Transaction, account: StaffAccount) -> None:
    """Add or replace somebody."""
    values = (account.name, account.role.value, account.password_hash)
    tx.execute("INSERT OR REPLACE INTO staff (name, role, password_hash) VALUES (?, ?, ?)", values)


def staff(connection: sqlite3.Connection, name: str) -> StaffAccount | None:
    """Return somebody, or None."""
    row = connection.execute("SELECT role, password_hash FROM staff WHERE name = ?", (name,)).fetchone()
    return None if row is None else StaffAccount(name=name, role=Role(row[0]), password_hash=row[1])


def remove_staff(tx: Transaction, name: str) -> bool:
    """Remove somebody's account; tell whether there was one."""
    return tx.execute("DELETE FROM staff WHERE name = ?", (name,)).rowcount == 1


def redeem(tx: Transaction, token: str, *, now: datetime) -> bool:
    """Use up a token, of which only a fingerprint is kept."""
    added = tx.execute(
        "INSERT OR IGNORE INTO tokens (digest, used_at) VALUES (?, ?)", (digest_of(token), micros(now))
    )
    return added.rowcount == 1


def switch(connection: sqlite3.Connection, name: str) -> str | None:
    """Return a switch's value."""
    row = connection.execute("SELECT value FROM switches WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def switches(connection: sqlite3.Connection, prefix: str) -> dict[str, str]:
    """Return the switches that are set and whose names begin so. They lie side by side."""
    rows = connection.execute("SELECT name, value FROM switches WHERE name >= ? ORDER BY name", (prefix,))
    return dict(takewhile(lambda row: row[0].startswith(prefix), rows))


def set_switch(tx: Transaction, name: str, value: str | None) -> None:
    """Set or clear a switch; what may be sent depends on it."""
    if value is None:
        tx.execute("DELETE FROM switches WHERE name = ?", (name,))
    else:
        tx.execute("INSERT OR REPLACE INTO switches (name, value) VALUES (?, ?)", (name, value))
    tx.outbox = True


def acquire(tx: Transaction, name: str, *, owner: str, now: datetime, lease: timedelta) -> bool:
    """Take or renew a lease."""
    at = micros(now)
    return tx.execute(_ACQUIRE, (name, owner, at + span(lease), at)).rowcount == 1


def bookmarks(connection: sqlite3.Connection, prefix: str) -> dict[str, str]:
    """Return the bookmarks whose names begin so. They lie side by side."""
    rows = connection.execute("SELECT name, value FROM bookmarks WHERE name >= ? ORDER BY name", (prefix,))
    return dict(takewhile(lambda row: row[0].startswith(prefix), rows))


def keep_bookmarks(tx: Transaction, places: Mapping[str, str]) -> None:
    """Set these bookmarks; an empty value takes one out."""
    kept = [(name, value) for name, value in places.items() if value]
    tx.executemany("INSERT OR REPLACE INTO bookmarks (name, value) VALUES (?, ?)", kept)
    tx.executemany(
        "DELETE FROM bookmarks WHERE name = ?", [(name,) for name, value in places.items() if not value]
    )


def keep_templates(tx: Transaction, version: str, sources: Mapping[str, str]) -> None:
    """Store a version of the templates. A version never changes, so the first one stays."""
    values = (version, encode(dict(sources)))
    tx.execute("INSERT OR IGNORE INTO templates (version, sources) VALUES (?, ?)", values)


def keep_calendar(tx: Transaction, calendar: str, source: str, *, at: datetime) -> None:
    """Store a calendar and log it, so that figures can be computed from the log alone. It never changes."""
    added = tx.execute("INSERT OR IGNORE INTO calendars (id, source) VALUES (?, ?)", (calendar, source))
    if added.rowcount == 1:
        fields = {"calendar": calendar, "source": source}
        log.add(tx, [(log.NOWHERE, LogEvent(kind=LogKind.CALENDAR_KEPT, at=at, fields=fields), at)])


def calendars(connection: sqlite3.Connection) -> dict[str, str]:
    """Return every calendar that was ever kept, by id."""
    return dict(connection.execute("SELECT id, source FROM calendars"))


def templates(connection: sqlite3.Connection, version: str) -> Mapping[str, str] | None:
    """Return a stored version of the templates."""
    row = connection.execute("SELECT sources FROM templates WHERE version = ?", (version,)).fetchone()
    return None if row is None else decode_sources(row[0])
