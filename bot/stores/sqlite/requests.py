"""Wishes that were carried out, for as long as somebody may ask for them again because the answer was lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.stores.sqlite.codec import micros, span
from bot.stores.sqlite.transaction import Transaction

#: For how long they are known.
KEPT = timedelta(days=7)


def keep(tx: Transaction, requests: Sequence[tuple[str, datetime]]) -> None:
    """Keep these, and forget those of long ago."""
    if not requests:
        return
    rows = [(request, micros(at)) for request, at in requests]
    tx.execute("DELETE FROM requests WHERE at < ?", (max(at for _, at in rows) - span(KEPT),))
    tx.executemany("INSERT OR IGNORE INTO requests (request, at) VALUES (?, ?)", rows)


def known(connection: sqlite3.Connection, request: str) -> bool:
    """Tell whether this was carried out."""
    return connection.execute("SELECT 1 FROM requests WHERE request = ?", (request,)).fetchone() is not None
