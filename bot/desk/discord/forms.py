"""The forms in which staff write longer things. Pure.

What a form is handed in with is told by its custom id: which action, of which conversation, after how many of the
customer's messages, and by which press it was opened, so that it counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.desk.actions import LONGEST_TEXT, Action, Field
from bot.desk.discord.commands import MOST_CHOICES, reason_choices
from bot.desk.discord.inputs import custom_id
from bot.desk.discord.instants import EXAMPLES
from bot.domain.events import ResolveReason
from bot.domain.prediction import SCORED_LABELS

Json = dict[str, Any]

_LABEL, _TEXT_INPUT, _MENU = 18, 4, 3
_LINE, _PARAGRAPH = 1, 2
LONGEST_TITLE = 45

#: What a form asks for; all else is known, or cannot be typed.
_ASKED = frozenset({Field.TEXT, Field.UNTIL, Field.TEAM, Field.REASON, Field.LABELS})

#: Actions that are asked about in a form when they are chosen by a button or in a menu.
IN_FORMS = frozenset({"reply", "note", "edit", "transfer", "snooze", "resolve", "correct"})


def form(
    action: Action,
    conversation: str,
    seen: int | None,
    *,
    origin: str,
    text: str = "",
    message: str = "",
    teams: Sequence[str] = (),
) -> Json:
    """Return the form of an action; ``text`` is proposed, ``message`` the one concerned."""
    fields = [each for each in (*action.fields, *action.optional) if each in _ASKED]
    return {
        "title": action.title[:LONGEST_TITLE],
        "custom_id": custom_id(action.name, conversation, seen, origin=origin, about=message),
        "components": [_field(each, action, text=text, teams=teams) for each in fields],
    }


def _field(field: Field, action: Action, *, text: str, teams: Sequence[str]) -> Json:
    needed = field in action.fields
    match field:
        case Field.TEAM if 0 < len(teams) <= MOST_CHOICES:
            return _labelled("Which team?", _menu("team", [(team, team) for team in teams]))
        case Field.TEAM:
            return _labelled("Which team?", _line("team", needed=needed))
        case Field.UNTIL:
            return _labelled("Until when?", _line("until", needed=needed, hint=EXAMPLES))
        case Field.REASON:
            reasons = _menu("reason", reason_choices(), default=ResolveReason.ANSWERED.value)
            return _labelled("Why?", reasons)
        case Field.LABELS:
            labels = [(label.value, label.value) for label in SCORED_LABELS]
            return _labelled("What is it? Choose none for other", _menu("labels", labels, most=len(labels)))
        case _:
            return _labelled(_what(action), _paragraph(text, needed=needed))


def _what(action: Action) -> str:
    if action.sends:
        return "What the customer gets"
    return "Internal remark, never seen by the customer"


def _labelled(label: str, part: Json) -> Json:
    return {"type": _LABEL, "label": label[:LONGEST_TITLE], "component": part}


def _line(name: str, *, needed: bool, hint: str = "") -> Json:
    made: Json = {"type": _TEXT_INPUT, "custom_id": name, "style": _LINE, "required": needed, "max_length": 100}
    return {**made, "placeholder": hint[:100]} if hint else made


def _paragraph(text: str, *, needed: bool) -> Json:
    made: Json = {
        "type": _TEXT_INPUT,
        "custom_id": Field.TEXT.value,
        "style": _PARAGRAPH,
        "required": needed,
        "max_length": LONGEST_TEXT,
    }
    return {**made, "value": text[:LONGEST_TEXT]} if text else made


def _menu(name: str, choices: Sequence[tuple[str, str]], *, default: str = "", most: int = 1) -> Json:
    options = [
        {"label": label, "value": value, **({"default": True} if value == default else {})}
        for label, value in choices
    ]
    several = {"min_values": 0, "max_values": most, "required": False} if most > 1 else {}
    return {"type": _MENU, "custom_id": name, "options": options, **several}
