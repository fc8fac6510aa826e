"""What is decided before the label counts. Each check takes a case and returns a decision, or None to pass.

Their order stands in ``dispatch.py``.
"""

from __future__ import annotations

from bot.domain.decisions import Decision, Reason
from bot.domain.messages import Author
from bot.domain.prediction import Label
from bot.domain.states import State
from handlers.case import Case
from handlers.courtesies import is_greeting, is_nod, is_thanks
from handlers.moves import acknowledgement, escalate, greet, passed_on, silence, turned_down
from handlers.phrases import gives_details, plain
from handlers.template import ACK_COMPLAINT, GREETING, NOTICE_FLOOD, Kind
from handlers.verdicts import rejects, settles
from handlers.wishes import wants_human


def nothing_said(case: Case) -> Decision | None:
    """Leave a message without a single sign alone; a sticker is but a mood, as an emoji is."""
    return None if plain(case.text) or case.brings_more else silence(Reason.CHATTER)


def human_wanted(case: Case) -> Decision | None:
    """Hand over when a person is asked for, whatever the model says."""
    return turned_down(case, Reason.HUMAN_WANTED) if wants_human(case.text) else None


def held_by_human(case: Case) -> Decision | None:
    """Leave the word to the human who is on it; only what surely wants nothing does not disturb them."""
    if not case.held:
        return None
    if case.brings_more:
        return escalate(Reason.HELD)
    if case.readable and _thanks(case):
        return silence(Reason.THANKS)
    return silence(Reason.CHATTER) if case.readable and _chatter(case) else escalate(Reason.HELD)


def _thanks(case: Case) -> bool:
    praised = case.sure_of(Label.PRAISE) and case.asks_nothing
    return praised or (case.sure_of(Label.OTHER) and is_thanks(case.text))


def _chatter(case: Case) -> bool:
    """After an agent's words only a nod is chatter: "the blue one" is "other" to the model, and an answer."""
    if not case.sure_of(Label.OTHER) or gives_details(plain(case.text)):
        return False
    return case.situation.spoke_last is not Author.AGENT or is_nod(case.text)


def too_fast(case: Case) -> Decision | None:
    """Hand over a flood; the notice tells the customer that a human will read it."""
    if not case.situation.flooding:
        return None
    return escalate(Reason.FLOOD, case.fixed(NOTICE_FLOOD, Kind.NOTICE))


def turned_the_answer_down(case: Case) -> Decision | None:
    """Hand over when the customer says that the bot's last words missed."""
    if case.after_bot and rejects(case.text, after_answer=case.after_answer):
        return turned_down(case, Reason.REJECTED)
    return None


def brings_more(case: Case) -> Decision | None:
    """Hand over what the model cannot read, such as a picture: no template answers that."""
    if not case.brings_more:
        return None
    if case.readable and case.text and case.sure_of(Label.COMPLAINT):
        return escalate(Reason.ATTACHMENT, acknowledgement(case, ACK_COMPLAINT))
    return escalate(Reason.ATTACHMENT, passed_on(case))


def matter_settled(case: Case) -> Decision | None:
    """Close the matter when the customer says, or surely means, that the bot's answer was the right one."""
    if not (case.situation.state is State.WAITING and case.after_bot and case.asks_nothing):
        return None
    says_so = settles(case.text) and case.prediction.label in (Label.PRAISE, Label.OTHER)
    return silence(Reason.THANKS, settled=True) if says_so or case.sure_of(Label.PRAISE) else None


def greeting(case: Case) -> Decision | None:
    """Greet back, once; in a room only who greets the brand, for other greetings are for everybody."""
    situation = case.situation
    if not is_greeting(case.text, brand=case.brand.name):
        return None
    if not case.addressed:
        return silence(Reason.CHATTER)
    if not (case.opens or (situation.state is State.WAITING and situation.spoke_last is Author.BOT)):
        return None
    text = None if situation.greeted else case.fixed(GREETING, Kind.GREETING)
    return greet(text) if text is not None else silence(Reason.CHATTER)


def foreign_language(case: Case) -> Decision | None:
    """Hand over what the model cannot read, with a word in that language if the brand has one."""
    return None if case.readable else escalate(Reason.LANGUAGE, passed_on(case))
