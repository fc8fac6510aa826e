"""What staff's commands do to a conversation. ``Refused`` says why one does not fit."""

from __future__ import annotations

from datetime import datetime

from bot.domain.conversation import Unanswered
from bot.domain.events import AgentReplied, Claim, Note, Release, Reply, Resolve, Snooze
from bot.domain.log import LogKind
from bot.domain.messages import Author
from bot.domain.roles import Agent, Right
from bot.domain.sla import HUMAN_REPLY, REPLY_METRICS, Metric
from bot.domain.states import State
from bot.domain.turn import Turn

#: Why a reply or resolve is held back that does not know of the customer's latest message.
MOVED_ON = "The customer has written meanwhile. Read it, then send again."


class Refused(Exception):  # an answer to the person who asked, not an error
    """The command does not fit. The text is for the person who gave it."""


def claim(turn: Turn, event: Claim) -> None:
    """Hold the conversation, or hold it longer."""
    _check(turn, event.agent)
    turn.hold(event.agent)


def reply(turn: Turn, event: Reply) -> None:
    """Send a text; on a free conversation this claims it first."""
    _check(turn, event.agent)
    _check_seen(turn, event.seen)
    turn.hold(event.agent)
    turn.reply(event.agent, event.text)


def note(turn: Turn, event: Note) -> None:
    """Record that a remark was left; by the holder it renews the claim."""
    turn.log(LogKind.NOTED, agent=event.agent.id)
    if turn.c.state is State.CLAIMED and turn.c.holder == event.agent.id:
        turn.hold(event.agent)


def release(turn: Turn, event: Release) -> None:
    """Let go."""
    _check(turn, event.agent)
    turn.let_go(by="agent")


def snooze(turn: Turn, event: Snooze) -> None:
    """Put away until a stated time. Reply clocks go on."""
    _check(turn, event.agent)
    if event.until <= event.at:
        raise Refused("The time to come back to this conversation has already passed.")
    turn.log(LogKind.SNOOZED, agent=event.agent.id, until=event.until.isoformat())
    turn.change(holder=None, claim_until=None, snoozed_until=event.until, hold_epoch=turn.c.hold_epoch + 1)
    turn.move(State.SNOOZED)


def resolve(turn: Turn, event: Resolve) -> None:
    """Call it done: open reply clocks are fulfilled by resolution, and reported apart."""
    _check(turn, event.agent)
    _check_seen(turn, event.seen)
    turn.resolve(by="agent", agent=event.agent.id)


def replied(turn: Turn, event: AgentReplied) -> None:
    """An agent has answered in the customer's place: a human reply, and a claim if the conversation is free."""
    other = turn.c.holder if turn.c.holder not in {None, event.agent.id} else None
    turn.log(
        LogKind.REPLIED,
        event.replied_at,
        agent=event.agent.id,
        role=event.agent.role.value,
        native=True,
        holder=other,
    )
    if turn.c.state is State.UNOPENED:
        return
    answered = tuple(m for m in turn.c.unanswered if m.sent_at <= event.replied_at)
    if answered or not turn.c.unanswered:  # words from before the question answer nothing
        reached(turn, event.replied_at, answered=answered)
    if other is None and turn.c.state is not State.RESOLVED:
        turn.hold(event.agent)


def reached(turn: Turn, at: datetime, *, answered: tuple[Unanswered, ...]) -> None:
    """A human reply has reached the customer: the reply clocks stop; what came later starts a new one."""
    started = tuple(clock.metric for clock in turn.c.clocks if clock.started_at <= at)
    turn.fulfill_open(tuple(metric for metric in REPLY_METRICS if metric in started), by="agent", at=at)
    rest = tuple(message for message in turn.c.unanswered if message not in answered)
    turn.change(
        unanswered=rest,
        unlisted=turn.c.unlisted and bool(rest),
        spoke_last=Author.AGENT,
        spoke_at=at,
        human_replied=True,
        responded=True,
    )
    if rest and turn.c.clock(*HUMAN_REPLY) is None:
        turn.activate(Metric.NEXT_REPLY, min(message.sent_at for message in rest))


def _check(turn: Turn, agent: Agent) -> None:
    if not agent.may(Right.HANDLE):
        raise Refused(f"The role {agent.role.value} may not handle conversations.")
    if turn.c.state is State.CLAIMED and turn.c.holder != agent.id:
        raise Refused(f"{turn.c.holder} holds this conversation.")


def _check_seen(turn: Turn, seen: int | None) -> None:
    """Hold back what was written before the customer's latest message came."""
    if seen is not None and seen < turn.c.received:
        raise Refused(MOVED_ON)
