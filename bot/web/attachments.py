"""What was sent along, where only Heed may fetch it: handed on to staff who are signed in."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from aiohttp.helpers import content_disposition_header

from bot.domain.messages import Attachment, ConversationId
from bot.domain.roles import Right
from bot.errors import NotFound
from bot.ports import ENCLOSED, Fetch, Views
from bot.web.security import Guard, Staff

#: Kinds that a browser shows without running anything; all others are saved as a file.
SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "video/mp4", "audio/mpeg", "audio/ogg", "audio/mp4")
UNKNOWN = "application/octet-stream"
#: A file of a stranger never runs, whatever it says that it is.
HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, max-age=300",
}


class Attachments:
    """Fetches an attachment from its platform for whoever may read the conversation."""

    def __init__(self, *, views: Views, files: Mapping[str, Fetch], guard: Guard) -> None:
        self._views = views
        self._files = files
        self._guard = guard

    def routes(self) -> list[web.RouteDef]:
        """Return the route to one attachment of one message."""
        path = r"/desk/attachments/{conversation}/{message}/{number:\d{1,3}}"
        return [web.get(path, self._guard.page(Right.HANDLE, self.attachment), allow_head=False)]

    async def attachment(self, request: web.Request, _staff: Staff) -> web.StreamResponse:
        """Return the file. Raises NotFound where there is none, or its platform gives it no longer."""
        channel, attachment = await self._found(request.match_info)
        fetch = self._files.get(channel)
        if fetch is None or not attachment.reference:
            raise NotFound("This attachment cannot be opened here.")
        content = await fetch(attachment.reference)
        shown = attachment.media_type in SHOWN
        how = content_disposition_header("inline" if shown else "attachment", filename=_name(attachment))
        return web.Response(
            body=content,
            content_type=attachment.media_type if shown else UNKNOWN,
            headers={**HARMLESS, "Content-Disposition": how},
        )

    async def _found(self, where: Mapping[str, str]) -> tuple[str, Attachment]:
        view = await self._views.view(ConversationId(where["conversation"]))
        lines = view.transcript if view is not None else ()
        for line in lines:
            number = int(where["number"])
            if line.message == where["message"] and number < len(line.attachments) and view is not None:
                where_from = ENCLOSED if line.enclosed else view.conversation.address.channel
                return where_from, line.attachments[number]
        raise NotFound("There is no such attachment.")


def _name(attachment: Attachment) -> str:
    return attachment.name or str(attachment.kind)
