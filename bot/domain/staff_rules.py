"""What staff's commands do to a conversation. ``Refused`` says why one does not fit."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from bot.domain.conversation import Unanswered
from bot.domain.decisions import Reason
from bot.domain.events import (
    AgentReplied,
    AskFor,
    Block,
    Claim,
    CorrectLabel,
    HandBack,
    HolderLeft,
    Note,
    Release,
    Reopen,
    Reply,
    Resolve,
    Revise,
    Snooze,
    TakeOver,
    Transfer,
    Unblock,
    Wait,
)
from bot.domain.log import LogKind
from bot.domain.messages import AgentId, Author
from bot.domain.prediction import PRIMARY_ORDER, SCORED_LABELS, Label
from bot.domain.roles import Agent, Right
from bot.domain.sla import REPLY_METRICS
from bot.domain.states import State
from bot.domain.turn import Turn

#: Why what leaves the word to somebody else is held back.
STILL_WAITS = "The customer still waits for an answer. Reply first."

#: Why a reply or resolve is held back that does not know of the customer's latest message.
MOVED_ON = "The customer has written meanwhile. Read it, then send again."


#: With which reason a conversation is resolved whose customer is blocked.
BLOCKED = "blocked"


class Refusal(StrEnum):
    """Why a command was not carried out: so that a desk can offer the next step."""

    NOT_ALLOWED = "not_allowed"  # the role does not include it
    HELD = "held"  # somebody else holds the conversation: ask them, or let a lead take over
    MOVED_ON = "moved_on"  # the customer has written meanwhile: read it, then send it all the same
    NOT_NOW = "not_now"  # it does not fit the conversation as it stands


class Refused(Exception):  # an answer to the person who asked, not an error
    """The command does not fit. The text is for the person who gave it."""

    def __init__(self, text: str, kind: Refusal = Refusal.NOT_NOW) -> None:
        super().__init__(text)
        self.kind = kind


def claim(turn: Turn, event: Claim) -> None:
    """Hold the conversation, or hold it longer."""
    _check(turn, event.agent)
    turn.hold(event.agent)


def reply(turn: Turn, event: Reply) -> None:
    """Send a text; on a free conversation this claims it first."""
    _check(turn, event.agent)
    _check_seen(turn, event.seen)
    turn.hold(event.agent)
    turn.reply(event.agent, event.text, event.enclosures)


def revise(turn: Turn, event: Revise) -> None:
    """Change a reply that was sent, or take it back. It answers nothing anew, so it claims nothing either."""
    _check(turn, event.agent)
    if event.wrote is None:
        raise Refused("Only a reply that has reached the customer can be changed or taken back.")
    if event.wrote != event.agent.id and not event.agent.may(Right.TAKE_OVER):
        raise Refused(f"{event.wrote} wrote this reply. A lead may change it.", Refusal.NOT_ALLOWED)
    turn.revise(event.agent, event.message, event.text)
    _renew(turn, event.agent)


def note(turn: Turn, event: Note) -> None:
    """Record that a remark was left; by the holder it renews the claim."""
    _check_right(event.agent, Right.HANDLE, "leave notes")
    turn.log(LogKind.NOTED, **_who(event.agent))
    _renew(turn, event.agent)


def take_over(turn: Turn, event: TakeOver) -> None:
    """Hold the conversation, whoever holds it."""
    _check_right(event.agent, Right.TAKE_OVER, "take conversations from others")
    holder = turn.c.holder
    if turn.c.state is State.CLAIMED and holder != event.agent.id:
        turn.log(LogKind.TAKEN_OVER, **_who(event.agent), **{"from": holder})
        turn.log(LogKind.RELEASED, agent=holder, by="take_over")
    turn.hold(event.agent)


def ask_for(turn: Turn, event: AskFor) -> None:
    """Ask the holder to hand it over; they decide."""
    _check_right(event.agent, Right.HANDLE, "handle conversations")
    if turn.c.holder == event.agent.id:
        raise Refused("You hold this conversation yourself.")
    turn.log(LogKind.ASKED_FOR, **_who(event.agent), holder=turn.c.holder)


def holder_left(turn: Turn, event: HolderLeft) -> None:
    """Take the conversation from somebody who may not hold it any more."""
    if turn.c.holder == event.holder:
        turn.let_go(by="left")


def release(turn: Turn, event: Release) -> None:
    """Let go."""
    _check(turn, event.agent)
    turn.let_go(by="agent", role=event.agent.role)


def snooze(turn: Turn, event: Snooze) -> None:
    """Put away until a stated time. Reply clocks go on."""
    _check(turn, event.agent)
    if event.until <= event.at:
        raise Refused("The time to come back to this conversation has already passed.")
    _remarked(turn, event)
    turn.log(LogKind.SNOOZED, **_who(event.agent), until=event.until.isoformat())
    _leave(turn, State.SNOOZED, snoozed_until=event.until)


def wait(turn: Turn, event: Wait) -> None:
    """Let the customer act: nothing may wait for an answer then."""
    _check(turn, event.agent)
    _check_answered(turn)
    turn.log(LogKind.ASKED, **_who(event.agent))
    _leave(turn, State.WAITING, spoke_last=Author.AGENT)  # a human's word: silence alone does not close it


def transfer(turn: Turn, event: Transfer) -> None:
    """Give it to another team: whoever held it lets go, and what waits for an answer waits for that team."""
    _check(turn, event.agent)
    if event.team == turn.c.team:
        raise Refused(f"This conversation is with {event.team} already.")
    _remarked(turn, event)
    turn.log(LogKind.TRANSFERRED, turn.at, **_who(event.agent), **{"from": turn.c.team or None, "to": event.team})
    if turn.c.state is State.CLAIMED:
        turn.let_go(by="transfer")
    elif turn.c.state is State.OPEN:
        turn.escalate(Reason.TRANSFERRED)
    turn.set_fields(by=event.agent.id, team=event.team)


def hand_back(turn: Turn, event: HandBack) -> None:
    """Let the bot answer what the customer writes next. What waits for an answer now is staff's to answer."""
    _check(turn, event.agent)
    _check_answered(turn)
    turn.log(LogKind.HANDED_BACK, **_who(event.agent))
    _leave(turn, State.OPEN, handed_back_at=event.at)


