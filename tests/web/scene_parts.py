"""The pieces that conversations of a scene are put together from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.actions import SendState
from bot.domain.calendar import ALWAYS_OPEN, Calendar
from bot.domain.conversation import Conversation, Unanswered
from bot.domain.decisions import Decision, DecisionKind, Reason, Wording
from bot.domain.explanation import Explanation, Word
from bot.domain.messages import Address, AgentId, Author, ConversationId, Customer, CustomerId, MessageId
from bot.domain.prediction import Assessment, Candidate, Label, Prediction, Versions
from bot.domain.sla import Aim, Clock, Metric
from bot.domain.states import State
from bot.records import ConversationView, DecisionRecord, NoteRecord, TranscriptEntry

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
VERSIONS = Versions(model="m1", calibration="c1", templates="t1")

#: The templates of the sample brand that came nearest to a question about an order.
NEAREST = (Candidate(template="where_is_my_order", score=0.71), Candidate(template="delivery_time", score=0.55))

#: The brand's thresholds, as the desk is given them.
THRESHOLDS = {
    "question": 0.55,
    "complaint": 0.5,
    "praise": 0.6,
    "praise_alone": 0.8,
    "other": 0.95,
    "template": 0.62,
    "margin": 0.06,
    "verbatim": 0.93,
}


def clock(
    metric: Metric,
    began: datetime,
    *,
    target: float | None = 600,
    now: datetime,
    instance: int = 1,
    calendar: Calendar = ALWAYS_OPEN,
) -> Clock:
    """Return a running clock whose warning and breach have been noticed if they are past."""
    made = Clock(metric=metric, instance=instance, started_at=began, running_since=began, calendar=calendar.id)
    if target is None:
        return made
    made = made.aimed_at(Aim(policy="standard", target=timedelta(seconds=target)), calendar, at=began)
    if made.warn_due[0] <= now:
        made = made.with_warning()
    return made.with_breach() if made.due_at is not None and made.due_at <= now else made


def decided(
    message: str,
    label: Label,
    p: float,
    kind: DecisionKind,
    reason: Reason,
    at: datetime,
    candidates: tuple[Candidate, ...] = (),
) -> DecisionRecord:
    """Return what was made of a message."""
    rest = (1 - p) / 2
    probabilities = {one: (p if one is label else rest) for one in (Label.QUESTION, Label.COMPLAINT, Label.PRAISE)}
    prediction = Prediction(label=label, probabilities=probabilities, language="en")
    return DecisionRecord(
        message=MessageId(message),
        assessment=Assessment(prediction=prediction, candidates=candidates, versions=VERSIONS),
        situation=None,
        decision=Decision(kind=kind, reason=reason),
        made_at=at,
    )


def explained(text: str) -> Explanation:
    """Return an explanation in which the first long word speaks for the label, a short one against it."""
    found = list(re.finditer(r"\S+", text))
    long = next((one for one in found if len(one[0]) > 4), None)
    short = next((one for one in found if len(one[0]) < 4), None)
    effects = {long: (2.4, 0.31, 0.42, 0.4), short: (-0.6, -0.05, 0.98, 0.76)}
    words = []
    for one in found:
        label, template, confidence, score = effects.get(one, (0.0, 0.0, 0.93, 0.71))
        word = Word(
            start=one.start(),
            end=one.end(),
            text=one[0],
            label=label,
            template=template,
            confidence=confidence,
            score=score,
        )
        words.append(word)
    prediction = Prediction(
        label=Label.QUESTION,
        probabilities={Label.QUESTION: 0.93, Label.COMPLAINT: 0.1, Label.PRAISE: 0.01},
        language="en",
    )
    assessment = Assessment(prediction=prediction, candidates=NEAREST, versions=VERSIONS)
    return Explanation(text=text, assessment=assessment, words=tuple(words))


def conversation(
    name: str,
    texts: Sequence[str],
    *,
    now: datetime,
    waited: timedelta,
    state: State = State.ESCALATED,
    holder: str | None = None,
    label: Label = Label.COMPLAINT,
    reason: Reason = Reason.COMPLAINT,
    channel: str = "webchat",
    target: float | None = 600,
    key: str = "",
    calendar: Calendar = ALWAYS_OPEN,
) -> ConversationView:
    """Return somebody who wrote ``texts`` and has waited since the last of them."""
    key = ConversationId(key or name.lower().replace(" ", "-"))
    began = now - waited
    answered = state in {State.WAITING, State.RESOLVED}
    transcript = [
        TranscriptEntry(
            message=MessageId(f"{key}-{number}"),
            conversation=key,
            author=Author.CUSTOMER,
            text=text,
            at=began - MINUTE * (len(texts) - number),
            number=number,
            name=name,
        )
        for number, text in enumerate(texts, start=1)
    ]
    last = transcript[-1]
    what = DecisionKind.ANSWER if answered else DecisionKind.ESCALATE
    waiting = () if answered else (Unanswered(message=last.message, number=len(texts), sent_at=last.at),)
    clocks = (
        ()
        if answered
        else (
            clock(Metric.FIRST_REPLY, began, target=target, now=now, calendar=calendar),
            clock(Metric.HANDOFF_WAIT, began + SECOND * 2, target=None, now=now, calendar=calendar),
            clock(Metric.RESOLUTION, began, target=14400, now=now, calendar=calendar),
        )
    )
    state_of = Conversation(
        id=key,
        address=Address(channel=channel, account="main", place=key),
        customer=CustomerId(f"c-{key}"),
        version=len(texts),
        state=state,
        received=len(texts),
        unanswered=waiting,
        clocks=clocks,
        holder=AgentId(holder) if holder else None,
        claim_until=now + MINUTE * 24 if holder else None,
        label=label,
        language="en",
        reason=None if answered else reason,
        opened_at=transcript[0].at,
        escalated_at=None if answered else began + SECOND * 2,
        updated_at=now,
    )
    return ConversationView(
        conversation=state_of,
        customer=Customer(channel=channel, external_id=f"ext-{key}", name=name),
        transcript=tuple(transcript),
        notes=(),
        decisions=(decided(last.message, label, 0.93, what, reason, last.at),),
    )


def bot_says(
    view: ConversationView, text: str, *, at: datetime, template: str, **more: object
) -> ConversationView:
    """Return the view with an answer of the bot."""
    number = len(view.transcript) + 1
    entry = TranscriptEntry(
        message=MessageId(f"{view.conversation.id}-b{number}"),
        conversation=view.conversation.id,
        author=Author.BOT,
        text=text,
        at=at,
        number=number,
        wording=Wording.ANSWER,
        template=template,
        send_state=SendState.SENT,
    )
    entry = replace(entry, **more)  # type: ignore[arg-type] - only fields of an entry come here
    return replace(view, transcript=tuple(sorted((*view.transcript, entry), key=lambda one: one.at)))


def rich(
    now: datetime, *, name: str = "balcony_jungle", waited: timedelta = MINUTE * 8 + SECOND * 31
) -> ConversationView:
    """Return a conversation in which everything that can be seen has happened."""
    view = conversation(
        name,
        [
            "Hi, where is my order 88120? It should have been here on Monday.",
            "That's not what I asked. The tracking page has said the same for five days!",
            "This is the third time a parcel of yours goes missing. I would like to talk to a person.",
        ],
        now=now,
        waited=waited,
        reason=Reason.HUMAN_WANTED,
        key="lena",
    )
    first, second, third = view.transcript
    second = replace(
        second,
        edited_at=second.at + SECOND * 25,
        earlier_texts=("That's not what I asked. The tracking page has said the same for days!",),
    )
    view = replace(view, transcript=(first, second, third))
    view = bot_says(
        view,
        "You can follow your parcel under “My orders”. Most parcels arrive within three working days of the "
        "shipping note.\n\nDoes that answer your question?",
        at=first.at + SECOND,
        template="where_is_my_order",
        quick_replies=("Yes, thanks", "No, I need a person"),
    )
    view = bot_says(
        view,
        "Thank you, a colleague is going to take care of this.",
        at=third.at + SECOND,
        template="acknowledgement",
        wording=Wording.ACKNOWLEDGEMENT,
    )
    notes = (
        NoteRecord(
            id="n1",
            agent=AgentId("Mara"),
            text="Carrier confirms: lost at the Leipzig hub. A replacement is possible without a return.",
            at=third.at + MINUTE * 2,
        ),
    )
    decisions = (
        decided(first.message, Label.QUESTION, 0.97, DecisionKind.ANSWER, Reason.TEMPLATE, first.at, NEAREST),
        decided(second.message, Label.COMPLAINT, 0.81, DecisionKind.ESCALATE, Reason.REJECTED, second.at),
        decided(third.message, Label.COMPLAINT, 0.96, DecisionKind.ESCALATE, Reason.HUMAN_WANTED, third.at),
    )
    return replace(view, notes=notes, decisions=decisions)
