"""Takes messages off the inbox, lets the model read them, and brings each to a decision."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.domain.conversation import Conversation
from bot.domain.decisions import Decision, DecisionKind, Reason, Situation
from bot.domain.events import (
    AgentReplied,
    CustomerDeleted,
    CustomerEdited,
    CustomerWrote,
    Event,
    MessageAnnotated,
)
from bot.domain.messages import AgentId, MessageId
from bot.domain.prediction import UNDETERMINED, Assessment
from bot.domain.roles import Agent
from bot.engine.road import TRANSIENT, Passage, Road, Trip
from bot.engine.waiting import NO_OUTLOOK, Waiting
from bot.ports import Assessor, Store, TimeSource
from bot.records import ArrivalKind, DecisionRecord, InboxItem

log = structlog.get_logger(__name__)

#: A message handed out this often without a commit has killed its worker each time.
POISON_AFTER = 3

#: A message that not even escalating helps, as when its conversation cannot be read, becomes a dead letter.
DEAD_AFTER = 5

#: Within this time nobody is greeted twice.
GREETED_LATELY = timedelta(hours=1)

#: Told of every decision as it is taken: what a replay records.
Watch = Callable[[MessageId, Assessment | None, Situation, Decision], None]

#: Told of messages that are being read now, so that customers may be shown it.
Preparing = Callable[[Sequence[InboxItem]], Awaitable[None]]

Decide = Callable[[str, Assessment | None, Situation], Decision]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """How much a worker takes at a time, and how long things may last.

    ``leaning``: a message whose language cannot be told is read as its writer usually writes. That costs one look
    into the store a batch, and is of use only where a language has a model of its own.
    """

    batch: int = 32
    lease: timedelta = timedelta(minutes=10)
    assess_timeout: timedelta = timedelta(minutes=2)
    late_after: timedelta = timedelta(minutes=10)
    leaning: bool = False


class Worker:
    """One loop of many: each takes its own batch. Messages of one conversation come one after the other."""

    def __init__(
        self,
        *,
        store: Store,
        road: Road,
        assessor: Assessor,
        decide: Decide,
        time: TimeSource,
        owner: str,
        limits: WorkerLimits,
        preparing: Preparing | None = None,
        waiting: Waiting | None = None,
    ) -> None:
        self._store = store
        self._road = road
        self._assessor = assessor
        self._decide = decide
        self._time = time
        self._owner = owner
        self._limits = limits
        self._preparing = preparing
        self._waiting = waiting
        self._watch: Watch | None = None

    def watch(self, watch: Watch) -> None:
        """Tell ``watch`` of each decision; again if a lost race made it be taken again."""
        self._watch = watch

    async def step(self) -> int:
        """Handle one batch and return how many items it had; 0 when nothing waits."""
        items = await self._store.take(
            self._limits.batch, owner=self._owner, now=self._time.now(), lease=self._limits.lease
        )
        if not items:
            return 0
        if self._preparing is not None:
            await self._preparing(items)
        assessments = await self._assess(items)
        paused = await self._store.switch("paused") is not None
        trips = [
            self._trip(item, assessment, paused=paused)
            for item, assessment in zip(items, assessments, strict=True)
        ]
        await self._drive(items, trips)
        return len(items)

    async def drain(self) -> None:
        """Handle all that waits."""
        while await self.step():
            pass

    async def _drive(self, items: Sequence[InboxItem], trips: Sequence[Trip]) -> None:
        """Bring the batch home. If that fails as a whole, each item gets its own try, so one harms no other."""
        try:
            await self._road.drive(trips)
        except TRANSIENT:
            await self._store.release(items, blameless=True)
            raise
        except Exception:  # which item it was shows when each travels alone
            log.exception("batch_failed", messages=len(items))
            for item, trip in zip(items, trips, strict=True):
                if not trip.over:
                    await self._drive_alone(item, trip)

    async def _drive_alone(self, item: InboxItem, trip: Trip) -> None:
        """Bring one item home; one that fails too often is put aside where operations see it."""
        try:
            await self._road.drive([trip])
        except TRANSIENT:
            await self._store.release([item], blameless=True)
            raise
        except Exception as error:  # counted as an attempt; in the end a dead letter
            log.exception("message_failed", message=item.message, attempts=item.attempts)
            if item.attempts < DEAD_AFTER:
                await self._store.release([item])
            else:
                await self._store.reject([item], reason=type(error).__name__, now=self._time.now())

    async def _assess(self, items: Sequence[InboxItem]) -> list[Assessment | None]:
        """Return an assessment for each item that needs one; None where it does not or cannot be had."""
        wanted = [index for index, item in enumerate(items) if _needs_model(item)]
        result: list[Assessment | None] = [None] * len(items)
        if not wanted:
            return result
        try:
            async with asyncio.timeout(self._limits.assess_timeout.total_seconds()):
                assessed = await self._read([items[index] for index in wanted])
        except Exception:  # unassessed messages escalate: see the handlers
            log.exception("assessment_failed", messages=len(wanted))
            return result
        for index, assessment in zip(wanted, assessed, strict=True):
            result[index] = assessment
        return result

    async def _read(self, items: Sequence[InboxItem]) -> Sequence[Assessment | None]:
        texts, addressed = [item.text for item in items], [item.addressed for item in items]
        if not self._limits.leaning:
            return await self._assessor.assess(texts, addressed=addressed)
        known = await self._store.load([item.conversation for item in items])
        spoken = {conversation: found.language for conversation, found in known.items()}
        usual = [spoken.get(item.conversation, UNDETERMINED) for item in items]
        return await self._assessor.assess(texts, usual=usual, addressed=addressed)

    def _trip(self, item: InboxItem, assessment: Assessment | None, *, paused: bool) -> Trip:
        def make(conversation: Conversation, current: InboxItem | None) -> Passage | None:
            return self._passage(conversation, current or item, assessment, paused=paused)

        rescue = (lambda: self._unhandled(item)) if item.kind is ArrivalKind.MESSAGE else None
        return Trip(conversation=item.conversation, make=make, item=item, rescue=rescue)

    def _passage(
        self, conversation: Conversation, item: InboxItem, assessment: Assessment | None, *, paused: bool
    ) -> Passage | None:
        if item.escalated:
            return self._annotation(item, assessment)
        if item.kind is ArrivalKind.DELETION:
            event: Event = CustomerDeleted(at=self._time.now(), message=item.message)
            return Passage(event=event, done=(item.seq,), fresh=(item.seq,))
        if item.kind is ArrivalKind.REPLY:
            return Passage(event=self._agent_replied(item), done=(item.seq,), fresh=(item.seq,))
        situation = self._situation(conversation, item, paused=paused)
        decision = self._decision(item, assessment, situation)
        if self._watch is not None:
            self._watch(item.message, assessment, situation, decision)
        record = DecisionRecord(
            message=item.message,
            assessment=assessment,
            situation=situation,
            decision=decision,
            made_at=situation.at,
        )
        event = self._customer_event(item, assessment, decision)
        return Passage(event=event, decisions=(record,), done=(item.seq,), fresh=(item.seq,))

    def _decision(self, item: InboxItem, assessment: Assessment | None, situation: Situation) -> Decision:
        if item.blocked:
            return Decision(kind=DecisionKind.SILENCE, reason=Reason.BLOCKED)
        if item.attempts >= POISON_AFTER:
            log.error("poison_message", message=item.message, attempts=item.attempts)
            return Decision(kind=DecisionKind.ESCALATE, reason=Reason.POISON)
        return self._decide(item.text, assessment, situation)

    def _customer_event(
        self, item: InboxItem, assessment: Assessment | None, decision: Decision
    ) -> CustomerWrote | CustomerEdited:
        prediction = assessment.prediction if assessment else None
        label = prediction.label if prediction else None
        confidence = prediction.confidence() if prediction else None
        language = prediction.language if prediction else UNDETERMINED
        now = self._time.now()
        if item.kind is ArrivalKind.EDIT:
            return CustomerEdited(
                at=now,
                message=item.message,
                decision=decision,
                label=label,
                confidence=confidence,
                language=language,
            )
        return CustomerWrote(
            at=now,
            message=item.message,
            sent_at=item.happened_at,
            decision=decision,
            label=label,
            confidence=confidence,
            language=language,
        )

    def _unhandled(self, item: InboxItem) -> CustomerWrote:
        decision = Decision(kind=DecisionKind.ESCALATE, reason=Reason.DEFECT)
        return CustomerWrote(
            at=self._time.now(), message=item.message, sent_at=item.happened_at, decision=decision
        )

    def _annotation(self, item: InboxItem, assessment: Assessment | None) -> Passage:
        """Label what a human has got already; without an assessment it just leaves the inbox."""
        record = DecisionRecord(
            message=item.message, assessment=assessment, situation=None, decision=None, made_at=self._time.now()
        )
        prediction = assessment.prediction if assessment else None
        event = MessageAnnotated(
            at=self._time.now(),
            message=item.message,
            label=prediction.label if prediction else None,
            confidence=prediction.confidence() if prediction else None,
            language=prediction.language if prediction else UNDETERMINED,
        )
        return Passage(event=event, decisions=(record,), done=(item.seq,))

    def _agent_replied(self, item: InboxItem) -> AgentReplied:
        agent = Agent(id=item.agent or AgentId("unknown"))
        return AgentReplied(at=self._time.now(), agent=agent, message=item.message, replied_at=item.happened_at)

    def _situation(self, conversation: Conversation, item: InboxItem, *, paused: bool) -> Situation:
        now = self._time.now()
        greeted_at = conversation.greeted_at
        outlook = NO_OUTLOOK if self._waiting is None else self._waiting.outlook(now)
        return Situation(
            state=conversation.state,
            channel=item.channel,
            private=conversation.private,
            spoke_last=conversation.spoke_last,
            last_template=conversation.last_template,
            acknowledged=conversation.acknowledged,
            usual_language=conversation.language,
            customer_name=item.customer_name,
            paused=paused,
            late=self._late(item),
            flooding=item.flooding,
            at=now,
            greeted=greeted_at is not None and now - greeted_at < GREETED_LATELY,
            addressed=item.addressed,
            answered=item.answered,
            attachments=tuple(attachment.kind for attachment in item.attachments),
            replied=item.replied,
            expected_wait=outlook.expected_wait,
            opens_at=outlook.opens_at,
            zone=outlook.zone,
        )

    def _late(self, item: InboxItem) -> bool:
        """Tell whether the message is too old for an automatic answer; the room's patience makes none too old."""
        since = item.held_until or item.happened_at
        waited = max(self._time.now() - since, item.arrived_at - item.happened_at)
        return waited > self._limits.late_after


def _needs_model(item: InboxItem) -> bool:
    readable = item.kind in {ArrivalKind.MESSAGE, ArrivalKind.EDIT}
    return readable and item.attempts < POISON_AFTER and not item.flooding and not item.blocked
