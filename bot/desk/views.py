"""A conversation as plain values: what any desk shows of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice

from bot.desk.weighing import Thresholds, Weighed, decisive, weigh
from bot.desk.wording import SENTENCES, certainty, clock_title, reason_text, sentence
from bot.domain.calendar import Calendar
from bot.domain.conversation import Conversation
from bot.domain.explanation import Explanation, Word
from bot.domain.log import LogRecord
from bot.domain.messages import MessageId
from bot.domain.prediction import Assessment, Prediction
from bot.domain.sla import Clock
from bot.domain.states import HUMAN_STATES
from bot.records import (
    ConversationView,
    CorrectionRecord,
    DecisionRecord,
    EarlierMatter,
    NoteRecord,
    QueueRow,
    TranscriptEntry,
)

Json = dict[str, object]

#: Finds a calendar by its id.
CalendarOf = Callable[[str], Calendar]

#: How many openings and closings ahead a page is told: a day or two, after which it asks again.
KNOWN_CHANGES = 4

#: How many templates are shown: the best and its runner-up.
SHOWN_TEMPLATES = 2


def iso(at: datetime | None) -> str | None:
    """Return an instant as pages read it: UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def clock_json(clock: Clock, now: datetime, calendar: Calendar) -> Json:
    """Return a clock with its value at ``now`` in seconds of ``calendar``'s time, the one that it follows.

    ``calendar_value`` is what a watch would have counted, where that differs. ``changes_at`` is when the calendar
    next opens or closes, and closes or opens again after that: until then a page can count on by itself.
    """
    value, whole = clock.value(now, calendar), clock.value(now)
    return {
        "key": clock.key,
        "metric": clock.metric,
        "title": clock_title(clock.metric),
        "value": value.total_seconds(),
        "calendar_value": whole.total_seconds() if whole != value else None,
        "calendar": calendar.id or None,
        "calendar_name": calendar.id.rpartition("@")[0] or None,
        "open": calendar.is_open(now),
        "changes_at": [iso(at) for at in islice(changes(calendar, now), KNOWN_CHANGES)],
        "policy": clock.aim.policy if clock.aim else None,
        "target": clock.target.total_seconds() if clock.target is not None else None,
        "running": clock.running_since is not None,
        "suspended": clock.suspended,
        "started_at": iso(clock.started_at),
        "warn_at": iso(clock.warn_due[0] if clock.warn_due else None),
        "due_at": iso(clock.due_at),
        "warned": clock.warned,
        "breached": clock.breached,
    }


def changes(calendar: Calendar, at: datetime) -> Iterator[datetime]:
    """Yield when a calendar opens and closes after an instant, by turns."""
    change = calendar.next_change(at)
    while change is not None:
        yield change
        change = calendar.next_change(change)


def most_urgent(clocks: Sequence[Clock], now: datetime, calendar_of: CalendarOf) -> Clock | None:
    """Return the running clock that falls due first; without targets, the one that has run longest."""
    running = [clock for clock in clocks if clock.running_since is not None]
    due = [clock for clock in running if clock.due_at is not None]
    if due:
        return min(due, key=lambda clock: clock.due_at or now)
    return max(running, key=lambda clock: clock.value(now, calendar_of(clock.calendar)), default=None)


def queue_row(row: QueueRow, now: datetime, calendar_of: CalendarOf) -> Json:
    """Return one line of a list, with the clock that matters most."""
    conversation = row.conversation
    urgent = most_urgent(conversation.clocks, now, calendar_of)
    return {
        **_standing(conversation),
        "customer": row.customer_name,
        "preview": row.preview,
        "last_message_at": iso(row.last_message_at),
        "claim_until": iso(conversation.claim_until),
        "clock": clock_json(urgent, now, calendar_of(urgent.calendar)) if urgent else None,
    }


