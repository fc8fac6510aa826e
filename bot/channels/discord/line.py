"""The bot's one connection, lent to the desk: its requests go behind customers', and what staff do is told."""

from __future__ import annotations

import json as encoding
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

import aiohttp
import discord
import structlog
from discord.http import Route

from bot.channels.discord import files
from bot.channels.discord.client import GatewayClient
from bot.channels.discord.pace import Rank
from bot.channels.discord.refusals import TROUBLE, told
from bot.errors import NotFound, SendFailed, SendRefused, SendUnknown

log = structlog.get_logger(__name__)

Payload = Mapping[str, Any]
Hear = Callable[[str, Payload], None]

#: Whose number the next part of an address is; by some of them Discord counts its limits apart.
_OWNERS = {"channels": "channel_id", "guilds": "guild_id", "webhooks": "webhook_id", "interactions": "webhook_id"}
_TOKENS = frozenset({"webhooks", "interactions"})
_OUT_OF_ORDER = 500
_TOO_MANY = 429
_NOT_THERE = 404
_LATER = 5.0


class File(Protocol):
    """A file that goes along with a message."""

    @property
    def name(self) -> str:
        """Return its name."""
        ...

    @property
    def content(self) -> bytes:
        """Return its bytes."""
        ...

    @property
    def media_type(self) -> str:
        """Return what kind of file it is."""
        ...


class Refuse(Protocol):
    """Makes the error of a request that Discord refuses for good."""

    def __call__(self, text: str, *, status: int, code: int) -> Exception:
        """Return the error; ``code`` is Discord's number for why."""
        ...


class Lack(Protocol):
    """Makes the error of a request that cannot be carried out now, or of which nobody knows."""

    def __call__(self, text: str, *, seconds: float, definite: bool) -> Exception:
        """Return the error; ``seconds``: when to repeat; ``definite``: it was not carried out."""
        ...


def _refused(text: str, *, status: int, code: int) -> Exception:
    return SendFailed(f"{text} ({status}, {code})")


def _lacking(text: str, *, seconds: float, definite: bool) -> Exception:
    if not definite:
        return SendUnknown(text)
    return SendRefused(text, retry_after=timedelta(seconds=seconds))


class ChannelLine:
    """Lends the channel's connection, whichever client holds it at the moment.

    ``desks`` are channels of staff's own, from the first moment on: nothing said there or below is a customer's.
    ``refused`` and ``unreached`` make the errors that the desk knows.
    """

    def __init__(
        self, *, desks: Collection[str] = (), refused: Refuse = _refused, unreached: Lack = _lacking
    ) -> None:
        self._desks = frozenset(desks)
        self._refused = refused
        self._unreached = unreached
        self._watching: list[tuple[Callable[[str], bool], Hear]] = []
        self._client: GatewayClient | None = None
        self._me = self._application = ""

    @property
    def me(self) -> str:
        """Return the bot's own id, "" before it has ever been connected."""
        return self._me

    @property
    def application(self) -> str:
        """Return the id of the bot's application, "" before it has ever been connected."""
        return self._application

    # --- what the channel does --------------------------------------------------------------------------------

    def connect(self, client: GatewayClient | None) -> None:
        """Take the client that is logged in from now on, None for none."""
        self._client = client
        if client is not None and client.user is not None:
            self._me = str(client.user.id)
            self._application = str(client.application_id or "")

    def is_staffs(self, channel: str) -> bool:
        """Tell whether a channel is one of staff's own."""
        return channel in self._desks or any(rooms(channel) for rooms, _ in self._watching)

    def tell(self, name: str, payload: Payload) -> None:
        """Hand on one event. A defect on the other side stops nobody here."""
        for _, hear in self._watching:
            try:
                hear(name, payload)
            except Exception:  # a defect of the desk's: customers are heard all the same
                log.exception("discord_desk_defect", name=name)

    # --- what the desk does -----------------------------------------------------------------------------------

    def watch(self, rooms: Callable[[str], bool], hear: Hear) -> None:
        """Hand on all events in staff's own channels and threads, and all interactions, from now on."""
        self._watching.append((rooms, hear))

    async def request(
        self, method: str, path: str, *, json: object = None, uploads: Sequence[File] = (), urgent: bool = False
    ) -> Any:  # noqa: ANN401 - JSON is anything
        """Ask Discord's HTTP interface. Raises what ``refused`` and ``unreached`` make; no text is in them."""
        if self._client is None:
            raise self._unreached("not connected to Discord", seconds=_LATER, definite=True)
        rank = Rank.URGENT if urgent else Rank.DESK
        try:
            found = await self._client.ask(route(method, path), rank, **_body(json, uploads))
        except TROUBLE as error:
            raise self._error(error) from error
        return None if found == "" else found

    async def download(self, link: str, *, largest: int) -> bytes:
        """Return a file behind a link of Discord's own, of so many bytes at most; no other link is opened.

        Raises what ``refused`` and ``unreached`` make.
        """
        try:
            return await files.download(link, api=Route.BASE, largest=largest)
        except NotFound as error:
            raise self._refused(str(error), status=_NOT_THERE, code=0) from None
        except aiohttp.ClientResponseError as error:
            if error.status < _OUT_OF_ORDER and error.status != _TOO_MANY:
                raise self._refused("Discord does not give this file", status=error.status, code=0) from None
            raise self._unreached("Discord does not give this file now", seconds=_LATER, definite=True) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            why = f"this file cannot be fetched now ({type(error).__name__})"
            raise self._unreached(why, seconds=_LATER, definite=True) from None

    def _error(self, error: Exception) -> Exception:
        known = told(error)
        if isinstance(error, discord.HTTPException) and error.status < _OUT_OF_ORDER and error.status != _TOO_MANY:
            return self._refused(str(known), status=error.status, code=error.code)
        later = known.retry_after.total_seconds() if isinstance(known, SendRefused) else _LATER
        return self._unreached(str(known), seconds=later, definite=isinstance(known, SendRefused))


def route(method: str, path: str) -> Route:
    """Return an address as the library counts limits: ids apart from what is asked of them."""
    path, _, query = path.partition("?")
    pattern, values = "", {}
    for part, name in _named(path.strip("/").split("/")):
        pattern += f"/{{{name}}}" if name else f"/{part}"
        if name:
            values[name] = part
    found = Route(method, pattern, **values)
    if query:
        found.url += f"?{query}"
    return found


def _named(parts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the parts of an address, each with its name where it is an id or a token."""
    before = owner = ""
    for number, part in enumerate(parts):
        name = ""
        if part.isdigit():
            name = _OWNERS.get(before, f"id_{number}")
        elif owner in _TOKENS and before.isdigit():
            name = "webhook_token"
        yield part, name
        owner, before = before, part


def _body(json: object, uploads: Sequence[File]) -> dict[str, Any]:
    """Return what the library is given: JSON, or a form whose first part is JSON."""
    if not uploads:
        return {} if json is None else {"json": json}
    form: list[dict[str, Any]] = [{"name": "payload_json", "value": encoding.dumps(json or {})}]
    form += [
        {
            "name": f"files[{number}]",
            "value": each.content,
            "filename": each.name,
            "content_type": each.media_type,
        }
        for number, each in enumerate(uploads)
    ]
    return {"form": form}
