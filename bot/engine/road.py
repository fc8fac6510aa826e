"""The one road to the store: load, advance, commit; again from the load where somebody else was faster.

Staff commands, deadlines and outcomes of sends travel it straight away; messages travel it once the model has
read them. Whatever goes wrong on the way ends in an escalation to a human, never in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from bot.domain.actions import Deadline
from bot.domain.conversation import Conversation, Rules, deadlines
from bot.domain.decisions import Reason
from bot.domain.events import EscalationForced, Event
from bot.domain.messages import ConversationId
from bot.domain.transitions import Step, advance
from bot.errors import NotFound, Overloaded, StoreError
from bot.ports import Store, TimeSource
from bot.records import BlockRecord, Commit, CorrectionRecord, DecisionRecord, InboxItem, NoteRecord, SendOutcome

log = structlog.get_logger(__name__)

#: Rounds in a row in which every trip lost its race. In each somebody else won, so in practice a handful is
#: enough; the bound only keeps a defect in a store from spinning.
MOST_LOST = 50

#: The store as a whole cannot do it now: nobody's fault, and tried again later.
TRANSIENT = (StoreError, Overloaded)


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
    again after a lost race; None means that there is nothing left to do. ``deadline``: what fell due.
    ``restore``: write every deadline of the conversation again, not only what changed. ``over``: brought home.
    ``rescue``: the event that stands in when making or applying the first one fails.
    """

    conversation: ConversationId
    make: Callable[[Conversation, InboxItem | None], Passage | None]
    item: InboxItem | None = None
    outcomes: tuple[SendOutcome, ...] = ()
    notes: tuple[NoteRecord, ...] = ()
    corrections: tuple[CorrectionRecord, ...] = ()
    blocks: tuple[BlockRecord, ...] = ()
    request: str = ""
    deadline: Deadline | None = None
    restore: bool = False
    rescue: Callable[[], Event] | None = None
    step: Step | None = field(default=None, init=False)
    over: bool = field(default=False, init=False)


class Road:
    """Drives trips. Trips of one conversation arrive in the order in which they were given."""

    def __init__(self, *, store: Store, rules: Callable[[], Rules], time: TimeSource) -> None:
        self._store = store
        self._rules = rules
        self._time = time

    async def drive(self, trips: Sequence[Trip]) -> None:
        """Bring every trip to its end; afterwards ``trip.step`` says what it did (None: nothing to do).

        Raises NotFound for an unknown conversation, StoreError when the store cannot do it now; ``trip.over``
        tells which had been brought home before.
        """
        waiting = [trip for trip in trips if not trip.over]
        lost_in_a_row = 0
        while waiting:
            left = await self._round(waiting)
            lost_in_a_row = 0 if len(left) < len(waiting) else lost_in_a_row + 1
            if lost_in_a_row >= MOST_LOST:
                raise StoreError(f"{len(left)} steps lost the race for their conversation {MOST_LOST} times")
            waiting = left

    async def drive_each(self, trips: Sequence[Trip]) -> list[Trip]:
        """Bring home what can be, whatever happens to the others; return those that could not be.

        Raises StoreError or Overloaded when the store as a whole cannot do it now.
        """
        try:
            await self.drive(trips)
        except TRANSIENT:
            raise
        except Exception:  # which one it was shows when each travels alone
            log.exception("trips_failed", trips=len(trips))
            return [trip for trip in trips if not trip.over and not await self._alone(trip)]
        return []

    async def _alone(self, trip: Trip) -> bool:
        try:
            await self.drive([trip])
        except TRANSIENT:
            raise
        except Exception:  # one that fails alone is told, and holds nobody else up
            log.exception("trip_failed", conversation=trip.conversation)
            return False
        return True

    async def _round(self, waiting: list[Trip]) -> list[Trip]:
        """Try the first trip of each conversation; return what is left, in order."""
        first: dict[ConversationId, Trip] = {}
        for trip in waiting:
            first.setdefault(trip.conversation, trip)
        loaded = await self._store.load(list(first))
        under_way = [(trip, commit) for trip in first.values() if (commit := self._commit(trip, loaded))]
        results = await self._store.commit([commit for _, commit in under_way])
        lost = [trip for (trip, _), won in zip(under_way, results, strict=True) if not won]
        for trip in first.values():
            trip.over = trip not in lost
        await self._refresh(lost)
        return [trip for trip in waiting if not trip.over]

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
        kept = deadlines(conversation, self._rules()) if step.ignored and trip.deadline else {}
        moves_nothing = bool(step.refusal or step.ignored)
        if moves_nothing and not (passage.done or passage.escalated or trip.outcomes or trip.deadline):
            return None
        after = step.conversation
        if after.version == conversation.version:
            after = replace(after, version=conversation.version + 1)
        put, cancelled = _deadline_rows(trip, step, kept)
        return Commit(
            conversation=after,
            expected_version=conversation.version,
            recorded_at=self._time.now(),
            log=step.log,
            sends=step.sends,
            outcomes=trip.outcomes,
            deadlines=tuple(deadlines(after, self._rules()).values()) if trip.restore else put,
            cancelled=cancelled,
            decisions=passage.decisions,
            notes=() if step.refusal else trip.notes,
            corrections=() if step.refusal else trip.corrections,
            blocks=() if step.refusal else trip.blocks,
            request="" if step.refusal else trip.request,
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
            return passage, advance(conversation, passage.event, self._rules())
        except Exception:  # the engine's last catch: whatever it was, a human looks
            log.exception("step_failed", conversation=conversation.id)
            return self._rescue(trip, conversation)

    def _rescue(self, trip: Trip, conversation: Conversation) -> tuple[Passage, Step]:
        seqs = (trip.item.seq,) if trip.item else ()
        try:
            if trip.rescue is not None:
                event = trip.rescue()
                return Passage(event=event, done=seqs, fresh=seqs), advance(conversation, event, self._rules())
        except Exception:  # even the rescue failed: the plain escalation is left
            log.exception("rescue_failed", conversation=conversation.id)
        forced = EscalationForced(at=self._time.now(), reason=Reason.DEFECT)
        return Passage(event=forced, done=seqs, fresh=seqs), advance(conversation, forced, self._rules())


def _deadline_rows(
    trip: Trip, step: Step, kept: Mapping[str, Deadline]
) -> tuple[tuple[Deadline, ...], tuple[str, ...]]:
    """Return which deadlines to write and which to take off, the one that brought the trip here among them.

    A deadline that came too late for its conversation may have a successor under the same key (a renewed
    claim, a changed setting): that one is written, never taken off.
    """
    fired = trip.deadline
    if fired is None or fired.key in step.cancelled or any(d.key == fired.key for d in step.deadlines):
        return step.deadlines, step.cancelled
    successor = kept.get(fired.key)
    if successor is not None and successor.due_at != fired.due_at:
        return (*step.deadlines, successor), step.cancelled
    return step.deadlines, (*step.cancelled, fired.key)


def _nothing(_conversation: Conversation, _item: InboxItem | None) -> Passage | None:
    return None
