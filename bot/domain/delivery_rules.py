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
    handed_back = turn.c.handed_back_at is not None and not turn.c.unanswered  # this text takes no word back
    if send.author is Author.AGENT:
        _human_reply_arrived(turn, send, at, handed_back=handed_back)
    else:
        _answer_arrived(turn, send, at, handed_back=handed_back)


def _human_reply_arrived(turn: Turn, send: Pending, at: datetime, *, handed_back: bool) -> None:
    answered = tuple(m for m in turn.c.unanswered if m.number <= send.answers_to)
    if turn.c.state is State.RESOLVED:  # resolving has covered whatever else was waiting
        turn.change(unanswered=answered)
    reached(turn, at, answered=answered, heard=min(send.queued_at, at), agent=send.agent)
    left = turn.c.state is State.ESCALATED or (turn.c.state is State.OPEN and not handed_back)
    if left and not turn.c.unanswered:
        turn.move(State.WAITING)


def _answer_arrived(turn: Turn, send: Pending, at: datetime, *, handed_back: bool) -> None:
    """The bot's answer is with the customer: the human-reply clock is suspended if it covers everything."""
    turn.spoken_earlier(at, by="bot", heard=min(send.queued_at, at), metrics=(Metric.FIRST_RESPONSE,))
    rest = tuple(m for m in turn.c.unanswered if m.number > send.answers_to)
    turn.end_answered(at, rest)
    turn.owe_response(at)
    if turn.before_the_matter(at) or turn.c.state not in {State.OPEN, State.WAITING}:
        return
    turn.change(unanswered=rest, unlisted=turn.c.unlisted and bool(rest))
    if turn.c.spoke_at is None or at >= turn.c.spoke_at:
        turn.change(spoke_last=Author.BOT, spoke_at=at)
    if rest or turn.c.state is State.WAITING:
        return
    clock = turn.c.clock(*HUMAN_REPLY)
    if clock is not None:
        turn.suspend(clock, at)
    if not handed_back:
        turn.move(State.WAITING)


def _not_sent(turn: Turn, send: Pending, event: SendReported) -> None:
    turn.log(
        LogKind.SEND_FAILED,
        action=send.action,
        wording=send.wording.value,
        by=send.author.value,
        outcome=event.outcome.value,
        reason=event.detail or None,
    )
    withdrawn = event.outcome is SendState.WITHDRAWN
    if withdrawn and (turn.c.answer_pending or turn.c.state not in {State.OPEN, State.UNOPENED}):
        return
    if send.wording.substantive or withdrawn:
        turn.escalate(_REASONS[event.outcome])
