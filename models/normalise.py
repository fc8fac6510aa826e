"""One normalisation of text, the same in training and at run time.

The training data masks handles as ``@user`` and links as ``http``; what comes from a platform is brought to
the same form here. All work is bounded: only a head of the text is looked at.
"""

from __future__ import annotations

import html
import re
import unicodedata
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
_PLAIN = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "–": "-", "—": "-"})


def clean(text: str) -> str:
    """Return the words of ``text`` in a plain form: composed, masked, on one line, without control characters.

    Case is kept (the tokenizer folds it); so are emoji. Links become ``http``, addresses ``email``,
    handles ``@user``, except the leading ones, which only say to whom the message goes.
    """
    head = html.unescape(text[:HEAD])
    composed = unicodedata.normalize("NFKC", head.translate(_PLAIN))[:HEAD]
    visible = composed if composed.isascii() and composed.isprintable() else _visible(composed)
    masked = _HANDLE.sub("@user", _EMAIL.sub("email", _LINK.sub("http", visible)))
    short = _REPEAT.sub(r"\1\1\1", masked)
    return _LEADING_HANDLES.sub("", _SPACE.sub(" ", short).strip())


def spell_emoji(text: str) -> str:
    """Return ``text`` with each emoji replaced by its Unicode name in lower case, each at most once.

    The encoder's vocabulary has few emoji, but it knows the words "pouting face" and "thumbs up sign".
    """
    if text.isascii():
        return text
    seen: set[str] = set()
    return _SPACE.sub(" ", "".join(_spelled(char, seen) for char in text)).strip()


def normalise(text: str) -> str:
    """Return what the tokenizer is given for ``text``: at most a few thousand characters, possibly none."""
    return spell_emoji(clean(text))


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


def _spelled(char: str, seen: set[str]) -> str:
    name = _emoji_name(char)
    if name is None:
        return char
    if not name or name in seen or len(seen) >= MAX_EMOJI:
        return " "
    seen.add(name)
    return f" {name} "


@lru_cache(maxsize=4096)
def _emoji_name(char: str) -> str | None:
    """Return an emoji's name, nothing for a skin tone, and None for any other character."""
    if char < "\u2190":
        return None
    if "\U0001f3fb" <= char <= "\U0001f3ff":
        return ""
    if unicodedata.category(char) != "So":
        return None
    return unicodedata.name(char, "").lower().replace("-", " ")
