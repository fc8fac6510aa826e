"""The rows of the read database. Mutable on purpose: a batch changes one clock several times before it is stored.

Instants and durations are microseconds (see ``instants``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: Stands where a message was not assessed and so has no label.
UNASSESSED = "unassessed"


class ClockState(StrEnum):
    """Where a clock stands. The first three may yet end; their value so far is a censored duration."""

    RUNNING = "running"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    ENDED = "ended"
    BY_RESOLUTION = "by_resolution"  # a reply clock that an agent ended by resolving without a reply
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Tell whether nothing but a correction can follow."""
        return self in {ClockState.ENDED, ClockState.BY_RESOLUTION, ClockState.CANCELLED}


@dataclass(slots=True, kw_only=True)
class ClockRow:
    """A clock of one conversation: ``elapsed``, plus the time since ``running_since`` if that is set."""

    conversation: str
    metric: str
    instance: int
    channel: str
    label: str
    started_at: int
    state: str
    elapsed: int
    running_since: int | None
    target: int | None = None
    due_at: int | None = None
    ended_at: int | None = None
    ended_by: str | None = None
    warned: bool = False
    breached: bool = False

    def value(self, at: int) -> int:
        """Return what the clock has counted at ``at``."""
        return self.elapsed if self.running_since is None else self.elapsed + max(0, at - self.running_since)

    def stop(self, at: int, state: ClockState) -> None:
        """Let the clock keep its value at ``at``."""
        self.elapsed, self.running_since, self.due_at, self.state = self.value(at), None, None, state.value

    def run_on(self, since: int, due_at: int | None) -> None:
        """Let the clock count from ``since``; its target falls due when the rest of it has passed."""
        self.running_since, self.state, self.due_at = since, ClockState.RUNNING.value, due_at
        if due_at is None and self.target is not None:
            self.due_at = since + self.target - self.elapsed


@dataclass(slots=True, kw_only=True)
class MessageRow:
    """A customer's message and the most that was done about it."""

    conversation: str
    message: str
    at: int
    channel: str
    label: str
    decision: str


@dataclass(slots=True, kw_only=True)
class ConversationRow:
    """What later events of a conversation need: its channel, and the label of its latest message."""

    conversation: str
    channel: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something to count by time: ``opened``, ``resolved`` (detail: by), ``escalated`` (detail: reason)."""

    seq: int
    kind: str
    at: int
    channel: str
    label: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A warning or breach, with how late its commit was."""

    seq: int
    kind: str
    at: int
    lateness: int
    channel: str
    label: str
