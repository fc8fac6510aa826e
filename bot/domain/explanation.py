"""Which words of a message mattered to the model: how its numbers move when each is left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.prediction import Assessment

#: Effects smaller than these are left unsaid: log-odds for the label, a probability for the template.
LEAST_FOR_LABEL = 0.25
LEAST_FOR_TEMPLATE = 0.02

#: So are those below this share of the strongest, which says it all.
LEAST_SHARE = 0.1

#: How many words are named, for and against.
NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word of the message, or a few side by side, and what the model would say without it.

    It stands at ``text[start:end]``. ``label`` is by how much it raises the log-odds of the primary label,
    ``template`` by how much the score of the best template; what speaks against them is negative. ``confidence``
    and ``score`` are the confidence in the label, and the score, without it.
    """

    start: int
    end: int
    text: str
    label: float
    template: float
    confidence: float
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """An assessment with the words that mattered to it, in their order.

    ``words`` is empty where nothing can be left out; ``whole`` tells whether they are all of the message.
    """

    text: str
    assessment: Assessment
    words: tuple[Word, ...]
    whole: bool = True

    def for_label(self) -> tuple[Word, ...]:
        """Return the words that speak most for the label, the strongest first."""
        return _strongest(((word, word.label) for word in self.words), LEAST_FOR_LABEL)

    def against_label(self) -> tuple[Word, ...]:
        """Return the words that speak most against it."""
        return _strongest(((word, -word.label) for word in self.words), LEAST_FOR_LABEL)

    def for_template(self) -> tuple[Word, ...]:
        """Return the words that bring the message nearest to its best template."""
        return _strongest(((word, word.template) for word in self.words), LEAST_FOR_TEMPLATE)

    def against_template(self) -> tuple[Word, ...]:
        """Return the words that lead away from it."""
        return _strongest(((word, -word.template) for word in self.words), LEAST_FOR_TEMPLATE)


def _strongest(weighed: Iterable[tuple[Word, float]], least: float) -> tuple[Word, ...]:
    ranked = sorted((pair for pair in weighed if pair[1] >= least), key=lambda pair: -pair[1])[:NAMED]
    return tuple(word for word, effect in ranked if effect >= LEAST_SHARE * ranked[0][1])
