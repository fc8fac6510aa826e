"""Work for the store's threads: a bounded queue of calls, each with the future of whoever waits for it."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable
from typing import Any

from bot.errors import Overloaded, StoreError


class Job:
    """One call. ``alone``: outside of any transaction, with no other job beside it. ``rows``: about how large.

    ``patient``: it lets every other job pass.
    """

    __slots__ = ("alone", "call", "future", "outcome", "patient", "rows")

    def __init__(
        self,
        call: Callable[[Any], Any],
        future: asyncio.Future[Any],
        *,
        alone: bool = False,
        patient: bool = False,
        rows: int = 1,
    ) -> None:
        self.call = call
        self.future = future
        self.alone = alone
        self.patient = patient
        self.rows = rows
        self.outcome: tuple[Any, BaseException | None] = (None, None)

    def resolve(self) -> None:
        """Tell whoever waits, in the event loop. Somebody who was cancelled meanwhile waits no more."""
        if self.future.done():
            return
        result, error = self.outcome
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


class Jobs:
    """A queue from the event loop to threads. When it is full, Overloaded is raised at once: repeat later.

    What is ``patient`` lets everything else pass, so that a crowd of arrivals holds up no deadline and no agent.
    """

    def __init__(self, *, limit: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._patient: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._counted: queue.SimpleQueue[None] = queue.SimpleQueue()  # one for each job in either
        self._limit = limit
        self._waiting = 0
        self._closed = False

    def put(
        self,
        call: Callable[[Any], Any],
        *,
        alone: bool = False,
        last: bool = False,
        patient: bool = False,
        rows: int = 1,
    ) -> asyncio.Future[Any]:
        """Queue a call and return its future. The ``last`` one finds room in a full queue too."""
        if self._closed:
            raise StoreError("the store is closed")
        if self._waiting >= self._limit and not last:
            raise Overloaded(f"{self._waiting} operations wait for the store, the limit is {self._limit}")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._waiting += 1
        (self._patient if patient else self._queue).put(Job(call, future, alone=alone, patient=patient, rows=rows))
        self._counted.put(None)
        return future

    def close(self, *, threads: int) -> None:
        """Take no more; each of ``threads`` ends after what is queued."""
        if not self._closed:
            self._closed = True
            for _ in range(threads):
                self._queue.put(None)
                self._counted.put(None)

    def next(self) -> Job | None:
        """Return the next job, waiting for it; None: the end. Called by threads."""
        self._counted.get()
        return self._first()

    def next_now(self) -> Job | None:
        """Return the next job if there is one; None: the end. Raises queue.Empty. Called by threads."""
        self._counted.get_nowait()
        return self._first()

    def patient_now(self) -> Job:
        """Return the next patient job if there is one. Raises queue.Empty. Called by a lone thread."""
        job = self._patient.get_nowait()
        self._counted.get()  # whoever puts a job counts it a moment later
        return job

    def _first(self) -> Job | None:
        """Return the first job that does not wait for others, else the first patient one. There is one."""
        try:
            job = self._queue.get_nowait()
        except queue.Empty:
            return self._patient.get_nowait()
        if job is None and not self._patient.empty():  # the end comes behind everything
            self._queue.put(None)
            return self._patient.get_nowait()
        return job

    def settle(self, jobs: list[Job], then: Callable[[], None] | None = None) -> None:
        """Resolve the futures of these jobs and call ``then``, in the event loop."""
        self._loop.call_soon_threadsafe(self._settle, jobs, then)

    def _settle(self, jobs: list[Job], then: Callable[[], None] | None) -> None:
        self._waiting -= len(jobs)
        for job in jobs:
            job.resolve()
        if then is not None:
            then()
