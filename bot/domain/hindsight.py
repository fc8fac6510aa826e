"""Words that reached the customer, also those that are learned of late (decision 16).

What was noted before stays in the log; a ``correct`` event beside it says what is true.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import zip_longest

from bot.domain.clockwork import Clockwork, iso
from bot.domain.conversation import Unanswered
from bot.domain.log import LogKind
from bot.domain.messages import AgentId
from bot.domain.sla import HUMAN_REPLY, REPLY_METRICS, Clock, EndedClock, Metric


class Hindsight(Clockwork):
    """The clocks of the working copy, and what words end of them: now, or in truth some time ago."""

    def end_replied(self, at: datetime, *, agent: AgentId | None, ended: bool = False) -> None:
        """Let a human's words end the open clocks that wait for them; what they did not answer waits on.

        ``ended``: they have ended the wait for a human already, as was learned late.
        """
        rest = tuple(message.sent_at for message in self.c.unanswered)
        for clock in self.c.clocks:
            if clock.metric not in REPLY_METRICS or not covers_more(clock, self.c.unanswered):
                continue
            if clock.started_at > at:
                if min(clock.waited) <= at:
                    self._began_later(clock, rest)
                continue
            later = tuple(sent for sent in clock.waited if sent > at or sent in rest)
            heard = tuple(sent for sent in clock.waited if sent not in later)
            if ended and clock.metric in HUMAN_REPLY:
                self.cancel(clock, by="agent")
            else:
                self.fulfill(replace(clock, waited=heard or (clock.started_at,)), by="agent", at=at, agent=agent)
            if clock.metric in HUMAN_REPLY:
                new = self._carry_on(clock, (*(sent for sent in later if sent not in rest), *rest))
                if new is not None and new.running_since is not None and not rest:  # all of it was taken back
                    self.cancel(new, by="deleted")

    def _began_later(self, clock: Clock, rest: tuple[datetime, ...]) -> None:
        """Keep a clock that began after the words only for what they left unanswered."""
        left = tuple(sent for sent in clock.waited if sent in rest)
        if left:
            self._put(replace(clock, waited=left))
        else:
            self.cancel(clock, by="agent")

    def spoken_earlier(
        self, at: datetime, *, by: str, heard: datetime, metrics: Container[Metric], agent: AgentId | None = None
    ) -> bool:
        """Let words that are learned of late end the clocks that they had ended in truth.

        Returns whether the wait for a human was among them: it ends only once, so what else waited then is void.
        """
        human = False
        for ended in self.c.ended:
            clock = ended.clock
            if clock.metric not in metrics or min(clock.waited) > heard:
                continue
            if clock.started_at > at and max(clock.waited) <= heard:
                self._void(ended)
            elif clock.started_at <= at < ended.ended_at and human and clock.metric in HUMAN_REPLY:
                self._void(ended)
                self._second_burst(ended, heard)
            elif clock.started_at <= at < ended.ended_at:
                self._end_earlier(ended, at, by=by, heard=heard, agent=agent)
                human = human or clock.metric in HUMAN_REPLY
        return human

    def _void(self, ended: EndedClock) -> None:
        """Take back a clock that began only after the words that it seemed to wait for."""
        self.change(ended=tuple(other for other in self.c.ended if other is not ended))
        self._log_clock(
            LogKind.CORRECT,
            ended.clock,
            because="earlier_reply",
            ended=iso(ended.clock.started_at),
            by="agent",
            cancelled=True,
            elapsed=0.0,
            breached=False,
            warnings=0,
        )

    def _end_earlier(
        self, ended: EndedClock, at: datetime, *, by: str, heard: datetime, agent: AgentId | None
    ) -> None:
        calendar = self._calendar(ended.clock)
        warnings, breached = ended.clock.passed(at, calendar)
        true = replace(
            ended.clock,
            spans=ended.clock.spans_until(at),
            stopped_at=at,
            elapsed=ended.clock.value(at, calendar),
            warnings=warnings,
            breached=breached,
            waited=tuple(sent_at for sent_at in ended.clock.waited if sent_at <= heard),
        )
        corrected = EndedClock(clock=true, ended_at=at, by=by, agent=agent)
        self.change(ended=tuple(corrected if other is ended else other for other in self.c.ended))
        self._log_clock(
            LogKind.CORRECT,
            true,
            because="earlier_reply",
            ended=at.isoformat(),
            by=by,
            agent=agent,
            elapsed=true.elapsed.total_seconds(),
            breached=breached,
            warnings=warnings,
        )
        if ended.clock.metric in HUMAN_REPLY:
            self._second_burst(ended, heard)

    def _second_burst(self, ended: EndedClock, heard: datetime) -> None:
        """Give the messages that the earlier reply had not heard a clock of their own, which ended as this one."""
        clock = self._carry_on(ended.clock, tuple(sent_at for sent_at in ended.clock.waited if sent_at > heard))
        if clock is None:
            return
        if ended.clock.aim is not None and clock.aim is None:
            self._aim(clock)
            clock = self._now(clock)
        at = max(ended.ended_at, clock.started_at)
        if ended.cancelled:
            self.cancel(clock, by=ended.by, at=at)
        else:
            self.fulfill(clock, by=ended.by, at=at, agent=ended.agent)

    def _carry_on(self, clock: Clock, waited: tuple[datetime, ...]) -> Clock | None:
        """Start a next-reply clock for what an ended clock covered and its reply had not heard, if anything.

        It runs and stands still as the ended one did from there on.
        """
        if not waited:
            return None
        since = min(waited)
        new = self.activate(Metric.NEXT_REPLY, since, waited=tuple(sorted(waited)))
        for stood, ran_on in _gaps(clock, since):
            self.suspend(self._now(new), stood)
            if ran_on is not None:
                self.resume(self._now(new), ran_on, counted=False)
        return self._now(new)


def covers_more(clock: Clock, rest: Iterable[Unanswered]) -> bool:
    """Tell whether a clock covers a message besides those that an answer has left unanswered."""
    return bool(Counter(clock.waited) - Counter(message.sent_at for message in rest))


def _gaps(clock: Clock, since: datetime) -> Iterator[tuple[datetime, datetime | None]]:
    """Yield from when until when a clock stood still after ``since``; None: it has not run since."""
    ran = [(span.start, span.end) for span in clock.spans if span.end > since]
    begins = [start for start, _ in ran] + ([] if clock.running_since is None else [clock.running_since])
    ends = [since, *(end for _, end in ran)]
    for stood, ran_on in zip_longest(ends, begins):
        if stood is not None and (ran_on is None or ran_on > stood) and (ran_on or clock.suspended):
            yield stood, ran_on
