"""Telling parts of the same process that something durable has changed, so that nobody polls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.ports import Changed


class Notices:
    """Whoever wants to know, and whoever waits for the log to grow. Lives in the event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._told: list[Callable[[Changed], None]] = []
        self._readers: set[asyncio.Event] = set()

    def add(self, notice: Callable[[Changed], None]) -> None:
        """Tell ``notice`` of every change from now on."""
        self._told.append(notice)

    def tell(self, changed: Changed) -> None:
        """Pass a change on. A notice that raises keeps it from nobody else."""
        for notice in self._told:
            self._loop.call_soon(notice, changed)
        if changed.log:
            for grown in self._readers:
                grown.set()

    @contextmanager
    def log_growth(self) -> Iterator[asyncio.Event]:
        """Lend an event that is set whenever the log has grown."""
        grown = asyncio.Event()
        self._readers.add(grown)
        try:
            yield grown
        finally:
            self._readers.discard(grown)
