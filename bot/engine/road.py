"""The one road to the store: load, advance, commit; again from the load where somebody else was faster.

Staff commands, deadlines and outcomes of sends travel it straight away; messages travel it once the model has
read them. Whatever goes wrong on the way ends in an escalation to a human, never in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import structlog

from bot.domain.conversation import Conversation, Rules
from bot.domain.decisions import Reason
from bot.domain.events import EscalationForced, Event
from bot.domain.messages import ConversationId
from bot.domain.transitions import Step, advance
from bot.errors import NotFound, StoreError
from bot.ports import Store, TimeSource
from bot.records import Commit, DecisionRecord, InboxItem, NoteRecord, SendOutcome

log = structlog.get_logger(__name__)

#: Rounds after which a trip that keeps losing the race is given up. Each round somebody wins, so in practice
#: a handful is enough; the bound only keeps a defect in a store from spinning.
MOST_ROUNDS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What one trip brings to a conversation, made from the conversation as it was loaded."""

    event: Event
    decisions: tuple[DecisionRecord, ...] = ()
    fresh: tuple[int, ...] = ()
    done: tuple[int, ...] = ()
    escalated: tuple[int, ...] = ()


@dataclass(slots=True, kw_only=True)
class Trip:
    """One event on its way to one conversation.

    ``make`` builds the event from the conversation (and from the inbox item as it is now), and may be called
    again after a lost race; None means that there is nothing left to do. ``key``: the deadline that fell due.
    ``rescue``: the event that stands in when making or applying the first one fails.
    """

    conversation: ConversationId
    make: Callable[[Conversation, InboxItem | None], Passage | None]
    item: InboxItem | None = None
    outcomes: tuple[SendOutcome, ...] = ()
    notes: tuple[NoteRecord, ...] = ()
    key: str = ""
    rescue: Callable[[], Event] | None = None
    step: Step | None = field(default=None, init=False)


class Road:
    """Drives trips. Trips of one conversation arrive in the order in which they were given."""

    def __init__(self, *, store: Store, rules: Rules, time: TimeSource) -> None:
        self._store = store
        self._rules = rules
        self._time = time

    async def drive(self, trips: Sequence[Trip]) -> None:
        """Bring every trip to its end; afterwards ``trip.step`` says what it did (None: nothing to do).

        Raises NotFound for an unknown conversation, StoreError when the store cannot do it now.
        """
        waiting = list(trips)
        for _ in range(MOST_ROUNDS):
            if not waiting:
                return
            waiting = await self._round(waiting)
        raise StoreError(f"{len(waiting)} steps lost the race for their conversation {MOST_ROUNDS} times")

    async def _round(self, waiting: list[Trip]) -> list[Trip]:
        """Try the first trip of each conversation; return what is left, in order."""
        first: dict[ConversationId, Trip] = {}
        for trip in waiting:
            first.setdefault(trip.conversation, trip)
        loaded = await self._store.load(list(first))
        under_way = [(trip, commit) for trip in first.values() if (commit := self._commit(trip, loaded))]
        results = await self._store.commit([commit for _, commit in under_way])
        lost = {id(trip) for (trip, _), won in zip(under_way, results, strict=True) if not won}
        await self._refresh([trip for trip, _ in under_way if id(trip) in lost])
        over = {id(trip) for trip in first.values()} - lost
        return [trip for trip in waiting if id(trip) not in over]

    async def _refresh(self, lost: Sequence[Trip]) -> None:
        """Look again at the inbox items of trips that lost: somebody may have handled them meanwhile."""
        with_item = [trip for trip in lost if trip.item is not None]
        if not with_item:
            return
        found = await self._store.items([trip.item.seq for trip in with_item if trip.item])
        by_seq = {item.seq: item for item in found}
        for trip in with_item:
            seq = trip.item.seq if trip.item else -1
            trip.item = by_seq.get(seq)
            if trip.item is None:
                trip.make = _nothing

    def _commit(self, trip: Trip, loaded: dict[ConversationId, Conversation]) -> Commit | None:
        conversation = loaded.get(trip.conversation)
        if conversation is None:
            raise NotFound(f"there is no conversation {trip.conversation}")
        passage, step = self._advance(trip, conversation)
        trip.step = step
        if passage is None or step is None:
            return None
        stale = (trip.key,) if step.ignored and trip.key else ()
        if (step.refusal or step.ignored) and not (passage.done or passage.escalated or trip.outcomes or stale):
            return None
        after = step.conversation
        if after.version == conversation.version:
            after = replace(after, version=conversation.version + 1)
        refused = bool(step.refusal)
        return Commit(
            conversation=after,
            expected_version=conversation.version,
            recorded_at=self._time.now(),
            log=step.log,
            sends=step.sends,
            outcomes=trip.outcomes,
            deadlines=step.deadlines,
            cancelled=(*step.cancelled, *_fired(trip.key, step)),
            decisions=passage.decisions,
            notes=() if refused else trip.notes,
            fresh=passage.fresh,
            done=passage.done,
            escalated=passage.escalated,
        )

    def _advance(self, trip: Trip, conversation: Conversation) -> tuple[Passage | None, Step | None]:
        """Make the event and apply it; the last catch turns the unforeseen into an escalation."""
        try:
            passage = trip.make(conversation, trip.item)
            if passage is None:
                return None, None
            return passage, advance(conversation, passage.event, self._rules)
        except Exception:  # the engine's last catch: whatever it was, a human looks
            log.exception("step_failed", conversation=conversation.id)
            return self._rescue(trip, conversation)

    def _rescue(self, trip: Trip, conversation: Conversation) -> tuple[Passage, Step]:
        seqs = (trip.item.seq,) if trip.item else ()
        try:
            if trip.rescue is not None:
                event = trip.rescue()
                return Passage(event=event, done=seqs, fresh=seqs), advance(conversation, event, self._rules)
        except Exception:  # even the rescue failed: the plain escalation is left
            log.exception("rescue_failed", conversation=conversation.id)
        forced = EscalationForced(at=self._time.now(), reason=Reason.DEFECT)
        return Passage(event=forced, done=seqs, fresh=seqs), advance(conversation, forced, self._rules)


def _fired(key: str, step: Step) -> tuple[str, ...]:
    """Return the deadline that brought the trip here, unless the step set it anew."""
    if not key or any(deadline.key == key for deadline in step.deadlines) or key in step.cancelled:
        return ()
    return (key,)


def _nothing(_conversation: Conversation, _item: InboxItem | None) -> Passage | None:
    return None
