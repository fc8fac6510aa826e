"""Discord's way of writing: times that count by themselves, texts that are nothing but text, keys, marks. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.desk.discord.inputs import custom_id

#: The longest content of a message, and the longest description of an embed; all embeds together hold less.
LONGEST = 2000
LONGEST_EMBED = 4096
LONGEST_EMBEDS = 5800
#: How much of a message lines take together, so that what stands around them fits as well.
_LINES = 1800

_MARKUP = re.compile(r"([\\*_~|`>#\[\]()<@:+-])")
_SPACE = re.compile(r"\s+")
_MARK = re.compile(r" · ([mne][0-9]+(?:e[0-9]+|d)?|s[0-9]+-[0-9]+)$")
_CARD = re.compile(r"^-# heed (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message as Discord is told it. ``pings``: the only ones who are called by it, when it is new."""

    content: str
    embeds: tuple[Mapping[str, Any], ...] = ()
    rows: tuple[Mapping[str, Any], ...] = ()
    without_files: bool = False
    pings: tuple[str, ...] = field(default=(), compare=False)

    @property
    def digest(self) -> str:
        """Return a mark of all that is shown, to tell whether it has changed."""
        shown = json.dumps([self.content, self.embeds, self.rows], sort_keys=True)
        return hashlib.blake2b(shown.encode(), digest_size=9).hexdigest()

    def body(self, *, new: bool) -> dict[str, Any]:
        """Return the fields of a request. Whatever stands in a text, nobody else is called."""
        pings = self.pings if new else ()
        called = " ".join(f"<@{each}>" for each in pings)
        found: dict[str, Any] = {
            "content": f"{self.content}\n{called}" if called else self.content,
            "embeds": list(self.embeds),
            "components": list(self.rows),
            "allowed_mentions": {"parse": [], "users": list(pings)},
        }
        if self.without_files and not new:
            found["attachments"] = []
        return found


def plain(text: str) -> str:
    """Return a text that Discord shows as it was written: no markup, no links, nobody called."""
    return _MARKUP.sub(r"\\\1", text)


def line(text: str) -> str:
    """Return a name or the like on one line, as nothing but text."""
    return plain(_SPACE.sub(" ", text).strip())


def length(text: str) -> int:
    """Return how long Discord takes a text to be, on the safe side: in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, longest: int) -> str:
    """Return as much of a text as fits once it is plain, for ``plain`` to be called on."""
    used = 0
    for place, char in enumerate(text):
        used += length(plain(char))
        if used > longest:
            return text[:place]
    return text


def clock(at: datetime) -> str:
    """Return the time of day."""
    return f"<t:{int(at.timestamp())}:t>"


def day(at: datetime) -> str:
    """Return a date and time."""
    return f"<t:{int(at.timestamp())}:f>"


def counting(at: datetime) -> str:
    """Return how long ago or until it is, which Discord counts by itself."""
    return f"<t:{int(at.timestamp())}:R>"


def nonce(*parts: str) -> str:
    """Return the key under which Discord takes a message once: 20 characters of its 25, the same each time."""
    digest = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=15).digest()
    return base64.urlsafe_b64encode(digest).decode()


def thread_name(customer: str, channel: str, conversation: str) -> str:
    """Return what a conversation's thread is called: it ends with what tells it from all others."""
    who = _SPACE.sub(" ", customer).strip() or "Customer"
    end = f" · {channel[:30]} · {conversation[-8:]}"
    return f"{who[: 100 - len(end)]}{end}"


def names(name: str, conversation: str) -> bool:
    """Tell whether a thread of this name may be the conversation's."""
    return name.endswith(f" · {conversation[-8:]}")


def mark_of(content: str) -> str:
    """Return which piece one of the bot's own messages shows, ``card`` for a card, "" for none."""
    if _CARD.search(content):
        return "card"
    first = content.split("\n", maxsplit=1)[0]
    found = _MARK.search(first)
    return found[1] if found else ""


def conversation_of(content: str) -> str:
    """Return whose card this is, "" for no card."""
    found = _CARD.search(content)
    return found[1] if found else ""


def rows(buttons: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Return buttons in rows of five."""
    return tuple(
        {"type": 1, "components": list(buttons[start : start + 5])} for start in range(0, len(buttons), 5)
    )


def button(
    label: str, action: str, conversation: str, seen: int, *, style: int = 2, about: str = ""
) -> Mapping[str, Any]:
    """Return a button. Styles: 1 stands out, 2 is quiet, 3 is good, 4 is dangerous."""
    custom = custom_id(action, conversation, seen, about=about)
    return {"type": 2, "style": style, "label": label, "custom_id": custom}


def link(label: str, url: str) -> Mapping[str, Any]:
    """Return a button that opens a page."""
    return {"type": 2, "style": 5, "label": label, "url": url}


def fitted(lines: Sequence[str], *, total: int | None = None) -> str:
    """Return lines as one message, and how many do not fit."""
    kept: list[str] = []
    for each in lines:
        if length("\n".join((*kept, each))) > _LINES:
            break
        kept.append(each)
    left = (total or len(lines)) - len(kept)
    return "\n".join((*kept, f"… and {left} more")) if left > 0 else "\n".join(kept)
