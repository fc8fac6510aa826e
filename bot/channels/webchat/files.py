"""Files that staff sent along, for the visitor to whom they were sent and for nobody else."""

from __future__ import annotations

from aiohttp import hdrs, web
from aiohttp.helpers import content_disposition_header

from bot.channels.webchat.parse import CHANNEL
from bot.channels.webchat.visitors import Visitor, Visitors
from bot.errors import BadMessage
from bot.ports import Enclosures, TimeSource

#: A file is saved, never shown: whatever is in it, nothing of it runs here.
HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    hdrs.CACHE_CONTROL: "no-store",
}


class FileDoor:
    """Hands a file to whoever shows the token of the visitor whose it is. The token is never in the address."""

    def __init__(self, *, enclosures: Enclosures, visitors: Visitors, time: TimeSource) -> None:
        self._enclosures = enclosures
        self._visitors = visitors
        self._time = time

    def routes(self) -> list[web.RouteDef]:
        """Return the route to a file."""
        return [web.get("/chat/files/{id}", self.file, allow_head=False)]

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Return a file that was sent to this visitor, 404 for any other."""
        who = self._visitor(request).external_id
        found = await self._enclosures.enclosure_for(CHANNEL, who, request.match_info["id"])
        if found is None:
            raise web.HTTPNotFound(text="there is no such file for you")
        how = content_disposition_header("attachment", filename=found.name)
        return web.Response(
            body=found.content,
            content_type="application/octet-stream",
            headers={**HARMLESS, hdrs.CONTENT_DISPOSITION: how},
        )

    def _visitor(self, request: web.Request) -> Visitor:
        scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        challenge = {hdrs.WWW_AUTHENTICATE: 'Bearer realm="chat"'}
        if scheme.lower() != "bearer" or not token:
            raise web.HTTPUnauthorized(text="this file opens from the chat page alone", headers=challenge)
        try:
            return self._visitors.known(token.strip(), now=self._time.now())
        except BadMessage as problem:
            raise web.HTTPUnauthorized(text=str(problem), headers=challenge) from None
