"""Calls a team for what concerns it: once a minute at most, and for each thing once, whatever is killed when.

What a team is about to be called for is stored before it is called. A call that was cut off is made again under
the same key, by which Discord knows it for some minutes; later nobody knows whether it was made, and the board
has to do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.desk.discord.line import Refused, Unreached
from bot.desk.discord.marks import Said, counting, fitted, line, nonce
from bot.desk.discord.rooms import Rooms
from bot.desk.discord.standing import DESK, THREAD
from bot.desk.discord.threads import Threads
from bot.desk.notices import STALE, Grouping, Notice, NoticeKind, is_anybodys, notice_of
from bot.domain.conversation import Conversation
from bot.domain.log import LogRecord
from bot.domain.messages import AgentId, ConversationId
from bot.ports import Bookmarks, Conversations, EventLog, Posts, TimeSource

_MARK = f"desk:{DESK}:notices"
_CALLED = f"desk:{DESK}:called:"
#: For so long Discord is sure to know a key again.
_KNOWN = timedelta(minutes=2)
_MOST_CALLED = 50
_SIGNS = {NoticeKind.ESCALATION: "🔔 new", NoticeKind.WARNING: "⏰ target near", NoticeKind.BREACH: "🔴 missed"}

Present = Callable[[str], Awaitable[Collection[AgentId]]]


class CallStore(EventLog, Bookmarks, Conversations, Posts, Protocol):
    """What calling needs of the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """For what a team has been called: all records up to ``last``; ``now`` are those of a call being made."""

    last: int = 0
    now: tuple[int, ...] = ()
    at: datetime | None = None

    def written(self) -> str:
        """Return this as text to be stored."""
        at = int(self.at.timestamp()) if self.at else 0
        return f"{self.last}/{at}/{'.'.join(map(str, self.now))}"

    @classmethod
    def read(cls, text: str) -> Called:
        """Return what was stored; nobody was called where nothing was."""
        last, at, now = (*text.split("/"), "", "", "")[:3]
        if not last.isdigit() or not at.isdigit():
            return cls()
        seqs = tuple(int(each) for each in now.split(".") if each.isdigit())
        return cls(last=int(last), now=seqs, at=datetime.fromtimestamp(int(at), UTC) if seqs else None)


