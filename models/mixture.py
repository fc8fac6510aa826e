"""Which rows are trained on, and how often: public sets are thinned, a brand's own messages count more.

Rows are drawn by a hash of seed and text, not by their order, so the mixture depends on nothing else.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from models.dataset import Example, Row, example, is_for_calibration, is_held_out, judged_again

#: Rows drawn from one family of sources, by what is said to hold there. What is not listed gets ``""``'s share.
QUOTAS: Mapping[str, Mapping[str, int]] = {
    "goemotions": {"praise": 4000, "question": 2000, "other": 3500, "complaint": 1200, "": 1500},
    "semeval": {"praise": 2500, "complaint": 1500, "other": 3000, "other+question": 2000, "": 900},
    "tweeteval": {"complaint": 800, "other": 1000, "": 500},
    "clinc150": {"question": 2200, "other": 900, "": 900},
    "banking77": {"question": 2200, "complaint": 1663, "complaint+question": 1578, "": 900},
    "nlupp": {"": 3100},
    "hwu64": {"question": 900, "praise": 194, "other": 400, "": 500},
    "multidogo": {"other": 2200, "complaint": 1400, "question": 1500, "": 700},
    "tweet": {"question": 600, "other": 1300, "": 1300},
}
#: How often a public message that was labelled again is shown in one epoch.
JUDGED_COPIES = 2
#: How often a message with every label decided is shown in one epoch, and what it counts for.
OWN_COPIES = 4
OWN_IMPORTANCE = 2.0
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
    """What is trained on, what calibrates the probabilities, and what is kept to report honest figures."""

    train: tuple[Example, ...]
    calibrate: tuple[Example, ...]
    held_out: tuple[Row, ...]


def mix(public: Iterable[Row], own: Iterable[Row], *, seed: int, limit: int | None = None) -> Mixture:
    """Return the mixture; ``limit`` thins the public rows further, to at most about that many."""
    judged, others = _judged(public)
    drawn = _drawn(others, seed=seed, share=_share(limit)) + judged * JUDGED_COPIES
    own_rows = list(own)
    shown = [example(row) for row in drawn if not is_held_out(row.text)]
    for row in own_rows:
        if not is_held_out(row.text) and not is_for_calibration(row.text):
            shown += [example(row, importance=OWN_IMPORTANCE)] * OWN_COPIES
    calibrate = [example(row) for row in own_rows if is_for_calibration(row.text)]
    if len(calibrate) < ENOUGH_TO_CALIBRATE:
        calibrate += [example(row) for row in drawn if is_held_out(row.text)]
    held_out = tuple(row for row in own_rows if is_held_out(row.text))
    return Mixture(train=tuple(shown), calibrate=tuple(calibrate), held_out=held_out)


def _judged(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Return the rows that were labelled again, with their new labels, and all others."""
    judged: list[Row] = []
    others: list[Row] = []
    for row in rows:
        again = judged_again(row)
        (others if again is None else judged).append(again or row)
    return judged, others


def _share(limit: int | None) -> float:
    total = sum(sum(quota.values()) for quota in QUOTAS.values())
    return 1.0 if limit is None else min(1.0, limit / total)


def _drawn(rows: Iterable[Row], *, seed: int, share: float) -> list[Row]:
    groups: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in _worth_learning(rows):
        groups[_group(row)].append(row)
    chosen: list[Row] = []
    for (family, kind), members in sorted(groups.items()):
        quota = QUOTAS.get(family, {}).get(kind, len(members))
        members.sort(key=lambda row: _order(row.text, seed))
        chosen.extend(members[: max(1, round(quota * share))])
    return chosen


def _worth_learning(rows: Iterable[Row]) -> Iterable[Row]:
    """Leave out copies, and negative tweets that no customer wrote."""
    seen: Counter[str] = Counter()
    for row in rows:
        key = row.text.lower()
        seen[key] += 1
        sentiment = row.source.startswith(("semeval", "tweeteval")) and "complaint" in row.weak
        if seen[key] == 1 and not (sentiment and not _CUSTOMERS.search(row.text)):
            yield row


def _group(row: Row) -> tuple[str, str]:
    family = row.source.split("_", maxsplit=1)[0]
    quota = QUOTAS.get(family)
    return family, row.signature if quota is None or row.signature in quota else ""


def _order(text: str, seed: int) -> str:
    return hashlib.sha256(f"{seed} {text}".encode("utf-8", "replace")).hexdigest()


def sources(examples: Sequence[Example]) -> dict[str, int]:
    """Return how many examples each source gave, by name."""
    return dict(sorted(Counter(example.source for example in examples).items()))
