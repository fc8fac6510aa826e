"""The event log: pseudonymous ids, labels, times and numbers, never a text or a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.messages import ConversationId

Scalar = str | int | float | bool | None


class LogKind(StrEnum):
    """Everything that is ever logged. Readers count and skip kinds that they do not know.

    What staff did carries ``agent`` and the ``role`` that they had at that moment.
    """

    # the life of a conversation
    MESSAGE_RECEIVED = "message_received"  # label, language, decision, reason, template, confidence
    MESSAGE_EDITED = "message_edited"
    MESSAGE_DELETED = "message_deleted"
    MESSAGE_ANNOTATED = "message_annotated"  # assessed after it had been escalated unassessed
    STATE_CHANGED = "state_changed"  # from, to
    OPENED = "opened"
    REOPENED = "reopened"
    ESCALATED = "escalated"  # reason
    CLAIMED = "claimed"  # agent, role
    CLAIM_ENDING = "claim_ending"  # agent, until: the claim expires soon
    ASKED_FOR = "asked_for"  # agent, holder: somebody wants what another holds
    TAKEN_OVER = "taken_over"  # agent, from
    RELEASED = "released"  # agent, by (agent, expiry, snooze, transfer, take_over, left)
    REPLIED = "replied"  # agent, role, native, holder (who held it, if somebody else did)
    REVISED = "revised"  # agent, message, action, takes_back
    NOTED = "noted"
    SNOOZED = "snoozed"  # until
    ASKED = "asked"  # agent: the customer has to act
    TRANSFERRED = "transferred"  # agent, from, to (teams)
    HANDED_BACK = "handed_back"  # agent: the bot may answer again
    FIELDS_SET = "fields_set"  # by, and those of team, priority, tier that changed
    LABEL_CORRECTED = "label_corrected"  # message, from, to ("complaint+question"), decision, agent
    LINK_REQUESTED = "link_requested"  # into: the conversation that goes on with this matter
    LINKED = "linked"  # other: the conversation whose matter came in
    BLOCKED = "blocked"  # agent: what the customer writes starts nothing any more
    UNBLOCKED = "unblocked"  # agent
    ERASED = "erased"  # the customer was removed for good; part: one of those who wrote here, not whose it is
    RESOLVED = "resolved"  # by (agent, bot, silence, deleted, erased, merge), agent, reason
    SEND_QUEUED = "send_queued"  # action, wording, by, template
    SEND_CONFIRMED = "send_confirmed"
    SEND_FAILED = "send_failed"  # outcome (failed, unknown, withdrawn), reason
    SEND_OVERDUE = "send_overdue"  # on its way for too long
    # the life of a clock: metric, instance
    ACTIVATE = "activate"
    PAUSE = "pause"
    RESUME = "resume"  # counted: whether the time between counts; since, due
    SUSPEND = "suspend"
    APPLY_SLA = "apply_sla"  # policy, target (seconds), calendar, due
    WARN = "warn"  # lateness (seconds), due, share, team
    BREACH = "breach"  # lateness (seconds), due, team
    FULFILL = "fulfill"  # by (bot, agent, resolution), elapsed (seconds), agent
    CANCEL = "cancel"  # by (bot, deleted, erased, merge)
    CORRECT = "correct"  # because, and what is true: started, since, ended, by, agent, elapsed, breached, warnings
    # the brand's calendars, so that the log alone gives every figure
    CALENDAR_KEPT = "calendar_kept"  # calendar, source
    TIME_JUMPED = "time_jumped"  # by (seconds), cause (clock: it was set or the machine slept; standstill)
    STARTED = "started"  # the engine began to run: what fell due before was noticed after downtime
    # the brand's staff
    WENT_AWAY = "went_away"  # agent, role
    CAME_BACK = "came_back"  # agent, role
    # the brand's switches
    PAUSED = "paused"
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent:
    """One thing that happened at ``at`` (the platform's time where it gives one)."""

    kind: LogKind
    at: datetime
    fields: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRecord:
    """A log event as stored. ``seq`` rises with each record; ``kind`` may be one that this version lacks."""

    seq: int
    conversation: ConversationId
    kind: str
    at: datetime
    recorded_at: datetime
    fields: Mapping[str, Scalar]
