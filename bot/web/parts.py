"""What the web application is made of: wiring fills these in, tests put fakes there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Protocol

import msgspec
from aiohttp import web

from bot.domain.messages import AgentId, ConversationId
from bot.domain.roles import Agent
from bot.figures import ClockLife
from bot.ports import Accounts, Commands, EventLog, Fetch, Health, Reports, TimeSource, Views
from bot.records import Enclosure, StaffAccount

Json = dict[str, object]


class WebStore(Views, EventLog, Accounts, Protocol):
    """What pages need of a store."""


class StaffDesk(Protocol):
    """What the page of the desk shows and hands in, as plain values ready for JSON."""

    async def conversations(
        self, agent: Agent, *, view: str, text: str, page: int, narrowed: Mapping[str, Sequence[str]]
    ) -> Json:
        """Return one page of a list, most urgent first, with the counts of all lists.

        ``narrowed``: by team, label, channel or priority, to one of these values each.
        """
        ...

    async def conversation(self, agent: Agent, conversation: str) -> Json:
        """Return all that staff may see of one conversation, and what they may do with it. Raises NotFound."""
        ...

    async def perform(self, agent: Agent, conversation: str, asked: Json, files: Sequence[Enclosure] = ()) -> Json:
        """Carry out an action and say what became of it. Raises BadMessage for one that makes no sense.

        ``files`` go to the customer along with a reply.
        """
        ...

    async def perform_all(self, agent: Agent, asked: Json) -> Json:
        """Carry out an action on a selection and say for each what became of it. Raises BadMessage."""
        ...


class StaffAids(Protocol):
    """What makes the work at the desk quicker."""

    @property
    def largest_together(self) -> int:
        """Return how many bytes the files of one reply may have together."""
        ...

    def table(self, agent: Agent) -> Json:
        """Return all that staff can do, and among what they choose."""
        ...

    async def templates(self, conversation: str, search: str) -> Json:
        """Return the templates that a search finds, as this customer would read them. Raises NotFound."""
        ...

    async def suggestions(self, conversation: str) -> Json:
        """Return the templates nearest to what the customer wrote last. Raises NotFound."""
        ...

    async def words(self, conversation: str, message: str) -> Json:
        """Return which words of a customer's message mattered to the model. Raises NotFound."""
        ...


class DeskParts(StaffDesk, StaffAids, Protocol):
    """All that the page of the desk lives on."""


class Roster(Protocol):
    """Who is on the brand's staff, and who is there now."""

    def of_account(self, account: StaffAccount) -> Agent:
        """Return whoever signs in with this account, with the role and team held at this moment."""
        ...

    async def is_away(self, name: str) -> bool:
        """Tell whether somebody has said that they are away."""
        ...

    async def away(self, agent: Agent) -> bool:
        """Note that an agent does not take conversations now. False if they were away already."""
        ...

    async def back(self, agent: Agent) -> bool:
        """Note that an agent is there again. False if they were not away."""
        ...

    async def present_for(self, team: str) -> frozenset[str]:
        """Return who is there of those whom a team's conversations concern."""
        ...


class AccountsAlone:
    """The staff of a brand that names nobody in its settings: accounts with their roles, and nobody ever away."""

    def of_account(self, account: StaffAccount) -> Agent:
        """Return the account's agent, in no team."""
        return Agent(id=AgentId(account.name), role=account.role)

    async def is_away(self, _name: str) -> bool:
        """Tell that nobody is."""
        return False

    async def away(self, _agent: Agent) -> bool:
        """Change nothing."""
        return False

    async def back(self, _agent: Agent) -> bool:
        """Change nothing."""
        return False

    async def present_for(self, _team: str) -> frozenset[str]:
        """Return nobody: nobody is known by name."""
        return frozenset()


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
    ``roster`` knows the staff's teams, and who is there.
    """

    store: WebStore
    desk: DeskParts
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
    roster: Roster = field(default_factory=AccountsAlone)


def iso(at: datetime) -> str:
    """Return an instant as pages read it: UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def answer(body: object, *, status: int = 200) -> web.Response:
    """Return ``body`` as a JSON response; dataclasses, enums and times are understood."""
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")
