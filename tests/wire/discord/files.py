"""What the local Discord keeps of files: links that it signs anew in each answer, and that end."""

from __future__ import annotations

from aiohttp import web

from tests.wire.discord.payloads import Payload, attachment


class Files:
    """Files by id. Only the newest link to a file leads anywhere."""

    def __init__(self) -> None:
        self.origin = ""
        self.contents: dict[str, bytes] = {}
        self.signed: dict[str, int] = {}

    def add(self, file_id: str, name: str, content: bytes) -> Payload:
        """Keep a file; return it as it stands in a message."""
        self.contents[file_id] = content
        return self.fresh({**attachment(name, size=len(content)), "id": file_id})

    def fresh(self, told: Payload) -> Payload:
        """Return a file with a link of today's, if it is kept here."""
        file_id = str(told["id"])
        if file_id not in self.contents:
            return told
        self.signed[file_id] = self.signed.get(file_id, 0) + 1
        return {**told, "url": f"{self.origin}/attachments/{file_id}/{told['filename']}?ex={self.signed[file_id]}"}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer whoever opens a link."""
        file_id = request.match_info["file"]
        if request.query.get("ex") != str(self.signed.get(file_id)) or file_id not in self.contents:
            return web.Response(status=404)
        return web.Response(body=self.contents[file_id])
