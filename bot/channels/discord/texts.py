"""Discord's way of writing: mentions and emoji made readable, and markdown made inert. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from bot.channels.discord.places import Places

#: The longest text that Discord takes in one message, in UTF-16 units to be on the safe side.
LONGEST_PART = 2000

#: What stands for a message that says nothing but the bot's name, where that name is not known.
CALLED = "hello"

_MARK = re.compile(
    r"<(?:@!?(?P<user>\d{1,20})|@&(?P<role>\d{1,20})|#(?P<channel>\d{1,20})"
    r"|a?:(?P<emoji>\w{1,64}):\d{1,20}|/(?P<command>[^:<>\n]{1,100}):\d{1,20})>"
)
_MINE = "\ue000"
_ALONE = re.compile(rf"^(?:[ \t]*{_MINE})+[ \t,:;]*", re.MULTILINE)
_WITHIN = re.compile(rf"[ \t]*{_MINE}")
_MARKDOWN = re.compile(r"([\\*_~|`>#\[\]()<@:+-])")


def readable(
    content: str, *, me: str, own_roles: Collection[str], names: Mapping[str, str], places: Places
) -> tuple[str, bool]:
    """Return a text with names for marks and without the bot's own, and whether it named the bot.

    ``names`` are those of the users whom the message mentions, by id.
    """

    def word(mark: re.Match[str]) -> str:
        if mark["user"] is not None:
            return _MINE if mark["user"] == me else f"@{names.get(mark['user']) or 'someone'}"
        if mark["role"] is not None:
            return _MINE if mark["role"] in own_roles else "@role"
        if mark["channel"] is not None:
            place = places.get(mark["channel"])
            return f"#{place.name}" if place is not None and place.name else "#channel"
        return f":{mark['emoji']}:" if mark["emoji"] is not None else f"/{mark['command']}"

    plain = content.replace(_MINE, "")
    marked = _MARK.sub(word, plain)
    if _MINE not in marked:
        return marked, False
    return _WITHIN.sub("", _ALONE.sub("", marked)), True


def inert(text: str) -> str:
    """Return a text of a customer that Discord shows as it was written: no markup, links or mentions."""
    return _MARKDOWN.sub(r"\\\1", text)
