"""What becomes of a text on its way to the customer, and of a conversation when that goes wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.actions import SendState
from bot.domain.conversation import Pending
from bot.domain.decisions import Reason
from bot.domain.events import EscalationForced, SendOverdue, SendReported
from bot.domain.log import LogKind
from bot.domain.messages import Author
from bot.domain.sla import HUMAN_REPLY, Metric
from bot.domain.staff_rules import reached
from bot.domain.states import State
from bot.domain.turn import Turn

_REASONS = {
    SendState.FAILED: Reason.SEND_FAILED,
    SendState.UNKNOWN: Reason.SEND_UNKNOWN,
    SendState.WITHDRAWN: Reason.WITHDRAWN,
}


def reported(turn: Turn, event: SendReported) -> None:
    """Take in what became of a send. A report of a send that is not pending is a repetition: ignored."""
    send = next((send for send in turn.c.pending if send.action == event.action), None)
    if send is None:
        return
    turn.change(pending=tuple(other for other in turn.c.pending if other.action != event.action))
    if event.outcome is SendState.SENT:
        _confirmed(turn, send, event.sent_at or event.at)
    else:
        _not_sent(turn, send, event)


def overdue(turn: Turn, event: SendOverdue) -> None:
    """A text has been on its way for too long: a human looks, the text may still leave."""
    send = next((send for send in turn.c.pending if send.action == event.action and not send.overdue), None)
    if send is None:
        return
    late = replace(send, overdue=True)
    turn.change(pending=tuple(late if other is send else other for other in turn.c.pending))
    turn.log(LogKind.SEND_OVERDUE, action=send.action, wording=send.wording.value)
    if send.wording.substantive:
        turn.escalate(Reason.SEND_OVERDUE)


def forced(turn: Turn, event: EscalationForced) -> None:
    """Something went wrong that only a human can mend."""
    turn.escalate(event.reason)


def _confirmed(turn: Turn, send: Pending, at: datetime) -> None:
    turn.log(LogKind.SEND_CONFIRMED, at, action=send.action, wording=send.wording.value, by=send.author.value)
    if not send.wording.substantive:
        return
    if send.author is Author.AGENT:
        _human_reply_arrived(turn, send, at)
    else:
        _answer_arrived(turn, send, at)


def _human_reply_arrived(turn: Turn, send: Pending, at: datetime) -> None:
    answered = tuple(m for m in turn.c.unanswered if m.number <= send.answers_to)
    if turn.c.state is State.RESOLVED:  # resolving has covered whatever else was waiting
        turn.change(unanswered=answered)
    reached(turn, at, answered=answered)
    if not turn.c.unanswered and turn.c.state in {State.OPEN, State.ESCALATED}:
        turn.move(State.WAITING)


def _answer_arrived(turn: Turn, send: Pending, at: datetime) -> None:
    """The bot's answer is with the customer: the human-reply clock is suspended if it covers everything."""
    turn.fulfill_open((Metric.FIRST_RESPONSE,), by="bot", at=at)
    turn.change(responded=True)
    if turn.c.state not in {State.OPEN, State.WAITING}:
        return
    rest = tuple(m for m in turn.c.unanswered if m.number > send.answers_to)
    turn.change(unanswered=rest, unlisted=turn.c.unlisted and bool(rest), spoke_last=Author.BOT, spoke_at=at)
    if rest or turn.c.state is State.WAITING:
        return
    clock = turn.c.clock(*HUMAN_REPLY)
    if clock is not None:
        turn.suspend(clock, at)
    turn.move(State.WAITING)


def _not_sent(turn: Turn, send: Pending, event: SendReported) -> None:
    turn.log(
        LogKind.SEND_FAILED,
        action=send.action,
        wording=send.wording.value,
        by=send.author.value,
        outcome=event.outcome.value,
    )
    withdrawn = event.outcome is SendState.WITHDRAWN
    if withdrawn and (turn.c.answer_pending or turn.c.state not in {State.OPEN, State.UNOPENED}):
        return
    if send.wording.substantive or withdrawn:
        turn.escalate(_REASONS[event.outcome])
