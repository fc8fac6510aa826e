"""Who on the brand's staff may do what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.messages import AgentId


class Role(StrEnum):
    """What a member of staff is trusted with."""

    AGENT = "agent"
    LEAD = "lead"
    ADMIN = "admin"


class Right(StrEnum):
    """What somebody may want to do."""

    HANDLE = (
        "handle"  # claim, reply, note, transfer, snooze, resolve, reopen and all else that a conversation needs
    )
    TAKE_OVER = "take_over"  # take a conversation from its holder, change what somebody else has sent
    BLOCK = "block"  # stop hearing a customer who floods, and hear them again
    WATCH = "watch"  # see the operations page
    PAUSE = "pause"  # stop and restart all automatic answers
    AUDIT = "audit"  # see and export who did what


#: The one place that says which role may do what.
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.AGENT: frozenset({Right.HANDLE, Right.WATCH}),
    Role.LEAD: frozenset({Right.HANDLE, Right.TAKE_OVER, Right.BLOCK, Right.WATCH, Right.PAUSE, Right.AUDIT}),
    Role.ADMIN: frozenset(Right),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A human on staff, with the role and team held at this moment. ``team`` is "" for somebody in none.

    ``outside``: they answer through another system, and Heed knows nothing else of them.
    """

    id: AgentId
    role: Role = Role.AGENT
    team: str = ""
    outside: bool = False

    def may(self, right: Right) -> bool:
        """Tell whether this agent's role includes ``right``."""
        return right in RIGHTS[self.role]