@dataclass(kw_only=True)
class Calls:
    """Calls teams below their boards.

    ``place_of`` names where a channel's board stands; ``present`` tells who of those whom a team's conversations
    concern is there; ``kinds``: what a team wants to be called for.
    """

    store: CallStore
    threads: Threads
    rooms: Rooms
    time: TimeSource
    room_of: Callable[[str], str | None]
    place_of: Callable[[str], Awaitable[str]]
    present: Present
    mention: Callable[[AgentId], str]
    kinds: Collection[str] = tuple(NoticeKind)
    _grouping: Grouping = field(default_factory=Grouping)
    _called: dict[str, Called] = field(default_factory=dict)

    async def begin(self) -> int:
        """Go on where the last run ended; return from which record on the log is read."""
        known = await self.store.bookmarks(_CALLED)
        self._called = {name.removeprefix(_CALLED): Called.read(text) for name, text in known.items()}
        place = (await self.store.bookmarks(_MARK)).get(_MARK, "")
        return int(place) if place.isdigit() else await self.store.last()

    async def hear(self, records: Sequence[LogRecord]) -> None:
        """Let what concerns teams wait for their turn: of those that it concerns now."""
        now = self.time.now()
        found = [notice_of(record, self.kinds) for record in records]
        fresh = [each for each in found if each is not None and now - each.at < STALE]
        known = await self.store.load(list({each.conversation for each in fresh})) if fresh else {}
        for each in fresh:
            if each.conversation in known:
                team = known[each.conversation].team
                if each.seq > self._of(team).last:
                    self._grouping.add(team, each)

    def next_due(self) -> datetime | None:
        """Return when the next team may be called, None where nothing waits."""
        return self._grouping.next_due()

    @property
    def waiting(self) -> bool:
        """Tell whether anything waits for a team's turn."""
        return self._grouping.oldest is not None

    async def call(self) -> None:
        """Call the teams whose turn it is."""
        for team, notices in list(self._grouping.due(self.time.now())):
            again = self._of(team).now
            if again:
                await self._call(team, [each for each in notices if each.seq in again], again)
            left = [each for each in notices if each.seq not in again]
            if not again:
                await self._call(team, left, tuple(each.seq for each in left))
            elif left:  # what came since waits for the team's next turn
                for each in left:
                    self._grouping.add(team, each)

    async def keep(self, read: int) -> None:
        """Store up to where everything has been told; ``read``: up to where the log is read."""
        oldest = self._grouping.oldest
        place = read if oldest is None else min(read, oldest - 1)
        if (await self.store.bookmarks(_MARK)).get(_MARK) != str(place):
            await self.store.keep_bookmarks({_MARK: str(place)})

    # --- one call ---------------------------------------------------------------------------------------------

    async def _call(self, team: str, notices: Sequence[Notice], key: tuple[int, ...]) -> None:
        """Call a team for all that is still anybody's; what is not needs no call any more."""
        known = await self.store.load(list({each.conversation for each in notices}))
        open_ones = [
            each for each in notices if each.conversation in known and is_anybodys(known[each.conversation])
        ]
        room, called = self.room_of(team), await self._ids(team)
        told = bool(open_ones and room is not None and called and self._still_known(team))
        if told and room is not None:
            before = self._of(team).last
            await self._keep_called(team, Called(last=before, now=key, at=self._begun(team)))
            try:
                await self._tell(room, open_ones, known, called, nonce(DESK, "notice", team, *map(str, key)))
            except Refused as refused:  # a person has to mend it; the board goes on trying
                await self.rooms.explain(room, refused)
            except Unreached as error:
                if error.definite:  # nobody was called, so it is a new call when Discord can be reached again
                    await self._keep_called(team, Called(last=before))
                raise
        await self._keep_called(team, Called(last=max(key)))
        if told:
            self._grouping.tell(team, self.time.now())
        else:
            self._grouping.drop(team)

    def _still_known(self, team: str) -> bool:
        """Tell whether a call that was cut off would be known again by its key."""
        return self.time.now() - self._begun(team) < _KNOWN

    def _begun(self, team: str) -> datetime:
        return self._of(team).at or self.time.now()

    async def _tell(
        self,
        room: str,
        notices: Sequence[Notice],
        known: Mapping[ConversationId, Conversation],
        called: tuple[str, ...],
        key: str,
    ) -> None:
        lines = [await self._line(each, known[each.conversation]) for each in notices]
        place = await self.place_of(room)
        await self.threads.post(place, Said(content=fitted(lines), pings=called), key)

    async def _line(self, notice: Notice, conversation: Conversation) -> str:
        due = conversation.due_at
        what = f"{_SIGNS[notice.kind]}{f': {notice.metric}' if notice.metric else ''}"
        when = f" · due {counting(due)}" if due is not None else ""
        return f"{what}{when} · {await where(self.store, notice.conversation)}"

    async def _ids(self, team: str) -> tuple[str, ...]:
        """Return the ids on Discord of all who are there."""
        there = sorted(await self.present(team))
        return tuple(found for each in there if (found := self.mention(each)))[:_MOST_CALLED]

    def _of(self, team: str) -> Called:
        return self._called.get(team, Called())

    async def _keep_called(self, team: str, called: Called) -> None:
        await self.store.keep_bookmarks({_CALLED + team: called.written()})
        self._called[team] = called


async def where(store: Posts, conversation: ConversationId) -> str:
    """Return a link to a conversation's thread, or its id where it has none."""
    thread = (await store.posts(DESK, conversation)).get(THREAD)
    return f"<#{thread.external_id}>" if thread else line(conversation)
