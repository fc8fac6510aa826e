"""Clocks: how long somebody has been waiting, and by when the brand wants to have answered.

A clock is measured whether or not a policy applies. Its value is the business time of the spans in which it ran.
Definitions: ``docs/definitions.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.calendar import ALWAYS_OPEN, Calendar
from bot.domain.messages import AgentId

#: More spans than this are added up: a clock that has stopped so often is not corrected that far back.
MOST_SPANS = 50


class Metric(StrEnum):
    """What a clock measures. The three sums of states are computed from the log by ``bot.reports``."""

    FIRST_RESPONSE = "first_response_time"
    FIRST_REPLY = "first_reply_time"
    NEXT_REPLY = "next_reply_time"
    HANDOFF_WAIT = "handoff_wait_time"
    RESOLUTION = "resolution_time"


#: The clocks that measure the wait for a human's words: one of the two runs at a time.
HUMAN_REPLY = (Metric.FIRST_REPLY, Metric.NEXT_REPLY)

#: The clocks that an answer stops, and that resolving fulfils.
REPLY_METRICS = (Metric.FIRST_RESPONSE, *HUMAN_REPLY, Metric.HANDOFF_WAIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time in which a clock ran."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a policy wants of one clock. ``shares`` of the target at which to warn, ascending, each in (0, 1)."""

    policy: str
    target: timedelta
    shares: tuple[float, ...] = (0.8,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One clock of one conversation. It runs while ``running_since`` is set.

    ``spans`` are the times in which it ran before, ``elapsed`` is their business time (``summed`` is the part of
    it whose spans are not kept). ``stopped_at`` is when it last stopped. ``calendar`` names whose time it counts.
    ``due_at`` and ``warn_due`` (what is still to be warned of, ascending) are set while it runs towards a target.
    ``eligible_at`` is the latest of target attached, clock resumed and message arrived: before that instant
    nothing can have been noticed. ``waited`` are the times of the customer's messages that it covers.
    """

    metric: Metric
    instance: int
    started_at: datetime
    running_since: datetime | None
    spans: tuple[Span, ...] = ()
    elapsed: timedelta = timedelta(0)
    summed: timedelta = timedelta(0)
    stopped_at: datetime | None = None
    suspended: bool = False
    calendar: str = ""
    aim: Aim | None = None
    due_at: datetime | None = None
    warn_due: tuple[datetime, ...] = ()
    eligible_at: datetime | None = None
    warnings: int = 0
    breached: bool = False
    waited: tuple[datetime, ...] = ()

    @property
    def key(self) -> str:
        """Return the name of this clock within its conversation."""
        return f"{self.metric}:{self.instance}"

    @property
    def target(self) -> timedelta | None:
        """Return by when the brand wants it to have stopped, counted from its start."""
        return None if self.aim is None else self.aim.target

    @property
    def warned(self) -> bool:
        """Tell whether a warning has been given."""
        return self.warnings > 0

    def value(self, at: datetime, calendar: Calendar = ALWAYS_OPEN) -> timedelta:
        """Return how much time this clock had counted at ``at``, which may lie before it stopped."""
        spans = sum((calendar.between(span.start, min(span.end, at)) for span in self.spans), self.summed)
        return spans if self.running_since is None else spans + calendar.between(self.running_since, at)

    def passed(self, at: datetime, calendar: Calendar = ALWAYS_OPEN) -> tuple[int, bool]:
        """Return how many warnings, and whether the target, had passed before ``at``.

        What falls due at that instant itself had not.
        """
        if self.aim is None:
            return 0, False
        due = (self.counted_at(self.aim.target * share, calendar) for share in self.aim.shares)
        end = self.counted_at(self.aim.target, calendar)
        return sum(instant is not None and instant < at for instant in due), end is not None and end < at

    def spans_until(self, at: datetime) -> tuple[Span, ...]:
        """Return the spans in which it ran before ``at``."""
        return tuple(Span(start=span.start, end=min(span.end, at)) for span in self.spans if span.start < at)

    def ran_until(self, at: datetime) -> tuple[Span, ...]:
        """Return the times in which it ran before ``at``, the present one with them."""
        since = self.running_since
        present = () if since is None or since >= at else (Span(start=since, end=at),)
        return (*self.spans_until(at), *present)

    def counted_at(self, amount: timedelta, calendar: Calendar = ALWAYS_OPEN) -> datetime | None:
        """Return the first instant at which it ran and had counted ``amount``, None if there is none."""
        left = amount - self.summed
        for span in self.spans:
            reached = calendar.add(span.start, left)
            if reached < span.end:  # at the end of a span it stands still: nothing is due before it runs on
                return reached
            left -= calendar.between(span.start, span.end)
        return None if self.running_since is None else calendar.add(self.running_since, left)

    def stop(self, at: datetime, calendar: Calendar = ALWAYS_OPEN) -> Clock:
        """Return this clock standing still, with its value at ``at``."""
        spans = self.spans
        if self.running_since is not None and self.running_since < at:
            spans = (*spans, Span(start=self.running_since, end=at))
        stopped = replace(self, spans=spans, running_since=None, stopped_at=at, due_at=None, warn_due=())
        return _counted(stopped, calendar)

    def suspend(self, at: datetime, calendar: Calendar = ALWAYS_OPEN) -> Clock:
        """Return this clock stopped by a bot's answer, until the customer writes again."""
        return replace(self.stop(at, calendar), suspended=True)

    def resume(self, at: datetime, calendar: Calendar = ALWAYS_OPEN, *, counted: bool = False) -> Clock:
        """Return this clock running again; ``counted`` adds the time between, as after a rejected answer."""
        since = self.stopped_at if counted and self.stopped_at is not None else at
        running = replace(self, running_since=min(since, at), stopped_at=None, suspended=False, eligible_at=at)
        return running.aimed(calendar)

    def begun_earlier(self, at: datetime, calendar: Calendar = ALWAYS_OPEN) -> Clock:
        """Return this running clock with its present span begun at ``at``, where that is earlier.

        The first span moves the clock's start; a later one goes back at most to where the clock had stopped.
        """
        if self.running_since is None or at >= self.running_since:
            return self
        if self.running_since == self.started_at:
            moved = replace(self, started_at=at, running_since=at)
        else:
            floor = self.spans[-1].end if self.spans else self.started_at
            moved = replace(self, running_since=max(at, floor))
        return moved.aimed(calendar)

    def preceded_by(self, span: Span, calendar: Calendar = ALWAYS_OPEN) -> Clock:
        """Return this clock begun with a time before its own start; an empty span moves the start alone."""
        if self.running_since == span.end:
            return replace(self, started_at=span.start, running_since=span.start).aimed(calendar)
        spans = (span, *self.spans) if span.start < span.end else self.spans
        return _counted(replace(self, started_at=span.start, spans=spans), calendar).aimed(calendar)

    def aimed_at(self, aim: Aim, calendar: Calendar, *, at: datetime) -> Clock:
        """Return this clock with a target, which counts from the clock's start in ``calendar``'s time."""
        fresh = replace(self, aim=aim, calendar=calendar.id, eligible_at=at, warnings=0, breached=False)
        return _counted(fresh, calendar).aimed(calendar)

    def aimed(self, calendar: Calendar) -> Clock:
        """Return this clock with the instants at which it warns and breaches, if it runs towards a target."""
        if self.running_since is None or self.aim is None or self.breached:
            return replace(self, due_at=None if not self.breached else self.due_at, warn_due=())
        target, shares = self.aim.target, self.aim.shares[self.warnings :]
        due = (self.counted_at(target * share, calendar) for share in shares)
        return replace(
            self,
            due_at=self.counted_at(target, calendar),
            warn_due=tuple(instant for instant in due if instant is not None),
        )

    def with_warning(self) -> Clock:
        """Return this clock with its next warning given."""
        return replace(self, warnings=self.warnings + 1, warn_due=self.warn_due[1:])

    def with_breach(self) -> Clock:
        """Return this clock with its target passed; it warns no more."""
        return replace(self, breached=True, warn_due=())


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedClock:
    """A reply clock that has ended, kept for a while: a fact learned late may end it earlier.

    ``by`` is what ended it: agent, bot or resolution, or what cancelled it; ``agent`` is who, where it was one.
    """

    clock: Clock
    ended_at: datetime
    by: str
    agent: AgentId | None = None
    cancelled: bool = False


def _counted(clock: Clock, calendar: Calendar) -> Clock:
    """Return a clock with its spans counted, the oldest of too many added up."""
    spans, summed = clock.spans, clock.summed
    while len(spans) > MOST_SPANS:
        summed += calendar.between(spans[0].start, spans[0].end)
        spans = spans[1:]
    elapsed = sum((calendar.between(span.start, span.end) for span in spans), summed)
    return replace(clock, spans=spans, summed=summed, elapsed=elapsed)


Targets = Mapping[Metric, timedelta]
