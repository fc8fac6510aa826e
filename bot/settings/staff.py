"""The brand's staff: who they are on the platforms, which teams they form, and where they work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from bot.domain.roles import Role
from bot.settings.channels import ChannelSettings
from bot.settings.mistakes import nearest
from bot.settings.section import Section
from bot.settings.values import PlatformId, Values

#: A team's name is no longer than this.
LONGEST_NAME = 60

#: What the staff of a desk may be told of.
NoticeName = Literal["escalation", "warning", "breach"]


class AgentSettings(Section):
    """Somebody on staff: what they may do, and their ids on platforms. What they write there is a human's answer.

    The role counts on every desk, whatever their account says; left out, it is the account's, else ``agent``.
    """

    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\s].*[^\s]$|^[^\s]$")
    role: Role = Role.AGENT
    discord: PlatformId | None = None
    telegram: PlatformId | None = None


class TeamSettings(Section):
    """Some of the agents, by name. ``discord``: the channel of their desk, where it is not the default one."""

    members: Values = ()
    discord: PlatformId | None = None


class DiscordDeskSettings(Section):
    """The desk on Discord. ``channel``: where conversations of teams without a channel of their own show.

    With ``reply_by_replying`` an answer to the customer's relayed message reaches the customer, else it is a note.
    """

    channel: PlatformId | None = None
    reply_by_replying: bool = False
    notices: tuple[NoticeName, ...] = ("escalation", "warning", "breach")


class DeskSettings(Section):
    """Where staff work, besides the pages at ``/desk``."""

    discord: DiscordDeskSettings = DiscordDeskSettings()


def _each_one_person(agents: tuple[AgentSettings, ...]) -> tuple[AgentSettings, ...]:
    """Refuse a platform's id that two agents claim, and a name that stands there twice."""
    for what in ("name", "discord", "telegram"):
        ids = [value for agent in agents if (value := getattr(agent, what)) is not None]
        if twice := _repeated(ids):
            raise ValueError(f"the {what} {twice!r} stands there twice; it names one person")
    return agents


def _team_names(value: object) -> object:
    for name in value if isinstance(value, dict) else ():
        if not isinstance(name, str):
            raise ValueError(f"{name!r} is no name for a team; write a text, in quotes")  # noqa: TRY004  # pydantic reports ValueErrors
        if not name.isprintable() or name != name.strip() or not 1 <= len(name) <= LONGEST_NAME:
            raise ValueError(f"{name!r} is no name for a team; write 1 to {LONGEST_NAME} printable characters")
    return value


def _members_once(teams: Mapping[str, TeamSettings], info: ValidationInfo) -> Mapping[str, TeamSettings]:
    """Refuse a member whom nobody knows, and one who stands in two teams, or in one of them twice."""
    found: dict[str, str] = {}
    for team, settings in teams.items():
        for member in settings.members:
            _check_known("agent", member, (agent.name for agent in info.data.get("agents", ())), info)
            if member in found:
                where = f"in {found[member]!r} and {team!r}" if found[member] != team else f"twice in {team!r}"
                raise ValueError(f"{member!r} stands {where}; everybody is in one team at most")
            found[member] = team
    return teams


def _repeated(values: list[str]) -> str | None:
    return next((value for value in values if values.count(value) > 1), None)


def _check_known(what: str, name: str, known: Iterable[str], info: ValidationInfo) -> None:
    names = list(known)
    if name not in names and f"{what}s" in info.data:  # where those are wrong themselves, that is told
        raise ValueError(f"there is no {what} {name!r} under '{what}s'{nearest(name, names)}")


def check_team(name: str, info: ValidationInfo) -> None:
    """Refuse a team that is not there. While no team is configured, their names are free words."""
    known = list(info.data.get("teams", ()))
    if known and name:
        _check_known("team", name, known, info)


def check_rooms(channels: ChannelSettings, info: ValidationInfo) -> ChannelSettings:
    """Refuse a room of customers that is a desk: they would read along."""
    desks = dict(_discord_desks(info))
    for room in channels.discord.rooms:
        if room.id in desks:
            raise ValueError(
                f"the room {room.id} of discord is the desk that '{desks[room.id]}' names; "
                "customers never write where staff work, so name another channel in one of the two"
            )
    return channels


def _discord_desks(info: ValidationInfo) -> Iterator[tuple[str, str]]:
    """Yield each channel of Discord that is a desk, with the setting that says so."""
    for name, team in info.data.get("teams", {}).items():
        if team.discord is not None:
            yield team.discord, f"teams.{name}.discord"
    desk = info.data.get("desk")
    if desk is not None and desk.discord.channel is not None:
        yield desk.discord.channel, "desk.discord.channel"


Agents = Annotated[tuple[AgentSettings, ...], AfterValidator(_each_one_person)]
Teams = Annotated[Mapping[str, TeamSettings], BeforeValidator(_team_names), AfterValidator(_members_once)]
