"""Carries texts to customers: in order, inside the platform's limits, and honest about what is not known."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.domain.actions import SendState
from bot.domain.messages import ActionId
from bot.engine.limits import SendLimits
from bot.engine.outcomes import report
from bot.engine.road import Road, Trip
from bot.errors import SendFailed, SendRefused, SendUnknown
from bot.ports import Channel, Store, TimeSource
from bot.records import Sending

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLimits:
    """How much is taken at a time, how long one send may last and how often it is tried.

    ``longest_wait``: a text whose turn at its place comes later than that goes back to the outbox until then, so
    that a crowded place takes no room from the others.
    """

    batch: int = 64
    most_under_way: int = 256
    send_timeout: timedelta = timedelta(seconds=30)
    lease: timedelta = timedelta(minutes=2)
    most_attempts: int = 8
    first_pause: timedelta = timedelta(seconds=1)
    longest_wait: timedelta = timedelta(seconds=3)


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
        self._channels = [(channel, SendLimits(channel.capabilities, time)) for channel in channels]
        self._under_way: set[ActionId] = set()
        self._finished: list[Trip | PutBack] = []
        self._stopping = False
        self._reported = asyncio.Event()

    async def recover(self) -> int:
        """Settle what is under way by nobody: left behind by a process that ended, or by a defect here.

        It is repeated where the platform has a key, else nobody knows whether it arrived. Returns how many.
        """
        stranded = await self._store.stranded(now=self._time.now(), limit=self._limits.most_under_way * 2)
        lost = [sending for sending in stranded if sending.send.id not in self._under_way]
        for sending in lost:
            self._finish(self._unknown(sending))
        await self.report_step()
        return len(lost)

    async def step(self, group: asyncio.TaskGroup) -> int:
        """Start what may be sent now, each text in a task of its own, so that no platform waits for another.

        Returns how many were taken; 0 when nothing is due or as much as allowed is under way.
        """
        room = self._limits.most_under_way - len(self._under_way)
        if room <= 0 or self._stopping:
            return 0
        taken = await self._store.take_sends(
            None, now=self._time.now(), limit=min(room, self._limits.batch), lease=self._limits.lease
        )
        now = self._time.now()
        for sending in taken.withdrawn:
            self._finish(report(sending, sending.state, now))
        for sending in taken.sendings:
            self._under_way.add(sending.send.id)
            group.create_task(self._carry(sending))
        return len(taken.sendings) + len(taken.withdrawn)

    async def report_step(self) -> int:
        """Store the outcomes that have come in and return how many those were."""
        finished, self._finished = self._finished, []
        self._reported.clear()
        trips = [ending for ending in finished if isinstance(ending, Trip)]
        try:
            for ending in finished:
                if isinstance(ending, PutBack):
                    await self._put_back(ending)
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

    async def _carry(self, sending: Sending) -> None:
        """Send one text. Whatever goes wrong is an outcome: nothing of it reaches the other sends."""
        try:
            ending = await self._send(sending)
        except Exception:  # a defect of ours: nobody knows how far the text came
            log.exception("send_defect", action=sending.send.id)
            ending = self._unknown(sending)
        self._under_way.discard(sending.send.id)
        self._finish(ending)

    def _finish(self, ending: Trip | PutBack) -> None:
        self._finished.append(ending)
        self._reported.set()

    async def _send(self, sending: Sending) -> Trip | PutBack:
        """Hand one text to its channel and return what became of it."""
        found = next((both for both in self._channels if both[0].serves(sending.address.channel)), None)
        if found is None:
            log.error("no_such_channel", channel=sending.address.channel, action=sending.send.id)
            return report(sending, SendState.FAILED, self._time.now())
        channel, limits = found
        start = limits.slot(sending)
        if start - self._time.now() > self._limits.longest_wait:
            return PutBack(action=sending.send.id, not_before=start, tried=False)
        try:
            async with limits.turn(sending):
                async with asyncio.timeout(self._limits.send_timeout.total_seconds()):
                    sent_at = await channel.send(sending)
        except SendRefused as refused:
            limits.rest(sending, self._time.now() + refused.retry_after)
            return self._again(sending, max(refused.retry_after, self._pause(sending)))
        except SendFailed as failed:
            log.warning("send_failed", action=sending.send.id, why=str(failed))
            return self._not_sent(sending)
        except (SendUnknown, TimeoutError, OSError) as unknown:
            log.warning("send_unknown", action=sending.send.id, why=repr(unknown))
            return self._unknown(sending)
        return report(sending, SendState.SENT, self._time.now(), sent_at=sent_at)

    def _unknown(self, sending: Sending) -> Trip | PutBack:
        """Nobody knows whether it arrived: send again under the same key where there is one."""
        if self._repeatable(sending):
            return self._again(sending, self._pause(sending), unknown=True)
        return report(sending, SendState.UNKNOWN, self._time.now())

    def _not_sent(self, sending: Sending) -> Trip:
        """Report a definite refusal; after an earlier try in doubt nobody knows all the same."""
        outcome = SendState.UNKNOWN if sending.doubtful else SendState.FAILED
        return report(sending, outcome, self._time.now())

    def _again(self, sending: Sending, pause: timedelta, *, unknown: bool = False) -> Trip | PutBack:
        now = self._time.now()
        if sending.attempts + 1 >= self._limits.most_attempts:
            return report(sending, SendState.UNKNOWN, now) if unknown else self._not_sent(sending)
        return PutBack(action=sending.send.id, not_before=now + pause, unknown=unknown)

    def _pause(self, sending: Sending) -> timedelta:
        """Return a pause that doubles with each attempt."""
        return self._limits.first_pause * (1 << min(sending.attempts, 8))

    def _repeatable(self, sending: Sending) -> bool:
        return any(
            channel.capabilities.idempotent_sends
            for channel, _ in self._channels
            if channel.serves(sending.address.channel)
        )


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
        trips += [report(s, SendState.SENT, now, sent_at=now) for s in fresh]
        await self._road.drive(trips)
        return list(offered.sendings)
