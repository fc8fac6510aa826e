"""Follows the log for a desk in a chat: which conversations changed, shown one round at a time, none left out.

Rounds of several conversations go side by side, what customers did before what only looks different. A
conversation of which a round shows only a part comes again behind the others; one that cannot be shown now is
tried again after pauses that grow, and keeps up no other. The bookmark stays behind what has not been shown, so
that a desk that ends anywhere begins again there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Protocol

import structlog

from bot.desk.thread import SHOWN_STATES
from bot.domain.log import LogKind, LogRecord
from bot.domain.messages import ConversationId
from bot.errors import HeedError, StoreError
from bot.ports import Bookmarks, EventLog, TimeSource, Views
from bot.records import QueueQuery

log = structlog.get_logger(__name__)

#: What changes how a conversation looks, and nothing that anybody has to read at once.
QUIET = frozenset(
    {
        LogKind.STATE_CHANGED,
        LogKind.SEND_QUEUED,
        LogKind.SEND_CONFIRMED,
        LogKind.FIELDS_SET,
        LogKind.ACTIVATE,
        LogKind.PAUSE,
        LogKind.RESUME,
        LogKind.SUSPEND,
        LogKind.APPLY_SLA,
        LogKind.FULFILL,
        LogKind.CANCEL,
        LogKind.CORRECT,
    }
)
#: How long what is quiet waits for more of its kind.
_SETTLES = timedelta(seconds=1)
_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(minutes=5)
_AGAIN = timedelta(seconds=5)
_IDLE = timedelta(minutes=1)
_BOOKMARK_EVERY = timedelta(seconds=1)
_PAGE = 500
#: More conversations than this are not kept in mind: the log is read on when there is room again.
_MOST = 5000
#: A sweep adds no more while so many wait: what happens meanwhile has room besides.
_MOST_SWEPT = 2500

#: Shows a conversation, and tells whether all of it is shown: of one that it does not show whole there is more.
Show = Callable[[ConversationId], Awaitable[bool]]


class FollowedStore(EventLog, Bookmarks, Views, Protocol):
    """What following needs of the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Want:
    """A conversation to be shown. ``since``: the first record that it was not shown with, 0 for none."""

    quiet: bool
    since: int
    order: int
    not_before: datetime
    failures: int = 0

    @property
    def turn(self) -> tuple[bool, int, datetime]:
        """Return what decides when it is shown."""
        return self.quiet, self.order, self.not_before

    def joined(self, other: _Want) -> _Want:
        """Return both in one."""
        since = min(filter(None, (self.since, other.since)), default=0)
        eager = self.failures == 0 and not other.quiet
        return replace(
            self,
            quiet=self.quiet and other.quiet,
            since=since,
            not_before=min(self.not_before, other.not_before) if eager else self.not_before,
        )


@dataclass(slots=True)
class _Wanted:
    """Conversations to be shown, of which the next one is found without looking at all of them.

    A conversation stands in a queue once for each turn that it was given; a turn that is not the present one any
    more counts for nothing.
    """

    of: dict[ConversationId, _Want] = field(default_factory=dict)
    _later: list[tuple[datetime, int, ConversationId]] = field(default_factory=list)
    _due: list[tuple[bool, int, ConversationId]] = field(default_factory=list)

    def put(self, conversation: ConversationId, want: _Want, *, waits: bool = True) -> None:
        """Let a conversation wait for its turn; with ``waits`` False it gets none until ``let_wait``."""
        known = self.of.get(conversation)
        joined = self.of[conversation] = known.joined(want) if known else want
        if waits and (known is None or known.turn != joined.turn):
            self._queue(conversation, joined)

    def let_wait(self, conversation: ConversationId, failed: _Want | None) -> None:
        """Give a conversation a turn again, if it is wanted: ``failed`` is what the last one left to be done."""
        newer = self.of.get(conversation)
        want = failed.joined(newer) if failed and newer else failed or newer
        if want is not None:
            self.of[conversation] = want
            self._queue(conversation, want)

    def next(self, now: datetime) -> tuple[ConversationId, _Want] | None:
        """Take out what comes next: what is quiet last, and within that in the order in which it came."""
        while self._later and self._later[0][0] <= now:
            _, order, conversation = heappop(self._later)
            want = self.of.get(conversation)
            if want is not None and want.order == order:
                heappush(self._due, (want.quiet, order, conversation))
        while self._due:
            quiet, order, conversation = heappop(self._due)
            want = self.of.get(conversation)
            if want is not None and (want.quiet, want.order) == (quiet, order) and want.not_before <= now:
                return conversation, self.of.pop(conversation)
        return None

    def next_due(self) -> datetime | None:
        """Return when to look again, None where nothing waits for its time."""
        return self._later[0][0] if self._later else None

    def _queue(self, conversation: ConversationId, want: _Want) -> None:
        heappush(self._later, (want.not_before, want.order, conversation))


