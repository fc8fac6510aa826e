"""Nearest templates by meaning: the best cosine similarity over each template's examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.domain.prediction import Candidate
from models.encoder import Vector

#: How many templates an assessment names.
CANDIDATES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateIndex:
    """Embedded examples, grouped by template. Never changed: a reload makes a new one.

    ``matrix[examples, 384]`` holds unit vectors, template after template; ``starts[i]`` is the first row of
    template ``names[i]``.
    """

    version: str
    names: tuple[str, ...]
    starts: tuple[int, ...]
    matrix: Vector

    def nearest(self, embedding: Vector, *, count: int = CANDIDATES) -> tuple[Candidate, ...]:
        """Return at most ``count`` templates, best first, equals by name. ``embedding[384]`` has length 1."""
        if not self.names:
            return ()
        similar = np.maximum.reduceat(self.matrix @ embedding, self.starts)
        best = np.argsort(-similar, kind="stable")[:count]
        return tuple(Candidate(template=self.names[i], score=_cosine(similar[i])) for i in best)


#: Without templates there are no candidates.
EMPTY = TemplateIndex(version="none", names=(), starts=(), matrix=np.zeros((0, 384), dtype=np.float32))


def build_index(
    examples: Mapping[str, Sequence[str]], vectors: Mapping[str, Vector], *, version: str
) -> TemplateIndex:
    """Return the index of templates that have examples; ``vectors`` maps each example's text to its embedding."""
    names = tuple(sorted(name for name, texts in examples.items() if texts))
    if not names:
        return TemplateIndex(version=version, names=(), starts=(), matrix=EMPTY.matrix)
    sizes = [len(examples[name]) for name in names]
    starts = tuple(int(start) for start in np.cumsum([0, *sizes[:-1]]))
    matrix = np.stack([vectors[text] for name in names for text in examples[name]])
    return TemplateIndex(version=version, names=names, starts=starts, matrix=matrix)


def _cosine(value: np.float32) -> float:
    return max(-1.0, min(1.0, float(value)))
