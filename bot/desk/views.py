"""A conversation as plain values: what any desk shows of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from bot.desk.wording import certainty, clock_title, reason_text, sentence
from bot.domain.conversation import Conversation
from bot.domain.log import LogRecord
from bot.domain.messages import MessageId
from bot.domain.prediction import Prediction
from bot.domain.sla import Clock
from bot.domain.states import HUMAN_STATES
from bot.records import ConversationView, DecisionRecord, NoteRecord, QueueRow, TranscriptEntry

Json = dict[str, object]


def iso(at: datetime | None) -> str | None:
    """Return an instant as pages read it: UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def clock_json(clock: Clock, now: datetime) -> Json:
    """Return a clock with its value in seconds at ``now``, and when it reaches its warning and its target."""
    return {
        "key": clock.key,
        "metric": clock.metric,
        "title": clock_title(clock.metric),
        "value": clock.value(now).total_seconds(),
        "target": clock.target.total_seconds() if clock.target is not None else None,
        "running": clock.running_since is not None,
        "suspended": clock.suspended,
        "started_at": iso(clock.started_at),
        "warn_at": iso(clock.due_at(clock.warn_at)),
        "due_at": iso(clock.due_at()),
        "warned": clock.warned,
        "breached": clock.breached,
    }


def most_urgent(clocks: Sequence[Clock], now: datetime) -> Clock | None:
    """Return the running clock that falls due first; without targets, the one that has run longest."""
    running = [clock for clock in clocks if clock.running_since is not None]
    due = [clock for clock in running if clock.due_at() is not None]
    if due:
        return min(due, key=lambda clock: clock.due_at() or now)
    return max(running, key=lambda clock: clock.value(now), default=None)


def queue_row(row: QueueRow, now: datetime) -> Json:
    """Return one line of a list, with the clock that matters most."""
    conversation = row.conversation
    urgent = most_urgent(conversation.clocks, now)
    return {
        **_standing(conversation),
        "customer": row.customer_name,
        "preview": row.preview,
        "last_message_at": iso(row.last_message_at),
        "clock": clock_json(urgent, now) if urgent else None,
    }


def conversation_json(view: ConversationView, log: Sequence[LogRecord], now: datetime) -> Json:
    """Return all that staff may see of one conversation, with its timeline in order."""
    conversation = view.conversation
    return {
        **_standing(conversation),
        "now": iso(now),
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
        "clocks": [clock_json(clock, now) for clock in conversation.clocks],
        "timeline": timeline(view, log),
    }


def timeline(view: ConversationView, log: Sequence[LogRecord]) -> list[Json]:
    """Return messages, notes and what happened as one list, oldest first."""
    decisions = {record.message: record for record in view.decisions}
    entries = [
        *((entry.at, 1, entry.number, message_json(entry, decisions)) for entry in view.transcript),
        *((note.at, 2, number, note_json(note)) for number, note in enumerate(view.notes)),
        *((record.at, 3, record.seq, _happening(record, text)) for record, text in _told(log)),
    ]
    return [entry for *_, entry in sorted(entries, key=lambda entry: entry[:3])]


def message_json(entry: TranscriptEntry, decisions: Mapping[MessageId, DecisionRecord]) -> Json:
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
        **_judgement(decisions.get(entry.message)),
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


def note_json(note: NoteRecord) -> Json:
    """Return an internal note."""
    return {"kind": "note", "id": note.id, "agent": note.agent, "text": note.text, "at": iso(note.at)}


def _standing(conversation: Conversation) -> Json:
    return {
        "id": conversation.id,
        "channel": conversation.address.channel,
        "state": conversation.state,
        "holder": conversation.holder,
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


def _judgement(record: DecisionRecord | None) -> Json:
    if record is None:
        return {"prediction": None, "decision": None}
    decision = record.decision
    return {
        "prediction": prediction_json(record.assessment.prediction) if record.assessment else None,
        "decision": decision
        and {"kind": decision.kind, "reason": decision.reason, "reason_text": reason_text(decision.reason)},
    }


def _told(log: Sequence[LogRecord]) -> Iterator[tuple[LogRecord, str]]:
    return ((record, text) for record in log if (text := sentence(record)))


def _happening(record: LogRecord, text: str) -> Json:
    return {"kind": "event", "id": f"event-{record.seq}", "what": record.kind, "text": text, "at": iso(record.at)}
