"""Notices what falls due: waits for the earliest stored instant, never holds a sleeping task for each."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.actions import Deadline, DeadlineKind
from bot.domain.conversation import Conversation
from bot.domain.decisions import Decision, DecisionKind, Reason
from bot.domain.events import (
    ClaimExpired,
    ClaimNearsEnd,
    ClockBreached,
    ClockWarned,
    CustomerEdited,
    CustomerWrote,
    Event,
    SendOverdue,
    SilencePassed,
    SnoozeEnded,
)
from bot.domain.messages import ActionId
from bot.engine.road import Passage, Road, Trip
from bot.ports import Store, TimeSource
from bot.records import ArrivalKind, InboxItem

#: Deadlines fired in one go, so that staff commands find the writer free in between.
BATCH = 250

#: What could not be brought home is left alone for this long, so that it neither slows nor hides the others.
SET_ASIDE = timedelta(seconds=5)


class Timekeeper:
    """Fires deadlines, oldest first, and escalates messages that the model has not read in time."""

    def __init__(self, *, store: Store, road: Road, time: TimeSource) -> None:
        self._store = store
        self._road = road
        self._time = time
        self._aside: dict[Deadline | int, datetime] = {}

    async def step(self) -> int:
        """Fire what is due now, the oldest first, and return how many could be brought home."""
        now = self._time.now()
        # A clock that was set back must not prolong it.
        self._aside = {what: until for what, until in self._aside.items() if now < until <= now + SET_ASIDE}
        most = BATCH + len(self._aside)
        due = await self._store.due(now, most)
        overdue = await self._store.overdue(now, most)
        trips = [self._fall_due(deadline) for deadline in due if deadline not in self._aside][:BATCH]
        trips += [self._escalate(item) for item in overdue if item.seq not in self._aside][:BATCH]
        failed = await self._road.drive_each(trips)
        self._aside |= {_what(trip): now + SET_ASIDE for trip in failed}
        return len(trips) - len(failed)

    async def drain(self) -> None:
        """Fire all that is due."""
        while await self.step():
            pass

    def _fall_due(self, deadline: Deadline) -> Trip:
        def make(_conversation: Conversation, _item: InboxItem | None) -> Passage:
            return Passage(event=_event(deadline, self._time.now()))

        return Trip(conversation=deadline.conversation, make=make, deadline=deadline)

    def _escalate(self, item: InboxItem) -> Trip:
        def make(_conversation: Conversation, current: InboxItem | None) -> Passage | None:
            if (current or item).escalated:
                return None
            now = current or item
            alone = _BLOCKED if now.blocked else _LEFT_ALONE if not item.addressed and now.answered else None
            seqs, left = (item.seq,), alone is not None
            event = _unassessed(item, self._time.now(), alone or _ESCALATED)
            return Passage(event=event, fresh=seqs, done=seqs if left else (), escalated=() if left else seqs)

        return Trip(conversation=item.conversation, make=make, item=item)


def _what(trip: Trip) -> Deadline | int:
    """Return by what a trip is known from one step to the next."""
    return trip.deadline or (trip.item.seq if trip.item else -1)


def _event(deadline: Deadline, at: datetime) -> Event:  # noqa: PLR0911 - one line for each kind
    """Return the event of a deadline. What it concerns stands in its key, behind the kind."""
    what = deadline.key.partition(":")[2]
    due_at = deadline.due_at
    match deadline.kind:
        case DeadlineKind.WARN:
            return ClockWarned(at=at, key=what, due_at=due_at)
        case DeadlineKind.BREACH:
            return ClockBreached(at=at, key=what, due_at=due_at)
        case DeadlineKind.CLAIM_ENDING:
            return ClaimNearsEnd(at=at, due_at=due_at)
        case DeadlineKind.CLAIM_EXPIRY:
            return ClaimExpired(at=at, due_at=due_at)
        case DeadlineKind.SNOOZE_END:
            return SnoozeEnded(at=at, due_at=due_at)
        case DeadlineKind.SILENCE:
            return SilencePassed(at=at, due_at=due_at)
        case DeadlineKind.SEND_OVERDUE:
            return SendOverdue(at=at, action=ActionId(what), due_at=due_at)


#: What becomes of a message that was not read in time; talk between members that others have gone on with is
#: left alone even so, and a customer whom staff have blocked is not heard.
_ESCALATED = Decision(kind=DecisionKind.ESCALATE, reason=Reason.NOT_ASSESSED)
_LEFT_ALONE = Decision(kind=DecisionKind.SILENCE, reason=Reason.BETWEEN_MEMBERS)
_BLOCKED = Decision(kind=DecisionKind.SILENCE, reason=Reason.BLOCKED)


def _unassessed(item: InboxItem, at: datetime, decision: Decision) -> Event:
    if item.kind is ArrivalKind.EDIT:
        return CustomerEdited(at=at, message=item.message, decision=decision)
    return CustomerWrote(at=at, message=item.message, sent_at=item.happened_at, decision=decision)
