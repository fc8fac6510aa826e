"""The rows of the read database. Mutable on purpose: a batch changes one clock several times before it is stored.

Instants and durations are microseconds (see ``instants``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.sla import MOST_SPANS
from bot.reports.business import Calendars

#: Stands where a message was not assessed and so has no label.
UNASSESSED = "unassessed"

Stretch = tuple[int, int]  # from, until


class ClockState(StrEnum):
    """Where a clock stands. The first three may yet end; their value so far is a censored duration."""

    RUNNING = "running"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    ENDED = "ended"
    BY_RESOLUTION = "by_resolution"  # a reply clock that an agent ended by resolving without a reply
    CANCELLED = "cancelled"
    HANDED_ON = "handed_on"  # a team's part of a clock that another team has now, or ended

    @property
    def over(self) -> bool:
        """Tell whether nothing but a correction can follow."""
        return self in {ClockState.ENDED, ClockState.BY_RESOLUTION, ClockState.CANCELLED}


@dataclass(slots=True, kw_only=True)
class ClockRow:
    """A clock of one conversation, or one of the three sums, with what it is told apart by.

    ``spans`` are the times in which it ran before; ``elapsed`` is what they amount to in ``calendar``'s time,
    ``wall`` in calendar time. ``summed`` and ``walled`` are the parts of the two whose spans are kept no more.
    ``handovers`` are the teams that had it before ``team``, each with the instant until which. ``breached_at`` and
    ``warned_at`` are the instants at which the target, and the first warned share of it, had passed. ``states`` is
    kept on resolution clocks: the conversation's states, each with the instant since when (the first since ever).
    """

    conversation: str
    metric: str
    instance: int
    channel: str
    label: str
    started_at: int
    state: str
    running_since: int | None
    elapsed: int = 0
    wall: int = 0
    language: str = ""
    team: str = ""
    priority: str = ""
    tier: str = ""
    policy: str = ""
    agent: str = ""
    hour: int = 0
    calendar: str = ""
    spans: list[Stretch] = field(default_factory=list)
    summed: int = 0
    walled: int = 0
    handovers: list[tuple[int, str]] = field(default_factory=list)
    states: list[tuple[int, str]] = field(default_factory=list)
    target: int | None = None
    due_at: int | None = None
    ended_at: int | None = None
    ended_by: str | None = None
    warnings: int = 0
    warned_at: int | None = None
    breached: bool = False
    breached_at: int | None = None

    @property
    def over(self) -> bool:
        """Tell whether it has ended, in whatever way."""
        return self.ended_at is not None

    def ran(self) -> Iterator[tuple[int, int | None]]:
        """Yield the times in which it ran, as far as they are kept; the last may still last (None)."""
        yield from self.spans
        if self.running_since is not None:
            yield self.running_since, None

    def stop(self, at: int, state: ClockState, calendars: Calendars) -> None:
        """Let the clock keep its value at ``at``."""
        if self.running_since is not None and self.running_since < at:
            self._add((self.running_since, at), calendars)
        self.running_since, self.due_at, self.state = None, None, state.value

    def run_on(self, since: int) -> None:
        """Let the clock count from ``since``."""
        self.running_since, self.state = since, ClockState.RUNNING.value

    def end(self, at: int, state: ClockState, by: str, calendars: Calendars) -> None:
        """End the clock at an instant, which may lie before it last stopped."""
        self.clip(at, calendars)
        self.stop(at, state, calendars)
        self.ended_at, self.ended_by = at, by

    def clip(self, at: int, calendars: Calendars) -> None:
        """Forget that it ran after ``at``."""
        if self.spans and self.spans[-1][1] > at:
            self.spans = [(start, min(end, at)) for start, end in self.spans if start < at]
            self.recount(calendars)

    def recount(self, calendars: Calendars) -> None:
        """Count the kept spans again, as a calendar that came later asks for."""
        self.elapsed = sum((calendars.between(self.calendar, *span) for span in self.spans), self.summed)
        self.wall = sum((end - start for start, end in self.spans), self.walled)

    def _add(self, span: Stretch, calendars: Calendars) -> None:
        self.spans.append(span)
        self.elapsed += calendars.between(self.calendar, *span)
        self.wall += span[1] - span[0]
        while len(self.spans) > MOST_SPANS:  # as the engine does, so that a later calendar counts the same
            start, end = self.spans.pop(0)
            self.summed += calendars.between(self.calendar, start, end)
            self.walled += end - start

    # --- whose it is

    def hand_over(self, at: int, team: str) -> None:
        """Give the clock to another team; one that had it for no time at all never had it."""
        if team != self.team and at > max([self.started_at, *(until for until, _ in self.handovers)]):
            self.handovers.append((at, self.team))
        self.team = team

    def team_at(self, at: int) -> str:
        """Return which team had it at an instant."""
        return next((team for until, team in self.handovers if at < until), self.team)

    @property
    def owner(self) -> str:
        """Return the team that has it, or had it when it ended."""
        return self.team if self.ended_at is None else self.team_at(self.ended_at)


@dataclass(slots=True, kw_only=True)
class MessageRow:
    """A customer's message and the most that was done about it. Team, priority and tier are its conversation's.

    ``checked``: staff had the conversation before them after that, or said what the message is. ``rejected`` by
    the customer, ``relabelled`` by staff as something else: then what was done by itself was wrong.
    """

    conversation: str
    message: str
    at: int
    hour: int
    channel: str
    label: str
    decision: str
    language: str = ""
    team: str = ""
    priority: str = ""
    tier: str = ""
    checked: bool = False
    rejected: bool = False
    relabelled: bool = False


@dataclass(slots=True, kw_only=True)
class ConversationRow:
    """What later events of a conversation need to know. ``label`` is that of its latest message.

    ``holder`` is the agent who has it, ``asked`` its latest message, ``answered`` the last that the bot answered.
    ``asked_in`` is the instant of the commit that ``asked`` came with.
    """

    conversation: str
    channel: str = ""
    label: str = UNASSESSED
    language: str = ""
    team: str = ""
    priority: str = ""
    tier: str = ""
    holder: str = ""
    asked: str = ""
    asked_in: int = 0
    answered: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something to count by time: ``opened``, ``resolved`` (detail: by), ``escalated`` (detail: reason)."""

    seq: int
    kind: str
    at: int
    hour: int
    detail: str
    channel: str
    label: str
    language: str
    team: str
    priority: str
    tier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A warning or breach of a clock, with how late its commit was and the team that had it when it was due.

    ``noticed`` is the instant of the commit, so that ``lateness`` before it there was something to notice.
    """

    seq: int
    kind: str
    at: int
    noticed: int
    lateness: int
    conversation: str
    metric: str
    instance: int
    team: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A time in which Heed did not run, or stood still: what came due from ``since`` to ``until`` had to wait.

    Whatever of it was noticed from ``after`` on was noticed after downtime. ``since`` 0: since ever, for how long
    Heed was down before a start stands nowhere.
    """

    seq: int
    since: int
    until: int
    after: int
