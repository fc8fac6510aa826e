"""Small changes to a message that leave its meaning as it is: what the metamorphic suite asks about.

Each takes a text and a source of chance, and returns the changed text; where there is nothing to change it returns
the text itself. The same seed makes the same changes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping

Change = Callable[[str, random.Random], str]

_WORD = re.compile(r"(?<![@#\w])[a-z]{4,}(?!\w)", re.IGNORECASE)

#: Emoji that say nothing about the writer's mood.
_EMOJI = (
    "\U0001f4f1",
    "\U0001f4e6",
    "\u2708\ufe0f",
    "\u2615",
    "\U0001f3e0",
    "\U0001f4f7",
    "\U0001f4bb",
    "\U0001f697",
)

#: Letters of other scripts that look like Latin ones.
LOOK_ALIKES = str.maketrans("aceiopsxyACEHIKMOPTX", "асеіорѕхуАСЕНІКМОРТХ")

#: A key's neighbours, on the rows of a keyboard.
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def upper_case(text: str, _chance: random.Random) -> str:
    """Return the text as somebody types it with the caps lock on."""
    return text.upper()


def lower_case(text: str, _chance: random.Random) -> str:
    """Return the text as somebody types it who never uses capitals."""
    return text.lower()


def trailing_punctuation(text: str, _chance: random.Random) -> str:
    """Return the text without its last dots or exclamation marks, or with a dot where there were none.

    A question mark stays and is doubled: without it the text might say something else.
    """
    bare = text.rstrip()
    if bare.endswith("?"):
        return bare + "?"
    stripped = bare.rstrip(".!…")
    return f"{bare}." if stripped == bare else stripped


def doubled_letter(text: str, chance: random.Random) -> str:
    """Return the text with one letter of one word written twice."""
    return _in_a_word(text, chance, lambda word, at: word[: at + 1] + word[at:])


def typo(text: str, chance: random.Random) -> str:
    """Return the text with one slip in one word: letters swapped, one left out, or the key beside."""
    slip = chance.choice((_swapped, _dropped, _beside))
    return _in_a_word(text, chance, lambda word, at: slip(word, at, chance))


def emoji(text: str, chance: random.Random) -> str:
    """Return the text with an emoji of no mood at its end."""
    return f"{text} {chance.choice(_EMOJI)}"


def handles(text: str, chance: random.Random) -> str:
    """Return the text with somebody's handle before it, or after it."""
    name = f"@acct_{chance.randrange(10_000)}"
    return f"{name} {text}" if chance.random() < 0.5 else f"{text} {name}"


def link(text: str, chance: random.Random) -> str:
    """Return the text with a link at its end."""
    return f"{text} https://example.com/{chance.randrange(16**6):06x}"


def quoted(text: str, chance: random.Random) -> str:
    """Return the text in quotation marks, or as a quoted line."""
    return chance.choice(("“{}”", '"{}"', "> {}")).format(text)


def look_alikes(text: str, chance: random.Random) -> str:
    """Return the text with one to three of its letters in another script, which look the same."""
    places = [place for place, char in enumerate(text) if ord(char) in LOOK_ALIKES]
    chars = list(text)
    for place in chance.sample(places, min(len(places), chance.randint(1, 3))):
        chars[place] = chars[place].translate(LOOK_ALIKES)
    return "".join(chars)


#: The suite, by the name under which it is reported.
CHANGES: Mapping[str, Change] = {
    "upper case": upper_case,
    "lower case": lower_case,
    "trailing punctuation": trailing_punctuation,
    "doubled letter": doubled_letter,
    "typo": typo,
    "emoji": emoji,
    "handles": handles,
    "link": link,
    "quoting": quoted,
    "look-alikes": look_alikes,
}


def _in_a_word(text: str, chance: random.Random, change: Callable[[str, int], str]) -> str:
    """Return the text with ``change(word, place)`` made in a word of four letters or more, never to its first."""
    words = list(_WORD.finditer(text))
    if not words:
        return text
    word = chance.choice(words)
    place = chance.randrange(1, len(word[0]) - 1)
    return text[: word.start()] + change(word[0], place) + text[word.end() :]


def _swapped(word: str, at: int, _chance: random.Random) -> str:
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _dropped(word: str, at: int, _chance: random.Random) -> str:
    return word[:at] + word[at + 1 :]


def _beside(word: str, at: int, chance: random.Random) -> str:
    row = next(row for row in _ROWS if word[at].lower() in row)
    place = row.index(word[at].lower()) + chance.choice((-1, 1))
    return word[:at] + row[min(max(place, 0), len(row) - 1)] + word[at + 1 :]
