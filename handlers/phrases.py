"""A message brought to the plain form in which phrases are looked for."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

#: Characters looked at: a wish or a greeting stands near the beginning or in a short message.
HEAD = 1_000

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'"})
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_SPACE = re.compile(r"\s+")
_NOT_A_WORD = re.compile(r"[^\w']+")
_DETAIL = re.compile(r"\d[\d -]{2,30}\d|[\w.+-]{1,64}@[\w-]{1,63}\.\w")


@lru_cache(maxsize=64)
def plain(text: str) -> str:
    """Return the head of ``text`` folded to small letters, one line, "hiiii" as "hi", without hidden signs."""
    folded = unicodedata.normalize("NFKC", text[:HEAD].translate(_APOSTROPHES)).casefold()[:HEAD]
    visible = folded if folded.isascii() else "".join(char for char in folded if _visible(char))
    return _SPACE.sub(" ", _STRETCHED.sub(r"\1", visible)).strip()


def bare(text: str) -> str:
    """Return the words of a text alone, so that "Where is it?" and "where is it" are the same."""
    return " ".join(word_list(plain(text)))


def word_list(phrase: str) -> list[str]:
    """Return the words of a plain text, without punctuation and emoji."""
    return [word for word in _NOT_A_WORD.split(phrase) if word.strip("'_")]


def gives_details(phrase: str) -> bool:
    """Tell whether a plain text is little more than a number or an address: something to be acted on."""
    return _DETAIL.search(phrase) is not None and len(word_list(phrase)) <= 10


def any_phrase(lines: str, **parts: str) -> re.Pattern[str]:
    """Return a pattern that finds any of ``lines``, one phrase a line, as whole words in a plain text.

    A line is a regular expression in which ``<name>`` stands for the part of that name. Empty lines and
    lines that begin with ``#`` are left out.
    """
    for name, part in parts.items():
        lines = lines.replace(f"<{name}>", f"(?:{part})")
    phrases = [line.strip() for line in lines.splitlines()]
    return re.compile(
        "|".join(rf"\b(?:{phrase})\b" for phrase in phrases if phrase and not phrase.startswith("#"))
    )


def _visible(char: str) -> bool:
    return unicodedata.category(char) not in ("Cf", "Cs", "Co", "Cn")
