"""A store's file as SQLite sees it."""

import sqlite3
from contextlib import closing


def raw(path):
    return closing(sqlite3.connect(path, isolation_level=None))
