"""Whom the words of a message name: the bot, others, and what the words are without the bot's name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """The bot's own account: its number and its name without the @."""

    id: int
    username: str

    @property
    def account(self) -> str:
        """Return the account as addresses name it."""
        return str(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """``text`` is without the bot's name. ``others``: ids of those who are named so that Telegram tells who it is.

    ``strangers``: names with an @ of which Telegram does not tell whose they are.
    """

    text: str
    bot: bool
    others: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """One name in a text, in UTF-16 units as Telegram counts. ``user`` is given where it tells who that is."""

    name: str
    start: int
    end: int
    user: int | None

    def means(self, me: Me) -> bool:
        if self.user is not None:
            return self.user == me.id
        return self.name[1:].lower() == me.username.lower()


def naming_of(text: str, entities: Iterable[object], me: Me) -> Naming:
    """Return whom a text names. Marks that do not lie in the text count for nothing."""
    units = text.encode("utf-16-le", "surrogatepass")
    marks = [mark for entity in entities if (mark := _mark(entity, units)) is not None]
    mine = [mark for mark in marks if mark.means(me)]
    rest = [mark for mark in marks if not mark.means(me)]
    return Naming(
        text=_without(units, mine),
        bot=bool(mine),
        others=tuple(str(mark.user) for mark in rest if mark.user is not None),
        strangers=tuple(mark.name for mark in rest if mark.user is None),
    )


def _mark(entity: object, units: bytes) -> _Mark | None:
    """Return the name that an entity marks: one with an @, one of somebody without, or that after a command."""
    if not isinstance(entity, Mapping) or entity.get("type") not in ("mention", "text_mention", "bot_command"):
        return None
    start, size = entity.get("offset"), entity.get("length")
    if type(start) is not int or type(size) is not int or not 0 <= start < start + size <= len(units) // 2:
        return None
    end = start + size
    marked = units[2 * start : 2 * end].decode("utf-16-le", "replace")
    if entity["type"] == "text_mention":
        user = entity.get("user")
        who = user.get("id") if isinstance(user, Mapping) else None
        return _Mark(name=marked, start=start, end=end, user=who) if type(who) is int else None
    _, at, name = marked.partition("@")
    return _Mark(name=at + name, start=end - len(at + name), end=end, user=None) if at else None


def _without(units: bytes, marks: Sequence[_Mark]) -> str:
    """Return the text without these, without a gap where they stood and without a comma left at its start."""
    at, text = 0, ""
    for mark in sorted(marks, key=lambda mark: mark.start):
        text = _joined(text, units[2 * at : 2 * max(mark.start, at)].decode("utf-16-le", "surrogatepass"))
        at = max(at, mark.end)
    text = _joined(text, units[2 * at :].decode("utf-16-le", "surrogatepass"))
    return re.sub(r"^[\s,:;]+", "", text).rstrip() if marks else text


def _joined(before: str, after: str) -> str:
    return before.rstrip(" ") + after if after.startswith((" ", "?", "!", ".", ",", ":", ";")) else before + after
