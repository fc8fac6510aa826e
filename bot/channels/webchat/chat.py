"""The chat page put together: its routes, and the task that keeps open pages up to date."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Final

from aiohttp import WSCloseCode, hdrs, web

from bot.channels.webchat.files import FileDoor
from bot.channels.webchat.hub import Hub
from bot.channels.webchat.origins import Origins
from bot.channels.webchat.page import Look, Pages
from bot.channels.webchat.socket import Counts, Doorway, Page
from bot.channels.webchat.visitors import Visitors
from bot.ports import Enclosures, EventLog, Intake, TimeSource, Views

#: A frame holds one message of the longest text in UTF-8, with room for JSON's escapes.
LARGEST_FRAME: Final = 128 * 1024
_HEARTBEAT = 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLimits:
    """How much the page takes."""

    longest_text: int = 4_000
    open_pages: int = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatParts:
    """What the page needs. ``origins``: sites that may embed it, besides Heed's own.

    ``enclosures``: files that staff send along; without it none opens.
    """

    intake: Intake
    views: Views
    log: EventLog
    time: TimeSource
    visitors: Visitors
    origins: Origins = field(default_factory=Origins)
    look: Look = field(default_factory=Look)
    limits: ChatLimits = field(default_factory=ChatLimits)
    enclosures: Enclosures | None = None


class Chat:
    """Routes, live updates and shutdown of the chat page."""

    def __init__(self, parts: ChatParts) -> None:
        self.counts = Counts()
        self._parts = parts
        self._hub = Hub(views=parts.views, log=parts.log, time=parts.time)
        self._pages = Pages(look=parts.look, origins=parts.origins, longest_text=parts.limits.longest_text)
        self._sockets: weakref.WeakSet[web.WebSocketResponse] = weakref.WeakSet()
        self._door = Doorway(
            hub=self._hub,
            intake=parts.intake,
            visitors=parts.visitors,
            time=parts.time,
            counts=self.counts,
            longest_text=parts.limits.longest_text,
        )

    def routes(self) -> list[web.RouteDef]:
        """Return all routes of the page."""
        return [*self._pages.routes(), web.get("/chat/ws", self._connect), *self._files()]

    def _files(self) -> list[web.RouteDef]:
        kept = self._parts.enclosures
        if kept is None:
            return []
        return FileDoor(enclosures=kept, visitors=self._parts.visitors, time=self._parts.time).routes()

    async def run(self) -> None:
        """Keep open pages up to date until cancelled."""
        await self._hub.run()

    async def close(self) -> None:
        """Send every page away, to come back when Heed is back. Call it when the application shuts down."""
        for socket in tuple(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"restart")

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        if not self._parts.origins.accept(request.headers.get(hdrs.ORIGIN), host=request.host):
            self.counts.refused_origins += 1
            raise web.HTTPForbidden(text="this page's origin is not on the chat's allow-list")
        if self.counts.open >= self._parts.limits.open_pages:
            raise web.HTTPServiceUnavailable(text="too many open pages", headers={hdrs.RETRY_AFTER: "10"})
        return await self._serve(request)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT, max_msg_size=LARGEST_FRAME, compress=False)
        self.counts.open += 1
        try:
            await socket.prepare(request)
            self._sockets.add(socket)
            await Page(socket, self._door).live()
            await socket.close()
        finally:
            self.counts.open -= 1
            self._sockets.discard(socket)
        return socket
