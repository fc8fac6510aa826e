"""Small changes that leave a training message's labels as they are: how other people would have typed it.

The second and later copies of a message in an epoch are changed, so that what is learned does not hang on a full
stop, a slip of the finger or a name in front. The first copy stays as it was.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

Change = Callable[[str, random.Random], str]

_LETTERS = re.compile(r"(?<![@#\w])[^\W\d_]{4,}(?!\w)")
_SIGNS = "\u231a\u2693\u26c5\U0001f33f\U0001f4cc\U0001f4da\U0001f504\U0001f6b2"
_NAMES = ("kim", "dex", "mo", "lena", "tux", "arun", "jo", "pixel", "sam", "bee")
_NAMED = re.compile(r"^\S{1,20}[:,] ")


def noisy(text: str, *, seed: str) -> str:
    """Return ``text`` with one or two small changes; the same seed makes the same ones."""
    chance = random.Random(f"{seed} {text}")  # noqa: S311  # no secret is drawn
    for change in chance.sample(_CHANGES, chance.choice((1, 1, 2))):
        text = change(text, chance)
    return text


def _slip(text: str, chance: random.Random) -> str:
    """Return the text with one slip of a finger in one word: swapped, left out, doubled or another letter."""
    words = list(_LETTERS.finditer(text))
    if not words:
        return text
    word = chance.choice(words)
    at = chance.randrange(word.start() + 1, word.end() - 1)
    wrong = chance.choice((text[at + 1] + text[at], text[at + 1], text[at] * 2 + text[at + 1]))
    other = chance.choice("aeinorst") + text[at + 1]
    return text[:at] + chance.choice((wrong, wrong, wrong, other)) + text[at + 2 :]


def _slips(text: str, chance: random.Random) -> str:
    return _slip(_slip(text, chance), chance)


def _end(text: str, chance: random.Random) -> str:
    """Return the text with another end: no dot, a dot, an exclamation mark, one question mark more."""
    if text.endswith("?"):
        return text + chance.choice(("?", "??", "!"))
    bare = text.rstrip(".! ")
    return (bare or text) + chance.choice(("", "", ".", "!", " ..", "..."))


def _sign(text: str, chance: random.Random) -> str:
    return f"{text} {chance.choice(_SIGNS)}"


def _name(text: str, chance: random.Random) -> str:
    """Return the text with the name of who is spoken to before it, as in rooms, or a handle or link after it."""
    name = f"{chance.choice(_NAMES)}{chance.choice(('', '_', str(chance.randrange(100))))}"
    before = text if _NAMED.match(text) else f"{name}{chance.choice((':', ','))} {text}"
    return chance.choice((before, before, f"{text} @user", f"{text} http"))


def _quotes(text: str, chance: random.Random) -> str:
    return chance.choice(('"{}"', "'{}'", "> {}")).format(text)


def _no_marks(text: str, _chance: random.Random) -> str:
    """Return the text without apostrophes, commas and dots between words, as typed in a hurry."""
    return re.sub(r"(?<=[^\W\d_])'(?=[^\W\d_])|(?<=[^\W\d_])[,.](?=\s)", "", text)


#: Slips of the finger are the commonest.
_CHANGES: tuple[Change, ...] = (_slip, _slips, _slip, _end, _end, _sign, _name, _quotes, _no_marks)
