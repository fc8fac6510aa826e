"""A question: answered from the nearest template if that is clear enough, else handed to a human."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.decisions import Decision, Reason
from bot.domain.messages import Author
from bot.domain.prediction import Candidate, Label
from handlers.brand import Confidence
from handlers.case import Case
from handlers.moves import acknowledgement, answer, escalate, turned_down, unsure
from handlers.phrases import bare
from handlers.template import ACK_QUESTION, Kind, Template


def handle(case: Case) -> Decision:
    """Answer from a template, or hand over: unsure, no template, or the same answer as just before."""
    if not case.sure_of(Label.QUESTION):
        return unsure(case)
    template = covering(case)
    if template is None:
        return escalate(Reason.NO_TEMPLATE, acknowledgement(case, ACK_QUESTION))
    return _answer(case, template)


def word_for_word(case: Case) -> Decision | None:
    """Answer what is one of a template's own examples, whatever label the model gives it.

    With the example the brand has said what such a message is and what answers it; quick replies come back
    like this too. What is only nearly an example counts as one unless the model hears a complaint in it.
    """
    template = covering(case)
    if template is None:
        return None
    nearly = case.assessment.candidates[0].score >= case.brand.confidence.verbatim
    return _answer(case, template) if is_example(case, template) or (nearly and not case.complains) else None


def is_example(case: Case, template: Template) -> bool:
    """Tell whether the customer wrote one of the template's examples, word for word."""
    said = bare(case.text)
    return any(bare(example) == said for example in template.examples)


def _answer(case: Case, template: Template) -> Decision:
    if repeats(case, template):
        return turned_down(case, Reason.REPEATED)
    return answer(Reason.TEMPLATE, case.say(template))


def repeats(case: Case, template: Template) -> bool:
    """Tell whether this is the answer that the customer has had already, and no human has spoken since."""
    return case.situation.last_template == template.id and case.situation.spoke_last is not Author.AGENT


def covering(case: Case) -> Template | None:
    """Return the template that clearly covers the question.

    An expired template that is nearest still stands in the way: the next one would answer something else.
    """
    nearest = clear_winner(case.assessment.candidates, case.brand.confidence)
    template = case.brand.catalogue.get(nearest, Kind.ANSWER) if nearest is not None else None
    return template if template is not None and case.live(template) else None


def clear_winner(candidates: Sequence[Candidate], confidence: Confidence) -> str | None:
    """Return the best template if it is likely enough to answer and leads its runner-up by the margin.

    Scores are probabilities in which the lead counts already; the margin still refuses where two templates have
    nearly the same words and both are sure.
    """
    if not candidates:
        return None
    first = candidates[0]
    second = max((other.score for other in candidates if other.template != first.template), default=-1.0)
    near = first.score >= confidence.template
    return first.template if near and first.score - second >= confidence.margin else None
