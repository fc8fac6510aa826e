"""Which rows are trained on, and how often: what somebody read counts most, public sets are thinned.

Rows are drawn by a hash of seed and text, not by their order, so the mixture depends on nothing else. How the
numbers were found: ``docs/decisions/0005-training-mixture.md``.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from models.dataset import (
    RELABELLED,
    Example,
    Row,
    example,
    is_for_calibration,
    is_held_out,
    judged_again,
    text_key,
)
from models.noise import noisy
from models.normalise import normalise
from models.transcripts import READ, kept_apart, reading_key, readings

Quotas = Mapping[str, Mapping[str, int]]

#: Rows drawn from one family of sources, by what is said to hold there. What is not listed gets ``""``'s share.
QUOTAS: Quotas = {
    "goemotions": {"praise": 250, "question": 0, "other": 200, "complaint": 0, "": 50},
    "semeval": {"praise": 0, "complaint": 0, "other": 150, "other+question": 0, "": 0},
    "tweeteval": {"complaint": 0, "other": 50, "": 0},
    "clinc150": {"question": 600, "other": 300, "": 150},
    "banking77": {"question": 600, "complaint": 300, "complaint+question": 300, "": 100},
    "nlupp": {"": 600},
    "hwu64": {"question": 300, "praise": 100, "other": 0, "": 50},
    "multidogo": {"other": 200, "complaint": 50, "question": 300, "": 0},
    "tweet": {"question": 250, "other": 150, "": 0},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How often messages with every label decided are shown in one epoch, what they count for, and the quotas.

    ``read``: messages of transcripts that were read; ``relabelled``: public ones that were; ``own``: those written
    for Heed, and a brand's. ``noise``: whether all copies but the first are changed a little (``models.noise``).
    """

    read: int = 3
    relabelled: int = 2
    own: int = 2
    importance: float = 1.5
    noise: bool = True
    quotas: Quotas = field(default_factory=lambda: QUOTAS)

    def copies(self, source: str) -> int:
        """Return how often a message of ``source`` is shown in one epoch."""
        return {READ: self.read, RELABELLED: self.relabelled}.get(source, self.own)


#: What the shipped weights are trained by.
RECIPE = Recipe()
#: Own messages from which they alone calibrate. Public sets have other shares of each label than what is read
#: in a brand's channels, and would shift every threshold.
ENOUGH_TO_CALIBRATE = 100

