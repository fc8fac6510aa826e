"""What each record of the event log does to the rows: the one reading of the log that all figures come from.

A pure fold: it knows the rows that a batch mentions, changes them record by record, and leaves writing to
``storage``. The effect of a record never depends on where one batch ends and the next begins. A record that
says nothing which this version understands (an unknown kind, a missing field, a clock that never started)
changes nothing and is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from bot.domain.log import LogKind, LogRecord, Scalar
from bot.domain.sla import REPLY_METRICS, Metric
from bot.reports.instants import HOUR, MICROS, micros
from bot.reports.rows import (
    UNASSESSED,
    ClockRow,
    ClockState,
    ConversationRow,
    Happening,
    MessageRow,
    Notice,
)

ClockKey = tuple[str, str, int]
MessageKey = tuple[str, str]
VolumeKey = tuple[int, str, str]  # hour (microseconds), channel, label

#: The least that can be done about a message first: after an edit the greater of the two stands.
DECISIONS = ("silence", "greet", "answer", "record", "escalate")

_LONGEST = 1e10  # seconds, some 300 years: what a row can hold with room to spare

_METRICS = frozenset(metric.value for metric in Metric)
_REPLY_METRICS = frozenset(metric.value for metric in REPLY_METRICS)
_KINDS = frozenset(kind.value for kind in LogKind)


class Fold:
    """The rows that a batch of records touches, as they change. ``volumes`` holds differences to add."""

    def __init__(
        self,
        *,
        clocks: Iterable[ClockRow] = (),
        messages: Iterable[MessageRow] = (),
        conversations: Iterable[ConversationRow] = (),
    ) -> None:
        self.clocks: dict[str, dict[ClockKey, ClockRow]] = {}
        for clock in clocks:
            self._put_clock(clock)
        self.messages = {(row.conversation, row.message): row for row in messages}
        self.conversations = {row.conversation: row for row in conversations}
        self.changed_clocks: set[ClockKey] = set()
        self.changed_messages: set[MessageKey] = set()
        self.changed_conversations: set[str] = set()
        self.volumes: dict[VolumeKey, list[int]] = {}
        self.happenings: list[Happening] = []
        self.notices: list[Notice] = []
        self.unknown = 0

    def apply(self, record: LogRecord) -> None:
        """Let one record take effect."""
        rule = _RULES.get(record.kind)
        if rule is None:
            self.unknown += record.kind not in _KINDS
            return
        try:
            rule(self, record)
        except (KeyError, ValueError, TypeError, OverflowError):
            self.unknown += 1

    def clock(self, key: ClockKey) -> ClockRow:
        """Return a clock. Raises KeyError if it never started."""
        return self.clocks[key[0]][key]

    # --- messages

    def received(self, record: LogRecord) -> None:
        """Count a new message."""
        key = (record.conversation, _text(record.fields, "message"))
        if key in self.messages:
            raise ValueError(f"message {key[1]} was received before")
        row = MessageRow(
            conversation=key[0],
            message=key[1],
            at=micros(record.at),
            channel=_text(record.fields, "channel"),
            label=_label(record.fields),
            decision=_decision(record.fields),
        )
        self.messages[key] = row
        self.changed_messages.add(key)
        self._count(row, 1)
        self._conversation(record, channel=row.channel, label=row.label)

    def edited(self, record: LogRecord) -> None:
        """Give a message its new label, and the greater of what was done about it before and now."""
        row = self._message(record)
        label, decision = _label(record.fields), _decision(record.fields)
        self._count(row, -1)
        row.label = label if label != UNASSESSED else row.label
        row.decision = max(row.decision, decision, key=DECISIONS.index)
        self._count(row, 1)

    def annotated(self, record: LogRecord) -> None:
        """Give a message that was escalated unassessed its label, and the clocks that it started too."""
        row = self._message(record)
        label = _label(record.fields)
        self._count(row, -1)
        row.label = label
        self._count(row, 1)
        for key, clock in self.clocks.get(record.conversation, {}).items():
            if clock.label == UNASSESSED:
                clock.label = label
                self.changed_clocks.add(key)

    def _message(self, record: LogRecord) -> MessageRow:
        key = (record.conversation, _text(record.fields, "message"))
        row = self.messages[key]
        self.changed_messages.add(key)
        return row

    def _count(self, row: MessageRow, sign: int) -> None:
        hour = row.at - row.at % HOUR
        counts = self.volumes.setdefault((hour, row.channel, row.label), [0] * (1 + len(DECISIONS)))
        counts[0] += sign
        counts[1 + DECISIONS.index(row.decision)] += sign

    # --- conversations

    def opened(self, record: LogRecord) -> None:
        """Note that a conversation opened."""
        self._happen(record, "")

    def escalated(self, record: LogRecord) -> None:
        """Note why a conversation went to a human."""
        self._happen(record, _text(record.fields, "reason"))

    def resolved(self, record: LogRecord) -> None:
        """Note who called a conversation done."""
        self._happen(record, _text(record.fields, "by"))

    def _happen(self, record: LogRecord, detail: str) -> None:
        channel = record.fields.get("channel")
        row = self._conversation(record, channel=channel if isinstance(channel, str) else None)
        self.happenings.append(
            Happening(
                seq=record.seq,
                kind=record.kind,
                at=micros(record.at),
                channel=row.channel,
                label=row.label,
                detail=detail,
            )
        )

    def _conversation(
        self, record: LogRecord, *, channel: str | None = None, label: str | None = None
    ) -> ConversationRow:
        row = self.conversations.get(record.conversation)
        if row is None:
            row = ConversationRow(conversation=record.conversation, channel="", label=UNASSESSED)
            self.conversations[record.conversation] = row
        new = (channel or row.channel, label or row.label)
        if new != (row.channel, row.label):
            row.channel, row.label = new
            self.changed_conversations.add(record.conversation)
        return row

    # --- clocks

    def activate(self, record: LogRecord) -> None:
        """Start a clock. A clock starts once."""
        key = _key(record)
        if key[1] not in _METRICS or key in self.clocks.get(key[0], ()):
            raise ValueError(f"clock {key} cannot start")
        at = micros(record.at)
        self._put_clock(
            ClockRow(
                conversation=key[0],
                metric=key[1],
                instance=key[2],
                channel=_text(record.fields, "channel"),
                label=_label(record.fields),
                started_at=at,
                state=ClockState.RUNNING.value,
                elapsed=0,
                running_since=at,
            )
        )
        self.changed_clocks.add(key)

    def pause(self, record: LogRecord) -> None:
        """Let a clock keep its value while the customer has to act."""
        self._open(record).stop(micros(record.at), ClockState.PAUSED)

    def suspend(self, record: LogRecord) -> None:
        """Let a clock keep its value because the bot has answered."""
        self._open(record).stop(micros(record.at), ClockState.SUSPENDED)

    def resume(self, record: LogRecord) -> None:
        """Let a clock run on, from the instant that the record names."""
        row = self._open(record)
        if row.running_since is not None:
            raise ValueError("this clock runs already")
        since = _instant(record.fields, "since")
        row.run_on(micros(record.at) if since is None else since, _instant(record.fields, "due"))

    def apply_sla(self, record: LogRecord) -> None:
        """Give a clock its target."""
        row = self._open(record)
        target, due = _duration(record.fields, "target"), _instant(record.fields, "due")
        row.target = target
        row.due_at = due if row.running_since is not None else None

    def warn(self, record: LogRecord) -> None:
        """Note a warning and how late it came."""
        notice = self._notice(record)
        self._change(record).warned = True
        self.notices.append(notice)

    def breach(self, record: LogRecord) -> None:
        """Note a breach and how late it was noticed."""
        notice = self._notice(record)
        self._change(record).breached = True
        self.notices.append(notice)

    def fulfill(self, record: LogRecord) -> None:
        """End a clock; resolving without a reply ends reply clocks apart from answers."""
        row, by, at = self._open(record), _text(record.fields, "by"), micros(record.at)
        elapsed = _duration(record.fields, "elapsed") if "elapsed" in record.fields else row.value(at)
        apart = by == "resolution" and row.metric in _REPLY_METRICS
        row.stop(at, ClockState.BY_RESOLUTION if apart else ClockState.ENDED)
        row.elapsed, row.ended_at, row.ended_by = elapsed, at, by

    def cancel(self, record: LogRecord) -> None:
        """End a clock that measures nothing any more."""
        row, by, at = self._open(record), _text(record.fields, "by"), micros(record.at)
        row.stop(at, ClockState.CANCELLED)
        row.ended_at, row.ended_by = at, by

    def correct(self, record: LogRecord) -> None:
        """Let a fact learned late replace an ended clock's value, and its breach if the record says so."""
        elapsed = _duration(record.fields, "elapsed")
        breached = record.fields.get("breached")
        row = self._change(record)
        if not ClockState(row.state).over:
            raise ValueError("only an ended clock is corrected")
        row.elapsed = elapsed
        row.breached = breached if isinstance(breached, bool) else row.breached

    def _put_clock(self, row: ClockRow) -> None:
        key = (row.conversation, row.metric, row.instance)
        self.clocks.setdefault(row.conversation, {})[key] = row

    def _change(self, record: LogRecord) -> ClockRow:
        key = _key(record)
        row = self.clocks[key[0]][key]
        self.changed_clocks.add(key)
        return row

    def _open(self, record: LogRecord) -> ClockRow:
        row = self._change(record)
        if row.ended_at is not None:
            raise ValueError("this clock has ended")
        return row

    def _notice(self, record: LogRecord) -> Notice:
        row, at = self.clock(_key(record)), micros(record.at)
        lateness = _duration(record.fields, "lateness") + max(0, micros(record.recorded_at) - at)
        return Notice(
            seq=record.seq,
            kind=record.kind,
            at=at,
            lateness=lateness,
            channel=row.channel,
            label=row.label,
        )


