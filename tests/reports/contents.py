"""Everything that a read database holds, in an order of its own making."""

from __future__ import annotations

import sqlite3

from bot.reports.business import Calendars
from bot.reports.rollups import COUNTS, unpacked
from bot.reports.storage import Storage

TABLES = ("messages", "parts", "calendars", "conversations", "happenings", "notices", "stops", "progress")
CELL_KEY, VOLUME_KEY = 11, 5


def contents(storage: Storage) -> dict[str, list[tuple]]:
    """Return all rows by table; a volume that has been counted up and down to nothing is nothing."""

    def everything(connection: sqlite3.Connection, _: Calendars) -> dict[str, list[tuple]]:
        rows = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
        clocks = connection.execute("SELECT * FROM clocks ORDER BY conversation, metric, instance")
        rows["clocks"] = [row[1:] for row in clocks]
        volumes = connection.execute("SELECT * FROM volumes")
        rows["volumes"] = [row for row in volumes if any(row[VOLUME_KEY:])]
        cells = connection.execute("SELECT * FROM cells")
        rows["cells"] = [(*row[:-2], *map(unpacked, row[-2:])) for row in cells]
        assert all(any(row[CELL_KEY:]) for row in rows["cells"])  # an empty cell would be an empty group
        assert all(min(row[CELL_KEY : CELL_KEY + len(COUNTS)]) >= 0 for row in rows["cells"])
        return rows

    return storage.read(everything)
