"""The board of each desk channel: what waits now, edited in place. Below it teams are called."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.desk.discord.calling import Calls, CallStore, Present, where
from bot.desk.discord.line import Refused, Unreached
from bot.desk.discord.marks import Said, clock, counting, fitted, line, nonce
from bot.desk.discord.rooms import Rooms
from bot.desk.discord.standing import DESK
from bot.desk.discord.threads import ARCHIVED, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, Room, Threads
from bot.desk.notices import NoticeKind, Waiting, waiting
from bot.domain.messages import AgentId
from bot.domain.states import State
from bot.errors import HeedError, StoreError
from bot.ports import TimeSource, Views
from bot.records import QueuePage, QueueQuery

log = structlog.get_logger(__name__)

#: A board is edited no more often than this.
PACE = timedelta(seconds=5)
_AGAIN = timedelta(seconds=10)
_IDLE = timedelta(minutes=1)
_PAGE = 500
_MOST_LINES = 25
_BOARD = f"desk:{DESK}:board:"
_NAME = "Now"
_NO_TEAM = ""
#: By its last line a board is known again, whatever it says.
_LAST_LINE = "-# Heed keeps this up to date"
_GONE = frozenset({UNKNOWN_CHANNEL, UNKNOWN_MESSAGE})


class BoardStore(CallStore, Views, Protocol):
    """What the board needs of the store."""


class Boards:
    """Keeps the boards of all desk channels, and calls teams.

    ``desks`` are all channels of the desk and ``teams`` all that the brand has; ``present`` tells who of those
    whom a team's conversations concern is there; ``kinds``: what a team wants to be called for.
    """

    def __init__(
        self,
        *,
        store: BoardStore,
        threads: Threads,
        rooms: Rooms,
        time: TimeSource,
        desks: Collection[str],
        room_of: Callable[[str], str | None],
        present: Present,
        mention: Callable[[AgentId], str],
        kinds: Collection[str] = tuple(NoticeKind),
        teams: Collection[str] = (),
    ) -> None:
        self._store = store
        self._threads = threads
        self._rooms = rooms
        self._time = time
        self._desks = tuple(sorted(desks))
        self._teams = (*teams, _NO_TEAM)
        self._room_of = room_of
        self.calls = Calls(
            store=store,
            threads=threads,
            rooms=rooms,
            time=time,
            room_of=room_of,
            place_of=self._place,
            present=present,
            mention=mention,
            kinds=kinds,
        )
        self._stop = asyncio.Event()
        self._cursor = 0
        self._stale = True
        self._shown_at: datetime | None = None

    async def run(self) -> None:
        """Keep boards and call teams until cancelled. What fails is tried again."""
        begun = False
        while True:
            try:
                if not begun:
                    self._cursor = await self.calls.begin()
                    begun = True
                await self._round()
            except (HeedError, KeyError, ValueError) as error:
                log.warning("desk_board_failed", error=type(error).__name__, why=str(error)[:200])
                await self._time.wait(self._stop, self._time.now() + _AGAIN)

    async def _round(self) -> None:
        """Take what is new, show what has changed, and wait for more."""
        records = await self._store.changes(self._cursor, _PAGE)
        await self.calls.hear(records)
        if records:
            self._cursor, self._stale = records[-1].seq, True
        if self._stale and self._rested:
            self._stale, self._shown_at = False, self._time.now()
            await self._show()
        await self.calls.call()
        await self.calls.keep(self._cursor)
        if len(records) < _PAGE:
            await self._store.wait(self._cursor, self._until())

    @property
    def _rested(self) -> bool:
        return self._shown_at is None or self._time.now() >= self._shown_at + PACE

    def _until(self) -> datetime:
        """Return when something is to be done though nothing new comes."""
        now = self._time.now()
        due = [now + _IDLE, self.calls.next_due()]
        due.append(self._shown_at + PACE if self._stale and self._shown_at else None)
        return max(min(each for each in due if each is not None), now)

    # --- boards -----------------------------------------------------------------------------------------------

    async def _show(self) -> None:
        for room in self._desks:
            try:
                await self._show_in(room)
            except Refused as refused:
                await self._rooms.explain(room, refused)
            except Unreached:
                self._stale = True

    async def _waiting_in(self, room: str) -> tuple[Sequence[Waiting], int]:
        """Return the most urgent of what waits in a channel, and how much waits there in all."""
        free = await self._queue(room, State.ESCALATED)
        held = await self._queue(room, State.CLAIMED)
        owed = [row for row in held.rows if row.conversation.unanswered]
        return waiting((*free.rows, *owed)), free.total + len(owed)

    async def _queue(self, room: str, state: State) -> QueuePage:
        """Return what a channel has in one state, and how much.

        A team that the brand has no more works where those without a team do: it counts there, and has no line.
        """
        here = tuple(each for each in self._teams if self._room_of(each) == room)
        elsewhere = tuple(each for each in self._teams if each not in here)
        everything = QueueQuery(states=(state.value,), limit=_PAGE)
        if not elsewhere:
            return await self._store.queue(everything)
        if not here:
            return QueuePage(rows=(), total=0)
        page = await self._store.queue(replace(everything, teams=here))
        if _NO_TEAM not in here:
            return page
        whole = await self._store.queue(replace(everything, limit=1))
        others = await self._store.queue(replace(everything, teams=elsewhere, limit=1))
        return replace(page, total=whole.total - others.total)

    async def _show_in(self, room: str) -> None:
        lines, total = await self._waiting_in(room)
        shown = [await self._row(each) for each in lines[:_MOST_LINES]]
        head = f"**{total} waiting for staff**" if total else "**Nothing waits** ☕"
        said = Said(content=f"{fitted([head, *shown], total=total + 1)}\n{_LAST_LINE}")
        place, message, digest = await self._known(room)
        if message and digest == said.digest:
            return
        if not message or not await self._edited(place, message, said):
            place, message = await self._new(room, said, instead_of=message)
        await self._keep_known(room, place, message, said.digest)

    async def _edited(self, place: str, message: str, said: Said) -> bool:
        """Change what a board says; False where somebody has deleted it."""
        try:
            await self._edit(place, message, said)
        except Refused as refused:
            if refused.code not in _GONE:
                raise
            return False
        return True

    async def _edit(self, place: str, message: str, said: Said) -> None:
        try:
            await self._threads.edit(place, message, said)
        except Refused as refused:
            if refused.code != ARCHIVED:
                raise
            await self._threads.change(place, archived=False, locked=False)
            await self._threads.edit(place, message, said)

    async def _new(self, room: str, said: Said, *, instead_of: str) -> tuple[str, str]:
        """Begin a board: in a forum it is a thread of its own. Return where it stands and as which message.

        One that was posted and not kept is found again.
        """
        found = await self._rooms.room(room)
        if found.forum:
            return await self._new_thread(found, said)
        for own in await self._threads.latest_own(room, ending=_LAST_LINE):
            if own != instead_of and await self._edited(room, own, said):
                return room, own
        return room, await self._threads.post(room, said, nonce(DESK, "board", room, instead_of))

    async def _new_thread(self, room: Room, said: Said) -> tuple[str, str]:
        """Open the board's thread in a forum, or find the one that was opened and not kept."""
        if (own := await self._rooms.named(_NAME, room.id)) and await self._edited(own, own, said):
            return own, own
        try:
            return await self._threads.open(room, _NAME, said)
        except Unreached:
            self._rooms.doubt_threads(room.id)
            raise

    async def _place(self, room: str) -> str:
        """Return where a team is called: below the board."""
        place, message, _ = await self._known(room)
        if not message:
            await self._show_in(room)
            place, _, _ = await self._known(room)
        return place

    async def _row(self, each: Waiting) -> str:
        sign = "🔴" if each.breached else "⏰" if each.warned else "🔔" if each.holder is None else "✋"
        who = f"held by {line(each.holder)}" if each.holder else "nobody's"
        due = "" if each.due_at is None else f"{each.clock} {'missed' if each.breached else 'due'} "
        at = each.due_at or each.since
        when = f"{due or 'waits since '}{counting(at)}, {clock(at)}" if at is not None else "waits"
        return f"{sign} {when} · {who} · {await where(self._store, each.conversation)}"

    async def _known(self, room: str) -> tuple[str, str, str]:
        """Return where a board stands, as which message, and a mark of what it says; "" for none."""
        name = _BOARD + room
        parts = (await self._store.bookmarks(name)).get(name, "").split("/")
        return (parts[0], parts[1], parts[2]) if len(parts) == 3 else ("", "", "")

    async def _keep_known(self, room: str, place: str, message: str, digest: str) -> None:
        try:
            await self._store.keep_bookmarks({_BOARD + room: f"{place}/{message}/{digest}"})
        except StoreError as error:
            log.warning("bookmarks_not_stored", desk=DESK, why=str(error))
