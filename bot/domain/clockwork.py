"""What one step does to a conversation's clocks: they start, stop, run on, get targets, warn and breach.

What words that reached the customer end of them stands in ``hindsight``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.domain.calendar import Calendar
from bot.domain.log import LogKind, Scalar
from bot.domain.messages import AgentId
from bot.domain.policies import Policy, chosen
from bot.domain.sla import HUMAN_REPLY, REPLY_METRICS, Clock, EndedClock, Metric, Span
from bot.domain.states import HUMAN_STATES
from bot.domain.working_copy import WorkingCopy

#: Ended reply clocks that are kept: what happened before them is not corrected any more.
MOST_ENDED = 8

#: Times of messages that one clock remembers.
MOST_WAITED = 200

#: What has cancelled a clock that was in truth ended before, if a reply from before it is learned of.
_REVOCABLE = {"bot", "deleted"}

#: First and next replies share one count of instances.
_FAMILY = {Metric.FIRST_REPLY: "reply", Metric.NEXT_REPLY: "reply"}


class Clockwork(WorkingCopy):
    """The clocks of the working copy."""

    # --- starting and stopping

    def activate(
        self,
        metric: Metric,
        started_at: datetime,
        *,
        waited: tuple[datetime, ...] = (),
        agent: AgentId | None = None,
    ) -> Clock:
        """Start a new instance of a clock; ``agent``: who on staff began it, where no customer did."""
        family = _FAMILY.get(metric, metric.value)
        instance = self.c.instances.get(family, 0) + 1
        clock = Clock(
            metric=metric,
            instance=instance,
            started_at=started_at,
            running_since=started_at,
            calendar=self.rules.calendar,
            eligible_at=self.at,
            waited=waited or (started_at,),
        )
        self.change(instances={**self.c.instances, family: instance}, clocks=(*self.c.clocks, clock))
        label = self.c.label.value if self.c.label else None
        channel = self.c.address.channel
        about: dict[str, Scalar] = {"channel": channel, "label": label, "calendar": clock.calendar}
        if agent is not None:
            about["agent"] = agent
        self._log_clock(LogKind.ACTIVATE, clock, started_at, **about)
        self.attach_targets()
        return self._now(clock)

    def suspend(self, clock: Clock, at: datetime) -> None:
        """Stop a human-reply clock because the bot has answered."""
        clock = self._true_until(clock, at)
        self._put(clock.suspend(at, self._calendar(clock)))
        self._log_clock(LogKind.SUSPEND, clock, at)

    def pause(self, clock: Clock) -> None:
        """Let a clock keep its value while the customer has to act."""
        clock = self._true_until(clock, self.at)
        self._put(clock.stop(self.at, self._calendar(clock)))
        self._log_clock(LogKind.PAUSE, clock)

    def resume(self, clock: Clock, at: datetime, *, counted: bool) -> None:
        """Let a clock run on; ``counted``: as if it had never stopped."""
        at = max(at, clock.stopped_at or at)
        running = clock.resume(at, self._calendar(clock), counted=counted)
        running = replace(running, eligible_at=self.at, waited=_joined(clock, at))
        self._put(running)
        self._log_clock(
            LogKind.RESUME,
            running,
            at,
            counted=counted,
            since=iso(running.running_since),
            due=iso(running.due_at),
        )

    def join(self, clock: Clock, sent_at: datetime) -> None:
        """Let a running clock cover one more message; one that was sent before it began moves it back.

        What was sent before the last words to the customer was overtaken by them, and moves nothing.
        """
        joined = replace(clock, waited=_joined(clock, sent_at))
        self._put(joined)
        if self.c.spoke_at is None or sent_at > self.c.spoke_at:
            self.begin_earlier(joined, sent_at, because="earlier_message")

    def begin_with(self, clock: Clock, other: Clock) -> None:
        """Let a clock begin when another did, if that was earlier, and count what that one had run by then.

        The times go before ours one by one, the latest first, each with its ``correct`` event.
        """
        if other.started_at >= clock.started_at:
            return
        spans = other.ran_until(clock.started_at)
        if not spans or spans[0].start > other.started_at:
            spans = (Span(start=other.started_at, end=other.started_at), *spans)
        for span in reversed(spans):
            clock = replace(clock.preceded_by(span, self._calendar(clock)), eligible_at=self.at)
            self._put(clock)
            self._log_start(clock, because="link", until=span.end.isoformat())
        self._notice_standing(clock)

    def begin_earlier(self, clock: Clock, at: datetime, *, because: str) -> None:
        """Move the beginning of a running clock's present span back to ``at``, if that is earlier."""
        moved = clock.begun_earlier(at, self._calendar(clock))
        if moved.running_since == clock.running_since:
            return
        self._put(replace(moved, eligible_at=self.at))
        self._log_start(moved, because=because)

    def _log_start(self, clock: Clock, **fields: Scalar) -> None:
        """Say from when a clock counts in truth."""
        started, since, due = iso(clock.started_at), iso(clock.running_since), iso(clock.due_at)
        self._log_clock(LogKind.CORRECT, clock, started=started, since=since, due=due, **fields)

    def fulfill(self, clock: Clock, *, by: str, at: datetime, agent: AgentId | None = None) -> None:
        """End a clock: what it measured has happened."""
        clock = self._true_until(clock, at)
        calendar = self._calendar(clock)
        elapsed = clock.value(at, calendar)
        self._drop(clock)
        self._log_clock(LogKind.FULFILL, clock, at, by=by, elapsed=elapsed.total_seconds(), agent=agent)
        if clock.metric in REPLY_METRICS:
            stopped = replace(clock.stop(at, calendar), elapsed=elapsed)  # it may have stood still since before
            self._remember(EndedClock(clock=stopped, ended_at=at, by=by, agent=agent))

    def cancel(self, clock: Clock, *, by: str, at: datetime | None = None) -> None:
        """End a clock that measures nothing any more."""
        at = at or self.at
        clock = self._true_until(clock, at)
        self._drop(clock)
        self._log_clock(LogKind.CANCEL, clock, at, by=by)
        if clock.metric in REPLY_METRICS and by in _REVOCABLE:
            stopped = clock.stop(at, self._calendar(clock))
            self._remember(EndedClock(clock=stopped, ended_at=at, by=by, cancelled=True))

    def fulfill_open(
        self, metrics: Iterable[Metric], *, by: str, at: datetime, agent: AgentId | None = None
    ) -> None:
        """End those of these clocks that are open."""
        for clock in self.c.clocks:
            if clock.metric in metrics:
                self.fulfill(clock, by=by, at=at, agent=agent)

    def cancel_reply_clocks(self, *, by: str) -> None:
        """End all clocks that wait for words, unmeasured."""
        for clock in self.c.clocks:
            if clock.metric in REPLY_METRICS:
                self.cancel(clock, by=by)

    # --- targets

    def attach_targets(self) -> None:
        """Apply the policy to the clocks that have no target yet; human replies once a human has the word."""
        for clock in self.c.clocks:
            if clock.aim is None and not self._too_early(clock):
                self._aim(clock)

    def retarget(self) -> None:
        """Apply another policy to the open clocks, if another one fits now; a target without successor stays."""
        policy = self._policy()
        for clock in self.c.clocks:
            changed = policy is not None and (clock.aim is None or clock.aim.policy != policy.name)
            if changed and not self._too_early(clock):
                self._aim(clock)

    def _too_early(self, clock: Clock) -> bool:
        return clock.metric in HUMAN_REPLY and self.c.state not in HUMAN_STATES

    def _policy(self) -> Policy | None:
        """Return the policy that fits; the conversation's own copy, if that is the one."""
        best, copied = chosen(self.rules.policies, self.c.traits), self.c.policy
        return copied if best is not None and copied is not None and best.name == copied.name else best

    def _aim(self, clock: Clock) -> None:
        policy = self._policy()
        aim = None if policy is None else policy.aim(clock.metric)
        if policy is None or aim is None:
            return
        calendar = self.rules.calendar_of(policy.calendar or self.rules.calendar)
        aimed = clock.aimed_at(aim, calendar, at=self.at)
        self.change(policy=policy)
        self._put(aimed)
        self._log_clock(
            LogKind.APPLY_SLA,
            aimed,
            policy=policy.name,
            target=aim.target.total_seconds(),
            calendar=calendar.id,
            due=iso(aimed.due_at),
        )
        self._notice_standing(aimed)

    # --- warnings and breaches

    def warn(self, clock: Clock) -> Clock:
        """Note that a share of the target has passed, and how late that was noticed."""
        due, share = clock.warn_due[0], clock.aim.shares[clock.warnings] if clock.aim else None
        warned = clock.with_warning()
        self._put(warned)
        self._notice(LogKind.WARN, warned, due, share=share)
        return warned

    def breach(self, clock: Clock) -> Clock:
        """Note that the target has passed, and how late that was noticed."""
        breached = clock.with_breach()
        self._put(breached)
        if clock.due_at is not None:
            self._notice(LogKind.BREACH, breached, clock.due_at)
        return breached

    def _notice_standing(self, clock: Clock) -> None:
        """Warn of and breach what a clock that stands still had counted already: no deadline will tell."""
        if clock.aim is None or clock.running_since is not None or clock.breached:
            return
        target, calendar = clock.aim.target, self._calendar(clock)
        for share in clock.aim.shares[clock.warnings :]:
            due = clock.counted_at(target * share, calendar)
            if due is None:
                return
            clock = clock.with_warning()
            self._put(clock)
            self._notice(LogKind.WARN, clock, due, share=share)
        due = clock.counted_at(target, calendar)
        if due is not None:
            self._put(clock.with_breach())
            self._notice(LogKind.BREACH, clock.with_breach(), due)

    def _notice(self, kind: LogKind, clock: Clock, due: datetime, **more: Scalar) -> None:
        late = (self.at - max(due, clock.eligible_at or due)).total_seconds()
        self._log_clock(
            kind, clock, self.at, due=due.isoformat(), lateness=max(late, 0.0), team=self.c.team or None, **more
        )

    def _true_until(self, clock: Clock, at: datetime) -> Clock:
        """Note what had passed when a clock stops at ``at``, and take back what had not.

        A reply that comes a moment after the target, or while Heed was down, must not hide the breach. One that
        is learned of late, but was in time, must not leave one behind.
        """
        while clock.warn_due and clock.warn_due[0] < at:
            clock = self.warn(clock)
        if clock.due_at is not None and clock.due_at < at and not clock.breached:
            return self.breach(clock)
        warnings, breached = clock.passed(at, self._calendar(clock))
        if (warnings, breached) == (clock.warnings, clock.breached) or clock.aim is None:
            return clock
        true = replace(clock, warnings=warnings, breached=breached)
        self._put(true)
        self._log_clock(LogKind.CORRECT, true, because="late_fact", warnings=warnings, breached=breached)
        return true

    # --- the parts of it

    def _remember(self, ended: EndedClock) -> None:
        self.change(ended=(*self.c.ended, ended)[-MOST_ENDED:])

    def _calendar(self, clock: Clock) -> Calendar:
        return self.rules.calendar_of(clock.calendar)

    def _now(self, clock: Clock) -> Clock:
        return next((other for other in self.c.clocks if other.key == clock.key), clock)

    def _put(self, clock: Clock) -> None:
        self.change(clocks=tuple(clock if old.key == clock.key else old for old in self.c.clocks))

    def _drop(self, clock: Clock) -> None:
        self.change(clocks=tuple(old for old in self.c.clocks if old.key != clock.key))

    def _log_clock(self, kind: LogKind, clock: Clock, at: datetime | None = None, /, **fields: Scalar) -> None:
        self.log(kind, at, metric=clock.metric.value, instance=clock.instance, **fields)


def _joined(clock: Clock, sent_at: datetime) -> tuple[datetime, ...]:
    """Return the times of the messages that a clock covers, with one more."""
    return clock.waited if len(clock.waited) >= MOST_WAITED else (*clock.waited, sent_at)


def iso(at: datetime | None) -> str | None:
    """Return an instant as the log keeps it."""
    return None if at is None else at.isoformat()
