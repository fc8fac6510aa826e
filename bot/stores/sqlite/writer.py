"""The one thread that writes: it joins what waits into one transaction and one sync to disk."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TypeVar, cast

from bot.errors import StoreUnavailable
from bot.ports import Changed
from bot.stores.sqlite.failures import translated
from bot.stores.sqlite.jobs import Job, Jobs
from bot.stores.sqlite.transaction import Transaction

T = TypeVar("T")

_GROUP = 256  # rows, about, in one transaction: enough to share a sync, few enough to answer soon
_PATIENT = 100  # rows of patient ones among them: whoever comes meanwhile waits for these


class Writer:
    """Runs operations durably, each whole or not at all, in the order in which they were given.

    Those that are ``patient`` let the others pass, but one of them at least goes with each group. An operation
    that raises takes nobody down: its group is rolled back and each runs on its own.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path, changed: Callable[[Changed], None], *, limit: int
    ) -> None:
        self._connection = connection
        self._path = path
        self._changed = changed
        self._jobs = Jobs(limit=limit)
        self._thread = threading.Thread(target=self._serve, name=f"heed-writer-{path.name}", daemon=True)
        self._thread.start()

    async def run(self, operation: Callable[[Transaction], T], *, rows: int = 1, patient: bool = False) -> T:
        """Run an operation inside a transaction and return its result once that is durable."""
        return cast(T, await self._jobs.put(operation, rows=rows, patient=patient))

    async def run_alone(self, operation: Callable[[sqlite3.Connection], T]) -> T:
        """Run an operation outside of any transaction."""
        return cast(T, await self._jobs.put(operation, alone=True))

    async def close(self) -> None:
        """Finish what is queued, then end the thread and give back the file."""
        end = self._jobs.put(lambda _: None, alone=True, last=True)
        self._jobs.close(threads=1)
        try:
            await end
        finally:
            self._thread.join()
            self._connection.close()

    def _serve(self) -> None:
        going_on = True
        while going_on:
            jobs, going_on = self._drain()
            for alone, group in groupby(jobs, key=lambda job: job.alone):
                if alone:
                    self._perform_alone(list(group))
                else:
                    self._perform(list(group))

    def _drain(self) -> tuple[list[Job], bool]:
        """Return what waits, at least one job unless this is the end, and whether to go on."""
        jobs: list[Job] = []
        rows = patient = 0
        with suppress(queue.Empty):
            while rows < _GROUP and patient < _PATIENT:
                job = self._jobs.next_now() if jobs else self._jobs.next()
                if job is None:
                    return jobs, False
                jobs.append(job)
                rows += job.rows
                patient += job.rows if job.patient else 0
            if not patient:
                jobs.append(self._jobs.patient_now())
        return jobs, True

    def _perform_alone(self, jobs: list[Job]) -> None:
        for job in jobs:
            try:
                job.outcome = job.call(self._connection), None
            except Exception as error:  # noqa: BLE001 - handed to whoever asked
                job.outcome = None, translated(error, self._path)
        self._jobs.settle(jobs)

    def _perform(self, jobs: list[Job]) -> None:
        try:
            changed = self._together(jobs)
        except Exception as error:  # noqa: BLE001 - handed to whoever asked
            self._failed(jobs, translated(error, self._path))
        else:
            self._jobs.settle(jobs, None if changed is None else partial(self._changed, changed))

    def _together(self, jobs: list[Job]) -> Changed | None:
        """Run these in one transaction. Raises, with nothing changed, if any of them does."""
        transaction = Transaction(self._connection)
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for job in jobs:
                job.outcome = job.call(transaction), None
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # SQLite ends it by itself when the disk is full
                self._connection.execute("ROLLBACK")
            raise
        return transaction.changed()

    def _failed(self, jobs: list[Job], error: BaseException) -> None:
        """Run the jobs of a failed group one by one; a lone one fails. A locked store fails all at once."""
        if len(jobs) == 1 or _locked(error):
            for job in jobs:
                job.outcome = None, error
            self._jobs.settle(jobs)
        else:
            for job in jobs:
                self._perform([job])


def _locked(error: BaseException) -> bool:
    return isinstance(error, StoreUnavailable) and "locked" in str(error)
