"""The slash commands: built from the table of actions, with a few that only ask. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from bot.desk.actions import ACTIONS, LONGEST_TEXT, Action, Field
from bot.desk.discord.inputs import AND
from bot.desk.discord.line import Payload
from bot.domain.events import ResolveReason
from bot.domain.prediction import SCORED_LABELS, Label

Json = dict[str, Any]

_CHAT_INPUT = 1
_STRING, _FILE = 3, 11
#: Discord shows no more choices than this, and no longer text for one.
MOST_CHOICES = 25
LONGEST_CHOICE = 100
LONGEST_DESCRIPTION = 100
#: Who is offered the commands until a server's settings say otherwise: whoever may manage messages there. So
#: customers in the same server never see them.
FOR_STAFF = str(1 << 13)
#: So many files go along with a command; a reply by replying takes as many as a message does.
MOST_FILES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Something that a command is told. ``typing``: choices are offered while somebody types.

    ``file``: it is a file instead of a text.
    """

    name: str
    what: str
    needed: bool = False
    longest: int = 0
    choices: tuple[tuple[str, str], ...] = ()
    typing: bool = False
    file: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Slash:
    """A slash command. ``action`` is the table's; "" for one that only asks or concerns the person."""

    name: str
    what: str
    options: tuple[Option, ...] = ()
    action: str = ""


#: Commands beside the table of actions, by the name that inputs know them by.
OTHERS: Mapping[str, str] = {
    "template": "Find an answer of the brand, change it as you like, and send it.",
    "suggest": "Show the brand's answers that come nearest to what the customer wrote last.",
    "queue": "Show what waits, most urgent first. Only you see it.",
    "many": "Do one thing with several conversations.",
    "away": "Take no conversations for now: nobody notifies you.",
    "back": "Be there again.",
    "help": "Show all that can be done here.",
}


def dashed(name: str) -> str:
    """Return an action's name as a command's."""
    return name.replace("_", "-")


def label_choices() -> tuple[tuple[str, str], ...]:
    """Return every set of labels that may hold together, and none of them."""
    sets = [each for size in (1, 2, 3) for each in combinations(SCORED_LABELS, size)]
    named = [(" and ".join(each), AND.join(each)) for each in sets]
    return (*named, ("none of them", Label.OTHER.value))


def read_labels(typed: str) -> list[str]:
    """Return the labels that somebody names; none, or "other", says that none holds."""
    words = typed.lower().replace(AND, " ").replace(",", " ").split()
    return [] if words == [Label.OTHER.value] else [word for word in words if word != "and"]


def slashes(teams: Sequence[str]) -> tuple[Slash, ...]:
    """Return all commands, in the order of the table."""
    of_actions = (
        Slash(name=dashed(action.name), what=action.what, options=_options(action, teams), action=action.name)
        for action in ACTIONS
    )
    return (*of_actions, *_others(teams))


def _options(action: Action, teams: Sequence[str]) -> tuple[Option, ...]:
    """Return what an action is told; what a person leaves out is found for them, so it is not needed."""
    fields = [*action.fields, *action.optional]
    made = [
        one for each in fields if (one := _option(each, action, teams, needed=each in action.fields)) is not None
    ]
    made += _file_options() if action.files else []
    return tuple(sorted(made, key=lambda one: not one.needed))


def _file_options() -> list[Option]:
    names = ["file", *(f"file{number}" for number in range(2, MOST_FILES + 1))]
    return [Option(name=name, what="A file that goes along to the customer", file=True) for name in names]


def _option(field: Field, action: Action, teams: Sequence[str], *, needed: bool) -> Option | None:
    """Return how a field is asked for; what was read is found out, not asked for."""
    text = "What the customer gets" if action.sends else "An internal remark"
    known = {
        Field.TEXT: Option(name="text", what=text, needed=needed, longest=LONGEST_TEXT),
        Field.UNTIL: Option(name="until", what="30m, 2h, tomorrow 9:00, a date", needed=needed, longest=60),
        Field.TEAM: Option(name="team", what="Which team", needed=needed, choices=_choices(teams), longest=100),
        Field.REASON: Option(name="reason", what="Why", needed=needed, choices=reason_choices()),
        Field.MESSAGE: Option(name="message", what="Which message; left out, the last one", typing=True),
        Field.LABELS: Option(name="labels", what="What the message is", needed=needed, choices=label_choices()),
    }
    return known.get(field)


