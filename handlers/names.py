"""A customer's name made inert: it comes from outside and goes into a text that the brand signs."""

from __future__ import annotations

import re
import unicodedata

#: Characters of a name that are shown.
MAX_NAME = 60
#: Characters of a name that are looked at, so that a name of a megabyte costs nothing.
_HEAD = 400
#: What may stand between the letters of a name. None of it is markup on any platform.
_JOINTS = frozenset("'’-. ")
_MARKS_IN_A_ROW = re.compile(r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]{3,}")
_DOT_INSIDE = re.compile(r"\.(?=\S)")
_SPACE = re.compile(r"\s+")


def inert(name: str) -> str:
    """Return ``name`` as plain words: no mention, link, markup or hidden character survives.

    Empty when no letter is left, so that a template's ``{% if customer.name %}`` is enough.
    """
    composed = unicodedata.normalize("NFC", name[:_HEAD])
    kept = "".join(_kept(char) for char in composed)
    plain = _DOT_INSIDE.sub(" ", _MARKS_IN_A_ROW.sub("", kept))
    short = _SPACE.sub(" ", plain).strip("'’-. ")[:MAX_NAME].rstrip("'’- ")
    return short if any(char.isalpha() for char in short) else ""


def _kept(char: str) -> str:
    if char in _JOINTS:
        return char
    category = unicodedata.category(char)
    if category[0] in "LM" or category == "Nd":
        return char
    return "" if category in ("Cf", "Cs", "Co", "Cn") else " "
