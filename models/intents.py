"""Messages sorted by what they ask for. What a brand answers from one template is one *intent*.

``corpus/intents`` holds what the customers of made-up brands ask, a file a brand, neighbours among it that look
alike and want different answers. The public sets have intents of their own. From most of them an embedding
learns what wants the same (``models.contrast``); some are set apart, so that it can be said what holds for brands
of which nothing was learned (``models.choosing --fit``).
"""

from __future__ import annotations

import gzip
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random

import msgspec

from bot.errors import ModelError
from models.dataset import text_key

#: The messages of one brand, or of a public set, by intent.
Intents = Mapping[str, Sequence[str]]

#: The public sets that have intents; the test splits of the first two measure how templates are chosen.
PUBLIC = ("banking77", "clinc150", "hwu64")
#: What clinc150 calls messages of no intent.
OUT_OF_SCOPE = "oos"
#: Where the brands written for Heed lie.
WRITTEN = Path(__file__).parent / "corpus" / "intents"
#: One in so many brands is set apart, and one in so many intents of a public set.
BRANDS_APART, PUBLIC_APART = 4, 2


class Asked(msgspec.Struct, frozen=True):
    """One message and what answers it: an intent's or a template's name, or None."""

    text: str
    template: str | None


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    intent: str
    text: str


def read_intents(file: Path, *, test: bool) -> list[Asked]:
    """Return the messages of a public set's test split, or of all its others. What is of no intent has None."""
    with gzip.open(file, "rb") as lines:
        rows = [msgspec.json.decode(line) for line in lines]
    wanted = [row for row in rows if (row["split"] == "test") is test]
    return [Asked(row["text"], None if row["orig"] == OUT_OF_SCOPE else row["orig"]) for row in wanted]


def read_brands(folder: Path = WRITTEN) -> dict[str, list[Asked]]:
    """Return the messages of every brand in ``folder``, by its name. Raises ModelError naming file and line."""
    return {file.stem: _brand(file) for file in sorted(folder.glob("*.jsonl"))}


def is_apart(name: str, *, one_in: int) -> bool:
    """Say whether a brand or an intent of this name is one of those that nothing is learned from."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % one_in == 0


def learned_from(data: Sequence[Path], *, brands: Path = WRITTEN) -> list[Intents]:
    """Return what an embedding learns from: brands written for Heed, and public sets that lie in ``data``.

    ``data``: files or folders. A message with the words of one by which is measured is left out.
    """
    found: list[Intents] = [
        by_intent(asked) for name, asked in read_brands(brands).items() if not is_apart(name, one_in=BRANDS_APART)
    ]
    for public in PUBLIC:
        for file in _files(data, f"{public}.jsonl.gz"):
            measures = {text_key(one.text) for one in read_intents(file, test=True)}
            asked = [one for one in read_intents(file, test=False) if text_key(one.text) not in measures]
            each = by_intent(asked).items()
            found.append({name: texts for name, texts in each if not is_apart(name, one_in=PUBLIC_APART)})
    return found


def by_intent(asked: Iterable[Asked]) -> dict[str, list[str]]:
    """Return the messages of every intent, by name; those of no intent are left out."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for one in asked:
        if one.template is not None:
            found[one.template].append(one.text)
    return dict(sorted(found.items()))


def examples_of(asked: Sequence[Asked], *, each: int, chance: Random) -> dict[str, list[str]]:
    """Return ``each`` messages of every intent as its examples, drawn by ``chance``."""
    return {name: chance.sample(texts, min(each, len(texts))) for name, texts in by_intent(asked).items()}


def _files(data: Sequence[Path], name: str) -> list[Path]:
    places = [path / name if path.is_dir() else path for path in data]
    return [place for place in places if place.name == name and place.is_file()]


def _brand(file: Path) -> list[Asked]:
    asked = []
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = msgspec.json.decode(line, type=_Line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                wanted = '{"intent": "…", "text": "…"}'
                raise ModelError(f"{file}:{number}: wanted {wanted}: {error}") from error
            asked.append(Asked(row.text, row.intent))
    return asked