class Following:
    """Calls ``show`` for each conversation that changed, never twice at once for the same one.

    ``name`` is the desk's; ``at_once``: how many are shown side by side.
    """

    def __init__(self, *, name: str, store: FollowedStore, time: TimeSource, show: Show, at_once: int = 4) -> None:
        self._mark = f"desk:{name}"
        self._store = store
        self._time = time
        self._show = show
        self._at_once = at_once
        self._wanted = _Wanted()
        self._busy: dict[ConversationId, _Want] = {}
        self._cursor = 0
        self._kept = -1
        self._count = 0
        self._news = asyncio.Event()
        self._picking = asyncio.Lock()
        self._moved = asyncio.Event()
        self._sweeps = asyncio.Event()
        self._swept = False
        self._stop = asyncio.Event()

    @property
    def idle(self) -> bool:
        """Tell whether nothing waits to be shown, and all that is open has been looked at."""
        return self._swept and not self._wanted.of and not self._busy

    def touch(self, conversation: ConversationId) -> None:
        """Show a conversation again: somebody has changed what stands there."""
        self._want(conversation, quiet=False, since=0)

    def sweep(self) -> None:
        """Look at all that is open: what stands there may have changed unheard."""
        self._swept = False
        self._sweeps.set()

    async def run(self) -> None:
        """Follow until cancelled."""
        await self._begin()
        self.sweep()
        try:
            async with asyncio.TaskGroup() as group:
                for work in (self._read(), self._sweep(), self._keep_bookmark()):
                    group.create_task(work)
                for _ in range(self._at_once):
                    group.create_task(self._work())
        finally:
            await self._keep()

    # --- what is to be shown ----------------------------------------------------------------------------------

    async def _begin(self) -> None:
        """Go on where the last run ended; the first one begins now."""
        while True:
            try:
                marks = await self._store.bookmarks(self._mark)
                known = marks.get(self._mark, "")
                self._cursor = int(known) if known.isdigit() else await self._store.last()
            except StoreError as error:
                log.warning("desk_not_begun", why=str(error))
                await self._pause(_AGAIN)
            else:
                return

    async def _read(self) -> None:
        while True:
            try:
                await self._read_on()
            except StoreError as error:
                log.warning("desk_log_not_read", why=str(error))
                await self._pause(_AGAIN)

    async def _read_on(self) -> None:
        if len(self._wanted.of) > _MOST:
            await self._pause(_FIRST_PAUSE)
            return
        records = await self._store.changes(self._cursor, _PAGE)
        for record in records:
            self._take(record)
        if records:
            self._cursor = records[-1].seq
            self._moved.set()
        else:
            await self._store.wait(self._cursor, self._time.now() + _IDLE)

    def _take(self, record: LogRecord) -> None:
        if record.conversation:
            self._want(record.conversation, quiet=record.kind in QUIET, since=record.seq)

    async def _sweep(self) -> None:
        while True:
            await self._sweeps.wait()
            self._sweeps.clear()
            try:
                await self._sweep_once()
            except StoreError as error:
                log.warning("desk_not_swept", why=str(error))
                await self._pause(_AGAIN)
                self._sweeps.set()
            else:
                self._swept = not self._sweeps.is_set()

    async def _sweep_once(self) -> None:
        """Let all that is open be looked at, as there is room for it.

        What is open is listed at once: pages of a list that changes meanwhile would leave something out.
        """
        for conversation in await self._all_open():
            while len(self._wanted.of) >= _MOST_SWEPT:
                await self._pause(_FIRST_PAUSE)
            self._want(conversation, quiet=True, since=0)

    async def _all_open(self) -> Sequence[ConversationId]:
        found: dict[ConversationId, None] = {}
        offset, total = 0, 1
        while offset < total:
            query = QueueQuery(states=tuple(sorted(SHOWN_STATES)), limit=_PAGE, offset=offset)
            page = await self._store.queue(query)
            found |= dict.fromkeys(row.conversation.id for row in page.rows)
            offset, total = offset + _PAGE, page.total
        return list(found)

    def _want(self, conversation: ConversationId, *, quiet: bool, since: int) -> None:
        self._count += 1
        now = self._time.now()
        new = _Want(
            quiet=quiet, since=since, order=self._count, not_before=now + _SETTLES if quiet and since else now
        )
        self._wanted.put(conversation, new, waits=conversation not in self._busy)
        self._news.set()

    # --- showing ----------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            async with self._picking:  # one looks for work at a time: news wake nobody else
                conversation, want = await self._next()
                self._busy[conversation] = want
            left: _Want | None = want  # a round that is interrupted counts as failed
            try:
                left = await self._shown(conversation, want)
            finally:
                del self._busy[conversation]
                self._wanted.let_wait(conversation, left)
                self._moved.set()
                self._news.set()

    async def _next(self) -> tuple[ConversationId, _Want]:
        while True:
            self._news.clear()
            if (found := self._wanted.next(self._time.now())) is not None:
                return found
            await self._time.wait(self._news, self._wanted.next_due())

    async def _shown(self, conversation: ConversationId, want: _Want) -> _Want | None:
        """Show a conversation; return when to go on with it where that failed, or more is to be shown."""
        try:
            whole = await self._show(conversation)
        except HeedError as error:
            log.warning("desk_not_shown", conversation=conversation, error=type(error).__name__, why=str(error))
            return self._later(want, getattr(error, "seconds", 0.0))
        except Exception as error:  # noqa: BLE001 - a defect: its traceback might quote a text
            log.error("desk_defect", conversation=conversation, error=type(error).__name__, where=_where(error))  # noqa: TRY400 - as above
            return self._later(want, 0.0)
        return None if whole else self._again(want)

    def _again(self, want: _Want) -> _Want:
        """Return a turn behind all others."""
        self._count += 1
        return replace(want, order=self._count, failures=0, not_before=self._time.now())

    def _later(self, want: _Want, seconds: float) -> _Want:
        pause = min(_FIRST_PAUSE * 2**want.failures, _LONGEST_PAUSE)
        pause = max(pause, timedelta(seconds=seconds))
        return replace(want, failures=min(want.failures + 1, 20), not_before=self._time.now() + pause)

    # --- the bookmark -----------------------------------------------------------------------------------------

    @property
    def bookmark(self) -> int:
        """Return up to which record everything has been shown."""
        return min((want.since - 1 for want in self._open()), default=self._cursor)

    def _open(self) -> Iterator[_Want]:
        yield from [want for want in (*self._wanted.of.values(), *self._busy.values()) if want.since]

    async def _keep_bookmark(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            await self._keep()
            await self._pause(_BOOKMARK_EVERY)

    async def _keep(self) -> None:
        place = self.bookmark
        if place == self._kept:
            return
        try:
            await self._store.keep_bookmarks({self._mark: str(place)})
        except StoreError as error:
            log.warning("bookmarks_not_stored", desk=self._mark, why=str(error))
        else:
            self._kept = place

    async def _pause(self, duration: timedelta) -> None:
        await self._time.wait(self._stop, self._time.now() + duration)


def _where(error: BaseException) -> str:
    """Return where a defect lies, without any value."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace is not None else ""
