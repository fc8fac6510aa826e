"""The conversation's state machine: one table, and the pure ``advance`` that reads it.

Each cell says what one event does in one state:

- ``Do(rule, to)``: apply the rule; ``to`` names every state that the conversation may be in afterwards.
- ``Refuse(reason)``: a staff command that does not fit; the person who gave it reads the reason.
- ``Ignore(why)``: a stale deadline.

A pair without a cell is a defect: ``advance`` raises MissingTransition, and the engine's last catch escalates.
The diagram in ``docs/states.md`` is generated from this table; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain import customer_rules, deadline_rules, delivery_rules, link_rules, staff_rules
from bot.domain.actions import Deadline, Send
from bot.domain.conversation import Conversation, Rules, deadlines
from bot.domain.events import (
    AgentReplied,
    AskFor,
    Block,
    Claim,
    ClaimExpired,
    ClaimNearsEnd,
    ClockBreached,
    ClockWarned,
    Command,
    CorrectLabel,
    CustomerDeleted,
    CustomerEdited,
    CustomerWrote,
    EscalationForced,
    Event,
    FieldsSet,
    HandBack,
    HolderLeft,
    Linked,
    LinkRequested,
    MessageAnnotated,
    Note,
    Release,
    Reopen,
    Reply,
    Resolve,
    Revise,
    SendOverdue,
    SendReported,
    SilencePassed,
    Snooze,
    SnoozeEnded,
    TakeOver,
    Transfer,
    Unblock,
    Wait,
)
from bot.domain.log import LogEvent
from bot.domain.staff_rules import Refusal, Refused
from bot.domain.states import State
from bot.domain.turn import Turn
from bot.errors import MissingTransition


@dataclass(frozen=True, slots=True)
class Do:
    """Apply ``rule``; afterwards the conversation is in one of ``to``."""

    rule: Callable[[Turn, Any], None]
    to: frozenset[State]


@dataclass(frozen=True, slots=True)
class Refuse:
    """The command does not fit this state."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ignore:
    """The deadline is stale in this state."""

    why: str


Cell = Do | Refuse | Ignore

UNOPENED, OPEN, ESCALATED = State.UNOPENED, State.OPEN, State.ESCALATED
CLAIMED, WAITING, SNOOZED, RESOLVED = State.CLAIMED, State.WAITING, State.SNOOZED, State.RESOLVED

NOTHING_YET = Refuse("Nothing here needs an answer yet.")
DONE = Refuse("This conversation is resolved. It opens again when the customer writes.")
NOT_HELD = Refuse("You do not hold this conversation.")
FREE = Refuse("Nobody holds this conversation: claim it.")
NOT_DONE = Refuse("This conversation is not resolved.")
NO_CLOCK = Ignore("No clock runs in this state.")
NOT_CLAIMED = Ignore("Nobody holds the conversation any more.")
NOT_SNOOZED = Ignore("The conversation is not snoozed any more.")
ERASED = "This customer was erased. Nothing can be done here any more."
NOT_SILENT = Ignore("The conversation has moved on.")


def _do(rule: Callable[[Turn, Any], None], *to: State) -> Do:
    return Do(rule, frozenset(to))


