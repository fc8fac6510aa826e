"""What one record of the log did to one clock, as a sentence with its arithmetic.

Nothing is interpreted here: the row before and after the record, as the figures' own ``fold`` left them, say what
happened; the record's fields say why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.log import LogKind, LogRecord, Scalar
from bot.domain.sla import Metric
from bot.figures import Sum
from bot.reports.instants import micros
from bot.reports.rows import ClockRow, Notice
from bot.reports.told import Telling, late, length

_SUMS = frozenset(sum_.value for sum_ in Sum)

_STARTED = {
    Metric.HANDOFF_WAIT.value: "the bot handed over at {at}",
    Metric.RESOLUTION.value: "the case began with the message of {at}",
}

_ENDED = {
    "agent": "{agent} replied at {at}",
    "bot": "the bot answered at {at}",
    "resolution": "resolved without a reply at {at}, which is told apart and in no percentile",
}

_RESOLVED = {
    "agent": "{agent} resolved it at {at}",
    "bot": "resolved without an agent at {at}: the customer was content, or wrote no more",
}

_CANCELLED = {
    "bot": "the bot's answer was enough, nobody waited for a human any more",
    "deleted": "the customer took back what was unanswered",
    "erased": "the customer was erased",
    "merge": "the matter goes on in another conversation, from the earliest start",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A record and what it did: the row before (None: the clock starts) and after, and how to tell of it.

    ``notice`` is the warning or breach that the record brought; ``doing`` the conversation's state after it.
    """

    record: LogRecord
    before: ClockRow | None
    after: ClockRow
    telling: Telling
    notice: Notice | None = None
    doing: str = ""

    @property
    def at(self) -> int:
        """Return the record's instant."""
        return micros(self.record.at)

    @property
    def was(self) -> ClockRow:
        """Return the row before; for a clock that starts, as it is."""
        return self.before or self.after

    def time(self, at: int | None) -> str:
        """Return an instant on the wall clock."""
        return "never" if at is None else self.telling.wall.time(at)

    def field(self, name: str) -> Scalar:
        """Return a field of the record, None where it has none."""
        return self.record.fields.get(name)


def sentence(change: Change) -> str:
    """Return what happened to the clock, and how its value and its due time came about; "" for nothing."""
    if change.after.metric in _SUMS:
        return _sum_changed(change)
    rule = _RULES.get(change.record.kind) if _is_its_own(change) else None
    told = rule(change) if rule is not None else ""
    return told or _beside(change)


# --- starting, standing still, running on


def _activate(change: Change) -> str:
    why = _STARTED.get(change.after.metric, "the customer wrote at {at}")
    agent = change.record.fields.get("agent")
    if agent is not None:
        why = "{agent} took the case up again at {at}"
    told = why.format(at=change.time(change.after.started_at), agent=agent)
    return f"started: {told}; {change.telling.hours()} count"


def _pause(change: Change) -> str:
    return f"paused, the customer has to act: {_ran(change)}"


def _suspend(change: Change) -> str:
    return f"suspended, the bot has answered: {_ran(change)}"


def _ran(change: Change) -> str:
    """Return what the last stretch added."""
    before, after = change.was, change.after
    if before.running_since is None:
        return f"it stood still, at {length(after.elapsed)}"
    added = after.elapsed - before.elapsed
    stretch = change.telling.stretch(before.running_since, max(change.at, before.running_since), added)
    return f"{stretch}{_sum(before.elapsed, added, after.elapsed)}"


def _sum(before: int, added: int, total: int) -> str:
    return f"; {length(before)} + {length(added)} = {length(total)}" if before else ""


def _resume(change: Change) -> str:
    since = change.after.running_since
    if change.field("counted") and since is not None:
        why = f"runs on, counted from {change.time(since)} as if it had never stopped: the answer did not help"
    else:
        why = f"runs on from {change.time(since)}, at {length(change.after.elapsed)}: the time between is out"
    return why + _left(change)


def _left(change: Change) -> str:
    """Return how the due time comes about: target, what has passed of it, what was closed until then."""
    row = change.after
    if row.target is None or row.running_since is None or row.due_at is None:
        return ""
    left = length(row.target - row.elapsed)
    rest = f"{length(row.target)} - {length(row.elapsed)} = {left}" if row.elapsed else left
    closed = change.telling.closed(row.running_since, row.due_at)
    return f"; {rest} from {change.time(row.running_since)} on: due {change.time(row.due_at)}{closed}"


# --- targets and notices


def _apply_sla(change: Change) -> str:
    row, before = change.after, change.was
    told = f"target {length(row.target or 0)} by policy {row.policy or 'without a name'}"
    if before.target is not None:
        told += f", instead of {length(before.target)} by {before.policy}; warnings and breach start afresh"
    told += ", counted from the start" + (f" in {change.telling.hours()}" if row.calendar else "")
    return told + (_left(change) if row.running_since is not None else "; it stands still, so nothing falls due")


def _warn(change: Change) -> str:
    share = change.field("share")
    part = f"{share * 100:.0f} % of the target" if isinstance(share, float | int) else "a share of the target"
    return f"warned: {part} had passed {_noticed(change)}"


def _breach(change: Change) -> str:
    target = "" if change.after.target is None else f" of {length(change.after.target)}"
    return f"breached: the target{target} had passed {_noticed(change)}"


def _noticed(change: Change) -> str:
    due = _instant(change.field("due"))
    at = "" if due is None else f"at {change.time(due)}, "
    if change.notice is None:
        return f"{at}noticed late"
    team = f"; team {change.notice.team} had it" if change.notice.team else ""
    return f"{at}noticed {late(change.notice.lateness)}{team}"


