"""The application's commands in each guild: replaced as a whole, and what a person's own Discord lets through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.wire.discord import payloads
from tests.wire.discord.answers import answer
from tests.wire.discord.bodies import read
from tests.wire.discord.command_forms import (
    ATTACHMENT,
    BOOLEAN,
    CHAT,
    INTEGER,
    NUMBER,
    STRING,
    USER,
    check_commands,
)
from tests.wire.discord.payloads import APPLICATION_ID, Payload, Problem
from tests.wire.discord.world import World

_PYTHON: dict[int, tuple[type, ...]] = {
    STRING: (str,),
    INTEGER: (int,),
    BOOLEAN: (bool,),
    USER: (str,),
    NUMBER: (int, float),
    ATTACHMENT: (tuple,),
}


@dataclass(slots=True)
class Commands:
    """Commands by guild and name. ``puts`` counts how often a list was put."""

    world: World
    puts: int = 0
    of: dict[str, dict[str, Payload]] = field(default_factory=dict)

    def routes(self) -> Iterable[tuple[str, str, str, Any]]:
        path = "/applications/{application}/guilds/{guild}/commands"
        return (("PUT", path, "put_commands", self._put), ("GET", path, "commands", self._get))

    async def _put(self, request: web.Request) -> web.Response:
        guild_id = self._guild(request)
        commands = check_commands((await read(request)).content)
        before = self.of.get(guild_id, {})
        self.puts += 1
        self.of[guild_id] = {each["name"]: self._kept(each, guild_id, before) for each in commands}
        return answer(list(self.of[guild_id].values()))

    async def _get(self, request: web.Request) -> web.Response:
        return answer(list(self.of.get(self._guild(request), {}).values()))

    def _guild(self, request: web.Request) -> str:
        if request.match_info["application"] != APPLICATION_ID:
            raise Problem(403, 20012, "You are not authorized to perform this action on this application")
        if (guild_id := request.match_info["guild"]) not in self.world.guilds:
            raise payloads.missing_access()
        return guild_id

    def _kept(self, command: Payload, guild_id: str, before: Mapping[str, Payload]) -> Payload:
        """Return a command as Discord tells it; one of the same name keeps its id."""
        return {
            "name_localizations": None,
            "description": "",
            "description_localizations": None,
            "default_member_permissions": None,
            "nsfw": False,
            "type": CHAT,
            **command,
            "id": before[command["name"]]["id"] if command["name"] in before else self.world.new_id(),
            "application_id": APPLICATION_ID,
            "guild_id": guild_id,
            "version": self.world.new_id(),
        }

    # --- a person's own Discord -------------------------------------------------------------------------------

    def known(self, guild_id: str, name: str) -> Payload:
        """Return a command that people are offered. Raises ValueError."""
        found = self.of.get(guild_id, {})
        if name not in found:
            raise ValueError(f"nobody is offered /{name}; there are {sorted(found) or 'no commands'}")
        return found[name]

    def check(self, command: Payload, given: Mapping[str, Any]) -> None:
        """Let through what a person can send. Raises ValueError."""
        options = {option["name"]: option for option in command.get("options", [])}
        if unknown := given.keys() - options.keys():
            raise ValueError(f"/{command['name']} has no option {sorted(unknown)}; it has {sorted(options)}")
        for name, option in options.items():
            if name in given:
                _check_value(option, given[name])
            elif option.get("required"):
                raise ValueError(f"/{command['name']} is not sent without {name!r}")


def _check_value(option: Payload, value: Any) -> None:
    kind, name = option["type"], option["name"]
    fits = isinstance(value, _PYTHON.get(kind, (str,)))
    if not fits or (isinstance(value, bool) and kind != BOOLEAN):
        raise ValueError(f"{name!r} cannot be {value!r}: its type is {kind}")
    choices = [choice["value"] for choice in option.get("choices", [])]
    if choices and value not in choices:
        raise ValueError(f"{name!r} cannot be {value!r}: it is chosen from {choices}")
    if kind == STRING and not option.get("min_length", 0) <= len(value) <= option.get("max_length", 6000):
        raise ValueError(f"{name!r} has {len(value)} characters, which its bounds do not allow")
    if kind in {INTEGER, NUMBER} and not (
        option.get("min_value", value) <= value <= option.get("max_value", value)
    ):
        raise ValueError(f"{name!r} cannot be {value!r}: it is out of its bounds")
