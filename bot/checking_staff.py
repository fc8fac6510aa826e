"""What ``heed check`` says about staff: teams, and who cannot work where a desk has been set up."""

from __future__ import annotations

from collections.abc import Iterator

from bot.records import Found, Severity
from bot.settings import Environment, Settings
from bot.staff import Directory


def check_staff(settings: Settings, environment: Environment) -> Iterator[Found]:
    """Look at agents, teams and the desks that the settings name."""
    directory = Directory(settings)
    if settings.agents or settings.teams:
        yield Found(severity=Severity.OK, text=_teams(directory))
    for team in directory.teams:
        if not directory.of_team(team):
            yield _note(
                f"The team {team!r} has no members: its conversations concern everybody.",
                f"Name agents under teams.{team}.members.",
            )
    if directory.discord_desks:
        yield from _discord_desk(directory, open_to=environment.discord_token is not None)


def _teams(directory: Directory) -> str:
    """Return who is in which team, in a line."""
    told = [f"{team} ({_names(agent.id for agent in directory.of_team(team))})" for team in directory.teams]
    alone = [agent.id for agent in directory.everyone if not agent.team]
    rest = f" In no team: {_names(iter(alone))}." if alone else ""
    return f"Teams: {', '.join(told) or 'none'}.{rest}"


def _names(names: Iterator[str]) -> str:
    return ", ".join(names) or "nobody"


def _discord_desk(directory: Directory, *, open_to: bool) -> Iterator[Found]:
    if not open_to:
        yield _note(
            "A desk on Discord is named and DISCORD_TOKEN is not set: it stays closed.",
            "Put the bot's token into the environment; docs/discord.md tells where it comes from.",
        )
    strangers = [agent.id for agent in directory.everyone if directory.id_on("discord", agent.id) is None]
    if strangers:
        yield _note(
            f"Without an id on Discord, so without the desk there: {', '.join(strangers)}.",
            "Add the number of their account as 'discord' under agents, if they are to work there.",
        )
    homeless = [team for team in directory.teams if directory.discord_desk(team) is None]
    if directory.discord_desk("") is None:
        whose = ", ".join(["no team", *homeless])
        yield _note(
            f"Conversations of {whose} show on no desk on Discord, only at /desk.",
            "Name a channel for them under desk.discord.channel.",
        )


def _note(text: str, remedy: str) -> Found:
    return Found(severity=Severity.NOTE, text=text, remedy=remedy)


def desks_by_setting(settings: Settings) -> dict[str, str]:
    """Return the channels in which staff work on Discord, each with the setting that names it first."""
    named = {"desk.discord.channel": settings.desk.discord.channel}
    named |= {f"teams.{name}.discord": team.discord for name, team in settings.teams.items()}
    found: dict[str, str] = {}
    for setting, channel in named.items():
        if channel is not None:
            found.setdefault(channel, setting)
    return found
