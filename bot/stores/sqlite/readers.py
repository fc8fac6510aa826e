"""A few threads that read, each with a connection of its own: they wait for no writer, and no writer for them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar, cast

from bot.stores.sqlite.failures import translated
from bot.stores.sqlite.jobs import Job, Jobs

T = TypeVar("T")


class Readers:
    """Runs queries off the event loop. Each sees one consistent state: all that was durable when it began."""

    def __init__(self, connections: Sequence[sqlite3.Connection], path: Path, *, limit: int) -> None:
        self._path = path
        self._jobs = Jobs(limit=limit)
        self._connections = connections
        self._threads = [
            threading.Thread(
                target=self._serve, args=(connection,), name=f"heed-reader-{path.name}-{number}", daemon=True
            )
            for number, connection in enumerate(connections)
        ]
        for thread in self._threads:
            thread.start()

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query and return its result."""
        return cast(T, await self._jobs.put(query))

    def close(self) -> None:
        """Finish what is queued, then end the threads and give back the file."""
        self._jobs.close(threads=len(self._threads))
        for thread in self._threads:
            thread.join()
        for connection in self._connections:
            connection.close()

    def _serve(self, connection: sqlite3.Connection) -> None:
        while (job := self._jobs.next()) is not None:
            self._perform(job, connection)
            self._jobs.settle([job])

    def _perform(self, job: Job, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("BEGIN")
            try:
                job.outcome = job.call(connection), None
            finally:
                connection.execute("ROLLBACK")
        except Exception as error:  # noqa: BLE001 - handed to whoever asked
            job.outcome = None, translated(error, self._path)