#: The reading of the log on one screen. Kinds of ``LogKind`` that are not here change no figure.
_RULES: dict[str, Callable[[Fold, LogRecord], None]] = {
    LogKind.MESSAGE_RECEIVED.value: Fold.received,
    LogKind.MESSAGE_EDITED.value: Fold.edited,
    LogKind.MESSAGE_ANNOTATED.value: Fold.annotated,
    LogKind.OPENED.value: Fold.opened,
    LogKind.ESCALATED.value: Fold.escalated,
    LogKind.RESOLVED.value: Fold.resolved,
    LogKind.ACTIVATE.value: Fold.activate,
    LogKind.PAUSE.value: Fold.pause,
    LogKind.SUSPEND.value: Fold.suspend,
    LogKind.RESUME.value: Fold.resume,
    LogKind.APPLY_SLA.value: Fold.apply_sla,
    LogKind.WARN.value: Fold.warn,
    LogKind.BREACH.value: Fold.breach,
    LogKind.FULFILL.value: Fold.fulfill,
    LogKind.CANCEL.value: Fold.cancel,
    LogKind.CORRECT.value: Fold.correct,
}


def _key(record: LogRecord) -> ClockKey:
    instance = record.fields["instance"]
    if not isinstance(instance, int) or not 0 <= instance < 2**31:
        raise TypeError(f"instance {instance!r} is not a count")
    return (record.conversation, _text(record.fields, "metric"), instance)


def _text(fields: Mapping[str, Scalar], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} {value!r} is not a text")
    return value


def _label(fields: Mapping[str, Scalar]) -> str:
    label = fields.get("label")
    return label if isinstance(label, str) else UNASSESSED


def _decision(fields: Mapping[str, Scalar]) -> str:
    decision = _text(fields, "decision")
    if decision not in DECISIONS:
        raise ValueError(f"decision {decision!r} is none of {DECISIONS}")
    return decision


def _duration(fields: Mapping[str, Scalar], name: str) -> int:
    value = fields[name]
    if not isinstance(value, (int, float)):
        raise TypeError(f"{name} {value!r} is not a number of seconds")
    if abs(value) > _LONGEST:
        raise ValueError(f"{name} {value!r} is longer than {_LONGEST:.0e} s")
    return round(value * MICROS)


def _instant(fields: Mapping[str, Scalar], name: str) -> int | None:
    value = fields.get(name)
    return micros(datetime.fromisoformat(value)) if isinstance(value, str) else None