def correct_label(turn: Turn, event: CorrectLabel) -> None:
    """Take a human's word for what a message is; another policy may fit then."""
    _check_right(event.agent, Right.HANDLE, "correct labels")
    turn.log(
        LogKind.LABEL_CORRECTED,
        turn.at,
        message=event.message,
        **_who(event.agent),
        decision=event.decided or None,
        **{"from": _joined(event.was), "to": _joined(event.labels)},
    )
    turn.change(label=next((label for label in PRIMARY_ORDER if label in event.labels), Label.OTHER))
    turn.retarget()
    _renew(turn, event.agent)


def _joined(labels: tuple[Label, ...]) -> str:
    held = [label.value for label in SCORED_LABELS if label in labels]
    return "+".join(held) or Label.OTHER.value


def resolve(turn: Turn, event: Resolve) -> None:
    """Call it done: open reply clocks are fulfilled by resolution, and reported apart."""
    _check(turn, event.agent)
    _check_seen(turn, event.seen)
    _remarked(turn, event)
    turn.resolve(by="agent", agent=event.agent, reason=event.reason.value)


def reopen(turn: Turn, event: Reopen) -> None:
    """Take up again what was resolved, and hold it."""
    _check(turn, event.agent)
    if turn.c.merged_into is not None:
        raise Refused(f"This matter goes on in conversation {turn.c.merged_into}.")
    turn.open(event.at, agent=event.agent)
    turn.change(reason=Reason.REOPENED)
    turn.hold(event.agent)


