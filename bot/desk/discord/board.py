"""The board of each desk channel: what waits now, edited in place; and whom a new escalation or a breach calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.desk.discord.line import Refused, Unreached
from bot.desk.discord.marks import Said, clock, counting, length, line, nonce
from bot.desk.discord.rooms import Rooms
from bot.desk.discord.standing import DESK, THREAD
from bot.desk.discord.threads import ARCHIVED, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, Room, Threads
from bot.desk.notices import STALE, Grouping, Notice, NoticeKind, Waiting, is_anybodys, notice_of, waiting
from bot.domain.conversation import Conversation
from bot.domain.messages import AgentId, ConversationId
from bot.domain.states import State
from bot.errors import HeedError, StoreError
from bot.ports import Bookmarks, Conversations, EventLog, Posts, TimeSource, Views
from bot.records import QueueQuery

log = structlog.get_logger(__name__)

#: A board is edited no more often than this.
PACE = timedelta(seconds=5)
_AGAIN = timedelta(seconds=10)
_IDLE = timedelta(minutes=1)
_PAGE = 500
_MOST_LINES = 25
_ROOM = 1900
_MARK = f"desk:{DESK}:notices"
_BOARD = f"desk:{DESK}:board:"
_NAME = "Now"
_SIGNS = {NoticeKind.ESCALATION: "🔔 new", NoticeKind.WARNING: "⏰ target near", NoticeKind.BREACH: "🔴 missed"}
_GONE = frozenset({UNKNOWN_CHANNEL, UNKNOWN_MESSAGE})

Present = Callable[[str], Awaitable[Collection[AgentId]]]


class BoardStore(EventLog, Bookmarks, Views, Conversations, Posts, Protocol):
    """What the board needs of the store."""


class Boards:
    """Keeps the boards of all desk channels, and calls teams.

    ``desks`` are all channels of the desk; ``present`` tells who of those whom a team's conversations concern is
    there; ``kinds``: what a team wants to be called for.
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
    ) -> None:
        self._store = store
        self._threads = threads
        self._rooms = rooms
        self._time = time
        self._desks = tuple(sorted(desks))
        self._room_of = room_of
        self._present = present
        self._mention = mention
        self._kinds = frozenset(kinds)
        self._grouping = Grouping()
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
                    await self._begin()
                    begun = True
                await self._round()
            except (HeedError, KeyError, ValueError) as error:
                log.warning("desk_board_failed", error=type(error).__name__, why=str(error)[:200])
                await self._time.wait(self._stop, self._time.now() + _AGAIN)

    async def _begin(self) -> None:
        known = (await self._store.bookmarks(_MARK)).get(_MARK, "")
        self._cursor = int(known) if known.isdigit() else await self._store.last()

    async def _round(self) -> None:
        """Take what is new, show what has changed, and wait for more."""
        records = await self._store.changes(self._cursor, _PAGE)
        now = self._time.now()
        found = [notice_of(record, self._kinds) for record in records]
        await self._group([each for each in found if each is not None and now - each.at < STALE])
        if records:
            self._cursor, self._stale = records[-1].seq, True
        if self._stale and self._rested:
            self._stale, self._shown_at = False, now
            await self._show()
        await self._call()
        await self._keep()
        if len(records) < _PAGE:
            await self._store.wait(self._cursor, self._until())

    @property
    def _rested(self) -> bool:
        return self._shown_at is None or self._time.now() >= self._shown_at + PACE

    def _until(self) -> datetime:
        """Return when something is to be done though nothing new comes."""
        now = self._time.now()
        due = [now + _IDLE, self._grouping.next_due()]
        due.append(self._shown_at + PACE if self._stale and self._shown_at else None)
        return max(min(each for each in due if each is not None), now)

    async def _keep(self) -> None:
        oldest = self._grouping.oldest
        place = self._cursor if oldest is None else min(self._cursor, oldest - 1)
        if (await self._store.bookmarks(_MARK)).get(_MARK) != str(place):
            await self._store.keep_bookmarks({_MARK: str(place)})

    # --- calling teams ----------------------------------------------------------------------------------------

    async def _group(self, notices: Sequence[Notice]) -> None:
        """Let notices wait for the turn of the teams that they are for now."""
        known = await self._store.load(list({each.conversation for each in notices})) if notices else {}
        for each in notices:
            if each.conversation in known:
                self._grouping.add(known[each.conversation].team, each)

    async def _call(self) -> None:
        for team, notices in list(self._grouping.due(self._time.now())):
            known = await self._store.load(list({each.conversation for each in notices}))
            open_ones = [
                each for each in notices if each.conversation in known and is_anybodys(known[each.conversation])
            ]
            room = self._room_of(team)
            called = await self._called(team)
            if not open_ones or room is None or not called:
                self._grouping.drop(team)
                continue
            try:
                await self._tell(team, room, open_ones, known, called)
            except Refused as refused:  # a person has to mend it; the board goes on trying
                await self._rooms.explain(room, refused)
            self._grouping.tell(team, self._time.now())

    async def _called(self, team: str) -> tuple[str, ...]:
        """Return the ids on Discord of all who are there."""
        there = sorted(await self._present(team))
        return tuple(found for each in there if (found := self._mention(each)))[:50]

    async def _tell(
        self,
        team: str,
        room: str,
        notices: Sequence[Notice],
        known: Mapping[ConversationId, Conversation],
        called: tuple[str, ...],
    ) -> None:
        lines = [await self._line(each, known[each.conversation]) for each in notices]
        said = Said(content=fitted(lines), pings=called)
        place = await self._place(room)
        await self._threads.post(place, said, nonce(DESK, "notice", team, str(notices[-1].seq)))

    async def _line(self, notice: Notice, conversation: Conversation) -> str:
        due = conversation.due_at
        what = f"{_SIGNS[notice.kind]}{f': {notice.metric}' if notice.metric else ''}"
        when = f" · due {counting(due)}" if due is not None else ""
        return f"{what}{when} · {await self._where(notice.conversation)}"

    async def _where(self, conversation: ConversationId) -> str:
        thread = (await self._store.posts(DESK, conversation)).get(THREAD)
        return f"<#{thread.external_id}>" if thread else line(conversation)

    # --- boards -----------------------------------------------------------------------------------------------

    async def _show(self) -> None:
        states = (State.ESCALATED.value, State.CLAIMED.value)
        page = await self._store.queue(QueueQuery(states=states, limit=_PAGE))
        lines = waiting(page.rows)
        for room in self._desks:
            try:
                await self._show_in(room, [each for each in lines if self._room_of(each.team) == room])
            except Refused as refused:
                await self._rooms.explain(room, refused)
            except Unreached:
                self._stale = True

    async def _show_in(self, room: str, lines: Sequence[Waiting]) -> None:
        shown = [await self._row(each) for each in lines[:_MOST_LINES]]
        head = f"**{len(lines)} waiting for staff**" if lines else "**Nothing waits** ☕"
        said = Said(content=fitted([head, *shown], total=len(lines) + 1))
        place, message, digest = await self._known(room)
        if message and digest == said.digest:
            return
        if not message or not await self._edited(place, message, said):
            place, message = await self._new(room, said)
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

    async def _new(self, room: str, said: Said) -> tuple[str, str]:
        """Begin a board: in a forum it is a thread of its own. Return where it stands and as which message."""
        found = await self._rooms.room(room)
        if found.forum:
            return await self._new_thread(found, said)
        return room, await self._threads.post(room, said, nonce(DESK, "board", room, said.digest))

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
            await self._show_in(room, ())
            place, _, _ = await self._known(room)
        return place

    async def _row(self, each: Waiting) -> str:
        sign = "🔴" if each.breached else "⏰" if each.warned else "🔔" if each.holder is None else "✋"
        who = f"held by {line(each.holder)}" if each.holder else "nobody's"
        due = "" if each.due_at is None else f"{each.clock} {'missed' if each.breached else 'due'} "
        at = each.due_at or each.since
        when = f"{due or 'waits since '}{counting(at)}, {clock(at)}" if at is not None else "waits"
        return f"{sign} {when} · {who} · {await self._where(each.conversation)}"

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


def fitted(lines: Sequence[str], *, total: int | None = None) -> str:
    """Return lines as one message, and how many do not fit."""
    kept: list[str] = []
    for each in lines:
        if length("\n".join((*kept, each))) > _ROOM:
            break
        kept.append(each)
    left = (total or len(lines)) - len(kept)
    return "\n".join((*kept, f"… and {left} more")) if left > 0 else "\n".join(kept)