def _choices(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return names to choose from; of more than Discord can show none, they are typed then."""
    return tuple((name, name) for name in names) if len(names) <= MOST_CHOICES else ()


def reason_choices() -> tuple[tuple[str, str], ...]:
    """Return why something can be resolved, in words."""
    return tuple((reason.value.replace("_", " "), reason.value) for reason in ResolveReason)


def _others(teams: Sequence[str]) -> Iterator[Slash]:
    for name, what in OTHERS.items():
        yield Slash(name=name, what=what, options=tuple(_of_other(name, teams)))


def _of_other(name: str, teams: Sequence[str]) -> Iterator[Option]:
    if name == "template":
        yield Option(name="search", what="Words of the answer, or its name", needed=True, typing=True)
    if name == "many":
        bulk = [action for action in ACTIONS if action.bulk]
        chosen = tuple((action.title, action.name) for action in bulk)
        yield Option(name="action", what="What to do with them", needed=True, choices=chosen)
        fields = dict.fromkeys(each for action in bulk for each in (*action.fields, *action.optional))
        yield from (one for each in fields if (one := _option(each, bulk[0], teams, needed=False)) is not None)


# --- as Discord wants them --------------------------------------------------------------------------------


def registration(teams: Sequence[str]) -> list[Json]:
    """Return what is handed to Discord to have these commands in a guild."""
    return [
        {
            "type": _CHAT_INPUT,
            "name": one.name,
            "description": shorten(one.what, LONGEST_DESCRIPTION),
            "options": [_option_json(each) for each in one.options],
            "default_member_permissions": FOR_STAFF,
        }
        for one in slashes(teams)
    ]


def same(registered: object, wanted: Sequence[Json]) -> bool:
    """Tell whether the commands that Discord has are those that are wanted."""
    if not isinstance(registered, list):
        return False
    known = sorted((_plain(each) for each in registered if isinstance(each, Mapping)), key=_name)
    return known == sorted((_plain(each) for each in wanted), key=_name)


def shorten(text: str, most: int) -> str:
    """Return a text in one line, no longer than this."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _option_json(option: Option) -> Json:
    made: Json = {
        "type": _FILE if option.file else _STRING,
        "name": option.name,
        "description": shorten(option.what, LONGEST_DESCRIPTION),
        "required": option.needed,
    }
    if option.choices:
        made["choices"] = [
            {"name": name[:LONGEST_CHOICE], "value": value[:LONGEST_CHOICE]} for name, value in option.choices
        ]
    elif option.typing:
        made["autocomplete"] = True
    elif option.longest:
        made["max_length"] = option.longest
    return made


def _plain(command: Payload) -> Json:
    """Return what matters of a command, whatever Discord adds to it or leaves out."""
    options = command.get("options") or []
    return {
        "name": command.get("name"),
        "type": command.get("type", _CHAT_INPUT),
        "description": command.get("description"),
        "options": [_plain_option(each) for each in options if isinstance(each, Mapping)],
        "default_member_permissions": command.get("default_member_permissions"),
    }


def _plain_option(option: Payload) -> Json:
    choices = option.get("choices") or []
    return {
        "name": option.get("name"),
        "type": option.get("type"),
        "description": option.get("description"),
        "required": bool(option.get("required", False)),
        "autocomplete": bool(option.get("autocomplete", False)),
        "max_length": option.get("max_length"),
        "choices": [(each.get("name"), each.get("value")) for each in choices if isinstance(each, Mapping)],
    }


def _name(command: Json) -> str:
    return str(command["name"])
