"""One open transaction of the writer, and what it has touched so far."""

from __future__ import annotations

import sqlite3

from bot.ports import Changed
from bot.stores.sqlite.codec import moment


class Transaction:
    """What an operation works on. The marks become the ``Changed`` of its group once it is durable."""

    __slots__ = ("connection", "earliest", "execute", "executemany", "inbox", "log", "outbox")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.execute = connection.execute
        self.executemany = connection.executemany
        self.inbox = False
        self.outbox = False
        self.log = False
        self.earliest: int | None = None

    def falls_due(self, at: int) -> None:
        """Note that something falls due at ``at``."""
        if self.earliest is None or at < self.earliest:
            self.earliest = at

    def changed(self) -> Changed | None:
        """Return what was touched, None for nothing that anybody waits for."""
        if not (self.inbox or self.outbox or self.log or self.earliest is not None):
            return None
        earliest = None if self.earliest is None else moment(self.earliest)
        return Changed(inbox=self.inbox, outbox=self.outbox, log=self.log, earliest_deadline=earliest)
