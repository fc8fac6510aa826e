"""Scripts and styles, read once, served under a name that changes with their content."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bot.web import charts

FOREVER = "public, max-age=31536000, immutable"
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file as it is sent, plain and packed."""

    kind: str
    plain: bytes
    packed: bytes


class Assets:
    """All files under one version, so that a script and the modules that it imports always fit together."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = {name: _asset(name, body) for name, body in files.items()}
        digest = hashlib.sha256()
        for name in sorted(files):
            digest.update(name.encode() + b"\0" + files[name])
        self.version = digest.hexdigest()[:12]
        self._charts: tuple[Asset, tuple[str, ...]] | None = None

    def url(self, name: str) -> str:
        """Return the address of a file, which may be kept for ever. Raises KeyError for an unknown one."""
        if name != charts.NAME and name not in self._files:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    async def serve(self, request: web.Request) -> web.Response:
        """Answer a request for a file, of whichever version: there is only one."""
        name = request.match_info["name"]
        asset = (await self._chart_library())[0] if name == charts.NAME else self._files.get(name)
        if asset is None:
            raise web.HTTPNotFound(text=f"There is no file {name!r} here.")
        return _response(request, asset, kept=request.match_info.get("version") == self.version)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of all files."""
        return [
            web.get("/static/{name}", self.serve),
            web.get("/static/{version:[0-9a-f]{12}}/{name}", self.serve),
        ]

    async def chart_styles(self) -> tuple[str, ...]:
        """Return the ids of styles that a page with charts says to have, so that none is put into it."""
        return (await self._chart_library())[1]

    async def _chart_library(self) -> tuple[Asset, tuple[str, ...]]:
        if self._charts is None:
            library = await charts.read()
            packed = await asyncio.to_thread(_asset, charts.NAME, library.script)
            self._charts = packed, library.style_ids
        return self._charts


def load() -> Assets:
    """Read the files that lie beside this module."""
    folder = Path(__file__).parent / "static"
    return Assets({path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in KINDS})


def _asset(name: str, body: bytes) -> Asset:
    return Asset(kind=KINDS[Path(name).suffix], plain=body, packed=gzip.compress(body, 6, mtime=0))


def _response(request: web.Request, asset: Asset, *, kept: bool) -> web.Response:
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    headers = {"Cache-Control": FOREVER if kept else "public, max-age=3600", "Vary": "Accept-Encoding"}
    if packed:
        headers["Content-Encoding"] = "gzip"
    body = asset.packed if packed else asset.plain
    return web.Response(body=body, content_type=asset.kind, charset="utf-8", headers=headers)
