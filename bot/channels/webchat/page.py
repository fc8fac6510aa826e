"""The page, its files and the script that embeds it. Nothing inline, so that a strict policy can forbid it."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import msgspec
from aiohttp import hdrs, web

from bot.channels.webchat.origins import Origins
from bot.channels.webchat.words import PAGE_WORDS
from bot.errors import SettingsError

_FOLDER = Path(__file__).parent / "static"
_FILES = {
    "chat.css": "text/css",
    "chat.js": "text/javascript",
    "connection.js": "text/javascript",
    "memory.js": "text/javascript",
    "bubbles.js": "text/javascript",
    "composer.js": "text/javascript",
}
_BRANDED = {"brand.css": "text/css", "brand.svg": "image/svg+xml"}
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How the page presents the brand. ``words`` replaces single texts of ``PAGE_WORDS``."""

    brand: str = "Heed"
    greeting: str = "Hi! How can we help?"
    introduction: str = "Ask us anything. We answer at once where we can, and a person takes over where we can't."
    suggestions: tuple[str, ...] = ()
    accent: str = "#0e6173"
    language: str = "en"
    words: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if _COLOUR.fullmatch(self.accent) is None:
            raise SettingsError(f"chat accent: {self.accent!r} is no colour; write one like '#0e6173'")
        unknown = sorted(set(self.words) - set(PAGE_WORDS))
        if unknown:
            raise SettingsError(f"chat words: {unknown[0]!r} is unknown; known are {', '.join(PAGE_WORDS)}")


class Pages:
    """What the browser fetches. Files are named by their content, so they may be kept for ever."""

    def __init__(self, *, look: Look, origins: Origins, longest_text: int) -> None:
        self._files = _read_files(look)
        self._version = hashlib.sha256(b"".join(self._files.values())).hexdigest()[:16]
        self._widget = _widget(look)
        self._widget_tag = f'"{hashlib.sha256(self._widget).hexdigest()[:16]}"'
        self._ancestors = " ".join(("'self'", *origins.allowed))
        self._html = _render(look, self._version, longest_text, origins)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of page, files and script."""
        return [
            web.get("/chat", self.page),
            web.get("/chat/widget.js", self.widget),
            web.get("/chat/static/{version}/{name}", self.file),
        ]

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Serve the page, the same whether it stands alone or is embedded."""
        response = web.Response(text=self._html, content_type="text/html", headers=self._headers(request.host))
        response.enable_compression()
        return response

    async def widget(self, request: web.Request) -> web.StreamResponse:
        """Serve the script for other sites. It may be kept for five minutes."""
        headers = {
            hdrs.CACHE_CONTROL: "public, max-age=300",
            hdrs.ETAG: self._widget_tag,
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
        }
        if request.headers.get(hdrs.IF_NONE_MATCH) == self._widget_tag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=self._widget, content_type="text/javascript", charset="utf-8", headers=headers)

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Serve a file of the page. One of another version is the present one, but is not to be kept."""
        name = request.match_info["name"]
        if name not in self._files:
            raise web.HTTPNotFound(text="no such file")
        current = request.match_info["version"] == self._version
        keep = "public, max-age=31536000, immutable" if current else "no-cache"
        kind = {**_FILES, **_BRANDED}[name]
        response = web.Response(
            body=self._files[name],
            content_type=kind,
            charset="utf-8",
            headers={hdrs.CACHE_CONTROL: keep, "X-Content-Type-Options": "nosniff"},
        )
        response.enable_compression()
        return response

    def _headers(self, host: str) -> dict[str, str]:
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            f"connect-src 'self' {_socket_sources(host)}; base-uri 'none'; form-action 'none'; "
            f"frame-ancestors {self._ancestors}"
        )
        return {
            "Content-Security-Policy": policy,
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
            hdrs.CACHE_CONTROL: "no-cache",
        }


def _socket_sources(host: str) -> str:
    """Return the WebSocket's addresses: older browsers do not count them as 'self'."""
    safe = re.fullmatch(r"[A-Za-z0-9.\-\[\]:]+", host)
    return f"ws://{host} wss://{host}" if safe else ""


def _read_files(look: Look) -> dict[str, bytes]:
    files = {name: (_FOLDER / name).read_bytes() for name in _FILES}
    return {**files, "brand.css": _brand_css(look.accent).encode(), "brand.svg": _brand_mark(look).encode()}


def _widget(look: Look) -> bytes:
    words = {**PAGE_WORDS, **look.words}
    filled = {
        "brand": look.brand,
        "accent": look.accent,
        "onAccent": _on(look.accent),
        "open": words["open"],
        "close": words["close"],
    }
    source = (_FOLDER / "widget.js").read_bytes()
    return source.replace(b'"{{LOOK}}"', msgspec.json.encode(filled))


def _brand_css(accent: str) -> str:
    return f":root {{ --accent: {accent}; --on-accent: {_on(accent)}; }}\n"


def _brand_mark(look: Look) -> str:
    initial = html.escape(look.brand[:1].upper())
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">'
        f'<rect width="40" height="40" rx="13" fill="{look.accent}"/><text x="20" y="27.5" font-size="21" '
        f'font-weight="650" font-family="sans-serif" text-anchor="middle" '
        f'fill="{_on(look.accent)}">{initial}</text></svg>'
    )


def _on(accent: str) -> str:
    """Return the colour of text that stands out on the brand's."""
    return "#ffffff" if _luminance(accent) < 0.2 else "#16181d"


def _luminance(colour: str) -> float:
    """Return the relative luminance of an sRGB colour (WCAG 2), in [0, 1]."""
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _render(look: Look, version: str, longest_text: int, origins: Origins) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("chat.html").render(
        look=look,
        words={**PAGE_WORDS, **look.words},
        files=f"/chat/static/{version}",
        longest_text=longest_text,
        origins=" ".join(origins.allowed),
    )
