"""The states of a conversation."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a conversation stands. What each clock does in it stands in ``docs/definitions.md``."""

    UNOPENED = "unopened"  # nothing yet that needs an answer: no clock, on no list
    OPEN = "open"  # the bot may answer
    ESCALATED = "escalated"  # waits for a human
    CLAIMED = "claimed"  # a human holds it
    WAITING = "waiting"  # the customer has to act
    SNOOZED = "snoozed"  # staff will return at a stated time
    RESOLVED = "resolved"  # done


#: States in which a human has the word, or will have it.
HUMAN_STATES = frozenset({State.ESCALATED, State.CLAIMED, State.SNOOZED})
