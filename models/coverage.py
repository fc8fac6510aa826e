"""What the messages written for Heed cover, and which are nearly the same: ``python -m models.coverage [FOLDER]``.

Prints counts of labels and their overlaps, of files, lengths and signs of register, then pairs of messages that
are nearly the same: by letters (Jaccard of their 3-letter sequences, as in Broder 1997) or, with ``--meaning``, by
the shipped encoder's embedding (minutes rather than seconds).
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.domain.prediction import SCORED_LABELS
from models.dataset import Row, read_rows
from models.encoder import Encoder
from models.language import LanguageGuess
from models.manifest import SHIPPED
from models.normalise import clean, normalise
from models.train import CORPUS

#: From which share of common 3-letter sequences on two messages are nearly the same.
SAME_LETTERS = 0.6
#: From which cosine on two messages mean nearly the same.
SAME_MEANING = 0.93
#: Words up to which a message is of that length.
LENGTHS = (2, 5, 10, 20, 40, 80)

_WORD = re.compile(r"[^\W\d_]+")
_CUE = re.compile(
    r"\b(?:not?|never|bad|worst|awful|terrible|horrible|broken?|fail\w*|hate|wrong)\b|n't\b", re.IGNORECASE
)
#: Spellings of people in a hurry: no list of misspellings, only signs that a message has some.
_SLIPS = re.compile(
    r"\b(?:teh|u|ur|r|pls|plz|thx|ty|cant|dont|wont|didnt|doesnt|isnt|im|ive|gonna|wanna|recieve\w*|wat|wen|abt|"
    r"agen|agian|tho|coz|cuz|gr8|luv|thnks?|sum1|any1|no1|acount|adress|delivry|servise|refnd|pasword)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two messages that are nearly the same, and how near they are, in [0, 1]."""

    near: float
    one: Row
    other: Row


def signals(languages: LanguageGuess) -> Mapping[str, Callable[[str], bool]]:
    """Return what is counted of a message's register, by name."""
    return {
        "all lower case": str.islower,
        "capitals to shout": lambda text: sum(len(word) > 3 and word.isupper() for word in text.split()) > 0,
        "question mark": lambda text: "?" in text,
        "exclamation mark": lambda text: "!" in text,
        "emoji": lambda text: clean(text) != normalise(text),
        "hashtag": lambda text: re.search(r"#\w", text) is not None,
        "handle": lambda text: "@" in text,
        "link": lambda text: "http" in text,
        "digits": lambda text: any(char.isdigit() for char in text),
        "letters beyond ASCII": lambda text: any(char.isalpha() and not char.isascii() for char in text),
        "hurried spelling": lambda text: _SLIPS.search(text) is not None,
        "told as another language": lambda text: languages.of(clean(text)) not in ("en", "und"),
    }


def report(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of the report on labels, files, lengths and register."""
    yield f"{len(rows)} messages"
    yield from _table("labels", Counter(_labels(row) for row in rows), len(rows))
    yield from _table("file", Counter(row.source for row in rows), len(rows))
    yield from _table("words, up to", Counter(_length(row.text) for row in rows), len(rows))
    found = signals(LanguageGuess())
    counted = Counter(name for row in rows for name, holds in found.items() if holds(row.text))
    yield from _table("register", counted, len(rows))
    yield from _table("hard to tell", Counter(kind for row in rows for kind in _hard(row)), len(rows))


def near_by_letters(rows: Sequence[Row], *, least: float = SAME_LETTERS) -> list[Pair]:
    """Return the pairs that share at least ``least`` of their 3-letter sequences, nearest first."""
    grams = [trigrams(row.text) for row in rows]
    holders: defaultdict[str, list[int]] = defaultdict(list)
    pairs: list[Pair] = []
    for number, own in enumerate(grams):
        common: Counter[int] = Counter()
        for gram in own:
            common.update(holders[gram])
            holders[gram].append(number)
        for other, shared in common.items():
            near = shared / (len(own) + len(grams[other]) - shared)
            if near >= least:
                pairs.append(Pair(near=near, one=rows[other], other=rows[number]))
    return _nearest_first(pairs)


def near_by_meaning(rows: Sequence[Row], folder: Path = SHIPPED, *, least: float = SAME_MEANING) -> list[Pair]:
    """Return the pairs whose embeddings have a cosine of at least ``least``, nearest first."""
    encoder = Encoder(folder)
    vectors = np.stack([encoder.read(normalise(row.text)).embedding for row in rows])
    similar = np.triu(vectors @ vectors.T, k=1)
    places = np.argwhere(similar >= least)
    return _nearest_first([Pair(near=float(similar[i, j]), one=rows[i], other=rows[j]) for i, j in places])


def trigrams(text: str) -> frozenset[str]:
    """Return the 3-letter sequences of a text's words, in lower case, with one space between words and around."""
    words = f" {' '.join(_WORD.findall(normalise(text).lower()))} "
    return frozenset(words[at : at + 3] for at in range(len(words) - 2))


def _labels(row: Row) -> str:
    return " + ".join(label.value for label in SCORED_LABELS if label in row.labels) or "other"


def _length(text: str) -> str:
    words = len(text.split())
    return next((f"{most:3}" for most in LENGTHS if words <= most), "more")


def _hard(row: Row) -> Iterator[str]:
    """Yield the kinds of message that a look at single words gets wrong."""
    if "question" in row.labels and "?" not in row.text:
        yield "question without a question mark"
    if "question" not in row.labels and "?" in row.text:
        yield "question mark without a question"
    if "complaint" in row.labels and not _CUE.search(row.text):
        yield "complaint without a negative word"
    if "praise" not in row.labels and "thank" in row.text.lower():
        yield "thanks without praise"
    if "praise" in row.labels and len(row.text.split()) <= 5:
        yield "praise in at most five words"


def _table(title: str, counts: Counter[str], total: int) -> Iterator[str]:
    yield f"\n{title}"
    for name, count in sorted(counts.items()):
        yield f"  {name:<36} {count:>5} {count / total:>6.1%}"


def _nearest_first(pairs: list[Pair]) -> list[Pair]:
    return sorted(pairs, key=lambda pair: (-pair.near, pair.one.text, pair.other.text))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the report, then the pairs that are nearly the same."""
    parser = argparse.ArgumentParser(prog="python -m models.coverage", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=CORPUS)
    parser.add_argument("--meaning", action="store_true", help="compare by embedding too")
    chosen = parser.parse_args(arguments)
    rows = list(read_rows([chosen.folder]))
    say = sys.stdout.write
    for line in report(rows):
        say(line + "\n")
    pairs = near_by_letters(rows) + (near_by_meaning(rows) if chosen.meaning else [])
    say(f"\nnearly the same: {len(pairs)} pairs\n")
    for pair in pairs:
        differ = "" if pair.one.labels == pair.other.labels else "  (other labels!)"
        say(f"  {pair.near:.2f}{differ}\n    {pair.one.source}: {pair.one.text}\n")
        say(f"    {pair.other.source}: {pair.other.text}\n")


if __name__ == "__main__":
    main()
