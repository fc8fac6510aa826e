"""Everything else: silence if surely nothing is wanted, else a human looks."""

from __future__ import annotations

from bot.domain.decisions import Decision, Reason
from bot.domain.prediction import Label
from handlers.case import Case
from handlers.courtesies import is_thanks
from handlers.moves import silence, unsure
from handlers.phrases import gives_details, plain


def handle(case: Case) -> Decision:
    """Stay silent where the model is sure enough: nobody checks a silence afterwards.

    A bare order number given to the brand is "other" to the model, and yet someone waits for it to be read.
    """
    handed_in = case.addressed and gives_details(plain(case.text))
    if handed_in or not case.sure_of(Label.OTHER):
        return unsure(case)
    return silence(Reason.THANKS if is_thanks(case.text) else Reason.CHATTER)
