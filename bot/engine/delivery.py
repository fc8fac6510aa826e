"""Carries texts to customers: in order, inside the platform's limits, and honest about what is not known."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot.domain.actions import SendState
from bot.domain.messages import ActionId
from bot.engine.limits import SendLimits
from bot.engine.outcomes import report
from bot.engine.road import Road, Trip
from bot.errors import Overloaded, SendFailed, SendRefused, SendUnknown, StoreError
from bot.ports import Capabilities, Channel, Store, TimeSource
from bot.records import Sending, Sent

log = structlog.get_logger(__name__)


#: How many texts left behind are settled at a time.
MOST_STRANDED = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLimits:
    """How much is taken at a time, how long one send may last and how often it is tried.

    Under way at once is, on each channel, what its platform takes at once: no platform takes room from another.
    """

    batch: int = 64
    send_timeout: timedelta = timedelta(seconds=30)
    lease: timedelta = timedelta(minutes=2)
    most_attempts: int = 8
    first_pause: timedelta = timedelta(seconds=1)
    files_timeout: timedelta = timedelta(seconds=90)

    def timeout_of(self, sending: Sending) -> timedelta:
        """Return how long one send may last: files take longer."""
        return self.files_timeout if sending.send.attachments else self.send_timeout


@dataclass(slots=True)
class Lane:
    """One channel, its pace, and what is under way there."""

    channel: Channel
    limits: SendLimits
    under_way: int = 0
    names: set[str] = field(default_factory=set)

    @property
    def full(self) -> bool:
        """Tell whether the platform has as much as it takes at once."""
        return self.under_way >= self.channel.capabilities.sends_at_once


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """A text that goes back to the outbox for another try.

    ``unknown``: it may have arrived all the same. ``tried`` False: its turn at this place comes later.
    """

    action: ActionId
    not_before: datetime
    unknown: bool = False
    tried: bool = True


class Delivery:
    """Takes sends from the outbox, hands them to their channel, and reports what became of them."""

    def __init__(
        self,
        *,
        store: Store,
        road: Road,
        channels: Sequence[Channel],
        time: TimeSource,
        limits: DeliveryLimits,
    ) -> None:
        self._store = store
        self._road = road
        self._time = time
        self._limits = limits
        self._lanes = [Lane(channel, SendLimits(channel.capabilities, time)) for channel in channels]
        self._under_way: set[ActionId] = set()
        self._finished: list[Trip | PutBack] = []
        self._come_again: list[datetime] = []
        self._stopping = False
        self._reported = asyncio.Event()

    async def recover(self) -> int:
        """Settle what is under way by nobody: left behind by a process that ended, or by a defect here.

        It is repeated where the platform has a key, else nobody knows whether it arrived. Returns how many.
        """
        stranded = await self._store.stranded(now=self._time.now(), limit=MOST_STRANDED)
        lost = [sending for sending in stranded if sending.send.id not in self._under_way]
        for sending in lost:
            self._finish(self._unknown(sending))
        await self.report_step()
        return len(lost)

    async def step(self, group: asyncio.TaskGroup) -> int:
        """Start what may be sent now, each text in a task of its own, so that no platform waits for another.

        Returns how many were taken; 0 when nothing is due where there is room.
        """
        full = [name for lane in self._lanes if lane.full for name in lane.names]
        if self._stopping or (self._lanes and all(lane.full for lane in self._lanes)):
            return 0
        taken = await self._store.take_sends(
            None, now=self._time.now(), limit=self._limits.batch, lease=self._limits.lease, without=full
        )
        now = self._time.now()
        for sending in taken.withdrawn:
            self._finish(report(sending, sending.state, now))
        for sending in taken.sendings:
            self._start(sending, group)
        return len(taken.sendings) + len(taken.withdrawn)

    def _start(self, sending: Sending, group: asyncio.TaskGroup) -> None:
        """Let one text go to its channel, or back to the outbox until there is room at its platform or place."""
        lane = self._lane(sending)
        if lane is None:
            log.error("no_such_channel", channel=sending.address.channel, action=sending.send.id)
            self._finish(report(sending, SendState.FAILED, self._time.now()))
            return
        if not _possible(sending, lane.channel.capabilities):
            log.error("revision_not_possible", channel=sending.address.channel, action=sending.send.id)
            self._finish(report(sending, SendState.FAILED, self._time.now()))
            return
        lane.names.add(sending.address.channel)
        again = self._time.now() if lane.full else lane.limits.admit(sending)
        if again is not None:
            self._finish(PutBack(action=sending.send.id, not_before=again, tried=False))
            return
        lane.under_way += 1
        self._under_way.add(sending.send.id)
        group.create_task(self._carry(sending, lane))

    async def report_step(self) -> int:
        """Store the outcomes that have come in and return how many those were."""
        finished, self._finished = self._finished, []
        self._reported.clear()
        trips = [ending for ending in finished if isinstance(ending, Trip)]
        try:
            await asyncio.gather(*(self._put_back(ending) for ending in finished if isinstance(ending, PutBack)))
            failed = await self._road.drive_each(trips)
        except Exception:
            self._finished = [e for e in finished if isinstance(e, PutBack) or not e.over] + self._finished
            raise
        for trip in failed:
            log.error("outcome_lost", conversation=trip.conversation)
        return len(finished) - len(failed)

    async def _put_back(self, ending: PutBack) -> None:
        await self._store.put_back(
            ending.action, not_before=ending.not_before, unknown=ending.unknown, tried=ending.tried
        )
        heapq.heappush(self._come_again, ending.not_before)

    def next_look(self) -> datetime | None:
        """Return when a text that was put back may be taken again, None where none was."""
        now = self._time.now()
        while self._come_again and self._come_again[0] <= now:
            heapq.heappop(self._come_again)
        return self._come_again[0] if self._come_again else None

    async def stop(self, grace: timedelta) -> None:
        """Take nothing more, let what is under way arrive within ``grace``, and store what became of it."""
        self._stopping = True
        until = self._time.now() + grace
        while self._under_way and self._time.now() < until:
            self._reported.clear()
            await self._time.wait(self._reported, until)
        await self.report_step()

    @property
    def reported(self) -> asyncio.Event:
        """Set when outcomes wait for ``report_step``."""
        return self._reported

    async def drain(self) -> None:
        """Send all that is due and store what became of it."""
        while True:
            async with asyncio.TaskGroup() as group:
                taken = await self.step(group)
            if not await self.report_step() and not taken:
                return

    async def _carry(self, sending: Sending, lane: Lane) -> None:
        """Send one text. Whatever goes wrong is an outcome: nothing of it reaches the other sends."""
        try:
            ending = await self._send(sending, lane)
        except Exception:  # a defect of ours: nobody knows how far the text came
            log.exception("send_defect", action=sending.send.id)
            ending = self._unknown(sending)
        finally:
            lane.under_way -= 1
        self._under_way.discard(sending.send.id)
        self._finish(ending)

    def _finish(self, ending: Trip | PutBack) -> None:
        self._finished.append(ending)
        self._reported.set()

    async def _send(self, sending: Sending, lane: Lane) -> Trip | PutBack:
        """Hand one text to its channel and return what became of it."""
        limits = lane.limits
        try:
            await limits.wait(sending)
            ready = await self._with_files(sending)
            async with asyncio.timeout(self._limits.timeout_of(sending).total_seconds()):
                sent = await lane.channel.send(ready)
        except SendRefused as refused:
            limits.rest(sending, self._time.now() + refused.retry_after)
            return self._again(sending, max(refused.retry_after, self._pause(sending)), reason=str(refused))
        except SendFailed as failed:
            log.warning("send_failed", action=sending.send.id, why=str(failed))
            return self._not_sent(sending, str(failed))
        except (SendUnknown, TimeoutError, OSError) as unknown:
            log.warning("send_unknown", action=sending.send.id, why=repr(unknown))
            return self._unknown(sending)
        return report(sending, SendState.SENT, self._time.now(), sent=sent)

    async def _with_files(self, sending: Sending) -> Sending:
        """Return a text with the files that go along. Raises SendFailed where one is gone: it was erased."""
        if not sending.send.attachments:
            return sending
        try:
            found = [await self._store.enclosure(each.reference) for each in sending.send.attachments]
        except (StoreError, Overloaded):
            raise SendRefused("the files cannot be read now", retry_after=self._limits.first_pause) from None
        files = tuple(each for each in found if each is not None)
        if len(files) < len(found):
            raise SendFailed("a file that goes along is not there any more")
        return replace(sending, enclosures=files)

    def _unknown(self, sending: Sending) -> Trip | PutBack:
        """Nobody knows whether it arrived: send again where that does no harm."""
        if self._repeatable(sending):
            return self._again(sending, self._pause(sending), unknown=True)
        return report(sending, SendState.UNKNOWN, self._time.now())

    def _not_sent(self, sending: Sending, reason: str = "") -> Trip:
        """Report a definite refusal; after an earlier try in doubt nobody knows all the same."""
        outcome = SendState.UNKNOWN if sending.doubtful else SendState.FAILED
        return report(sending, outcome, self._time.now(), reason=reason)

    def _again(
        self, sending: Sending, pause: timedelta, *, unknown: bool = False, reason: str = ""
    ) -> Trip | PutBack:
        now = self._time.now()
        if sending.attempts + 1 >= self._limits.most_attempts:
            return report(sending, SendState.UNKNOWN, now) if unknown else self._not_sent(sending, reason)
        return PutBack(action=sending.send.id, not_before=now + pause, unknown=unknown)

    def _pause(self, sending: Sending) -> timedelta:
        """Return a pause that doubles with each attempt."""
        return self._limits.first_pause * (1 << min(sending.attempts, 8))

    def _repeatable(self, sending: Sending) -> bool:
        """Tell whether twice is as once: there is a key for sends, or a text is changed that is there."""
        lane = self._lane(sending)
        revises = sending.send.revises is not None
        return lane is not None and (revises or lane.channel.capabilities.idempotent_sends)

    def _lane(self, sending: Sending) -> Lane | None:
        name = sending.address.channel
        return next((lane for lane in self._lanes if lane.channel.serves(name)), None)


def _possible(sending: Sending, may: Capabilities) -> bool:
    """Tell whether a platform can do what this asks for: most know how to send, not all how to change."""
    if sending.send.revises is None:
        return True
    return may.edits_sends if sending.send.text else may.deletes_sends


def _fetched(sending: Sending, at: datetime) -> Sent:
    """Return by what the other side knows what it fetched: the action's id, also where its text was changed."""
    return Sent(at=at, external_ids=sending.revised_ids if sending.send.revises else (sending.send.id,))


class AnswerFeed:
    """Hands answers to systems that come for them. Being handed out confirms a text as sent."""

    def __init__(self, *, store: Store, road: Road, time: TimeSource) -> None:
        self._store = store
        self._road = road
        self._time = time

    async def fetch(self, channel: str, *, after: int, limit: int) -> list[Sending]:
        """Return texts behind the cursor ``after``, oldest first; asking again gives them again."""
        now = self._time.now()
        offered = await self._store.offer(channel, after=after, limit=limit, now=now)
        trips = [report(s, s.state, now) for s in offered.withdrawn]
        fresh = [s for s in offered.sendings if s.state is SendState.SENDING]
        trips += [report(s, SendState.SENT, now, sent=_fetched(s, now)) for s in fresh]
        await self._road.drive(trips)
        return list(offered.sendings)
