"""Server-sent events: pages learn within a moment which conversations have changed.

One reader a process tails the store's log; every page follows the reader. A page that comes back says how far
it had read (Last-Event-ID) and gets what it missed, or is told to read everything again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta

import msgspec
import structlog
from aiohttp import web

from bot.domain.log import LogKind, LogRecord
from bot.errors import Overloaded
from bot.ports import EventLog, TimeSource
from bot.web.parts import Json, iso
from bot.web.security import Staff

PACE = timedelta(milliseconds=200)
HEARTBEAT = timedelta(seconds=15)
IDLE = timedelta(seconds=30)
AT_ONCE = 1000
KEPT = 5000
MOST_PAGES = 500
ALERTS = frozenset(
    {
        LogKind.ESCALATED,
        LogKind.WARN,
        LogKind.BREACH,
        LogKind.CLAIM_ENDING,
        LogKind.ASKED_FOR,
        LogKind.TAKEN_OVER,
    }
)
PRESENCE = frozenset({LogKind.WENT_AWAY, LogKind.CAME_BACK})
SWITCHES = frozenset({LogKind.PAUSED, LogKind.RESUMED})

_log = structlog.get_logger(__name__)


class Live:
    """Follows the log once for all pages. ``may_read`` tells whether who opened a page may still read it."""

    def __init__(
        self, *, log: EventLog, time: TimeSource, may_read: Callable[[web.Request], Awaitable[bool]]
    ) -> None:
        self._source = log
        self._may_read = may_read
        self._time = time
        self._recent: deque[LogRecord] = deque(maxlen=KEPT)
        self._known_from = 0
        self._cursor = 0
        self._news = asyncio.Event()
        self._ended = asyncio.Event()
        self._pages = 0

    async def run(self, _app: web.Application) -> AsyncIterator[None]:
        """Tail the log for as long as the application runs."""
        async with asyncio.TaskGroup() as group:
            reader = group.create_task(self._follow())
            yield
            reader.cancel()

    async def end(self, _app: web.Application) -> None:
        """Let all pages go, so that a shutdown waits for nobody."""
        self._ended.set()
        self._announce()

    async def stream(self, request: web.Request, _staff: Staff) -> web.StreamResponse:
        """Tell one page of changes until it goes away or the server ends."""
        if self._pages >= MOST_PAGES:
            raise Overloaded(f"{MOST_PAGES} pages are open already; close one.")
        self._pages += 1
        try:
            return await self._told(request)
        finally:
            self._pages -= 1

    async def _follow(self) -> None:
        started = False
        while not self._ended.is_set():
            try:
                if not started:
                    self._cursor = self._known_from = await self._source.last()
                    started = True
                await self._read_on()
            except Exception:  # noqa: BLE001 - pages that tail the log must never end the process
                _log.warning("log_not_readable", exc_info=True)
                await self._time.wait(self._ended, self._time.now() + PACE * 5)

    async def _read_on(self) -> None:
        records = await self._source.changes(self._cursor, AT_ONCE)
        if not records:
            await self._source.wait(self._cursor, self._time.now() + IDLE)
            return
        self._keep(records)
        self._announce()
        await self._time.wait(self._ended, self._time.now() + PACE)

    def _keep(self, records: Sequence[LogRecord]) -> None:
        overflow = len(self._recent) + len(records) - KEPT
        if overflow > 0 and self._recent:
            self._known_from = self._recent[min(overflow, len(self._recent)) - 1].seq
        self._recent.extend(records)
        self._cursor = records[-1].seq

    def _announce(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _told(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        cursor = _resumed_at(request, self._cursor)
        await response.prepare(request)
        try:
            await response.write(_event("hello", cursor, {"now": iso(self._time.now())}))
            await self._tell(request, response, cursor)
        except ConnectionResetError:
            pass  # the page has gone
        return response

    async def _tell(self, request: web.Request, response: web.StreamResponse, cursor: int) -> None:
        looked_at = self._time.now()
        while not self._ended.is_set():
            if self._time.now() - looked_at >= HEARTBEAT:
                if not await self._may_read(request):
                    return  # the page asks again, and is told to sign in
                looked_at = self._time.now()
            news = self._news
            name, body = self._since(cursor)
            if not name:
                await self._time.wait(news, self._time.now() + HEARTBEAT)
                name, body = ("", {}) if news.is_set() else ("beat", {})
            else:
                cursor = self._cursor
            if name:
                await response.write(_event(name, cursor, {"now": iso(self._time.now()), **body}))

    def _since(self, cursor: int) -> tuple[str, Json]:
        if cursor == self._cursor:
            return "", {}
        if cursor < self._known_from or cursor > self._cursor:
            return "reset", {}
        return "changes", changes([record for record in self._recent if record.seq > cursor])


def changes(records: Sequence[LogRecord]) -> Json:
    """Return what a page needs to know of these: which conversations, what is worth a sound, the switches."""
    return {
        "conversations": list(dict.fromkeys(record.conversation for record in records if record.conversation)),
        "alerts": [_alert(record) for record in records if record.kind in ALERTS],
        "switch": any(record.kind in SWITCHES for record in records),
        "presence": any(record.kind in PRESENCE for record in records),
    }


def _alert(record: LogRecord) -> Json:
    """Return what happened, and whom it concerns as far as the record says: a team, or who did what to whom."""
    known = ("team", "agent", "holder", "from")
    whom = {name: record.fields[name] for name in known if record.fields.get(name) is not None}
    return {
        "kind": record.kind,
        "conversation": record.conversation,
        "metric": record.fields.get("metric"),
        **whom,
    }


def _resumed_at(request: web.Request, newest: int) -> int:
    told = request.headers.get("Last-Event-ID", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 19 else newest


def _event(name: str, cursor: int, body: Json) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (cursor, name.encode(), msgspec.json.encode(body))