def block(turn: Turn, event: Block) -> None:
    """Stop hearing the customer: the conversation is done, and what they write starts nothing."""
    _check_right(event.agent, Right.BLOCK, "block customers")
    _check(turn, event.agent)
    turn.log(LogKind.BLOCKED, **_who(event.agent))
    if turn.c.state not in {State.UNOPENED, State.RESOLVED}:
        turn.resolve(by="agent", agent=event.agent, reason=BLOCKED)


def unblock(turn: Turn, event: Unblock) -> None:
    """Hear the customer again, from their next message on."""
    _check_right(event.agent, Right.BLOCK, "hear blocked customers again")
    turn.log(LogKind.UNBLOCKED, **_who(event.agent))


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
    reached(turn, event.replied_at, answered=answered, heard=event.replied_at, agent=event.agent.id)
    if other is None and turn.c.state is not State.RESOLVED:
        turn.hold(event.agent)


def reached(
    turn: Turn,
    at: datetime,
    *,
    answered: tuple[Unanswered, ...],
    heard: datetime,
    agent: AgentId | None = None,
) -> None:
    """A human reply has reached the customer: it stops the clocks that cover something it answers.

    ``heard``: up to when its writer had heard the customer. What came later waits on, in a clock of its own.
    """
    ended = turn.spoken_earlier(at, by="agent", heard=heard, metrics=REPLY_METRICS, agent=agent)
    early = turn.before_the_matter(at)
    latest = not early and (turn.c.spoke_at is None or at >= turn.c.spoke_at)
    rest = tuple(message for message in turn.c.unanswered if message not in answered)
    turn.change(
        unanswered=rest,
        unlisted=turn.c.unlisted and bool(rest),
        spoke_last=Author.AGENT if latest else turn.c.spoke_last,
        spoke_at=at if latest else turn.c.spoke_at,
        human_replied=turn.c.human_replied or not early,
        responded=turn.c.responded or not early,
    )
    turn.end_replied(at, agent=agent, ended=ended)
    turn.owe_response(at)


def _leave(turn: Turn, state: State, **fields: object) -> None:
    """Let nobody hold the conversation, and move it to where it goes on; ``fields`` are set besides."""
    free: dict[str, object] = dict.fromkeys(("holder", "claim_until", "snoozed_until", "handed_back_at"))
    turn.change(**{**free, **fields}, hold_epoch=turn.c.hold_epoch + 1)
    turn.move(state)


def _remarked(turn: Turn, event: Snooze | Transfer | Resolve) -> None:
    """Record the remark that goes along, in the same step: it is there whenever the act is."""
    if event.remark:
        turn.log(LogKind.NOTED, **_who(event.agent))


def _who(agent: Agent) -> dict[str, str]:
    """Return who did it and with which role, as the log tells it of every act."""
    return {"agent": agent.id, "role": agent.role.value}


def _renew(turn: Turn, agent: Agent) -> None:
    """Let the holder's claim last longer: any act of theirs shows that they are on it."""
    if turn.c.state is State.CLAIMED and turn.c.holder == agent.id:
        turn.hold(agent)


def _check(turn: Turn, agent: Agent) -> None:
    _check_right(agent, Right.HANDLE, "handle conversations")
    if turn.c.state is State.CLAIMED and turn.c.holder != agent.id:
        raise Refused(f"{turn.c.holder} holds this conversation.", Refusal.HELD)


def _check_right(agent: Agent, right: Right, what: str) -> None:
    if not agent.may(right):
        raise Refused(f"The role {agent.role.value} may not {what}.", Refusal.NOT_ALLOWED)


def _check_answered(turn: Turn) -> None:
    """Refuse to leave the word to somebody else while a message is unanswered: nobody would answer it."""
    if turn.c.unanswered or turn.c.unlisted:
        raise Refused(STILL_WAITS)


def _check_seen(turn: Turn, seen: int | None) -> None:
    """Hold back what was written before the customer's latest message came."""
    if seen is not None and seen < turn.c.received:
        raise Refused(MOVED_ON, Refusal.MOVED_ON)
