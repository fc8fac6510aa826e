"""Which templates might answer a message: by the meaning and the words of their examples, as probabilities.

A template's *nearness* is the mean of three cosines, with its nearest example, with its three nearest on average
and with the middle of them all, and a little for each of the message's words that its examples have, too. How much
nearness and how much lead over the next template it takes differs from brand to brand, so each brand's examples
are asked themselves: see ``models.odds``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bot.domain.prediction import Candidate
from models.encoder import Vector
from models.normalise import normalise
from models.odds import PRIOR, Odds, odds_of_brand
from models.words import Holders, Shares, holders, shares, words

Places = npt.NDArray[np.int64]

#: How many templates an assessment names.
CANDIDATES = 5
#: How many of a template's examples make up its second cosine.
FEW = 3
#: What it is worth, against a cosine, that all of a message's words stand in a template's examples.
WORDS = 0.25
#: From this cosine on a message is nearly one of the examples: that counts for itself, whatever the odds.
NEARLY = 0.93


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateIndex:
    """Embedded examples, grouped by template. Never changed: a reload makes a new one.

    ``matrix[examples, 384]`` holds unit vectors of ``examples``, template after template; ``starts[i]`` is the
    first row of template ``names[i]`` and ``middles[i]`` the middle of its rows, a unit vector. ``held`` says in
    which templates' examples a word stands.
    """

    version: str
    names: tuple[str, ...]
    starts: tuple[int, ...]
    examples: tuple[str, ...]
    matrix: Vector
    middles: Vector
    held: Holders = field(default_factory=dict)
    odds: Odds = PRIOR

    def nearest(self, embedding: Vector, normalised: str, *, count: int = CANDIDATES) -> tuple[Candidate, ...]:
        """Return at most ``count`` templates, best first, equals by name.

        ``embedding[384]`` has length 1 and is that of the text ``normalised``. A score is the probability that the
        template answers the message, as ``models.odds`` understands it.
        """
        if not self.names:
            return ()
        similar = self.matrix @ embedding
        best = np.maximum.reduceat(similar, self.starts)
        chance = self.odds.chances(self._near(similar, embedding, normalised))
        score = np.where(best >= NEARLY, np.maximum(chance, np.minimum(best, 1.0)), chance)
        order = np.argsort(-score, kind="stable")[:count]
        return tuple(Candidate(template=self.names[i], score=float(score[i])) for i in order)

    def nearness(self, embedding: Vector, normalised: str) -> Vector:
        """Return each template's nearness ``[templates]`` to the text ``normalised`` with this embedding."""
        return self._near(self.matrix @ embedding, embedding, normalised)

    def _near(self, similar: Vector, embedding: Vector, normalised: str) -> Vector:
        shared = shares(words(normalised), self.held, templates=len(self.names))
        return nearness(similar, self.middles @ embedding, shared, self.starts)


def nearness(similar: Vector, middle: Vector, shared: Shares, starts: Sequence[int] | Places) -> Vector:
    """Return each template's nearness ``[templates]``.

    ``similar[examples]`` are the cosines with all examples, ``middle[templates]`` those with the middles,
    ``shared[templates]`` the shares of the words in common.
    """
    places = np.asarray(starts)
    sizes = np.diff([*starts, len(similar)])
    ordered = similar[np.lexsort((-similar, np.repeat(np.arange(len(sizes)), sizes)))]
    rank = np.arange(len(similar)) - np.repeat(places, sizes)
    few = np.add.reduceat(np.where(rank < FEW, ordered, 0.0), places) / np.minimum(sizes, FEW)
    return np.asarray((ordered[places] + few + middle) / 3.0 + WORDS * shared, dtype=np.float32)


#: Without templates there are no candidates.
EMPTY = TemplateIndex(
    version="none",
    names=(),
    starts=(),
    examples=(),
    matrix=np.zeros((0, 384), dtype=np.float32),
    middles=np.zeros((0, 384), dtype=np.float32),
)


def build_index(
    examples: Mapping[str, Sequence[str]], vectors: Mapping[str, Vector], *, version: str
) -> TemplateIndex:
    """Return the index of templates that have examples; ``vectors`` maps each example's text to its embedding."""
    names = tuple(sorted(name for name, texts in examples.items() if texts))
    if not names:
        return TemplateIndex(
            version=version, names=(), starts=(), examples=(), matrix=EMPTY.matrix, middles=EMPTY.middles
        )
    sizes = [len(examples[name]) for name in names]
    starts = tuple(int(start) for start in np.cumsum([0, *sizes[:-1]]))
    texts = tuple(text for name in names for text in examples[name])
    matrix = np.stack([vectors[text] for text in texts])
    sums = np.add.reduceat(matrix, starts, axis=0)
    said = [words(normalise(text)) for text in texts]
    owner = owners(starts, len(texts))
    return TemplateIndex(
        version=version,
        names=names,
        starts=starts,
        examples=texts,
        matrix=matrix,
        middles=unit(sums),
        held=holders(zip(owner.tolist(), said, strict=True)),
        odds=odds_of_brand(left_out(matrix, sums, said, starts), own=owner[asked(len(texts))]),
    )


#: Of larger collections no more examples than this are asked, evenly drawn: they cost time with their square.
ASKED = 1_000


def asked(count: int) -> Places:
    """Return which of ``count`` examples a brand's odds are found with."""
    return np.unique(np.linspace(0, count - 1, min(count, ASKED)).astype(np.int64))


def left_out(matrix: Vector, sums: Vector, said: Sequence[frozenset[str]], starts: Sequence[int]) -> Vector:
    """Return the nearness of every template to each asked example, as if that example were not among them.

    ``said`` are the words of each example. The result is ``[asked, templates]``; -1 where the example was its
    template's only one.
    """
    owner = owners(starts, len(matrix))
    sizes = np.bincount(owner)
    middles = unit(sums)
    held = holders(zip(owner.tolist(), said, strict=True))
    often = Counter((own, word) for own, each in zip(owner.tolist(), said, strict=True) for word in each)
    rows = []
    for place in asked(len(matrix)):
        own = owner[place]
        similar, middle = matrix @ matrix[place], middles @ matrix[place]
        shared = shares(said[place], held, templates=len(starts))
        shared[own] = sum(often[own, word] > 1 for word in said[place]) / max(1, len(said[place]))
        if sizes[own] == 1:
            row = nearness(similar, middle, shared, starts)
            row[own] = -1.0
        else:
            middle[own] = unit((sums[own] - matrix[place])[None])[0] @ matrix[place]
            fewer = np.asarray(starts) - (np.arange(len(starts)) > own)
            row = nearness(np.delete(similar, place), middle, shared, fewer)
        rows.append(row)
    return np.stack(rows)


def owners(starts: Sequence[int], count: int) -> Places:
    """Return for each of ``count`` examples the number of its template."""
    return np.repeat(np.arange(len(starts)), np.diff([*starts, count]))


def unit(vectors: Vector) -> Vector:
    """Return ``vectors[rows, 384]``, each brought to length 1."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)
