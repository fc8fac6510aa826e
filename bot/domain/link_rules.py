"""Joining two conversations about one matter: the earliest start stays, and nothing is answered by joining.

A two-step saga, because the two may live on different shards: ``LinkRequested`` ends the one, ``Linked`` brings
what waited there into the other. Each step may be repeated.
"""

from __future__ import annotations

from bot.domain.decisions import Reason
from bot.domain.events import FieldsSet, Linked, LinkRequested
from bot.domain.log import LogKind
from bot.domain.messages import Author
from bot.domain.sla import HUMAN_REPLY, Clock, Metric
from bot.domain.states import State
from bot.domain.turn import Turn


def requested(turn: Turn, event: LinkRequested) -> None:
    """End this conversation in favour of another: its clocks are cancelled, not fulfilled (decision 10)."""
    if turn.c.merged_into == event.into:
        return
    turn.log(LogKind.LINK_REQUESTED, into=event.into, by=event.by)
    turn.change(merged_into=event.into)
    if turn.c.state not in {State.UNOPENED, State.RESOLVED}:
        turn.resolve(by="merge")


def linked(turn: Turn, event: Linked) -> None:
    """Take in what waited in another conversation, each clock from the earlier of the two starts."""
    if event.other in turn.c.linked:
        return
    turn.log(LogKind.LINKED, other=event.other)
    turn.change(linked=(*turn.c.linked, event.other))
    if not event.unanswered:
        return
    if turn.c.state in {State.UNOPENED, State.RESOLVED}:
        turn.open(min(sent_at for _, sent_at in event.unanswered))
    turn.change(received=turn.c.received + len(event.unanswered))
    for message, sent_at in sorted(event.unanswered, key=lambda pair: pair[1]):
        turn.expect_answer(message, sent_at)
    for clock in event.clocks:
        _take_start(turn, clock)
    if turn.c.state in {State.OPEN, State.WAITING, State.SNOOZED}:
        turn.escalate(Reason.LINKED, by_bot=turn.c.spoke_last is not Author.AGENT)


def fields_set(turn: Turn, event: FieldsSet) -> None:
    """Take over whose the conversation is and how urgent, as somebody says."""
    said = {"team": event.team, "priority": event.priority, "tier": event.tier}
    turn.set_fields(by=event.by, **{name: value for name, value in said.items() if value is not None})


def _take_start(turn: Turn, theirs: Clock) -> None:
    """Let this conversation's clock of the same kind begin when the other's did, if that was earlier."""
    kinds = HUMAN_REPLY if theirs.metric in HUMAN_REPLY else (theirs.metric,)
    ours = turn.c.clock(*kinds)
    if ours is not None:
        turn.begin_with(ours, theirs)
    elif theirs.metric is Metric.HANDOFF_WAIT:
        waited = tuple(message.sent_at for message in turn.c.unanswered)
        turn.activate(Metric.HANDOFF_WAIT, theirs.started_at, waited=waited)
