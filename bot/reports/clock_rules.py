"""What the records about clocks do to the rows."""

from __future__ import annotations

from bot.domain.log import LogRecord
from bot.domain.sla import MOST_SPANS, REPLY_METRICS, Metric
from bot.reports.batch import METRICS, Batch
from bot.reports.fields import (
    count,
    duration,
    flag,
    key_of,
    moment,
    moment_or_none,
    text,
    text_or,
)
from bot.reports.instants import micros
from bot.reports.rows import UNASSESSED, ClockRow, ClockState, Notice

_REPLY_METRICS = frozenset(metric.value for metric in REPLY_METRICS)


class ClockRules(Batch):
    """One verb for each kind of record. Each reads all that it needs before it changes anything."""

    def activate(self, record: LogRecord) -> None:
        """Start a clock. A clock starts once."""
        key, at = key_of(record), micros(record.at)
        if key[1] not in METRICS or key in self.clocks.get(key[0], ()):
            raise ValueError(f"clock {key} cannot start")
        channel = text(record.fields, "channel")
        calendar = self._calendar(record)
        row, self.calendar = self.conversation(key[0]), calendar
        self.start_clock(
            ClockRow(
                conversation=key[0],
                metric=key[1],
                instance=key[2],
                channel=channel,
                label=text_or(record.fields, "label", UNASSESSED),
                language=row.language,
                team=row.team,
                priority=row.priority,
                tier=row.tier,
                agent=row.holder,
                hour=self.hour(at),
                calendar=calendar,
                started_at=at,
                state=ClockState.RUNNING.value,
                running_since=at,
                states=[(0, "open")] if key[1] == Metric.RESOLUTION else [],
            )
        )

    def pause(self, record: LogRecord) -> None:
        """Let a clock keep its value while the customer has to act."""
        self._open(record).stop(micros(record.at), ClockState.PAUSED, self.calendars)

    def suspend(self, record: LogRecord) -> None:
        """Let a clock keep its value because the bot has answered."""
        self._open(record).stop(micros(record.at), ClockState.SUSPENDED, self.calendars)

    def resume(self, record: LogRecord) -> None:
        """Let a clock run on, from the instant that the record names."""
        since, due = moment_or_none(record.fields, "since"), moment_or_none(record.fields, "due")
        row = self._open(record)
        if row.running_since is not None:
            raise ValueError("this clock runs already")
        row.run_on(micros(record.at) if since is None else since)
        row.due_at = due if "due" in record.fields else self._due(row)

    def _due(self, row: ClockRow) -> int | None:
        """Return when the rest of the target will have passed: records of early versions do not say it."""
        if row.target is None or row.running_since is None:
            return None
        return self.calendars.after(row.calendar, row.running_since, row.target - row.elapsed)

    def apply_sla(self, record: LogRecord) -> None:
        """Give a clock its target, which counts from the clock's start in the policy's calendar."""
        fields = record.fields
        policy, target = text_or(fields, "policy", ""), duration(fields, "target")
        due, calendar = moment_or_none(fields, "due"), self._calendar(record)
        row = self._open(record)
        row.policy, row.target, row.calendar = policy, target, calendar
        row.due_at = due if row.running_since is not None else None
        row.warnings, row.warned_at, row.breached, row.breached_at = 0, None, False, None
        row.recount(self.calendars)

    def warn(self, record: LogRecord) -> None:
        """Note a warning and how late it came."""
        due = self._noticed(record)
        row = self.change_clock(key_of(record))
        row.warnings += 1
        row.warned_at = due if row.warned_at is None else row.warned_at

    def breach(self, record: LogRecord) -> None:
        """Note a breach and how late it was noticed."""
        due = self._noticed(record)
        row = self.change_clock(key_of(record))
        row.breached, row.breached_at = True, due

    def fulfill(self, record: LogRecord) -> None:
        """End a clock; resolving without a reply ends reply clocks apart from answers."""
        fields = record.fields
        by, at = text(fields, "by"), micros(record.at)
        elapsed = duration(fields, "elapsed") if "elapsed" in fields else None
        row = self._open(record)
        holder = self.conversation(record.conversation).holder
        apart = by == "resolution" and row.metric in _REPLY_METRICS
        row.end(at, ClockState.BY_RESOLUTION if apart else ClockState.ENDED, by, self.calendars)
        row.elapsed = row.elapsed if elapsed is None else elapsed
        row.agent = text_or(fields, "agent", "" if "agent" in fields or by == "bot" else holder)

    def cancel(self, record: LogRecord) -> None:
        """End a clock that measures nothing any more."""
        by, at = text(record.fields, "by"), micros(record.at)
        self._open(record).end(at, ClockState.CANCELLED, by, self.calendars)

    def correct(self, record: LogRecord) -> None:
        """Let a fact learned late say what is true of a clock; what was noted before stays in the log."""
        match text(record.fields, "because"):
            case "link" if "until" in record.fields:
                self._begin_with(record)
            case "earlier_message" | "link":
                self._begin_earlier(record)
            case "late_fact":
                self._take_back(record)
            case "earlier_reply":
                self._end_earlier(record)
            case because:
                raise ValueError(f"corrected because of {because!r}")

    def _begin_earlier(self, record: LogRecord) -> None:
        """Let the running clock's present span begin earlier."""
        started, since = moment(record.fields, "started"), moment(record.fields, "since")
        due = moment_or_none(record.fields, "due")
        row = self._open(record)
        if row.running_since is None:
            raise ValueError("this clock does not run")
        if started != row.started_at:
            row.hour = self.hour(started)
        row.started_at, row.running_since, row.due_at = started, since, due

    def _begin_with(self, record: LogRecord) -> None:
        """Put a time of another conversation's clock, from ``started`` to ``until``, before a clock's own."""
        fields = record.fields
        started, until = moment(fields, "started"), moment(fields, "until")
        since, due = moment_or_none(fields, "since"), moment_or_none(fields, "due")
        row = self._open(record)
        if (row.running_since is None) != (since is None):
            raise ValueError("the engine's clock runs where this one stands still, or the other way round")
        if since == row.running_since and started < until:
            row.spans.insert(0, (started, until))
        if len(row.spans) > MOST_SPANS:  # as the engine does
            row.spans.pop(0)
            row.summed += self.calendars.between(row.calendar, started, until)
            row.walled += until - started
        row.hour = self.hour(started)
        row.started_at, row.running_since, row.due_at = started, since, due
        row.recount(self.calendars)

    def _take_back(self, record: LogRecord) -> None:
        """Take back the warnings and the breach of a clock that truly stops before they fell due."""
        warnings, breached = count(record.fields, "warnings"), flag(record.fields, "breached")
        self._judge(self._open(record), warnings=warnings, breached=breached)

    def _end_earlier(self, record: LogRecord) -> None:
        """Let a clock that has ended have ended earlier, by a reply that was learned of late."""
        fields = record.fields
        at, elapsed, by = moment(fields, "ended"), duration(fields, "elapsed"), text(fields, "by")
        warnings, breached = count(fields, "warnings"), flag(fields, "breached")
        row = self.clock(key_of(record))
        if row.ended_at is None:
            raise ValueError("this clock has not ended")
        row = self.change_clock(key_of(record))
        row.end(at, ClockState.ENDED, by, self.calendars)
        row.elapsed, row.agent = elapsed, text_or(fields, "agent", "")
        self._judge(row, warnings=warnings, breached=breached)

    def _judge(self, row: ClockRow, *, warnings: int, breached: bool) -> None:
        row.warnings, row.warned_at = warnings, row.warned_at if warnings else None
        row.breached, row.breached_at = breached, row.breached_at if breached else None

    # --- the parts of it

    def _calendar(self, record: LogRecord) -> str:
        """Return the calendar that a record names; one that the log has not kept before counts all time."""
        name = text_or(record.fields, "calendar", "")
        return name if self.calendars.knows(name) else ""

    def _open(self, record: LogRecord) -> ClockRow:
        """Return an open clock as about to change."""
        key = key_of(record)
        if self.clock(key).over:
            raise ValueError("this clock has ended")
        return self.change_clock(key)

    def _noticed(self, record: LogRecord) -> int:
        """Note a warning or a breach; return when it was due."""
        row, at = self.clock(key_of(record)), micros(record.at)
        due = moment_or_none(record.fields, "due")
        due = at if due is None else due
        noticed = max(at, micros(record.recorded_at))
        lateness = duration(record.fields, "lateness") + noticed - at
        self.notices.append(
            Notice(
                seq=record.seq,
                kind=record.kind,
                at=at,
                noticed=noticed,
                lateness=lateness,
                conversation=row.conversation,
                metric=row.metric,
                instance=row.instance,
                team=row.team_at(due),
            )
        )
        return due
