"""Praise: thanked where it opens a conversation; inside one it needs no answer."""

from __future__ import annotations

from bot.domain.decisions import Decision, Reason
from bot.domain.prediction import Label
from handlers.case import Case
from handlers.courtesies import is_thanks
from handlers.moves import answer, silence, unsure
from handlers.template import THANKS, Kind


def handle(case: Case) -> Decision:
    """Thank for it, or leave it as the last word; praise with a question in it goes to a human."""
    if not (case.sure_of(Label.PRAISE) and case.asks_nothing):
        return unsure(case)
    if not case.opens or is_thanks(case.text):
        return silence(Reason.THANKS)
    text = case.fixed(THANKS, Kind.THANKS)
    return answer(Reason.PRAISE, text) if text is not None else silence(Reason.THANKS)
