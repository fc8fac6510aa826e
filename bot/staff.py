"""Who is on the brand's staff: their roles, teams and ids by the settings and accounts, and who is there now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

from bot.domain.log import LogKind
from bot.domain.messages import AgentId
from bot.domain.roles import Agent
from bot.ports import Accounts, EventLog, TimeSource
from bot.records import StaffAccount
from bot.settings import AgentSettings, Settings

Platform = Literal["discord", "telegram"]

#: Whoever is away has a switch that begins so and goes on with their name; its value tells since when.
AWAY = "away:"


class Directory:
    """The staff as the settings describe them. It does not change while Heed runs."""

    def __init__(self, settings: Settings) -> None:
        team_of = {member: name for name, team in settings.teams.items() for member in team.members}
        self.teams: tuple[str, ...] = tuple(settings.teams)
        self._team_of: Mapping[str, str] = team_of
        self._agents = {each.name: _agent(each, team_of.get(each.name, "")) for each in settings.agents}
        self._fixed = frozenset(each.name for each in settings.agents if "role" in each.model_fields_set)
        self._ids: Mapping[Platform, Mapping[str, str]] = {
            "discord": {each.discord: each.name for each in settings.agents if each.discord is not None},
            "telegram": {each.telegram: each.name for each in settings.agents if each.telegram is not None},
        }
        self._default_desk = settings.desk.discord.channel
        self._own_desks = {name: team.discord for name, team in settings.teams.items() if team.discord is not None}

    @property
    def everyone(self) -> tuple[Agent, ...]:
        """Return all agents of the settings, in their order."""
        return tuple(self._agents.values())

    def named(self, name: str) -> Agent | None:
        """Return the agent of this name, None where the settings do not name them."""
        return self._agents.get(name)

    def by_platform(self, platform: Platform, external_id: str) -> Agent | None:
        """Return the agent with this id on a platform, None for anybody else."""
        return self._agents.get(self._ids[platform].get(external_id, ""))

    def id_on(self, platform: Platform, name: str) -> str | None:
        """Return an agent's id on a platform, None where the settings give none."""
        return next((known for known, whose in self._ids[platform].items() if whose == name), None)

    def of_team(self, team: str) -> tuple[Agent, ...]:
        """Return the members of a team; of one that is not configured nobody."""
        return tuple(agent for agent in self._agents.values() if team and agent.team == team)

    def concerned(self, team: str) -> tuple[Agent, ...]:
        """Return whom a team's conversations concern: its members, and everybody where it has none."""
        return self.of_team(team) or self.everyone

    def of_account(self, account: StaffAccount) -> Agent:
        """Return whoever signs in with this account. A role in the settings beats the account's."""
        known = self._agents.get(account.name)
        if known is None:
            return Agent(id=AgentId(account.name), role=account.role)
        return known if account.name in self._fixed else replace(known, role=account.role)

    def discord_desk(self, team: str) -> str | None:
        """Return the channel in which a team's conversations show, None where there is none for them."""
        return self._own_desks.get(team, self._default_desk)

    @property
    def discord_desks(self) -> frozenset[str]:
        """Return all channels that are desks: nobody who writes there is a customer."""
        default = {self._default_desk} if self._default_desk is not None else set()
        return frozenset({*self._own_desks.values(), *default})


class Staff:
    """The staff with their accounts, at this moment: what somebody may do, and who is there."""

    def __init__(self, directory: Directory, *, accounts: Accounts, log: EventLog, time: TimeSource) -> None:
        self.directory = directory
        self._accounts = accounts
        self._log = log
        self._time = time
        self._turn = asyncio.Lock()

    def of_account(self, account: StaffAccount) -> Agent:
        """Return whoever signs in with this account."""
        return self.directory.of_account(account)

    async def agent(self, name: str) -> Agent | None:
        """Return somebody by name, known by account or by the settings; None for anybody else."""
        account = await self._accounts.staff(name)
        return self.directory.named(name) if account is None else self.directory.of_account(account)

    async def on_platform(self, platform: Platform, external_id: str) -> Agent | None:
        """Return the agent with this id on a platform, with the same role as everywhere; None for anybody else."""
        known = self.directory.by_platform(platform, external_id)
        return None if known is None else await self.agent(known.id)

    async def is_away(self, name: str) -> bool:
        """Tell whether somebody has said that they are away."""
        return await self._accounts.switch(AWAY + name) is not None

    async def away(self, agent: Agent) -> bool:
        """Note that an agent does not take conversations now. False if they were away already."""
        return await self._change(LogKind.WENT_AWAY, agent, self._time.now().isoformat())

    async def back(self, agent: Agent) -> bool:
        """Note that an agent is there again. False if they were not away."""
        return await self._change(LogKind.CAME_BACK, agent, None)

    async def present(self, team: str = "") -> frozenset[AgentId]:
        """Return the names of a team's members who are not away; without a team, those of all agents."""
        members = self.directory.of_team(team) if team else self.directory.everyone
        return await self._there(members)

    async def present_for(self, team: str) -> frozenset[AgentId]:
        """Return who is there of those whom a team's conversations concern."""
        return await self._there(self.directory.concerned(team))

    async def _there(self, agents: Iterable[Agent]) -> frozenset[AgentId]:
        gone = await self._accounts.switches(AWAY)
        return frozenset(agent.id for agent in agents if AWAY + agent.id not in gone)

    async def _change(self, kind: LogKind, agent: Agent, since: str | None) -> bool:
        """Set or clear who is away since when, and log it once, on however many desks they say it at a time."""
        async with self._turn:
            if await self.is_away(agent.id) is (since is not None):
                return False
            await self._accounts.set_switch(AWAY + agent.id, since)
            fields = {"agent": agent.id, "role": agent.role.value}
            await self._log.append(kind, at=self._time.now(), fields=fields)
            return True


def _agent(settings: AgentSettings, team: str) -> Agent:
    return Agent(id=AgentId(settings.name), role=settings.role, team=team)
