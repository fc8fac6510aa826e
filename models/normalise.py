"""One normalisation of text, the same in training and at run time.

The training data masks handles as ``@user`` and links as ``http``; what comes from a platform is brought to
the same form here. All work is bounded: only a head of the text is looked at.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

#: Characters looked at. The encoder reads at most 128 tokens, which is fewer than 1,000 characters of prose.
HEAD = 4_000
#: Different emoji that are spelled out in one message; the rest is dropped.
MAX_EMOJI = 6

_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_HANDLE = re.compile(r"<@[!&]?\d{1,20}>|(?<!\w)@\w{1,50}")
_LEADING_HANDLES = re.compile(r"^(?:(?:RT\s+)?[.\s]*@user\b:?\s*)+")
_REPEAT = re.compile(r"([^\W\d_]|[!?.,~*_=-])\1{3,}")
_SPACE = re.compile(r"\s+")
#: Quotation marks around a whole message, and the marks of a quoted line before it.
_QUOTED_LINE = re.compile(r"^(?:>\s*)+")
#: What a message ends in that says nothing of it: links, handles.
_ENDS = re.compile(r"(?:\s+(?:http|@user))+$")
#: A mark at the end that may as well be left out, and a question mark that is repeated.
_LAST_DOTS = re.compile(r"(?<=[^\s.…])\s*[.…]+$")
_LAST_QUESTION_MARKS = re.compile(r"\s*\?{2,}$")
_WORD = re.compile(r"[^\W\d_]+")
#: Cyrillic and Greek letters that look like Latin ones, and those.
_LOOK_ALIKES = str.maketrans(
    "асеіорѕхуАСЕНІКМОРТХјԁԛԝһВαοινρυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aceiopsxyACEHIKMOPTXjdqwhBaoivpuABEZHIKMNOPTYX",
)
#: Words in the names of emoji that show a mood or a gesture;
#: a picture of a thing is dropped: it changes what is read, not what is meant.
_MOOD = re.compile(
    r"\b(?:face|heart|hands?|thumbs|fire|party|hundred|cross mark|warning|skull|sparkles?|angry|poo|biceps|"
    r"victory|cry|broken|shrug|eyes|person|woman|man)\b"
)
_PLAIN = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "–": "-", "—": "-"})


def clean(text: str) -> str:
    """Return the words of ``text`` in a plain form: composed, masked, on one line, without control characters.

    Case is kept (the tokenizer folds it); so are emoji. Links become ``http``, addresses ``email``,
    handles ``@user``, except the leading ones, which only say to whom the message goes.
    """
    return _ENDS.sub("", _LEADING_HANDLES.sub("", _unquoted(_latin(_masked(text)))))


def split_form(text: str) -> str:
    """Return the form by which messages are parted into training, calibration and figures.

    Never to be changed: what was held out when weights were trained would be so no longer.
    """
    plain = _LEADING_HANDLES.sub("", _masked(text))
    if plain.isascii():
        return plain
    seen: set[str] = set()
    return _SPACE.sub(" ", "".join(_spelled(char, seen, _any_name) for char in plain)).strip()


def _masked(text: str) -> str:
    """Return ``text`` on one line, without control characters, with links, addresses and handles masked."""
    head = html.unescape(text[:HEAD])
    composed = unicodedata.normalize("NFKC", head.translate(_PLAIN))[:HEAD]
    visible = composed if composed.isascii() and composed.isprintable() else _visible(composed)
    masked = _HANDLE.sub("@user", _EMAIL.sub("email", _LINK.sub("http", visible)))
    short = _REPEAT.sub(r"\1\1\1", masked)
    return _SPACE.sub(" ", short).strip()


def spell_emoji(text: str) -> str:
    """Return ``text`` with each emoji replaced by its Unicode name in lower case, each at most once.

    The encoder's vocabulary has few emoji, but it knows the words "pouting face" and "thumbs up sign".
    """
    if not text.isascii():
        seen: set[str] = set()
        text = _SPACE.sub(" ", "".join(_spelled(char, seen, _mood_name) for char in text)).strip()
    return _LAST_QUESTION_MARKS.sub("?", _LAST_DOTS.sub("", text))


def normalise(text: str) -> str:
    """Return what the tokenizer is given for ``text``: at most a few thousand characters, possibly none."""
    return spell_emoji(clean(text))


def _latin(text: str) -> str:
    """Return ``text`` with look-alike letters folded, where it is written in Latin letters for the most part.

    Only words change that are wholly Latin afterwards: a word in Russian or Greek stays one.
    """
    if text.isascii():
        return text
    letters = [char for char in text if char.isalpha()]
    if 2 * sum(char.isascii() for char in letters) < len(letters):
        return text
    return _WORD.sub(_folded, text)


def _folded(word: re.Match[str]) -> str:
    folded = word[0].translate(_LOOK_ALIKES)
    return folded if folded.isascii() else word[0]


def _unquoted(text: str) -> str:
    """Return ``text`` without the quotation marks around all of it, and without the marks of a quoted line."""
    bare = _QUOTED_LINE.sub("", text)
    wrapped = len(bare) > 2 and bare[0] == bare[-1] == '"'
    return bare[1:-1].strip() if wrapped else bare


def _visible(text: str) -> str:
    return "".join(_visible_char(char) for char in text)


@lru_cache(maxsize=4096)
def _visible_char(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Cc", "Zl", "Zp", "Zs"):
        return " "
    if category in ("Cf", "Cs", "Co", "Cn") or "\ufe00" <= char <= "\ufe0f":
        return ""
    return char


def _spelled(char: str, seen: set[str], name_of: Callable[[str], str | None]) -> str:
    name = name_of(char)
    if name is None:
        return char
    if not name or name in seen or len(seen) >= MAX_EMOJI:
        return " "
    seen.add(name)
    return f" {name} "


@lru_cache(maxsize=4096)
def _mood_name(char: str) -> str | None:
    """Return the name of an emoji that shows a mood, nothing for any other emoji, None for no emoji."""
    name = _any_name(char)
    return "" if name and not _MOOD.search(name) else name


@lru_cache(maxsize=4096)
def _any_name(char: str) -> str | None:
    """Return an emoji's name, nothing for a skin tone, and None for any other character."""
    if char < "\u2190":
        return None
    if "\U0001f3fb" <= char <= "\U0001f3ff":
        return ""
    if unicodedata.category(char) != "So":
        return None
    return unicodedata.name(char, "").lower().replace("-", " ")
