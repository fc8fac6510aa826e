"""Sees from outside when a warning or breach is committed: reads the log of a running Heed."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

#: Seconds between two looks: what is seen was committed at most so much before.
GLANCE = 0.005

_NEWER = "SELECT seq, kind, at, recorded_at, fields FROM log WHERE seq > ? ORDER BY seq LIMIT 5000"


@dataclass(frozen=True)
class Fired:
    """A deadline that was noticed; instants in seconds since 1970. ``seen``: when its commit could be read."""

    due: float
    logged: float
    seen: float

    @property
    def late(self) -> float:
        """Return by how many seconds the commit came after the due time."""
        return self.seen - self.due


@dataclass
class Watch:
    """What was seen so far, in the order of the log."""

    store: Path
    fired: list[Fired] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def between(self, first: datetime, last: datetime) -> list[Fired]:
        """Return what fell due from ``first`` to ``last``."""
        return [each for each in self.fired if first.timestamp() <= each.due <= last.timestamp()]

    def look(self) -> None:
        """Read on until told that it is over."""
        with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as db:
            after = db.execute("SELECT coalesce(max(seq), 0) FROM log").fetchone()[0]
            while not self._over.is_set():
                rows = db.execute(_NEWER, (after,)).fetchall()
                seen = time.time()
                for seq, kind, _, recorded, fields in rows:
                    after = seq
                    if kind in {"warn", "breach"}:
                        due = datetime.fromisoformat(json.loads(fields)["due"]).timestamp()
                        self.fired.append(Fired(due, recorded / 1e6, seen))
                if len(rows) < 100:
                    self._over.wait(GLANCE)

    def stop(self) -> None:
        """Read no further."""
        self._over.set()


@contextmanager
def watching(store: Path) -> Iterator[Watch]:
    """Watch a store's log from now on."""
    watch = Watch(store)
    thread = threading.Thread(target=watch.look, name="watching")
    thread.start()
    try:
        yield watch
    finally:
        watch.stop()
        thread.join()
