"""Carries texts to customers: in order, inside the platform's limits, and honest about what is not known."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.domain.actions import SendState
from bot.engine.limits import SendLimits
from bot.engine.outcomes import report
from bot.engine.road import Road, Trip
from bot.errors import SendFailed, SendRefused, SendUnknown
from bot.ports import Channel, Store, TimeSource
from bot.records import Sending

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLimits:
    """How much is taken at a time, how long one send may last and how often it is tried."""

    batch: int = 64
    most_under_way: int = 256
    send_timeout: timedelta = timedelta(seconds=30)
    lease: timedelta = timedelta(minutes=2)
    most_attempts: int = 8
    first_pause: timedelta = timedelta(seconds=1)


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
        self._under_way: set[asyncio.Task[None]] = set()
        self._finished: list[Trip] = []
        self._reported = asyncio.Event()

    async def recover(self) -> None:
        """Settle what an ended process left under way: repeated where the platform has a key, else unknown."""
        while stranded := await self._store.stranded(now=self._time.now(), limit=200):
            trips = [await self._retry_or_give_up(sending) for sending in stranded]
            await self._road.drive([trip for trip in trips if trip])

    async def step(self, group: asyncio.TaskGroup) -> int:
        """Start what may be sent now, each text in a task of its own, so that no platform waits for another.

        Returns how many were taken; 0 when nothing is due or as much as allowed is under way.
        """
        room = self._limits.most_under_way - len(self._under_way)
        if room <= 0:
            return 0
        taken = await self._store.take_sends(
            None, now=self._time.now(), limit=min(room, self._limits.batch), lease=self._limits.lease
        )
        now = self._time.now()
        self._finish([report(s, SendState.WITHDRAWN, now) for s in taken.withdrawn])
        for sending in taken.sendings:
            task = group.create_task(self._carry(sending))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return len(taken.sendings) + len(taken.withdrawn)

    async def report_step(self) -> int:
        """Store the outcomes that have come in and return how many those were."""
        trips, self._finished = self._finished, []
        self._reported.clear()
        try:
            await self._road.drive(trips)
        except Exception:
            self._finished = trips + self._finished
            raise
        return len(trips)

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
        trip = await self._send(sending)
        self._finish([trip] if trip else [])

    def _finish(self, trips: list[Trip]) -> None:
        self._finished += trips
        if trips:
            self._reported.set()

    async def _send(self, sending: Sending) -> Trip | None:
        """Hand one text to its channel. None: it goes back to the outbox for another try."""
        found = next((both for both in self._channels if both[0].serves(sending.address.channel)), None)
        if found is None:
            log.error("no_such_channel", channel=sending.address.channel, action=sending.send.id)
            return report(sending, SendState.FAILED, self._time.now())
        channel, limits = found
        try:
            async with limits.turn(sending.address.place):
                async with asyncio.timeout(self._limits.send_timeout.total_seconds()):
                    sent_at = await channel.send(sending)
        except SendRefused as refused:
            return await self._again(sending, max(refused.retry_after, self._pause(sending)))
        except SendFailed as failed:
            log.warning("send_failed", action=sending.send.id, why=str(failed))
            return report(sending, SendState.FAILED, self._time.now())
        except (SendUnknown, TimeoutError, OSError) as unknown:
            log.warning("send_unknown", action=sending.send.id, why=repr(unknown))
            return await self._retry_or_give_up(sending)
        except Exception:  # a defect in a channel must not stop the others
            log.exception("send_defect", action=sending.send.id)
            return await self._retry_or_give_up(sending)
        return report(sending, SendState.SENT, self._time.now(), sent_at=sent_at)

    async def _retry_or_give_up(self, sending: Sending) -> Trip | None:
        """Nobody knows whether it arrived: send again under the same key where there is one."""
        if self._repeatable(sending):
            return await self._again(sending, self._pause(sending), last=SendState.UNKNOWN)
        return report(sending, SendState.UNKNOWN, self._time.now())

    async def _again(
        self, sending: Sending, pause: timedelta, *, last: SendState = SendState.FAILED
    ) -> Trip | None:
        if sending.attempts + 1 >= self._limits.most_attempts:
            return report(sending, last, self._time.now())
        await self._store.put_back(sending.send.id, not_before=self._time.now() + pause)
        return None

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
        trips = [report(s, SendState.WITHDRAWN, now) for s in offered.withdrawn]
        fresh = [s for s in offered.sendings if s.state is SendState.SENDING]
        trips += [report(s, SendState.SENT, now, sent_at=now) for s in fresh]
        await self._road.drive(trips)
        return list(offered.sendings)
