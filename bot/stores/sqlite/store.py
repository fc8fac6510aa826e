"""The embedded store as the engine sees it: every piece of the Store protocol over one writer and some readers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from bot.domain.actions import Deadline
from bot.domain.conversation import Conversation
from bot.domain.log import LogEvent, LogKind, LogRecord, Scalar
from bot.domain.messages import ActionId, ConversationId
from bot.ports import Changed
from bot.records import (
    Arrival,
    Commit,
    InboxItem,
    Receipt,
    Sending,
    StaffAccount,
    Taken,
)
from bot.stores.sqlite import (
    accounts,
    commits,
    conversations,
    deadlines,
    inbox,
    intake,
    log,
    outbox,
    requests,
    upkeep,
)
from bot.stores.sqlite.files import Durability, Files, open_files, open_passing_files
from bot.stores.sqlite.for_staff import ForStaff
from bot.stores.sqlite.notices import Notices
from bot.stores.sqlite.readers import Readers
from bot.stores.sqlite.writer import Writer

_READERS = 2
_GLANCE = 0.5  # seconds between looks at what another process may have written
_LIMIT = 10_000  # operations that may wait for the writer, and as many for the readers


def _nothing_pulled(_channel: str) -> bool:
    return False


def _present() -> datetime:
    return datetime.now(UTC)


class SqliteStore(ForStaff):
    """One SQLite file. Open it with ``open`` and give it back with ``close``.

    Everything that changes something is durable when it returns. A full queue raises Overloaded, a locked, full
    or read-only file StoreUnavailable with nothing half done.
    """

    @classmethod
    async def open(
        cls,
        path: Path | str = "heed.db",
        *,
        durability: Durability = "full",
        exclusive: bool = True,
        memory: bool = False,
        reopen_window: timedelta = timedelta(days=7),
        pulled: Callable[[str], bool] = _nothing_pulled,
        present: Callable[[], datetime] = _present,
        stamp: Callable[[], datetime] | None = None,
        limit: int = _LIMIT,
    ) -> Self:
        """Open or create a store.

        ``exclusive``: this process runs on it; a second one raises StoreInUse. Other commands that work beside it
        pass False. ``memory``: a passing store that ignores ``path`` and is gone after ``close``. ``pulled`` tells
        which channels are fetched by the other side; what waits in the store follows it when it is run.
        ``present`` is what ``wait`` and ``erase`` take for now. ``stamp`` gives the time at which a commit is
        written, for ``recorded_at`` in the log; without it that is when the commit was asked for.
        """
        if memory:
            files = open_passing_files(readers=_READERS)
        else:
            files = open_files(
                Path(path), durability=durability, exclusive=exclusive, readers=_READERS, pulled=pulled
            )
        alone = exclusive or memory
        return cls(
            files,
            reopen_window=reopen_window,
            pulled=pulled,
            present=present,
            stamp=stamp,
            alone=alone,
            limit=limit,
        )

    def __init__(
        self,
        files: Files,
        *,
        reopen_window: timedelta,
        pulled: Callable[[str], bool],
        present: Callable[[], datetime],
        stamp: Callable[[], datetime] | None,
        alone: bool,
        limit: int,
    ) -> None:
        self._files = files
        self._reopen_window = reopen_window
        self._pulled = pulled
        self._present = present
        self._stamp = stamp
        self._alone = alone
        self._notices = Notices()
        self._writer = Writer(files.writer, files.path, self._notices.tell, limit=limit)
        self._readers = Readers(files.readers, files.path, limit=limit)
        self._closed = False

    def on_change(self, notice: Callable[[Changed], None]) -> None:
        """Call ``notice`` in the event loop after each durable change made through this object."""
        self._notices.add(notice)

    async def close(self) -> None:
        """Finish what was begun and give back threads and files. A second time does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            self._readers.close()
            await self._writer.close()
        finally:
            self._files.give_back()

    # --- inbox --------------------------------------------------------------------------------------------

    async def accept(self, arrivals: Sequence[Arrival], *, assess_within: timedelta) -> list[Receipt]:
        """Store these durably before it returns. A repetition is recognised."""
        intake.check(arrivals)
        rules = intake.IntakeRules(assess_within=assess_within, reopen_window=self._reopen_window)
        return await self._writer.run(
            lambda tx: intake.accept(tx, arrivals, rules), rows=len(arrivals), patient=True
        )

    async def take(self, limit: int, *, owner: str, now: datetime, lease: timedelta) -> list[InboxItem]:
        """Lease up to ``limit`` items, oldest first, at most the first of each conversation.

        What ``owner`` still has leased from an earlier call comes again.
        What waits for others to speak in its room comes once ``now`` has reached the end of its wait.
        """
        return await self._writer.run(lambda tx: inbox.take(tx, limit, owner=owner, now=now, lease=lease))

    async def overdue(self, now: datetime, limit: int) -> list[InboxItem]:
        """Return items whose deadline for assessment has passed, leased or not."""
        return await self._readers.run(lambda db: inbox.overdue(db, now, limit))

    async def items(self, seqs: Sequence[int]) -> list[InboxItem]:
        """Return those of these items that are still there, as they are now."""
        return await self._readers.run(lambda db: inbox.items(db, seqs))

    async def depth(self) -> int:
        """Return how many items wait for a worker, leased ones included."""
        return await self._readers.run(inbox.depth)

    async def reject(self, items: Sequence[InboxItem], *, reason: str, now: datetime) -> None:
        """Put these aside as dead letters."""
        await self._writer.run(lambda tx: inbox.reject(tx, items, reason=reason, now=now))

    async def release(self, items: Sequence[InboxItem], *, blameless: bool = False) -> None:
        """Give leased items back; ``blameless`` does not count as an attempt."""
        await self._writer.run(lambda tx: inbox.release(tx, items, blameless=blameless))

    # --- conversations ------------------------------------------------------------------------------------

    async def load(self, ids: Sequence[ConversationId]) -> dict[ConversationId, Conversation]:
        """Return the conversations that exist among these."""
        return await self._readers.run(lambda db: conversations.load(db, ids))

    async def requested(self, request: str) -> bool:
        """Tell whether a commit has carried out this request in the last week."""
        return await self._readers.run(lambda db: requests.known(db, request))

    async def commit(self, commits_: Sequence[Commit]) -> list[bool]:
        """Apply each commit whole, or not at all where the stored version is not the expected one."""
        return await self._writer.run(
            lambda tx: commits.commit(tx, commits_, pulled=self._pulled, stamp=self._stamp), rows=len(commits_)
        )

    # --- outbox -------------------------------------------------------------------------------------------

    async def take_sends(
        self,
        channels: Sequence[str] | None,
        *,
        now: datetime,
        limit: int,
        lease: timedelta,
        without: Sequence[str] = (),
    ) -> Taken:
        """Start the first open send of each conversation, customers' replies first."""
        return await self._writer.run(
            lambda tx: outbox.take(tx, channels, without=without, now=now, limit=limit, lease=lease)
        )

    async def offer(self, channel: str, *, after: int, limit: int, now: datetime) -> Taken:
        """Return the sends of a fetched channel behind ``after``."""
        del now  # nothing offered has a lease
        return await self._writer.run(lambda tx: outbox.offer(tx, channel, after=after, limit=limit))

    async def put_back(
        self, action: ActionId, *, not_before: datetime, unknown: bool = False, tried: bool = True
    ) -> None:
        """Return a send to ``new``; ``unknown``: it may have arrived, so it is never called withdrawn."""
        await self._writer.run(
            lambda tx: outbox.put_back(tx, action, not_before=not_before, unknown=unknown, tried=tried)
        )

    async def stranded(self, *, now: datetime, limit: int) -> list[Sending]:
        """Return sends left ``sending`` whose lease has passed."""
        return await self._readers.run(lambda db: outbox.stranded(db, now=now, limit=limit))

    async def withdraw(self, *, now: datetime, limit: int) -> list[Sending]:
        """Withdraw bot's answers still ``new`` and return them; ``unknown`` where one may have arrived."""
        del now  # the outcome's time is told by whoever reports it
        return await self._writer.run(lambda tx: outbox.withdraw(tx, limit=limit))

    # --- deadlines ----------------------------------------------------------------------------------------

    async def next_due(self) -> datetime | None:
        """Return the earliest instant of a deadline or of an item that waits for its assessment."""
        return await self._readers.run(deadlines.next_due)

    async def due(self, now: datetime, limit: int) -> list[Deadline]:
        """Return what has fallen due, oldest first."""
        return await self._readers.run(lambda db: deadlines.due(db, now, limit))

    # --- event log ----------------------------------------------------------------------------------------

    async def changes(self, after: int, limit: int) -> list[LogRecord]:
        """Return up to ``limit`` records behind the cursor."""
        return await self._readers.run(lambda db: log.changes(db, after, limit))

    async def last(self) -> int:
        """Return the cursor of the newest record, 0 for none."""
        return await self._readers.run(log.last)

    async def of(self, conversation: ConversationId) -> list[LogRecord]:
        """Return the whole life of one conversation."""
        return await self._readers.run(lambda db: log.of(db, conversation))

    async def append(self, kind: LogKind, *, at: datetime, fields: Mapping[str, Scalar]) -> None:
        """Log something that concerns no conversation."""
        event = LogEvent(kind=kind, at=at, fields=fields)
        await self._writer.run(lambda tx: log.add(tx, [(log.NOWHERE, event, at)]))

    async def wait(self, after: int, until: datetime | None) -> None:
        """Return once there is a record behind ``after``, or at ``until``."""
        with self._notices.log_growth() as grown:
            while True:
                grown.clear()
                if await self.last() > after or (until is not None and self._present() >= until):
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._patience(until)):
                        await grown.wait()

    def _patience(self, until: datetime | None) -> float | None:
        """Return for how long to trust in notices: they tell of this object's changes alone."""
        left = None if until is None else (until - self._present()).total_seconds()
        if self._alone:
            return left
        return _GLANCE if left is None else min(left, _GLANCE)

    # --- accounts, leases, bookmarks ----------------------------------------------------------------------

    async def put_staff(self, account: StaffAccount) -> None:
        """Add or replace somebody."""
        await self._writer.run(lambda tx: accounts.put_staff(tx, account))

    async def remove_staff(self, name: str) -> bool:
        """Remove somebody's account; False if there is none."""
        return await self._writer.run(lambda tx: accounts.remove_staff(tx, name))

    async def staff(self, name: str) -> StaffAccount | None:
        """Return somebody, or None."""
        return await self._readers.run(lambda db: accounts.staff(db, name))

    async def redeem(self, token: str, *, now: datetime) -> bool:
        """Use up a one-time token. False if it was used before."""
        return await self._writer.run(lambda tx: accounts.redeem(tx, token, now=now))

    async def switch(self, name: str) -> str | None:
        """Return a switch's value, None if it was never set."""
        return await self._readers.run(lambda db: accounts.switch(db, name))

    async def set_switch(self, name: str, value: str | None) -> None:
        """Set or clear a switch."""
        await self._writer.run(lambda tx: accounts.set_switch(tx, name, value))

    async def switches(self, prefix: str) -> Mapping[str, str]:
        """Return all switches that are set and whose names begin so."""
        return await self._readers.run(lambda db: accounts.switches(db, prefix))

    async def acquire(self, name: str, *, owner: str, now: datetime, lease: timedelta) -> bool:
        """Take or renew a lease by name."""
        return await self._writer.run(lambda tx: accounts.acquire(tx, name, owner=owner, now=now, lease=lease))

    async def bookmarks(self, prefix: str) -> Mapping[str, str]:
        """Return all bookmarks whose names begin so."""
        return await self._readers.run(lambda db: accounts.bookmarks(db, prefix))

    async def keep_bookmarks(self, places: Mapping[str, str]) -> None:
        """Set these bookmarks. An empty value takes one out."""
        await self._writer.run(lambda tx: accounts.keep_bookmarks(tx, places))

    # --- upkeep -------------------------------------------------------------------------------------------

    async def backup(self, target: Path) -> None:
        """Write a consistent, checked copy while running. Overwrites nothing."""
        await self._readers.run(lambda db: upkeep.backup(db, target))

    async def erase(self, channel: str, customer: str) -> int:
        """Remove a customer's texts and identity, from the file's free pages too. Returns how many texts went.

        Their open cases are over: nobody can answer any more.
        """
        gone = await self._writer.run(lambda tx: upkeep.erase(tx, channel, customer, at=self._present()))
        await self._writer.run_alone(upkeep.scrub)
        return gone

    async def keep_templates(self, version: str, sources: Mapping[str, str]) -> None:
        """Store a version of the templates."""
        await self._writer.run(lambda tx: accounts.keep_templates(tx, version, sources))

    async def keep_calendar(self, calendar: str, source: str, *, at: datetime) -> None:
        """Store a business calendar by its id, and log it."""
        await self._writer.run(lambda tx: accounts.keep_calendar(tx, calendar, source, at=at))

    async def calendars(self) -> Mapping[str, str]:
        """Return all calendars that were kept, by id."""
        return await self._readers.run(accounts.calendars)

    async def templates(self, version: str) -> Mapping[str, str] | None:
        """Return a stored version of the templates."""
        return await self._readers.run(lambda db: accounts.templates(db, version))
