"""What the brand does about a message: the whole of it on one screen.

The checks run from top to bottom and the first that has something to say decides. If none has, the handler
of the message's label does. What came out passes the last check: paused, late, or answered by an agent already.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.domain.decisions import Decision, Reason, Situation
from bot.domain.prediction import Assessment, Label
from handlers import complaint, other, praise, prechecks, question, rooms
from handlers.afterchecks import hold_back
from handlers.brand import Brand
from handlers.case import UNREAD, Case, own_words
from handlers.moves import escalate, passed_on, silence

#: From which score on a template tells what a message is about.
LIKELIER_THAN_NOT = 0.5

_CHECKS: tuple[Callable[[Case], Decision | None], ...] = (
    rooms.left_to_members,  # talk in a room that is not addressed to the brand
    prechecks.nothing_said,  # no text at all: silence
    prechecks.human_wanted,  # "human, please": works at any time
    prechecks.held_by_human,  # a human is on it: the bot keeps out
    prechecks.too_fast,  # a flood: told once, a human reads
    prechecks.turned_the_answer_down,  # "that's not what I asked"
    prechecks.brings_more,  # a picture, a file, a voice: a human looks
    prechecks.greeting,  # "hi", in any language
    prechecks.foreign_language,  # the model's labels mean nothing here
    prechecks.matter_settled,  # "that solved it"
    question.word_for_word,  # one of a template's own examples: the brand has said what it is
)

_BY_LABEL: dict[Label, Callable[[Case], Decision]] = {
    Label.COMPLAINT: complaint.handle,
    Label.QUESTION: question.handle,
    Label.PRAISE: praise.handle,
    Label.OTHER: other.handle,
}


def decide(*, text: str, assessment: Assessment | None, situation: Situation, brand: Brand) -> Decision:
    """Return what to do about one message: the same for the same arguments, whenever it is asked."""
    if assessment is None:
        return _unassessed(text, situation, brand)
    case = Case(text=own_words(text, situation), assessment=assessment, situation=situation, brand=brand)
    decision = hold_back(_first(case), situation, acknowledgement=passed_on(case))
    return replace(decision, topic=topic(case))


def topic(case: Case) -> str:
    """Return what the message is about: the topic of the nearest template, if it fits more likely than not.

    Routes may go by it. Of a complaint, too, it tells what it is about, though no template answers it.
    """
    nearest = max(case.assessment.candidates, key=lambda each: each.score, default=None)
    if nearest is None or nearest.score < LIKELIER_THAN_NOT:
        return ""
    found = case.brand.catalogue.templates.get(nearest.template)
    return "" if found is None else found.topic


def _unassessed(text: str, situation: Situation, brand: Brand) -> Decision:
    """A human looks. A flood is left unread by the model on purpose, so that it costs the others nothing.

    Talk in a room that others have answered, or with which somebody floods it, is nothing for a human either.
    """
    case = Case(text=own_words(text, situation), assessment=UNREAD, situation=situation, brand=brand)
    if not case.addressed and (situation.answered or situation.flooding) and not situation.replied:
        return silence(Reason.BETWEEN_MEMBERS)
    if not situation.flooding:
        return hold_back(escalate(Reason.NOT_ASSESSED), situation)
    flood = escalate(Reason.HELD) if case.held else prechecks.too_fast(case)
    return hold_back(flood or escalate(Reason.FLOOD), situation)


def _first(case: Case) -> Decision:
    for check in _CHECKS:
        decision = check(case)
        if decision is not None:
            return decision
    return _BY_LABEL[case.prediction.label](case)
