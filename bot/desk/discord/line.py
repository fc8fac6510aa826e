"""What the desk needs of the bot's one connection to Discord. The channel that listens to customers offers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.errors import HeedError

Payload = Mapping[str, Any]

#: Hears one event of the gateway: its name and what it carries. Must return at once and never raise.
Hear = Callable[[str, Payload], None]


class Refused(HeedError):
    """Discord refuses a request for good. ``code`` is Discord's own number for why."""

    def __init__(self, text: str, *, status: int, code: int) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


class Unreached(HeedError):
    """Discord cannot be reached, asks to wait, or nobody knows whether it has heard.

    ``seconds``: when to repeat. ``definite``: nothing has come about.
    """

    def __init__(self, text: str, *, seconds: float = 5.0, definite: bool = False) -> None:
        super().__init__(text)
        self.seconds = seconds
        self.definite = definite


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that goes along with a message."""

    name: str
    content: bytes
    media_type: str = "application/octet-stream"


class Line(Protocol):
    """The bot's connection, shared with the channel."""

    @property
    def me(self) -> str:
        """Return the bot's own id, "" before it has ever been connected."""
        ...

    @property
    def application(self) -> str:
        """Return the id of the bot's application, "" before it has ever been connected."""
        ...

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        uploads: Sequence[Upload] = (),
        urgent: bool = False,
    ) -> Any:  # noqa: ANN401 - JSON is anything
        """Ask Discord's HTTP interface and return its answer, None for an empty one.

        ``path`` begins with a slash, behind ``/api/v10``. Customers' texts go first, unless somebody waits for
        this (``urgent``: an answer to an interaction). Raises Refused or Unreached, never with a text in it.
        """
        ...

    async def download(self, link: str, *, largest: int) -> bytes:
        """Return a file that lies on Discord, by its link. No other link is ever opened.

        Raises Refused for one that is gone, lies elsewhere or has more bytes than ``largest``, or Unreached.
        """
        ...

    def watch(self, rooms: Callable[[str], bool], hear: Hear) -> None:
        """Hand on all events in staff's own channels and threads, and all interactions, from now on.

        ``rooms`` tells whether a channel is one of staff's: nothing said there, or in its threads, is a
        customer's.
        ``hear`` is also told ``READY`` (a new session: something may have been missed) and ``GUILD_CREATE``.
        """
        ...
