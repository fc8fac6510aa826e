"""The moves, so that no handler can put a decision together wrongly."""

from __future__ import annotations

from bot.domain.decisions import Decision, DecisionKind, Reason, Rendered
from handlers.case import Case
from handlers.template import ACK_HUMAN, ACK_QUESTION, ACK_UNSURE, Kind


def answer(reason: Reason, text: Rendered) -> Decision:
    """Answer with this text."""
    return Decision(kind=DecisionKind.ANSWER, reason=reason, rendered=text)


def greet(text: Rendered) -> Decision:
    """Greet back: not an answer, starts no clock."""
    return Decision(kind=DecisionKind.GREET, reason=Reason.GREETING, rendered=text)


def silence(reason: Reason, *, settled: bool = False) -> Decision:
    """Say nothing, because nothing waits for a reply."""
    return Decision(kind=DecisionKind.SILENCE, reason=reason, settled=settled)


def escalate(reason: Reason, text: Rendered | None = None, *, rejected: bool = False) -> Decision:
    """Hand over to a human; ``text`` tells the customer so."""
    return Decision(kind=DecisionKind.ESCALATE, reason=reason, rendered=text, rejected=rejected)


def acknowledgement(case: Case, template: str) -> Rendered | None:
    """Return the words that tell the customer who looks at it: once, and not while a human is on it.

    Nobody is told so in a room who has not asked the brand.
    """
    if case.situation.acknowledged or case.held or not case.addressed:
        return None
    return case.fixed(template, Kind.ACKNOWLEDGEMENT)


def passed_on(case: Case) -> Rendered | None:
    """Return the words to somebody whose message Heed cannot place: neither regret nor praise for the question.

    A brand that has not written them says what it says to questions. To a language that the model does not read
    only words in that language are said.
    """
    for template in (ACK_UNSURE, ACK_QUESTION):
        found = case.brand.catalogue.get(template, Kind.ACKNOWLEDGEMENT)
        if found is not None and (case.readable or found.speaks(case.language)):
            words = acknowledgement(case, template)
            if words is not None:
                return words
    return None


def unsure(case: Case) -> Decision:
    """Hand over a message that the model is not sure of."""
    return escalate(Reason.UNSURE, passed_on(case))


def turned_down(case: Case, reason: Reason) -> Decision:
    """Hand over after the bot's words missed: the time since they were sent counts."""
    return escalate(reason, acknowledgement(case, ACK_HUMAN), rejected=case.after_bot)
