"""Examples that make choosing a template hard: they are nearer to another template's than to their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.retrieval import TemplateIndex, owners

#: From this cosine on two examples say the same.
SAME = 0.85
#: An example strays if another template's example is as near as this, and nearer by so much than any of its own.
STRAYS_FROM, STRAYS_BY = 0.7, 0.05
#: Of larger collections only so many examples are looked at, so that the time stays bounded.
MOST_EXAMPLES = 5_000
#: Examples compared with all others at a time.
_AT_ONCE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """An ``example`` of ``template`` and the nearest ``other_example`` of another one.

    ``near`` is their cosine, ``home`` that with the nearest other example of its own template (-1: it has none).
    """

    template: str
    example: str
    other: str
    other_example: str
    near: float
    home: float


def collisions(index: TemplateIndex) -> tuple[Collision, ...]:
    """Return the examples that collide or stray, worst first; a pair that collides is told once."""
    owner = owners(index.starts, len(index.examples))
    found: dict[frozenset[str], Collision] = {}
    for start in range(0, min(len(index.examples), MOST_EXAMPLES), _AT_ONCE):
        rows = np.arange(start, min(start + _AT_ONCE, len(index.examples), MOST_EXAMPLES))
        similar = index.matrix[rows] @ index.matrix.T
        similar[np.arange(len(rows)), rows] = -1.0
        own = owner[rows][:, None] == owner
        home, near = np.where(own, similar, -1.0), np.where(own, -1.0, similar)
        for row, place in enumerate(rows):
            nearest = int(near[row].argmax())
            one = Collision(
                template=index.names[owner[place]],
                example=index.examples[place],
                other=index.names[owner[nearest]],
                other_example=index.examples[nearest],
                near=float(near[row, nearest]),
                home=float(home[row].max()),
            )
            if one.near >= SAME or _strays(one):
                found.setdefault(frozenset((one.example, one.other_example)), one)
    return tuple(sorted(found.values(), key=lambda one: (-one.near, one.template, one.example)))


def _strays(one: Collision) -> bool:
    """Say whether an example is at home elsewhere; an only example has no home to stray from."""
    return one.home > -1.0 and one.near >= STRAYS_FROM and one.near - one.home >= STRAYS_BY
