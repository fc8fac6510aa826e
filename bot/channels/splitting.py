"""Long texts in parts that a platform takes, cut where a reader would pause. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

#: Where a text may be cut, the best first: each match begins at the blank that is left out, or before nothing.
_PARAGRAPH = re.compile(r"\n\s*\n")
_LINE = re.compile(r"\n")
_SENTENCE = re.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*(?=\s)|(?<=[。！？])")
_BLANK = re.compile(r"\s")
#: A part is at least this share full, or a cut of the next worse kind is taken.
_FULL = 1 / 3
#: A character is looked at this far back for where it begins; longer ones are decoration without end.
_LONGEST_CHARACTER = 40
_JOINER = "\u200d"


def split(text: str, longest: int) -> list[str]:
    """Return the text in parts of at most ``longest`` UTF-16 units, as the platforms count.

    Cut at the end of a paragraph, else of a line, a sentence, a word; inside a word only where it alone is too
    long, and never inside one visible character unless that alone is. Nothing is lost but the blank at a cut.
    """
    parts = []
    rest = text.strip()
    while (room := _room(rest, longest)) < len(rest):
        cut = _cut(rest, room)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest] if rest else parts


def _room(text: str, longest: int) -> int:
    """Return how many characters fit; at least one, so that every text comes to an end."""
    used = 0
    for index, char in enumerate(text):
        used += 2 if char > "\uffff" else 1
        if used > longest:
            return max(index, 1)
    return len(text)


def _cut(text: str, room: int) -> int:
    """Return where the first part of a text ends that is longer than ``room`` characters."""
    window = text[: room + 1]  # one more: a blank right behind what fits is as good as one inside
    for places, least in ((_PARAGRAPH, _FULL), (_LINE, _FULL), (_SENTENCE, _FULL), (_BLANK, 0)):
        ends = [match.end() if places is _SENTENCE else match.start() for match in places.finditer(window)]
        fitting = [end for end in ends if max(least * room, 1) <= end <= room]
        if fitting:
            return fitting[-1]
    return next((cut for cut in _back_from(room) if not _inside(text, cut)), room)


def _back_from(room: int) -> Iterator[int]:
    return iter(range(room, max(room - _LONGEST_CHARACTER, 0), -1))


def _inside(text: str, cut: int) -> bool:
    """Tell whether a cut before this index would part what a reader sees as one character."""
    before, after = text[cut - 1], text[cut]
    joined = _JOINER in (before, after) or unicodedata.category(after).startswith("M")
    halves = "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff"
    toned = "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f"
    return joined or halves or toned or (_flag(after) and _flags_before(text, cut) % 2 == 1)


def _flag(char: str) -> bool:
    """Tell whether this is half a flag: a regional indicator."""
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _flags_before(text: str, cut: int) -> int:
    count = 0
    while count < cut and _flag(text[cut - 1 - count]):
        count += 1
    return count
