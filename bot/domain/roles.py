"""Who on the brand's staff may do what. Teams and finer roles join this table later."""

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

    HANDLE = "handle"  # claim, reply, note, release, resolve
    WATCH = "watch"  # see the operations page
    PAUSE = "pause"  # stop and restart all automatic answers


#: The one place that says which role may do what.
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.AGENT: frozenset({Right.HANDLE, Right.WATCH}),
    Role.LEAD: frozenset({Right.HANDLE, Right.WATCH, Right.PAUSE}),
    Role.ADMIN: frozenset(Right),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A human on staff, with the role held at this moment."""

    id: AgentId
    role: Role = Role.AGENT

    def may(self, right: Right) -> bool:
        """Tell whether this agent's role includes ``right``."""
        return right in RIGHTS[self.role]
