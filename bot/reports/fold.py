"""What each record of the event log does to the rows: the one reading of the log that all figures come from.

A pure fold: it knows the rows that a batch mentions, changes them record by record, and leaves writing to
``storage``. The effect of a record never depends on where one batch ends and the next begins. A record that
says nothing which this version understands (an unknown kind, a missing field, a clock that never started)
changes nothing and is counted.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.log import LogKind, LogRecord
from bot.domain.prediction import PRIMARY_ORDER, UNDETERMINED, Label
from bot.domain.sla import Metric
from bot.domain.states import State
from bot.reports.batch import AUTOMATIC, DECISIONS
from bot.reports.clock_rules import ClockRules
from bot.reports.fields import Fields, duration, text, text_or
from bot.reports.instants import MICROS, micros
from bot.reports.rows import UNASSESSED, ClockRow, ConversationRow, MessageRow, Stop

#: Time is looked at once a second: what was noticed at a look began up to this long before it seems to have.
LOOK = MICROS

_KINDS = frozenset(kind.value for kind in LogKind)


class Fold(ClockRules):
    """The batch, with what records about messages and conversations do to it. Call ``finish`` at its end."""

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

    # --- messages

    def received(self, record: LogRecord) -> None:
        """Count a new message."""
        fields, at = record.fields, micros(record.at)
        message, decision, channel = text(fields, "message"), _decision(fields), text(fields, "channel")
        label, language = text_or(fields, "label", UNASSESSED), text_or(fields, "language", UNDETERMINED)
        known = self.conversations.get(record.conversation) or ConversationRow(conversation=record.conversation)
        row = MessageRow(
            conversation=record.conversation,
            message=message,
            at=at,
            hour=self.hour(at),
            channel=channel,
            label=label,
            decision=decision,
            language=language,
            team=known.team,
            priority=known.priority,
            tier=known.tier,
        )
        self.start_message(row)
        self._speak(record, row)

    def _speak(self, record: LogRecord, message: MessageRow) -> None:
        """Let the conversation know of its latest message."""
        row = self.conversation(record.conversation)
        if record.fields.get("reason") == "rejected" and row.answered:
            self.change_message(self.message(row.conversation, row.answered), rejected=True)
        row.channel, row.label, row.asked = message.channel, message.label, message.message
        row.asked_in = micros(record.recorded_at)
        row.language = message.language if message.language != UNDETERMINED else row.language
        row.answered = message.message if message.decision == "answer" else row.answered

    def edited(self, record: LogRecord) -> None:
        """Give a message its new label, and the greater of what was done about it before and now."""
        decision, label = _decision(record.fields), text_or(record.fields, "label", UNASSESSED)
        row = self._message(record)
        self.change_message(
            row,
            label=label if label != UNASSESSED else row.label,
            decision=max(row.decision, decision, key=DECISIONS.index),
        )

    def annotated(self, record: LogRecord) -> None:
        """Give a message that was escalated unassessed its label, and the clocks that it started too."""
        label = text_or(record.fields, "label", UNASSESSED)
        language = text_or(record.fields, "language", UNDETERMINED)
        row = self._message(record)
        self.change_message(row, label=label, language=language)
        for key, clock in self.clocks.get(record.conversation, {}).items():
            if clock.label == UNASSESSED:
                self.change_clock(key)
                clock.label, clock.language = label, clock.language or language

    def corrected(self, record: LogRecord) -> None:
        """Take staff's word for what a message is: wrong was what asked for something else to be done."""
        before, after = _primary(text(record.fields, "from")), _primary(text(record.fields, "to"))
        self.change_message(self._message(record), checked=True, relabelled=before is not after)

    def _message(self, record: LogRecord) -> MessageRow:
        return self.message(record.conversation, text(record.fields, "message"))

    # --- conversations

    def opened(self, record: LogRecord) -> None:
        """Note that a conversation opened."""
        channel = text_or(record.fields, "channel", "")
        row = self.conversation(record.conversation)
        row.channel = channel or row.channel
        self.happened(record, "")

    def escalated(self, record: LogRecord) -> None:
        """Note why a conversation went to a human."""
        self.happened(record, text(record.fields, "reason"))

    def resolved(self, record: LogRecord) -> None:
        """Note who called a conversation done."""
        self.happened(record, text(record.fields, "by"))

    def state_changed(self, record: LogRecord) -> None:
        """Let the resolution know the state, and take the word from the holder where nobody holds it any more."""
        before, after, at = text(record.fields, "from"), text(record.fields, "to"), micros(record.at)
        resolution = self._resolution(record.conversation)
        if resolution is not None and resolution.states[-1][1] != after:
            row = self.change_clock((resolution.conversation, resolution.metric, resolution.instance))
            row.states.append((at, after))
        if before == State.CLAIMED:
            self._held_by(record.conversation, "")

    def _resolution(self, conversation: str) -> ClockRow | None:
        """Return the resolution that is open, if one is."""
        rows = self.clocks.get(conversation, {}).values()
        return next((row for row in rows if row.metric == Metric.RESOLUTION and not row.over), None)

    def claimed(self, record: LogRecord) -> None:
        """Let the open clocks be the agent's, who also sees what the bot has done."""
        self._held_by(record.conversation, text(record.fields, "agent"))
        self._looked_at(record.conversation)

    def replied(self, record: LogRecord) -> None:
        """Note that an agent has seen what the bot has done."""
        self._looked_at(record.conversation)

    def _held_by(self, conversation: str, agent: str) -> None:
        self.conversation(conversation).holder = agent
        for row in self.open_clocks(conversation):
            row.agent = agent

    def _looked_at(self, conversation: str) -> None:
        for row in self.messages.get(conversation, {}).values():
            if row.decision in AUTOMATIC and not row.checked:
                self.change_message(row, checked=True)

    def fields_set(self, record: LogRecord) -> None:
        """Give conversation and open clocks to another team, priority or tier."""
        row, at = self.conversation(record.conversation), micros(record.at)
        team = text_or(record.fields, "team", row.team)
        priority = text_or(record.fields, "priority", row.priority)
        tier = text_or(record.fields, "tier", row.tier)
        row.team, row.priority, row.tier = team, priority, tier
        for clock in self.open_clocks(record.conversation):
            clock.hand_over(at, team)
            clock.priority, clock.tier = priority, tier
        if record.fields.get("by") == "routes" and row.asked_in == micros(record.recorded_at):
            self._route_latest(row)

    def _route_latest(self, row: ConversationRow) -> None:
        """Let the message that opened a conversation have what the routes say of it: they come after it.

        Only in the commit of the message: what its conversation is given later is not the message's.
        """
        message = self.messages.get(row.conversation, {}).get(row.asked)
        if message is not None:
            self.change_message(
                message,
                team=message.team or row.team,
                priority=message.priority or row.priority,
                tier=message.tier or row.tier,
            )

    # --- the brand

    def calendar_kept(self, record: LogRecord) -> None:
        """Keep a calendar that clocks will name."""
        name, source = text(record.fields, "calendar"), text(record.fields, "source")
        self.calendars.keep(name, source)
        self.kept[name] = source

    def started(self, record: LogRecord) -> None:
        """Note that Heed did not run just before: what was due by then had to wait for this start."""
        at = micros(record.at)
        self.stops.append(Stop(seq=record.seq, since=0, until=at, after=at))

    def time_jumped(self, record: LogRecord) -> None:
        """Note a time in which nothing could be noticed; a clock that was set back skips none."""
        by, at = duration(record.fields, "by"), micros(record.at)
        if by > 0:
            self.stops.append(Stop(seq=record.seq, since=at - by - LOOK, until=at, after=at - by))