def conversation_json(
    view: ConversationView,
    log: Sequence[LogRecord],
    now: datetime,
    *,
    calendar_of: CalendarOf,
    thresholds: Thresholds | None = None,
    explains: bool = False,
) -> Json:
    """Return all that staff may see of one conversation, with its timeline in order.

    ``thresholds`` are the brand's as they stand now; ``explains``: the words that mattered can be asked for.
    """
    conversation = view.conversation
    return {
        **_standing(conversation),
        "received": view.received,
        "now": iso(now),
        "version": conversation.version,
        "customer": view.customer.name,
        "customer_id": view.customer.external_id,
        "private": conversation.private,
        "language": conversation.language,
        "mood": _mood(view.decisions),
        "opened_at": iso(conversation.opened_at),
        "escalated_at": iso(conversation.escalated_at),
        "resolved_at": iso(conversation.resolved_at),
        "claim_until": iso(conversation.claim_until),
        "snoozed_until": iso(conversation.snoozed_until),
        "claim_ending": conversation.claim_warned,
        "priority": conversation.priority,
        "blocked": view.blocked and {"agent": view.blocked.agent, "at": iso(view.blocked.at)},
        "earlier": [earlier_json(matter) for matter in view.earlier],
        "clocks": [clock_json(clock, now, calendar_of(clock.calendar)) for clock in conversation.clocks],
        "explains": explains,
        "timeline": timeline(view, log, thresholds),
    }


def timeline(view: ConversationView, log: Sequence[LogRecord], thresholds: Thresholds | None = None) -> list[Json]:
    """Return messages, notes and what happened as one list, oldest first."""
    decisions = {record.message: record for record in view.decisions}
    corrections = {record.message: record for record in view.corrections}
    messages = (
        message_json(entry, decisions, thresholds) | {"correction": _correction(entry, corrections)}
        for entry in view.transcript
    )
    entries = [
        *((entry.at, 1, entry.number, shown) for entry, shown in zip(view.transcript, messages, strict=True)),
        *((note.at, 2, number, note_json(note)) for number, note in enumerate(view.notes)),
        *((record.at, 3, record.seq, _happening(record, text)) for record, text in _told(log)),
    ]
    return [entry for *_, entry in sorted(entries, key=lambda entry: entry[:3])]


def message_json(
    entry: TranscriptEntry,
    decisions: Mapping[MessageId, DecisionRecord],
    thresholds: Thresholds | None = None,
) -> Json:
    """Return one message of the transcript, with what the model and the brand made of it."""
    return {
        "kind": "message",
        "id": entry.message,
        "number": entry.number,
        "author": entry.author,
        "name": entry.name,
        "agent": entry.agent,
        "text": entry.text,
        "at": iso(entry.at),
        "wording": entry.wording,
        "template": entry.template,
        "send_state": entry.send_state,
        "quick_replies": list(entry.quick_replies),
        "edited_at": iso(entry.edited_at),
        "deleted_at": iso(entry.deleted_at),
        "earlier_texts": list(entry.earlier_texts),
        "attachments": [attachment_json(entry, number) for number in range(len(entry.attachments))],
        **_judgement(decisions.get(entry.message), thresholds or {}),
    }


def attachment_json(entry: TranscriptEntry, number: int) -> Json:
    """Return something that a message brought along: what it is, and where staff can open it, if anywhere."""
    attachment = entry.attachments[number]
    own = f"/desk/attachments/{entry.conversation}/{entry.message}/{number}" if attachment.reference else None
    return {
        "kind": attachment.kind,
        "name": attachment.name,
        "media_type": attachment.media_type,
        "size": attachment.size,
        "url": attachment.url or own,
    }


def _correction(entry: TranscriptEntry, corrections: Mapping[MessageId, CorrectionRecord]) -> Json | None:
    """Return what staff said that this text is; of an edited message another text was meant."""
    found = corrections.get(entry.message)
    if found is None or (entry.edited_at is not None and entry.edited_at > found.at):
        return None
    return {"labels": list(found.labels), "agent": found.agent, "at": iso(found.at)}


def note_json(note: NoteRecord) -> Json:
    """Return an internal note."""
    return {"kind": "note", "id": note.id, "agent": note.agent, "text": note.text, "at": iso(note.at)}


def earlier_json(matter: EarlierMatter) -> Json:
    """Return another conversation of the same customer, in a line."""
    return {
        "id": matter.conversation,
        "state": matter.state,
        "label": matter.label,
        "opened_at": iso(matter.opened_at),
        "resolved_at": iso(matter.resolved_at),
    }


