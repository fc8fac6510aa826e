"""Files of customers that only Heed may fetch, and those of replies: brought to staff's thread where they fit."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from bot.desk.discord.line import Upload
from bot.desk.discord.words import too_large
from bot.desk.thread import Piece, PieceKind
from bot.domain.messages import Attachment
from bot.errors import HeedError
from bot.ports import ENCLOSED, Fetch

log = structlog.get_logger(__name__)

#: Bytes of all files of one message, below what Discord takes from anybody.
LARGEST = 8 * 1024 * 1024
_MOST = 10


class Uploads:
    """Fetches files by the channel that they came from."""

    def __init__(self, files: Mapping[str, Fetch]) -> None:
        self._files = files

    async def of(self, piece: Piece, channel: str) -> tuple[tuple[Upload, ...], str]:
        """Return the files of a message or a reply, and a line about those that cannot be brought along."""
        source = {PieceKind.CUSTOMER: channel, PieceKind.REPLY: ENCLOSED}.get(piece.kind)
        if source is None or piece.deleted or piece.erased:
            return (), ""
        found: list[Upload] = []
        left: list[str] = []
        room = LARGEST
        for each in (each for each in piece.attachments if each.reference and not each.url):
            upload = await self._upload(each, source, room) if len(found) < _MOST else None
            if upload is None:
                left.append(each.name or each.kind.value)
                continue
            room -= len(upload.content)
            found.append(upload)
        return tuple(found), too_large(left) if left else ""

    async def _upload(self, attachment: Attachment, channel: str, room: int) -> Upload | None:
        fetch = self._files.get(channel)
        if fetch is None or (attachment.size or 0) > room:
            return None
        try:
            content = await fetch(attachment.reference)
        except HeedError as error:
            log.info("desk_file_not_fetched", channel=channel, error=type(error).__name__)
            return None
        if len(content) > room:
            return None
        kind = attachment.media_type or "application/octet-stream"
        return Upload(name=attachment.name or attachment.kind.value, content=content, media_type=kind)
