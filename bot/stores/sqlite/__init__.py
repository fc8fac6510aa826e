"""The embedded store: one SQLite file, one writer that joins what waits into one durable group."""

from bot.stores.sqlite.restoring import restore_file
from bot.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore", "restore_file"]