TABLE: Mapping[type[Event], Mapping[State, Cell]] = {
    CustomerWrote: {
        UNOPENED: _do(customer_rules.wrote, UNOPENED, OPEN, ESCALATED),
        OPEN: _do(customer_rules.wrote, OPEN, ESCALATED),
        ESCALATED: _do(customer_rules.wrote, ESCALATED),
        CLAIMED: _do(customer_rules.wrote, CLAIMED),
        WAITING: _do(customer_rules.wrote, WAITING, OPEN, ESCALATED, RESOLVED),
        SNOOZED: _do(customer_rules.wrote, SNOOZED, ESCALATED),
        RESOLVED: _do(customer_rules.wrote, RESOLVED, OPEN, ESCALATED),
    },
    CustomerEdited: {
        UNOPENED: _do(customer_rules.edited, UNOPENED, OPEN, ESCALATED),
        OPEN: _do(customer_rules.edited, OPEN, ESCALATED),
        ESCALATED: _do(customer_rules.edited, ESCALATED),
        CLAIMED: _do(customer_rules.edited, CLAIMED),
        WAITING: _do(customer_rules.edited, WAITING, ESCALATED),
        SNOOZED: _do(customer_rules.edited, SNOOZED, ESCALATED),
        RESOLVED: _do(customer_rules.edited, RESOLVED, ESCALATED),
    },
    CustomerDeleted: {
        UNOPENED: _do(customer_rules.deleted, UNOPENED),
        OPEN: _do(customer_rules.deleted, OPEN, WAITING, RESOLVED),
        ESCALATED: _do(customer_rules.deleted, ESCALATED, WAITING, RESOLVED),
        CLAIMED: _do(customer_rules.deleted, CLAIMED),
        WAITING: _do(customer_rules.deleted, WAITING),
        SNOOZED: _do(customer_rules.deleted, SNOOZED),
        RESOLVED: _do(customer_rules.deleted, RESOLVED),
    },
    MessageAnnotated: {state: _do(customer_rules.annotated, state) for state in State},
    AgentReplied: {
        UNOPENED: _do(staff_rules.replied, UNOPENED),
        OPEN: _do(staff_rules.replied, CLAIMED),
        ESCALATED: _do(staff_rules.replied, CLAIMED),
        CLAIMED: _do(staff_rules.replied, CLAIMED),
        WAITING: _do(staff_rules.replied, CLAIMED),
        SNOOZED: _do(staff_rules.replied, CLAIMED),
        RESOLVED: _do(staff_rules.replied, RESOLVED),
    },
    SendReported: {
        UNOPENED: _do(delivery_rules.reported, UNOPENED, ESCALATED),
        OPEN: _do(delivery_rules.reported, OPEN, WAITING, ESCALATED),
        ESCALATED: _do(delivery_rules.reported, ESCALATED, WAITING),
        CLAIMED: _do(delivery_rules.reported, CLAIMED),
        WAITING: _do(delivery_rules.reported, WAITING, ESCALATED),
        SNOOZED: _do(delivery_rules.reported, SNOOZED, ESCALATED),
        RESOLVED: _do(delivery_rules.reported, RESOLVED, ESCALATED),
    },
    SendOverdue: {
        UNOPENED: _do(delivery_rules.overdue, UNOPENED, ESCALATED),
        OPEN: _do(delivery_rules.overdue, OPEN, ESCALATED),
        ESCALATED: _do(delivery_rules.overdue, ESCALATED),
        CLAIMED: _do(delivery_rules.overdue, CLAIMED),
        WAITING: _do(delivery_rules.overdue, WAITING, ESCALATED),
        SNOOZED: _do(delivery_rules.overdue, SNOOZED, ESCALATED),
        RESOLVED: _do(delivery_rules.overdue, RESOLVED, ESCALATED),
    },
    EscalationForced: {
        UNOPENED: _do(delivery_rules.forced, ESCALATED),
        OPEN: _do(delivery_rules.forced, ESCALATED),
        ESCALATED: _do(delivery_rules.forced, ESCALATED),
        CLAIMED: _do(delivery_rules.forced, CLAIMED),
        WAITING: _do(delivery_rules.forced, ESCALATED),
        SNOOZED: _do(delivery_rules.forced, ESCALATED),
        RESOLVED: _do(delivery_rules.forced, ESCALATED),
    },
    ClockWarned: {
        UNOPENED: NO_CLOCK,
        **{state: _do(deadline_rules.warned, state) for state in State if state is not UNOPENED},
    },
    ClockBreached: {
        UNOPENED: NO_CLOCK,
        **{state: _do(deadline_rules.breached, state) for state in State if state is not UNOPENED},
    },
    ClaimNearsEnd: {
        CLAIMED: _do(deadline_rules.claim_near_end, CLAIMED),
        **{state: NOT_CLAIMED for state in State if state is not CLAIMED},
    },
    HolderLeft: {
        CLAIMED: _do(staff_rules.holder_left, CLAIMED, ESCALATED, WAITING),
        **{state: NOT_CLAIMED for state in State if state is not CLAIMED},
    },
    ClaimExpired: {
        CLAIMED: _do(deadline_rules.claim_expired, CLAIMED, ESCALATED, WAITING),
        **{state: NOT_CLAIMED for state in State if state is not CLAIMED},
    },
    SnoozeEnded: {
        SNOOZED: _do(deadline_rules.snooze_ended, SNOOZED, ESCALATED),
        **{state: NOT_SNOOZED for state in State if state is not SNOOZED},
    },
    SilencePassed: {
        OPEN: _do(deadline_rules.silence_passed, OPEN, RESOLVED),
        WAITING: _do(deadline_rules.silence_passed, WAITING, RESOLVED),
        **{state: NOT_SILENT for state in State if state not in {OPEN, WAITING}},
    },
    FieldsSet: {state: _do(link_rules.fields_set, state) for state in State},
    LinkRequested: {
        UNOPENED: _do(link_rules.requested, UNOPENED),
        **{state: _do(link_rules.requested, RESOLVED) for state in State if state is not UNOPENED},
    },
    Linked: {
        UNOPENED: _do(link_rules.linked, UNOPENED, ESCALATED),
        OPEN: _do(link_rules.linked, OPEN, ESCALATED),
        ESCALATED: _do(link_rules.linked, ESCALATED),
        CLAIMED: _do(link_rules.linked, CLAIMED),
        WAITING: _do(link_rules.linked, WAITING, ESCALATED),
        SNOOZED: _do(link_rules.linked, SNOOZED, ESCALATED),
        RESOLVED: _do(link_rules.linked, RESOLVED, ESCALATED),
    },
    Claim: {
        UNOPENED: NOTHING_YET,
        OPEN: _do(staff_rules.claim, CLAIMED),
        ESCALATED: _do(staff_rules.claim, CLAIMED),
        CLAIMED: _do(staff_rules.claim, CLAIMED),
        WAITING: _do(staff_rules.claim, CLAIMED),
        SNOOZED: _do(staff_rules.claim, CLAIMED),
        RESOLVED: DONE,
    },
    TakeOver: {
        UNOPENED: NOTHING_YET,
        OPEN: _do(staff_rules.take_over, CLAIMED),
        ESCALATED: _do(staff_rules.take_over, CLAIMED),
        CLAIMED: _do(staff_rules.take_over, CLAIMED),
        WAITING: _do(staff_rules.take_over, CLAIMED),
        SNOOZED: _do(staff_rules.take_over, CLAIMED),
        RESOLVED: DONE,
    },
    AskFor: {
        UNOPENED: NOTHING_YET,
        OPEN: FREE,
        ESCALATED: FREE,
        CLAIMED: _do(staff_rules.ask_for, CLAIMED),
        WAITING: FREE,
        SNOOZED: FREE,
        RESOLVED: DONE,
    },
    Reply: {
        UNOPENED: NOTHING_YET,
        OPEN: _do(staff_rules.reply, CLAIMED),
        ESCALATED: _do(staff_rules.reply, CLAIMED),
        CLAIMED: _do(staff_rules.reply, CLAIMED),
        WAITING: _do(staff_rules.reply, CLAIMED),
        SNOOZED: _do(staff_rules.reply, CLAIMED),
        RESOLVED: DONE,
    },
    Revise: {state: _do(staff_rules.revise, state) for state in State},
    Note: {state: _do(staff_rules.note, state) for state in State},
    Release: {
        UNOPENED: NOTHING_YET,
        OPEN: NOT_HELD,
        ESCALATED: NOT_HELD,
        CLAIMED: _do(staff_rules.release, ESCALATED, WAITING),
        WAITING: NOT_HELD,
        SNOOZED: NOT_HELD,
        RESOLVED: DONE,
    },
    Snooze: {
        UNOPENED: NOTHING_YET,
        OPEN: _do(staff_rules.snooze, SNOOZED),
        ESCALATED: _do(staff_rules.snooze, SNOOZED),
        CLAIMED: _do(staff_rules.snooze, SNOOZED),
        WAITING: _do(staff_rules.snooze, SNOOZED),
        SNOOZED: _do(staff_rules.snooze, SNOOZED),
        RESOLVED: DONE,
    },
    Wait: {
        UNOPENED: NOTHING_YET,
        OPEN: _do(staff_rules.wait, WAITING),
        ESCALATED: _do(staff_rules.wait, WAITING),
        CLAIMED: _do(staff_rules.wait, WAITING),
        WAITING: _do(staff_rules.wait, WAITING),
        SNOOZED: _do(staff_rules.wait, WAITING),
        RESOLVED: DONE,
    },
    Transfer: {
        UNOPENED: NOTHING_YET,
        OPEN: _do(staff_rules.transfer, ESCALATED),
        ESCALATED: _do(staff_rules.transfer, ESCALATED),
        CLAIMED: _do(staff_rules.transfer, ESCALATED, WAITING),
        WAITING: _do(staff_rules.transfer, WAITING),
        SNOOZED: _do(staff_rules.transfer, SNOOZED),
        RESOLVED: DONE,
    },
    HandBack: {
        UNOPENED: NOTHING_YET,
        OPEN: Refuse("It is the bot's already."),
        ESCALATED: _do(staff_rules.hand_back, OPEN),
        CLAIMED: _do(staff_rules.hand_back, OPEN),
        WAITING: _do(staff_rules.hand_back, OPEN),
        SNOOZED: _do(staff_rules.hand_back, OPEN),
        RESOLVED: DONE,
    },
    CorrectLabel: {state: _do(staff_rules.correct_label, state) for state in State},
    Resolve: {
        UNOPENED: NOTHING_YET,
        OPEN: _do(staff_rules.resolve, RESOLVED),
        ESCALATED: _do(staff_rules.resolve, RESOLVED),
        CLAIMED: _do(staff_rules.resolve, RESOLVED),
        WAITING: _do(staff_rules.resolve, RESOLVED),
        SNOOZED: _do(staff_rules.resolve, RESOLVED),
        RESOLVED: DONE,
    },
    Reopen: {
        UNOPENED: NOTHING_YET,
        **{state: NOT_DONE for state in State if state not in {UNOPENED, RESOLVED}},
        RESOLVED: _do(staff_rules.reopen, CLAIMED),
    },
    Block: {state: _do(staff_rules.block, UNOPENED if state is UNOPENED else RESOLVED) for state in State},
    Unblock: {state: _do(staff_rules.unblock, state) for state in State},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one event does: the conversation afterwards and what is asked for.

    ``refusal`` (a sentence for the person who gave the command, of a ``kind``) or ``ignored``: nothing changes.
    ``deadlines`` are set or moved; ``cancelled`` names those that no longer hold.
    """

    conversation: Conversation
    sends: tuple[Send, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    cancelled: tuple[str, ...] = ()
    log: tuple[LogEvent, ...] = ()
    refusal: str = ""
    kind: Refusal | None = None
    ignored: str = ""


def advance(conversation: Conversation, event: Event, rules: Rules) -> Step:
    """Apply one event. Pure: the same arguments give the same step.

    Raises MissingTransition, naming both, for a pair that the table does not know.
    """
    if conversation.erased and isinstance(event, Command):
        return Step(conversation=conversation, refusal=ERASED, kind=Refusal.NOT_NOW)
    cell = TABLE.get(type(event), {}).get(conversation.state)
    match cell:
        case Do(rule=rule):
            return _apply(rule, conversation, event, rules)
        case Refuse(reason=reason):
            return Step(conversation=conversation, refusal=reason, kind=Refusal.NOT_NOW)
        case Ignore(why=why):
            return Step(conversation=conversation, ignored=why)
        case _:
            raise MissingTransition(f"no rule for {type(event).__name__} in state {conversation.state}")


def _apply(rule: Callable[[Turn, Any], None], conversation: Conversation, event: Event, rules: Rules) -> Step:
    turn = Turn(conversation, rules, event.at)
    try:
        rule(turn, event)
    except Refused as refused:
        return Step(conversation=conversation, refusal=str(refused), kind=refused.kind)
    if not turn.changed and not turn.logged:
        return Step(conversation=conversation, ignored="It no longer fits.")
    turn.change(version=conversation.version + 1, updated_at=event.at)
    after = turn.c
    had, has = deadlines(conversation, rules), deadlines(after, rules)
    return Step(
        conversation=after,
        sends=tuple(turn.sends),
        deadlines=tuple(deadline for key, deadline in has.items() if had.get(key) != deadline),
        cancelled=tuple(key for key in had if key not in has),
        log=tuple(turn.logged),
    )
