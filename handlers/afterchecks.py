"""What may not leave although it was decided: no automatic answer while paused, nothing automatic too late.

What an agent has answered already, as a back-fill shows it, is only recorded.
"""

from __future__ import annotations

from dataclasses import replace

from bot.domain.decisions import Decision, DecisionKind, Reason, Rendered, Situation
from bot.domain.states import HUMAN_STATES, State

#: Reasons that stand while answers are paused: they tell staff more than "paused", and a human has it anyway.
_STANDING = frozenset({Reason.HELD, Reason.HUMAN_WANTED, Reason.REJECTED, Reason.NOT_ASSESSED})
_AUTOMATIC = frozenset({DecisionKind.ANSWER, DecisionKind.GREET})


def hold_back(decision: Decision, situation: Situation, *, acknowledgement: Rendered | None = None) -> Decision:
    """Return the decision without what the situation forbids.

    ``acknowledgement`` stands in for an answer that is held back by the pause switch: the customer is told that
    a person will look.
    """
    if situation.paused:
        decision = _paused(decision, situation, acknowledgement)
    elif situation.late:
        decision = _late(decision)
    answered = situation.replied and (situation.late or not situation.for_brand)
    return _recorded(decision) if answered and decision.kind is not DecisionKind.SILENCE else decision


def _paused(decision: Decision, situation: Situation, acknowledgement: Rendered | None) -> Decision:
    """Escalate: staying silent is automatic too. Only thanks inside a conversation stay thanks.

    Talk between members is not the brand's to stay silent about.
    """
    if decision.kind is DecisionKind.SILENCE and decision.reason is Reason.BETWEEN_MEMBERS:
        return decision
    thanked = decision.kind is DecisionKind.SILENCE and decision.reason is Reason.THANKS
    if thanked and situation.state is not State.UNOPENED:
        return decision
    if decision.reason in _STANDING:
        return decision
    if situation.state in HUMAN_STATES:
        return _handed_over(decision, Reason.HELD)
    spoken = decision.kind in _AUTOMATIC
    return _handed_over(decision, Reason.PAUSED, acknowledgement if spoken else decision.rendered)


def _late(decision: Decision) -> Decision:
    if decision.kind in _AUTOMATIC:
        return _handed_over(decision, Reason.LATE)
    return replace(decision, rendered=None)


def _recorded(decision: Decision) -> Decision:
    """Keep the clocks alone; after a rejection the time since the bot's words counts all the same."""
    return Decision(kind=DecisionKind.RECORD, reason=Reason.ANSWERED, rejected=decision.rejected)


def _handed_over(decision: Decision, reason: Reason, rendered: Rendered | None = None) -> Decision:
    return replace(decision, kind=DecisionKind.ESCALATE, reason=reason, rendered=rendered, settled=False)
