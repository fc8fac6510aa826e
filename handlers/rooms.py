"""Talk in a public room that nobody addressed to the brand: it belongs to those who talk.

The room has had its patience by now. What another member has answered is theirs; of the rest the bot answers
only what it is very sure of, a human looks at what is surely meant for somebody who knows, and all else is left.
Nothing is ever said here but an answer: no greeting, no thanks, no acknowledgement.
"""

from __future__ import annotations

from bot.domain.decisions import Decision, Reason
from bot.domain.prediction import Label
from handlers.case import Case
from handlers.moves import answer, escalate, silence
from handlers.phrases import bare
from handlers.question import covering, is_example, repeats
from handlers.template import Template

#: From here on a label is more likely than not.
LIKELY = 0.5


def left_to_members(case: Case) -> Decision | None:
    """Decide about what is not addressed to the brand. What an agent has taken up is the brand's matter."""
    if case.addressed or case.situation.replied:
        return None
    return _unanswered(case) or silence(Reason.BETWEEN_MEMBERS)


def _unanswered(case: Case) -> Decision | None:
    """Answer or hand over what nobody has answered; None where members are better left alone."""
    if case.situation.answered or case.situation.flooding or not case.readable:
        return None
    template = _surely_covering(case)
    if template is not None:
        return answer(Reason.TEMPLATE, case.say(template))
    return escalate(Reason.UNANSWERED) if _wants_somebody(case) else None


def _surely_covering(case: Case) -> Template | None:
    """Return the template for a question that is surely one, surely covered, and not the bot's to stay out of."""
    if not _sure(case, Label.QUESTION, case.brand.confidence.unasked):
        return None
    if case.held or case.brings_more or case.probability(Label.COMPLAINT) >= LIKELY:
        return None
    template = covering(case)
    if template is None or repeats(case, template):
        return None
    near = case.assessment.candidates[0].score >= case.brand.confidence.unasked_template
    return template if near or is_example(case, template) else None


def _wants_somebody(case: Case) -> bool:
    """Tell whether a human should look: a sure question or complaint; a likely one if it names the brand."""
    needed = LIKELY if _names_brand(case) else case.brand.confidence.unasked
    return _sure(case, Label.QUESTION, needed) or _sure(case, Label.COMPLAINT, needed)


def _sure(case: Case, label: Label, needed: float) -> bool:
    return case.prediction.label is label and case.probability(label) >= needed


def _names_brand(case: Case) -> bool:
    return f" {bare(case.brand.name)} " in f" {bare(case.text)} "