#: The reading of the log on one screen. Kinds of ``LogKind`` that are not here change no figure.
_RULES: dict[str, Callable[[Fold, LogRecord], None]] = {
    LogKind.MESSAGE_RECEIVED.value: Fold.received,
    LogKind.MESSAGE_EDITED.value: Fold.edited,
    LogKind.MESSAGE_ANNOTATED.value: Fold.annotated,
    LogKind.LABEL_CORRECTED.value: Fold.corrected,
    LogKind.OPENED.value: Fold.opened,
    LogKind.ESCALATED.value: Fold.escalated,
    LogKind.RESOLVED.value: Fold.resolved,
    LogKind.STATE_CHANGED.value: Fold.state_changed,
    LogKind.CLAIMED.value: Fold.claimed,
    LogKind.REPLIED.value: Fold.replied,
    LogKind.FIELDS_SET.value: Fold.fields_set,
    LogKind.CALENDAR_KEPT.value: Fold.calendar_kept,
    LogKind.STARTED.value: Fold.started,
    LogKind.TIME_JUMPED.value: Fold.time_jumped,
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


def _decision(fields: Fields) -> str:
    decision = text(fields, "decision")
    if decision not in DECISIONS:
        raise ValueError(f"decision {decision!r} is none of {DECISIONS}")
    return decision


def _primary(labels: str) -> Label:
    """Return the label, of those joined by ``+``, that says what is done about a message."""
    held = [Label(label) for label in labels.split("+")]
    return next((label for label in PRIMARY_ORDER if label in held), Label.OTHER)