def _standing(conversation: Conversation) -> Json:
    return {
        "id": conversation.id,
        "channel": conversation.address.channel,
        "state": conversation.state,
        "holder": conversation.holder,
        "team": conversation.team,
        "label": conversation.label,
        "reason": conversation.reason,
        "reason_text": reason_text(conversation.reason) if conversation.state in HUMAN_STATES else "",
        "received": conversation.received,
        "waiting_since": iso(conversation.waiting_since),
        "updated_at": iso(conversation.updated_at),
    }


def _mood(decisions: Sequence[DecisionRecord]) -> Json | None:
    assessed = [record for record in decisions if record.assessment is not None]
    newest = max(assessed, key=lambda record: record.made_at, default=None)
    return prediction_json(newest.assessment.prediction) if newest and newest.assessment else None


def prediction_json(prediction: Prediction) -> Json:
    """Return a prediction, in numbers and in words."""
    confidence = prediction.confidence()
    return {
        "label": prediction.label,
        "confidence": round(confidence, 4),
        "certainty": certainty(confidence),
        "language": prediction.language,
        "probabilities": {label.value: round(p, 4) for label, p in prediction.probabilities.items()},
    }


def _judgement(record: DecisionRecord | None, thresholds: Thresholds) -> Json:
    """Return what the model said of a message, what was done, and why: by which threshold, if by one."""
    if record is None:
        return {"prediction": None, "templates": [], "decision": None}
    assessment, decision = record.assessment, record.decision
    weighed = (
        weigh(decision, assessment, record.situation, thresholds)
        if decision is not None and assessment is not None
        else ()
    )
    return {
        "prediction": prediction_json(assessment.prediction) if assessment else None,
        "templates": templates_json(assessment) if assessment else [],
        "decision": decision
        and {
            "kind": decision.kind,
            "reason": decision.reason,
            "reason_text": reason_text(decision.reason),
            "weighed": weighed_json(weighed),
        },
    }


def weighed_json(weighed: tuple[Weighed, ...]) -> list[Json]:
    """Return what was compared with thresholds, and which comparison decided."""
    decided = decisive(weighed)
    return [
        {
            "setting": one.setting,
            "title": one.title,
            "value": round(one.value, 4),
            "needed": one.needed,
            "passed": one.passed,
            "decided": one is decided,
        }
        for one in weighed
    ]


def templates_json(assessment: Assessment) -> list[Json]:
    """Return the best template and its runner-up, with their scores."""
    return [
        {"template": candidate.template, "score": round(candidate.score, 4)}
        for candidate in assessment.candidates[:SHOWN_TEMPLATES]
    ]


def explanation_json(explanation: Explanation) -> Json:
    """Return a message cut into pieces, each with what it did; and the words worth naming."""
    assessment = explanation.assessment
    return {
        "label": assessment.prediction.label,
        "confidence": round(assessment.prediction.confidence(), 4),
        "language": assessment.prediction.language,
        "reader": assessment.prediction.reader,
        "templates": templates_json(assessment),
        "whole": explanation.whole,
        "pieces": list(_pieces(explanation)),
        "for_label": [word_json(word) for word in explanation.for_label()],
        "against_label": [word_json(word) for word in explanation.against_label()],
        "for_template": [word_json(word) for word in explanation.for_template()],
        "against_template": [word_json(word) for word in explanation.against_template()],
    }


def word_json(word: Word) -> Json:
    """Return one word and what the model would say without it."""
    return {
        "text": word.text,
        "label": round(word.label, 4),
        "template": round(word.template, 4),
        "confidence": round(word.confidence, 4),
        "score": None if word.score is None else round(word.score, 4),
    }


def _pieces(explanation: Explanation) -> Iterator[Json]:
    """Cut the text at its words; together the pieces are the text again, whatever counts as a character."""
    text, end = explanation.text, 0
    named = {*explanation.for_label(), *explanation.against_label()}
    for word in explanation.words:
        yield {"text": text[end : word.start]}
        yield word_json(word) | {"named": word in named}
        end = word.end
    yield {"text": text[end:]}


def _told(log: Sequence[LogRecord]) -> Iterator[tuple[LogRecord, str]]:
    known = (record for record in log if record.kind in SENTENCES)
    return ((record, text) for record in known if (text := sentence(record, moment=_moment)))


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _happening(record: LogRecord, text: str) -> Json:
    return {"kind": "event", "id": f"event-{record.seq}", "what": record.kind, "text": text, "at": iso(record.at)}
