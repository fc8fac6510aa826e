"""A conversation as the API shows it. Pure; notes of staff are internal and left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from bot.channels.api.answers import attachment_of, timestamp
from bot.channels.api.bodies import (
    CandidateOut,
    ClockOut,
    ConversationOut,
    CustomerOut,
    DecisionOut,
    MessageOut,
    PredictionOut,
)
from bot.domain.calendar import Calendar
from bot.domain.decisions import REASON_TEXT
from bot.domain.sla import Clock
from bot.records import ConversationView, DecisionRecord, TranscriptEntry


def conversation_of(
    view: ConversationView, *, now: datetime, calendar_of: Callable[[str], Calendar]
) -> ConversationOut:
    """Return everything but notes, with the clocks' values at ``now``, each in its calendar's time."""
    c = view.conversation
    return ConversationOut(
        id=c.id,
        channel=c.address.channel,
        conversation=c.address.place,
        customer=CustomerOut(id=view.customer.external_id, name=view.customer.name),
        state=c.state.value,
        label=c.label.value if c.label else None,
        language=c.language,
        reason=c.reason.value if c.reason else None,
        team=c.team or None,
        priority=c.priority or None,
        tier=c.tier or None,
        holder=c.holder,
        opened_at=_time(c.opened_at),
        escalated_at=_time(c.escalated_at),
        resolved_at=_time(c.resolved_at),
        updated_at=_time(c.updated_at),
        waiting_since=_time(c.waiting_since),
        messages=[_message(entry) for entry in view.transcript],
        predictions=list(_predictions(view.decisions)),
        decisions=[_decision(record) for record in view.decisions],
        clocks=[_clock(clock, now, calendar_of(clock.calendar)) for clock in c.clocks],
    )


def _message(entry: TranscriptEntry) -> MessageOut:
    return MessageOut(
        id=entry.message,
        external_id=entry.external_id,
        author=entry.author.value,
        agent=entry.agent,
        text=entry.text,
        at=timestamp(entry.at),
        kind=entry.wording.value if entry.wording else None,
        template=entry.template,
        send_state=entry.send_state.value if entry.send_state else None,
        edited_at=_time(entry.edited_at),
        deleted_at=_time(entry.deleted_at),
        attachments=[attachment_of(each, enclosed=entry.enclosed) for each in entry.attachments],
    )


def _predictions(records: Sequence[DecisionRecord]) -> Iterator[PredictionOut]:
    for record in records:
        if record.assessment is not None:
            prediction = record.assessment.prediction
            yield PredictionOut(
                message=record.message,
                label=prediction.label.value,
                probabilities={label.value: share for label, share in prediction.probabilities.items()},
                language=prediction.language,
                model=record.assessment.versions.model,
            )


def _decision(record: DecisionRecord) -> DecisionOut:
    decision = record.decision
    candidates = record.assessment.candidates if record.assessment else ()
    return DecisionOut(
        message=record.message,
        kind=decision.kind.value if decision else None,
        reason=decision.reason.value if decision else None,
        reason_text=REASON_TEXT[decision.reason] if decision else None,
        template=decision.rendered.template if decision and decision.rendered else None,
        candidates=[CandidateOut(template=one.template, score=one.score) for one in candidates],
        made_at=timestamp(record.made_at),
    )


def _clock(clock: Clock, now: datetime, calendar: Calendar) -> ClockOut:
    return ClockOut(
        metric=clock.metric.value,
        instance=clock.instance,
        seconds=clock.value(now, calendar).total_seconds(),
        running=clock.running_since is not None,
        suspended=clock.suspended,
        started_at=timestamp(clock.started_at),
        target_seconds=clock.target.total_seconds() if clock.target is not None else None,
        due_at=_time(clock.due_at),
        warned=clock.warned,
        breached=clock.breached,
        policy=clock.aim.policy if clock.aim else None,
        calendar=clock.calendar or None,
    )


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)
