"""Staff's channels on Discord: what they are, which threads stand in them, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from bot.desk.discord.line import Line, Refused, Unreached
from bot.desk.discord.marks import names
from bot.desk.discord.setup import Allowed, lacking
from bot.desk.discord.threads import (
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    TOO_MANY_THREADS,
    UNKNOWN_CHANNEL,
    Room,
    Thread,
    Threads,
    read_thread,
)
from bot.domain.messages import ConversationId
from bot.ports import Board

log = structlog.get_logger(__name__)

_GONE = frozenset({UNKNOWN_CHANNEL, MISSING_ACCESS})
_FORGETS = frozenset({"CHANNEL_UPDATE", "CHANNEL_DELETE"})
_TELLS = frozenset({"THREAD_CREATE", "THREAD_UPDATE"})
#: No more threads than this are remembered; which ones there are besides is asked for when it matters.
_MOST_KNOWN = 5000


class Rooms:
    """Remembers what Discord says of channels and threads until it says otherwise.

    ``board`` is told of what only a person can mend; ``allowed`` computes permissions.
    """

    def __init__(self, *, line: Line, threads: Threads, board: Board, allowed: Allowed) -> None:
        self._line = line
        self._threads = threads
        self._board = board
        self._allowed = allowed
        self._rooms: dict[str, Room] = {}
        self._known: dict[str, Thread] = {}
        self._listed: set[str] = set()

    async def room(self, channel: str) -> Room:
        """Return what a channel is. Raises Refused or Unreached."""
        if channel not in self._rooms:
            self._rooms[channel] = await self._threads.room(channel)
        return self._rooms[channel]

    def hear(self, name: str, payload: Mapping[str, Any]) -> None:
        """Take what Discord tells of channels and threads."""
        if name == "READY":
            self.doubt()
        elif name in _FORGETS:
            self._rooms.pop(str(payload.get("id")), None)
        elif name in _TELLS:
            self.learn(read_thread(payload))
        elif name == "THREAD_DELETE":
            self._known.pop(str(payload.get("id")), None)

    def doubt(self) -> None:
        """Take that nothing is known any more for certain: it is asked for again."""
        self._rooms.clear()
        self._known.clear()
        self._listed.clear()

    def doubt_threads(self, room: str) -> None:
        """Take that a thread may stand in a channel that nobody has told of."""
        self._listed.discard(room)

    async def thread(self, thread: str, room: str) -> Thread | None:
        """Return a thread as it stands, None for one that is gone."""
        await self._list(room)
        if thread not in self._known:
            found = await self._threads.thread(thread)
            if found is None:
                return None
            self.learn(found)
            return found
        return self._known[thread]

    def learn(self, thread: Thread) -> None:
        """Take how a thread stands: the desk has just opened or changed it."""
        self._known[thread.id] = thread
        if len(self._known) > _MOST_KNOWN:  # Discord has a thousand open ones; the rest are closed
            self._known = {each.id: each for each in self._known.values() if not each.archived}
        if len(self._known) > _MOST_KNOWN:
            self._known = {thread.id: thread}
            self._listed.clear()

    def forget(self, thread: str) -> None:
        """Take that a thread is gone, or that nobody knows how it stands."""
        self._known.pop(thread, None)

    async def found(self, conversation: ConversationId, room: str) -> list[Thread]:
        """Return threads of the bot's own that may be a conversation's, though nobody has kept that they are."""
        await self._list(room)
        return [
            each
            for each in self._known.values()
            if each.room == room and each.owner == self._line.me and names(each.name, conversation)
        ]

    async def named(self, name: str, room: str) -> str:
        """Return the bot's own thread of this name, "" for none."""
        await self._list(room)
        own = (each for each in self._known.values() if each.room == room and each.owner == self._line.me)
        return next((each.id for each in own if each.name == name), "")

    async def _list(self, channel: str) -> None:
        """Ask once which threads stand in a channel: the open ones, and those that were closed lately."""
        if channel in self._listed:
            return
        room = await self.room(channel)
        for each in (*await self._threads.active(room.server), *await self._archived(channel)):
            self.learn(each)
        self._listed.add(channel)

    async def _archived(self, channel: str) -> list[Thread]:
        try:
            return await self._threads.archived(channel)
        except Refused as refused:
            if refused.code in {MISSING_ACCESS, MISSING_PERMISSIONS}:
                return []  # whoever may not read back finds nothing again
            raise

    # --- what only a person can mend --------------------------------------------------------------------------

    async def explain(self, channel: str, refused: Refused) -> None:
        """Tell operations why a channel of staff's does not work, if a person has to mend it."""
        if refused.code in {MISSING_ACCESS, MISSING_PERMISSIONS, UNKNOWN_CHANNEL}:
            self._rooms.pop(channel, None)
            self._board.tell(topic(channel), await self._trouble(channel))
        elif refused.code == TOO_MANY_THREADS:
            self._board.tell(topic(channel), _TOO_MANY.format(self._name(channel)))
        else:
            log.warning("desk_refused", room=channel, status=refused.status, code=refused.code)

    def works(self, channel: str) -> None:
        """Take down what was told of a channel: something has just been shown there."""
        self._board.clear(topic(channel))

    async def look(self, channel: str) -> bool:
        """Look at a channel at the start; tell what is missing there, and return whether all is well."""
        trouble = await self._trouble(channel, unknown="")
        if trouble:
            self._board.tell(topic(channel), trouble)
        else:
            self._board.clear(topic(channel))
        return not trouble

    async def _trouble(self, channel: str, unknown: str | None = None) -> str:
        """Return what is wrong with a channel; ``unknown`` where nothing is found, or a sentence that says so."""
        try:
            found = await lacking(
                lambda path: self._line.request("GET", path), channel, me=self._line.me, allowed=self._allowed
            )
        except Refused as refused:
            return (_NOT_THERE if refused.code == UNKNOWN_CHANNEL else _NOT_SEEN).format(channel)
        except Unreached:
            found = []
        if not found:
            return _UNCLEAR.format(self._name(channel)) if unknown is None else unknown
        return _LACKS.format(self._name(channel), ", ".join(found))

    def _name(self, channel: str) -> str:
        room = self._rooms.get(channel)
        return f"#{room.name} ({channel})" if room else channel


def topic(channel: str) -> str:
    """Return how ``/ops`` is told of one channel of staff's."""
    return f"desk discord {channel}"


_NOT_THERE = (
    "The desk on Discord: the channel {} does not exist (any more). Correct desk.discord.channel or the team's "
    "'discord' in the configuration; until then its conversations are shown on the web desk alone"
)
_NOT_SEEN = (
    "The desk on Discord: the bot cannot see the channel {}: 'View Channel' is missing there. Allow it to the "
    "bot's role in the channel's settings, under 'Permissions'"
)
_LACKS = (
    "The desk on Discord: in {} the bot lacks: {}. Allow that to its role in the channel's settings, under "
    "'Permissions'"
)
_UNCLEAR = (
    "The desk on Discord: Discord refuses what the desk does in {}. 'heed check' tells which permission is missing"
)
_TOO_MANY = (
    "The desk on Discord: the server of {} has as many open threads as Discord takes. Close some; Heed goes on by "
    "itself then"
)
