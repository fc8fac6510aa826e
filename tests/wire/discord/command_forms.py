"""Application commands as the reference documents them: what a list of commands may hold."""

from __future__ import annotations

import re
from typing import Any

from tests.wire.discord.forms import listed, number, one_of, text, unique, wrong
from tests.wire.discord.payloads import Payload

CHAT, USER_MENU, MESSAGE_MENU = 1, 2, 3
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, NUMBER, ATTACHMENT = 3, 4, 5, 6, 7, 8, 10, 11
MOST = {CHAT: 100, USER_MENU: 15, MESSAGE_MENU: 15}
_NAME = re.compile(r"[-_'\w]{1,32}")
_LONGEST_TOGETHER = 8000
_VALUES: dict[int, tuple[type, ...]] = {STRING: (str,), INTEGER: (int,), NUMBER: (int, float)}


def check_commands(found: Any) -> list[Payload]:
    """Return a list of commands that Discord takes. Raises Problem."""
    commands = listed({"commands": found}, "commands", "", 130)
    for place, command in enumerate(commands):
        _check_command(command, str(place))
    kinds = [command.get("type", CHAT) for command in commands]
    for kind, most in MOST.items():
        if kinds.count(kind) > most:
            sentence = "Maximum number of application commands reached"
            raise wrong("commands", sentence, "APPLICATION_COMMAND_TOO_MANY")
    names = [f"{kind} {command['name']}" for kind, command in zip(kinds, commands, strict=True)]
    unique(names, "commands", "APPLICATION_COMMANDS_DUPLICATE_NAME")
    return commands


def _check_command(command: Payload, path: str) -> None:
    if one_of(command, "type", path, MOST, otherwise=CHAT) != CHAT:
        text(command, "name", path, 32)
        return
    _check_name(command, path)
    text(command, "description", path, 100)
    options = listed(command, "options", path, 25)
    for place, option in enumerate(options):
        _check_option(option, f"{path}.options.{place}")
    unique([option["name"] for option in options], f"{path}.options", "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATE")
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        sentence = "Required options must be placed before non-required options"
        raise wrong(f"{path}.options", sentence, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID")
    if _length(command) > _LONGEST_TOGETHER:
        raise wrong(path, f"Command exceeds maximum size ({_LONGEST_TOGETHER})", "APPLICATION_COMMAND_TOO_LARGE")


def _check_name(named: Payload, path: str) -> None:
    name = text(named, "name", path, 32)
    if not _NAME.fullmatch(name) or name != name.lower():
        sentence = "Command name is invalid: lower case, letters, digits, - and _ alone"
        raise wrong(f"{path}.name", sentence, "APPLICATION_COMMAND_INVALID_NAME")


def _check_option(option: Payload, path: str) -> None:
    # commands within commands (1 and 2) are not spoken here
    kind = one_of(option, "type", path, {STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, 9, NUMBER, ATTACHMENT})
    _check_name(option, path)
    text(option, "description", path, 100)
    choices = listed(option, "choices", path, 25)
    if (choices or option.get("autocomplete")) and kind not in _VALUES:
        raise wrong(f"{path}.choices", "Only for texts and numbers", "APPLICATION_COMMAND_OPTIONS_CHOICES_TYPE")
    if choices and option.get("autocomplete"):
        raise wrong(
            f"{path}.autocomplete", "Not beside choices", "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE"
        )
    check_choices(choices, kind, f"{path}.choices")
    if kind == STRING:
        number(option, "min_length", path, 0, 6000, otherwise=0)
        number(option, "max_length", path, 1, 6000, otherwise=6000)


def check_choices(choices: list[Payload], kind: int, path: str) -> None:
    """Refuse choices whose name or value is not what the option takes."""
    for place, choice in enumerate(choices):
        text(choice, "name", f"{path}.{place}", 100)
        value = choice.get("value")
        if isinstance(value, bool) or not isinstance(value, _VALUES[kind]):
            raise wrong(
                f"{path}.{place}.value", f'Value "{value}" is not of the option\'s type', "BASE_TYPE_CHOICES"
            )
        if kind == STRING:
            text(choice, "value", f"{path}.{place}", 100)


def _length(command: Payload) -> int:
    """Return what counts towards a command's size: names, descriptions and values, of options and choices too."""
    own = len(command["name"]) + len(command.get("description", "")) + len(str(command.get("value", "")))
    inner = [*command.get("options", []), *command.get("choices", [])]
    return own + sum(_length(each) for each in inner)
