"""What a model says about one message: the prediction, and the assessment that wraps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Label(StrEnum):
    """What a message is. ``OTHER`` holds only when none of the other three does."""

    QUESTION = "question"
    COMPLAINT = "complaint"
    PRAISE = "praise"
    OTHER = "other"


#: The labels that the model gives a probability to. They may hold together.
SCORED_LABELS = (Label.QUESTION, Label.COMPLAINT, Label.PRAISE)

#: Which of several labels the reply must deal with first.
PRIMARY_ORDER = (Label.COMPLAINT, Label.QUESTION, Label.PRAISE)

#: The language of a text too short or too odd to tell (BCP 47).
UNDETERMINED = "und"


#: From which probability on a label holds. What is not common has its greatest F1 below one half: at half of what
#: can be reached (Lipton, Elkan & Narayanaswamy 2014). Settled on the choice and threshold messages.
HOLDS_FROM: Mapping[Label, float] = MappingProxyType(
    {Label.QUESTION: 0.5, Label.COMPLAINT: 0.45, Label.PRAISE: 0.4}
)


def primary_label(probabilities: Mapping[Label, float]) -> Label:
    """Return the label that the reply must deal with first: complaint, question, praise, else other."""
    for label in PRIMARY_ORDER:
        if probabilities[label] >= HOLDS_FROM[label]:
            return label
    return Label.OTHER


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """The labels of one message. ``probabilities`` holds one number in [0, 1] for each scored label.

    ``language`` is the text's own, as far as it can be told. ``reader`` is the language whose own model gave the
    probabilities, which mean nothing for a text in another; empty for the model that reads all the rest.
    """

    label: Label
    probabilities: Mapping[Label, float]
    language: str = UNDETERMINED
    reader: str = ""

    def confidence(self) -> float:
        """Return how sure the model is of the primary label, in [0, 1].

        That is the least sure of what makes it the primary one: that it holds (``OTHER``: that nothing does), and
        that none holds which comes before it.
        """
        sure = 1.0
        for label in PRIMARY_ORDER:
            if label is self.label:
                return min(sure, self.probabilities[label])
            sure = min(sure, 1.0 - self.probabilities[label])
        return sure


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A template that might answer the message.

    ``score`` is the probability that it does, in [0, 1], where half of what is asked is covered by no template.
    """

    template: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What an assessment was made with, so that it can be made again."""

    model: str
    calibration: str
    templates: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """A prediction with the nearest templates, best first, and the versions of all that made it."""

    prediction: Prediction
    candidates: tuple[Candidate, ...]
    versions: Versions