#: A negative tweet that speaks of a product, a service or to somebody is more likely a customer's.
_CUSTOMERS = re.compile(
    r"\b(?:apps?|phone|updates?|customer|service|order(?:ed)?|deliver\w*|store|shop|support|account|refund|"
    r"website|site|price[sd]?|bill|flight|airline|internet|wifi|laptop|battery|broken?|crash\w*|bug|glitch\w*|"
    r"battery|screen|console|ps4|xbox|iphone|ipad|android|windows|amazon|netflix|bank|card|queue|waiting|staff)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """What is trained on, what calibrates the probabilities, and what is kept to report honest figures.

    ``left_out`` messages were given that Heed keeps for its figures, or that have their words.
    """

    train: tuple[Example, ...]
    calibrate: tuple[Example, ...]
    held_out: tuple[Row, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted:
    """Rows that may be trained on, those that only choose and calibrate, and how many were left out."""

    rows: tuple[Row, ...]
    choice: tuple[Row, ...]
    left_out: int


def set_apart(rows: Sequence[Row]) -> Parted:
    """Return ``rows`` without the messages that are kept for figures, in whatever file they stand.

    A message with the words of one that is kept goes too, where the transcripts that hold them are given.
    """
    kept = [row for row in rows if reading_key(row.text) in kept_apart()]
    words = {text_key(row.text) for row in kept}
    free = [row for row in rows if not words or text_key(row.text) not in words]
    known = [row for row in kept if row.source == READ]
    choice = {text_key(row.text): row for row in known if reading_key(row.text) in readings("choice")}
    return Parted(rows=tuple(free), choice=tuple(choice.values()), left_out=len(rows) - len(free) - len(known))


def mix(
    public: Iterable[Row],
    own: Iterable[Row],
    *,
    seed: int,
    choice: Sequence[Row] = (),
    limit: int | None = None,
    recipe: Recipe = RECIPE,
) -> Mixture:
    """Return the mixture; ``limit`` thins the public rows further, to at most about that many.

    ``own`` are messages with every label decided, those of transcripts among them. ``choice`` alone calibrates;
    where there is none, a share of ``own`` does, and is not trained on.
    """
    judged, others = _judged(public)
    drawn = _drawn(others, seed=seed, recipe=recipe, limit=limit)
    own_rows = _once_read(own)
    calibrate = list(choice) or [row for row in own_rows if _calibrates(row)]
    if len(calibrate) < ENOUGH_TO_CALIBRATE:
        calibrate += [row for row in drawn if is_held_out(row.text)]
    kept = {text_key(row.text) for row in calibrate}
    train = [example(row) for row in drawn if not is_held_out(row.text)]
    for row in [*judged, *own_rows]:
        if text_key(row.text) not in kept and not _is_measured(row):
            train += _copies(row, recipe, seed=seed)
    return Mixture(
        train=tuple(train),
        calibrate=tuple(example(row) for row in calibrate),
        held_out=tuple(row for row in own_rows if _is_measured(row)),
    )


def _copies(row: Row, recipe: Recipe, *, seed: int) -> list[Example]:
    """Return the copies of one message: the first as it is, the others as somebody else would have typed it."""
    first = example(row, importance=recipe.importance)
    copies = range(recipe.copies(row.source))
    if not recipe.noise:
        return [first for _ in copies]
    changed = [noisy(row.text, seed=f"{seed} {copy}") if copy else row.text for copy in copies]
    return [replace(first, text=normalise(text)) for text in changed]


def _once_read(rows: Iterable[Row]) -> list[Row]:
    """Return ``rows`` with each message of a transcript once: "thanks" was said a hundred times, but read once."""
    seen: set[str] = set()
    kept: list[Row] = []
    for row in rows:
        key = text_key(row.text) if row.source == READ else ""
        if not key or key not in seen:
            kept.append(row)
            seen.add(key)
    return kept


def _is_measured(row: Row) -> bool:
    """Say whether a row is kept for figures. Those of transcripts and of public sets have files of their own."""
    return row.source not in (READ, RELABELLED) and is_held_out(row.text)


def _calibrates(row: Row) -> bool:
    return row.source != READ and is_for_calibration(row.text)


def _judged(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Return the rows that were labelled again, each once and with their new labels, and all others."""
    judged: dict[str, Row] = {}
    others: list[Row] = []
    for row in rows:
        again = judged_again(row)
        if again is None:
            others.append(row)
        else:
            judged.setdefault(text_key(row.text), again)
    return list(judged.values()), others


def _drawn(rows: Iterable[Row], *, seed: int, recipe: Recipe, limit: int | None) -> list[Row]:
    groups: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in _worth_learning(rows):
        groups[_group(row, recipe.quotas)].append(row)
    share = _share(recipe.quotas, limit)
    chosen: list[Row] = []
    for (family, kind), members in sorted(groups.items()):
        quota = recipe.quotas.get(family, {}).get(kind, len(members))
        members.sort(key=lambda row: _order(row.text, seed))
        chosen.extend(members[: round(quota * share)])
    return chosen


def _share(quotas: Quotas, limit: int | None) -> float:
    total = sum(sum(quota.values()) for quota in quotas.values())
    return 1.0 if limit is None or not total else min(1.0, limit / total)


def _worth_learning(rows: Iterable[Row]) -> Iterable[Row]:
    """Leave out copies, and negative tweets that no customer wrote."""
    seen: Counter[str] = Counter()
    for row in rows:
        key = row.text.lower()
        seen[key] += 1
        sentiment = row.source.startswith(("semeval", "tweeteval")) and "complaint" in row.weak
        if seen[key] == 1 and not (sentiment and not _CUSTOMERS.search(row.text)):
            yield row


def _group(row: Row, quotas: Quotas) -> tuple[str, str]:
    family = row.source.split("_", maxsplit=1)[0]
    quota = quotas.get(family)
    return family, row.signature if quota is None or row.signature in quota else ""


def _order(text: str, seed: int) -> str:
    return hashlib.sha256(f"{seed} {text}".encode("utf-8", "replace")).hexdigest()


def sources(examples: Sequence[Example]) -> dict[str, int]:
    """Return how many examples each source gave, by name."""
    return dict(sorted(Counter(example.source for example in examples).items()))
