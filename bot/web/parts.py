"""What the web application is made of: wiring fills these in, tests put fakes there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Protocol

import msgspec
from aiohttp import web

from bot.domain.messages import ConversationId
from bot.domain.roles import Agent
from bot.figures import ClockLife
from bot.ports import Accounts, Commands, EventLog, Fetch, Health, Reports, TimeSource, Views

Json = dict[str, object]


class WebStore(Views, EventLog, Accounts, Protocol):
    """What pages need of a store."""


class StaffDesk(Protocol):
    """What the page of the desk asks for, as plain values ready for JSON."""

    async def conversations(self, agent: Agent, *, view: str, text: str, page: int) -> Json:
        """Return one page of a list, most urgent first, with the counts of all lists."""
        ...

    async def conversation(self, agent: Agent, conversation: str) -> Json:
        """Return all that staff may see of one conversation. Raises NotFound."""
        ...

    async def perform(self, agent: Agent, conversation: str, request: Json) -> Json:
        """Carry out a command and say what became of it. Raises BadMessage for one that makes no sense."""
        ...

    async def words(self, agent: Agent, conversation: str, message: str) -> Json:
        """Return which words of a customer's message mattered to the model. Raises NotFound."""
        ...


#: Returns the life of every clock of a conversation; empty for one that is not known.
Lives = Callable[[ConversationId], Awaitable[Sequence[ClockLife]]]


async def no_lives(_conversation: ConversationId) -> Sequence[ClockLife]:
    """Stand where nobody can tell the lives of clocks."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebParts:
    """Everything that ``create_app`` needs.

    ``channel_routes`` are routes that channels bring along; ``files`` fetches attachments, by channel.
    ``metrics_token`` None: metrics on loopback only. ``public_url`` is how browsers reach this server; a
    request's Host header is never believed. ``lives`` explains clocks, with times on the wall clock of ``zone``.
    """

    store: WebStore
    desk: StaffDesk
    commands: Commands
    health: Health
    reports: Reports
    time: TimeSource
    secret: bytes
    brand_name: str
    public_url: str
    channel_routes: Sequence[web.AbstractRouteDef] = ()
    files: Mapping[str, Fetch] = field(default_factory=dict)
    metrics_token: str | None = None
    max_body: int = 1 << 20
    lives: Lives = no_lives
    zone: tzinfo = UTC


def iso(at: datetime) -> str:
    """Return an instant as pages read it: UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def answer(body: object, *, status: int = 200) -> web.Response:
    """Return ``body`` as a JSON response; dataclasses, enums and times are understood."""
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")
