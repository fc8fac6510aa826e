"""Which words a message and a template's examples have in common.

An embedding says what a message is about, and so takes "how busy is the shop on Saturday" for a question after
opening hours. That nobody ever said "busy" when asking for them is what this module sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

#: Letters of a word by which it is known: "order" and "ordering" are one word.
LETTERS = 5

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")

Shares = npt.NDArray[np.float32]
#: The templates, by number, in whose examples a word stands.
Holders = Mapping[str, Sequence[int]]


def words(normalised: str) -> frozenset[str]:
    """Return the words of a normalised text, each by its first letters."""
    return frozenset(word[:LETTERS] for word in _WORD.findall(normalised.lower()))


def holders(owned: Iterable[tuple[int, frozenset[str]]]) -> dict[str, tuple[int, ...]]:
    """Return in which templates each word stands; ``owned`` are those of examples, with a template's number."""
    found: dict[str, set[int]] = {}
    for template, said in owned:
        for word in said:
            found.setdefault(word, set()).add(template)
    return {word: tuple(sorted(templates)) for word, templates in found.items()}


def shares(said: frozenset[str], held: Holders, *, templates: int) -> Shares:
    """Return for each template the share of the words ``said`` that its examples have, ``[templates]`` in [0, 1].

    A text without words has none in common with anything.
    """
    found = [template for word in said for template in held.get(word, ())]
    common = np.bincount(np.array(found, dtype=np.int64), minlength=templates)
    return np.asarray(common / max(1, len(said)), dtype=np.float32)