# --- ending


def _fulfill(change: Change) -> str:
    row = change.after
    words = _RESOLVED if row.metric == Metric.RESOLUTION.value else _ENDED
    why = words.get(row.ended_by or "", "ended at {at} by " + str(row.ended_by))
    told = why.format(at=change.time(row.ended_at), agent=_agent(change))
    return f"ended: {told}; {_ran(change)}{_verdict(row)}"


def _agent(change: Change) -> str:
    return str(change.field("agent") or change.after.agent or "a human")


def _verdict(row: ClockRow) -> str:
    if row.target is None:
        return ""
    rest = row.target - row.elapsed
    kept = f"within its target of {length(row.target)}, {length(rest)} to spare"
    return f"; {kept}" if rest >= 0 else f"; {length(-rest)} over its target of {length(row.target)}"


def _cancel(change: Change) -> str:
    why = _CANCELLED.get(change.after.ended_by or "", f"by {change.after.ended_by}")
    return f"cancelled: {why}; it is in no percentile"


# --- facts learned late


def _correct(change: Change) -> str:
    because = str(change.field("because"))
    rule = _CORRECTIONS.get(because)
    return f"corrected: {rule(change)}" if rule else f"corrected: {because}"


def _earlier_message(change: Change) -> str:
    since = change.time(change.after.running_since)
    return f"a message of {since} was learned of at {_learned(change)}: it runs from then on{_moved(change)}"


def _link(change: Change) -> str:
    until = _instant(change.field("until"))
    if until is not None:
        started = _instant(change.field("started"))
        waited = (
            f"a conversation that joined this one had waited from {change.time(started)} to {change.time(until)}"
        )
        return f"{waited}: that time counts too{_left(change)}"
    since = change.time(change.after.running_since)
    return f"a conversation that joined this one had waited since {since}: it runs from then on{_moved(change)}"


def _moved(change: Change) -> str:
    before = change.was.running_since
    instead = "" if before is None else f", not from {change.time(before)}"
    return instead + _left(change)


def _late_fact(change: Change) -> str:
    return f"what stopped it was learned of at {_learned(change)}, later than it happened{_taken_back(change)}"


def _earlier_reply(change: Change) -> str:
    row, before = change.after, change.was
    reply = f"the reply of {change.time(row.ended_at)} ({_agent(change)}) was learned of at {_learned(change)}"
    took = f"it took {length(row.elapsed)}, not {length(before.elapsed)}"
    return f"{reply}: {took}{_taken_back(change)}{_verdict(row)}"


def _taken_back(change: Change) -> str:
    parts = []
    if change.was.breached and not change.after.breached:
        parts.append("the breach is taken back")
    if change.was.warnings > change.after.warnings:
        parts.append(f"warnings {change.was.warnings} become {change.after.warnings}")
    return "".join(f"; {part}" for part in parts)


def _learned(change: Change) -> str:
    return change.time(micros(change.record.recorded_at))


# --- sums of states


def _sum_changed(change: Change) -> str:
    """Tell of a sum, which the figures compute anew with each record."""
    before, after = change.before, change.after
    if before is not None and _same_time(before, after):
        return "" if before.over or not after.over else f"ended at {length(after.elapsed)}, with the resolution"
    if after.running_since is not None and (before is None or before.running_since is None):
        now = f": the conversation is {change.doing}" if change.doing else ""
        anew = ""
        if before is not None and before.elapsed != after.elapsed:
            anew = f"; counted anew, {length(after.elapsed)} until then, after a fact learned late"
        return f"counts from {change.time(after.running_since)} on{now}; {change.telling.hours()} count{anew}"
    if before is not None and before.running_since is not None and after.running_since is None:
        return f"stands still: {_ran(change)}"
    return f"counted anew after a fact learned late: {length(after.elapsed)}"


def _same_time(one: ClockRow, other: ClockRow) -> bool:
    return (one.running_since, one.spans) == (other.running_since, other.spans)


# --- what happens beside the clock


def _is_its_own(change: Change) -> bool:
    row = change.after
    return (change.field("metric"), change.field("instance")) == (row.metric, row.instance)


def _beside(change: Change) -> str:
    """Return what of the clock changed with a record that is not its own; "" where it is nothing to tell."""
    before, after = change.was, change.after
    told = []
    if after.team != before.team:
        told.append(_handed_over(change, before.team, after.team))
    for name in ("label", "priority", "tier"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            told.append(f"counts under {name} {new or 'none'} now, not {old or 'none'}")
    return "; ".join(told)


def _handed_over(change: Change, had: str, has: str) -> str:
    at = change.time(change.at)
    if not had:
        return f"given to {has} at {at}"
    return f"handed over: {had} had it until {at}, {has or 'no team'} from then on"


def _instant(value: Scalar) -> int | None:
    return micros(datetime.fromisoformat(value)) if isinstance(value, str) else None


_CORRECTIONS: dict[str, Callable[[Change], str]] = {
    "earlier_message": _earlier_message,
    "link": _link,
    "late_fact": _late_fact,
    "earlier_reply": _earlier_reply,
}

_RULES: dict[str, Callable[[Change], str]] = {
    LogKind.ACTIVATE.value: _activate,
    LogKind.PAUSE.value: _pause,
    LogKind.SUSPEND.value: _suspend,
    LogKind.RESUME.value: _resume,
    LogKind.APPLY_SLA.value: _apply_sla,
    LogKind.WARN.value: _warn,
    LogKind.BREACH.value: _breach,
    LogKind.FULFILL.value: _fulfill,
    LogKind.CANCEL.value: _cancel,
    LogKind.CORRECT.value: _correct,
}
