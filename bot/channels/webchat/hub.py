"""Live pages: one task follows the event log for all of them and looks up only conversations that changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog

from bot.channels.webchat import frames
from bot.channels.webchat.entries import Entry, Window, chunks, entry_of
from bot.channels.webchat.limits import Bucket
from bot.channels.webchat.parse import CHANNEL
from bot.channels.webchat.visitors import Visitor
from bot.domain.messages import ConversationId
from bot.errors import Overloaded, StoreError
from bot.ports import EventLog, TimeSource, Views

log = structlog.get_logger(__name__)

Push = Callable[[str], None]

_PAGE = 200
_RECORDS = 1_000
_IDLE = timedelta(seconds=30)
_PAUSE = timedelta(seconds=1)
#: Rooms that are looked up at the same time after a change.
_AT_ONCE = 8
_BURST = 12
_PER_SECOND = 1.0


class Room:
    """One visitor and all pages that they have open."""

    def __init__(self, visitor: Visitor, views: Views, *, at: datetime) -> None:
        self.visitor = visitor
        self.pages: set[Push] = set()
        self.entering = 0
        self.conversations: set[ConversationId] = set()
        self.bucket = Bucket(burst=_BURST, per_second=_PER_SECOND, at=at)
        self._views = views
        self._window = Window()
        self._turn = asyncio.Lock()

    async def enter(self, page: Push, *, after: int) -> None:
        """Show a page what it has missed since the entry ``after``; from now on it hears what changes."""
        async with self._turn:
            entries = await self._read(0)
            self._tell(self._window.changed(entries))
            missed = [entry for entry in entries if entry.number > after]
            parts = list(chunks(missed))
            for number, part in enumerate(parts, start=1):
                page(frames.shown(part, complete=number == len(parts)))
            self.pages.add(page)

    async def refresh(self) -> None:
        """Tell all pages what has changed."""
        async with self._turn:
            self._tell(self._window.changed(await self._read(self._window.floor())))

    def _tell(self, entries: list[Entry]) -> None:
        if entries:
            frame = frames.shown(entries)
            for page in tuple(self.pages):
                page(frame)

    async def _read(self, after: int) -> list[Entry]:
        """Return the newest entries behind ``after``, at most a window of them."""
        found: list[Entry] = []
        full = True
        while full:
            lines = await self._views.history(CHANNEL, self.visitor.external_id, after=after, limit=_PAGE)
            self.conversations.update(line.conversation for line in lines)
            found = [*found, *(entry_of(line, self.visitor) for line in lines)][-Window.LENGTH :]
            full = len(lines) == _PAGE
            after = max((line.number for line in lines), default=after)
        return found


class Hub:
    """All rooms. ``run`` must be running for pages to learn of changes."""

    def __init__(self, *, views: Views, log: EventLog, time: TimeSource) -> None:
        self._views = views
        self._log = log
        self._time = time
        self._rooms: dict[str, Room] = {}
        self._homes: dict[ConversationId, Room] = {}
        self._due: set[Room] = set()

    async def enter(self, visitor: Visitor, page: Push, *, after: int) -> Room:
        """Open a page of a visitor: it is shown what it missed and hears of changes until it leaves."""
        room = self._rooms.setdefault(visitor.external_id, Room(visitor, self._views, at=self._time.now()))
        room.entering += 1
        try:
            await room.enter(page, after=after)
        finally:
            room.entering -= 1
            self._settle(room)
        return room

    def leave(self, room: Room, page: Push) -> None:
        """Close a page. The room of a visitor without pages is forgotten."""
        room.pages.discard(page)
        self._settle(room)

    async def learn(self, room: Room, conversation: ConversationId | None) -> None:
        """Take note that a message went into this conversation, and show it to the visitor's other pages."""
        if conversation is None:
            return
        new = conversation not in room.conversations
        room.conversations.add(conversation)
        self._settle(room)
        if new or len(room.pages) > 1:
            await self._refresh([room])

    async def run(self) -> None:
        """Follow the event log until cancelled. What fails is logged and tried again: the chat never ends Heed."""
        cursor: int | None = None
        while True:
            try:
                cursor = await self._log.last() if cursor is None else await self._follow(cursor)
                healthy = not self._due
            except (StoreError, Overloaded) as error:
                log.warning("chat_not_followed", error=str(error))
                healthy = False
            except Exception:
                log.exception("chat_defect")
                healthy = False
            if not healthy:
                await self._time.wait(asyncio.Event(), self._time.now() + _PAUSE)
                await self._refresh(tuple(self._due))

    async def _follow(self, cursor: int) -> int:
        await self._log.wait(cursor, self._time.now() + _IDLE)
        records = await self._log.changes(cursor, _RECORDS)
        changed = {record.conversation for record in records} & self._homes.keys()
        await self._refresh({self._homes[conversation] for conversation in changed})
        return records[-1].seq if records else cursor

    async def _refresh(self, rooms: Iterable[Room]) -> None:
        """Look these rooms up, a few at a time. One that could not be looked up is due again."""
        places = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for room in rooms:
                group.create_task(self._look_up(room, places))

    async def _look_up(self, room: Room, places: asyncio.Semaphore) -> None:
        async with places:
            try:
                await room.refresh()
            except (StoreError, Overloaded):
                self._due.add(room)
                return
            except Exception:
                log.exception("chat_page_not_refreshed")
        self._due.discard(room)
        self._settle(room)

    def _settle(self, room: Room) -> None:
        """Keep the index of conversations in step with a room, or forget the room if it is empty."""
        if room.pages or room.entering:
            self._homes.update((conversation, room) for conversation in room.conversations)
            return
        self._due.discard(room)
        if self._rooms.get(room.visitor.external_id) is room:
            del self._rooms[room.visitor.external_id]
        for conversation in room.conversations:
            if self._homes.get(conversation) is room:
                del self._homes[conversation]
