"""Why the model says what it says: each word is left out in turn, and the message read again (occlusion).

Li, Monroe & Jurafsky 2016, "Understanding neural networks through representation erasure". What is found is true
of the model, not of the language: two words that say the same hide each other, as the other is still there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bot.domain.explanation import Explanation, Word
from bot.domain.prediction import Assessment, Label

#: Pieces looked at, each at the price of a forward pass. A longer message is looked at a few words at a time.
MOST_PIECES = 40
#: Words looked at: more than 128 tokens hold.
MOST_WORDS = 120
#: Characters in which words are looked for: what normalisation reads (``normalise.HEAD``).
HEAD = 4_000

#: Probabilities nearer to 0 or 1 than this are taken for this near, so that their log-odds stay finite.
_NEAREST = 1e-4
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the model gives for a text: the labels' probabilities, and the score of every template."""

    probabilities: Mapping[Label, float]
    scores: Mapping[str, float]


def explain(text: str, assessment: Assessment, measure: Callable[[str], Measured]) -> Explanation:
    """Return how much each word moved the primary label and the best template of ``assessment``.

    ``measure`` reads a text as the assessment was made; it is called at most ``MOST_PIECES`` times. Of a single
    word nothing can be left out.
    """
    words = list(_WORD.finditer(text[:HEAD]))
    pieces = _pieces([word.span() for word in words[:MOST_WORDS]])
    whole = len(words) <= MOST_WORDS and len(text) <= HEAD
    looked_at = tuple(_word(text, piece, assessment, measure) for piece in pieces) if len(pieces) > 1 else ()
    return Explanation(text=text, assessment=assessment, words=looked_at, whole=whole)


def _pieces(words: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return at most ``MOST_PIECES`` stretches of as many words each."""
    size = max(1, -(-len(words) // MOST_PIECES))
    groups = [words[first : first + size] for first in range(0, len(words), size)]
    return [(group[0][0], group[-1][1]) for group in groups]


def _word(text: str, piece: tuple[int, int], assessment: Assessment, measure: Callable[[str], Measured]) -> Word:
    start, end = piece
    without = measure(text[:start] + text[end:])
    prediction = assessment.prediction
    confidence = replace(prediction, probabilities=without.probabilities).confidence()
    best = assessment.candidates[0] if assessment.candidates else None
    score = without.scores.get(best.template, 0.0) if best else None
    return Word(
        start=start,
        end=end,
        text=text[start:end],
        label=_log_odds(prediction.confidence()) - _log_odds(confidence),
        template=best.score - score if best is not None and score is not None else 0.0,
        confidence=confidence,
        score=score,
    )


def _log_odds(probability: float) -> float:
    held = min(1.0 - _NEAREST, max(_NEAREST, probability))
    return math.log(held / (1.0 - held))
