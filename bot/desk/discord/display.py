"""The showing half of the desk on Discord: threads kept up, boards and calls, and what Discord tells of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta
from typing import Any, Protocol

import structlog

from bot.desk.discord.board import Boards, BoardStore
from bot.desk.discord.calling import Present
from bot.desk.discord.line import Line, Unreached
from bot.desk.discord.rooms import Rooms
from bot.desk.discord.setup import Allowed
from bot.desk.discord.showing import Showing
from bot.desk.discord.standing import DESK
from bot.desk.discord.threads import Threads
from bot.desk.discord.words import Look
from bot.desk.following import Following
from bot.desk.notices import NoticeKind
from bot.domain.log import LogKind
from bot.domain.messages import AgentId
from bot.errors import StoreError
from bot.ports import Board, Fetch, TimeSource

log = structlog.get_logger(__name__)

#: Conversations shown side by side: more would only wait for each other's requests.
AT_ONCE = 8
_AGAIN = timedelta(seconds=2)
_THREAD_EVENTS = frozenset({"THREAD_UPDATE", "THREAD_DELETE"})
_ROOM_EVENTS = frozenset({"CHANNEL_UPDATE", "CHANNEL_DELETE"})
#: For which events a holder is called, by what the brand wants to be told of; the others always call.
_CALLED_FOR = {NoticeKind.WARNING: LogKind.WARN, NoticeKind.BREACH: LogKind.BREACH}


class DisplayStore(BoardStore, Protocol):
    """What the showing half needs of the store."""


class Display:
    """Shows on Discord what the store says, until cancelled.

    ``desks`` are all channels of the desk, ``teams`` all that the brand has, and ``room_of`` names a team's
    channel; ``notices``: of what teams are told.
    ``page``: what stands before a conversation's id in its address on the web desk. Whoever watches the line
    hands on to ``hear`` what it brings.
    """

    def __init__(
        self,
        *,
        line: Line,
        store: DisplayStore,
        time: TimeSource,
        board: Board,
        desks: Collection[str],
        room_of: Callable[[str], str | None],
        present: Present,
        mention: Callable[[AgentId], str],
        allowed: Allowed,
        notices: Collection[str] = tuple(NoticeKind),
        teams: Collection[str] = (),
        files: Mapping[str, Fetch] | None = None,
        page: str = "",
        requests: Callable[[str], None] = lambda _what: None,
    ) -> None:
        self._line = line
        self._store = store
        self._time = time
        self._desks = frozenset(desks)
        self._threads = Threads(line, counted=requests)
        self.rooms = Rooms(line=line, threads=self._threads, board=board, allowed=allowed)
        quiet = {kind for name, kind in _CALLED_FOR.items() if name not in notices}
        calls = {LogKind.WARN, LogKind.BREACH, LogKind.CLAIM_ENDING, LogKind.ASKED_FOR} - quiet
        showing = Showing(
            store=store,
            threads=self._threads,
            rooms=self.rooms,
            time=time,
            room_of=room_of,
            mention=mention,
            files=files,
            look=Look(page=page),
            calls=calls,
        )
        self.following = Following(name=DESK, store=store, time=time, show=showing.show, at_once=AT_ONCE)
        self._boards = Boards(
            store=store,
            threads=self._threads,
            rooms=self.rooms,
            time=time,
            desks=desks,
            room_of=room_of,
            present=present,
            mention=mention,
            kinds=notices,
            teams=teams,
        )
        self._ready = asyncio.Event()
        self._stop = asyncio.Event()
        self._touched: asyncio.Queue[str] = asyncio.Queue(maxsize=1000)

    def is_staffs(self, channel: str) -> bool:
        """Tell whether a channel is one of staff's."""
        return channel in self._desks

    def hear(self, name: str, payload: Mapping[str, Any]) -> None:
        """Take what Discord tells of threads and channels; all else is for the hearing half."""
        self.rooms.hear(name, payload)
        if name == "READY":
            self._ready.set()
            self.following.sweep()  # what was closed or deleted meanwhile, nobody brings
        elif name in _ROOM_EVENTS:
            self.following.sweep()
        elif name in _THREAD_EVENTS and not self._touched.full():
            self._touched.put_nowait(str(payload.get("id")))

    async def run(self) -> None:
        """Show what changes until cancelled. Begins once the bot is connected."""
        while not self._line.me:
            await self._time.wait(self._ready, self._time.now() + _AGAIN)
        async with asyncio.TaskGroup() as group:
            works: tuple[Awaitable[None], ...] = (
                self._look(),
                self.following.run(),
                self._boards.run(),
                self._touch(),
            )
            for work in works:
                group.create_task(_as_task(work))

    async def _look(self) -> None:
        """Tell at the start what is wrong with the desk's channels."""
        for channel in sorted(self._desks):
            try:
                await self.rooms.look(channel)
            except Unreached as error:
                log.info("desk_channel_not_looked_at", channel=channel, why=str(error))

    async def _touch(self) -> None:
        """Look again at conversations whose thread somebody has changed or deleted."""
        while True:
            thread = await self._touched.get()
            try:
                found = await self._store.posted(DESK, thread)
            except StoreError as error:
                log.warning("desk_thread_not_looked_at", thread=thread, why=str(error))
                continue
            if found is not None:
                self.following.touch(found[0])


async def _as_task(work: Awaitable[None]) -> None:
    await work
