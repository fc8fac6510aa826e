"""Which pages may open the chat: its own origin always, others by an allow-list."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from bot.errors import SettingsError


class Origins:
    """The allow-list, as the browser writes origins: ``https://shop.example``, without a path."""

    __slots__ = ("_own", "allowed")

    def __init__(self, allowed: Iterable[str] = (), *, own: str | None = None) -> None:
        """Take the allow-list, and the own origin where a proxy hides it from the Host header."""
        self.allowed = tuple(_checked(origin) for origin in allowed)
        self._own = None if own is None else _checked(own)

    def accept(self, origin: str | None, *, host: str) -> bool:
        """Tell whether a request of this Origin header may pass. Programs send none: they hold no one's token.

        The scheme of the own origin is not compared: behind a proxy that ends TLS it is not known.
        """
        if origin is None or origin == self._own or origin in self.allowed:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        return parts.scheme in {"http", "https"} and bool(host) and parts.netloc.lower() == host.lower()


def _checked(origin: str) -> str:
    parts = urlsplit(origin)
    bare = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme not in {"http", "https"} or not parts.netloc or origin != bare or set(origin) & set("*;, '\""):
        raise SettingsError(f"chat origin: {origin!r} is no origin; write one like 'https://shop.example'")
    return origin
