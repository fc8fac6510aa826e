"""What falls due. A deadline that no longer fits is stale and ignored."""

from __future__ import annotations

from bot.domain.conversation import silence_due
from bot.domain.events import ClaimExpired, ClaimNearsEnd, ClockBreached, ClockWarned, SilencePassed, SnoozeEnded
from bot.domain.log import LogKind
from bot.domain.sla import Clock
from bot.domain.states import State
from bot.domain.turn import Turn


def warned(turn: Turn, event: ClockWarned) -> None:
    """Warn that a clock nears its target."""
    clock = _clock(turn, event.key)
    if clock is not None and clock.warn_due and clock.warn_due[0] == event.due_at:
        turn.warn(clock)


def breached(turn: Turn, event: ClockBreached) -> None:
    """Record that a clock has passed its target."""
    clock = _clock(turn, event.key)
    if clock is not None and not clock.breached and clock.due_at == event.due_at:
        turn.breach(clock)


def claim_near_end(turn: Turn, event: ClaimNearsEnd) -> None:
    """Tell the holder that the claim expires soon."""
    until = turn.c.claim_until
    if until is not None and not turn.c.claim_warned and until - turn.rules.claim_notice == event.due_at:
        turn.log(LogKind.CLAIM_ENDING, agent=turn.c.holder, until=until.isoformat())
        turn.change(claim_warned=True)


def claim_expired(turn: Turn, event: ClaimExpired) -> None:
    """Take the conversation from a holder who has not acted."""
    if turn.c.claim_until == event.due_at:
        turn.let_go(by="expiry")


def snooze_ended(turn: Turn, event: SnoozeEnded) -> None:
    """Bring a snoozed conversation back before the staff."""
    if turn.c.snoozed_until == event.due_at:
        turn.log(LogKind.RELEASED, agent=None, by="snooze")
        turn.change(snoozed_until=None)
        turn.move(State.ESCALATED)


def silence_passed(turn: Turn, event: SilencePassed) -> None:
    """Resolve what the bot answered and nobody came back to."""
    if silence_due(turn.c, turn.rules) == event.due_at:
        turn.resolve(by="silence")


def _clock(turn: Turn, key: str) -> Clock | None:
    return next((clock for clock in turn.c.clocks if clock.key == key), None)
