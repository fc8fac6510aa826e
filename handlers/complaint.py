"""A complaint: always for a human, and the customer is told so once."""

from __future__ import annotations

from bot.domain.decisions import Decision, Reason
from bot.domain.prediction import Label
from handlers.case import Case
from handlers.moves import acknowledgement, escalate, unsure
from handlers.template import ACK_COMPLAINT


def handle(case: Case) -> Decision:
    """Hand over. Regret is only expressed where the model is sure that there is something to regret."""
    if not case.sure_of(Label.COMPLAINT):
        return unsure(case)
    return escalate(Reason.COMPLAINT, acknowledgement(case, ACK_COMPLAINT))
