"""What a customer's message, edit or deletion does to a conversation."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from bot.domain.decisions import Decision, DecisionKind, Reason
from bot.domain.events import CustomerDeleted, CustomerEdited, CustomerWrote, MessageAnnotated
from bot.domain.log import LogKind
from bot.domain.messages import Author
from bot.domain.prediction import UNDETERMINED, Label
from bot.domain.states import State
from bot.domain.turn import Turn


def wrote(turn: Turn, event: CustomerWrote) -> None:
    """Take in a message: leave it in silence, greet it, or let it wait for an answer.

    One that is only recorded waits for an agent's answer that lies in the inbox behind it.
    """
    _receive(turn, event)
    decision = event.decision
    match decision.kind:
        case DecisionKind.SILENCE:
            _settle(turn, decision)
        case DecisionKind.GREET:
            _say(turn, decision)
        case DecisionKind.ANSWER | DecisionKind.ESCALATE:
            _bring_to_life(turn, event)
            turn.expect_answer(event.message, event.sent_at, rejected=decision.rejected)
            _answer_or_escalate(turn, decision)
        case DecisionKind.RECORD:
            _take_up(turn, event.sent_at)
            turn.expect_answer(event.message, event.sent_at, rejected=decision.rejected)
        case _:
            assert_never(decision.kind)


def edited(turn: Turn, event: CustomerEdited) -> None:
    """Take in an edit: it restarts nothing, and may escalate what the bot would have handled."""
    _log_message(turn, LogKind.MESSAGE_EDITED, event)
    same_label = event.label is turn.c.label
    _learn(turn, event.label, event.language)
    if event.decision.kind not in {DecisionKind.ANSWER, DecisionKind.ESCALATE, DecisionKind.RECORD}:
        return
    match turn.c.state:
        case State.UNOPENED:
            turn.open(turn.at)
            turn.expect_answer(event.message, turn.at)
            _answer_or_escalate(turn, event.decision)
        case _ if event.decision.kind is DecisionKind.RECORD:  # the agent's answer is here, and says the rest
            pass
        case State.RESOLVED if same_label:  # a mended typo: nothing new is asked
            pass
        case State.OPEN | State.WAITING if _same_answer(turn, event.decision):
            pass
        case State.ESCALATED | State.CLAIMED:
            turn.expect_answer(event.message, turn.at)
        case _:
            _reopen_for_edit(turn, event)


def _reopen_for_edit(turn: Turn, event: CustomerEdited) -> None:
    """Bring an edit before a human, where the word was the bot's, the customer's or nobody's any more."""
    if turn.c.state is State.RESOLVED:
        turn.open(turn.at)
    turn.expect_answer(event.message, turn.at)
    turn.escalate(Reason.EDITED, by_bot=turn.c.spoke_last is not Author.AGENT)


def deleted(turn: Turn, event: CustomerDeleted) -> None:
    """Take in a deletion: if nothing else waits for an answer, the clocks are cancelled."""
    turn.log(LogKind.MESSAGE_DELETED, message=event.message)
    rest = tuple(message for message in turn.c.unanswered if message.message != event.message)
    if len(rest) == len(turn.c.unanswered):
        return
    turn.change(unanswered=rest)
    if rest or turn.c.unlisted:
        return
    turn.cancel_reply_clocks(by="deleted")
    turn.change(hold_epoch=turn.c.hold_epoch + 1)
    if turn.c.state in {State.OPEN, State.ESCALATED}:
        if turn.c.spoke_last is None:
            turn.resolve(by="deleted")
        else:
            turn.move(State.WAITING)


def annotated(turn: Turn, event: MessageAnnotated) -> None:
    """Add the labels of a message that a human got before the model did; the first chooses route and policy."""
    turn.log(
        LogKind.MESSAGE_ANNOTATED,
        message=event.message,
        label=event.label.value if event.label else None,
        confidence=_rounded(event.confidence),
        language=event.language,
    )
    unknown = turn.c.label is None
    _learn(turn, event.label, event.language)
    if unknown and turn.c.label is not None:
        turn.route()
        turn.retarget()


def _receive(turn: Turn, event: CustomerWrote) -> None:
    _learn(turn, event.label, event.language)
    turn.change(received=turn.c.received + 1, topic=event.decision.topic or turn.c.topic)
    _log_message(turn, LogKind.MESSAGE_RECEIVED, event)


def _learn(turn: Turn, label: Label | None, language: str) -> None:
    """Remember the label that weighs most for the list, and the customer's language where it is known."""
    known = turn.c.language if language == UNDETERMINED else language
    if label in {None, Label.OTHER} and turn.c.label is not None:
        label = turn.c.label
    turn.change(label=label, language=known)


def _log_message(turn: Turn, kind: LogKind, event: CustomerWrote | CustomerEdited) -> None:
    decision = event.decision
    sent_at = event.sent_at if isinstance(event, CustomerWrote) else event.at
    turn.log(
        kind,
        sent_at,
        message=event.message,
        channel=turn.c.address.channel,
        label=event.label.value if event.label else None,
        confidence=_rounded(event.confidence),
        language=event.language,
        decision=decision.kind.value,
        reason=decision.reason.value,
        template=decision.rendered.template if decision.rendered else None,
        private=turn.c.private,
    )


def _rounded(confidence: float | None) -> float | None:
    return None if confidence is None else round(confidence, 4)


def _settle(turn: Turn, decision: Decision) -> None:
    """Silence. If the customer says that the bot's answer was enough, the matter is done."""
    if decision.settled and turn.c.state is State.WAITING and turn.c.spoke_last is Author.BOT:
        turn.resolve(by="bot")


def _bring_to_life(turn: Turn, event: CustomerWrote) -> None:
    """Bring the conversation to a state in which somebody answers."""
    match turn.c.state:
        case State.UNOPENED | State.RESOLVED:
            turn.open(event.sent_at)
        case State.WAITING if turn.c.spoke_last is not Author.AGENT:
            turn.move(State.OPEN)
        case State.WAITING | State.SNOOZED:
            turn.escalate(Reason.HELD, by_bot=False)
        case _:
            pass


def _take_up(turn: Turn, sent_at: datetime) -> None:
    """Bring the conversation to a state in which somebody answers, and call nobody: the answer is here."""
    match turn.c.state:
        case State.UNOPENED | State.RESOLVED:
            turn.open(sent_at)
        case State.WAITING if turn.c.spoke_last is not Author.AGENT:
            turn.move(State.OPEN)
        case State.WAITING | State.SNOOZED:
            turn.change(snoozed_until=None)
            turn.move(State.ESCALATED)
        case _:
            pass


def _answer_or_escalate(turn: Turn, decision: Decision) -> None:
    """Say the answer where the bot has the word; everywhere else a human answers."""
    if turn.c.state is not State.OPEN:
        return
    if decision.kind is DecisionKind.ESCALATE:
        turn.escalate(decision.reason)
    _say(turn, decision)


def _say(turn: Turn, decision: Decision) -> None:
    if decision.rendered is not None:
        turn.say(decision.rendered)


def _same_answer(turn: Turn, decision: Decision) -> bool:
    """Tell whether the edited text gets what was answered already; the handlers call that repeated."""
    rendered = decision.rendered
    repeated = decision.reason is Reason.REPEATED
    same = rendered is not None and rendered.template == turn.c.last_template
    return repeated or (decision.kind is DecisionKind.ANSWER and same)
