"""Which of the brand's thresholds a decision hung on, told from the decision and what the model said. Pure.

Thresholds are known by their names in ``model.confidence``. They are not stored with a decision: a decision that
those of today would not lead to is shown with none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.domain.decisions import Decision, DecisionKind, Reason, Situation
from bot.domain.prediction import Assessment, Label

Thresholds = Mapping[str, float]

#: What each setting is compared with, as people read it.
TITLES = {
    "question": "question",
    "complaint": "complaint",
    "praise": "praise",
    "other": "none of the three",
    "praise_alone": "nothing but praise",
    "template": "nearest template",
    "margin": "lead over the runner-up",
    "verbatim": "nearest template, as good as word for word",
    "unasked": "label, where nobody asked the brand",
    "unasked_template": "nearest template, where nobody asked the brand",
}

#: Reasons for which a threshold must have been missed, not reached.
_MISSED = frozenset({Reason.UNSURE, Reason.NO_TEMPLATE, Reason.BETWEEN_MEMBERS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """One comparison: ``value`` with the setting ``model.confidence.<name>``, which is ``needed``."""

    name: str
    value: float
    needed: float

    @property
    def passed(self) -> bool:
        """Tell whether the value reaches the threshold."""
        return self.value >= self.needed

    @property
    def setting(self) -> str:
        """Return where the threshold is set."""
        return f"model.confidence.{self.name}"

    @property
    def title(self) -> str:
        """Return what was compared, in words."""
        return TITLES[self.name]


def weigh(
    decision: Decision, assessment: Assessment, situation: Situation | None, thresholds: Thresholds
) -> tuple[Weighed, ...]:
    """Return the comparisons behind a decision in their order; none where no number decided it.

    A single language's model has thresholds of its own (``model.languages``), which are not these.
    """
    if assessment.prediction.reader:
        return ()
    made = tuple(
        Weighed(name=name, value=value, needed=thresholds[name])
        for name, value in _compared(decision, assessment, situation, thresholds)
        if name in thresholds
    )
    missed = any(not one.passed for one in made)
    return made if missed == (decision.reason in _MISSED) else ()


def decisive(weighed: tuple[Weighed, ...]) -> Weighed | None:
    """Return the threshold that decided: the first that was missed, else the one reached most narrowly."""
    missed = next((one for one in weighed if not one.passed), None)
    return missed or min(weighed, key=lambda one: one.value - one.needed, default=None)


Pairs = Iterator[tuple[str, float]]


def _compared(
    decision: Decision, assessment: Assessment, situation: Situation | None, thresholds: Thresholds
) -> Pairs:
    match decision.reason:
        case Reason.UNSURE | Reason.PRAISE | Reason.THANKS | Reason.CHATTER:
            yield from _own(assessment)
        case Reason.COMPLAINT:
            yield from _label(assessment)
        case Reason.TEMPLATE | Reason.REPEATED | Reason.NO_TEMPLATE:
            yield from _covered(decision, assessment, situation, thresholds)
        case Reason.BETWEEN_MEMBERS | Reason.UNANSWERED:
            if situation is None or not situation.answered:
                yield from _unasked(decision, assessment, thresholds)
        case _:
            return


def _label(assessment: Assessment) -> Pairs:
    yield assessment.prediction.label.value, assessment.prediction.confidence()


def _own(assessment: Assessment) -> Pairs:
    """Compare what the label alone is decided by; praise must be nothing but praise.

    Where nothing is said nothing is compared: such a text has no probability of anything.
    """
    if not any(assessment.prediction.probabilities.values()):
        return
    yield from _label(assessment)
    if assessment.prediction.label is Label.PRAISE:
        for label in (Label.QUESTION, Label.COMPLAINT):
            yield "praise_alone", 1.0 - assessment.prediction.probabilities[label]


def _covered(
    decision: Decision, assessment: Assessment, situation: Situation | None, thresholds: Thresholds
) -> Pairs:
    prediction, score = assessment.prediction, _score(assessment)
    if score is None:
        return
    if decision.kind is DecisionKind.ANSWER and situation is not None and not _addressed(situation):
        yield "unasked", prediction.probabilities[Label.QUESTION]
        yield "unasked_template", score
    elif decision.reason is not Reason.NO_TEMPLATE and _word_for_word(prediction.label, score, thresholds):
        yield "verbatim", score
    elif prediction.label is Label.QUESTION:
        yield from _label(assessment)
    yield "template", score
    yield "margin", score - _runner_up(assessment)


def _unasked(decision: Decision, assessment: Assessment, thresholds: Thresholds) -> Pairs:
    """Compare for a room's talk; what names the brand needs no more than what is addressed to it."""
    label = assessment.prediction.label
    if label not in (Label.QUESTION, Label.COMPLAINT):
        return
    probability = assessment.prediction.probabilities[label]
    named = decision.reason is Reason.UNANSWERED and probability < thresholds.get("unasked", 0.0)
    yield label.value if named else "unasked", probability


def _word_for_word(label: Label, score: float, thresholds: Thresholds) -> bool:
    return label is not Label.COMPLAINT and score >= thresholds.get("verbatim", 2.0)


def _addressed(situation: Situation) -> bool:
    return situation.private or situation.addressed


def _score(assessment: Assessment) -> float | None:
    return assessment.candidates[0].score if assessment.candidates else None


def _runner_up(assessment: Assessment) -> float:
    """Return the score of the next template; -1, which is the least, where there is none."""
    return assessment.candidates[1].score if len(assessment.candidates) > 1 else -1.0
